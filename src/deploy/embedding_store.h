/* Embeddings as files: embeddings.npy [rows, all modalities side by side], embeddings.csv with a
 * line per row, embeddings.json with what the numbers mean. */
#ifndef MOS_DEPLOY_EMBEDDING_STORE_H
#define MOS_DEPLOY_EMBEDDING_STORE_H

#include "base/text.h"
#include "io/csv.h"
#include "io/file_map.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "model/model.h"

typedef enum mos_embedding_kind { MOS_EMBED_FEATURES, MOS_EMBED_LATENTS } mos_embedding_kind;
extern const char *const mos_embedding_kind_names[]; /* "features" "latents" NULL */
typedef enum mos_embedding_type {
    MOS_EMBED_FLOAT32,
    MOS_EMBED_FLOAT16,
    MOS_EMBED_INT8 /* value = scale * stored, one scale for the file */
} mos_embedding_type;
extern const char *const mos_embedding_type_names[]; /* "float32" "float16" "int8" NULL */

typedef struct mos_embedding_about {
    char model[4096], model_sha256[65], data[4096]; /* data: "" the model's own */
    mos_embedding_kind kind;
    mos_embedding_type type;
    double scale, largest_error, rms_error; /* of what is stored against float32 */
    int64_t rows, modalities, size;         /* size: of one modality's part of a row */
    char modality[MOS_MAX_MODALITIES][32];
    /* KEY=VALUE by lines (mos_predict_settings): what opens the data again. "": a store of an
     * earlier version, or more than fits */
    char settings[16384];
} mos_embedding_about;

/* A value as float16 keeps it. */
float mos_half_of(float value);
/* What the numbers mean, as JSON; places: with where model and data were, which is for this machine
 * alone. */
mosaic_status mos_embedding_about_json(const mos_embedding_about *about, bool places,
                                       mos_text *out);
/* Reads that JSON back. The bytes are untrusted; `path` names them in messages. */
mosaic_status mos_embedding_about_parse(const char *text, size_t size, const char *path,
                                        mos_embedding_about *out);
/* embeddings.json */
mosaic_status mos_embedding_about_write(const char *folder, const mos_embedding_about *about);

/* embeddings.npy, row by row. about->rows of them are added; the scale is chosen by the largest
 * absolute value of all. Scale and errors are filled in, these when it is committed. */
typedef struct mos_embedding_values {
    mos_npy_file npy;
    mos_embedding_about *about;
    double squares; /* of the errors so far */
    void *stored;   /* the last row, as it is stored: [modalities * size] of about->type */
} mos_embedding_values;
mosaic_status mos_embedding_values_begin(const char *folder, double largest,
                                         mos_embedding_about *about, mos_embedding_values *out);
/* values [modalities * size] */
mosaic_status mos_embedding_values_add(mos_embedding_values *out, const float *values);
mosaic_status mos_embedding_values_commit(mos_embedding_values *out);
void mos_embedding_values_close(mos_embedding_values *out); /* takes an empty or committed one */
/* The same for rows [about->rows, columns] in memory. */
mosaic_status mos_embedding_values_write(const char *folder, const float *values,
                                         mos_embedding_about *about);
/* A row [modalities * size] as it is stored, by about->scale. Returns the largest of the errors and adds
 * their squares. */
double mos_embedding_encode(const mos_embedding_about *about, const float *values, void *stored,
                            double *squares);
/* `count` stored numbers from `begin` on, as floats. */
void mos_embedding_decode(const mos_embedding_about *about, const void *stored, int64_t begin,
                          int64_t count, float *out);

/* A store that is open for searching: numbers and table stay in their files. */
typedef struct mos_embedding_store {
    mos_embedding_about about;
    mos_file_map map;
    const void *values; /* [rows, modalities * size] of about.type */
    mos_csv_rows *table;
    int64_t id, split, country, date, longitude, latitude, labels; /* columns */
    int64_t present[MOS_MAX_MODALITIES];
    uint32_t *has; /* [rows] bit of each modality that a row has; NULL: nobody has looked yet */
    int64_t crs, x, y, width, height, product, pixels; /* columns too; below 0: a store of an
                                                          earlier version has none */
} mos_embedding_store;
mosaic_status mos_embedding_store_open(const char *folder, mos_embedding_store *out);
void mos_embedding_store_close(mos_embedding_store *store);
/* Cells of a row of the table by column, until another row is asked for. The table is read as far as
 * that row; what searches go by is read once. */
mosaic_status mos_embedding_cells(const mos_embedding_store *store, int64_t row,
                                  char *const **cells);
/* `count` columns of a row from `begin` on, as floats. */
void mos_embedding_row(const mos_embedding_store *store, int64_t row, int64_t begin, int64_t count,
                       float *out);

#endif
