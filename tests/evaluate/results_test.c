/* The files of an evaluation: read back, they say what was measured; the same for any number of
 * threads. */
#include "evaluate/results.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "evaluate/embedding_results.h"
#include "golden/golden_file.h"
#include "io/csv.h"
#include "io/npy.h"
#include "score/bootstrap.h"
#include "score/calibration.h"
#include "score/clusters.h"

enum { N = 60, L = 3, F = 8, Z = 4, ABSENT = 5 };

/* A data set in memory behind data/dataset.h: two modalities, and times up to 20 days apart. */
struct mos_dataset {
    bool timed;
};

static const mos_modality modalities[2] = {{.name = "s1"}, {.name = "s2"}};

int64_t mos_dataset_modalities(const mos_dataset *dataset, const mos_modality **out) {
    (void)dataset;
    *out = modalities;
    return 2;
}

mosaic_status mos_dataset_sample(const mos_dataset *dataset, int64_t index, mos_sample *out) {
    static char id[N][16];
    if (index < 0 || index >= N) return mos_fail(MOSAIC_ERR_RUNTIME, "no sample");
    (void)snprintf(id[index], sizeof id[index], "patch,%d", (int)index);
    *out = (mos_sample){.id = id[index], .present = index == ABSENT ? 1 : 3};
    out->time_s[0] = dataset->timed ? 1000000 : INT64_MIN;
    out->time_s[1] = dataset->timed ? 1000000 + index % 21 * 86400 : INT64_MIN;
    return MOSAIC_OK;
}

static const char class_names[L][128] = {"Arable land", "Moors, heathland", "Water \"bodies\""};
static mos_dataset dataset;
static int64_t samples[N];
static int8_t labels[N * L];
static float probability[N * L], feature[2][N * F], latent[2][N * Z];
static uint8_t present[2][N];
static double threshold[L] = {0.4, 0.5, 0.6};
static char folder[2][64];
static mos_model_card card;
static mos_inference inference;

static mos_result_set make_set(void) {
    uint64_t hash = formula_hash("results");
    for (int64_t i = 0; i < N; i++) {
        samples[i] = i;
        for (int64_t j = 0; j < L; j++) {
            labels[i * L + j] = formula_bits(hash, i * L + j) % 3 == 0;
            probability[i * L + j] = (float)(0.3 + 0.4 * (double)labels[i * L + j] +
                                             0.3 * formula_uniform(hash, 1000 + i * L + j));
        }
        for (int m = 0; m < 2; m++) {
            present[m][i] = m == 0 || i != ABSENT;
            for (int64_t k = 0; k < F; k++)
                feature[m][i * F + k] =
                    present[m][i] ? (float)(formula_uniform(hash, 2000 + (m * N + i) * F + k) +
                                            (double)labels[i * L] * (double)(k % 3))
                                  : 0;
            for (int64_t k = 0; k < Z; k++)
                latent[m][i * Z + k] = present[m][i] ? (k == (i + m) % Z) : 0;
        }
    }
    static const float *features[2] = {feature[0], feature[1]};
    return (mos_result_set){.dataset = &dataset,
                            .split = "test",
                            .scorer = "head",
                            .model = "model.safetensors",
                            .method = "mosaic-1",
                            .n = N,
                            .classes = L,
                            .class_names = class_names,
                            .samples = samples,
                            .labels = labels,
                            .probability = probability,
                            .tuned = true,
                            .threshold = threshold,
                            .global_threshold = 0.45,
                            .embedding = features,
                            .embedding_parts = 2,
                            .embedding_size = F,
                            .resamples = 60,
                            .threads = 1};
}

static mos_embedding_set make_embedding_set(void) {
    (void)make_set();
    card.spec.modalities = 2;
    (void)snprintf(card.spec.modality[0].name, sizeof card.spec.modality[0].name, "s1");
    (void)snprintf(card.spec.modality[1].name, sizeof card.spec.modality[1].name, "s2");
    memcpy(card.class_names, class_names, sizeof class_names);
    inference = (mos_inference){.n = N,
                                .classes = L,
                                .modalities = 2,
                                .features = F,
                                .latent = Z,
                                .samples = samples,
                                .labels = labels,
                                .feature = {feature[0], feature[1]},
                                .z = {latent[0], latent[1]},
                                .present = {present[0], present[1]}};
    return (mos_embedding_set){.dataset = &dataset,
                               .card = &card,
                               .inference = &inference,
                               .split = "test",
                               .embeddings = true,
                               .tsne = true,
                               .threads = 1};
}

static const char *path_in(int which, const char *name) {
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder[which], name);
    return path;
}

static char *read_text(int which, const char *name) {
    char *text;
    size_t size;
    assert_int_equal(mos_file_read(path_in(which, name), 1 << 24, &text, &size), MOSAIC_OK);
    return text;
}

static void assert_same_file(const char *name) {
    char *a = read_text(0, name), *b = read_text(1, name);
    assert_string_equal(a, b);
    mos_free(a);
    mos_free(b);
}

/* The document holds `"key": value` with just this value. */
static void assert_number(const char *text, const char *key, double value) {
    mos_text wanted = {0};
    mos_text_add(&wanted, "\"%s\": ", key);
    mos_text_add_number(&wanted, value);
    if (strstr(text, wanted.data) == NULL) fail_msg("no '%s'", wanted.data);
    mos_text_release(&wanted);
}

static double rankme_of_features(int m) {
    static float rows[N * F];
    mos_health health;
    memcpy(rows, feature[m], sizeof rows);
    assert_int_equal(mos_unit_rows(rows, N, F), N);
    assert_int_equal(mos_health_measure(rows, NULL, N, F, &health), MOSAIC_OK);
    return health.rankme;
}

static void metrics_say_how_sure(void **state) {
    (void)state;
    mos_result_set set = make_set();
    mos_result_summary summary;
    mos_bootstrap b;
    mos_calibration c;
    dataset.timed = true;
    assert_int_equal(mos_results_write(&set, folder[0], &summary), MOSAIC_OK);
    char *text = read_text(0, "metrics.json");
    const mos_score_input input = {probability, labels, threshold, N, L};
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    options.resamples = 60;
    assert_int_equal(mos_bootstrap_scores(&input, &options, &b), MOSAIC_OK);
    assert_number(text, "low", b.macro_f1.low);
    assert_number(text, "high", b.micro_ap.high);
    assert_number(text, "low", b.class_f1[1].low);
    assert_number(text, "resamples", 60);
    mos_calibration_measure(probability, labels, N * L, 1, &c);
    assert_number(text, "ece", c.ece);
    assert_number(text, "brier", c.brier);
    assert_non_null(strstr(text, "\"error_rank_correlation\""));
    assert_true(b.macro_f1.value == summary.tuned_macro_f1);
    mos_bootstrap_release(&b);
    mos_free(text);
    set.threads = 3;
    assert_int_equal(mos_results_write(&set, folder[1], &summary), MOSAIC_OK);
    assert_same_file("metrics.json");
    assert_same_file("confusability.csv");
    assert_same_file("lag.csv");
}

static double cell(const mos_csv *csv, size_t row, const char *column) {
    double value = NAN;
    int64_t at = mos_csv_column(csv, column);
    assert_true(at >= 0);
    const char *text = csv->cells[row * csv->columns + (size_t)at];
    if (text[0]) assert_true(mos_parse_double(text, &value));
    return value;
}

static void tables_read_back(void **state) {
    (void)state;
    mos_result_set set = make_set();
    mos_result_summary summary;
    mos_csv csv;
    dataset.timed = true;
    assert_int_equal(mos_results_write(&set, folder[0], &summary), MOSAIC_OK);
    assert_int_equal(mos_csv_read(path_in(0, "confusability.csv"), ',', &csv), MOSAIC_OK);
    assert_int_equal(csv.rows, L * (L - 1));
    for (size_t r = 0; r < csv.rows; r++) {
        assert_true(cell(&csv, r, "rank") == (double)(r + 1));
        assert_true(r == 0 || cell(&csv, r, "excess") <= cell(&csv, r - 1, "excess"));
        assert_true(isfinite(cell(&csv, r, "prototype_cosine")));
        int64_t example = mos_csv_column(&csv, "example_1");
        const char *id = csv.cells[r * csv.columns + (size_t)example];
        assert_int_equal(strncmp(id, "patch,", 6) == 0, cell(&csv, r, "confused") > 0);
    }
    mos_csv_release(&csv);
    assert_int_equal(mos_csv_read(path_in(0, "curves.csv"), ',', &csv), MOSAIC_OK);
    assert_true(csv.rows > 4 * 20);
    assert_string_equal(csv.cells[0], "(micro)");
    mos_csv_release(&csv);
    assert_int_equal(mos_csv_read(path_in(0, "calibration.csv"), ',', &csv), MOSAIC_OK);
    assert_int_equal(csv.rows, (L + 1) * MOS_CALIBRATION_BINS);
    double all = 0, of_classes = 0;
    for (size_t r = 0; r < csv.rows; r++) {
        double count = cell(&csv, r, "count");
        bool micro = strcmp(csv.cells[r * csv.columns], "(micro)") == 0;
        *(micro ? &all : &of_classes) += count;
        assert_true(count == 0 || cell(&csv, r, "frequency") <= 1);
    }
    assert_true(all > 0 && all == of_classes); /* every known label is in one bin of its class */
    mos_csv_release(&csv);
    assert_int_equal(mos_csv_read(path_in(0, "lag.csv"), ',', &csv), MOSAIC_OK);
    assert_int_equal(csv.rows, 7);
    double rows = 0;
    for (size_t r = 0; r < csv.rows; r++) {
        rows += cell(&csv, r, "rows");
        assert_true(cell(&csv, r, "macro_f1_low") <= cell(&csv, r, "macro_f1_high"));
    }
    assert_true(rows == N - 1); /* one patch has no partner */
    mos_csv_release(&csv);
}

static void without_times_there_is_no_lag(void **state) {
    (void)state;
    mos_result_set set = make_set();
    mos_result_summary summary;
    dataset.timed = false;
    set.embedding_parts = 0;
    set.tuned = false;
    assert_int_equal(mos_remove_tree(folder[0]), MOSAIC_OK);
    assert_int_equal(mos_results_write(&set, folder[0], &summary), MOSAIC_OK);
    assert_false(mos_path_exists(path_in(0, "lag.csv")));
    assert_true(mos_path_exists(path_in(0, "confusability.csv")));
    char *text = read_text(0, "metrics.json");
    assert_null(strstr(text, "error_rank_correlation"));
    assert_non_null(strstr(text, "\"class_thresholds\": \"0.5\""));
    mos_free(text);
}

static int count_of(const char *text, const char *part) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void embeddings_read_back(void **state) {
    (void)state;
    mos_embedding_set set = make_embedding_set();
    mos_dtype dtype;
    int rank;
    int64_t shape[MOS_TENSOR_MAX_RANK];
    void *data;
    mos_csv csv;
    assert_int_equal(mos_embedding_results_write(folder[0], &set), MOSAIC_OK);
    assert_int_equal(mos_npy_read(path_in(0, "embeddings.npy"), &dtype, &rank, shape, &data),
                     MOSAIC_OK);
    assert_true(dtype == MOS_F32 && rank == 2 && shape[0] == N && shape[1] == 2 * F);
    for (int64_t i = 0; i < N; i++)
        for (int64_t k = 0; k < 2 * F; k++)
            assert_true(((float *)data)[i * 2 * F + k] == feature[k / F][i * F + k % F]);
    mos_free(data);
    char *text = read_text(0, "clusters.json");
    assert_int_equal(count_of(text, "\"space\": \"joint\""), 2);
    /* three spaces and one pair of modalities each */
    assert_int_equal(count_of(text, "\"kind\": \"latent\""), 4);
    assert_int_equal(count_of(text, "\"kind\": \"feature\""), 4);
    assert_number(text, "rows", N);
    assert_number(text, "rows", N - 1);
    assert_number(text, "alignment", 2); /* the modalities' latents are at right angles */
    assert_number(text, "rankme", rankme_of_features(0));
    mos_free(text);
    text = read_text(0, "tsne.json");
    assert_number(text, "rankme", rankme_of_features(0)); /* one definition, the same rows */
    assert_int_equal(count_of(text, "\"trustworthiness\": 0."), 4);
    assert_int_equal(count_of(text, "\"collapsed\": false"), 4);
    assert_int_equal(count_of(text, "\"degenerate\": true"), 1); /* four places for 118 latents */
    mos_free(text);
    assert_int_equal(mos_csv_read(path_in(0, "tsne.csv"), ',', &csv), MOSAIC_OK);
    assert_int_equal(csv.rows, N + (N - 1) + (N - 1) + 2 * (N - 1));
    size_t last = csv.rows - 1;
    assert_string_equal(csv.cells[last * csv.columns], "shared");
    assert_string_equal(csv.cells[last * csv.columns + 1], "s2");
    assert_string_equal(csv.cells[last * csv.columns + 2], "patch,59");
    for (size_t r = 0; r < csv.rows; r++)
        assert_true(isfinite(cell(&csv, r, "x")) && isfinite(cell(&csv, r, "y")));
    mos_csv_release(&csv);
    set.tsne = false;
    set.threads = 2;
    assert_int_equal(mos_embedding_results_write(folder[1], &set), MOSAIC_OK);
    assert_same_file("clusters.json");
    assert_false(mos_path_exists(path_in(1, "tsne.csv")));
}

/* A model without trained projectors, and too few patches for a map. */
static void few_rows_without_latents(void **state) {
    (void)state;
    mos_embedding_set set = make_embedding_set();
    inference.n = 8;
    inference.z[0] = inference.z[1] = NULL;
    assert_int_equal(mos_embedding_results_write(folder[0], &set), MOSAIC_OK);
    char *text = read_text(0, "clusters.json");
    assert_int_equal(count_of(text, "\"kind\": \"latent\""), 0);
    mos_free(text);
    text = read_text(0, "tsne.json");
    assert_null(strstr(text, "kl_divergence"));
    mos_free(text);
}

static void allocation_failures_surface(void **state) {
    (void)state;
    mos_result_set set = make_set();
    mos_embedding_set embedding = make_embedding_set();
    mos_result_summary summary;
    dataset.timed = true;
    set.resamples = 2;
    embedding.tsne = false;
    for (int which = 0; which < 2; which++)
        for (uint64_t k = 1;; k++) {
            mos_alloc_fail_at(k);
            mosaic_status status = which ? mos_embedding_results_write(folder[0], &embedding)
                                         : mos_results_write(&set, folder[0], &summary);
            mos_alloc_fail_at(0);
            if (status == MOSAIC_OK) {
                assert_true(k > 40);
                break;
            }
            assert_int_equal(status, MOSAIC_ERR_MEMORY);
        }
}

static int make_folders(void **state) {
    (void)state;
    mos_log_set_level(MOS_LOG_ERROR);
    for (int k = 0; k < 2; k++) {
        (void)snprintf(folder[k], sizeof folder[k], "/tmp/mosaic_results_XXXXXX");
        if (mkdtemp(folder[k]) == NULL) return 1;
    }
    return 0;
}

static int drop_folders(void **state) {
    (void)state;
    return mos_remove_tree(folder[0]) != MOSAIC_OK || mos_remove_tree(folder[1]) != MOSAIC_OK;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_say_how_sure),
        cmocka_unit_test(tables_read_back),
        cmocka_unit_test(without_times_there_is_no_lag),
        cmocka_unit_test(embeddings_read_back),
        cmocka_unit_test(few_rows_without_latents),
        cmocka_unit_test(allocation_failures_surface),
    };
    return cmocka_run_group_tests(tests, make_folders, drop_folders);
}
