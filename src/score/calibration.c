#include "score/calibration.h"

#include <math.h>

/* Bins are (edge, next edge], the first one holds 0. */
static int bin_of(double probability) {
    int bin = (int)(probability * MOS_CALIBRATION_BINS);
    if (bin >= MOS_CALIBRATION_BINS) bin = MOS_CALIBRATION_BINS - 1;
    if (bin < 0) bin = 0;
    const double width = 1.0 / MOS_CALIBRATION_BINS;
    while (bin > 0 && probability <= bin * width)
        bin--;
    while (bin + 1 < MOS_CALIBRATION_BINS && probability > (bin + 1) * width)
        bin++;
    return bin;
}

void mos_calibration_measure(const float *probability, const int8_t *labels, int64_t n,
                             int64_t stride, mos_calibration *out) {
    *out = (mos_calibration){.ece = NAN, .largest_error = NAN, .brier = NAN};
    double brier = 0;
    for (int64_t i = 0; i < n; i++) {
        int8_t label = labels[i * stride];
        if (label < 0) continue;
        double p = (double)probability[i * stride], error = p - (double)label;
        mos_calibration_bin *bin = &out->bin[bin_of(p)];
        bin->confidence += p;
        bin->frequency += label;
        bin->count++;
        out->known++;
        brier += error * error;
    }
    if (out->known > 0) {
        out->ece = out->largest_error = 0;
        out->brier = brier / (double)out->known;
    }
    for (int b = 0; b < MOS_CALIBRATION_BINS; b++) {
        mos_calibration_bin *bin = &out->bin[b];
        bin->confidence = bin->count ? bin->confidence / (double)bin->count : NAN;
        bin->frequency = bin->count ? bin->frequency / (double)bin->count : NAN;
        if (bin->count == 0) continue;
        double error = fabs(bin->frequency - bin->confidence);
        out->ece += (double)bin->count / (double)out->known * error;
        out->largest_error = fmax(out->largest_error, error);
    }
}
