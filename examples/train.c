/* Trains by a configuration, shows progress in its own way, and stops in good order on Ctrl-C.
 *
 *     train CONFIG RUN */
#include <mosaic/command.h>

#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t asked_to_stop;

static void remember(int number) {
    asked_to_stop = number;
}

static int stop(void *context) {
    (void)context;
    return (int)asked_to_stop;
}

static void show_line(void *context, mosaic_log_level level, const char *text) {
    (void)context;
    if (level <= MOSAIC_LOG_WARNING) printf("! %s\n", text);
}

static void show_progress(void *context, const mosaic_progress *progress) {
    long *reports = context;
    if ((*reports)++ % 100 == 0 && progress->text) printf("%s\n", progress->text);
}

int main(int argc, char **argv) {
    static char out[] = "--out";
    long reports = 0;
    int shown = 0;
    mosaic_command *command = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: train CONFIG RUN\n");
        return 2;
    }
    const mosaic_log_hooks log = {&reports, show_line, show_progress};
    const mosaic_stop_hooks hooks = {.stop = stop};
    mosaic_set_log_hooks(&log);
    mosaic_set_stop_hooks(&hooks);
    (void)signal(SIGINT, remember);
    char *arguments[] = {argv[1], out, argv[2]};
    mosaic_status status = mosaic_command_create("train", &command);
    if (status == MOSAIC_OK) status = mosaic_command_parse(command, 3, arguments, stdout, &shown);
    if (status == MOSAIC_OK) status = mosaic_command_run(command, stdout);
    mosaic_command_destroy(&command);
    if (status != MOSAIC_OK)
        fprintf(stderr, "%s: %s\n", mosaic_status_name(status), mosaic_error());
    return mosaic_exit_code(status); /* 75 after a stop: `mosaic train --resume` goes on */
}
