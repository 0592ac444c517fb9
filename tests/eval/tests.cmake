# Full sizes: seconds on a quiet machine, minutes under a sanitizer.
set_tests_properties(eval/embedding_scale_test PROPERTIES TIMEOUT 900 LABELS slow)
