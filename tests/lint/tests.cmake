find_program(PYTHON3 NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(NOT PYTHON3)
  find_program(PYTHON3 python3)
endif()
if(PYTHON3)
  add_test(NAME lint/tree COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/lint/lint.py ${CMAKE_SOURCE_DIR}
           --library $<TARGET_FILE:mosaic> --nm ${CMAKE_NM})
  add_test(NAME lint/self_test COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/lint/lint.py --self-test)
else()
  foreach(test tree self_test)
    add_test(NAME lint/${test} COMMAND sh -c "echo 'skipped: the lint rules need python3'; exit 77")
  endforeach()
endif()
set_tests_properties(lint/tree lint/self_test PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77
                     ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)

find_program(CXX_FOR_HEADERS NAMES c++ g++ clang++)
set(cxx "")
if(CXX_FOR_HEADERS)
  set(cxx ${CXX_FOR_HEADERS})
endif()
add_test(NAME lint/headers COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/lint/headers.sh ${CMAKE_SOURCE_DIR}
         ${CMAKE_C_COMPILER} ${cxx})
