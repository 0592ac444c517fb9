# Every benchmark once, small.
add_test(NAME bench/quick COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/quick.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(bench/quick PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS slow)
