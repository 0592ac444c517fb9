# Every benchmark once, small.
add_test(NAME bench/quick COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/quick.sh $<TARGET_FILE:mosaic_cli> ${CMAKE_SOURCE_DIR})
set_tests_properties(bench/quick PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77 LABELS slow)

# Instructions of the hot scalar paths. Libraries that no path uses stay out: under callgrind loading them takes longer
# than the paths.
add_executable(hot_paths ${CMAKE_CURRENT_LIST_DIR}/hot_paths.c)
target_link_libraries(hot_paths PRIVATE mosaic_flags -Wl,--as-needed mos_train)
set(instruction_counts bash ${CMAKE_CURRENT_LIST_DIR}/instruction_counts.sh $<TARGET_FILE:hot_paths>
    ${CMAKE_CURRENT_LIST_DIR}/instruction_counts.tsv)
string(REGEX MATCH "^[0-9]+" major "${CMAKE_C_COMPILER_VERSION}")
set(instruction_compiler "${CMAKE_C_COMPILER_ID}-${major}")
if(MOSAIC_SANITIZE OR MOSAIC_FUZZ)
  set(instruction_build instrumented)
else()
  set(instruction_build ${CMAKE_BUILD_TYPE})
endif()
add_test(NAME bench/instruction_counts COMMAND ${instruction_counts} ${instruction_compiler} ${instruction_build})
set_tests_properties(bench/instruction_counts PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
add_custom_target(update_instruction_counts
  COMMAND ${instruction_counts} ${instruction_compiler} ${instruction_build} --update DEPENDS hot_paths VERBATIM)

# It stands between the program and oneDNN, where that is.
if(MOSAIC_ONEDNN_LIBRARY)
  target_compile_definitions(heap_calls_test PRIVATE MOSAIC_HAS_ONEDNN)
  target_link_options(heap_calls_test PRIVATE -Wl,--wrap=dnnl_primitive_execute)
endif()
mosaic_isa_tests(bench/heap_calls_test in_turn) # under every cap on the instruction set
