#include "study/sweep_folder.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "config/config.h"
#include "report/run_document.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { STATE_BYTES = 1 << 16, WAIT_MS = 60000, STEP_MS = 100 };
const char *const mos_sweep_state_names[] = {"new", "started", "failed", "complete", NULL};

mosaic_status mos_sweep_path(const char *folder, const char *group, const char *name,
                             const char *ending, char *buffer, size_t size) {
    return snprintf(buffer, size, "%s/%s/%s%s", folder, group, name, ending) < (int)size
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_USAGE, "path '%s' is too long", folder);
}

/* ---- the lock ---- */

/* Programs that a killed sweep started hold its lock until they have written their checkpoints. */
static mosaic_status wait_for_lock(int file, int kind, const char *path) {
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    for (int waited = 0; flock(file, kind | LOCK_NB) != 0; waited += STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR) return mos_fail_errno("lock", path);
        if (waited == 10 * STEP_MS)
            mos_log(MOS_LOG_NOTICE, "waiting for a sweep that is still working in '%s'", path);
        if (waited >= WAIT_MS)
            return mos_fail(MOSAIC_ERR_RUNTIME, "another sweep is working in '%s'", path);
        if (mos_stop_pending() != 0)
            return mos_fail(MOSAIC_INTERRUPTED, "stopped while waiting for '%s'", path);
        (void)nanosleep(&step, NULL);
    }
    return MOSAIC_OK;
}

mosaic_status mos_sweep_folder_open(const char *path, bool shared, mos_sweep_folder *out) {
    static const char *const groups[] = {"plan", "runs", "logs", "state"};
    char name[4096];
    *out = (mos_sweep_folder){.lock = -1};
    MOS_TRY(mos_path_join(out->path, sizeof out->path, path, ""));
    size_t size = strlen(out->path);
    while (size > 1 && out->path[size - 1] == '/')
        out->path[--size] = '\0';
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        MOS_TRY(mos_path_join(name, sizeof name, out->path, groups[i]));
        MOS_TRY(mos_make_dirs(name));
    }
    MOS_TRY(mos_path_join(name, sizeof name, out->path, ".lock"));
    out->lock = open(name, O_RDWR | O_CREAT, 0666); /* children inherit it: see above */
    if (out->lock < 0) return mos_fail_errno("create", name);
    mosaic_status status = wait_for_lock(out->lock, shared ? LOCK_SH : LOCK_EX, out->path);
    if (status != MOSAIC_OK) mos_sweep_folder_close(out);
    return status;
}

void mos_sweep_folder_close(mos_sweep_folder *folder) {
    if (folder->lock >= 0) (void)close(folder->lock);
    folder->lock = -1;
}

/* ---- state ---- */

/* "key rest of the line" */
static void read_line(char *line, mos_sweep_record *out, char hash[65]) {
    char *space = strchr(line, ' ');
    if (space == NULL) return;
    *space = '\0';
    const char *value = space + 1;
    if (strcmp(line, "config") == 0) (void)snprintf(hash, 65, "%.64s", value);
    if (strcmp(line, "message") == 0)
        (void)snprintf(out->message, sizeof out->message, "%.500s", value);
    if (strcmp(line, "seconds") == 0 && !mos_parse_double(value, &out->seconds)) out->seconds = 0;
    if (strcmp(line, "code") == 0 && !mos_parse_int(value, &out->code)) out->code = 0;
    for (int s = 0; strcmp(line, "state") == 0 && mos_sweep_state_names[s] != NULL; s++)
        if (strcmp(value, mos_sweep_state_names[s]) == 0) out->state = s;
}

mosaic_status mos_sweep_record_read(const char *folder, const mos_sweep_run *run,
                                    mos_sweep_record *out) {
    char path[4096], hash[65] = "", *text, *line;
    size_t size;
    *out = (mos_sweep_record){0};
    MOS_TRY(mos_sweep_path(folder, "state", run->name, ".txt", path, sizeof path));
    if (!mos_path_exists(path)) return MOSAIC_OK;
    MOS_TRY(mos_file_read(path, STATE_BYTES, &text, &size));
    for (line = text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) *end++ = '\0';
        read_line(line, out, hash);
        line = end;
    }
    mos_free(text);
    if (strcmp(hash, run->hash) != 0) *out = (mos_sweep_record){0};
    return MOSAIC_OK;
}

mosaic_status mos_sweep_record_write(const char *folder, const mos_sweep_run *run,
                                     const mos_sweep_record *record) {
    char path[4096];
    mos_text text = {0};
    mosaic_status status = mos_sweep_path(folder, "state", run->name, ".txt", path, sizeof path);
    mos_text_add(&text, "config %s\nstate %s\ncode %lld\nseconds ", run->hash,
                 mos_sweep_state_names[record->state], (long long)record->code);
    mos_text_add_number(&text, record->seconds);
    mos_text_add(&text, "\n");
    if (record->message[0] != '\0') mos_text_add(&text, "message %s\n", record->message);
    if (status == MOSAIC_OK && text.failed) status = mos_fail_memory(0, "a text");
    if (status == MOSAIC_OK) status = mos_atomic_write(path, text.data, text.size);
    mos_text_release(&text);
    return status;
}

/* ---- what was started must be what is wanted ---- */

/* Paths may change as long as the data behind them is the same. */
static mosaic_status check_data(const mos_sweep_folder *folder, const mos_sweep_run *run,
                                const mos_config *config) {
    char path[4096], now[65];
    mos_run_document document = {0};
    mos_dataset *dataset = NULL;
    mosaic_status status;
    MOS_TRY(mos_sweep_path(folder->path, "runs", run->name, "", path, sizeof path));
    if (!mos_path_is_dir(path)) return MOSAIC_OK;
    MOS_GOTO(mos_run_document_read(path, &document));
    const char *was = mos_run_document_fact(&document, "data.fingerprint", "");
    MOS_GOTO(mos_dataset_open(mos_config_data(config), &dataset));
    mos_dataset_fingerprint(dataset, now);
    if (was[0] != '\0' && strcmp(was, now) != 0)
        status = mos_fail(MOSAIC_ERR_RESUME,
                          "run '%s' was trained on other data: fingerprint %.16s..., now %.16s...",
                          run->name, was, now);
done:
    mos_dataset_close(&dataset);
    mos_run_document_release(&document);
    return status;
}

static mosaic_status paths_differ(const mos_config *config, const mos_config *was, bool *differ) {
    mos_text now = {0}, then = {0};
    mosaic_status status = MOSAIC_OK;
    *differ = false;
    for (size_t i = 0;; i++) {
        const char *key;
        bool is_free;
        now.size = then.size = 0;
        MOS_GOTO(mos_config_entry(was, i, &key, &is_free, &then));
        MOS_GOTO(mos_config_entry(config, i, &key, &is_free, &now));
        if (key == NULL) break;
        if (is_free && strncmp(key, "data.", 5) == 0 &&
            (now.size != then.size || memcmp(now.data, then.data, now.size) != 0))
            *differ = true;
    }
done:
    mos_text_release(&now);
    mos_text_release(&then);
    return status;
}

/* Name of the run that a plan's text says it starts from; its length, 0: none. */
static size_t find_start(const char *text, const char **name) {
    size_t size = strlen(MOS_SWEEP_START_LINE);
    *name = text + size;
    return strncmp(text, MOS_SWEEP_START_LINE, size) == 0 ? strcspn(*name, "\n") : 0;
}

static mosaic_status compare_starts(const mos_sweep_run *run, const char *path) {
    const char *now, *then;
    char *old;
    size_t size;
    MOS_TRY(mos_file_read(path, 16 << 20, &old, &size));
    size_t now_size = find_start(run->config, &now), then_size = find_start(old, &then);
    mosaic_status status = MOSAIC_OK;
    if (now_size != then_size || strncmp(now, then, now_size) != 0)
        status = mos_fail(
            MOSAIC_ERR_RESUME, "run '%s' started from '%.*s', now it would from '%.*s'", run->name,
            (int)then_size, then_size == 0 ? "" : then, (int)now_size, now_size == 0 ? "" : now);
    mos_free(old);
    return status;
}

static mosaic_status compare(const mos_sweep_folder *folder, const mos_sweep_run *run,
                             const char *path) {
    mos_config *config = NULL, *was = NULL;
    mos_text text = {0};
    int64_t differing = 0;
    bool moved;
    mosaic_status status;
    MOS_GOTO(compare_starts(run, path));
    MOS_GOTO(mos_config_create(&config));
    MOS_GOTO(mos_config_create(&was));
    MOS_GOTO(mos_config_read_text(config, run->config, run->name));
    MOS_GOTO(mos_config_read(was, path));
    MOS_GOTO(mos_config_check(config));
    MOS_GOTO(mos_config_check(was));
    MOS_GOTO(mos_config_compare(config, was, &text, &differing));
    if (differing > 0) {
        status = mos_fail(MOSAIC_ERR_RESUME,
                          "run '%s' of sweep '%s' was started with another configuration, %lld "
                          "key%s differ%s: %s",
                          run->name, folder->path, (long long)differing, differing == 1 ? "" : "s",
                          differing == 1 ? "s" : "", text.data);
        goto done;
    }
    MOS_GOTO(paths_differ(config, was, &moved));
    if (moved) status = check_data(folder, run, config);
done:
    mos_text_release(&text);
    mos_config_destroy(&was);
    mos_config_destroy(&config);
    return status;
}

/* A file with this very text is left alone. */
static mosaic_status write_text(const char *path, const char *text) {
    char *old = NULL;
    size_t size;
    if (mos_path_exists(path)) MOS_TRY(mos_file_read(path, 16 << 20, &old, &size));
    bool same = old != NULL && strcmp(old, text) == 0;
    mos_free(old);
    return same ? MOSAIC_OK : mos_atomic_write(path, text, strlen(text));
}

mosaic_status mos_sweep_folder_settle(const mos_sweep_folder *folder, const mos_sweep_plan *plan) {
    char path[4096];
    for (int pass = 0; pass < 2; pass++) /* nothing is written before all have been compared */
        for (int64_t r = 0; r < plan->runs; r++) {
            const mos_sweep_run *run = &plan->run[r];
            if (run->twin >= 0) continue;
            MOS_TRY(mos_sweep_path(folder->path, "plan", run->name, ".yaml", path, sizeof path));
            if (pass == 1)
                MOS_TRY(write_text(path, run->config));
            else if (mos_path_exists(path))
                MOS_TRY(compare(folder, run, path));
        }
    return MOSAIC_OK;
}

/* ---- the procedural data set ---- */

static mosaic_status describe_data(const mos_synth_options *options, mos_text *out) {
    for (size_t i = 0; i < mos_synth_option_table.count; i++) {
        const mos_option *option = &mos_synth_option_table.options[i];
        if (strcmp(option->key, "threads") == 0 || strcmp(option->key, "progress") == 0) continue;
        mos_text_add(out, "%s: ", option->key);
        mos_options_get(&mos_synth_option_table, options, option, out);
        mos_text_add(out, "\n");
    }
    return out->failed ? mos_fail_memory(0, "a text") : MOSAIC_OK;
}

/* Line by line: which option differs. */
static mosaic_status fail_data(const mos_sweep_folder *folder, const char *now, const char *was) {
    while (*now != '\0' && *was != '\0') {
        size_t a = strcspn(now, "\n"), b = strcspn(was, "\n");
        if (a != b || memcmp(now, was, a) != 0)
            return mos_fail(
                MOSAIC_ERR_RESUME,
                "the procedural data set in '%s' was made with other options: synth.%.*s"
                ", was %.*s",
                folder->path, (int)a, now, (int)b, was);
        now += a + (now[a] != '\0');
        was += b + (was[b] != '\0');
    }
    return mos_fail(MOSAIC_ERR_RESUME,
                    "the procedural data set in '%s' was made with other options", folder->path);
}

static mosaic_status check_made(const mos_sweep_folder *folder, const char *path,
                                const char *text) {
    char *was;
    size_t size;
    MOS_TRY(mos_file_read(path, STATE_BYTES, &was, &size));
    mosaic_status status = strcmp(was, text) == 0 ? MOSAIC_OK : fail_data(folder, text, was);
    mos_free(was);
    return status;
}

static mosaic_status make_data(const mos_sweep_folder *folder, const mos_synth_options *options,
                               const char *text) {
    char data[4096], part[4096], note[4096];
    MOS_TRY(mos_path_join(data, sizeof data, folder->path, "data"));
    MOS_TRY(mos_path_join(part, sizeof part, folder->path, "data.part"));
    MOS_TRY(mos_path_join(note, sizeof note, folder->path, "plan/synth.txt"));
    if (mos_path_exists(data)) {
        if (mos_path_exists(note)) return check_made(folder, note, text);
        return mos_fail(MOSAIC_ERR_USAGE, "'%s' is there and was not made by a sweep", data);
    }
    MOS_TRY(mos_remove_tree(part));
    MOS_TRY(mos_synth_write(options, part, false));
    MOS_TRY(mos_atomic_write(note, text, strlen(text)));
    return rename(part, data) == 0 ? MOSAIC_OK : mos_fail_errno("rename", part);
}

mosaic_status mos_sweep_folder_make_data(const mos_sweep_folder *folder, const mos_sweep_plan *plan,
                                         int threads) {
    char path[4096];
    mos_text text = {0};
    if (!plan->spec.has_synth) return MOSAIC_OK;
    mos_synth_options options = plan->spec.synth;
    options.threads = threads;
    options.progress = mos_log_get_level() >= MOS_LOG_NOTICE;
    MOS_TRY(mos_path_join(path, sizeof path, folder->path, ".data.lock"));
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0) return mos_fail_errno("create", path);
    mosaic_status status;
    while (flock(lock, LOCK_EX) != 0) /* another part of the same sweep is making it */
        if (errno != EINTR) {
            status = mos_fail_errno("lock", path);
            goto done;
        }
    MOS_GOTO(describe_data(&options, &text));
    status = make_data(folder, &options, text.data);
done:
    mos_text_release(&text);
    (void)close(lock);
    return status;
}
