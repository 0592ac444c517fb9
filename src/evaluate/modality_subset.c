#include "evaluate/modality_subset.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Rows at..at+count of the results: features and presence of one modality into the planned batch.
 */
static void put_rows(mos_model *model, const mos_inference *from, int64_t m, const int64_t *source,
                     int64_t at, int64_t count, float *rows, uint8_t *present) {
    mos_device *device = mos_model_device(model);
    size_t bytes = (size_t)from->features * sizeof *rows;
    for (int64_t i = 0; i < MOS_INFERENCE_BATCH; i++) {
        int64_t row = i < count ? source[at + i] : -1;
        present[i] = row >= 0 && from->present[m][row];
        if (present[i])
            memcpy(rows + i * from->features, from->feature[m] + row * from->features, bytes);
        else
            memset(rows + i * from->features, 0, bytes);
    }
    device->ops->put_f32(device, mos_model_features(model, m), rows,
                         MOS_INFERENCE_BATCH * from->features);
}

mosaic_status mos_inference_rescore(mos_model *model, const mos_inference *from, int64_t n,
                                    const int64_t *const *source, float *logits,
                                    float *probability) {
    mos_device *device = mos_model_device(model);
    const int64_t view[MOS_MAX_MODALITIES] = {0};
    uint8_t mask[MOS_MAX_MODALITIES][MOS_INFERENCE_BATCH];
    const uint8_t *present[MOS_MAX_MODALITIES] = {NULL};
    int64_t l = from->classes;
    float *rows = NULL;
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)(MOS_INFERENCE_BATCH * from->features), sizeof *rows,
                       "features of a batch", &rows));
    for (int64_t at = 0; at < n; at += MOS_INFERENCE_BATCH) {
        int64_t count = n - at < MOS_INFERENCE_BATCH ? n - at : MOS_INFERENCE_BATCH;
        for (int64_t m = 0; m < from->modalities; m++) {
            put_rows(model, from, m, source[m], at, count, rows, mask[m]);
            present[m] = memchr(mask[m], 0, (size_t)count) != NULL ? mask[m] : NULL;
        }
        mos_model_head_forward(model, view, present);
        MOS_GOTO(mos_get_f32(device, mos_model_logits(model), probability + at * l, count * l));
    }
    for (int64_t i = 0; i < n * l; i++) {
        if (!isfinite(probability[i]))
            MOS_GOTO(mos_fail(MOSAIC_ERR_NUMERIC, "the model's logit for row %lld is not finite",
                              (long long)(i / l)));
        if (logits != NULL) logits[i] = probability[i];
        probability[i] = (float)(1 / (1 + exp(-(double)probability[i])));
    }
done:
    mos_free(rows);
    return status;
}

static mosaic_status fail_name(const mos_model_card *card, const char *name, size_t length) {
    mos_text names = {0};
    for (int64_t m = 0; m < card->spec.modalities; m++)
        mos_text_add(&names, "%s%s", m == 0 ? "" : ", ", card->spec.modality[m].name);
    mosaic_status status =
        mos_fail(MOSAIC_ERR_USAGE, "--modalities: the model has no '%.*s', only: %s",
                 (int)(length < 60 ? length : 60), name, names.data == NULL ? "" : names.data);
    mos_text_release(&names);
    return status;
}

mosaic_status mos_modality_subset_parse(const mos_model_card *card, const mos_text_list *names,
                                        uint32_t *out) {
    *out = 0;
    for (size_t i = 0; i < names->count; i++) {
        for (const char *at = names->items[i]; *at != '\0';) {
            size_t length = strcspn(at, ",+");
            int64_t m = card->spec.modalities;
            while (--m >= 0 && (strlen(card->spec.modality[m].name) != length ||
                                memcmp(card->spec.modality[m].name, at, length) != 0))
                ;
            if (m < 0) return fail_name(card, at, length);
            *out |= 1u << m;
            at += length + (at[length] != '\0');
        }
    }
    return MOSAIC_OK;
}

void mos_modality_subset_name(const mos_model_card *card, uint32_t subset, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (int64_t m = 0; m < card->spec.modalities && used < size; m++) {
        if (!(subset >> m & 1)) continue;
        int written = snprintf(out + used, size - used, "%s%s", used == 0 ? "" : "+",
                               card->spec.modality[m].name);
        used += written > 0 ? (size_t)written : 0;
    }
}

bool mos_inference_has(const mos_inference *inference, uint32_t subset, int64_t row) {
    for (int64_t m = 0; m < inference->modalities; m++)
        if (subset >> m & 1 && !inference->present[m][row]) return false;
    return true;
}

static void move_row(mos_inference *r, int64_t from, int64_t to) {
    if (from == to) return;
    size_t l = (size_t)r->classes, f = (size_t)r->features, d = (size_t)r->latent;
    r->samples[to] = r->samples[from];
    memcpy(r->labels + (size_t)to * l, r->labels + (size_t)from * l, l);
    memcpy(r->logits + (size_t)to * l, r->logits + (size_t)from * l, l * sizeof(float));
    for (int64_t m = 0; m < r->modalities; m++) {
        r->present[m][to] = r->present[m][from];
        memcpy(r->feature[m] + (size_t)to * f, r->feature[m] + (size_t)from * f, f * sizeof(float));
        if (r->z[m] != NULL)
            memcpy(r->z[m] + (size_t)to * d, r->z[m] + (size_t)from * d, d * sizeof(float));
    }
}

static void hide_modality(mos_inference *r, int64_t m) {
    size_t n = (size_t)r->n;
    memset(r->present[m], 0, n);
    memset(r->feature[m], 0, n * (size_t)r->features * sizeof(float));
    if (r->z[m] != NULL) memset(r->z[m], 0, n * (size_t)r->latent * sizeof(float));
}

mosaic_status mos_inference_restrict(mos_model *model, uint32_t subset, mos_inference *inference,
                                     int64_t *lacking) {
    int64_t *own = NULL, kept = 0;
    const int64_t *source[MOS_MAX_MODALITIES];
    mosaic_status status;
    *lacking = 0;
    for (int64_t i = 0; i < inference->n; i++)
        if (mos_inference_has(inference, subset, i)) move_row(inference, i, kept++);
    *lacking = inference->n - kept;
    inference->n = kept;
    if (kept == 0)
        return mos_fail(MOSAIC_ERR_DATA, "none of %lld samples has all modalities of --modalities",
                        (long long)*lacking);
    MOS_GOTO(mos_alloc((size_t)kept, sizeof *own, "rows", &own));
    for (int64_t i = 0; i < kept; i++)
        own[i] = i;
    for (int64_t m = 0; m < inference->modalities; m++) {
        source[m] = own;
        if (!(subset >> m & 1)) hide_modality(inference, m);
    }
    status = mos_inference_rescore(model, inference, kept, source, inference->logits,
                                   inference->probability);
done:
    mos_free(own);
    return status;
}
