# Steps are the trainer's, real patches need the readers.
foreach(test step_golden_test model_gradient_test memory_modes_test side_by_side_test)
  target_link_libraries(${test} PRIVATE mos_train)
endforeach()
if(TARGET feature_golden_test)
  target_link_libraries(feature_golden_test PRIVATE mos_io)
endif()
# Whole steps in double, by the reference: minutes with sanitizers in.
set_property(TEST model/step_golden_test model/model_gradient_test model/memory_modes_test model/side_by_side_test PROPERTY TIMEOUT 1800)
# Under every cap on the instruction set: real encoders, and whole steps on this backend.
mosaic_isa_tests(model/feature_golden_test)
mosaic_isa_tests(model/fusion_test)
mosaic_isa_tests(model/step_golden_test steps_on_cpu)
mosaic_delayed_tests(cpu model/fusion_test model/side_by_side_test LONG model/model_test model/feature_golden_test model/memory_modes_test
  model/step_golden_test)
mosaic_delayed_tests(ref model/model_gradient_test model/extra_encoder_test)
# The room once more, with an encoder that only this test has.
if(TARGET extra_encoder_test)
  file(GLOB model_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/model/*.c)
  target_sources(extra_encoder_test PRIVATE ${model_sources} ${CMAKE_CURRENT_LIST_DIR}/encoder_stem.c)
  target_compile_options(extra_encoder_test PRIVATE -include ${CMAKE_CURRENT_LIST_DIR}/extra_encoder.h)
  target_link_libraries(extra_encoder_test PRIVATE mos_train)
endif()
