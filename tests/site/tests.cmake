# The site of the documents, packaging/site.
add_test(NAME site/build COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/site.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(site/build PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
