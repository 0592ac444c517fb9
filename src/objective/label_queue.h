/* Labelled latents of earlier batches: further references of the supervised contrastive term, so
 * that a batch with few labels still finds positives and negatives with known labels.
 *
 * A ring of samples. An entry is a sample's unit rows of all modalities, its labels, and which
 * modalities it has; newer entries overwrite the oldest. The rows are constants: no gradient leads
 * into them. They were made by older weights, which change little over so few steps (Wang et al.
 * 2020, "Cross-Batch Memory for Embedding Learning"). A sample that is seen again enters the ring once
 * more. A checkpoint must keep everything here. */
#ifndef MOS_OBJECTIVE_LABEL_QUEUE_H
#define MOS_OBJECTIVE_LABEL_QUEUE_H

#include "compute/device.h"

typedef struct mos_label_queue {
    mos_device *device;
    int64_t size; /* samples it can hold; 0: none, every call is fine */
    int64_t modalities, classes, latent;
    int64_t cursor[2]; /* samples held, place of the next one */
    void *rows;        /* real [modalities, size, latent] on the device */
    int8_t *labels;    /* host [size, classes] */
    uint8_t *present;  /* host [modalities, size] */
    /* Copies of labels and present on the device, and whether they are out of date: code that writes to
     * the host's arrays must say so. */
    int8_t *device_labels;
    uint8_t *device_present;
    bool stale;
    int32_t *index; /* on the device: rows that enter */
} mos_label_queue;

mosaic_status mos_label_queue_init(mos_label_queue *queue, mos_device *device, int64_t size,
                                   int64_t modalities, int64_t classes, int64_t latent);
void mos_label_queue_release(mos_label_queue *queue);
/* The samples of a batch of which at least one label is known, in their order. z: per modality real
 * [batch, latent] unit rows; labels host [batch, classes]; present: per modality host [batch] or
 * NULL. A modality that a sample lacks is kept as absent, its row zero. */
void mos_label_queue_push(mos_label_queue *queue, int64_t batch, const void *const z[],
                          const int8_t *labels, const uint8_t *const present[]);
/* Copies what it holds of modality m on the device: rows, labels [held, classes] and presence [held].
 * Returns how many. */
int64_t mos_label_queue_copy(mos_label_queue *queue, int64_t m, void *rows, int8_t *labels,
                             uint8_t *present);

#endif
