# Behind the public headers are commands too.
target_link_libraries(public_api_test PRIVATE mos_command)
target_link_libraries(handles_test PRIVATE mos_command)
target_link_libraries(command_walk_test PRIVATE mos_command)
target_link_libraries(console_test PRIVATE mos_command)
target_link_libraries(null_walk_test PRIVATE mos_command)
target_sources(console_test PRIVATE ${CMAKE_SOURCE_DIR}/cli/console.c)
target_include_directories(console_test PRIVATE ${CMAKE_SOURCE_DIR}/cli)
# Somebody else's program has the shared library, and nothing of its inside.
set_property(TARGET host_program_test PROPERTY LINK_LIBRARIES mosaic_flags mosaic PkgConfig::CMOCKA)
