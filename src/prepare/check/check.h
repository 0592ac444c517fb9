/* `data check`: reads every sample of a data set and lists every defect as a row. */
#ifndef MOS_PREPARE_CHECK_CHECK_H
#define MOS_PREPARE_CHECK_CHECK_H

#include "data/check_class.h"
#include "data/dataset.h"
#include "data/survey.h"
#include "dist/comm.h"

typedef struct mos_check_options {
    bool wanted[MOS_CHECK_CLASSES];
    double max_lag_days; /* between radar and optical; 0: not looked at */
    int threads;
    bool progress;
    mos_comm *comm; /* ranks that share the samples; NULL: this process alone */
} mos_check_options;

typedef struct mos_check_row {
    int64_t sample; /* index; -1: not of one sample */
    uint8_t class, severity;
    const char *id, *modality, *band, *found, *wanted, *file; /* "" where there is none */
} mos_check_row;

typedef struct mos_check {
    const mos_dataset *dataset;
    mos_check_row *rows; /* those of no sample first, then by sample, class, modality, band */
    int64_t count;
    int64_t
        found[MOS_CHECK_CLASSES]; /* defects: rows, or what a row of a `together` class counts */
    int64_t judged[MOS_CHECK_CLASSES]; /* samples that could be judged; 0: nothing was there to
                                          judge by */
    bool wanted[MOS_CHECK_CLASSES];
    int64_t errors, warnings;      /* rows */
    int64_t opened;                /* samples of which some band could be read */
    int64_t samples, reduced_from; /* reduced_from > samples: data.limit left some out */
    mos_text_pool pool;
} mos_check;

/* Collective, with options->comm: rank 0 gets the result, the others none. It does not depend on the
 * number of threads or ranks. A file that cannot be read is a row; errors
 * are left for what stops the check itself (memory). The texts of `survey` are used by *out. */
mosaic_status mos_check_run(mos_dataset *dataset, const mos_survey *survey,
                            const mos_check_options *options, mos_check *out);
void mos_check_release(mos_check *check);

/* severity,defect,sample,modality,band,found,wanted,file */
void mos_check_csv(const mos_check *check, mos_text *out);
/* Counts, without the rows. */
mosaic_status mos_check_json(const mos_check *check, mos_text *out);
/* Could nothing be opened, though a class that was asked for wants it? */
bool mos_check_blind(const mos_check *check);
/* Writes the counts to the log, for people. */
void mos_check_log(const mos_check *check);

#endif
