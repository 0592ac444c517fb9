/* What data.policy and data.constant_bands did to a run: nothing is left out, filled or masked
 * without being counted. */
#include "train/train_state.h"

static mos_repairs of_training(const mos_train_position *at) {
    const double *sums = at->run;
    return (mos_repairs){.not_finite_pixels = (int64_t)sums[MOS_SUM_NOT_FINITE],
                         .nodata_pixels =
                             (int64_t)(sums[MOS_SUM_INVALID] - sums[MOS_SUM_NOT_FINITE]),
                         .absent_modalities = (int64_t)sums[MOS_SUM_ABSENT],
                         .skipped = (int64_t)sums[MOS_SUM_SKIPPED],
                         .unreadable = (int64_t)sums[MOS_SUM_UNREADABLE],
                         .constant_bands = (int64_t)sums[MOS_SUM_CONSTANT],
                         .constant_skipped = (int64_t)sums[MOS_SUM_CONSTANT_SKIPPED]};
}

static void add_counts(const char *name, const mos_repairs *counts, mos_text *out) {
    mos_text_add(out,
                 ",\n      \"%s\": {\"not_finite_pixels\": %lld, \"nodata_pixels\": %lld, "
                 "\"absent_modalities\": %lld, \"skipped\": %lld, \"unreadable\": %lld, "
                 "\"constant_bands\": %lld, \"constant_skipped\": %lld}",
                 name, (long long)counts->not_finite_pixels, (long long)counts->nodata_pixels,
                 (long long)counts->absent_modalities, (long long)counts->skipped,
                 (long long)counts->unreadable, (long long)counts->constant_bands,
                 (long long)counts->constant_skipped);
}

void mos_train_add_repairs(const mos_train_data *data, const mos_train_position *at,
                           mos_text *out) {
    mos_repairs training = of_training(at);
    mos_text_add(out, ",\n    \"policy\": {\n      \"name\": \"%s\"",
                 mos_policy_names[mos_dataset_policy(data->set)]);
    mos_text_add(out, ",\n      \"constant_bands\": \"%s\"",
                 mos_constant_names[mos_dataset_constant_bands(data->set)]);
    add_counts("training", &training, out);
    add_counts("validation", &data->validation_repairs, out);
    mos_text_add(out, ",\n      \"offsets_removed\": %lld\n    }",
                 (long long)mos_dataset_offsets_removed(data->set));
}

/* A band of one value that is kept is a notice, not a warning: over water it is usual. */
static void log_constant(const mos_dataset *set, const char *name, const mos_repairs *counts) {
    int choice = mos_dataset_constant_bands(set);
    if (counts->constant_bands + counts->constant_skipped == 0) return;
    mos_log(choice == MOS_LOADER_CONSTANT_KEEP ? MOS_LOG_NOTICE : MOS_LOG_WARNING,
            "data.constant_bands %s, in %s: %lld bands of one value, %lld patches skipped for one",
            mos_constant_names[choice], name, (long long)counts->constant_bands,
            (long long)counts->constant_skipped);
}

static void log_counts(const mos_dataset *set, const char *name, const mos_repairs *counts) {
    log_constant(set, name, counts);
    int64_t skipped = counts->skipped - counts->constant_skipped;
    if (counts->not_finite_pixels + counts->nodata_pixels + counts->absent_modalities + skipped ==
        0)
        return;
    mos_log(MOS_LOG_WARNING,
            "data.policy %s, in %s: %lld pixels NaN or infinite, %lld no-data pixels, %lld absent "
            "modalities, %lld patches skipped (%lld of them unreadable)",
            mos_policy_names[mos_dataset_policy(set)], name, (long long)counts->not_finite_pixels,
            (long long)counts->nodata_pixels, (long long)counts->absent_modalities,
            (long long)skipped, (long long)counts->unreadable);
}

void mos_train_log_repairs(const mos_train_data *data, const mos_train_position *at) {
    mos_repairs training = of_training(at);
    log_counts(data->set, "all training steps", &training);
    log_counts(data->set, "one validation", &data->validation_repairs);
}
