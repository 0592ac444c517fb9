# MOSAIC_CORE: base, compute, model and objective with the tests that need nothing else.
include(src/base/gemm_flags.cmake)
include(src/compute/cpu/kernel_flags.cmake)
mosaic_room(base      DEPENDS "" LIBRARIES m Threads::Threads)
mosaic_room(compute   DEPENDS base LIBRARIES ${MOSAIC_ONEDNN_LIBRARY})
mosaic_room(model     DEPENDS compute)
mosaic_room(objective DEPENDS compute)
# Of the trainer, the step: what the tests of whole steps run.
add_library(mos_train STATIC ${CMAKE_SOURCE_DIR}/src/train/step.c)
target_link_libraries(mos_train PRIVATE mosaic_flags PUBLIC mos_model mos_objective)
if(BUILD_TESTING)
  set(MOSAIC_TESTED_ROOMS base compute model objective)
  add_subdirectory(tests)
endif()
