# Their data sets are made.
foreach(test device_failure_test memory_budget_test resume_test trainer_test)
  target_link_libraries(${test} PRIVATE mos_prepare)
endforeach()
add_test(NAME train/bf16_curve COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/bf16_curve.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(train/bf16_curve PROPERTIES TIMEOUT 1200 SKIP_RETURN_CODE 77 LABELS slow)
# Some dozen short trainings each.
set_property(TEST train/trainer_test train/resume_test train/memory_budget_test PROPERTY TIMEOUT 1800)
mosaic_delayed_tests(cpu train/step_test train/memory_budget_test LONG train/trainer_test train/resume_test)
