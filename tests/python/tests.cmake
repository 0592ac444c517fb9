# The Python package against NumPy, PyTorch and scikit-learn. Debian's interpreter has its packages.
if(NOT MOSAIC_SANITIZE) # an interpreter without the sanitizers cannot load a library with them
  add_test(NAME python/mosaic_eo COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/mosaic_eo_test.py)
  set_tests_properties(python/mosaic_eo PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77
    ENVIRONMENT "PYTHONPATH=${CMAKE_SOURCE_DIR}/python;MOSAIC_LIBRARY=$<TARGET_FILE:mosaic>;PYTHONDONTWRITEBYTECODE=1")
  # The notebook that newcomers begin with, executed.
  add_test(NAME python/notebook COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/notebook.py ${CMAKE_SOURCE_DIR}/examples/first.ipynb)
  set_tests_properties(python/notebook PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77
    ENVIRONMENT "PYTHONPATH=${CMAKE_SOURCE_DIR}/python;MOSAIC_LIBRARY=$<TARGET_FILE:mosaic>;PYTHONDONTWRITEBYTECODE=1")
  add_test(NAME python/types COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/types.sh ${CMAKE_SOURCE_DIR}/python)
  set_tests_properties(python/types PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
  # `pip install .`: with the library of this build, and (long) built by pip itself.
  add_test(NAME python/wheel COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/wheel.sh ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  set_tests_properties(python/wheel PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
  add_test(NAME python/wheel_long COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/wheel.sh ${CMAKE_SOURCE_DIR})
  set_tests_properties(python/wheel_long PROPERTIES TIMEOUT 3600 SKIP_RETURN_CODE 77 LABELS "slow;long")
endif()
