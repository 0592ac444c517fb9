/* The one answer to what is wrong with a data set as a whole: it is noted once, while the data set
 * is opened, and every command consults the same notes. Each note is a row of the table of classes
 * (data/check_class.h), so `data check` reports what the others stop at.
 *
 * data.accept lists classes that shall stop no command. */
#ifndef MOS_DATA_VERDICTS_H
#define MOS_DATA_VERDICTS_H

#include "data/check_class.h"
#include "data/dataset.h"

typedef enum mos_purpose {
    MOS_FOR_LOOKING, /* info, stats, split, pack */
    MOS_FOR_USE      /* training, evaluation, prediction */
} mos_purpose;

/* Counted, kept with its first words, and shown among the defects met while opening. */
void mos_verdict_note(mos_dataset *dataset, mos_check_class verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* How often it was noted; *words (may be NULL) are those of the first time. */
int64_t mos_verdict_count(const mos_dataset *dataset, mos_check_class verdict, const char **words);
/* Does data.accept list it? */
bool mos_verdict_accepted(const mos_dataset *dataset, mos_check_class verdict);
/* Unknown names in data.accept. */
mosaic_status mos_verdicts_check_keys(const mos_dataset *dataset);
/* MOSAIC_ERR_DATA for the first noted class, in the order of the table, that stops this purpose and
 * is not accepted: its words, the key that settles it, and the one that goes on regardless. */
mosaic_status mos_verdicts_consult(const mos_dataset *dataset, mos_purpose purpose);
/* The same error for what a read meets in one sample; MOSAIC_OK where the class is accepted. */
mosaic_status mos_verdict_refuse(const mos_dataset *dataset, mos_check_class verdict,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same where data.accept cannot help: nothing could be made of the values. */
mosaic_status mos_verdict_stop(mos_check_class verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A band of the patches that were looked at against the mean and deviation a model was trained
 * with: refused where they are a hundredfold apart, and by more than the model ever saw. A band
 * that is not there, or that no such patch has, is not judged. */
mosaic_status mos_verdict_unit(const mos_dataset *dataset, const char *modality, const char *band,
                               double mean, double sd);
/* The class of the last mos_verdict_refuse or mos_verdict_stop that failed on this thread, and
 * forget it; -1: none. */
int mos_verdict_taken(void);

#endif
