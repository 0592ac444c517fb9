# The two tables of one sweep.
add_test(NAME study/sweep_tables COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/sweep_tables.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(study/sweep_tables PROPERTIES TIMEOUT 900)
