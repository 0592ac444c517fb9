# The room once more, with a term that only this test has.
if(TARGET extra_term_test)
  file(GLOB objective_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/objective/*.c)
  target_sources(extra_term_test PRIVATE ${objective_sources} ${CMAKE_CURRENT_LIST_DIR}/term_mean.c)
  target_compile_options(extra_term_test PRIVATE -include ${CMAKE_CURRENT_LIST_DIR}/extra_term.h)
endif()
mosaic_isa_tests(objective/loss_golden_test) # under every cap on the instruction set
mosaic_delayed_tests(cpu objective/loss_golden_test objective/label_queue_test)
mosaic_delayed_tests(ref objective/objective_test objective/extra_term_test)
