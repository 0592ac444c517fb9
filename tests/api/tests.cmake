# Behind the public headers are commands too.
target_link_libraries(public_api_test PRIVATE mos_command)
