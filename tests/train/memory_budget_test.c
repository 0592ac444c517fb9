/* Runs that save memory: the same weights where only memory differs, resumed runs equal to the bit
 * where gradients are cached, and budgets that choose or refuse. */
#include "train_support.h"

static int make(void **state) {
    (void)state;
    return make_data(140, 0.1); /* half of them train */
}

static void recomputing_changes_nothing(void **state) {
    (void)state;
    static const char *const plain[] = {"train.epochs=1", "data.limit=48", NULL};
    static const char *const frugal[] = {"train.epochs=1", "data.limit=48", "train.recompute=block",
                                         "train.prefetch=0", NULL};
    assert_runs(&(run_request){.out = "plain", .set = plain}, NULL);
    assert_runs(&(run_request){.out = "frugal", .set = frugal}, NULL);
    assert_same_weights("plain", "frugal");
    assert_true(file_has("frugal", "config.yaml", "recompute: block"));
}

/* On two threads each encoder has one: the weights of a run on one thread, also where it was
 * stopped in between. With one thread there is nothing to share. */
static void side_by_side_resumes(void **state) {
    (void)state;
    static const char *const plain[] = {"train.epochs=1", "data.limit=48", NULL};
    static const char *const side[] = {"train.epochs=1", "data.limit=48",
                                       "train.encoders=side-by-side", NULL};
    assert_runs(&(run_request){.out = "turn", .set = plain}, NULL);
    assert_runs(&(run_request){.out = "side", .set = side, .threads = 2, .max_steps = 2}, NULL);
    assert_runs(&(run_request){.out = "side", .set = side, .threads = 2, .resume = true}, NULL);
    assert_same_weights("turn", "side");
    assert_true(file_has("side", "provenance.json", "\"heap_calls_after_first_step\": 0"));
    assert_refused(run_here(&(run_request){.out = "side", .set = plain, .resume = true}, NULL),
                   MOSAIC_ERR_RESUME, "train.encoders");
    assert_runs(&(run_request){.out = "alone", .set = side, .max_steps = 1}, NULL);
}

/* Stopped in the middle of an epoch and gone on, without a heap call after the first step. */
static void cached_gradients_resume(void **state) {
    (void)state;
    static const char *const cached[] = {"train.epochs=1", "data.limit=48", "train.grad_cache=4",
                                         NULL};
    assert_runs(&(run_request){.out = "cached", .set = cached}, NULL);
    assert_runs(&(run_request){.out = "halves", .set = cached, .max_steps = 2}, NULL);
    assert_runs(&(run_request){.out = "halves", .set = cached, .resume = true}, NULL);
    assert_same_weights("cached", "halves");
    assert_true(file_has("cached", "provenance.json", "\"heap_calls_after_first_step\": 0"));
    static const char *const other[] = {"train.epochs=1", "data.limit=48", "train.grad_cache=2",
                                        NULL};
    assert_refused(run_here(&(run_request){.out = "halves", .set = other, .resume = true}, NULL),
                   MOSAIC_ERR_RESUME, "train.grad_cache");
    static const char *const odd[] = {"train.grad_cache=3", NULL};
    assert_refused(run_here(&(run_request){.out = "odd", .set = odd}, NULL), MOSAIC_ERR_USAGE,
                   "wants a part of 'train.batch' (8), found 3");
}

/* Too little is refused with the least that would do; that much trains in the most frugal way, and
 * plenty in the plain one. */
static void budgets_choose(void **state) {
    (void)state;
    static const char *const little[] = {"train.epochs=1", "train.batch=16", "data.size=64",
                                         "train.memory=0.3", NULL};
    char budget[64];
    double least;
    assert_refused(run_here(&(run_request){.out = "little", .set = little}, NULL),
                   MOSAIC_ERR_MEMORY, "the smallest way to train them takes ");
    const char *figure = strstr(mosaic_error(), "takes ") + 6;
    (void)snprintf(budget, sizeof budget, "%.*s", (int)strcspn(figure, " "), figure);
    assert_true(mos_parse_double(budget, &least));
    assert_true(least > 0.3 && least < 2);
    (void)snprintf(budget, sizeof budget, "train.memory=%.2f", least + 0.01);
    const char *const enough[] = {"train.epochs=1", "train.batch=16", "data.size=64", budget, NULL};
    assert_runs(&(run_request){.out = "enough", .set = enough, .max_steps = 1}, NULL);
    assert_true(file_has("enough", "config.yaml", "recompute: block"));
    assert_true(file_has("enough", "config.yaml", "grad_cache: 8"));
    assert_true(file_has("enough", "config.yaml", "derived: fits train.memory"));
    /* the resolved file, and the same settings again, mean the same way */
    assert_runs(&(run_request){.out = "enough", .set = enough, .resume = true, .max_steps = 2},
                NULL);
    static const char *const plenty[] = {"train.epochs=1", "train.batch=16", "data.size=64",
                                         "train.memory=20", NULL};
    assert_runs(&(run_request){.out = "plenty", .set = plenty, .max_steps = 1}, NULL);
    assert_true(file_has("plenty", "config.yaml", "recompute: none"));
    assert_true(file_has("plenty", "config.yaml", "grad_cache: 0"));
    assert_true(file_has("plenty", "config.yaml", "prefetch: 3"));
}

/* ---- less memory than the plain step takes ---- */

static const rlim_t limit_bytes = 1600000000;

/* This program again with that much address space: "--limited FOLDER OUT CHUNK". */
static int limited_child(char **argv) {
    const char *set[] = {"model.encoder=resnet18", "train.batch=64", "data.size=64",
                         "train.prefetch=0",       "train.epochs=1", "train.validate_limit=8",
                         "train.workers=1",        argv[4],          NULL};
    (void)snprintf(test_folder, sizeof test_folder, "%s", argv[2]);
    mos_log_set_level(MOS_LOG_ERROR);
    mosaic_status status = run_here(&(run_request){.out = argv[3], .set = set}, NULL);
    return mosaic_exit_code(status);
}

static int run_limited(const char *out, const char *chunk) {
    const char *argv[] = {"/proc/self/exe", "--limited", test_folder, out, chunk, NULL};
    pid_t child = fork();
    if (child == 0) {
        struct rlimit bytes = {limit_bytes, limit_bytes};
        if (setrlimit(RLIMIT_AS, &bytes) == 0)
            (void)execv("/proc/self/exe", (char *const *)(const void *)argv);
        _exit(98);
    }
    assert_true(child > 0);
    return wait_child(child);
}

static void a_batch_beyond_memory(void **state) {
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    print_message("skipped: sanitizers reserve more address space than this test allows\n");
    skip();
#endif
    if (getenv("MOSAIC_TEST_DEVICE") != NULL) {
        print_message("skipped: the delayed device keeps copies of what is put on it\n");
        skip();
    }
    assert_int_equal(run_limited("beyond", "train.grad_cache=0"),
                     mosaic_exit_code(MOSAIC_ERR_MEMORY));
    assert_int_equal(run_limited("within", "train.grad_cache=8"), 0);
    assert_true(file_has("within", "provenance.json", "\"status\": \"complete\""));
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "--limited") == 0) return limited_child(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recomputing_changes_nothing), cmocka_unit_test(side_by_side_resumes),
        cmocka_unit_test(cached_gradients_resume), cmocka_unit_test(budgets_choose),
        cmocka_unit_test(a_batch_beyond_memory)};
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, make, drop_data);
}
