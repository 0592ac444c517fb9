# What the op tests share, the mutation test, and the files each program needs beside its own source.
set(here ${CMAKE_CURRENT_SOURCE_DIR}/compute)
add_library(compute_test_support STATIC ${here}/op_support.c ${here}/op_support_cpu.c ${here}/conv_run.c ${here}/grad_check.c
  ${here}/gradient_cases.c ${here}/modal_ops.c ${here}/op_cases.c ${here}/op_run_layers.c ${here}/op_run_rows.c)
target_link_libraries(compute_test_support PRIVATE mosaic_flags mos_compute)
foreach(test gradient_test ref_values_test op_case_test op_golden_test optimizer_golden_test norm_mask_test cpu_backend_test direct_kernel_test
  contrast_memory_test product_threads_test stem_overlap_test)
  target_link_libraries(${test} PRIVATE compute_test_support)
endforeach()

# The reference backend built so that one backward term at a time can be given the wrong sign: a gradient test that
# has never been seen to fail proves nothing.
file(GLOB ref_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/compute/ref/*.c)
add_executable(gradient_mutation ${here}/gradient_mutation.c ${here}/grad_check.c ${here}/gradient_cases.c
  ${here}/modal_ops.c ${here}/op_support.c ${CMAKE_SOURCE_DIR}/src/compute/device.c ${CMAKE_SOURCE_DIR}/src/compute/device_get.c
  ${CMAKE_SOURCE_DIR}/src/compute/composed.c ${ref_sources})
target_compile_definitions(gradient_mutation PRIVATE MOS_MUTATION)
target_include_directories(gradient_mutation PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(gradient_mutation PRIVATE mosaic_flags mos_base)
add_test(NAME compute/gradient_mutation COMMAND gradient_mutation)

# The kernels under every cap on the instruction set.
foreach(test cpu_backend_test direct_kernel_test op_case_test op_golden_test optimizer_golden_test product_threads_test stem_overlap_test
  contrast_memory_test)
  mosaic_isa_tests(compute/${test})
endforeach()
mosaic_delayed_tests(cpu compute/op_golden_test compute/optimizer_golden_test compute/device_test compute/product_threads_test
  LONG compute/op_case_test compute/contrast_memory_test compute/cpu_backend_test compute/direct_kernel_test)
mosaic_delayed_tests(ref compute/ref_values_test compute/norm_mask_test compute/gradient_test)
