/* mosaic/command.h: every capability as a command with typed options.
 *
 * The command line, the language bindings and the documentation share these tables: a command knows
 * its options, their types, defaults, ranges and sources, parses them from text, and runs. Data
 * goes to the stream that mosaic_command_run is given; messages and progress go to the program's
 * own functions (mosaic_set_log_hooks). Nothing is printed to stdout or stderr.
 *
 * Threads: one command object belongs to one thread at a time. Commands use threads inside. */
#ifndef MOSAIC_COMMAND_H
#define MOSAIC_COMMAND_H

#include "mosaic/status.h"

#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mosaic_command mosaic_command;

/* Name and one-line summary of the i-th command ("data info", ...), NULL past the last. */
MOSAIC_API const char *mosaic_command_name(int i);
MOSAIC_API const char *mosaic_command_summary(int i);

/* A command by its name with all options at their defaults. An unknown name is MOSAIC_ERR_USAGE and
 * names the nearest. Destroy it with mosaic_command_destroy, which takes a pointer to NULL. */
MOSAIC_API mosaic_status mosaic_command_create(const char *name,
                                               mosaic_command **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_command_destroy(mosaic_command **command);

/* Set one option from text, as on the command line without the dashes: ("patches", "2000"). */
MOSAIC_API mosaic_status mosaic_command_set(mosaic_command *command, const char *key,
                                            const char *value) MOSAIC_CHECKED;

/* Command-line form: options and positional arguments, argv[0] being the first argument after the
 * command's name. *shown is set to 1 when --help or --json-usage was asked for and written to
 * `out`: then do not run. */
MOSAIC_API mosaic_status mosaic_command_parse(mosaic_command *command, int argc, char **argv,
                                              FILE *out, int *shown) MOSAIC_CHECKED;

/* Run it. Data goes to `out`. May be called once. */
MOSAIC_API mosaic_status mosaic_command_run(mosaic_command *command, FILE *out) MOSAIC_CHECKED;

/* How much is said: 0 errors only, 1 (default) notices and progress, 2 everything. Process-wide. */
MOSAIC_API void mosaic_set_verbosity(int level);

typedef enum mosaic_log_level {
    MOSAIC_LOG_ERROR,
    MOSAIC_LOG_WARNING,
    MOSAIC_LOG_NOTICE,
    MOSAIC_LOG_DEBUG
} mosaic_log_level;

typedef struct mosaic_progress {
    const void *task;    /* tells tasks apart; not to be followed */
    const char *label;   /* "statistics" */
    const char *text;    /* the task's own words, which then say all there is to say; or NULL */
    int64_t done, total; /* total 0: not known */
    double seconds;      /* since the task began */
    int ended;           /* not 0: the last word of this task */
} mosaic_progress;

/* Where messages and progress go. Both may come from any thread of the library, one at a time, and
 * must not call into the library. Texts are UTF-8 without a line's end and live as long as the
 * call. What is NULL is not called. */
typedef struct mosaic_log_hooks {
    void *context;
    void (*line)(void *context, mosaic_log_level level, const char *text);
    void (*progress)(void *context, const mosaic_progress *progress);
} mosaic_log_hooks;
/* Process-wide; the struct is copied. Without it nothing is shown. */
MOSAIC_API void mosaic_set_log_hooks(const mosaic_log_hooks *hooks);

/* How the program tells long work (training, sweeps) to stop in good order. The library catches no
 * signal and changes no handler: whoever owns the process does, here. */
typedef struct mosaic_stop_hooks {
    void *context;
    /* Work begins (1) that asks `stop` at every step, or has ended (0): when to catch signals. May
     * be NULL. */
    void (*stoppable)(void *context, int begins);
    /* Asked between steps, on the thread that runs the command. Not 0: the run writes a checkpoint
     * and ends with MOSAIC_INTERRUPTED; the number is named in the message. May be NULL: never. */
    int (*stop)(void *context);
} mosaic_stop_hooks;
/* Process-wide, and not while a command runs; the struct is copied. Without it nothing is asked.
 * Files larger than the limit of the process raise SIGXFSZ: a program that prefers a failed write
 * ignores it. */
MOSAIC_API void mosaic_set_stop_hooks(const mosaic_stop_hooks *hooks);

/* Cap the instruction set by name ("base", "avx2", "avx512", "avx512_bf16"); NULL: by the
 * environment's MOSAIC_ISA, if that is set. One that is none, or that the processor lacks, is
 * MOSAIC_ERR_USAGE and names those possible. Process-wide, before anything is computed. */
MOSAIC_API mosaic_status mosaic_set_isa(const char *name) MOSAIC_CHECKED;

/* JSON schema of the training configuration, and its table in Markdown, written to `out`. */
MOSAIC_API mosaic_status mosaic_config_schema(FILE *out) MOSAIC_CHECKED;
MOSAIC_API mosaic_status mosaic_config_markdown(FILE *out) MOSAIC_CHECKED;

/* What a configuration key ("train.epochs") or a group of them ("loss") means, one line a key. An
 * unknown topic is MOSAIC_ERR_USAGE and names the nearest. */
MOSAIC_API mosaic_status mosaic_config_help(const char *topic, FILE *out) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
