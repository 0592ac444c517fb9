# Its patches are made.
target_link_libraries(loader_synth_test PRIVATE mos_prepare)
