# Behind the public headers are commands too.
target_link_libraries(public_api_test PRIVATE mos_command)
target_link_libraries(handles_test PRIVATE mos_command)
target_link_libraries(handle_lives_test PRIVATE mos_command)
target_link_libraries(command_walk_test PRIVATE mos_command)
target_link_libraries(console_test PRIVATE mos_command)
target_link_libraries(null_walk_test PRIVATE mos_command)
target_sources(console_test PRIVATE ${CMAKE_SOURCE_DIR}/cli/console.c)
target_include_directories(console_test PRIVATE ${CMAKE_SOURCE_DIR}/cli)
# The binary interface is the one that libmosaic.abi keeps.
if(NOT MOSAIC_SANITIZE AND NOT MOSAIC_FUZZ AND NOT CMAKE_CROSSCOMPILING)
  add_test(NAME api/abi COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/abi.py ${CMAKE_SOURCE_DIR} ${CMAKE_C_COMPILER} $<TARGET_FILE:mosaic>)
  set_tests_properties(api/abi PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endif()
# Somebody else's program has the shared library, and nothing of its inside.
set_property(TARGET host_program_test PROPERTY LINK_LIBRARIES mosaic_flags mosaic PkgConfig::CMOCKA)
# 1,000 lives of every handle under LeakSanitizer, which needs no compiling of its own: resident memory in the same program without it.
if(MOSAIC_SANITIZE)
  target_compile_definitions(handle_lives_test PRIVATE MOSAIC_TEST_ALLOCATOR)
elseif(NOT MOSAIC_FUZZ AND NOT CMAKE_CROSSCOMPILING)
  add_executable(handle_leaks_test ${CMAKE_CURRENT_LIST_DIR}/handle_lives_test.c)
  target_compile_definitions(handle_leaks_test PRIVATE MOSAIC_TEST_ALLOCATOR)
  target_link_libraries(handle_leaks_test PRIVATE mosaic_flags mos_api mos_command PkgConfig::CMOCKA)
  target_link_options(handle_leaks_test PRIVATE -fsanitize=leak)
  add_test(NAME api/handle_lives_long COMMAND handle_leaks_test)
  set_tests_properties(api/handle_lives_long PROPERTIES TIMEOUT 3600 LABELS long
    ENVIRONMENT "MOSAIC_HANDLE_CYCLES=1000;LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/sanitizer/lsan.txt:print_suppressions=0")
endif()
