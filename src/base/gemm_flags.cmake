# Instruction sets of the matrix products: one source, one object per set, chosen at run time. Multiply-adds are fused
# here.
set(MOSAIC_GEMM_DIR ${CMAKE_SOURCE_DIR}/src/base)
set(MOSAIC_GEMM_FLAGS -O3 -ffp-contract=fast -Wno-psabi)
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
  # Without these gcc 12 has a tile's values in memory: it carries them over, or divides the loop into regions.
  list(APPEND MOSAIC_GEMM_FLAGS -fno-predictive-commoning -fira-region=all)
endif()
if(MOSAIC_SANITIZE) # instrumented, the unrolled loops take gcc minutes at -O2 and above; at -O1 it fuses nothing unless asked
  list(APPEND MOSAIC_GEMM_FLAGS -O1 -fexpensive-optimizations)
endif()
set_source_files_properties(${MOSAIC_GEMM_DIR}/gemm_kernels_base.c PROPERTIES COMPILE_OPTIONS "${MOSAIC_GEMM_FLAGS}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${MOSAIC_GEMM_DIR}/gemm_kernels_avx2.c PROPERTIES
    COMPILE_OPTIONS "${MOSAIC_GEMM_FLAGS};-mavx2;-mfma")
  set_source_files_properties(${MOSAIC_GEMM_DIR}/gemm_kernels_avx512.c PROPERTIES
    COMPILE_OPTIONS "${MOSAIC_GEMM_FLAGS};-mavx2;-mfma;-mavx512f;-mavx512bw;-mavx512vl;-mavx512dq;-mprefer-vector-width=512")
endif()
