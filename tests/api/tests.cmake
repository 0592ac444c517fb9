# Behind the public headers are commands too.
target_link_libraries(public_api_test PRIVATE mos_command)
target_link_libraries(host_program_test PRIVATE mos_command)
