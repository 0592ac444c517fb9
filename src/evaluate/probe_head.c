#include "evaluate/probe_head.h"

#include "base/memory.h"

static int64_t count_used(const mos_model_spec *spec, const bool *used) {
    int64_t count = 0;
    for (int64_t m = 0; m < spec->modalities; m++)
        count += !used || used[m];
    return count;
}

/* weight w / sd, bias b - sum w mean / sd */
mosaic_status mos_probe_head_put(mos_model *model, const mos_linear_probe *probe, const bool *used,
                                 const int64_t *row) {
    const mos_parameter *weight = mos_model_find(model, "head.weight");
    const mos_parameter *bias = mos_model_find(model, "head.bias");
    const mos_model_spec *spec = mos_model_get_spec(model);
    int64_t size = mos_model_feature_size(model), wide = spec->modalities * size;
    int64_t f = probe->features;
    float *values = NULL, biases[MOS_MAX_CLASSES];
    if (weight == NULL || bias == NULL || spec->fusion != MOS_FUSION_CONCAT ||
        weight->count != wide * spec->classes || f != count_used(spec, used) * size ||
        (row == NULL && probe->classes != spec->classes))
        return mos_fail(MOSAIC_ERR_RUNTIME, "the model's head does not fit the linear probe");
    MOS_TRY(mos_alloc((size_t)weight->count, sizeof *values, "the head", &values));
    for (int64_t j = 0; j < spec->classes; j++) {
        int64_t from = row ? row[j] : j, at = 0;
        double shift = probe->bias[from];
        for (int64_t m = 0; m < spec->modalities; m++) {
            if (used && !used[m]) continue;
            for (int64_t k = 0; k < size; k++, at++) {
                double scaled = probe->weight[from * f + at] / probe->sd[at];
                values[j * wide + m * size + k] = (float)scaled;
                shift -= scaled * probe->mean[at];
            }
        }
        biases[j] = (float)shift;
    }
    mos_model_put(model, weight, values);
    mos_model_put(model, bias, biases);
    mos_model_refresh(model);
    mos_free(values);
    return MOSAIC_OK;
}
