# Steps need the objective, real patches the readers.
target_link_libraries(step_golden_test PRIVATE mos_objective)
target_link_libraries(model_gradient_test PRIVATE mos_objective)
target_link_libraries(memory_modes_test PRIVATE mos_objective)
target_link_libraries(side_by_side_test PRIVATE mos_objective)
target_link_libraries(feature_golden_test PRIVATE mos_io)
# Teams of several devices wait for each other here, beside other tests.
set_property(TEST model/side_by_side_test APPEND PROPERTY ENVIRONMENT OMP_WAIT_POLICY=passive)
# The reference's bottlenecks take minutes with sanitizers in.
set_property(TEST model/step_golden_test PROPERTY TIMEOUT 900)
