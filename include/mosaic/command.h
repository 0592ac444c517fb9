/* mosaic/command.h: every capability as a command with typed options.
 *
 * The command line, the language bindings and the documentation share these tables. A command knows
 * its options with their types, defaults and ranges, parses them from text, and runs. Its data
 * goes to the stream that mosaic_command_run is given, or to a function of the caller
 * (mosaic_command_run_to). Messages and progress go to the program's own functions
 * (mosaic_set_log_hooks). The library prints nothing to stdout or stderr by itself.
 *
 * Threads: one command object belongs to one thread at a time. Commands use threads inside. */
#ifndef MOSAIC_COMMAND_H
#define MOSAIC_COMMAND_H

#include "mosaic/status.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mosaic_command mosaic_command;

/* Name and one-line summary of the i-th command ("data info", ...), NULL past the last. The texts
 * live as long as the library. */
MOSAIC_API const char *mosaic_command_name(int i);
MOSAIC_API const char *mosaic_command_summary(int i);

/* Create a command by its name, with all options at their defaults. An unknown name is
 * MOSAIC_ERR_USAGE, and the message names the nearest. The caller owns *out and destroys it with
 * mosaic_command_destroy, which also takes a pointer to NULL. */
MOSAIC_API mosaic_status mosaic_command_create(const char *name,
                                               mosaic_command **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_command_destroy(mosaic_command **command);

/* Set one option from text, as on the command line without the dashes: ("patches", "2000"). The
 * texts are copied. Errors: MOSAIC_ERR_USAGE for an unknown option or a value that it does not take,
 * MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_command_set(mosaic_command *command, const char *key,
                                            const char *value) MOSAIC_CHECKED;

/* Add one positional argument, such as a configuration file; the text is copied. How many a command
 * takes is checked when it runs. Errors: MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_command_add(mosaic_command *command,
                                            const char *argument) MOSAIC_CHECKED;

/* Set options and positional arguments in command-line form. argv[0] is the first argument after the
 * command's name. When --help or --json-usage is among them, the call writes that to `out` and sets
 * *shown to 1: then do not run the command. Otherwise *shown is 0 and nothing is written. Errors:
 * MOSAIC_ERR_USAGE for what the command does not take, MOSAIC_ERR_IO, MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_command_parse(mosaic_command *command, int argc, char **argv,
                                              FILE *out, int *shown) MOSAIC_CHECKED;

/* Run the command, once. It writes its data to `out` and returns when the work is done. Errors:
 * MOSAIC_ERR_USAGE for too few or too many positional arguments, MOSAIC_ERR_IO when `out` cannot be
 * written, else those of the work. Where mpirun or srun started several ranks for a command that
 * ranks do not share, rank 0 does it and the call returns MOSAIC_OK at once on the others. */
MOSAIC_API mosaic_status mosaic_command_run(mosaic_command *command, FILE *out) MOSAIC_CHECKED;

/* Takes a command's data. The library calls it, on the thread that runs the command, with `size`
 * bytes that live as long as the call. It returns 0 when it has taken them; after another number the
 * command ends with MOSAIC_ERR_IO. */
typedef int (*mosaic_sink)(void *context, const char *bytes, size_t size);
/* mosaic_command_run with the data given to `sink`; NULL drops the data. Errors: as there. */
MOSAIC_API mosaic_status mosaic_command_run_to(mosaic_command *command, mosaic_sink sink,
                                               void *context) MOSAIC_CHECKED;
/* Gives to `sink` the options that a command takes, as JSON: key, type, default, choices, range, unit,
 * help. NULL drops it. Errors: MOSAIC_ERR_MEMORY, MOSAIC_ERR_IO when the sink refuses. */
MOSAIC_API mosaic_status mosaic_command_usage(const mosaic_command *command, mosaic_sink sink,
                                              void *context) MOSAIC_CHECKED;

/* Which messages reach the log hooks: 0 errors only, 1 (default) notices and progress too, 2
 * everything. Process-wide. */
MOSAIC_API void mosaic_set_verbosity(int level);

typedef enum mosaic_log_level {
    MOSAIC_LOG_ERROR = 0,
    MOSAIC_LOG_WARNING = 1,
    MOSAIC_LOG_NOTICE = 2,
    MOSAIC_LOG_DEBUG = 3
} mosaic_log_level;

typedef struct mosaic_progress {
    const void *task;    /* identifies the task; not a pointer to follow */
    const char *label;   /* "statistics" */
    const char *text;    /* when not NULL, show this in place of label and numbers */
    int64_t done, total; /* total 0: not known */
    double seconds;      /* since the task began */
    int ended;           /* not 0: the last report of this task */
} mosaic_progress;

/* Where messages and progress go. The library calls both functions from any of its threads, one call
 * at a time. They must not call into the library. Texts are UTF-8 without a line's end and live as
 * long as the call. A function that is NULL is not called. */
typedef struct mosaic_log_hooks {
    void *context;
    void (*line)(void *context, mosaic_log_level level, const char *text);
    void (*progress)(void *context, const mosaic_progress *progress);
} mosaic_log_hooks;
/* Process-wide; the struct is copied. NULL, as before the first call: messages and progress are
 * dropped. */
MOSAIC_API void mosaic_set_log_hooks(const mosaic_log_hooks *hooks);

/* How the program asks long work to stop in good order: trainings and sweeps, and whatever shows
 * progress. The library catches no
 * signal and changes no handler; a program that wants a signal to stop the work does so with these
 * hooks. */
typedef struct mosaic_stop_hooks {
    void *context;
    /* Called with 1 when work begins that asks `stop` at every step, and with 0 when it has ended:
     * the time to install and to remove signal handlers. May be NULL. */
    void (*stoppable)(void *context, int begins);
    /* Called between steps, on the thread that called the library. When it returns another number than
     * 0, the work ends with MOSAIC_INTERRUPTED; the message names the number. A training writes a
     * checkpoint before, maps, embeddings and packs go on when they are asked for again, the rest keeps
     * nothing.
     * NULL: the work never stops early. */
    int (*stop)(void *context);
} mosaic_stop_hooks;
/* Process-wide; the struct is copied. NULL, as before the first call: the work never stops early. Do
 * not call it while a command runs. One more signal concerns a program: a file that grows beyond the process's size limit
 * (ulimit -f) raises SIGXFSZ, which ends the process. A program that ignores this signal gets a failed
 * write and MOSAIC_ERR_IO instead. */
MOSAIC_API void mosaic_set_stop_hooks(const mosaic_stop_hooks *hooks);

/* Hooks of one command. While it runs they take the place of the process's hooks; the structs are
 * copied, and NULL leaves the process's. They serve the thread that runs the command: lines from
 * other threads inside it go to the process's hooks. */
MOSAIC_API void mosaic_command_set_hooks(mosaic_command *command, const mosaic_log_hooks *log,
                                         const mosaic_stop_hooks *stop);

/* For a program that has MPI itself. The ranks of `communicator`, the address of an MPI_Comm, do the
 * command together: all of them make the same command and run it, on the thread that may call MPI.
 * The program has initialised MPI with MPI_THREAD_FUNNELED or more, and finalises it; the address must
 * last until the run has ended. A command that ranks do not share is done by rank 0 of the communicator;
 * on the others the run returns MOSAIC_OK at once. A failure that ranks share is returned on rank 0 with its
 * message, on the others with an empty one; one that a rank could not tell the others of ends all
 * processes of MPI_COMM_WORLD (MPI_Abort). NULL, as before the first call: all ranks that mpirun or
 * srun started. */
MOSAIC_API void mosaic_command_set_communicator(mosaic_command *command, const void *communicator);

/* Hooks of the calling thread, until the next such call: whatever function of the library this thread
 * calls, opening a data set or fitting a map of rows too, has them in place of the process's. A handle
 * belongs to one thread at a time, so they are the hooks of the handles that it uses. Those of a
 * command go over them. The structs are copied, and NULL leaves the process's. What they stop answers
 * MOSAIC_INTERRUPTED; arrays of the caller hold something or nothing of the results then. */
MOSAIC_API void mosaic_set_thread_hooks(const mosaic_log_hooks *log, const mosaic_stop_hooks *stop);

/* Cap the instruction set by name ("base", "avx2", "avx512", "avx512_bf16"); NULL: use
 * the environment's MOSAIC_ISA, if it is set. A name that is unknown, or an instruction set that the
 * processor lacks, is MOSAIC_ERR_USAGE, and the message names the possible ones. Process-wide; call
 * it before anything is computed. */
MOSAIC_API mosaic_status mosaic_set_isa(const char *name) MOSAIC_CHECKED;

/* Write the JSON schema of the training configuration, or its table in Markdown, to `out`. Errors:
 * MOSAIC_ERR_IO, MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_config_schema(FILE *out) MOSAIC_CHECKED;
MOSAIC_API mosaic_status mosaic_config_markdown(FILE *out) MOSAIC_CHECKED;

/* Write to `out` what a configuration key ("train.epochs") or a group of keys ("loss") means, one
 * line a key. An unknown topic is MOSAIC_ERR_USAGE, and the message names the nearest. */
MOSAIC_API mosaic_status mosaic_config_help(const char *topic, FILE *out) MOSAIC_CHECKED;

/* Name and one-line summary of the i-th help topic ("maps", ...), NULL past the last. The texts live
 * as long as the library. */
MOSAIC_API const char *mosaic_topic_name(int i);
MOSAIC_API const char *mosaic_topic_summary(int i);
/* Write a topic's text to `out`, or all of them as a page in Markdown. Errors: MOSAIC_ERR_USAGE for an
 * unknown name, with the nearest in the message; MOSAIC_ERR_IO, MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_topic_print(const char *name, FILE *out) MOSAIC_CHECKED;
MOSAIC_API mosaic_status mosaic_topics_markdown(FILE *out) MOSAIC_CHECKED;

/* Write the manual pages (man/man1/mosaic.1, one more a command) and what completes the command line
 * in bash, zsh and fish, made from the option tables, below `folder`, in the places they have below
 * /usr/share. Folders are made; files are replaced. Errors: MOSAIC_ERR_IO, MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_pages_write(const char *folder) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
