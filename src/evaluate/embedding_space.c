#include "evaluate/embedding_space.h"

#include "base/memory.h"
#include "score/clusters.h"

#include <string.h>

static bool is_present(const mos_inference *inference, int64_t modality, int64_t row) {
    if (modality >= 0) return inference->present[modality][row] != 0;
    for (int64_t m = 0; m < inference->modalities; m++)
        if (!inference->present[m][row]) return false;
    return true;
}

static mosaic_status allocate(mos_embedding_space *out, int64_t classes) {
    size_t n = (size_t)out->n;
    MOS_TRY(mos_alloc(n * (size_t)out->d, sizeof *out->x, "embedding rows", &out->x));
    MOS_TRY(mos_alloc(n, sizeof *out->row, "embedding rows", &out->row));
    MOS_TRY(mos_alloc(n, sizeof *out->part, "embedding rows", &out->part));
    return mos_alloc(n * (size_t)classes, 1, "embedding labels", &out->labels);
}

static void fill_point(const mos_inference *inference, int64_t modality, bool latent, int64_t row,
                       int64_t at, mos_embedding_space *out) {
    int64_t d = latent ? inference->latent : inference->features, l = inference->classes;
    float *const *source = latent ? inference->z : inference->feature;
    float *to = out->x + at * out->d;
    out->row[at] = row;
    out->part[at] = (int8_t)modality;
    memcpy(out->labels + at * l, inference->labels + row * l, (size_t)l);
    if (modality >= 0) {
        memcpy(to, source[modality] + row * d, (size_t)d * sizeof *to);
        return;
    }
    for (int64_t m = 0; m < inference->modalities; m++)
        memcpy(to + m * d, source[m] + row * d, (size_t)d * sizeof *to);
    (void)mos_unit_rows(to, inference->modalities, d); /* each modality has the same weight */
}

mosaic_status mos_embedding_space_make(const mos_inference *inference, int64_t modality,
                                       bool latent, int64_t most, mos_embedding_space *out) {
    bool shared = modality == MOS_SPACE_SHARED;
    int64_t d = latent ? inference->latent : inference->features, seen = 0, at = 0;
    int64_t copies = shared ? inference->modalities : 1;
    mosaic_status status = MOSAIC_OK;
    *out = (mos_embedding_space){.d = modality == MOS_SPACE_JOINT ? d * inference->modalities : d};
    for (int64_t i = 0; i < inference->n; i++)
        out->present += is_present(inference, modality, i);
    int64_t rows = out->present < most / copies ? out->present : most / copies;
    out->n = rows * copies;
    MOS_GOTO(allocate(out, inference->classes));
    for (int64_t i = 0; i < inference->n && rows > 0; i++) {
        if (!is_present(inference, modality, i)) continue;
        /* the k-th of `rows` is the first whose number reaches k present / rows */
        if (seen++ * rows / out->present < at / copies) continue;
        for (int64_t m = 0; m < copies; m++)
            fill_point(inference, shared ? m : modality, latent, i, at++, out);
        if (at == out->n) break;
    }
    if (shared) (void)mos_unit_rows(out->x, out->n, out->d);
done:
    if (status != MOSAIC_OK) mos_embedding_space_release(out);
    return status;
}

void mos_embedding_space_release(mos_embedding_space *space) {
    mos_free(space->x);
    mos_free(space->row);
    mos_free(space->part);
    mos_free(space->labels);
    *space = (mos_embedding_space){0};
}
