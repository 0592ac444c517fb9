# What leaves the program, by its readers.
foreach(name export import embed_search)
  add_test(NAME deploy/${name} COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/${name}.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
  set_tests_properties(deploy/${name} PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77 LABELS slow)
endforeach()
add_test(NAME deploy/qgis COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/qgis.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(deploy/qgis PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77 LABELS "slow;long")
