# Command line tests: one shell script each, run with the built program.
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.sh)
foreach(script IN LISTS scripts)
  get_filename_component(name ${script} NAME_WE)
  if(name STREQUAL cli_support)
    continue()
  endif()
  add_test(NAME cli/${name} COMMAND bash ${script} $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
  set_tests_properties(cli/${name} PROPERTIES TIMEOUT 1800 SKIP_RETURN_CODE 77
                       ENVIRONMENT "MOSAIC_REAL_DATA=${MOSAIC_REAL_DATA};LOCPATH=${CMAKE_BINARY_DIR}/locales")
  if(NOT name MATCHES "^(usage|pages)$")
    set_tests_properties(cli/${name} PROPERTIES LABELS slow)
  endif()
endforeach()
# The tile of Sentinel-2 itself.
add_test(NAME cli/map_memory_long COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/map_memory.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(cli/map_memory_long PROPERTIES TIMEOUT 3600 SKIP_RETURN_CODE 77 LABELS "slow;long" ENVIRONMENT "MOSAIC_LONG=1")
