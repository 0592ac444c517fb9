/* The rows that one thread of the check collects. */
#ifndef MOS_PREPARE_CHECK_CHECK_LIST_H
#define MOS_PREPARE_CHECK_CHECK_LIST_H

#include "data/patch_place.h"
#include "data/sample_reader.h"
#include "prepare/check/check.h"

typedef struct mos_check_list {
    const mos_dataset *dataset;
    const mos_check_options *options;
    mos_check_row *rows;
    size_t count, capacity;
    int64_t judged[MOS_CHECK_CLASSES];
    int64_t opened; /* samples of which some band could be read */
    int tag;        /* of the modality in hand: what its file says of the +1000 */
    mos_patch patch;
    mos_text_pool pool;
    mosaic_status status; /* the first failure of the check itself */
    char error[512];
} mos_check_list;

/* What a row is about; a class that is not wanted makes none. `serious` >= 0 overrides the table's
 * severity. */
typedef struct mos_check_place {
    int64_t sample;         /* -1 */
    int64_t modality, band; /* -1 */
    const char *file;       /* NULL */
    int serious;            /* a mos_severity + 1, 0: the table's */
} mos_check_place;

void mos_check_note(mos_check_list *list, mos_check_class class, const mos_check_place *place,
                    const char *wanted, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A row whose texts are ready; they are copied. */
void mos_check_add(mos_check_list *list, const mos_check_row *row);
void mos_check_list_release(mos_check_list *list);
mos_severity mos_check_severity(const mos_dataset *dataset, mos_check_class class);

/* Everything that one sample tells (prepare/check/check_sample.c); *ground is where it lies. */
void mos_check_sample(mos_check_list *list, mos_reader *reader, int64_t sample, mos_place *ground);
/* Bands of one modality, when all or some of them can be read (prepare/check/check_pixels.c). */
void mos_check_band(mos_check_list *list, const mos_check_place *place, const mos_raw_band *raw);
/* False: no band is one of a Sentinel, and nothing was judged. */
bool mos_check_values(mos_check_list *list, const mos_check_place *place, const mos_raw_band *raw);
void mos_check_radar(mos_check_list *list, const mos_check_place *place, const mos_raw_band *raw);
void mos_check_optical(mos_check_list *list, const mos_check_place *place, const mos_raw_band *raw);
/* Ground, or a file, that two splits share; places [samples], those of no split become unknown. */
mosaic_status mos_check_leakage(mos_check_list *list, mos_place *places);

#endif
