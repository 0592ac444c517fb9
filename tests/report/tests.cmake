# The report in a browser.
add_test(NAME report/browser COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/browser.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(report/browser PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77 LABELS slow)

# TensorBoard's event files.
add_test(NAME report/events COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/events.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(report/events PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)

# The pages' layout at three widths, light, dark and printed.
add_test(NAME report/layout COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/layout.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(report/layout PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77 LABELS slow)
