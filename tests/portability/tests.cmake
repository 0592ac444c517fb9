# Other processors and systems than this one.
add_test(NAME portability/aarch64 COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/portability/aarch64.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/aarch64)
add_test(NAME portability/debian13 COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/portability/debian13.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(portability/aarch64 portability/debian13 PROPERTIES LABELS long SKIP_RETURN_CODE 77 TIMEOUT 7200)
