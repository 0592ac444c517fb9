/* A small procedural data set, configurations over it, and runs in this process or in a child. */
#ifndef TEST_TRAIN_SUPPORT_H
#define TEST_TRAIN_SUPPORT_H

#include "artifact/model_file.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "io/safetensors.h"
#include "prepare/synth/synth.h"
#include "train/trainer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char test_folder[64];

static inline const char *in_folder(const char *name) {
    static char path[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", test_folder, name);
    return path[turn];
}

static inline int make_data(int64_t patches, double missing_s1) {
    mos_synth_options options = {0};
    mos_log_set_level(MOS_LOG_ERROR);
    /* Checkpoints are large and synced: memory is kinder to the disk, where there is enough. */
    struct statvfs shared;
    bool room = statvfs("/dev/shm", &shared) == 0 &&
                (double)shared.f_bavail * (double)shared.f_frsize > 6e9;
    (void)snprintf(test_folder, sizeof test_folder, "%s/mosaic_train_XXXXXX",
                   room ? "/dev/shm" : "/tmp");
    if (mkdtemp(test_folder) == NULL) return 1;
    if (mos_options_init(&mos_synth_option_table, &options) != MOSAIC_OK) return 1;
    options.patches = patches;
    options.size = 24;
    options.classes = 5;
    options.missing_s1 = missing_s1;
    options.threads = 1;
    options.progress = false;
    mosaic_status status = mos_synth_write(&options, in_folder("data"), false);
    mos_options_release(&mos_synth_option_table, &options);
    if (status != MOSAIC_OK) print_message("synth: %s\n", mosaic_error());
    return status == MOSAIC_OK ? 0 : 1;
}

static inline int drop_data(void **state) {
    (void)state;
    return mos_remove_tree(test_folder) == MOSAIC_OK ? 0 : 1;
}

/* What every test's configuration shares: as small as the program allows. */
static const char *const common_sets[] = {"model.encoder=resnet10-narrow",
                                          "model.hidden=32",
                                          "model.latent=16",
                                          "train.batch=8",
                                          "train.epochs=2",
                                          "train.precision=fp32",
                                          "train.log_every=1",
                                          "train.keep=1",
                                          "train.lr=1e-3",
                                          "data.statistics=reben"};

/* A run: NULL-terminated list of further "key=value" settings. */
typedef struct run_request {
    const char *out;
    const char *const *set;
    bool resume, overwrite, fail_on_collapse;
    int64_t max_steps;
    int threads; /* 0: one */
    const char *init_from, *init_pattern;
} run_request;

static inline void write_base_config(void) {
    mos_text text = {0};
    mos_text_add(&text, "data: {format: bigearthnet-v2-lmdb, root: data}\n");
    assert_int_equal(mos_atomic_write(in_folder("c.yaml"), text.data, text.size), MOSAIC_OK);
    mos_text_release(&text);
}

static inline mosaic_status run_here(const run_request *request, mos_train_summary *summary) {
    mos_text_list set = {0};
    mos_train_summary unused;
    write_base_config();
    for (size_t i = 0; i < sizeof common_sets / sizeof common_sets[0]; i++)
        assert_int_equal(mos_text_list_add(&set, common_sets[i]), MOSAIC_OK);
    for (size_t i = 0; request->set != NULL && request->set[i] != NULL; i++)
        assert_int_equal(mos_text_list_add(&set, request->set[i]), MOSAIC_OK);
    const mos_train_options options = {.config = in_folder("c.yaml"),
                                       .out = in_folder(request->out),
                                       .set = &set,
                                       .resume = request->resume,
                                       .overwrite = request->overwrite,
                                       .fail_on_collapse = request->fail_on_collapse,
                                       .max_steps = request->max_steps,
                                       .init_from = request->init_from,
                                       .init_pattern = request->init_pattern,
                                       .device = "cpu",
                                       .threads = request->threads > 0 ? request->threads : 1};
    mosaic_status status = mos_train_run(&options, summary == NULL ? &unused : summary);
    mos_text_list_release(&set);
    return status;
}

static inline void assert_runs(const run_request *request, mos_train_summary *summary) {
    mosaic_status status = run_here(request, summary);
    if (status != MOSAIC_OK) fail_msg("%s: %s", request->out, mosaic_error());
}

static inline void assert_refused(mosaic_status found, mosaic_status wanted, const char *part) {
    if (found != wanted || strstr(mosaic_error(), part) == NULL)
        fail_msg("status %s, error '%s'; wanted %s with '%s'", mosaic_status_name(found),
                 found == MOSAIC_OK ? "" : mosaic_error(), mosaic_status_name(wanted), part);
}

/* ---- what a run left ---- */

static inline const char *in_run(const char *out, const char *name) {
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", out, name);
    return in_folder(path);
}

/* The weights of a model file without its header, which also tells the settings of the run. */
static inline void hash_weights(const char *out, char hex[65]) {
    char *bytes;
    size_t size;
    uint64_t header;
    assert_int_equal(
        mos_file_read(in_run(out, "model/model.safetensors"), (size_t)1 << 30, &bytes, &size),
        MOSAIC_OK);
    memcpy(&header, bytes, sizeof header);
    assert_true(size > 8 + header);
    mos_sha256(bytes + 8 + header, size - 8 - (size_t)header, hex);
    mos_free(bytes);
}

static inline void assert_same_weights(const char *a, const char *b) {
    char hash_a[65], hash_b[65];
    hash_weights(a, hash_a);
    hash_weights(b, hash_b);
    assert_string_equal(hash_a, hash_b);
}

static inline char *read_whole(const char *out, const char *name) {
    static char *bytes; /* static: gcc 12 takes the address of a local for a dangling pointer */
    size_t size;
    if (mos_file_read(in_run(out, name), (size_t)1 << 30, &bytes, &size) != MOSAIC_OK)
        fail_msg("%s", mosaic_error());
    return bytes;
}

static inline void assert_same_file(const char *a, const char *b, const char *name) {
    char *text_a = read_whole(a, name), *text_b = read_whole(b, name);
    assert_string_equal(text_a, text_b);
    mos_free(text_a);
    mos_free(text_b);
}

static inline bool file_has(const char *out, const char *name, const char *part) {
    char *text = read_whole(out, name);
    bool found = strstr(text, part) != NULL;
    mos_free(text);
    return found;
}

/* The number after "name": in the last line of metrics.jsonl of that kind. */
static inline double last_value(const char *out, const char *kind, const char *name) {
    char *text = read_whole(out, "metrics.jsonl"), start[64], key[96];
    double value = 0;
    bool found = false;
    (void)snprintf(start, sizeof start, "{\"kind\": \"%s\"", kind);
    (void)snprintf(key, sizeof key, "\"%s\": ", name);
    for (char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        char *end = strchr(line, '\n');
        char *at = strncmp(line, start, strlen(start)) == 0 ? strstr(line, key) : NULL;
        if (at == NULL || (end != NULL && at > end)) continue;
        char number[64];
        size_t size = strcspn(at + strlen(key), ",}");
        assert_true(size < sizeof number);
        memcpy(number, at + strlen(key), size);
        number[size] = '\0';
        found = mos_parse_double(number, &value);
    }
    mos_free(text);
    if (!found) fail_msg("%s: no '%s' in a line of kind '%s'", out, name, kind);
    return value;
}

/* ---- children: what is killed must not be this process ---- */

static volatile sig_atomic_t child_signal_number;
static inline void child_remembers(int number) {
    child_signal_number = number;
}
static inline int child_signal(void *context) {
    (void)context;
    return (int)child_signal_number;
}

/* A child runs this program again with "--child OUT FLAGS LIMIT key=value ...". */
static inline int run_as_child(int argc, char **argv) {
    const char *set[32] = {NULL};
    (void)snprintf(test_folder, sizeof test_folder, "%s", argv[2]);
    mos_log_set_level(MOS_LOG_ERROR);
    for (int i = 6; i < argc && i < 6 + 31; i++)
        set[i - 6] = argv[i];
    long limit = strtol(argv[5], NULL, 10);
    if (limit > 0) {
        struct rlimit bytes = {(rlim_t)limit, (rlim_t)limit};
        if (setrlimit(RLIMIT_FSIZE, &bytes) != 0) return 99;
    }
    const run_request request = {
        .out = argv[3], .set = set, .resume = strchr(argv[4], 'r') != NULL};
    /* As the program does (cli/stop_signal.c): what owns the process catches the signals. */
    const mos_stop_hooks hooks = {.stop = child_signal};
    mos_stop_set_hooks(&hooks);
    (void)signal(SIGTERM, child_remembers);
    (void)signal(SIGUSR1, child_remembers);
    (void)signal(SIGXFSZ, SIG_IGN);
    mosaic_status status = run_here(&request, NULL);
    if (status != MOSAIC_OK && status != MOSAIC_INTERRUPTED)
        (void)fprintf(stderr, "child: %s\n", mosaic_error());
    return mosaic_exit_code(status);
}

static inline pid_t start_child(const run_request *request, long file_limit) {
    char limit[32];
    (void)snprintf(limit, sizeof limit, "%ld", file_limit);
    const char *argv[48] = {
        "/proc/self/exe", "--child", test_folder, request->out, request->resume ? "r" : "-", limit};
    for (int i = 0; request->set != NULL && request->set[i] != NULL; i++)
        argv[6 + i] = request->set[i];
    pid_t child = fork();
    if (child == 0) {
        (void)execv("/proc/self/exe", (char *const *)(const void *)argv);
        _exit(98);
    }
    assert_true(child > 0);
    return child;
}

/* Exit code, or 256 + signal. */
static inline int wait_child(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static inline void sleep_ms(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

#endif
