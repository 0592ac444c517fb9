# Thousands of rows: minutes under a sanitizer.
set_tests_properties(score/embedding_scale_test PROPERTIES LABELS slow)
