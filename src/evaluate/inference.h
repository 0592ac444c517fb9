/* A model over a data set: features, latents, logits in the order asked, independent of batch and
 * thread count. */
#ifndef MOS_EVALUATE_INFERENCE_H
#define MOS_EVALUATE_INFERENCE_H

#include "artifact/model_file.h"
#include "loader/loader.h"

enum { MOS_INFERENCE_BATCH = 32 }; /* rows of the plan a model runs with here */

typedef struct mos_inference {
    int64_t n; /* rows with data; the others are counted in repairs.skipped and not here */
    int64_t classes, modalities, features, latent;
    int64_t *samples; /* [n] data set indices */
    int8_t *
        labels; /* [n, classes of the model], joined by name; classes unknown to the data set: -1 */
    float *logits;                        /* [n, classes] or NULL without a head */
    float *probability;                   /* [n, classes] sigmoid of logits */
    float *feature[MOS_MAX_MODALITIES];   /* [n, features]; zero rows where absent */
    float *z[MOS_MAX_MODALITIES];         /* [n, latent] unit rows, or NULL */
    uint8_t *present[MOS_MAX_MODALITIES]; /* [n] */
    mos_repairs repairs;
} mos_inference;

/* Runs `model` (already loaded; it is planned for inference here unless it is) over rows
 * index[count] of the data set. MOSAIC_INTERRUPTED: asked to stop (base/stop.h). */
mosaic_status mos_inference_run(mos_model *model, const mos_model_card *card, mos_dataset *dataset,
                                const int64_t *index, int64_t count, bool latents, int threads,
                                bool progress, mos_inference *out);
/* Called before each batch; a status other than MOSAIC_OK ends the run. */
typedef struct mos_inference_watch {
    mosaic_status (*look)(void *context, int64_t batch);
    void *context;
} mos_inference_watch;
/* The same of a part of what was asked for: no row at all, or none with data, is no error here. A request
 * to stop is the watch's business. */
mosaic_status mos_inference_part(mos_model *model, const mos_model_card *card, mos_dataset *dataset,
                                 const int64_t *index, int64_t count, bool latents, int threads,
                                 bool progress, const mos_inference_watch *watch,
                                 mos_inference *out);
/* Says what of the model's classes these data cannot score, and which of theirs it does not know. */
void mos_inference_warn_classes(const mos_model_card *card, const mos_dataset *dataset);
/* The failure where none of the `asked` rows has data. */
mosaic_status mos_inference_fail_none(const mos_dataset *dataset, int64_t asked);
/* Room for out->n rows, by the sizes in `out`; pointers are overwritten. */
mosaic_status mos_inference_allocate(mos_inference *out);
/* The same in consecutive parts, for more rows than memory can hold results of; reading and
 * computing go on across parts without a break. `take` gets the results of the next `asked` rows.
 * Rows that a policy threw out are not among them, and a part without any result is no error. A
 * status other than MOSAIC_OK from `take` ends the run. */
typedef mosaic_status (*mos_inference_take)(void *context, int64_t asked,
                                            const mos_inference *part);
mosaic_status mos_inference_stream(mos_model *model, const mos_model_card *card,
                                   mos_dataset *dataset, const int64_t *index, int64_t count,
                                   bool latents, int threads, int64_t batches,
                                   mos_inference_take take, void *context);
void mos_inference_release(mos_inference *inference);
/* The plan that a model of this card runs with here. */
mos_model_plan mos_inference_plan(const mos_model_card *card, bool latents);
/* Loader description of a card's modalities in this data set, bands joined by name; names what is
 * missing. */
mosaic_status mos_inference_bind(const mos_model_card *card, mos_dataset *dataset,
                                 mos_loader_options *options);
/* Rows of a split. mos_free(*index). */
mosaic_status mos_inference_rows(const mos_dataset *dataset, mos_split split, int64_t limit,
                                 int64_t **index, int64_t *count);

#endif
