#include "bench/predict_bench.h"

#include "artifact/model_file.h"
#include "base/file.h"
#include "base/isa.h"
#include "base/log.h"
#include "base/memory.h"
#include "bench/infer_bench.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "data/names/nomenclature.h"
#include "data/statistics.h"
#include "deploy/predict.h"
#include "io/raster_map.h"
#include "prepare/synth/synth.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t bands;
    const char *band[10];
} sensors[] = {{"s1", 2, {"VV", "VH"}},
               {"s2", 10, {"B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"}}};
enum { SENSORS = 2, BATCH = 32 };

/* Ways, in the order in which a round takes them; without a peer there is no PYTORCH. */
enum { WHOLE, OPENED, INFER, PYTORCH };

typedef struct predict_bench {
    const mos_predict_bench_options *options;
    char folder[4096], s1[4096], s2[4096], model[4096], ours[4096], theirs[4096];
    char mean[400], sd[400]; /* numbers of all bands, as the peer's options */
    int64_t windows;
    double opened_s; /* the last map: what it took once data and model were open */
    mos_infer_rig *rig;
    mos_peer peer;
    char note[400];
} predict_bench;

/* ---- what is predicted, and by what ---- */

static mosaic_status name_files(predict_bench *bench) {
    static const char *const names[] = {"scene/s1.tif", "scene/s2.tif", "model.safetensors", "ours",
                                        "theirs.tif"};
    char *const paths[] = {bench->s1, bench->s2, bench->model, bench->ours, bench->theirs};
    MOS_TRY(mos_bench_scratch_make(bench->options->folder, bench->folder, sizeof bench->folder));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        MOS_TRY(mos_path_join(paths[i], sizeof bench->s1, bench->folder, names[i]));
    return MOSAIC_OK;
}

static mosaic_status make_scene(const predict_bench *bench) {
    const mos_predict_bench_options *o = bench->options;
    mos_synth_options synth = {0};
    char path[4096];
    mosaic_status status;
    MOS_GOTO(mos_path_join(path, sizeof path, bench->folder, "scene"));
    MOS_GOTO(mos_options_init(&mos_synth_option_table, &synth));
    MOS_GOTO(mos_options_set(&mos_synth_option_table, &synth, "layout", "scene", false, "bench"));
    synth.size = o->size / 6 * 6;
    const int64_t along = (o->side + synth.size - 1) / synth.size;
    synth.patches = along * along;
    synth.threads = o->threads;
    status = mos_synth_write(&synth, path, false);
done:
    mos_options_release(&mos_synth_option_table, &synth);
    return status;
}

static void describe_model(predict_bench *bench, mos_model_card *card) {
    mos_model_spec *spec = &card->spec;
    size_t means = (size_t)snprintf(bench->mean, sizeof bench->mean, "--mean="),
           sds = (size_t)snprintf(bench->sd, sizeof bench->sd, "--sd=");
    const char *comma = "";
    spec->modalities = SENSORS;
    spec->encoder = bench->options->encoder;
    spec->stem_pool = true;
    spec->hidden = 16;
    spec->latent = 8;
    spec->classes = MOS_BEN_CLASSES;
    card->height = card->width = card->patch = bench->options->size;
    card->resolution_m = 10;
    (void)snprintf(card->method, sizeof card->method, "supervised");
    for (int l = 0; l < MOS_BEN_CLASSES; l++)
        (void)snprintf(card->class_names[l], sizeof card->class_names[l], "%s", mos_ben_classes[l]);
    for (int m = 0; m < SENSORS; m++) {
        mos_modality_spec *modality = &spec->modality[m];
        (void)snprintf(modality->name, sizeof modality->name, "%s", sensors[m].name);
        modality->bands = sensors[m].bands;
        for (int64_t b = 0; b < modality->bands; b++) {
            (void)snprintf(modality->band_names[b], sizeof modality->band_names[b], "%s",
                           sensors[m].band[b]);
            card->sd[m][b] = 1;
            (void)mos_statistics_reben(sensors[m].name, sensors[m].band[b], &card->mean[m][b],
                                       &card->sd[m][b]);
            means += (size_t)snprintf(bench->mean + means, sizeof bench->mean - means, "%s%.9g",
                                      comma, card->mean[m][b]);
            sds += (size_t)snprintf(bench->sd + sds, sizeof bench->sd - sds, "%s%.9g", comma,
                                    card->sd[m][b]);
            comma = ",";
        }
    }
}

static mosaic_status make_model(predict_bench *bench) {
    mos_model_card *card;
    mos_device *device = NULL;
    mos_model *model = NULL;
    mosaic_status status;
    MOS_TRY(mos_alloc(1, sizeof *card, "a model", &card));
    describe_model(bench, card);
    MOS_GOTO(mos_device_open("cpu", MOS_PRECISION_FP32, bench->options->threads, &device));
    MOS_GOTO(mos_model_create(device, &card->spec, 0, &model));
    status = mos_model_file_write(bench->model, model, card);
done:
    mos_model_destroy(&model);
    mos_device_close(&device);
    mos_model_card_release(card);
    mos_free(card);
    return status;
}

/* ---- ways of doing it ---- */

static mosaic_status run_ours(void *context, double *seconds) {
    predict_bench *bench = context;
    static const mos_text_list none = {0};
    const mos_predict_options options = {
        .session = {.model = bench->model,
                    .set = &none,
                    .device = "cpu",
                    .threads = bench->options->threads,
                    .precision = bench->options->precision == MOS_PRECISION_BF16
                                     ? MOS_PRECISION_CHOICE_BF16
                                     : MOS_PRECISION_CHOICE_FP32},
        .s1 = bench->s1,
        .s2 = bench->s2,
        .out = bench->ours,
        .stride = bench->options->stride,
        .minimum_valid = 0.5,
        .mask_values = &none,
        .without = &none,
        .bands = &none,
        .allow = &none,
        .map = {.type = MOS_MAP_UINT16,
                .layers = (1u << MOS_LAYER_PROBABILITIES) | (1u << MOS_LAYER_CLASSES),
                .format = mos_map_formats[0],
                .creation = &none},
        .overwrite = true};
    mos_predict_summary summary;
    const int64_t begin = mos_now_ns();
    MOS_TRY(mos_predict(&options, &summary));
    *seconds = 1e-9 * (double)(mos_now_ns() - begin);
    bench->windows = summary.asked;
    bench->opened_s = *seconds - 1e-9 * (double)summary.opening_ns;
    mos_text_list_release(&summary.files);
    return MOSAIC_OK;
}

/* The same map again without its opening, which takes as long for a scene of any size. */
static mosaic_status tell_opened(void *context, double *seconds) {
    const predict_bench *bench = context;
    *seconds = bench->opened_s;
    return MOSAIC_OK;
}

/* Inference on as many windows as the scene has, without reading and writing. */
static mosaic_status run_infer(void *context, double *seconds) {
    const predict_bench *bench = context;
    const int64_t batches = (bench->windows + BATCH - 1) / BATCH;
    double all = 0, one;
    for (int64_t b = 0; b < batches; b++) {
        MOS_TRY(mos_infer_rig_run(bench->rig, &one));
        all += one;
    }
    *seconds = all * (double)bench->windows / (double)(batches * BATCH);
    return MOSAIC_OK;
}

static mosaic_status run_peer(void *context, double *seconds) {
    predict_bench *bench = context;
    return mos_peer_step(&bench->peer, "map", seconds);
}

/* A peer that is not there is no error: the note says so. */
static mosaic_status add_peer(predict_bench *bench, mos_bench_run *run) {
    const mos_predict_bench_options *o = bench->options;
    char size[24], stride[24], threads[24], map[4096];
    if (o->python == NULL || o->python[0] == '\0') {
        (void)snprintf(bench->note, sizeof bench->note, "not asked for");
        return MOSAIC_OK;
    }
    (void)snprintf(size, sizeof size, "%lld", (long long)o->size);
    (void)snprintf(stride, sizeof stride, "%lld", (long long)o->stride);
    (void)snprintf(threads, sizeof threads, "%d", o->threads);
    MOS_TRY(mos_path_join(map, sizeof map, bench->ours, "s2_probabilities.tif"));
    const char *arguments[] = {o->python,     o->peer,
                               "--model",     bench->model,
                               "--s1",        bench->s1,
                               "--s2",        bench->s2,
                               "--out",       bench->theirs,
                               "--expected",  map,
                               "--encoder",   mos_encoder_names[o->encoder],
                               "--size",      size,
                               "--stride",    stride,
                               "--threads",   threads,
                               "--precision", mos_precision_names[o->precision],
                               bench->mean,   bench->sd,
                               NULL};
    if (mos_peer_start(arguments, &bench->peer) != MOSAIC_OK) {
        (void)snprintf(bench->note, sizeof bench->note, "skipped: %.300s", mosaic_error());
        return MOSAIC_OK;
    }
    (void)snprintf(bench->note, sizeof bench->note, "%s", bench->peer.greeting);
    return mos_bench_add(run, "PyTorch", run_peer, bench);
}

static void describe(const predict_bench *bench, const mos_bench_run *run,
                     mos_bench_report *report) {
    const mos_predict_bench_options *o = bench->options;
    mos_bench_fact(
        report, "map", "%s, %s, %lld windows of %lld px every %lld px, 2 + 10 bands, %d classes",
        mos_encoder_names[o->encoder], mos_precision_names[o->precision], (long long)bench->windows,
        (long long)o->size, (long long)o->stride, MOS_BEN_CLASSES);
    mos_bench_steadiness(report, run);
    mos_bench_fact(report, "instruction_set", "%s", mos_isa_name(mos_isa_used()));
    mos_bench_fact(report, "peer", "%s", bench->note);
    mos_bench_fact(report, "bar", "0.9 of inference alone, 2.5 times PyTorch");
    mos_bench_fact(report, "opening",
                   "%.2f s until data and model were open and checked; PyTorch's "
                   "model is loaded before it is timed",
                   mos_bench_median(run, WHOLE) - mos_bench_median(run, OPENED));
    for (int i = 0; i < run->count; i++) {
        mos_bench_row(report, run->cases[i].name);
        mos_bench_number(report, "seconds", mos_bench_median(run, i), 2);
        mos_bench_number(report, "windows_per_s", (double)bench->windows / mos_bench_median(run, i),
                         2);
        if (i > OPENED) continue;
        mos_bench_number(report, "share_of_infer", mos_bench_ratio(run, i, INFER), 3);
        if (run->count > PYTORCH)
            mos_bench_number(report, "x_pytorch", mos_bench_ratio(run, i, PYTORCH), 2);
    }
}

mosaic_status mos_predict_bench(const mos_predict_bench_options *options,
                                mos_bench_report *report) {
    const mos_step_setting setting = {.encoder = options->encoder,
                                      .batch = BATCH,
                                      .size = options->size,
                                      .classes = MOS_BEN_CLASSES,
                                      .modalities = SENSORS,
                                      .bands = {sensors[0].bands, sensors[1].bands}};
    predict_bench *bench;
    mos_bench_run *run = NULL;
    mosaic_status status;
    MOS_TRY(mos_alloc(1, sizeof *bench, "a benchmark", &bench));
    bench->options = options;
    MOS_GOTO(mos_bench_create("bench predict", options->threads, options->rounds, &run));
    MOS_GOTO(name_files(bench));
    MOS_GOTO(make_scene(bench));
    MOS_GOTO(make_model(bench));
    MOS_GOTO(mos_infer_rig_create(&setting, options->precision, options->threads, &bench->rig));
    MOS_GOTO(mos_bench_add(run, "mosaic predict", run_ours, bench));
    MOS_GOTO(mos_bench_add(run, "once opened", tell_opened, bench));
    MOS_GOTO(mos_bench_add(run, "mosaic infer", run_infer, bench));
    MOS_GOTO(add_peer(bench, run));
    MOS_GOTO(mos_bench_measure(run));
    describe(bench, run, report);
done:
    mos_peer_stop(&bench->peer);
    mos_infer_rig_destroy(&bench->rig);
    mos_bench_scratch_remove(bench->folder);
    mos_bench_destroy(&run);
    mos_free(bench);
    return status;
}
