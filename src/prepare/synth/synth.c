#include "prepare/synth/synth.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/thread.h"
#include "io/lmdb_store.h"
#include "prepare/synth/synth_scene.h"
#include "prepare/synth/synth_write.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { LAYOUT_LMDB, LAYOUT_TREE, LAYOUT_SCENE };
static const char *const layouts[] = {"lmdb", "tree", "scene", NULL};

#define FIELD(name) .offset = offsetof(mos_synth_options, name)
static const mos_option options_list[] = {
    {.key = "patches",
     .letter = 'n',
     .type = MOS_OPTION_INT,
     FIELD(patches),
     .fallback = "2000",
     .minimum = 1,
     .maximum = MOS_SYNTH_TILES * MOS_SYNTH_TILE_CELLS,
     .unit = "patches",
     .source = "chosen",
     .help = "how many pairs to make; half train, a quarter each validation and test"},
    {.key = "size",
     .type = MOS_OPTION_INT,
     FIELD(size),
     .fallback = "120",
     .minimum = 24,
     .maximum = 480,
     .unit = "pixels of 10 m",
     .source = "chosen",
     .help = "side of a patch, a multiple of 6"},
    {.key = "seed",
     .type = MOS_OPTION_INT,
     FIELD(seed),
     .fallback = "0",
     .minimum = 0,
     .maximum = 4294967295.0,
     .source = "chosen",
     .help = "the same seed and options give the same bytes"},
    {.key = "classes",
     .type = MOS_OPTION_INT,
     FIELD(classes),
     .fallback = "19",
     .minimum = 2,
     .maximum = MOS_SYNTH_CLASSES,
     .unit = "classes",
     .source = "chosen",
     .help = "how many of the 19 classes occur; look-alike groups come first"},
    {.key = "similarity",
     .type = MOS_OPTION_REAL,
     FIELD(similarity),
     .fallback = "0.7",
     .minimum = 0,
     .maximum = 1,
     .source = "chosen",
     .help = "0: look-alike classes differ to both sensors; 1: they differ to one only"},
    {.key = "noise",
     .type = MOS_OPTION_REAL,
     FIELD(noise),
     .fallback = "1",
     .minimum = 0,
     .maximum = 3,
     .source = "chosen",
     .help = "scale of haze, relief, speckle and variation from place to place"},
    {.key = "lag_drift",
     .type = MOS_OPTION_REAL,
     FIELD(lag_drift),
     .fallback = "0",
     .minimum = 0,
     .maximum = 10,
     .unit = "dB per day",
     .source = "chosen",
     .help = "how far backscatter drifts in every day between the two acquisitions, standard "
             "deviation over sites: plants an effect of the lag"},
    {.key = "missing_s1",
     .type = MOS_OPTION_REAL,
     FIELD(missing_s1),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1,
     .source = "chosen",
     .help = "share of patches without Sentinel-1"},
    {.key = "missing_s2",
     .type = MOS_OPTION_REAL,
     FIELD(missing_s2),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1,
     .source = "chosen",
     .help = "share of patches without Sentinel-2"},
    {.key = "clouds",
     .type = MOS_OPTION_REAL,
     FIELD(clouds),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1,
     .source = "chosen",
     .help = "share of patches with clouds and their shadows in Sentinel-2; as in the archive they "
             "are listed in metadata_for_patches_with_snow_cloud_or_shadow.csv, which "
             "data.include_snow_cloud reads; clouds.csv has the cover of every patch"},
    {.key = "layout",
     .type = MOS_OPTION_CHOICE,
     FIELD(layout),
     .fallback = "lmdb",
     .choices = layouts,
     .source = "chosen",
     .help = "packed records, a tree of GeoTIFFs as downloaded, or one scene: the patches side by "
             "side in s1.tif and s2.tif, with land_cover.tif and scene.yaml"},
    {.key = "threads",
     .type = MOS_OPTION_INT,
     FIELD(threads),
     .fallback = "0",
     .minimum = 0,
     .maximum = 256,
     .unit = "threads",
     .source = "chosen",
     .help = "0: one per processor; changes nothing in the output"},
    {.key = "progress",
     .type = MOS_OPTION_BOOL,
     FIELD(progress),
     .fallback = "true",
     .help = "show how far it is"},
};
#undef FIELD
const mos_option_table mos_synth_option_table = {.name = "data synth",
                                                 .options = options_list,
                                                 .count =
                                                     sizeof options_list / sizeof *options_list};

/* Patches are painted in parallel, a chunk at a time; chunks are written in order. */
typedef struct synth_job {
    const mos_synth_options *options;
    const char *folder;
    mos_synth_plan plan;
    mos_synth_class classes[MOS_SYNTH_CLASSES];
    int threads;
    mos_synth_canvas *canvases; /* [threads] */
    int64_t chunk, begin;       /* patches of a chunk; first of the current one */
    mos_synth_records *records; /* [chunk], "lmdb" only */
    mos_synth_mosaic mosaic;    /* "scene" only */
    uint32_t *labels;           /* [patches] */
    mosaic_status *statuses;    /* [threads] */
    char (*messages)[512];      /* [threads] */
} synth_job;

static mosaic_status check_options(const mos_synth_options *options) {
    for (size_t i = 0; i < mos_synth_option_table.count; i++) {
        /* Structs filled by a program did not pass the table's own checks. */
        const mos_option *option = &mos_synth_option_table.options[i];
        mos_text text = {0};
        mos_synth_options copy = *options;
        mos_options_get(&mos_synth_option_table, options, option, &text);
        mosaic_status status =
            text.failed ? mos_fail_memory(64, "an option's text")
                        : mos_options_set(&mos_synth_option_table, &copy, option->key,
                                          text.data == NULL ? "" : text.data, false, "data synth");
        mos_text_release(&text);
        MOS_TRY(status);
    }
    if (options->size % 6 != 0)
        return mos_fail(
            MOSAIC_ERR_USAGE,
            "data synth: size wants a multiple of 6 (bands of 60 m), not %lld; %lld is near",
            (long long)options->size, (long long)((options->size + 3) / 6 * 6));
    if (options->missing_s1 + options->missing_s2 > 1)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "data synth: missing_s1 and missing_s2 are together more than 1: "
                        "a patch without both is none");
    if (options->clouds > 0 && options->layout == LAYOUT_SCENE)
        return mos_fail(MOSAIC_ERR_USAGE, "data synth: clouds are for patches, not for the layout "
                                          "scene");
    return MOSAIC_OK;
}

static mosaic_status prepare_folder(const char *folder, bool overwrite) {
    static const char *const ours[] = {
        "metadata.csv", MOS_SYNTH_CLOUDY_TABLE, MOS_SYNTH_COVER_TABLE, "truth.json",     "data.mdb",
        "lock.mdb",     "BigEarthNet-S1",       "BigEarthNet-S2",      "Reference_Maps", "s1.tif",
        "s2.tif",       "land_cover.tif",       "scene.yaml"};
    MOS_TRY(mos_make_dirs(folder));
    if (overwrite) {
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
            char path[4096];
            MOS_TRY(mos_path_join(path, sizeof path, folder, ours[i]));
            MOS_TRY(mos_remove_tree(path));
        }
        return MOSAIC_OK;
    }
    DIR *directory = opendir(folder);
    if (directory == NULL) return mos_fail_errno("open", folder);
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(directory)) != NULL;)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(directory);
    if (!empty)
        return mos_fail(MOSAIC_ERR_USAGE, "%s is not empty; give a new folder or --overwrite",
                        folder);
    return MOSAIC_OK;
}

static void job_release(synth_job *job) {
    for (int t = 0; job->canvases != NULL && t < job->threads; t++)
        mos_synth_canvas_release(&job->canvases[t]);
    for (int64_t i = 0; job->records != NULL && i < job->chunk; i++)
        mos_synth_records_release(&job->records[i]);
    mos_free(job->canvases);
    mos_free(job->records);
    mos_free(job->labels);
    mos_free(job->statuses);
    mos_free(job->messages);
    mos_synth_mosaic_release(&job->mosaic);
    mos_synth_plan_release(&job->plan);
}

static mosaic_status job_init(synth_job *job) {
    const mos_synth_options *options = job->options;
    job->threads = options->threads > 0 ? (int)options->threads : mos_cpu_count();
    MOS_TRY(mos_synth_plan_make(options, &job->plan));
    mos_synth_classes_make((int)options->classes, options->similarity, job->classes);
    /* About 24 MiB of records at a time, and always work for every thread. */
    job->chunk = ((int64_t)24 << 20) / (options->size * options->size * 24);
    if (job->chunk < 4 * job->threads) job->chunk = 4 * job->threads;
    if (job->chunk > job->plan.count) job->chunk = job->plan.count;
    MOS_TRY(mos_alloc((size_t)job->chunk, sizeof *job->records, "records", &job->records));
    MOS_TRY(mos_alloc((size_t)job->plan.count, sizeof *job->labels, "labels", &job->labels));
    MOS_TRY(mos_alloc((size_t)job->threads, sizeof *job->statuses, "statuses", &job->statuses));
    MOS_TRY(mos_alloc((size_t)job->threads, sizeof *job->messages, "messages", &job->messages));
    MOS_TRY(mos_alloc((size_t)job->threads, sizeof *job->canvases, "canvases", &job->canvases));
    if (options->layout == LAYOUT_SCENE)
        MOS_TRY(mos_synth_mosaic_init(&job->mosaic, job->plan.count, options->size));
    for (int t = 0; t < job->threads; t++)
        MOS_TRY(mos_synth_canvas_init(&job->canvases[t], options->size));
    return MOSAIC_OK;
}

static mosaic_status paint_patch(synth_job *job, int64_t index, mos_synth_canvas *canvas) {
    const mos_synth_patch *patch = &job->plan.patches[job->begin + index];
    mos_synth_paint_regions(canvas, job->options, job->classes, &job->plan, patch);
    mos_synth_paint_bands(canvas, job->options, job->classes, &job->plan, patch);
    job->labels[job->begin + index] = canvas->labels;
    if (job->options->layout == LAYOUT_LMDB)
        return mos_synth_encode(canvas, patch, &job->records[index]);
    if (job->options->layout == LAYOUT_TREE)
        return mos_synth_write_tree(canvas, &job->plan, patch, job->folder);
    mos_synth_mosaic_put(&job->mosaic, job->begin + index, canvas, patch);
    return MOSAIC_OK;
}

static void paint_range(void *context, int64_t begin, int64_t end, int thread) {
    synth_job *job = context;
    mosaic_status status = MOSAIC_OK;
    for (int64_t i = begin; i < end && status == MOSAIC_OK; i++)
        status = paint_patch(job, i, &job->canvases[thread]);
    job->statuses[thread] = status;
    if (status != MOSAIC_OK) mos_error_copy(job->messages[thread], sizeof job->messages[thread]);
}

static mosaic_status paint_chunk(synth_job *job, int64_t count) {
    memset(job->statuses, 0, (size_t)job->threads * sizeof *job->statuses);
    mos_parallel_for(job->threads, count, paint_range, job);
    for (int t = 0; t < job->threads; t++) {
        if (job->statuses[t] == MOSAIC_OK) continue;
        mos_error_restore(job->messages[t]);
        return job->statuses[t];
    }
    return MOSAIC_OK;
}

static mosaic_status put_chunk(synth_job *job, mos_lmdb_writer *writer, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        const mos_synth_patch *patch = &job->plan.patches[job->begin + i];
        mos_synth_records *records = &job->records[i];
        char map_name[96];
        (void)snprintf(map_name, sizeof map_name, "%s_reference_map", patch->s2_name);
        const char *names[3] = {patch->s1_name, patch->s2_name, map_name};
        for (int k = 0; k < 3; k++) {
            if (records->blob[k] != NULL)
                MOS_TRY(mos_lmdb_put(writer, names[k], records->blob[k], records->bytes[k]));
        }
        mos_synth_records_release(records);
    }
    return MOSAIC_OK;
}

static mosaic_status write_patches(synth_job *job) {
    mos_lmdb_writer *writer = NULL;
    mosaic_status status = MOSAIC_OK;
    mos_progress progress;
    if (job->options->progress) mos_progress_begin(&progress, "data synth", job->plan.count);
    if (job->options->layout == LAYOUT_LMDB) MOS_GOTO(mos_lmdb_writer_open(job->folder, &writer));
    for (job->begin = 0; job->begin < job->plan.count; job->begin += job->chunk) {
        int64_t left = job->plan.count - job->begin;
        int64_t count = left < job->chunk ? left : job->chunk;
        MOS_GOTO(paint_chunk(job, count));
        if (writer != NULL) MOS_GOTO(put_chunk(job, writer, count));
        if (!job->options->progress) continue;
        mos_progress_update(&progress, job->begin + count);
        MOS_GOTO(mos_stop_check(progress.label, job->begin + count, job->plan.count));
    }
    if (writer != NULL) {
        char path[4096];
        MOS_GOTO(mos_lmdb_writer_close(&writer));
        /* Names the writing process; readers do without. */
        MOS_GOTO(mos_path_join(path, sizeof path, job->folder, "lock.mdb"));
        MOS_GOTO(mos_remove_tree(path));
    }
done:
    if (writer != NULL) {
        char message[512];
        mos_error_copy(message, sizeof message);
        (void)!mos_lmdb_writer_close(&writer); /* the first failure is the one to tell */
        mos_error_restore(message);
    }
    if (job->options->progress) mos_progress_end(&progress);
    return status;
}

static mosaic_status write_truth(const synth_job *job) {
    char path[4096];
    mos_text text = {0};
    mos_synth_truth_json(job->classes, job->options->similarity, job->options->noise,
                         job->options->lag_drift, job->options->seed, &text);
    mosaic_status status = mos_path_join(path, sizeof path, job->folder, "truth.json");
    if (status == MOSAIC_OK && text.failed)
        status = mos_fail_memory(text.capacity, "the planted truth");
    if (status == MOSAIC_OK) status = mos_atomic_write(path, text.data, text.size);
    mos_text_release(&text);
    return status;
}

mosaic_status mos_synth_write(const mos_synth_options *options, const char *folder,
                              bool overwrite) {
    synth_job job = {.options = options, .folder = folder};
    mosaic_status status;
    MOS_TRY(check_options(options));
    MOS_TRY(prepare_folder(folder, overwrite));
    MOS_GOTO(job_init(&job));
    MOS_GOTO(write_patches(&job));
    MOS_GOTO(write_truth(&job));
    /* Last, so that a folder with a metadata table (a scene file) is a whole data set. */
    if (options->layout == LAYOUT_SCENE)
        status = mos_synth_mosaic_write(&job.mosaic, &job.plan.tiles[0], folder);
    else
        status = mos_synth_write_metadata(&job.plan, job.labels, options->clouds > 0, folder);
done:
    job_release(&job);
    return status;
}
