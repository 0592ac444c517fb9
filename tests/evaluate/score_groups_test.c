/* Scores of groups of samples: which rows a group has, and that its scores are theirs alone. */
#include "evaluate/score_groups.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "golden/golden_file.h"
#include "io/csv.h"
#include "score/metrics.h"

enum { N = 60, L = 3 };

/* A data set in memory behind data/dataset.h. */
struct mos_dataset {
    bool placed, timed;
};

int64_t mos_dataset_modalities(const mos_dataset *dataset, const mos_modality **out) {
    static const mos_modality modalities[2] = {{.name = "s1"}, {.name = "s2"}};
    (void)dataset;
    *out = modalities;
    return 2;
}

mosaic_status mos_dataset_sample(const mos_dataset *dataset, int64_t index, mos_sample *out) {
    static const char *const countries[3] = {"Serbia", "", "Austria"};
    static char id[N][16];
    (void)snprintf(id[index], sizeof id[index], "p%02d", (int)index);
    *out = (mos_sample){
        .id = id[index], .country = dataset->placed ? countries[index % 3] : "", .present = 3};
    for (int m = 0; m < 2; m++)
        out->time_s[m] = INT64_MIN;
    /* 1970: January for even ones, July for odd ones */
    if (dataset->timed) out->time_s[1] = index % 2 * 182 * 86400;
    return MOSAIC_OK;
}

static float probability[N * L];
static int8_t labels[N * L];
static double threshold[L] = {0.5, 0.4, 0.6};
static int64_t samples[N];
static char folder[64];

static mos_score_input make_input(void) {
    uint64_t hash = formula_hash("groups");
    for (int64_t i = 0; i < N * L; i++) {
        samples[i / L] = i / L;
        labels[i] = formula_bits(hash, i) % 3 == 0;
        probability[i] =
            (float)(0.25 + 0.3 * (double)labels[i] + 0.4 * formula_uniform(hash, 1000 + i));
    }
    return (mos_score_input){probability, labels, threshold, N, L};
}

static const char *table_of(const char *text) {
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/table.csv", folder);
    assert_int_equal(mos_atomic_write(path, text, strlen(text)), MOSAIC_OK);
    return path;
}

static mosaic_status measure(const mos_dataset *dataset, const char *table, mos_score_groups *out) {
    mos_score_input input = make_input();
    mos_bootstrap_options options = mos_bootstrap_defaults(1);
    options.resamples = 40;
    return mos_score_groups_measure(&input, dataset, samples, table, &options, out);
}

static const mos_score_group *find(const mos_score_groups *groups, const char *column,
                                   const char *value) {
    for (int64_t k = 0; k < groups->count; k++)
        if (strcmp(groups->group[k].column, column) == 0 &&
            strcmp(groups->group[k].value, value) == 0)
            return &groups->group[k];
    fail_msg("no group %s = %s", column, value);
    return NULL;
}

/* The group's scores are those of rows `first`, `first + step` ... */
static void assert_rows(const mos_score_group *group, int64_t first, int64_t step) {
    float own[N * L];
    int8_t own_labels[N * L];
    int64_t n = 0;
    mos_metrics metrics;
    for (int64_t i = first; i < N; i += step, n++) {
        memcpy(own + n * L, probability + i * L, L * sizeof *own);
        memcpy(own_labels + n * L, labels + i * L, L);
    }
    assert_int_equal(group->rows, n);
    assert_int_equal(mos_metrics_compute(own, own_labels, n, L, threshold, &metrics), MOSAIC_OK);
    assert_true(fabs(group->scores.micro_f1.value - metrics.micro.f1) < 1e-12);
    assert_true(fabs(group->scores.macro_ap.value - metrics.macro.average_precision) < 1e-12);
    assert_true(group->scores.micro_f1.low <= metrics.micro.f1 &&
                group->scores.micro_f1.high >= metrics.micro.f1);
    mos_metrics_release(&metrics);
}

static void countries_and_seasons_are_groups(void **state) {
    (void)state;
    const mos_dataset dataset = {.placed = true, .timed = true};
    mos_score_groups groups;
    assert_int_equal(measure(&dataset, NULL, &groups), MOSAIC_OK);
    assert_int_equal(groups.count, 5);
    assert_string_equal(groups.group[0].value, "Austria"); /* in order, "unknown" last */
    assert_string_equal(groups.group[2].value, "unknown");
    assert_rows(find(&groups, "country", "Serbia"), 0, 3);
    assert_rows(find(&groups, "country", "unknown"), 1, 3);
    assert_rows(find(&groups, "country", "Austria"), 2, 3);
    assert_rows(find(&groups, "season", "winter"), 0, 2);
    assert_rows(find(&groups, "season", "summer"), 1, 2);
    mos_score_groups_release(&groups);
    /* All alike: nothing to tell. */
    assert_int_equal(measure(&(mos_dataset){0}, NULL, &groups), MOSAIC_OK);
    assert_int_equal(groups.count, 0);
    assert_int_equal(mos_score_groups_write(&groups, folder), MOSAIC_OK);
    mos_score_groups_release(&groups);
}

static void a_table_is_scored_by_its_columns(void **state) {
    (void)state;
    mos_text table = {0};
    mos_score_groups groups;
    mos_csv csv;
    char path[128];
    /* Even samples are clear, the k-th odd one is k % covered; nothing is known of the last two. */
    mos_text_add(&table, "patch_id,cover,sensor\n\"not, here\",7,A\n");
    for (int i = 0; i < N - 2; i++)
        mos_text_add(&table, "p%02d,%d,%s\n", i, i % 2 == 0 ? 0 : i / 2 + 1,
                     i % 4 == 3 ? "B" : "A");
    assert_int_equal(measure(&(mos_dataset){0}, table_of(table.data), &groups), MOSAIC_OK);
    mos_text_release(&table);
    assert_int_equal(groups.unknown_ids, 1);
    /* 29 clear ones are a bin of their own, the 29 others two bins, as ten samples make one. */
    static const struct {
        const char *column, *value;
        int64_t rows;
    } wanted[] = {{"cover", "0", 29},      {"cover", "1 to 14", 14}, {"cover", "15 to 29", 15},
                  {"cover", "unknown", 2}, {"sensor", "A", 44},      {"sensor", "B", 14},
                  {"sensor", "unknown", 2}};
    assert_int_equal(groups.count, sizeof wanted / sizeof *wanted);
    for (int64_t k = 0; k < groups.count; k++) {
        assert_string_equal(groups.group[k].column, wanted[k].column);
        assert_string_equal(groups.group[k].value, wanted[k].value);
        assert_int_equal(groups.group[k].rows, wanted[k].rows);
        assert_true(groups.group[k].classes >= 1 && groups.group[k].classes <= L);
    }
    assert_int_equal(mos_score_groups_write(&groups, folder), MOSAIC_OK);
    (void)snprintf(path, sizeof path, "%s/groups.csv", folder);
    assert_int_equal(mos_csv_read(path, ',', &csv), MOSAIC_OK);
    assert_int_equal(csv.rows, groups.count);
    assert_int_equal(mos_csv_column(&csv, "micro_f1_high"), 9);
    assert_string_equal(csv.cells[csv.columns + 1], "1 to 14");
    mos_csv_release(&csv);
    mos_score_groups_release(&groups);
    /* Few numbers are groups each. */
    assert_int_equal(measure(&(mos_dataset){0}, table_of("id,n\np00,2\np01,10\np02,2\n"), &groups),
                     MOSAIC_OK);
    assert_int_equal(groups.count, 3);
    assert_string_equal(groups.group[1].value, "10");
    assert_int_equal(groups.group[0].rows, 2);
    mos_score_groups_release(&groups);
}

static void tables_that_do_not_fit_are_named(void **state) {
    (void)state;
    mos_score_groups groups;
    const mos_dataset dataset = {0};
#define REFUSED(text, words)                                                                       \
    assert_int_equal(measure(&dataset, table_of(text), &groups), MOSAIC_ERR_DATA);                 \
    if (strstr(mosaic_error(), words) == NULL) fail_msg("%s", mosaic_error());
    REFUSED("name,cover\np00,1\n", "wanted a column 'id' or 'patch_id'");
    REFUSED("id\np00\n", "others to score by");
    REFUSED("id,cover\np00,1\np01,2\np00,3\n", ":4: id 'p00' is there twice");
    REFUSED("id,cover\nq00,1\n", "none of its 1 ids is a sample that was scored; the first is");
#undef REFUSED
    assert_int_equal(measure(&dataset, "/nowhere/table.csv", &groups), MOSAIC_ERR_IO);
}

static void every_failed_allocation_is_survived(void **state) {
    (void)state;
    const mos_dataset dataset = {.placed = true};
    const char *table = table_of("id,n\np00,2\np01,10\n");
    for (uint64_t n = 1;; n++) {
        mos_score_groups groups;
        assert_true(n < 2000);
        mos_alloc_fail_at(n);
        mosaic_status status = measure(&dataset, table, &groups);
        mos_alloc_fail_at(0);
        if (status == MOSAIC_OK) {
            mos_score_groups_release(&groups);
            return;
        }
        assert_int_equal(status, MOSAIC_ERR_MEMORY);
    }
}

static int make_folder(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/mosaic-groups-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    return mos_remove_tree(folder) != MOSAIC_OK;
}

int main(void) {
    mos_log_set_level(MOS_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(countries_and_seasons_are_groups),
        cmocka_unit_test(a_table_is_scored_by_its_columns),
        cmocka_unit_test(tables_that_do_not_fit_are_named),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
