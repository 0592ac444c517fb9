#include "bench/store_bench.h"

#include "base/file.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "bench/bench_run.h"
#include "bench/scratch.h"
#include "data/bigearthnet/patch_layout.h"
#include "data/data_options.h"
#include "data/sample_table.h"
#include "io/lmdb_store.h"
#include "io/raster.h"
#include "prepare/pack/pack.h"
#include "prepare/synth/synth.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ROUNDS = MOS_BENCH_MAX_ROUNDS, MAX_WAYS = 3, PATH_SIZE = 4096, RECORDS = 2 };

typedef struct bench_way {
    const char *name, *what;
    int threads;
    double seconds[MAX_ROUNDS], busy[MAX_ROUNDS]; /* by the clock, and of processors */
} bench_way;

typedef struct store_bench {
    const mos_store_bench_options *options;
    char work[PATH_SIZE], tree[PATH_SIZE], store[PATH_SIZE];
    mos_dataset *data, *packed;
    bench_way ways[MAX_WAYS];
    int count;
    uint64_t sum; /* so that what is read is used */
} store_bench;

typedef mosaic_status (*run_way)(store_bench *bench);

static double now(clockid_t clock) {
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static mosaic_status measure(store_bench *bench, int w, int64_t round, run_way run) {
    double wall = now(CLOCK_MONOTONIC), busy = now(CLOCK_PROCESS_CPUTIME_ID);
    MOS_TRY(run(bench));
    if (round < 0) return MOSAIC_OK; /* warming up */
    bench->ways[w].seconds[round] = now(CLOCK_MONOTONIC) - wall;
    bench->ways[w].busy[round] = now(CLOCK_PROCESS_CPUTIME_ID) - busy;
    return MOSAIC_OK;
}

static mosaic_status open_at(const char *root, mos_dataset **out) {
    mos_data_options options = {0};
    mosaic_status status;
    MOS_GOTO(mos_options_init(&mos_data_option_table, &options));
    MOS_GOTO(mos_options_set(&mos_data_option_table, &options, "data.root", root, false, "bench"));
    MOS_GOTO(mos_dataset_open(&options, out));
done:
    mos_options_release(&mos_data_option_table, &options);
    return status;
}

/* A procedural tree without its reference maps, opened. */
static mosaic_status make_tree(store_bench *bench) {
    const mos_store_bench_options *options = bench->options;
    mos_synth_options synth = {0};
    char path[PATH_SIZE];
    MOS_TRY(mos_bench_scratch_make(options->folder, bench->work, sizeof bench->work));
    MOS_TRY(mos_path_join(bench->tree, PATH_SIZE, bench->work, "tree"));
    MOS_TRY(mos_path_join(bench->store, PATH_SIZE, bench->work, "store"));
    MOS_TRY(mos_options_init(&mos_synth_option_table, &synth));
    synth.patches = options->patches;
    synth.size = options->size;
    synth.progress = false;
    mosaic_status status =
        mos_options_set(&mos_synth_option_table, &synth, "layout", "tree", false, "bench");
    if (status == MOSAIC_OK) status = mos_synth_write(&synth, bench->tree, false);
    mos_options_release(&mos_synth_option_table, &synth);
    MOS_TRY(status);
    MOS_TRY(mos_path_join(path, sizeof path, bench->tree, "Reference_Maps"));
    MOS_TRY(mos_remove_tree(path));
    return open_at(bench->tree, &bench->data);
}

static void end_bench(store_bench *bench) {
    mos_dataset_close(&bench->data);
    mos_dataset_close(&bench->packed);
    mos_bench_scratch_remove(bench->work);
}

static mosaic_status pack_ours(store_bench *bench) {
    mos_pack_result result;
    const mos_pack_options options = {.folder = bench->store, .threads = bench->options->threads};
    MOS_TRY(mos_remove_tree(bench->store));
    return mos_pack(bench->data, &options, &result);
}

/* One band as most converters read it: opened by path, asked for its size, read. */
static mosaic_status gdal_band(const store_bench *bench, int kind, const char *patch, int band,
                               void *pixels, mos_tensor_source *out) {
    const mos_patch_layout *layout = &mos_patch_layouts[kind];
    mos_patch_name parsed;
    char path[PATH_SIZE];
    if (!layout->parse(patch, strlen(patch), &parsed))
        return mos_fail(MOSAIC_ERR_RUNTIME, "'%s' is not a patch name", patch);
    int size = snprintf(path, sizeof path, "%s/%s/%.*s/%s/%s_%s.tif", bench->tree, layout->folder,
                        (int)parsed.folder_size, patch, patch, patch, layout->file[band]);
    if (size < 0 || (size_t)size >= sizeof path)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: path is too long", bench->tree);
    int64_t side = bench->options->size / mos_patch_step(kind, band);
    *out = (mos_tensor_source){.name = layout->file[band],
                               .dtype = kind == MOS_PATCHES_S1 ? MOS_F32 : MOS_U16,
                               .rank = 2,
                               .shape = {side, side},
                               .data = pixels};
    return mos_raster_read_band(path, 1, out->dtype, pixels, side, side);
}

static mosaic_status gdal_patch(store_bench *bench, int64_t sample, int kind, unsigned char *pixels,
                                mos_tensor_source tensors[MOS_PATCH_FILES]) {
    const char *patch = bench->data->sources[sample * bench->data->slots + kind];
    size_t step = (size_t)(bench->options->size * bench->options->size) * sizeof(float);
    for (int b = 0; b < mos_patch_layouts[kind].count; b++)
        MOS_TRY(gdal_band(bench, kind, patch, b, pixels + (size_t)b * step, &tensors[b]));
    return MOSAIC_OK;
}

/* The pixels of one patch; mos_free. */
static mosaic_status patch_room(const store_bench *bench, unsigned char **pixels) {
    size_t band = (size_t)(bench->options->size * bench->options->size) * sizeof(float);
    return mos_alloc(MOS_PATCH_FILES, band, "pixels of a patch", pixels);
}

static mosaic_status pack_naive(store_bench *bench) {
    unsigned char *pixels = NULL;
    mos_lmdb_writer *writer = NULL;
    mosaic_status status;
    MOS_GOTO(mos_remove_tree(bench->store));
    MOS_GOTO(patch_room(bench, &pixels));
    MOS_GOTO(mos_lmdb_writer_open(bench->store, &writer));
    for (int64_t i = 0; i < bench->data->count; i++) {
        for (int kind = 0; kind < RECORDS; kind++) {
            mos_tensor_source tensors[MOS_PATCH_FILES];
            void *blob;
            size_t size;
            MOS_GOTO(gdal_patch(bench, i, kind, pixels, tensors));
            MOS_GOTO(mos_safetensors_encode(tensors, (size_t)mos_patch_layouts[kind].count, NULL, 0,
                                            &blob, &size));
            status = mos_lmdb_put(writer, bench->data->sources[i * bench->data->slots + kind], blob,
                                  size);
            mos_free(blob);
            if (status != MOSAIC_OK) goto done;
        }
    }
    MOS_GOTO(mos_lmdb_writer_close(&writer));
done:
    if (writer != NULL) (void)!mos_lmdb_writer_close(&writer);
    mos_free(pixels);
    return status;
}

static uint64_t sum_bytes(const void *data, size_t size) {
    uint64_t sum = 0, word;
    for (size_t at = 0; at + sizeof word <= size; at += sizeof word) {
        memcpy(&word, (const unsigned char *)data + at, sizeof word);
        sum += word;
    }
    return sum;
}

static mosaic_status read_packed(store_bench *bench, bool touch) {
    mos_reader *reader;
    mos_raw_band raw[MOS_DATA_MAX_BANDS];
    int bands[MOS_PATCH_FILES];
    for (int b = 0; b < MOS_PATCH_FILES; b++)
        bands[b] = b;
    MOS_TRY(mos_reader_open(bench->packed, &reader));
    mosaic_status status = MOSAIC_OK;
    for (int64_t i = 0; i < bench->packed->count; i++) {
        for (int m = 0; m < RECORDS; m++) {
            int64_t count = bench->packed->modalities[m].band_count;
            MOS_GOTO(mos_reader_read_raw(reader, i, m, bands, count, raw));
            for (int64_t b = 0; b < count; b++) {
                size_t bytes =
                    (size_t)(raw[b].width * raw[b].height) * mos_dtype_bytes(raw[b].dtype);
                bench->sum += touch ? sum_bytes(raw[b].data, bytes) : (uintptr_t)raw[b].data;
            }
        }
    }
done:
    mos_reader_close(&reader);
    return status;
}

static mosaic_status read_located(store_bench *bench) {
    return read_packed(bench, false);
}

static mosaic_status read_touched(store_bench *bench) {
    return read_packed(bench, true);
}

static mosaic_status read_naive(store_bench *bench) {
    unsigned char *pixels;
    MOS_TRY(patch_room(bench, &pixels));
    mosaic_status status = MOSAIC_OK;
    for (int64_t i = 0; i < bench->data->count; i++) {
        for (int kind = 0; kind < RECORDS; kind++) {
            mos_tensor_source tensors[MOS_PATCH_FILES];
            MOS_GOTO(gdal_patch(bench, i, kind, pixels, tensors));
            for (int b = 0; b < mos_patch_layouts[kind].count; b++)
                bench->sum +=
                    sum_bytes(tensors[b].data, (size_t)(tensors[b].shape[0] * tensors[b].shape[1]) *
                                                   mos_dtype_bytes(tensors[b].dtype));
        }
    }
done:
    mos_free(pixels);
    return status;
}

/* The middle of the rounds' ratios: each round has both ways in it. */
static double ratio_of(const double *ours, const double *other, int64_t rounds) {
    double ratios[MAX_ROUNDS];
    for (int64_t r = 0; r < rounds; r++)
        ratios[r] = other[r] / ours[r];
    return mos_median(ratios, rounds);
}

static void report_text(const store_bench *bench, const char *unit, double items, mos_text *out) {
    const mos_store_bench_options *options = bench->options;
    const bench_way *naive = &bench->ways[bench->count - 1];
    mos_text_add(out, "%lld pairs of %lld px, %lld rounds in turn, in %s\n",
                 (long long)options->patches, (long long)options->size, (long long)options->rounds,
                 options->folder);
    mos_text_add(out, "%-10s %8s %16s %22s %8s %8s\n", "way", "threads", unit, "of processor time",
                 "ratio", "of cpu");
    for (int w = 0; w < bench->count; w++) {
        const bench_way *way = &bench->ways[w];
        mos_text_add(out, "%-10s %8d %16.0f %22.0f %8.2f %8.2f  %s\n", way->name, way->threads,
                     items / mos_median(way->seconds, options->rounds),
                     items / mos_median(way->busy, options->rounds),
                     ratio_of(way->seconds, naive->seconds, options->rounds),
                     ratio_of(way->busy, naive->busy, options->rounds), way->what);
    }
}

static mosaic_status report_json(const store_bench *bench, const char *unit, double items,
                                 mos_text *out) {
    const mos_store_bench_options *options = bench->options;
    const bench_way *naive = &bench->ways[bench->count - 1];
    mos_json json = {.flat = true};
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "unit", unit);
    mos_json_int(&json, "patches", options->patches);
    mos_json_int(&json, "size", options->size);
    mos_json_int(&json, "rounds", options->rounds);
    for (int w = 0; w < bench->count; w++) {
        const bench_way *way = &bench->ways[w];
        mos_json_open(&json, way->name, '{');
        mos_json_int(&json, "threads", way->threads);
        mos_json_number(&json, "per_second", items / mos_median(way->seconds, options->rounds));
        mos_json_number(&json, "per_processor_second",
                        items / mos_median(way->busy, options->rounds));
        mos_json_number(&json, "ratio", ratio_of(way->seconds, naive->seconds, options->rounds));
        mos_json_close(&json, '}');
    }
    mos_json_close(&json, '}');
    mosaic_status status = mos_json_end(&json);
    if (status == MOSAIC_OK) mos_text_add_bytes(out, json.text.data, json.text.size);
    mos_json_release(&json);
    return status;
}

static mosaic_status report(const store_bench *bench, const char *unit, double items,
                            mos_text *out) {
    if (bench->options->json) return report_json(bench, unit, items, out);
    report_text(bench, unit, items, out);
    return MOSAIC_OK;
}

static mosaic_status check_options(const mos_store_bench_options *options) {
    if (options->rounds < 1 || options->rounds > MAX_ROUNDS)
        return mos_fail(MOSAIC_ERR_USAGE, "%lld rounds, wanted 1 to %d", (long long)options->rounds,
                        MAX_ROUNDS);
    return MOSAIC_OK;
}

static mosaic_status run_rounds(store_bench *bench, const run_way *runs) {
    for (int64_t round = -1; round < bench->options->rounds; round++) {
        for (int w = 0; w < bench->count; w++)
            MOS_TRY(measure(bench, w, round, runs[w]));
    }
    return MOSAIC_OK;
}

mosaic_status mos_pack_bench(const mos_store_bench_options *options, mos_text *out) {
    static const run_way runs[] = {pack_ours, pack_naive};
    store_bench bench = {.options = options, .count = 2};
    bench.ways[0] = (bench_way){.name = "mosaic", .what = "data pack", .threads = options->threads};
    bench.ways[1] = (bench_way){.name = "naive", .what = "GDAL opens every band", .threads = 1};
    mosaic_status status;
    MOS_GOTO(check_options(options));
    MOS_GOTO(make_tree(&bench));
    MOS_GOTO(run_rounds(&bench, runs));
    MOS_GOTO(report(&bench, "records/s", (double)(RECORDS * options->patches), out));
done:
    end_bench(&bench);
    return status;
}

mosaic_status mos_read_bench(const mos_store_bench_options *options, mos_text *out) {
    static const run_way runs[] = {read_located, read_touched, read_naive};
    store_bench bench = {.options = options, .count = 3};
    bench.ways[0] =
        (bench_way){.name = "raw", .what = "every band found and checked", .threads = 1};
    bench.ways[1] =
        (bench_way){.name = "touched", .what = "and every pixel read once", .threads = 1};
    bench.ways[2] =
        (bench_way){.name = "naive", .what = "GDAL opens every band of the tree", .threads = 1};
    mosaic_status status;
    MOS_GOTO(check_options(options));
    MOS_GOTO(make_tree(&bench));
    MOS_GOTO(pack_ours(&bench));
    MOS_GOTO(open_at(bench.store, &bench.packed));
    MOS_GOTO(run_rounds(&bench, runs));
    MOS_GOTO(report(&bench, "samples/s", (double)options->patches, out));
done:
    end_bench(&bench);
    return status;
}
