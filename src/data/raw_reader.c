/* Reading native values from the format. */
#include "data/sample_reader.h"

#include "base/memory.h"
#include "base/thread.h"

#include <math.h>
#include <string.h>

mosaic_status mos_reader_open(mos_dataset *dataset, mos_reader **out) {
    *out = NULL;
    mos_reader *reader;
    MOS_TRY(mos_alloc(1, sizeof *reader, "reader", &reader));
    reader->dataset = dataset;
    mosaic_status status = dataset->format->reader_open(dataset, &reader->state);
    if (status != MOSAIC_OK) {
        mos_reader_close(&reader);
        return status;
    }
    *out = reader;
    return MOSAIC_OK;
}

void mos_reader_close(mos_reader **pointer) {
    mos_reader *reader = *pointer;
    if (reader == NULL) return;
    if (reader->state != NULL) reader->dataset->format->reader_close(reader->state);
    for (int m = 0; m < MOS_DATA_MAX_MODALITIES; m++) {
        for (int b = 0; b < MOS_DATA_MAX_BANDS; b++)
            mos_free(reader->buffers[m][b].data);
    }
    for (size_t k = 0; k < reader->kept_count; k++) {
        void *data;
        memcpy(&data, &reader->kept[k].raw.data, sizeof data);
        mos_free(data);
    }
    mos_free(reader->kept);
    mos_free(reader);
    *pointer = NULL;
}

/* ---- what is kept ---- */

void mos_reader_keep(mos_reader *reader) {
    reader->most_kept = (size_t)64 << 20;
}

static const mos_kept_band *find_kept(const mos_reader *reader, int64_t sample, int64_t modality,
                                      int band) {
    for (size_t k = 0; k < reader->kept_count; k++) {
        const mos_kept_band *kept = &reader->kept[k];
        if (kept->sample == sample && kept->modality == modality && kept->band == band) return kept;
    }
    return NULL;
}

static bool take_kept(const mos_reader *reader, int64_t sample, int64_t modality, const int *bands,
                      int64_t count, mos_raw_band *out) {
    for (int64_t i = 0; i < count; i++) {
        const mos_kept_band *kept = find_kept(reader, sample, modality, bands[i]);
        if (kept == NULL) return false;
        out[i] = kept->raw;
    }
    return true;
}

/* Where there is no room for it, it is not kept. */
static void keep(mos_reader *reader, int64_t sample, int64_t modality, const int *bands,
                 int64_t count, const mos_raw_band *raw) {
    for (int64_t i = 0; i < count; i++) {
        const size_t pixel = mos_dtype_bytes(raw[i].dtype),
                     bytes = (size_t)(raw[i].width * raw[i].height) * pixel;
        void *data;
        if (bytes > reader->most_kept - reader->kept_bytes ||
            find_kept(reader, sample, modality, bands[i]) != NULL)
            continue;
        if (mos_grow(&reader->kept, &reader->kept_capacity, reader->kept_count + 1,
                     sizeof *reader->kept, "patches that are kept") != MOSAIC_OK ||
            mos_alloc(bytes, 1, "patches that are kept", &data) != MOSAIC_OK)
            return;
        memcpy(data, raw[i].data, bytes);
        mos_kept_band *kept = &reader->kept[reader->kept_count++];
        *kept = (mos_kept_band){sample, modality, bands[i], raw[i]};
        kept->raw.data = data;
        reader->kept_bytes += bytes;
    }
}

mosaic_status mos_reader_read_raw(mos_reader *reader, int64_t sample, int64_t modality,
                                  const int *bands, int64_t count, mos_raw_band *out) {
    mos_dataset *dataset = reader->dataset;
    if (sample < 0 || sample >= dataset->count || modality < 0 ||
        modality >= dataset->modality_count)
        return mos_fail(MOSAIC_ERR_USAGE, "sample %lld, modality %lld: outside the data set",
                        (long long)sample, (long long)modality);
    const mos_modality *what = &dataset->modalities[modality];
    if (count < 1 || count > MOS_DATA_MAX_BANDS)
        return mos_fail(MOSAIC_ERR_USAGE, "%lld bands asked of %s, which has %lld",
                        (long long)count, what->name, (long long)what->band_count);
    for (int64_t i = 0; i < count; i++) {
        if (bands[i] < 0 || bands[i] >= what->band_count)
            return mos_fail(MOSAIC_ERR_USAGE, "band %d asked of %s, which has %lld", bands[i],
                            what->name, (long long)what->band_count);
    }
    if (!(dataset->present[sample] >> modality & 1))
        return mos_fail(MOSAIC_ERR_DATA, "sample '%s' has no %s", dataset->ids[sample], what->name);
    if (take_kept(reader, sample, modality, bands, count, out)) return MOSAIC_OK;
    MOS_TRY(dataset->format->read(dataset, reader->state, sample, modality, bands, count, out));
    if (reader->most_kept > 0) keep(reader, sample, modality, bands, count, out);
    return MOSAIC_OK;
}

/* ---- reading ahead ---- */

typedef struct ahead_job {
    mos_dataset *dataset;
    const int64_t *samples;
    size_t most_kept;     /* of a thread */
    mos_reader **readers; /* [threads] */
} ahead_job;

/* false: it cannot be read, or there is no room for it. */
static bool read_to_keep(mos_reader *reader, int64_t sample, int64_t modality) {
    const mos_dataset *dataset = reader->dataset;
    const int64_t count = dataset->modalities[modality].band_count;
    const size_t kept = reader->kept_count;
    int bands[MOS_DATA_MAX_BANDS];
    if (!(dataset->present[sample] >> modality & 1) || count == 0) return true;
    for (int64_t b = 0; b < count; b++)
        bands[b] = (int)b;
    return mos_reader_read_raw(reader, sample, modality, bands, count, reader->raw) == MOSAIC_OK &&
           reader->kept_count == kept + (size_t)count;
}

static void read_some(void *context, int64_t begin, int64_t end, int thread) {
    const ahead_job *job = context;
    mos_reader **reader = &job->readers[thread];
    bool good = begin < end && mos_reader_open(job->dataset, reader) == MOSAIC_OK;
    if (good) (*reader)->most_kept = job->most_kept;
    for (int64_t i = begin; i < end && good; i++)
        for (int64_t m = 0; m < job->dataset->modality_count && good; m++)
            good = read_to_keep(*reader, job->samples[i], m);
}

/* What `from` keeps becomes the reader's, as far as there is room in its list. */
static void take_over(mos_reader *reader, mos_reader *from) {
    if (mos_grow(&reader->kept, &reader->kept_capacity, reader->kept_count + from->kept_count,
                 sizeof *reader->kept, "patches that are kept") != MOSAIC_OK)
        return;
    memcpy(reader->kept + reader->kept_count, from->kept, from->kept_count * sizeof *from->kept);
    reader->kept_count += from->kept_count;
    reader->kept_bytes += from->kept_bytes;
    from->kept_count = 0;
}

void mos_reader_read_ahead(mos_reader *reader, const int64_t *samples, int64_t count) {
    const int threads = mos_cpu_count();
    ahead_job job = {.dataset = reader->dataset,
                     .samples = samples,
                     .most_kept = (reader->most_kept - reader->kept_bytes) / (size_t)threads};
    if (threads < 2 ||
        mos_alloc((size_t)threads, sizeof *job.readers, "readers", &job.readers) != MOSAIC_OK)
        return;
    mos_parallel_for(threads, count, read_some, &job);
    for (int t = 0; t < threads; t++) {
        if (job.readers[t] != NULL && job.readers[t]->kept_count > 0)
            take_over(reader, job.readers[t]);
        mos_reader_close(&job.readers[t]);
    }
    mos_free(job.readers);
}

double mos_raw_value(const mos_raw_band *band, int64_t i) {
    const unsigned char *at =
        (const unsigned char *)band->data + (size_t)i * mos_dtype_bytes(band->dtype);
    switch (band->dtype) {
    case MOS_U8:
    case MOS_BOOL:
        return at[0];
    case MOS_I8: {
        int8_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    case MOS_U16: {
        uint16_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    case MOS_I16: {
        int16_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    case MOS_I32: {
        int32_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    case MOS_U32: {
        uint32_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    case MOS_F32: {
        float value;
        memcpy(&value, at, sizeof value);
        return (double)value;
    }
    case MOS_F64: {
        double value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    default:
        return (double)NAN;
    }
}

bool mos_raw_valid(const mos_raw_band *band, double value) {
    return isfinite(value) && !(band->has_nodata && value == band->nodata);
}
