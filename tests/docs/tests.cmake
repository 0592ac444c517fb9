# What the documents say, done.
foreach(name guide configuration defects own_code install)
  add_test(NAME docs/${name} COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/${name}.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
  set_tests_properties(docs/${name} PROPERTIES TIMEOUT 1800 SKIP_RETURN_CODE 77 ENVIRONMENT "MOSAIC_REAL_DATA=${MOSAIC_REAL_DATA}")
endforeach()
set_tests_properties(docs/guide docs/own_code PROPERTIES LABELS slow)

# The programs of examples/, with the shared library and the public headers alone.
foreach(name train predict read_dataset loader)
  add_executable(example_${name} ${CMAKE_SOURCE_DIR}/examples/${name}.c)
  target_link_libraries(example_${name} PRIVATE mosaic_flags mosaic)
endforeach()
add_test(NAME docs/examples COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/examples.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR}
         $<TARGET_FILE_DIR:example_train>)
set_tests_properties(docs/examples PROPERTIES TIMEOUT 1800 LABELS slow)
