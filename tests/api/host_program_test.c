/* libmosaic in a program of somebody else: signal handlers, locale, stdout and stderr are left
 * alone, and the program says when to stop and hears what is said. */
#include "mosaic/command.h"

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LAST_SIGNAL = 31 };

static char folder[64];

typedef struct seen {
    int begun, ended, asked, stop_at;
    struct sigaction during[LAST_SIGNAL + 1];
} seen;

static void note_handlers(struct sigaction *handlers) {
    for (int number = 1; number <= LAST_SIGNAL; number++)
        (void)sigaction(number, NULL, &handlers[number]);
}

static void stoppable(void *context, int begins) {
    seen *it = context;
    if (begins)
        it->begun++;
    else
        it->ended++;
}

static int stop(void *context) {
    seen *it = context;
    if (it->asked++ == 0) note_handlers(it->during);
    return it->stop_at > 0 && it->asked >= it->stop_at ? 77 : 0;
}

static mosaic_status run(const char *name, int argc, const char *const *words) {
    char *argv[8];
    mosaic_command *command = NULL;
    int shown = 0;
    for (int i = 0; i < argc; i++)
        argv[i] = strdup(words[i]);
    FILE *out = fopen("/dev/null", "w");
    mosaic_status status = mosaic_command_create(name, &command);
    if (status == MOSAIC_OK) status = mosaic_command_parse(command, argc, argv, out, &shown);
    if (status == MOSAIC_OK) status = mosaic_command_run(command, out);
    mosaic_command_destroy(&command);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    (void)fclose(out);
    return status;
}

static int make_data(void **state) {
    (void)state;
    char data[96], config[96];
    (void)snprintf(folder, sizeof folder, "/tmp/mosaic-host-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    mosaic_set_verbosity(0);
    (void)snprintf(data, sizeof data, "%s/data", folder);
    (void)snprintf(config, sizeof config, "%s/c.yaml", folder);
    FILE *file = fopen(config, "w");
    if (!file) return -1;
    (void)fprintf(file, "data: {root: %s, modalities: {s2: {bands: [B02]}}}\n", data);
    (void)fputs("method: supervised\nmodel: {encoder: resnet10-narrow}\n", file);
    (void)fputs("train: {epochs: 1, batch: 4, workers: 1}\n", file);
    (void)fclose(file);
    const char *argv[] = {"-n", "16", "--size", "24", data};
    return run("data synth", 5, argv) == MOSAIC_OK ? 0 : -1;
}

static int remove_data(void **state) {
    (void)state;
    char text[128];
    (void)snprintf(text, sizeof text, "rm -rf '%s'", folder);
    return system(text);
}

static mosaic_status train(const char *name) {
    char config[96], out[96];
    (void)snprintf(config, sizeof config, "%s/c.yaml", folder);
    (void)snprintf(out, sizeof out, "%s/%s", folder, name);
    const char *argv[] = {config, "--out", out, "--threads", "1"};
    return run("train", 5, argv);
}

/* What the library said. */
typedef struct heard {
    int lines[4], reports, ended, words;
    char text[1 << 16];
    size_t size;
} heard;

static void hear_line(void *context, mosaic_log_level level, const char *text) {
    heard *it = context;
    it->lines[level]++;
    int more = snprintf(it->text + it->size, sizeof it->text - it->size, "%s\n", text);
    if (more > 0 && it->size + (size_t)more < sizeof it->text) it->size += (size_t)more;
}

static void hear_progress(void *context, const mosaic_progress *progress) {
    heard *it = context;
    it->reports++;
    it->ended += progress->ended != 0;
    it->words += strcmp(progress->label, "train") == 0 && progress->text != NULL &&
                 strstr(progress->text, "loss") != NULL;
}

/* Streams of the process go to a file; what came is counted at the end. */
typedef struct watched {
    FILE *file;
    int descriptor, kept;
} watched;

static watched watch(FILE *stream, int descriptor) {
    (void)fflush(stream);
    watched it = {tmpfile(), descriptor, dup(descriptor)};
    assert_non_null(it.file);
    assert_true(dup2(fileno(it.file), descriptor) >= 0);
    return it;
}

static long bytes_seen(watched *it, FILE *stream) {
    (void)fflush(stream);
    (void)dup2(it->kept, it->descriptor);
    (void)close(it->kept);
    assert_int_equal(fseek(it->file, 0, SEEK_END), 0);
    long size = ftell(it->file);
    (void)fclose(it->file);
    return size;
}

static void on_interrupt(int number) {
    (void)number;
}

static void handlers_and_locale_stay(void **state) {
    (void)state;
    seen it = {0};
    struct sigaction before[LAST_SIGNAL + 1], after[LAST_SIGNAL + 1];
    const mosaic_stop_hooks hooks = {&it, stoppable, stop};
    mosaic_set_stop_hooks(&hooks);
    (void)signal(SIGINT, on_interrupt);
    char *was = setlocale(LC_ALL, NULL);
    char *locale = strdup(was);
    note_handlers(before);
    if (train("whole") != MOSAIC_OK) fail_msg("%s", mosaic_error());
    note_handlers(after);
    assert_true(it.asked > 0);
    for (int number = 1; number <= LAST_SIGNAL; number++) {
        assert_true(before[number].sa_handler == it.during[number].sa_handler);
        assert_true(before[number].sa_handler == after[number].sa_handler);
    }
    assert_string_equal(setlocale(LC_ALL, NULL), locale);
    free(locale);
    assert_int_equal(it.begun, 1);
    assert_int_equal(it.ended, 1);
}

static void the_program_says_when_to_stop(void **state) {
    (void)state;
    seen it = {.stop_at = 2};
    const mosaic_stop_hooks hooks = {&it, stoppable, stop};
    mosaic_set_stop_hooks(&hooks);
    assert_int_equal(train("stopped"), MOSAIC_INTERRUPTED);
    assert_non_null(strstr(mosaic_error(), "stopped by signal 77 at step 1 of epoch 1"));
    assert_int_equal(it.ended, 1);
    char last[128];
    (void)snprintf(last, sizeof last, "%s/stopped/checkpoints/last", folder);
    assert_int_equal(access(last, R_OK), 0);
}

static void without_hooks_nothing_is_asked(void **state) {
    (void)state;
    const mosaic_stop_hooks none = {0};
    mosaic_set_stop_hooks(&none);
    if (train("alone") != MOSAIC_OK) fail_msg("%s", mosaic_error());
}

static void what_is_said_is_heard(void **state) {
    (void)state;
    static heard it;
    char missing[128];
    const mosaic_log_hooks hooks = {&it, hear_line, hear_progress}, none = {0};
    mosaic_set_log_hooks(&hooks);
    mosaic_set_verbosity(2);
    watched err = watch(stderr, STDERR_FILENO), out = watch(stdout, STDOUT_FILENO);
    mosaic_status trained = train("heard");
    (void)snprintf(missing, sizeof missing, "%s/nothing", folder);
    const char *argv[] = {missing};
    mosaic_status refused =
        run("data info", 1, argv); /* errors are the status's, and not printed */
    mosaic_set_log_hooks(&none);
    mosaic_status silent = train("silent");
    long shown = bytes_seen(&err, stderr) + bytes_seen(&out, stdout);
    mosaic_set_verbosity(0);
    assert_int_equal(trained, MOSAIC_OK);
    assert_int_equal(silent, MOSAIC_OK);
    assert_true(refused != MOSAIC_OK);
    assert_int_equal(shown, 0);
    assert_true(it.lines[MOSAIC_LOG_NOTICE] > 0);
    assert_non_null(strstr(it.text, "model written to"));
    assert_true(it.reports > 0 && it.ended > 0 && it.words > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handlers_and_locale_stay),
        cmocka_unit_test(the_program_says_when_to_stop),
        cmocka_unit_test(without_hooks_nothing_is_asked),
        cmocka_unit_test(what_is_said_is_heard),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
