/* An ONNX file in ONNX Runtime against this program, on patches made up from the model's own
 * statistics: one with a pixel that is missing, one that lacks the first modality. */
#include "base/child_program.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "deploy/export_internal.h"
#include "io/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 4, LACKING = 2, NO_RUNTIME = 77 };
static const double tolerance = 1e-4;

/* Its arguments: the ONNX file, a folder with <name>.npy of all inputs and expected outputs. The
 * last line it prints is the largest difference, over the largest value where that is above one. */
static const char script[] =
    "import os, sys\n"
    "try:\n"
    "    import numpy, onnxruntime\n"
    "except ImportError:\n"
    "    sys.exit(77)\n"
    "options = onnxruntime.SessionOptions()\n"
    "options.log_severity_level = 3\n"
    "session = onnxruntime.InferenceSession(sys.argv[1], options, "
    "providers=['CPUExecutionProvider'])\n"
    "read = lambda name: numpy.load(os.path.join(sys.argv[2], name + '.npy'))\n"
    "names = [o.name for o in session.get_outputs()]\n"
    "worst = 0.0\n"
    "for rows in (slice(None), slice(0, 1)):\n"
    "    given = {i.name: read(i.name)[rows] for i in session.get_inputs()}\n"
    "    for name, got in zip(names, session.run(names, given)):\n"
    "        wanted = read('expected_' + name)[rows]\n"
    "        assert got.shape == wanted.shape, (name, got.shape, wanted.shape)\n"
    "        assert numpy.isfinite(got).all(), name + ' is not finite'\n"
    "        worst = max(worst, float(abs(got - wanted).max() / max(1, abs(wanted).max())))\n"
    "print(onnxruntime.__version__, repr(worst))\n";

typedef struct patches {
    float *raw[MOS_MAX_MODALITIES], *scaled[MOS_MAX_MODALITIES]; /* [ROWS, bands, h, w] */
    uint8_t present[ROWS];                                       /* of modality 0 */
} patches;

static void release(patches *p) {
    for (int m = 0; m < MOS_MAX_MODALITIES; m++) {
        mos_free(p->raw[m]);
        mos_free(p->scaled[m]);
    }
}

static mosaic_status make_up(const mos_model_card *card, int64_t m, patches *p) {
    const int64_t area = card->height * card->width, bands = card->spec.modality[m].bands;
    const size_t total = (size_t)(ROWS * bands * area);
    mos_rng rng = mos_rng_at(11, MOS_RNG_TEST, (uint32_t)m, 0, 0);
    MOS_TRY(mos_alloc(total, sizeof(float), "patches", &p->raw[m]));
    MOS_TRY(mos_alloc(total, sizeof(float), "patches", &p->scaled[m]));
    for (int64_t i = 0; i < ROWS * bands * area; i++) {
        const int64_t row = i / (bands * area), b = i / area % bands;
        const double mean = card->mean[m][b], sd = card->sd[m][b];
        p->raw[m][i] = (float)(mean + sd * mos_rng_normal(&rng));
        if ((m == 0 && card->spec.modalities > 1 && row == LACKING) || (row == 1 && i % 97 == 0))
            p->raw[m][i] = NAN;
        p->scaled[m][i] = isnan(p->raw[m][i]) ? 0 : (p->raw[m][i] - (float)mean) / (float)sd;
    }
    return MOSAIC_OK;
}

static bool is_tiled(const mos_export *job) {
    return job->options->profile == MOS_PROFILE_DEEPNESS;
}

static mosaic_status save(const char *folder, const char *prefix, const char *name, int rank,
                          const int64_t *shape, const float *values) {
    char file[192], path[4096];
    (void)snprintf(file, sizeof file, "%s%s.npy", prefix, name);
    MOS_TRY(mos_path_join(path, sizeof path, folder, file));
    return mos_npy_write(path, MOS_F32, rank, shape, values);
}

/* The one image of a tiled graph, [ROWS, all bands, h, w]: the modalities' pixels, divided. */
static mosaic_status save_image(const mos_export *job, const char *folder, const patches *p) {
    const mos_model_card *card = &job->card;
    const int64_t area = card->height * card->width;
    int64_t all = 0, first = 0;
    float *image = NULL;
    for (int64_t m = 0; m < card->spec.modalities; m++)
        all += card->spec.modality[m].bands;
    MOS_TRY(mos_alloc((size_t)(ROWS * all * area), sizeof *image, "patches", &image));
    for (int64_t m = 0; m < card->spec.modalities; first += card->spec.modality[m++].bands) {
        const int64_t own = card->spec.modality[m].bands * area;
        for (int64_t i = 0; i < ROWS * own; i++)
            image[(i / own * all + first) * area + i % own] = p->raw[m][i] / MOS_DEEPNESS_FACTOR;
    }
    mosaic_status status = save(folder, "", "image", 4,
                                (const int64_t[]){ROWS, all, card->height, card->width}, image);
    mos_free(image);
    return status;
}

/* Of a tiled graph: a class's probability [ROWS] everywhere in the tile. */
static mosaic_status save_layer(const mos_export *job, const char *folder, int64_t c,
                                const float *values) {
    const int64_t area = job->card.height * job->card.width, classes = job->card.spec.classes;
    char name[32];
    float *layer = NULL;
    MOS_TRY(mos_alloc((size_t)(ROWS * area), sizeof *layer, "a layer", &layer));
    for (int64_t i = 0; i < ROWS * area; i++)
        layer[i] = values[i / area * classes + c];
    (void)snprintf(name, sizeof name, "class_%lld", (long long)c);
    mosaic_status status =
        save(folder, "expected_", name, 4,
             (const int64_t[]){ROWS, 1, job->card.height, job->card.width}, layer);
    mos_free(layer);
    return status;
}

/* Rows of all modalities side by side, [ROWS, modalities, d], zeros where one is absent. */
static mosaic_status save_rows(mos_export *job, const char *folder, const char *name, int64_t d,
                               void *(*rows)(mos_model *model, int64_t m), const patches *p) {
    const int64_t modalities = job->card.spec.modalities;
    float *all = NULL, *one = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)(ROWS * modalities * d), sizeof *all, "rows", &all));
    MOS_GOTO(mos_alloc((size_t)(ROWS * d), sizeof *one, "rows", &one));
    for (int64_t m = 0; m < modalities; m++) {
        MOS_GOTO(mos_get_f32(job->device, rows(job->model, m), one, ROWS * d));
        for (int64_t i = 0; i < ROWS; i++)
            if (m > 0 || p->present[i])
                memcpy(all + (i * modalities + m) * d, one + i * d, (size_t)d * sizeof *all);
    }
    MOS_GOTO(save(folder, "expected_", name, 2, (const int64_t[]){ROWS, modalities * d}, all));
done:
    mos_free(all);
    mos_free(one);
    return status;
}

static mosaic_status save_probabilities(mos_export *job, const char *folder, const patches *p) {
    const int64_t classes = job->card.spec.classes, view[MOS_MAX_MODALITIES] = {0};
    const uint8_t *present[MOS_MAX_MODALITIES] = {p->present};
    float *values = NULL;
    if (classes == 0) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)(ROWS * classes), sizeof *values, "probabilities", &values));
    mos_model_head_forward(job->model, view, present);
    mosaic_status status =
        mos_get_f32(job->device, mos_model_logits(job->model), values, ROWS * classes);
    for (int64_t i = 0; i < ROWS * classes; i++)
        values[i] = (float)(1 / (1 + exp(-(double)values[i])));
    if (status == MOSAIC_OK)
        status =
            save(folder, "expected_", "probabilities", 2, (const int64_t[]){ROWS, classes}, values);
    for (int64_t c = 0; c < classes && status == MOSAIC_OK && is_tiled(job); c++)
        status = save_layer(job, folder, c, values);
    mos_free(values);
    return status;
}

/* The outputs that this program computes, which ONNX Runtime must match. */
static mosaic_status save_expected(mos_export *job, const char *folder) {
    const mos_model_card *card = &job->card;
    const int64_t modalities = card->spec.modalities;
    mos_model_plan plan = {
        .batch = ROWS, .height = card->height, .width = card->width, .latents = true};
    patches p = {.present = {1, 1, 1, 1}};
    mosaic_status status = MOSAIC_OK;
    p.present[LACKING] = modalities == 1;
    for (int64_t m = 0; m < modalities; m++)
        plan.views[m] = 1;
    MOS_GOTO(mos_model_plan_make(job->model, &plan));
    for (int64_t m = 0; m < modalities; m++) {
        const mos_modality_spec *modality = &card->spec.modality[m];
        MOS_GOTO(make_up(card, m, &p));
        MOS_GOTO(save(folder, "", modality->name, 4,
                      (const int64_t[]){ROWS, modality->bands, card->height, card->width},
                      p.raw[m]));
        MOS_GOTO(mos_model_infer(job->model, m, p.scaled[m]));
    }
    if (is_tiled(job)) MOS_GOTO(save_image(job, folder, &p));
    MOS_GOTO(save_rows(job, folder, "latents", card->spec.latent, mos_model_latents, &p));
    /* before the head, which puts learned vectors in the place of absent features */
    MOS_GOTO(save_rows(job, folder, "features", mos_model_feature_size(job->model),
                       mos_model_features, &p));
    MOS_GOTO(save_probabilities(job, folder, &p));
done:
    release(&p);
    return status;
}

/* The last line of what the script printed. */
static mosaic_status read_answer(const char *log, char *line, size_t size) {
    char *text = NULL;
    size_t length;
    MOS_TRY(mos_file_read(log, 1 << 20, &text, &length));
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    const char *last = strrchr(text, '\n');
    (void)snprintf(line, size, "%s", last == NULL ? text : last + 1);
    mos_free(text);
    return MOSAIC_OK;
}

static mosaic_status wait_for(mos_child *child, int *code) {
    bool ended = false;
    while (!ended) {
        const struct timespec pause = {.tv_nsec = 20000000};
        MOS_TRY(mos_child_poll(child, &ended, code));
        if (!ended) (void)nanosleep(&pause, NULL);
    }
    return MOSAIC_OK;
}

static mosaic_status judge(const mos_export *job, const char *onnx, const char *log, int code,
                           bool *checked) {
    char line[1024];
    double worst;
    MOS_TRY(read_answer(log, line, sizeof line));
    if (code == NO_RUNTIME || code == 126 || code == 127) {
        mos_log(MOS_LOG_NOTICE,
                "%s was not run: '%s' has no ONNX Runtime (pip install onnxruntime, and name that "
                "Python with --python)",
                onnx, job->options->python);
        return MOSAIC_OK;
    }
    const char *number = strrchr(line, ' ');
    if (code != 0 || number == NULL || !mos_parse_double(number + 1, &worst))
        return mos_fail(MOSAIC_ERR_RUNTIME, "ONNX Runtime does not run %s: %s", onnx, line);
    if (!(worst <= tolerance))
        return mos_fail(MOSAIC_ERR_RUNTIME,
                        "ONNX Runtime computes something else from %s: it differs by %.3g, at most "
                        "%.0e is rounding",
                        onnx, worst, tolerance);
    *checked = true;
    mos_log(MOS_LOG_NOTICE, "%s: ONNX Runtime %.*s gives what this program does, within %.1e", onnx,
            (int)(number - line), line, worst);
    return MOSAIC_OK;
}

mosaic_status mos_onnx_check(mos_export *job, const char *onnx, bool *checked) {
    const char *parent = getenv("TMPDIR"), *python = job->options->python;
    char folder[4096] = "", program[4096], log[4096];
    mos_child child = {0};
    int code = 0;
    mosaic_status status = MOSAIC_OK;
    *checked = false;
    if (python == NULL || python[0] == '\0') return MOSAIC_OK;
    MOS_TRY(mos_path_join(folder, sizeof folder, parent != NULL ? parent : "/tmp",
                          "mosaic-onnx-XXXXXX"));
    if (mkdtemp(folder) == NULL) return mos_fail_errno("make folder", folder);
    MOS_GOTO(mos_path_join(program, sizeof program, folder, "check.py"));
    MOS_GOTO(mos_path_join(log, sizeof log, folder, "log"));
    MOS_GOTO(mos_atomic_write(program, script, sizeof script - 1));
    MOS_GOTO(save_expected(job, folder));
    MOS_GOTO(
        mos_child_start((const char *const[]){"/usr/bin/env", python, program, onnx, folder, NULL},
                        NULL, log, &child));
    MOS_GOTO(wait_for(&child, &code));
    MOS_GOTO(judge(job, onnx, log, code, checked));
done:
    if (mos_remove_tree(folder) != MOSAIC_OK && status == MOSAIC_OK) status = MOSAIC_ERR_IO;
    return status;
}
