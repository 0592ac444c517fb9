#include "score/knn_probe.h"

#include "base/memory.h"
#include "score/clusters.h"
#include "score/neighbours.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static bool is_zero(const float *row, int64_t d) {
    for (int64_t k = 0; k < d; k++)
        if (row[k] != 0) return false;
    return true;
}

static void measure_prior(const int8_t *labels, int64_t n, int64_t l, double *prior) {
    for (int64_t j = 0; j < l; j++) {
        int64_t positives = 0, known = 0;
        for (int64_t i = 0; i < n; i++) {
            positives += labels[i * l + j] == 1;
            known += labels[i * l + j] >= 0;
        }
        prior[j] = known ? (double)positives / (double)known : 0;
    }
}

mosaic_status mos_knn_probe_fit(const float *features, const int8_t *labels, int64_t n, int64_t f,
                                int64_t l, mos_knn_probe *out) {
    mosaic_status status = MOSAIC_OK;
    *out = (mos_knn_probe){.features = f, .classes = l};
    MOS_GOTO(mos_alloc((size_t)(n * f), sizeof *out->unit, "labelled features", &out->unit));
    MOS_GOTO(mos_alloc((size_t)(n * l), 1, "labels of neighbours", &out->labels));
    MOS_GOTO(mos_alloc((size_t)l, sizeof *out->prior, "shares of classes", &out->prior));
    for (int64_t i = 0; i < n; i++) {
        if (is_zero(features + i * f, f)) continue;
        memcpy(out->unit + out->n * f, features + i * f, (size_t)f * sizeof *features);
        memcpy(out->labels + out->n++ * l, labels + i * l, (size_t)l);
    }
    measure_prior(labels, n, l, out->prior);
    if (out->n == 0) {
        status = mos_fail(MOSAIC_ERR_DATA, "a k-NN probe needs labelled rows, got none");
        goto done;
    }
    mos_unit_rows(out->unit, out->n, f);
done:
    if (status != MOSAIC_OK) mos_knn_probe_release(out);
    return status;
}

void mos_knn_probe_release(mos_knn_probe *probe) {
    mos_free(probe->unit);
    mos_free(probe->labels);
    mos_free(probe->prior);
    *probe = (mos_knn_probe){0};
}

mosaic_status mos_knn_probe_search(const mos_knn_probe *probe, const float *features, int64_t m,
                                   int64_t k, int threads, mos_knn_found *out) {
    float *unit = NULL;
    mosaic_status status = MOSAIC_OK;
    size_t bytes = (size_t)(m * probe->features) * sizeof *unit;
    *out = (mos_knn_found){.m = m, .k = k < probe->n ? k : probe->n};
    MOS_GOTO(mos_alloc((size_t)(m * probe->features), sizeof *unit, "features", &unit));
    MOS_GOTO(mos_alloc((size_t)(m * out->k), sizeof *out->index, "neighbours", &out->index));
    MOS_GOTO(mos_alloc((size_t)(m * out->k), sizeof *out->cosine, "cosines", &out->cosine));
    memcpy(unit, features, bytes);
    mos_unit_rows(unit, m, probe->features);
    MOS_GOTO(mos_cosine_search(unit, m, probe->unit, probe->n, probe->features, out->k, threads,
                               out->index, out->cosine));
    for (int64_t i = 0; i < m; i++)
        if (is_zero(unit + i * probe->features, probe->features)) out->index[i * out->k] = -1;
done:
    mos_free(unit);
    if (status != MOSAIC_OK) mos_knn_found_release(out);
    return status;
}

void mos_knn_found_release(mos_knn_found *found) {
    mos_free(found->index);
    mos_free(found->cosine);
    *found = (mos_knn_found){0};
}

void mos_knn_probe_vote(const mos_knn_probe *probe, const mos_knn_found *found, int64_t k,
                        double temperature, float *probability) {
    int64_t l = probe->classes;
    if (k > found->k) k = found->k;
    for (int64_t i = 0; i < found->m; i++) {
        const int32_t *index = found->index + i * found->k;
        const float *cosine = found->cosine + i * found->k;
        for (int64_t j = 0; j < l; j++) {
            double votes = 0, all = 0, nearest = 0;
            for (int64_t r = 0; r < k && index[0] >= 0; r++) {
                int8_t label = probe->labels[index[r] * l + j];
                if (label < 0) continue;
                if (all == 0) nearest = (double)cosine[r];
                /* against the nearest, so that the largest weight is 1 */
                double weight = exp(((double)cosine[r] - nearest) / temperature);
                all += weight;
                votes += label ? weight : 0;
            }
            probability[i * l + j] = (float)(all > 0 ? votes / all : probe->prior[j]);
        }
    }
}
