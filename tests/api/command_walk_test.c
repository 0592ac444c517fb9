/* Every command by name, set by text and run, as ADR 3 has it; its output to a function; its hooks. */
#include "mosaic/mosaic.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct words {
    char text[1 << 17];
    size_t size;
    int refuse;
} words;

static int keep(void *context, const char *bytes, size_t size) {
    words *it = context;
    if (it->refuse) return 1;
    if (it->size + size >= sizeof it->text) return 1;
    memcpy(it->text + it->size, bytes, size);
    it->size += size;
    it->text[it->size] = '\0';
    return 0;
}

/* The text between `before` and the next quote or comma. */
static int cut(const char *line, const char *before, char *out, size_t size) {
    const char *at = strstr(line, before);
    if (at == NULL) return 0;
    at += strlen(before);
    size_t n = strcspn(at, "\",");
    if (n >= size) return 0;
    memcpy(out, at, n);
    out[n] = '\0';
    return 1;
}

/* Sets every option to its own default and each choice to every one of its choices; returns how many
 * there are. */
static int set_all(mosaic_command *command, char *usage) {
    int count = 0;
    for (char *line = strtok(usage, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char key[64], value[128], type[16];
        if (!cut(line, "\"key\": \"", key, sizeof key)) continue;
        assert_true(cut(line, "\"type\": \"", type, sizeof type));
        count++;
        assert_int_equal(mosaic_command_set(command, key, "\x01 no value"),
                         strcmp(type, "text") == 0 || strcmp(type, "path") == 0 ||
                                 strcmp(type, "list") == 0
                             ? MOSAIC_OK
                             : MOSAIC_ERR_USAGE);
        if (cut(line, "\"default\": \"", value, sizeof value) ||
            (cut(line, "\"default\": ", value, sizeof value) && value[0] != '[' &&
             strcmp(value, "null") != 0))
            if (mosaic_command_set(command, key, value) != MOSAIC_OK)
                fail_msg("%s = %s: %s", key, value, mosaic_error());
    }
    return count;
}

static void every_command_is_set_by_text(void **state) {
    (void)state;
    words *usage = calloc(1, sizeof *usage);
    int commands = 0, options = 0;
    assert_non_null(usage);
    for (; mosaic_command_name(commands) != NULL; commands++) {
        const char *name = mosaic_command_name(commands);
        mosaic_command *command = NULL;
        usage->size = 0;
        assert_int_equal(mosaic_command_create(name, &command), MOSAIC_OK);
        assert_int_equal(mosaic_command_usage(command, keep, usage), MOSAIC_OK);
        assert_non_null(strstr(usage->text, name));
        options += set_all(command, usage->text);
        assert_int_equal(mosaic_command_set(command, "no-such-option", "1"), MOSAIC_ERR_USAGE);
        assert_non_null(strstr(mosaic_error(), "no-such-option"));
        mosaic_command_destroy(&command);
        /* more arguments than any command takes but those that take any number */
        assert_int_equal(mosaic_command_create(name, &command), MOSAIC_OK);
        for (int i = 0; i < 300; i++)
            assert_int_equal(mosaic_command_add(command, "/nonexistent/mosaic"), MOSAIC_OK);
        const mosaic_status status = mosaic_command_run_to(command, NULL, NULL);
        assert_true(status != MOSAIC_OK);
        assert_true(mosaic_error()[0] != '\0');
        mosaic_command_destroy(&command);
    }
    assert_true(commands >= 30 && options >= 200);
    free(usage);
}

static void output_goes_to_the_sink(void **state) {
    (void)state;
    words *out = calloc(1, sizeof *out);
    mosaic_command *command = NULL;
    assert_non_null(out);
    assert_int_equal(mosaic_command_create("protocol list", &command), MOSAIC_OK);
    assert_int_equal(mosaic_command_run_to(command, keep, out), MOSAIC_OK);
    assert_true(out->size > 40);
    mosaic_command_destroy(&command);
    out->refuse = 1;
    assert_int_equal(mosaic_command_create("protocol list", &command), MOSAIC_OK);
    assert_int_equal(mosaic_command_run_to(command, keep, out), MOSAIC_ERR_IO);
    mosaic_command_destroy(&command);
    free(out);
}

typedef struct hearer {
    int lines, reports;
} hearer;

static void hear(void *context, mosaic_log_level level, const char *text) {
    (void)level;
    (void)text;
    ((hearer *)context)->lines++;
}

static void watch(void *context, const mosaic_progress *progress) {
    (void)progress;
    ((hearer *)context)->reports++;
}

typedef struct worker {
    char folder[64];
    hearer heard;
    mosaic_status status;
    char message[256];
} worker;

static void *make_data(void *pointer) {
    worker *it = pointer;
    const mosaic_log_hooks log = {&it->heard, hear, watch};
    mosaic_command *command = NULL;
    it->status = mosaic_command_create("data synth", &command);
    if (it->status == MOSAIC_OK) it->status = mosaic_command_set(command, "patches", "4");
    if (it->status == MOSAIC_OK) it->status = mosaic_command_set(command, "size", "24");
    if (it->status == MOSAIC_OK) it->status = mosaic_command_set(command, "threads", "1");
    if (it->status == MOSAIC_OK) it->status = mosaic_command_add(command, it->folder);
    mosaic_command_set_hooks(command, &log, NULL);
    if (it->status == MOSAIC_OK) it->status = mosaic_command_run_to(command, NULL, NULL);
    if (it->status != MOSAIC_OK)
        (void)snprintf(it->message, sizeof it->message, "%s", mosaic_error());
    mosaic_command_destroy(&command);
    return NULL;
}

/* Two commands at a time, each with its own hooks; then a reader for every core. */
enum { COMMANDS = 2, MOST_READERS = 64 };

typedef struct reading {
    mosaic_dataset *dataset;
    double sum;
    int failed;
} reading;

static void *read_all(void *pointer) {
    reading *it = pointer;
    mosaic_reader *reader = NULL;
    const float *data;
    const uint8_t *valid;
    int64_t width, height, invalid;
    it->failed = mosaic_reader_open(it->dataset, &reader) != MOSAIC_OK;
    for (int64_t i = 0; !it->failed && i < mosaic_dataset_count(it->dataset); i++) {
        it->failed |= mosaic_reader_masked(reader, i, "s2", "B02", &data, &valid, &width, &height,
                                           &invalid) != MOSAIC_OK;
        for (int64_t p = 0; !it->failed && p < width * height; p++)
            it->sum += (double)data[p] * valid[p];
    }
    mosaic_reader_close(&reader);
    return NULL;
}

static void threads_have_hooks_and_readers_of_their_own(void **state) {
    (void)state;
    char root[40] = "/tmp/mosaic-walk-XXXXXX", text[80];
    hearer everybody = {0, 0};
    const mosaic_log_hooks log = {&everybody, hear, watch}, none = {NULL, NULL, NULL};
    worker workers[COMMANDS] = {0};
    pthread_t threads[MOST_READERS];
    assert_non_null(mkdtemp(root));
    mosaic_set_log_hooks(&log);
    for (int t = 0; t < COMMANDS; t++) {
        (void)snprintf(workers[t].folder, sizeof workers[t].folder, "%s/%d", root, t);
        assert_int_equal(pthread_create(&threads[t], NULL, make_data, &workers[t]), 0);
    }
    for (int t = 0; t < COMMANDS; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    mosaic_set_log_hooks(&none);
    for (int t = 0; t < COMMANDS; t++) {
        if (workers[t].status != MOSAIC_OK) fail_msg("%s", workers[t].message);
        assert_true(workers[t].heard.lines + workers[t].heard.reports > 0);
    }
    assert_int_equal(everybody.lines + everybody.reports, 0);

    const char *options[] = {"root", workers[0].folder, NULL};
    reading readings[MOST_READERS] = {0};
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const int readers = cores < 2 ? 2 : cores > MOST_READERS ? MOST_READERS : (int)cores;
    mosaic_dataset *dataset = NULL;
    assert_int_equal(mosaic_dataset_open(options, &dataset), MOSAIC_OK);
    for (int t = 0; t < readers; t++) {
        readings[t].dataset = dataset;
        assert_int_equal(pthread_create(&threads[t], NULL, read_all, &readings[t]), 0);
    }
    for (int t = 0; t < readers; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    for (int t = 0; t < readers; t++)
        assert_true(!readings[t].failed && readings[t].sum > 0 &&
                    memcmp(&readings[t].sum, &readings[0].sum, sizeof(double)) == 0);
    mosaic_dataset_close(&dataset);
    (void)snprintf(text, sizeof text, "rm -rf '%s'", root);
    assert_int_equal(system(text), 0);
}

static int stop_at_once(void *context) {
    (*(int *)context)++;
    return 9;
}

static mosaic_status run_words(const char *name, const char *const *set, const char *first,
                               const char *second) {
    mosaic_command *command = NULL;
    assert_int_equal(mosaic_command_create(name, &command), MOSAIC_OK);
    for (int i = 0; set[i] != NULL; i += 2)
        assert_int_equal(mosaic_command_set(command, set[i], set[i + 1]), MOSAIC_OK);
    assert_int_equal(mosaic_command_add(command, first), MOSAIC_OK);
    if (second != NULL) assert_int_equal(mosaic_command_add(command, second), MOSAIC_OK);
    const mosaic_status status = mosaic_command_run_to(command, NULL, NULL);
    mosaic_command_destroy(&command);
    return status;
}

/* What shows progress can be stopped there, and hooks of a thread are those of all it calls. */
static void a_thread_stops_what_it_called(void **state) {
    (void)state;
    enum { N = 40, D = 4 };
    static const char *const made[] = {"patches", "300", "size",   "24",   "classes", "3",
                                       "seed",    "1",   "layout", "lmdb", NULL},
                             *const none[] = {NULL};
    char root[40] = "/tmp/mosaic-stop-XXXXXX", data[64], pack[64], text[80];
    int asked = 0;
    hearer heard = {0, 0};
    float x[N * D];
    double points[N * 2];
    mosaic_tsne_report report = {.struct_size = sizeof report};
    const mosaic_log_hooks log = {&heard, hear, watch};
    const mosaic_stop_hooks stop = {&asked, NULL, stop_at_once};
    for (int k = 0; k < N * D; k++)
        x[k] = (float)sin(k * 1.7);
    assert_non_null(mkdtemp(root));
    (void)snprintf(data, sizeof data, "%s/data", root);
    (void)snprintf(pack, sizeof pack, "%s/pack", root);
    assert_int_equal(run_words("data synth", made, data, NULL), MOSAIC_OK);
    assert_int_equal(heard.reports, 0);
    const struct {
        const char *name, *const set[6], *first, *second;
    } cases[] = {{"data check", {NULL}, data, NULL},
                 {"data stats", {NULL}, data, NULL},
                 {"data pack", {NULL}, data, pack}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked = heard.reports = 0;
        mosaic_set_thread_hooks(&log, &stop);
        const mosaic_status status =
            run_words(cases[i].name, cases[i].set, cases[i].first, cases[i].second);
        if (status != MOSAIC_INTERRUPTED || strstr(mosaic_error(), "stopped by signal 9") == NULL)
            fail_msg("%s: status %d, '%s'", cases[i].name, (int)status, mosaic_error());
        assert_true(asked > 0 && heard.reports > 0);
        mosaic_set_thread_hooks(NULL, NULL);
    }
    mosaic_set_thread_hooks(&log, &stop);
    heard.reports = 0;
    assert_int_equal(mosaic_tsne(x, N, D, 5, 250, 1, points, &report), MOSAIC_INTERRUPTED);
    assert_true(heard.reports > 0);
    mosaic_set_thread_hooks(&log, NULL);
    assert_int_equal(mosaic_tsne(x, N, D, 5, 250, 1, points, &report), MOSAIC_OK);
    assert_true(heard.reports > 100);
    mosaic_set_thread_hooks(NULL, NULL);
    assert_int_equal(run_words("data check", none, data, NULL), MOSAIC_OK);
    (void)snprintf(text, sizeof text, "rm -rf '%s'", root);
    assert_int_equal(system(text), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_stops_what_it_called),
        cmocka_unit_test(every_command_is_set_by_text),
        cmocka_unit_test(output_goes_to_the_sink),
        cmocka_unit_test(threads_have_hooks_and_readers_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
