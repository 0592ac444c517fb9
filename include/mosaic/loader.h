/* mosaic/loader.h: whole batches of patches, read and augmented by threads of the library.
 *
 * A loader makes the batches that training would see: the same rows in the same order. For one
 * configuration and seed the views are the same to the bit, whatever the number of threads. Images are
 * standardised, (x - mean) / sd of each band; with mosaic_loader_mean and mosaic_loader_sd a caller
 * gets back to decibels and digital numbers.
 *
 * Threads: one loader belongs to one thread at a time and uses threads inside. A batch belongs to
 * whoever took it. Any thread may read and release it, also after the loader is closed.
 * Processes: do not use a loader in a child after fork; open one there.
 * Not collective: with the options rank and ranks every process opens its own. */
#ifndef MOSAIC_LOADER_H
#define MOSAIC_LOADER_H

#include "mosaic/dataset.h"
#include "mosaic/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mosaic_loader mosaic_loader;
typedef struct mosaic_batch mosaic_batch;

/* Open a loader by options: key, value pairs ended by NULL, as in {"data.root", "/data/BigEarthNet",
 * "method", "simclr", "train.batch", "64", NULL}. Keys of the training configuration ("data.root",
 * "augment.blur", "train.seed", "method") have the meaning and the range they have there. Besides:
 *   config       a configuration file; the pairs go over what it says
 *   config_text  the text of one
 *   split        "train" (default), "validation", "test", "all"
 *   views        "training" (default): shuffled, the views of the method, the last incomplete batch
 *                dropped, only with the split "train"; "plain": one view, in the data set's order,
 *                not augmented, the last batch filled up with repeats (mosaic_batch_valid)
 *   threads      0 (default): as many as the process may use
 *   rank, ranks  number of this process, from 0, and of processes: each gets train.batch / ranks
 *                rows of every batch, which must divide evenly; default 0 and 1
 * Errors: MOSAIC_ERR_USAGE for keys and values, MOSAIC_ERR_DATA for what is wrong with the data on
 * disk, MOSAIC_ERR_IO, MOSAIC_ERR_MEMORY. The caller owns *out; mosaic_loader_close also takes a
 * pointer to NULL. */
MOSAIC_API mosaic_status mosaic_loader_open(const char *const *options,
                                            mosaic_loader **out) MOSAIC_CHECKED;
MOSAIC_API void mosaic_loader_close(mosaic_loader **loader);

/* What the batches are: batches of an epoch, rows of a batch, view sets, height and width, modalities
 * with their bands in channel order. The classes are those of mosaic_loader_dataset. Out of range
 * names are NULL and numbers 0. Names live as long as the loader. */
MOSAIC_API int64_t mosaic_loader_batches(const mosaic_loader *loader);
MOSAIC_API int64_t mosaic_loader_rows(const mosaic_loader *loader);
MOSAIC_API int64_t mosaic_loader_views(const mosaic_loader *loader);
MOSAIC_API int64_t mosaic_loader_height(const mosaic_loader *loader); /* pixels */
MOSAIC_API int64_t mosaic_loader_width(const mosaic_loader *loader);  /* pixels */
MOSAIC_API int64_t mosaic_loader_modality_count(const mosaic_loader *loader);
MOSAIC_API const char *mosaic_loader_modality(const mosaic_loader *loader, int64_t m);
MOSAIC_API int64_t mosaic_loader_band_count(const mosaic_loader *loader, int64_t m);
MOSAIC_API const char *mosaic_loader_band(const mosaic_loader *loader, int64_t m, int64_t b);
/* View set v: 'a' anchor (only flipped and turned), 's' strong (the whole augmentation), 'e' plain
 * (none); 0 out of range. */
MOSAIC_API char mosaic_loader_view(const mosaic_loader *loader, int64_t v);
/* Mean and standard deviation of band b of modality m, in the sensor's units (S1 dB, S2 digital
 * numbers); NaN out of range. */
MOSAIC_API double mosaic_loader_mean(const mosaic_loader *loader, int64_t m, int64_t b);
MOSAIC_API double mosaic_loader_sd(const mosaic_loader *loader, int64_t m, int64_t b);
/* The data set that the samples of batches are of. It lives as long as the loader and must not be
 * closed. */
MOSAIC_API const mosaic_dataset *mosaic_loader_dataset(const mosaic_loader *loader);

/* Begin epoch `epoch` (from 0) at batch `first` (from 0). An epoch that is being read is given up;
 * batches that were taken stay valid. Errors: MOSAIC_ERR_USAGE out of range. */
MOSAIC_API mosaic_status mosaic_loader_start(mosaic_loader *loader, int64_t epoch,
                                             int64_t first) MOSAIC_CHECKED;
/* The next batch in order; *out NULL after the last one of the epoch. The caller has it until
 * mosaic_batch_release, which lets the loader use its memory again; every batch that is held takes
 * memory of its own. Errors: MOSAIC_ERR_USAGE before mosaic_loader_start; MOSAIC_ERR_DATA for a
 * damaged file, which the message names; MOSAIC_ERR_MEMORY. A batch that fails is lost: the next call
 * gives the one after it. */
MOSAIC_API mosaic_status mosaic_loader_next(mosaic_loader *loader,
                                            mosaic_batch **out) MOSAIC_CHECKED;
/* Give a batch back; *batch becomes NULL, and a pointer to NULL is fine. Any thread. */
MOSAIC_API void mosaic_batch_release(mosaic_batch **batch);

/* What a batch holds; arrays live until its release.
 *   rows     as mosaic_loader_rows
 *   valid    rows [0, valid) are samples, the others repeats that fill the last batch
 *   images   of modality m [views, rows, bands, height, width], standardised; the caller may change
 *            them. Invalid pixels are 0 or as data.policy says
 *   present  of modality m [rows]: 1, or 0 where the row's sample lacks it and its image is all zeros
 *   labels   [rows, classes]: 1, 0 or -1 (unknown)
 *   samples  [rows]: indices into the data set
 * Images and presence are NULL for m out of range. */
MOSAIC_API int64_t mosaic_batch_rows(const mosaic_batch *batch);
MOSAIC_API int64_t mosaic_batch_valid(const mosaic_batch *batch);
MOSAIC_API float *mosaic_batch_images(const mosaic_batch *batch, int64_t m);
MOSAIC_API const uint8_t *mosaic_batch_present(const mosaic_batch *batch, int64_t m);
MOSAIC_API const int8_t *mosaic_batch_labels(const mosaic_batch *batch);
MOSAIC_API const int64_t *mosaic_batch_samples(const mosaic_batch *batch);

#ifdef __cplusplus
}
#endif
#endif
