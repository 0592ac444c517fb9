/* Opening a data set to look for what is wrong with it: what an ordinary opening counts is kept
 * item by item, and what it refuses is noted and gone past. */
#ifndef MOS_DATA_SURVEY_H
#define MOS_DATA_SURVEY_H

#include "data/check_class.h"
#include "data/dataset.h"
#include "data/text_pool.h"

/* One thing met while opening, its text taken apart. */
typedef struct mos_survey_item {
    uint8_t class;                        /* mos_check_class */
    const char *kind, *id, *found, *file; /* "" where there is none */
    char modality[8];                     /* "s1", "s2", "" */
} mos_survey_item;

typedef struct mos_survey {
    mos_survey_item *items;
    size_t count, capacity;
    mos_text_pool pool;
    mosaic_status status; /* the first failure to keep an item */
} mos_survey;

/* mos_dataset_open, noting in `survey`, which the data set uses until this returns. */
mosaic_status mos_dataset_survey(const mos_data_options *options, mos_survey *survey,
                                 mos_dataset **out);
void mos_survey_release(mos_survey *survey);
/* What mos_dataset_defect was told; kinds that the check finds by itself are dropped. */
void mos_survey_note(mos_survey *survey, const char *kind, const char *text);
/* True and noted when the data set is being surveyed: the caller goes on without the row. Otherwise
 * `status` stands. */
bool mos_survey_forgives(mos_dataset *dataset, mosaic_status status, const char *kind);
/* Is the kind in the table? Every kind that a format reports has to be. */
bool mos_survey_knows(const char *kind);

#endif
