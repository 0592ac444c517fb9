# What the documents say, done.
foreach(name guide configuration defects own_code)
  add_test(NAME docs/${name} COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/${name}.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
  set_tests_properties(docs/${name} PROPERTIES TIMEOUT 1800 SKIP_RETURN_CODE 77 ENVIRONMENT "MOSAIC_REAL_DATA=${MOSAIC_REAL_DATA}")
endforeach()
set_tests_properties(docs/guide docs/own_code PROPERTIES LABELS slow)
