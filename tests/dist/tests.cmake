# Ranks under mpirun; the MPI is the build's, the launcher is looked for by the test.
foreach(name IN LISTS MOSAIC_MPI)
  if(NOT TARGET comm_ranks)
    add_executable(comm_ranks ${CMAKE_CURRENT_LIST_DIR}/comm_ranks.c)
    target_link_libraries(comm_ranks PRIVATE mosaic_flags mos_dist)
  endif()
  add_executable(communicator_${name} ${CMAKE_CURRENT_LIST_DIR}/communicator.c)
  target_include_directories(communicator_${name} SYSTEM PRIVATE ${MOSAIC_MPI_${name}_INCLUDE_DIRS})
  target_link_directories(communicator_${name} PRIVATE ${MOSAIC_MPI_${name}_LIBRARY_DIRS})
  target_compile_options(communicator_${name} PRIVATE -Wno-cast-qual)
  target_link_libraries(communicator_${name} PRIVATE mosaic_flags mos_dist ${MOSAIC_MPI_${name}_LIBRARIES})
  add_test(NAME dist/comm_${name} COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/comm_ranks.sh ${name} $<TARGET_FILE:comm_ranks>
           $<TARGET_FILE:communicator_${name}>)
  set_tests_properties(dist/comm_${name} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 PROCESSORS 2
    ENVIRONMENT "MOSAIC_MODULES=$<TARGET_FILE_DIR:mosaic_mpi_${name}>")
endforeach()
if(MOSAIC_MPI) # one MPI is enough for what is not about MPI
  list(GET MOSAIC_MPI 0 name)
  add_executable(step_ranks ${CMAKE_CURRENT_LIST_DIR}/step_ranks.c)
  target_include_directories(step_ranks PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(step_ranks PRIVATE MOSAIC_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(step_ranks PRIVATE mosaic_flags mos_train PkgConfig::CMOCKA)
  add_test(NAME dist/step COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/step_ranks.sh ${name} $<TARGET_FILE:step_ranks>)
  set_tests_properties(dist/step PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77 PROCESSORS 2
    ENVIRONMENT "MOSAIC_MODULES=$<TARGET_FILE_DIR:mosaic_mpi_${name}>")
else()
  add_test(NAME dist/comm_mpi COMMAND sh -c "echo 'skipped: built without MPI (Debian: libopenmpi-dev)'; exit 77")
  set_tests_properties(dist/comm_mpi PROPERTIES SKIP_RETURN_CODE 77)
endif()
