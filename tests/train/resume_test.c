/* Kills, signals, full disks and damaged files: the resumed run is the uninterrupted one. */
#include "train_support.h"

static const char *const set[] = {"method=supervised",
                                  "data.modalities.s2.bands=[B02,B03,B08]",
                                  "train.epochs=10", /* time enough to be stopped in */
                                  "train.patience=0",
                                  "train.keep=2",
                                  "train.checkpoint_every=2",
                                  "train.log_every=3",
                                  NULL};

static int set_up(void **state) {
    (void)state;
    if (make_data(64, 0) != 0) return 1;
    return run_here(&(run_request){.out = "whole", .set = set}, NULL) == MOSAIC_OK ? 0 : 1;
}

static void assert_equal_runs(const char *out) {
    char hash[2][65];
    assert_int_equal(mos_sha256_file(in_run("whole", "model/model.safetensors"), hash[0]),
                     MOSAIC_OK);
    assert_int_equal(mos_sha256_file(in_run(out, "model/model.safetensors"), hash[1]), MOSAIC_OK);
    assert_same_weights("whole", out);
    assert_string_equal(hash[0], hash[1]);
    assert_same_file("whole", out, "metrics.jsonl");
    assert_same_file("whole", out, "metrics.csv");
    assert_same_file("whole", out, "checkpoints/best");
    assert_same_file("whole", out, "checkpoints/last");
}

/* Killed at moments that differ from run to run of the test; every one must end the same. */
static void killed_at_any_moment(void **state) {
    (void)state;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    unsigned random = (unsigned)now.tv_nsec;
    int kills = 0, code = 256 + SIGKILL;
    for (int i = 0; i < 12 && code == 256 + SIGKILL; i++) {
        pid_t child = start_child(&(run_request){.out = "killed", .set = set, .resume = true}, 0);
        random = random * 1664525u + 1013904223u;
        if (kills < 3) {
            sleep_ms(30 + (long)(random >> 16) % 400);
            if (kill(child, SIGKILL) == 0) kills++;
        }
        code = wait_child(child);
    }
    assert_int_equal(code, 0);
    assert_equal_runs("killed");
}

/* Stopped in the middle of an epoch, whichever rows it draws: the same run. */
static void stopped_among_labelled_rows(void **state) {
    (void)state;
    static const struct {
        const char *method, *fraction, *whole, *half;
    } cases[] = {{"method=supervised", "data.labeled.fraction=0.1", "rows0", "half0"},
                 {"method=mosaic-1", "data.labeled.fraction=0.5", "rows1", "half1"}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const char *const parts[] = {cases[k].method,
                                     cases[k].fraction,
                                     "data.modalities.s1.bands=[VV]",
                                     "data.modalities.s2.bands=[B02,B03]",
                                     "train.epochs=2",
                                     NULL};
        const char *whole = cases[k].whole, *half = cases[k].half;
        assert_runs(&(run_request){.out = whole, .set = parts}, NULL);
        assert_runs(&(run_request){.out = half, .set = parts, .max_steps = 2}, NULL);
        assert_runs(&(run_request){.out = half, .set = parts, .resume = true}, NULL);
        assert_same_weights(whole, half);
        assert_same_file(whole, half, "metrics.jsonl");
    }
}

static bool is_running(const char *run) {
    return mos_path_exists(in_run(run, "timing.csv")) &&
           mos_path_exists(in_run(run, "provenance.json")) &&
           file_has(run, "provenance.json", "\"status\": \"running\"");
}

static void stopped_by_signals(void **state) {
    (void)state;
    static const int signals[] = {SIGTERM, SIGUSR1};
    for (int i = 0; i < 2; i++) {
        pid_t child = start_child(&(run_request){.out = "stopped", .set = set, .resume = i > 0}, 0);
        /* what ran before says "interrupted": now it is this child that listens for signals */
        for (int wait = 0; wait < 12000 && !is_running("stopped"); wait++)
            sleep_ms(5);
        (void)kill(child, signals[i]);
        int code = wait_child(child);
        if (code == 0 && i > 0) break; /* it was already through */
        assert_int_equal(code, 75);
        assert_true(file_has("stopped", "provenance.json", "\"status\": \"interrupted\""));
    }
    assert_runs(&(run_request){.out = "stopped", .set = set, .resume = true}, NULL);
    assert_equal_runs("stopped");
    /* once more: nothing left to do, and nothing changes */
    assert_runs(&(run_request){.out = "stopped", .set = set, .resume = true}, NULL);
    assert_equal_runs("stopped");
}

/* A limit on file sizes is what a full disk looks like to a writer. */
static void full_disk(void **state) {
    (void)state;
    assert_runs(&(run_request){.out = "disk", .set = set, .max_steps = 2}, NULL);
    assert_true(mos_path_exists(in_run("disk", "checkpoints/step-2.safetensors")));
    pid_t child = start_child(&(run_request){.out = "disk", .set = set, .resume = true}, 1 << 20);
    assert_int_equal(wait_child(child), 1);
    assert_true(file_has("disk", "train.log", "cannot write"));
    assert_true(file_has("disk", "checkpoints/last", "step-2.safetensors"));
    assert_runs(&(run_request){.out = "disk", .set = set, .resume = true}, NULL);
    assert_equal_runs("disk");
}

static void damage(const char *path, bool cut) {
    struct stat now;
    assert_int_equal(stat(path, &now), 0);
    if (cut) {
        assert_int_equal(truncate(path, now.st_size / 3), 0);
        return;
    }
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, now.st_size / 2, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, now.st_size / 2, SEEK_SET), 0);
    (void)fputc(byte ^ 16, file);
    (void)fclose(file);
}

/* Cut short, or one bit flipped in the middle: the checkpoint before it is taken, and where there
 * is none the run says so instead of starting again. */
static void damaged_checkpoint(void **state) {
    (void)state;
    assert_runs(&(run_request){.out = "cut", .set = set, .max_steps = 4}, NULL);
    damage(in_run("cut", "checkpoints/step-4.safetensors"), false);
    damage(in_run("cut", "checkpoints/step-2.safetensors"), true);
    assert_refused(run_here(&(run_request){.out = "cut", .set = set, .resume = true}, NULL),
                   MOSAIC_ERR_DATA, "step-2.safetensors");
    assert_true(file_has("cut", "train.log", "its checksum does not agree; falling back"));
    assert_runs(&(run_request){.out = "cut", .set = set, .max_steps = 6, .overwrite = true}, NULL);
    damage(in_run("cut", "checkpoints/step-6.safetensors"), true);
    assert_runs(&(run_request){.out = "cut", .set = set, .resume = true}, NULL);
    assert_true(file_has("cut", "train.log", "falling back to the checkpoint before it"));
    assert_equal_runs("cut");
}

static void mismatch_is_named(void **state) {
    (void)state;
    const char *const other[] = {"method=supervised",
                                 "data.modalities.s2.bands=[B02,B08,B03]",
                                 "train.epochs=4",
                                 "train.keep=3",
                                 "train.checkpoint_every=2",
                                 "train.log_every=3",
                                 NULL};
    mosaic_status status =
        run_here(&(run_request){.out = "whole", .set = other, .resume = true}, NULL);
    assert_refused(status, MOSAIC_ERR_RESUME, "train.epochs: 4, was 10");
    assert_non_null(strstr(mosaic_error(), "data.modalities"));
    assert_null(strstr(mosaic_error(), "keep"));
    assert_int_equal(mosaic_exit_code(status), 5);
    assert_int_equal(mos_make_dirs(in_folder("empty")), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(in_folder("empty/note"), "x", 1), MOSAIC_OK);
    assert_refused(run_here(&(run_request){.out = "empty", .set = set, .resume = true}, NULL),
                   MOSAIC_ERR_RESUME, "no run to resume");
}

/* Two writers never share a run. */
static void second_writer_is_refused(void **state) {
    (void)state;
    pid_t child = start_child(&(run_request){.out = "shared", .set = set}, 0);
    for (int wait = 0; wait < 600 && !mos_path_exists(in_run("shared", "timing.csv")); wait++)
        sleep_ms(20);
    mosaic_status status =
        run_here(&(run_request){.out = "shared", .set = set, .resume = true}, NULL);
    (void)kill(child, SIGKILL);
    (void)wait_child(child);
    assert_refused(status, MOSAIC_ERR_RUNTIME, "another process is writing");
}

/* A run that was cut short on purpose goes on to the same end. */
static void reduced_run_goes_on(void **state) {
    (void)state;
    mos_train_summary summary;
    assert_runs(&(run_request){.out = "longer", .set = set, .max_steps = 5}, &summary);
    assert_true(summary.reduced);
    assert_int_equal(summary.steps, 5);
    assert_runs(&(run_request){.out = "longer", .set = set, .resume = true}, &summary);
    assert_false(summary.reduced);
    assert_equal_runs("longer");
}

/* The latents of earlier batches are part of where a run is; with whom a patch is mixed is not. Half the
 * labels are unknown, the queue runs over several times, and the run is cut within an epoch. */
static void queue_of_latents_travels(void **state) {
    (void)state;
    static const char *const queued[] = {"data.modalities.s1.bands=[VV]",
                                         "data.modalities.s2.bands=[B02,B03]",
                                         "data.labeled.fraction=0.5",
                                         "loss.msc_queue=11",
                                         "augment.mix=mixup",
                                         "augment.mix_alpha=1",
                                         "train.epochs=2",
                                         NULL};
    assert_runs(&(run_request){.out = "queue", .set = queued}, NULL);
    assert_true(last_value("queue", "epoch", "queue_positives") > 0);
    assert_runs(&(run_request){.out = "queue_cut", .set = queued, .max_steps = 3}, NULL);
    mos_safetensors file;
    assert_int_equal(
        mos_safetensors_open(in_run("queue_cut", "checkpoints/step-3.safetensors"), &file),
        MOSAIC_OK);
    const mos_tensor_view *rows = mos_safetensors_find(&file, "queue");
    const mos_tensor_view *cursor = mos_safetensors_find(&file, "queue_cursor");
    assert_true(rows != NULL && rows->shape[0] == 2 * 11 * 16);
    assert_non_null(cursor);
    int64_t held_and_next[2];
    memcpy(held_and_next, cursor->data, sizeof held_and_next);
    assert_true(held_and_next[0] > 0);
    mos_safetensors_release(&file);
    assert_runs(&(run_request){.out = "queue_cut", .set = queued, .resume = true}, NULL);
    assert_same_weights("queue", "queue_cut");
    assert_same_file("queue", "queue_cut", "metrics.jsonl");
}

static bool same_tensor(const mos_tensor_view *a, const mos_tensor_view *b) {
    bool same = a->rank == b->rank && memcmp(a->shape, b->shape, sizeof a->shape) == 0;
    return same && (a->dtype != b->dtype || memcmp(a->data, b->data, a->bytes) == 0);
}

/* Whoever opens a checkpoint finds the model's tensors by name and shape, and the moments of each.
 */
static void tensors_have_names(void **state) {
    (void)state;
    mos_safetensors file, model;
    int64_t weights = 0, moments = 0;
    assert_int_equal(mos_safetensors_open(in_run("whole", "model/model.safetensors"), &model),
                     MOSAIC_OK);
    char path[64], *best = read_whole("whole", "checkpoints/best");
    (void)snprintf(path, sizeof path, "checkpoints/%.*s", (int)strcspn(best, "\n"), best);
    mos_free(best);
    assert_int_equal(mos_safetensors_open(in_run("whole", path), &file), MOSAIC_OK);
    for (size_t i = 0; i < model.count; i++) {
        const mos_tensor_view *wanted = &model.tensors[i];
        const mos_tensor_view *found = mos_safetensors_find(&file, wanted->name);
        if (found == NULL) fail_msg("the checkpoint lacks '%s'", wanted->name);
        if (!same_tensor(found, wanted)) fail_msg("'%s' differs", wanted->name);
        weights++;
        char name[256];
        for (int k = 1; k <= 2; k++) {
            (void)snprintf(name, sizeof name, "moment%d.%s", k, wanted->name);
            const mos_tensor_view *moment = mos_safetensors_find(&file, name);
            bool trained = strstr(name, "running_") == NULL && strstr(name, "num_batches") == NULL;
            if ((moment != NULL) != trained) fail_msg("'%s' is there: %d", name, moment != NULL);
            if (moment == NULL) continue;
            assert_memory_equal(moment->shape, wanted->shape, sizeof wanted->shape);
            moments++;
        }
    }
    assert_true(weights > 60 && moments > weights);
    assert_int_equal(file.count, weights + moments + 3); /* position, sums, log_sizes */
    mos_safetensors_release(&file);
    mos_safetensors_release(&model);
}

/* A checkpoint of the format before is not called damaged. */
static void earlier_format_is_named(void **state) {
    (void)state;
    assert_runs(&(run_request){.out = "earlier", .set = set, .max_steps = 2}, NULL);
    FILE *file = fopen(in_run("earlier", "checkpoints/step-2.safetensors"), "r+b");
    assert_non_null(file);
    static char header[1 << 20];
    size_t size = fread(header, 1, sizeof header, file);
    char *at = memmem(header, size, "mosaic-checkpoint-2", 19);
    assert_non_null(at);
    assert_int_equal(fseek(file, at + 18 - header, SEEK_SET), 0);
    (void)fputc('1', file);
    (void)fclose(file);
    assert_refused(run_here(&(run_request){.out = "earlier", .set = set, .resume = true}, NULL),
                   MOSAIC_ERR_RESUME, "a checkpoint of an earlier version (mosaic-checkpoint-1");
}

int main(int argc, char **argv) {
    if (argc > 5 && strcmp(argv[1], "--child") == 0) return run_as_child(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_have_names),
        cmocka_unit_test(killed_at_any_moment),
        cmocka_unit_test(stopped_among_labelled_rows),
        cmocka_unit_test(stopped_by_signals),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(damaged_checkpoint),
        cmocka_unit_test(queue_of_latents_travels),
        cmocka_unit_test(mismatch_is_named),
        cmocka_unit_test(earlier_format_is_named),
        cmocka_unit_test(second_writer_is_refused),
        cmocka_unit_test(reduced_run_goes_on),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, drop_data);
}
