# What is handed on: the source archive and Debian's packages.
add_test(NAME package/source COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/source.sh ${CMAKE_SOURCE_DIR})
add_test(NAME package/source_build COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/source.sh ${CMAKE_SOURCE_DIR} build)
add_test(NAME package/deb COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/deb.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(package/source_build package/deb PROPERTIES LABELS long SKIP_RETURN_CODE 77 TIMEOUT 7200)
