/* A device that is lost in the middle of a run: the run ends with one message, leaves checkpoints
 * that can be gone on from, and the resumed run is the uninterrupted one. */
#include "train_support.h"

#include "support/delayed.h"

static const char *const set[] = {"method=mosaic-1",
                                  "data.modalities.s1.bands=[VV]",
                                  "data.modalities.s2.bands=[B02,B03]",
                                  "loss.msc_queue=12",
                                  "train.epochs=2",
                                  "train.keep=2",
                                  "train.log_every=1",
                                  NULL};
static int64_t ops; /* of the whole run */

static int set_up(void **state) {
    (void)state;
    if (make_data(32, 0.2) != 0) return 1;
    support_delay("delayed:cpu");
    mosaic_status status = run_here(&(run_request){.out = "whole", .set = set}, NULL);
    ops = support_delayed_ops();
    if (status != MOSAIC_OK) print_message("%s\n", mosaic_error());
    return status == MOSAIC_OK ? 0 : 1;
}

/* A late device computes what the same device does at once. */
static void late_is_the_same(void **state) {
    (void)state;
    support_delay(NULL);
    assert_runs(&(run_request){.out = "at_once", .set = set}, NULL);
    support_delay("delayed:cpu");
    assert_same_weights("whole", "at_once");
    assert_same_file("whole", "at_once", "metrics.jsonl");
}

static int count_of(const char *text, const char *part) {
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void fail_run(const char *out, int64_t at) {
    support_delayed_fail_at(at);
    assert_refused(run_here(&(run_request){.out = out, .set = set}, NULL), MOSAIC_ERR_RUNTIME,
                   "failed, as it was told to");
    support_delayed_fail_at(0);
    char *log = read_whole(out, "train.log");
    assert_int_equal(count_of(log, "failed, as it was told to"), 1);
    mos_free(log);
    assert_true(file_has(out, "provenance.json", "\"status\": \"failed\""));
}

static void lost_in_the_second_epoch(void **state) {
    (void)state;
    /* behind the first epoch's checkpoint */
    fail_run("lost", ops * 2 / 3);
    assert_true(mos_path_exists(in_run("lost", "checkpoints/last")));
    assert_false(mos_path_exists(in_run("lost", "model/model.safetensors")));
    assert_runs(&(run_request){.out = "lost", .set = set, .resume = true}, NULL);
    assert_same_weights("whole", "lost");
    assert_same_file("whole", "lost", "metrics.jsonl");
}

/* Before there is a checkpoint. */
static void lost_early(void **state) {
    (void)state;
    fail_run("early", ops / 10);
    assert_false(mos_path_exists(in_run("early", "checkpoints/last")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_is_the_same),
        cmocka_unit_test(lost_in_the_second_epoch),
        cmocka_unit_test(lost_early),
    };
    return cmocka_run_group_tests(tests, set_up, drop_data);
}
