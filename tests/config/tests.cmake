# The registry once more, with a format that only this test has.
if(TARGET extra_format_test)
  target_sources(extra_format_test PRIVATE ${CMAKE_SOURCE_DIR}/src/data/formats.c
                 ${CMAKE_SOURCE_DIR}/src/data/data_options.c ${CMAKE_CURRENT_LIST_DIR}/format_counted.c)
  target_compile_options(extra_format_test PRIVATE -include ${CMAKE_CURRENT_LIST_DIR}/extra_format.h)
endif()
