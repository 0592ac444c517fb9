/* mosaic/dataset.h: data sets of co-registered patches, by name.
 *
 * Bands, classes and splits go by their names, never by a position that is a convention.
 *
 * Threads: an open data set is read-only, and any thread may ask it. A mosaic_reader belongs to one
 * thread at a time; close it before its data set. */
#ifndef MOSAIC_DATASET_H
#define MOSAIC_DATASET_H

#include "mosaic/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mosaic_dataset mosaic_dataset;
typedef struct mosaic_reader mosaic_reader;

/* Open a data set by options in the form of the configuration's `data` section: an array of key,
 * value pairs ended by NULL, as in {"root", "/data/BigEarthNet", "format", "bigearthnet-v2", NULL}.
 * Missing keys take their defaults. Errors: MOSAIC_ERR_USAGE for keys and values, MOSAIC_ERR_DATA
 * for what is wrong with the data on disk, MOSAIC_ERR_IO, MOSAIC_ERR_MEMORY. The caller owns *out;
 * mosaic_dataset_close also takes a pointer to NULL. */
MOSAIC_API mosaic_status mosaic_dataset_open(const char *const *options,
                                             mosaic_dataset **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_dataset_close(mosaic_dataset **dataset);

/* Numbers of samples and of modalities. */
MOSAIC_API int64_t mosaic_dataset_count(const mosaic_dataset *dataset);
MOSAIC_API int64_t mosaic_dataset_modality_count(const mosaic_dataset *dataset);
/* Names of modality m ("s1"), of its band b ("VV"), of class l; NULL out of range. The texts live as
 * long as the data set. */
MOSAIC_API const char *mosaic_dataset_modality(const mosaic_dataset *dataset, int64_t m);
MOSAIC_API int64_t mosaic_dataset_band_count(const mosaic_dataset *dataset, int64_t m);
MOSAIC_API const char *mosaic_dataset_band(const mosaic_dataset *dataset, int64_t m, int64_t b);
MOSAIC_API int64_t mosaic_dataset_class_count(const mosaic_dataset *dataset);
MOSAIC_API const char *mosaic_dataset_class(const mosaic_dataset *dataset, int64_t l);

/* Sample i: name, split ("train", "validation", "test", "none"), labels [class_count] 1, 0 or -1
 * (unknown), acquisition time of modality m in seconds since 1970 UTC (INT64_MIN: unknown),
 * presence of modality m (1 or 0). Out of range: NULL, "none", NULL, INT64_MIN, 0. Texts and labels
 * live as long as the data set. */
MOSAIC_API const char *mosaic_dataset_id(const mosaic_dataset *dataset, int64_t i);
MOSAIC_API const char *mosaic_dataset_split(const mosaic_dataset *dataset, int64_t i);
MOSAIC_API const int8_t *mosaic_dataset_labels(const mosaic_dataset *dataset, int64_t i);
MOSAIC_API int64_t mosaic_dataset_time(const mosaic_dataset *dataset, int64_t i, int64_t m);
MOSAIC_API int mosaic_dataset_has(const mosaic_dataset *dataset, int64_t i, int64_t m);

/* The index of a sample by its name, -1: there is none of that name. */
MOSAIC_API int64_t mosaic_dataset_find(const mosaic_dataset *dataset, const char *id);
/* The country of sample i as the metadata has it ("" unknown, NULL out of range). The name of the
 * data set's format. The path of the folder or file that was opened. Texts live as long as the data
 * set. */
MOSAIC_API const char *mosaic_dataset_country(const mosaic_dataset *dataset, int64_t i);
MOSAIC_API const char *mosaic_dataset_format(const mosaic_dataset *dataset);
MOSAIC_API const char *mosaic_dataset_root(const mosaic_dataset *dataset);
/* Ground size in metres of a pixel of band b of modality m; 0 unknown or out of range. */
MOSAIC_API double mosaic_dataset_resolution(const mosaic_dataset *dataset, int64_t m, int64_t b);

/* Where a sample lies on the ground. It has no size of its own and never changes. */
typedef struct mosaic_place {
    const char *crs;      /* "EPSG:32633", else WKT; lives as long as the data set */
    double x, y;          /* upper left corner, in units of crs */
    double width, height; /* to the east and to the south, in units of crs */
} mosaic_place;
/* 1: *out is the place of sample i; 0: the data set does not know it, or i is out of range. */
MOSAIC_API int mosaic_dataset_place(const mosaic_dataset *dataset, int64_t i, mosaic_place *out);

/* Open a reader of a data set. Errors: MOSAIC_ERR_MEMORY, MOSAIC_ERR_IO. The caller owns *out;
 * mosaic_reader_close also takes a pointer to NULL. */
MOSAIC_API mosaic_status mosaic_reader_open(mosaic_dataset *dataset,
                                            mosaic_reader **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_reader_close(mosaic_reader **reader);
/* Read one band at its native size: *data [height, width] is lent until the next call on this
 * reader. S1 is in dB, S2 in digital numbers (reflectance * 10,000). Errors: MOSAIC_ERR_USAGE for a
 * sample out of range and for names that the data set lacks; MOSAIC_ERR_DATA for a missing or damaged
 * file, which the message names. */
MOSAIC_API mosaic_status mosaic_reader_band(mosaic_reader *reader, int64_t i, const char *modality,
                                            const char *band, const float **data, int64_t *width,
                                            int64_t *height) MOSAIC_CHECKED;

/* Read one band with its validity. *valid [height, width] is 1 where the pixel is a measurement, 0
 * where it is NaN, infinite or the band's no-data value; it is lent until the next call on this
 * reader. *invalid is the number of its zeros. *data is as above. `data`, `valid` and `invalid` may
 * each be NULL. Errors: as mosaic_reader_band's, and MOSAIC_ERR_MEMORY. */
MOSAIC_API mosaic_status mosaic_reader_masked(mosaic_reader *reader, int64_t i,
                                              const char *modality, const char *band,
                                              const float **data, const uint8_t **valid,
                                              int64_t *width, int64_t *height,
                                              int64_t *invalid) MOSAIC_CHECKED;

#ifdef __cplusplus
}
#endif
#endif
