/* The inside of a reader: one thread's buffers. */
#ifndef MOS_DATA_SAMPLE_READER_H
#define MOS_DATA_SAMPLE_READER_H

#include "data/sample_table.h"

typedef struct mos_reader_buffer {
    float *data;
    size_t capacity;
} mos_reader_buffer;

/* Native pixels of a band that were read before. */
typedef struct mos_kept_band {
    int64_t sample, modality;
    int band;
    mos_raw_band raw; /* its data are the reader's */
} mos_kept_band;

struct mos_reader {
    mos_dataset *dataset;
    void *state;    /* the format's */
    bool unguarded; /* while opening: what is found is noted, not refused */
    /* While opening, patches that are looked at again are not read again. */
    size_t most_kept; /* bytes; 0: nothing is kept */
    mos_kept_band *kept;
    size_t kept_count, kept_capacity, kept_bytes;
    mos_reader_buffer buffers[MOS_DATA_MAX_MODALITIES][MOS_DATA_MAX_BANDS];
    mos_raw_band raw[MOS_DATA_MAX_BANDS];
};

/* From now on bands that were read are kept, up to some bytes. */
void mos_reader_keep(mos_reader *reader);
/* Reads samples by all threads, for a reader that keeps. What cannot be read is not kept, and fails
 * when it is read. */
void mos_reader_read_ahead(mos_reader *reader, const int64_t *samples, int64_t count);

/* One pixel of a band as a double. */
double mos_raw_value(const mos_raw_band *band, int64_t i);
/* Is it neither the no-data value nor NaN nor infinite? */
bool mos_raw_valid(const mos_raw_band *band, double value);

#endif
