/* The line that the test's format adds to the registry. */
#ifndef TESTS_CONFIG_EXTRA_FORMAT_H
#define TESTS_CONFIG_EXTRA_FORMAT_H

#define MOS_FORMAT_MORE(ROW) ROW(counted, "counted")

#endif
