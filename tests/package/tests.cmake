# What is handed on: the source archive and Debian's packages.
add_test(NAME package/source COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/source.sh ${CMAKE_SOURCE_DIR})
