# A room is a folder of src/: one static library, built from every .c file below it, that may include
# from the rooms it depends on.

set(MOSAIC_ROOMS "" CACHE INTERNAL "")
set(MOSAIC_ROOM_LIBRARIES "" CACHE INTERNAL "")

function(mosaic_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
  list(FILTER sources EXCLUDE REGEX "/module/") # shared objects of their own, loaded at run time
  if(NOT sources)
    add_library(mos_${name} INTERFACE)
    target_link_libraries(mos_${name} INTERFACE ${ROOM_LIBRARIES})
    foreach(dependency IN LISTS ROOM_DEPENDS)
      target_link_libraries(mos_${name} INTERFACE mos_${dependency})
    endforeach()
    return()
  endif()
  add_library(mos_${name} STATIC ${sources})
  set_target_properties(mos_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(mos_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(mos_${name} PRIVATE mosaic_flags PUBLIC ${ROOM_LIBRARIES})
  foreach(dependency IN LISTS ROOM_DEPENDS)
    target_link_libraries(mos_${name} PUBLIC mos_${dependency})
  endforeach()
  set(MOSAIC_ROOMS ${MOSAIC_ROOMS} mos_${name} CACHE INTERNAL "")
  set(MOSAIC_ROOM_LIBRARIES ${MOSAIC_ROOM_LIBRARIES} ${ROOM_LIBRARIES} CACHE INTERNAL "")
endfunction()

# libmosaic: all rooms in one shared object that exports only mosaic_ names.
function(mosaic_library)
  file(WRITE ${CMAKE_BINARY_DIR}/exports.map "{ global: mosaic_*; local: *; };\n")
  file(WRITE ${CMAKE_BINARY_DIR}/mosaic_anchor.c "typedef int mosaic_anchor;\n")
  add_library(mosaic SHARED ${CMAKE_BINARY_DIR}/mosaic_anchor.c)
  set_target_properties(mosaic PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  target_include_directories(mosaic PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  # Objects instead of archives: everything is taken, once, whatever the rooms link among themselves.
  foreach(room IN LISTS MOSAIC_ROOMS)
    target_sources(mosaic PRIVATE $<TARGET_OBJECTS:${room}>)
  endforeach()
  target_link_libraries(mosaic PRIVATE mosaic_flags ${MOSAIC_ROOM_LIBRARIES})
  # nodelete: the workers of teams stay to the end of the process.
  target_link_options(mosaic PRIVATE -Wl,--version-script=${CMAKE_BINARY_DIR}/exports.map -Wl,-z,nodelete)
  install(TARGETS mosaic EXPORT mosaic LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/mosaic DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  configure_file(${CMAKE_SOURCE_DIR}/cmake/mosaic.pc.in ${CMAKE_BINARY_DIR}/mosaic.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/mosaic.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  mosaic_package()
  # What `pip install .` puts into the Python package: the library alone, under the name that it asks for.
  install(FILES $<TARGET_FILE:mosaic> DESTINATION lib RENAME libmosaic.so.${PROJECT_VERSION_MAJOR} COMPONENT python EXCLUDE_FROM_ALL)
endfunction()

# find_package(mosaic): the target mosaic::mosaic. Until 1.0.0 a minor version may change the interface.
function(mosaic_package)
  include(CMakePackageConfigHelpers)
  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/mosaic)
  set(compatible SameMinorVersion)
  if(PROJECT_VERSION_MAJOR GREATER 0)
    set(compatible SameMajorVersion)
  endif()
  configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/mosaicConfig.cmake.in ${CMAKE_BINARY_DIR}/mosaicConfig.cmake
    INSTALL_DESTINATION ${folder} NO_SET_AND_CHECK_MACRO)
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/mosaicConfigVersion.cmake COMPATIBILITY ${compatible})
  install(FILES ${CMAKE_BINARY_DIR}/mosaicConfig.cmake ${CMAKE_BINARY_DIR}/mosaicConfigVersion.cmake DESTINATION ${folder})
  install(EXPORT mosaic FILE mosaicTargets.cmake NAMESPACE mosaic:: DESTINATION ${folder})
endfunction()

# libmosaic_mpi_<name>.so for every MPI that the build found (MosaicDependencies.cmake): loaded at run time, so that the
# program runs on machines without MPI.
function(mosaic_mpi_modules)
  foreach(name IN LISTS MOSAIC_MPI)
    add_library(mosaic_mpi_${name} MODULE ${CMAKE_SOURCE_DIR}/src/dist/module/mpi_module.c)
    target_include_directories(mosaic_mpi_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
    target_include_directories(mosaic_mpi_${name} SYSTEM PRIVATE ${MOSAIC_MPI_${name}_INCLUDE_DIRS})
    target_link_directories(mosaic_mpi_${name} PRIVATE ${MOSAIC_MPI_${name}_LIBRARY_DIRS})
    # mpi.h casts away const in its constants
    target_compile_options(mosaic_mpi_${name} PRIVATE -Wno-cast-qual)
    target_link_libraries(mosaic_mpi_${name} PRIVATE mosaic_flags ${MOSAIC_MPI_${name}_LIBRARIES})
    install(TARGETS mosaic_mpi_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/mosaic)
  endforeach()
endfunction()

# Every tests/<room>/*_test.c is one program linked with its room, cmocka and the test support files.
# Those named *_long_test.c have the label "long": scripts/test.sh --long (or ctest -L long) runs them.
# A limit is at least ten times what a test takes on a quiet machine: it ends those that hang, it judges no speed.
function(mosaic_room_tests room)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${room}/*_test.c)
  if(MOSAIC_CORE) # reads real patches
    list(FILTER tests EXCLUDE REGEX feature_golden_test)
  endif()
  foreach(source IN LISTS tests)
    get_filename_component(test ${source} NAME_WE)
    add_executable(${test} ${source})
    # compiled for this run alone: -O1 takes half of the time, and what is measured is in the library
    set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O1>")
    target_include_directories(${test} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${test} PRIVATE MOSAIC_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(${test} PRIVATE mosaic_flags mos_${room} PkgConfig::CMOCKA)
    if(room MATCHES "^(compute|model|objective|train)$")
      target_sources(${test} PRIVATE $<TARGET_OBJECTS:test_delayed>)
    endif()
    add_test(NAME ${room}/${test} COMMAND ${test})
    set_tests_properties(${room}/${test} PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77
      ENVIRONMENT "MOSAIC_REAL_DATA=${MOSAIC_REAL_DATA}")
    if(test MATCHES "_long_test$")
      set_tests_properties(${room}/${test} PROPERTIES TIMEOUT 3600 LABELS long)
    endif()
  endforeach()
endfunction()

# mosaic_delayed_tests(<device> <room>/<test>...): each once more as <room>/<test>@delayed, on that device (cpu, ref)
# made late (tests/support/delayed.h). LONG before a name: with the label "long", as what takes seconds. All tests of
# ops, models, objectives, trainings and resuming stand in such a line.
function(mosaic_delayed_tests device)
  set(label "")
  foreach(name IN LISTS ARGN)
    if(name STREQUAL LONG)
      set(label long)
      continue()
    endif()
    get_filename_component(test ${name} NAME)
    if(NOT TARGET ${test})
      continue()
    endif()
    add_test(NAME ${name}@delayed COMMAND ${test})
    set_tests_properties(${name}@delayed PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77
      ENVIRONMENT "MOSAIC_REAL_DATA=${MOSAIC_REAL_DATA};MOSAIC_TEST_DEVICE=delayed:${device}" LABELS "${label}")
    if(label STREQUAL long)
      set_tests_properties(${name}@delayed PROPERTIES TIMEOUT 3600)
    endif()
  endforeach()
endfunction()

# mosaic_isa_tests(<room>/<test> [arguments]): <room>/<test>@<set> for every instruction set that a cap can
# name. The shell skips, aloud, those that the processor lacks.
function(mosaic_isa_tests name)
  if(MOSAIC_CORE) # has no program to ask, and on aarch64 there is one instruction set
    return()
  endif()
  get_filename_component(test ${name} NAME)
  foreach(isa base avx2 avx512 avx512_bf16)
    add_test(NAME ${name}@${isa} COMMAND bash ${CMAKE_SOURCE_DIR}/tests/support/with_isa.sh $<TARGET_FILE:mosaic_cli>
             ${isa} $<TARGET_FILE:${test}> ${ARGN})
    set_tests_properties(${name}@${isa} PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77
      ENVIRONMENT "MOSAIC_REAL_DATA=${MOSAIC_REAL_DATA};OMP_WAIT_POLICY=passive")
  endforeach()
endfunction()
