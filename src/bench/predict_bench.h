/* `bench predict`: a map of a procedural scene, from pixels read to Cloud-Optimized GeoTIFF written,
 * against the same model, weights and all, in PyTorch, and against inference that reads and writes
 * nothing. */
#ifndef MOS_BENCH_PREDICT_BENCH_H
#define MOS_BENCH_PREDICT_BENCH_H

#include "bench/bench_report.h"
#include "model/model.h"

typedef struct mos_predict_bench_options {
    mos_encoder_kind encoder;
    int64_t size, stride, side; /* px of a window, between windows, of the scene */
    int64_t rounds;
    mos_precision precision;
    int threads;
    const char *folder; /* where scene, model and maps are made */
    const char *python; /* interpreter with torch and rasterio; NULL or "": no peer */
    const char *peer;   /* bench/peers/predict_scene.py */
} mos_predict_bench_options;

mosaic_status mos_predict_bench(const mos_predict_bench_options *options, mos_bench_report *report);

#endif
