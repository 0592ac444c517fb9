set(flags "")
if(MOSAIC_SANITIZE)
  set(flags -fsanitize=${MOSAIC_SANITIZE})
endif()
add_test(NAME install/consumer COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/install/install.sh ${CMAKE_BINARY_DIR}
         ${CMAKE_CURRENT_SOURCE_DIR}/install/consumer.c ${CMAKE_C_COMPILER} ${PROJECT_VERSION} ${flags})
