# Instruction sets of the hand-written loops: one source, one object per set, chosen when a device opens.
# Contraction to fused multiply-add is wanted here and only here.
set(MOSAIC_KERNEL_DIR ${CMAKE_SOURCE_DIR}/src/compute/cpu)
# No predictive commoning: it carries a product's values from one step to the next in more registers than there are.
set(MOSAIC_KERNEL_FLAGS -O3 -fno-predictive-commoning -ffp-contract=fast -Wno-psabi)
set(MOSAIC_AVX512_FLAGS -mavx2 -mfma -mavx512f -mavx512bw -mavx512vl -mavx512dq -mprefer-vector-width=512)
if(MOSAIC_SANITIZE) # instrumented, the unrolled loops take gcc minutes at -O2 and above; at -O1 it fuses nothing unless asked
  list(APPEND MOSAIC_KERNEL_FLAGS -O1 -fexpensive-optimizations)
endif()
set_source_files_properties(${MOSAIC_KERNEL_DIR}/kernels_base.c PROPERTIES COMPILE_OPTIONS "${MOSAIC_KERNEL_FLAGS}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${MOSAIC_KERNEL_DIR}/kernels_avx2.c PROPERTIES COMPILE_OPTIONS "${MOSAIC_KERNEL_FLAGS};-mavx2;-mfma")
  set_source_files_properties(${MOSAIC_KERNEL_DIR}/kernels_avx512.c PROPERTIES
    COMPILE_OPTIONS "${MOSAIC_KERNEL_FLAGS};${MOSAIC_AVX512_FLAGS}")
  set_source_files_properties(${MOSAIC_KERNEL_DIR}/kernels_avx512_bf16.c PROPERTIES
    COMPILE_OPTIONS "${MOSAIC_KERNEL_FLAGS};${MOSAIC_AVX512_FLAGS};-mavx512bf16")
endif()
