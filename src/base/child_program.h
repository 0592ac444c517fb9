/* Programs that a command starts: output to a file, ended with their parent, never through a shell.
 */
#ifndef MOS_BASE_CHILD_PROGRAM_H
#define MOS_BASE_CHILD_PROGRAM_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct mos_child {
    pid_t pid; /* 0: none */
} mos_child;

/* argv ends with NULL, argv[0] is the program's path; stdout and stderr are appended to `log`,
 * stdin is empty. The environment is the caller's but for the variables named in `without`, which ends
 * with NULL, or is NULL. When the caller's thread dies, the child gets SIGTERM. */
mosaic_status mos_child_start(const char *const *argv, const char *const *without, const char *log,
                              mos_child *out);
/* *ended; then *code is its exit code, or 128 + the signal that killed it. */
mosaic_status mos_child_poll(mos_child *child, bool *ended, int *code);
void mos_child_signal(const mos_child *child, int number);

/* Path of this very program. */
mosaic_status mos_child_self(char *path, size_t size);
/* The last line of a log that says what went wrong; "" if there is none. */
void mos_child_last_words(const char *log, char *out, size_t size);

#endif
