# A locale with a decimal comma, so that the tests of numbers run where none is installed. Without
# localedef (package locales) those tests look for an installed one and skip when there is none.
find_program(LOCALEDEF localedef)
set(MOSAIC_TEST_LOCALES ${CMAKE_BINARY_DIR}/locales)
if(LOCALEDEF AND EXISTS /usr/share/i18n/locales/de_DE AND NOT EXISTS ${MOSAIC_TEST_LOCALES}/de_DE.UTF-8)
  file(MAKE_DIRECTORY ${MOSAIC_TEST_LOCALES})
  execute_process(COMMAND ${LOCALEDEF} -f UTF-8 -i de_DE ${MOSAIC_TEST_LOCALES}/de_DE.UTF-8
                  OUTPUT_QUIET ERROR_QUIET)
endif()
if(TEST base/text_test AND EXISTS ${MOSAIC_TEST_LOCALES}/de_DE.UTF-8)
  set_property(TEST base/text_test APPEND PROPERTY ENVIRONMENT "LOCPATH=${MOSAIC_TEST_LOCALES}")
endif()
if(TEST base/team_beside_test)
  set_property(TEST base/team_beside_test PROPERTY RUN_SERIAL ON)
endif()
