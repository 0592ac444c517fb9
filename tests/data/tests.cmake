# The converter of SEN12MS's labels, on pickles of every kind.
find_program(PYTHON3 NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(PYTHON3)
  add_test(NAME data/sen12ms_labels COMMAND ${PYTHON3} ${CMAKE_CURRENT_LIST_DIR}/sen12ms_labels_check.py
           ${CMAKE_SOURCE_DIR}/scripts/sen12ms_labels.py $<TARGET_FILE:mosaic_cli>)
else()
  add_test(NAME data/sen12ms_labels COMMAND sh -c "echo 'skipped: no python3'; exit 77")
endif()
set_tests_properties(data/sen12ms_labels PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
                     ENVIRONMENT "MOSAIC_REAL_DATA=${MOSAIC_REAL_DATA}")
# What commands do to a data set, on the sources of every format.
foreach(test bigearthnet_official_test bigearthnet_v1_test names_labels_test scene_sources_test sen12ms_test)
  target_link_libraries(${test} PRIVATE mos_prepare)
endforeach()
