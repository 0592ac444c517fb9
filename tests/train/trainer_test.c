/* Whole runs on a small procedural data set. */
#include "train_support.h"

#include "train/train_feed.h"

#include "config/config.h"

#include <math.h>

static int set_up(void **state) {
    (void)state;
    return make_data(64, 0.15);
}

static const char *const small[] = {"method=supervised", "data.modalities.s2.bands=[B02,B03,B08]",
                                    "train.workers=1", NULL};

/* The run that several tests look at; made by the first that needs it. */
static void need_run_one(void) {
    if (mos_path_exists(in_run("one", "model/model.safetensors"))) return;
    assert_runs(&(run_request){.out = "one", .set = small}, NULL);
}

/* ---- what training does ---- */

static void loss_falls(void **state) {
    (void)state;
    const char *const set[] = {
        "method=supervised",    "data.modalities.s2.bands=[B02,B03,B04,B08,B11]",
        "train.epochs=9",       "train.patience=0",
        "data.statistics=auto", NULL};
    mos_train_summary summary;
    assert_runs(&(run_request){.out = "falls", .set = set}, &summary);
    assert_int_equal(summary.epochs, 9);
    assert_false(summary.reduced);
    char *text = read_whole("falls", "metrics.jsonl");
    const char *first = strstr(text, "\"loss\": ");
    double before, after = last_value("falls", "epoch", "loss");
    char number[32];
    assert_non_null(first);
    (void)snprintf(number, sizeof number, "%.*s", (int)strcspn(first + 8, ","), first + 8);
    assert_true(mos_parse_double(number, &before));
    mos_free(text);
    if (!(after < 0.7 * before)) fail_msg("loss %g at the start, %g at the end", before, after);
    assert_true(summary.best_score > 0 && summary.best_score <= 1);
    /* every file of the run directory */
    static const char *const files[] = {"config.yaml",       "provenance.json",
                                        "train.log",         "metrics.jsonl",
                                        "metrics.csv",       "timing.csv",
                                        "statistics.csv",    "checkpoints/last",
                                        "checkpoints/best",  "model/model.safetensors",
                                        "model/config.json", "model/README.md"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!mos_path_exists(in_run("falls", files[i]))) fail_msg("no %s", files[i]);
    }
    mos_model_card card;
    assert_int_equal(mos_model_file_card(in_folder("falls"), &card), MOSAIC_OK);
    assert_int_equal(card.spec.classes, 19);
    assert_int_equal(card.height, 24);
    assert_string_equal(card.spec.modality[0].band_names[4], "B11");
    assert_true(card.has_thresholds && !card.probe_head && !card.reduced);
    assert_non_null(strstr(card.config, "method: supervised"));
    mos_model_card_release(&card);
    assert_true(file_has("falls", "provenance.json", "\"status\": \"complete\""));
}

/* No heap call in any step after the first: loader, model, objective, optimizer. */
static void no_heap_calls(void **state) {
    (void)state;
    assert_true(mos_path_exists(in_run("falls", "provenance.json")));
    if (!file_has("falls", "provenance.json", "\"heap_calls_after_first_step\": 0,"))
        fail_msg("%s", strstr(read_whole("falls", "provenance.json"), "\"heap_calls"));
}

static void runs_repeat(void **state) {
    (void)state;
    need_run_one();
    assert_runs(&(run_request){.out = "two", .set = small}, NULL);
    assert_same_file("one", "two", "metrics.jsonl");
    assert_same_file("one", "two", "metrics.csv");
    char hash[2][65];
    assert_int_equal(mos_sha256_file(in_run("one", "model/model.safetensors"), hash[0]), MOSAIC_OK);
    assert_int_equal(mos_sha256_file(in_run("two", "model/model.safetensors"), hash[1]), MOSAIC_OK);
    assert_string_equal(hash[0], hash[1]);
}

static void loader_threads_change_nothing(void **state) {
    (void)state;
    static const char *const outs[] = {"workers2", "workers4"};
    static const char *const workers[] = {"train.workers=2", "train.workers=4"};
    for (int i = 0; i < 2; i++) {
        const char *const set[] = {"method=supervised", "data.modalities.s2.bands=[B02,B03,B08]",
                                   workers[i], NULL};
        assert_runs(&(run_request){.out = outs[i], .set = set}, NULL);
    }
    need_run_one(); /* with one worker */
    assert_same_weights("one", "workers2");
    assert_same_weights("one", "workers4");
    assert_same_file("one", "workers4", "metrics.jsonl");
}

/* ---- every method ---- */

static void check_model(const char *out, bool probe) {
    mos_device *device;
    mos_model_card card;
    mos_model *model;
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, 1, &device), MOSAIC_OK);
    if (mos_model_file_load(in_folder(out), device, &card, &model) != MOSAIC_OK)
        fail_msg("%s", mosaic_error());
    assert_int_equal(card.probe_head, probe);
    assert_true(card.reduced);
    assert_int_equal(card.steps, 3);
    assert_true(card.has_thresholds);
    assert_string_equal(card.spec.modality[0].band_names[0], "VV");
    assert_string_equal(card.spec.modality[0].band_names[1], "VH");
    assert_int_equal(card.spec.modality[1].bands, 10);
    mos_model_card_release(&card);
    mos_model_destroy(&model);
    mos_device_close(&device);
}

static void every_method_runs(void **state) {
    (void)state;
    for (const mos_method *method = mos_methods; method->name != NULL; method++) {
        char choice[64];
        (void)snprintf(choice, sizeof choice, "method=%s", method->name);
        const char *const set[] = {choice, NULL};
        mos_train_summary summary;
        assert_runs(&(run_request){.out = method->name, .set = set, .max_steps = 3}, &summary);
        assert_true(summary.reduced);
        assert_int_equal(summary.steps, 3);
        assert_true(isfinite(last_value(method->name, "step", "loss")));
        assert_true(last_value(method->name, "step", "gradient_norm") > 0);
        const unsigned needs = mos_method_needs(method);
        if ((needs & MOS_NEEDS_LATENTS) != 0)
            check_model(method->name, (needs & MOS_NEEDS_LOGITS) == 0);
        assert_true(file_has(method->name, "model/README.md", "**Reduced run**"));
        assert_true(file_has(method->name, "provenance.json", "\"reduced\": true"));
        assert_true(file_has(method->name, "model/config.json", "\"reduced\": true"));
        assert_int_equal(mos_remove_tree(in_folder(method->name)), MOSAIC_OK);
    }
}

static void variants_run(void **state) {
    (void)state;
    static const char *const variants[][6] = {
        {"method=supervised", "loss.pos_weight=[\"Beaches, dunes, sands=3\",Pastures=0.5]",
         "data.modalities.s2.bands=[B02]", NULL},
        {"loss.anchor=shared", "loss.msc_warmup=0.5", "loss.positives=jaccard", NULL},
        {"loss.positives=soft", "loss.msc_queue=4", "loss.msc_rows=[views,joint]", NULL},
        {"model.inter_projector=true", "loss.weighting=anchor", "loss.pos_weight=auto",
         "loss.msc_rows=[joint]", NULL},
        {"train.optimizer=lars", "train.lr=0.1", "train.clip=1", "loss.weights.intra=0", NULL},
        {"train.optimizer=sgd", "train.lr=0.01", "train.nesterov=true", "model.stem_pool=false",
         NULL},
    };
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        assert_runs(
            &(run_request){
                .out = "variant", .set = variants[i], .max_steps = 2, .overwrite = i > 0},
            NULL);
        assert_true(isfinite(last_value("variant", "step", "loss")));
    }
}

/* ---- labelled fractions ---- */

static void labelled_fractions(void **state) {
    (void)state;
    const char *const all[] = {"method=supcon",
                               "data.modalities.s2.bands=[B02,B03]",
                               "data.labeled.fraction=0.5",
                               "data.labeled.per_batch=0.5",
                               "data.labeled.use_unlabeled=true",
                               NULL};
    const char *const part[] = {"method=supervised", "data.modalities.s2.bands=[B02,B03]",
                                "data.labeled.fraction=0.5", "data.labeled.use_unlabeled=false",
                                NULL};
    assert_runs(&(run_request){.out = "reading_b", .set = all, .max_steps = 2}, NULL);
    assert_runs(&(run_request){.out = "reading_a", .set = part, .max_steps = 2}, NULL);
    assert_same_file("reading_a", "reading_b", "labeled.txt");
    /* half the rows are known: 4 of 8 patches with 19 classes each */
    assert_true(last_value("reading_b", "step", "known_labels") == 4 * 19);
    assert_true(last_value("reading_a", "step", "known_labels") == 8 * 19);
    char *text = read_whole("reading_b", "provenance.json");
    assert_non_null(strstr(text, "\"labeled_fraction\": 0.5"));
    mos_free(text);
}

/* Few labels and no preset: the run says so, once. With the preset it is silent, and the run's own
 * configuration has the values. */
static void few_labels(void **state) {
    (void)state;
    const char *const advised[] = {"data.labeled.fraction=0.2", NULL};
    const char *const preset[] = {"data.labeled.fraction=0.2", "preset=few-labels",
                                  "loss.tau_ntx=0.4", NULL};
    const char *const enough[] = {"data.labeled.fraction=0.3", NULL};
    const char *const alone[] = {"data.labeled.fraction=0.2", "method=supervised", NULL};
    const struct {
        const char *out;
        const char *const *set;
        bool said;
    } runs[] = {{"few", advised, true},
                {"few_preset", preset, false},
                {"few_enough", enough, false},
                {"few_alone", alone, false}};
    mos_log_set_level(MOS_LOG_NOTICE);
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        assert_runs(&(run_request){.out = runs[i].out, .set = runs[i].set, .max_steps = 1}, NULL);
        char *text = read_whole(runs[i].out, "train.log");
        const char *said = strstr(text, "few labels (");
        assert_int_equal(said != NULL, runs[i].said);
        if (said != NULL) {
            assert_non_null(strstr(said, " training patches): consider 'preset: few-labels'"));
            assert_null(strstr(said + 1, "few labels ("));
        }
        mos_free(text);
    }
    mos_log_set_level(MOS_LOG_ERROR);
    char *text = read_whole("few_preset", "config.yaml");
    assert_non_null(strstr(text, "per_batch: 0.5 # preset few-labels\n"));
    assert_non_null(strstr(text, "tau_ntx: 0.4 # --set"));
    mos_free(text);
}

static const char *const every_method[] = {"mosaic-1",    "mosaic-2", "iai-simclr", "simclr",
                                           "dual-simclr", "supcon",   "supervised"};

typedef struct epoch_rows {
    int64_t batches, labeled, others, fewest;
} epoch_rows;

/* The rows that the loader of a run gives in an epoch. */
static epoch_rows count_rows(const char *const *set) {
    mos_text_list list = {0};
    write_base_config();
    for (size_t i = 0; i < sizeof common_sets / sizeof common_sets[0]; i++)
        assert_int_equal(mos_text_list_add(&list, common_sets[i]), MOSAIC_OK);
    for (; *set != NULL; set++)
        assert_int_equal(mos_text_list_add(&list, *set), MOSAIC_OK);
    const mos_train_options options = {.config = in_folder("c.yaml"), .set = &list, .threads = 1};
    mos_train_feed *feed;
    mos_loader *loader;
    mos_batch *batch;
    epoch_rows rows = {.fewest = 8};
    if (mos_train_feed_open(&options, &feed) != MOSAIC_OK) fail_msg("%s", mosaic_error());
    assert_int_equal(mos_train_feed_loader(feed, mos_train_feed_options(feed), &loader), MOSAIC_OK);
    rows.batches = mos_loader_batches(loader);
    assert_int_equal(mos_loader_start(loader, 1, 0), MOSAIC_OK);
    while (mos_loader_next(loader, &batch) == MOSAIC_OK && batch != NULL) {
        int64_t known = 0;
        for (int64_t row = 0; row < batch->count; row++)
            known += batch->labels[row * 19] >= 0;
        rows.labeled += known;
        rows.others += batch->count - known;
        if (known < rows.fewest) rows.fewest = known;
    }
    mos_loader_destroy(&loader);
    mos_train_feed_close(&feed);
    mos_text_list_release(&list);
    return rows;
}

/* What an epoch of each method draws, for every labelled fraction: where nothing learns from
 * unlabelled rows none is drawn, and the epoch is as long. */
static void rows_of_every_method(void **state) {
    (void)state;
    enum { METHODS = sizeof every_method / sizeof every_method[0] };
    static const double fractions[] = {0.01, 0.1, 0.5, 0.9, 0.95, 1};
    const char *const all[] = {"method=mosaic-1", NULL};
    const char *const part[] = {"method=supervised", "data.labeled.use_unlabeled=false",
                                "data.labeled.fraction=0.9", NULL};
    int64_t one_pass = count_rows(all).batches;
    for (size_t f = 0; f < sizeof fractions / sizeof fractions[0]; f++) {
        char fraction[64];
        epoch_rows rows[METHODS];
        (void)snprintf(fraction, sizeof fraction, "data.labeled.fraction=%g", fractions[f]);
        for (size_t m = 0; m < METHODS; m++) {
            char method[64];
            (void)snprintf(method, sizeof method, "method=%s", every_method[m]);
            const char *const set[] = {method, fraction, NULL};
            rows[m] = count_rows(set);
            bool learns = m < 5, labels = m < 2 || m > 4;
            assert_int_equal(rows[m].labeled + rows[m].others, rows[m].batches * 8);
            if (labels) {
                assert_int_equal(rows[m].batches, rows[0].batches); /* as many as mosaic-1 */
                assert_true(rows[m].fewest >= 2);                   /* a quarter of eight */
            } else {
                assert_int_equal(rows[m].batches, one_pass);
            }
            if (!learns || fractions[f] == 1) assert_int_equal(rows[m].others, 0);
            if (learns && fractions[f] < 0.9) assert_true(rows[m].others > 0);
        }
        if (fractions[f] <= 0.1) { /* scarce: two in every batch */
            assert_int_equal(rows[0].labeled, rows[0].batches * 2);
            assert_true(rows[0].batches > one_pass);
        } else { /* one pass, and labels as they come */
            assert_int_equal(rows[0].batches, one_pass);
            assert_true(fabs((double)rows[0].labeled / (double)(one_pass * 8) - fractions[f]) <
                        0.1);
        }
    }
    assert_int_equal(count_rows(part).others, 0);
}

/* The same for steps that are made: labels known in a batch of 8 with 19 classes. */
static void labels_of_steps(void **state) {
    (void)state;
    static const struct {
        const char *method, *use, *fraction;
        int64_t labeled;
    } wanted[] = {
        {"method=supervised", "auto", "0.1", 8}, {"method=supervised", "true", "0.1", 8},
        {"method=supcon", "auto", "0.1", 8},     {"method=supcon", "true", "0.1", 2},
        {"method=mosaic-1", "auto", "0.1", 2},   {"method=mosaic-1", "auto", "0.5", 4},
    };
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
        char use[64], fraction[64];
        (void)snprintf(use, sizeof use, "data.labeled.use_unlabeled=%s", wanted[k].use);
        (void)snprintf(fraction, sizeof fraction, "data.labeled.fraction=%s", wanted[k].fraction);
        const char *const set[] = {wanted[k].method,
                                   use,
                                   fraction,
                                   "data.modalities.s1.bands=[VV]",
                                   "data.modalities.s2.bands=[B02,B03]",
                                   NULL};
        assert_runs(&(run_request){.out = "drawn", .set = set, .max_steps = 1, .overwrite = k > 0},
                    NULL);
        double known = last_value("drawn", "step", "known_labels");
        /* half of an odd number of patches: one more or less */
        double slack = strcmp(wanted[k].fraction, "0.5") == 0 ? 19 : 0;
        if (!(fabs(known - (double)wanted[k].labeled * 19) <= slack))
            fail_msg("%s, %s, %s: %g labels", wanted[k].method, use, fraction, known);
    }
    assert_true(file_has("drawn", "provenance.json", "\"draws\": \""));
}

/* ---- ways out ---- */

static void not_a_number_stops(void **state) {
    (void)state;
    const char *const set[] = {"method=supervised",
                               "data.modalities.s2.bands=[B02,B03,B08]",
                               "train.optimizer=sgd",
                               "train.lr=1e12",
                               "train.schedule=constant",
                               "train.warmup=0",
                               NULL};
    assert_refused(run_here(&(run_request){.out = "nan", .set = set}, NULL), MOSAIC_ERR_NUMERIC,
                   "is not finite");
    const char *path = strstr(mosaic_error(), "kept in ");
    assert_non_null(path);
    mos_safetensors file;
    assert_int_equal(mos_safetensors_open(path + strlen("kept in "), &file), MOSAIC_OK);
    const mos_tensor_view *images = mos_safetensors_find(&file, "images.s2");
    assert_non_null(images);
    assert_int_equal(images->shape[0], 8);
    assert_int_equal(images->shape[1], 3);
    assert_int_equal(images->shape[3], 24);
    assert_non_null(mos_safetensors_find(&file, "labels"));
    assert_non_null(mos_safetensors_find(&file, "params"));
    assert_non_null(mos_safetensors_metadata(&file, "ids"));
    mos_safetensors_release(&file);
    assert_true(file_has("nan", "provenance.json", "\"status\": \"failed\""));
    assert_true(file_has("nan", "train.log", "is not finite"));
}

/* Weights shrunk to nothing leave one point: the projector's bias. */
static void collapse_is_seen(void **state) {
    (void)state;
    const char *const set[] = {"method=dual-simclr",      "train.optimizer=sgd",
                               "train.momentum=0",        "train.lr=0.1",
                               "train.weight_decay=9.9",  "train.warmup=0",
                               "train.schedule=constant", "train.health_every=1",
                               "train.epochs=4",          NULL};
    assert_refused(
        run_here(&(run_request){.out = "collapse", .set = set, .fail_on_collapse = true}, NULL),
        MOSAIC_ERR_NUMERIC, "has collapsed");
    double s1 = last_value("collapse", "health", "health.s1.mean_cosine");
    double s2 = last_value("collapse", "health", "health.s2.mean_cosine");
    if (!(fmax(s1, s2) > 0.9)) fail_msg("mean cosine %g and %g", s1, s2);
}

/* Squared distance of the unit vectors along two tensors of a file. */
static double unit_distance(const mos_safetensors *file, const char *a, const char *b) {
    const mos_tensor_view *x = mos_safetensors_find(file, a), *y = mos_safetensors_find(file, b);
    if (x == NULL || y == NULL) fail_msg("no %s or %s", a, b);
    double xx = 0, yy = 0, xy = 0;
    for (int64_t k = 0; k < x->shape[0]; k++) {
        float u, v;
        memcpy(&u, (const float *)x->data + k, sizeof u);
        memcpy(&v, (const float *)y->data + k, sizeof v);
        xx += (double)u * (double)u;
        yy += (double)v * (double)v;
        xy += (double)u * (double)v;
    }
    return 2 - 2 * xy / sqrt(xx * yy);
}

/* Planted: weights shrunk to nothing put every row of a modality at its projector's bias. Two views
 * of one patch coincide then, and the rows of its two modalities lie as far apart as the biases. */
static void alignments_are_of_what_they_say(void **state) {
    (void)state;
    const char *const set[] = {"method=iai-simclr",
                               "loss.weights.intra=1e-4", /* the biases stay where they are */
                               "loss.weights.inter=1e-4",
                               "train.optimizer=sgd",
                               "train.momentum=0",
                               "train.lr=0.1",
                               "train.weight_decay=9.9",
                               "train.warmup=0",
                               "train.schedule=constant",
                               "train.health_every=1",
                               "data.modalities.s1.bands=[VV]",
                               "data.modalities.s2.bands=[B02]",
                               NULL};
    mos_safetensors file;
    assert_runs(&(run_request){.out = "planted", .set = set, .max_steps = 5}, NULL);
    assert_int_equal(
        mos_safetensors_open(in_run("planted", "checkpoints/step-5.safetensors"), &file),
        MOSAIC_OK);
    double apart = unit_distance(&file, "projectors.s1.3.bias", "projectors.s2.3.bias");
    mos_safetensors_release(&file);
    assert_true(apart > 0.1);
    static const char *const names[] = {"s1", "s2"};
    for (int m = 0; m < 2; m++) {
        char key[64];
        (void)snprintf(key, sizeof key, "health.%s.view_alignment", names[m]);
        double views = last_value("planted", "health", key);
        (void)snprintf(key, sizeof key, "health.%s.modality_alignment", names[m]);
        double across = last_value("planted", "health", key);
        if (!(views < 1e-3) || !(fabs(across - apart) < 0.02))
            fail_msg("%s: views %g, modalities %g, wanted 0 and %g", names[m], views, across,
                     apart);
    }
}

static void early_stop(void **state) {
    (void)state;
    const char *const set[] = {"method=supervised",
                               "data.modalities.s2.bands=[B02,B03,B08]",
                               "train.lr=1e-9",
                               "train.epochs=30",
                               "train.patience=1",
                               "train.monitor=loss",
                               NULL};
    mos_train_summary summary;
    assert_runs(&(run_request){.out = "early", .set = set}, &summary);
    assert_true(summary.stopped_early);
    assert_true(summary.epochs < 30);
    assert_int_equal(summary.best_epoch, summary.epochs - 1);
    assert_true(file_has("early", "provenance.json", "\"stopped_early\": true"));
}

/* ---- the run directory ---- */

static void directory_rules(void **state) {
    (void)state;
    need_run_one();
    assert_refused(run_here(&(run_request){.out = "one", .set = small}, NULL), MOSAIC_ERR_USAGE,
                   "is not empty");
    /* what is not a run is never deleted */
    assert_int_equal(mos_make_dirs(in_folder("precious")), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(in_folder("precious/thesis.tex"), "x", 1), MOSAIC_OK);
    assert_refused(
        run_here(&(run_request){.out = "precious", .set = small, .overwrite = true}, NULL),
        MOSAIC_ERR_USAGE, "does not look like a run");
    assert_int_equal(mos_atomic_write(in_folder("precious/config.yaml"), "x", 1), MOSAIC_OK);
    assert_refused(
        run_here(&(run_request){.out = "precious", .set = small, .overwrite = true}, NULL),
        MOSAIC_ERR_USAGE, "'thesis.tex'");
    assert_true(mos_path_exists(in_folder("precious/thesis.tex")));
    assert_refused(
        run_here(&(run_request){.out = "precious", .set = small, .overwrite = true, .resume = true},
                 NULL),
        MOSAIC_ERR_USAGE, "contradict");
    /* a mistake in the configuration leaves an old run alone, and no new folder behind */
    const char *const wrong[] = {"method=supervised", "data.modalities.s3.bands=[X]", NULL};
    assert_refused(run_here(&(run_request){.out = "one", .set = wrong, .overwrite = true}, NULL),
                   MOSAIC_ERR_USAGE, "no modality 's3', only: s1, s2");
    assert_true(mos_path_exists(in_run("one", "model/model.safetensors")));
    assert_refused(run_here(&(run_request){.out = "never", .set = wrong}, NULL), MOSAIC_ERR_USAGE,
                   "s3");
    assert_false(mos_path_exists(in_folder("never")));
    const char *const band[] = {"method=supervised", "data.modalities.s2.bands=[B02,B99]", NULL};
    assert_refused(run_here(&(run_request){.out = "never", .set = band}, NULL), MOSAIC_ERR_DATA,
                   "'B99'");
    const char *const weight[] = {"method=supervised", "loss.pos_weight=[Pasture=2]", NULL};
    assert_refused(run_here(&(run_request){.out = "never", .set = weight}, NULL), MOSAIC_ERR_USAGE,
                   "did you mean 'Pastures'?");
    const char *const large[] = {"method=supervised", "train.batch=4000", NULL};
    assert_refused(run_here(&(run_request){.out = "large", .set = large}, NULL), MOSAIC_ERR_USAGE,
                   "4000");
}

static void start_from_a_model(void **state) {
    (void)state;
    const char *const set[] = {"method=supervised", "data.modalities.s2.bands=[B08,B02,B03]",
                               "train.lr=1e-12", NULL};
    need_run_one();
    /* another band order: joined by name */
    assert_runs(
        &(run_request){.out = "from", .set = set, .max_steps = 1, .init_from = in_folder("one")},
        NULL);
    assert_true(file_has("from", "provenance.json", "\"init_sha256\": \""));
    assert_refused(run_here(&(run_request){.out = "from2",
                                           .set = set,
                                           .max_steps = 1,
                                           .init_from = in_folder("one"),
                                           .init_pattern = "nothing"},
                            NULL),
                   MOSAIC_ERR_DATA, "no tensor was loaded");
}

/* ---- real patches ---- */

static void real_patches(void **state) {
    (void)state;
    const char *real = getenv("MOSAIC_REAL_DATA");
    if (real == NULL || real[0] == '\0') {
        print_message("skipped: MOSAIC_REAL_DATA is not set\n");
        skip();
    }
    char root[4096], metadata[4096];
    (void)snprintf(root, sizeof root, "data.root=%s/bigearthnet_v2_pairs", real);
    (void)snprintf(metadata, sizeof metadata, "data.metadata=%s/bigearthnet_v2/metadata.parquet",
                   real);
    const char *const pairs[] = {
        "data.format=bigearthnet-v2", root, metadata, "train.batch=3", "data.size=48", NULL};
    mos_train_summary summary;
    assert_runs(&(run_request){.out = "pairs", .set = pairs}, &summary);
    assert_int_equal(summary.steps, 2);
    assert_true(file_has("pairs", "provenance.json", "\"split_train\": 3,"));
    (void)snprintf(root, sizeof root, "data.root=%s/terramesh_patches/patches.csv", real);
    const char *const table[] = {
        "data.format=csv",           root, "data.size=48", "data.statistics=auto",
        "data.accept=guessed-bands", NULL};
    assert_runs(&(run_request){.out = "table", .set = table, .max_steps = 2}, &summary);
    assert_true(isfinite(last_value("table", "step", "loss")));
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_falls),
        cmocka_unit_test(no_heap_calls),
        cmocka_unit_test(runs_repeat),
        cmocka_unit_test(loader_threads_change_nothing),
        cmocka_unit_test(every_method_runs),
        cmocka_unit_test(variants_run),
        cmocka_unit_test(labelled_fractions),
        cmocka_unit_test(few_labels),
        cmocka_unit_test(rows_of_every_method),
        cmocka_unit_test(labels_of_steps),
        cmocka_unit_test(not_a_number_stops),
        cmocka_unit_test(collapse_is_seen),
        cmocka_unit_test(alignments_are_of_what_they_say),
        cmocka_unit_test(early_stop),
        cmocka_unit_test(directory_rules),
        cmocka_unit_test(start_from_a_model),
        cmocka_unit_test(real_patches),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, set_up, drop_data);
}
