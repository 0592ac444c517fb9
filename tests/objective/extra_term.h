/* The line that the test's term adds to the list; every file of the room is built with it. */
#ifndef TESTS_OBJECTIVE_EXTRA_TERM_H
#define TESTS_OBJECTIVE_EXTRA_TERM_H

#define MOS_TERM_MORE(ROW) ROW(MEAN, mean)

#endif
