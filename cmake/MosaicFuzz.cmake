# mosaic_fuzz(<name> <room>): tests/fuzz/<name>_fuzz.c defines LLVMFuzzerTestOneInput for something of
# <room>; its seeds are the files of tests/fuzz/corpus/<name>/.
#
# With MOSAIC_FUZZ=ON (clang; preset "fuzz") the program is a libFuzzer driver:
#   build/fuzz/tests/<name>_fuzz -max_total_time=60 new-inputs/ tests/fuzz/corpus/<name>/
# Without it the same file is linked with replay_main.c, and ctest replays every seed, cut and bent.
function(mosaic_fuzz name room)
  set(folder ${CMAKE_SOURCE_DIR}/tests/fuzz)
  set(corpus ${folder}/corpus/${name})
  set(target ${name}_fuzz)
  add_executable(${target} ${folder}/${target}.c)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE MOSAIC_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE mosaic_flags mos_${room})
  if(MOSAIC_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz/${target} COMMAND ${target} -runs=0 ${corpus})
  else()
    target_sources(${target} PRIVATE ${folder}/replay_main.c)
    add_test(NAME fuzz/${target} COMMAND ${target} ${corpus})
  endif()
  set_tests_properties(fuzz/${target} PROPERTIES TIMEOUT 900)
endfunction()
