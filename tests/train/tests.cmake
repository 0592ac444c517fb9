add_test(NAME train/bf16_curve COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/bf16_curve.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(train/bf16_curve PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77 LABELS slow)
