#include "deploy/predict.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/scene/scene_frame.h"
#include "deploy/patch_layer.h"
#include "deploy/patch_table.h"
#include "deploy/predict_facts.h"
#include "deploy/predict_source.h"
#include "deploy/window_order.h"
#include "evaluate/inference.h"
#include "io/raster_map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const mos_predict_grids[] = {"pixel", "patch", NULL};

typedef struct predict_work {
    const mos_predict_options *options;
    mos_session session;
    mos_answers answers;
    mos_predict_facts facts;
    mos_predict_summary *summary;
    mos_map_drawer *drawer; /* of maps */
    bool maps;              /* else a table */
    bool single;            /* --out is the file, no folder */
    char journal[4096];     /* of answers so far */
} predict_work;

static bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text), tail = strlen(end);
    return size > tail && strcmp(text + size - tail, end) == 0;
}

/* Options for maps do nothing to a table, and whoever gave them would not know. */
static mosaic_status check_map_options(const predict_work *work) {
    const char *only = work->options->map_option;
    if (work->maps || only == NULL) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "%s is for maps, and '%s' is to be a table of patches", only,
                    work->options->out);
}

static mosaic_status choose_outputs(predict_work *work) {
    const mos_predict_options *options = work->options;
    int64_t scenes = mos_scene_frames(work->session.dataset);
    bool table = ends_with(options->out, ".csv") || ends_with(options->out, ".gpkg"),
         map = ends_with(options->out, ".tif");
    work->maps = scenes > 0 && options->grid == MOS_PREDICT_PIXEL && !table;
    work->single = table || map;
    if (work->maps) MOS_TRY(mos_map_check_creation(options->map.format, options->map.creation));
    if (map && !work->maps)
        return mos_fail(MOSAIC_ERR_USAGE, "--out %s: a map is made of a scene, on its pixels",
                        options->out);
    MOS_TRY(check_map_options(work));
    uint32_t layers = options->map.layers;
    if (map && (scenes > 1 || (layers & (layers - 1)) != 0))
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--out %s is one file: of %lld scene%s and several layers a folder is "
                        "wanted, or --layers with one of them",
                        options->out, (long long)scenes, scenes == 1 ? "" : "s");
    int size = work->single
                   ? snprintf(work->journal, sizeof work->journal, "%s.answers.part", options->out)
                   : snprintf(work->journal, sizeof work->journal, "%s/answers.part", options->out);
    if (size < 0 || (size_t)size >= sizeof work->journal)
        return mos_fail(MOSAIC_ERR_USAGE, "--out: path too long");
    return work->single ? MOSAIC_OK : mos_make_dirs(options->out);
}

static bool is_same_file(const char *path, const char *other) {
    struct stat a, b;
    return other != NULL && stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Whatever --overwrite says: what is read stays. */
static mosaic_status spare_inputs(const predict_work *work, const char *path) {
    const mos_predict_options *options = work->options;
    const mos_dataset *dataset = work->session.dataset;
    const char *const inputs[] = {options->s1,
                                  options->s2,
                                  options->mask,
                                  options->area,
                                  work->session.model_path,
                                  mos_dataset_root(dataset)};
    bool spared = true;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        spared = spared && !is_same_file(path, inputs[i]);
    for (int64_t s = 0; s < mos_scene_frames(dataset); s++) {
        mos_scene_frame frame;
        MOS_TRY(mos_scene_frame_of(dataset, s, &frame));
        for (int f = 0; f < frame.sources; f++)
            spared = spared && !is_same_file(path, frame.source[f]);
    }
    if (spared) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "--out: %s is an input: give the output another name", path);
}

/* Fails when an output file exists, unless the journal shows that it is from this unfinished run. */
static mosaic_status check_free(const predict_work *work, const char *path) {
    if (work->options->overwrite || !mos_path_exists(path) || mos_path_exists(work->journal))
        return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE, "%s exists; --overwrite replaces it", path);
}

static mosaic_status output_path(const predict_work *work, const char *scene, const char *name,
                                 char *out, size_t size) {
    const char *folder = work->options->out;
    int length = work->single    ? snprintf(out, size, "%s", folder)
                 : scene == NULL ? snprintf(out, size, "%s/%s", folder, name)
                                 : snprintf(out, size, "%s/%s_%s.tif", folder, scene, name);
    if (length < 0 || (size_t)length >= size)
        return mos_fail(MOSAIC_ERR_USAGE, "--out: path too long");
    MOS_TRY(spare_inputs(work, out));
    return check_free(work, out);
}

static mosaic_status write_table(predict_work *work, bool dry) {
    char path[4096];
    if (work->single && ends_with(work->options->out, ".gpkg")) return MOSAIC_OK;
    MOS_TRY(output_path(work, NULL, "predictions.csv", path, sizeof path));
    if (dry) return MOSAIC_OK;
    MOS_TRY(mos_patch_table_csv(&work->session, &work->answers, path));
    return mos_text_list_add(&work->summary->files, path);
}

static mosaic_status write_layer(predict_work *work, bool dry) {
    char path[4096];
    bool written;
    if (work->single && !ends_with(work->options->out, ".gpkg")) return MOSAIC_OK;
    MOS_TRY(output_path(work, NULL, "predictions.gpkg", path, sizeof path));
    if (dry) return MOSAIC_OK;
    MOS_TRY(mos_patch_layer_write(&work->session, &work->answers, path, &written));
    if (written) return mos_text_list_add(&work->summary->files, path);
    if (work->single)
        return mos_fail(MOSAIC_ERR_DATA, "%s: no patch of '%s' has a known place", path,
                        mos_dataset_root(work->session.dataset));
    mos_log(MOS_LOG_NOTICE, "no %s: no patch has a known place", path);
    return MOSAIC_OK;
}

/* Did this program write the map? Its files say so; whose say nothing is somebody else's. */
static mosaic_status is_own_map(const char *path, bool *own) {
    static const char program[] = "mosaic ";
    char software[64], model[65];
    MOS_TRY(mos_map_fact(path, "SOFTWARE", software, sizeof software));
    MOS_TRY(mos_map_fact(path, "MODEL_SHA256", model, sizeof model));
    *own = strncmp(software, program, sizeof program - 1) == 0 && model[0] != '\0';
    return MOSAIC_OK;
}

static mosaic_status remove_file(const char *path) {
    if (unlink(path) == 0 || errno == ENOENT) return MOSAIC_OK;
    return mos_fail_errno("remove", path);
}

/* A map and what lies beside it. */
static mosaic_status remove_layer(const char *path) {
    static const char *const beside[] = {".qml", ".csv", ".png"};
    char other[4200];
    const int stem = (int)strlen(path) - 4;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        (void)snprintf(other, sizeof other, "%.*s%s", stem, path, beside[i]);
        MOS_TRY(remove_file(other));
    }
    (void)snprintf(other, sizeof other, "%s.aux.xml", path);
    MOS_TRY(remove_file(other));
    MOS_TRY(remove_file(path));
    mos_log(MOS_LOG_NOTICE, "%s: removed, it was of an earlier run, and --layers leaves it out",
            path);
    return MOSAIC_OK;
}

/* The layers of an earlier run that this one does not write would be taken for its own. With --overwrite
 * they go, once this one's are whole. */
static mosaic_status remove_former(const predict_work *work, const char *scene, uint32_t layers) {
    char path[4096];
    for (int l = 0; l < MOS_LAYERS && work->options->overwrite && !work->single; l++) {
        bool own;
        if (layers >> l & 1) continue;
        int size = snprintf(path, sizeof path, "%s/%s_%s.tif", work->options->out, scene,
                            mos_map_layers[l]);
        if (size < 0 || (size_t)size >= sizeof path || !mos_path_exists(path)) continue;
        MOS_TRY(is_own_map(path, &own));
        if (own)
            MOS_TRY(remove_layer(path));
        else
            mos_log(MOS_LOG_WARNING,
                    "%s: stays, it does not say that mosaic wrote it; it is not of this run", path);
    }
    return MOSAIC_OK;
}

/* `dry`: only whether the names are free. */
static mosaic_status write_scene(predict_work *work, int64_t scene, bool dry) {
    mos_scene_map_options map = work->options->map;
    char paths[MOS_LAYERS][4096], stem[4096];
    mos_scene_frame frame;
    MOS_TRY(mos_scene_frame_of(work->session.dataset, scene, &frame));
    if (frame.across == 0) {
        if (!dry) mos_log(MOS_LOG_NOTICE, "no map of '%s': it is outside the area", frame.name);
        return MOSAIC_OK;
    }
    for (int l = 0; l < MOS_LAYERS; l++) {
        if (!(map.layers >> l & 1)) continue;
        MOS_TRY(output_path(work, frame.name, mos_map_layers[l], paths[l], sizeof paths[l]));
        map.path[l] = paths[l];
    }
    if (!work->single && (map.layers >> MOS_LAYER_CLASSES & 1)) {
        (void)snprintf(stem, sizeof stem, "%.*s", (int)strlen(paths[MOS_LAYER_CLASSES]) - 4,
                       paths[MOS_LAYER_CLASSES]);
        map.preview = stem;
    }
    if (dry) return MOSAIC_OK;
    map.styled = !work->single;
    MOS_TRY(mos_predict_facts_scene(&work->facts, &frame));
    map.facts = work->facts.pairs;
    map.drawer = work->drawer;
    MOS_TRY(mos_scene_map_write(&work->session, &work->answers, scene, &map));
    for (int l = 0; l < MOS_LAYERS; l++)
        if (map.layers >> l & 1) MOS_TRY(mos_text_list_add(&work->summary->files, paths[l]));
    return remove_former(work, frame.name, map.layers);
}

static mosaic_status write_outputs(predict_work *work, bool dry) {
    if (!work->maps) {
        MOS_TRY(write_table(work, dry));
        return write_layer(work, dry);
    }
    for (int64_t s = 0; s < mos_scene_frames(work->session.dataset); s++)
        MOS_TRY(write_scene(work, s, dry));
    return MOSAIC_OK;
}

static mosaic_status draw_maps(void *context, mos_map_drawer *drawer) {
    (void)drawer;
    return write_outputs(context, false);
}

static mosaic_status tell_drawer(void *context, int64_t done) {
    return mos_map_drawer_tell(context, done);
}

static mosaic_status find_answers(predict_work *work) {
    const mos_predict_options *options = work->options;
    int64_t *index = NULL, count = 0;
    char key[65] = "";
    mosaic_status status;
    if (mos_comm_rank(work->session.comm) == 0)
        MOS_GOTO(mos_predict_key(options, &work->session, key));
    MOS_GOTO(
        mos_inference_rows(work->session.dataset, MOS_SPLIT_COUNT, options->limit, &index, &count));
    if (work->maps) MOS_GOTO(mos_window_order(work->session.dataset, index, count));
    const mos_answers_options how = {.journal = work->journal,
                                     .key = key,
                                     .anew = options->overwrite,
                                     .answered = work->drawer != NULL ? tell_drawer : NULL,
                                     .context = work->drawer};
    status = mos_answers_run(&work->session, index, count, &how, &work->answers);
done:
    mos_free(index);
    return status;
}

static void say_caveats(const predict_work *work) {
    const mos_predict_summary *summary = work->summary;
    if (work->session.card.reduced)
        mos_log(MOS_LOG_WARNING, "the model comes from a reduced run: its training was cut short");
    if (!work->session.card.has_thresholds)
        mos_log(MOS_LOG_WARNING, "the model has no tuned thresholds: decisions are at 0.5");
    (void)mos_model_warn_precision(&work->session.card, work->session.device);
    if (summary->predicted < summary->asked)
        mos_log(MOS_LOG_WARNING, "%lld of %lld patches have no prediction",
                (long long)(summary->asked - summary->predicted), (long long)summary->asked);
}

static mosaic_status run(predict_work *work) {
    const int64_t begin = mos_now_ns();
    MOS_TRY(mos_predict_open(work->options, &work->session));
    work->summary->opening_ns = mos_now_ns() - begin;
    MOS_TRY(choose_outputs(work));
    if (mos_comm_rank(work->session.comm) > 0) return find_answers(work); /* rank 0 writes */
    MOS_TRY(write_outputs(work, true));
    MOS_TRY(mos_predict_facts_make(work->options, &work->session, &work->facts));
    if (work->maps) MOS_TRY(mos_map_drawer_start(draw_maps, work, &work->drawer));
    MOS_TRY(find_answers(work));
    mos_model_destroy(&work->session.model); /* frees memory for the rest of the drawing */
    MOS_TRY(work->maps ? mos_map_drawer_end(&work->drawer, true) : write_outputs(work, false));
    work->summary->asked = work->answers.count;
    for (int64_t i = 0; i < work->answers.count; i++)
        work->summary->predicted += work->answers.known[i];
    say_caveats(work);
    (void)unlink(work->journal); /* all outputs are written */
    return MOSAIC_OK;
}

mosaic_status mos_predict(const mos_predict_options *options, mos_predict_summary *out) {
    predict_work *work;
    *out = (mos_predict_summary){0};
    if (options->out == NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "--out is needed: the folder to write to");
    MOS_TRY(mos_alloc(1, sizeof *work, "a prediction", &work));
    mos_predict_options own = *options;
    own.session.predicts = true;
    work->options = &own;
    work->summary = out;
    mosaic_status status = run(work);
    (void)mos_map_drawer_end(&work->drawer, false);
    mos_predict_facts_release(&work->facts);
    mos_answers_release(&work->answers);
    mos_session_close(&work->session);
    mos_free(work);
    if (status != MOSAIC_OK) mos_text_list_release(&out->files);
    return status;
}
