/* Floors: features that were never trained, the baselines that a trained encoder has to beat.
 * Internal to the room. */
#ifndef MOS_EVALUATE_FLOOR_FEATURES_H
#define MOS_EVALUATE_FLOOR_FEATURES_H

#include "evaluate/probe_rows.h"

/* random: 256 filters of 3 x 3 pixels over all bands of a modality, weights standard normal, each
 * followed by max(0, x - 1) and max(0, -x - 1), averaged over the patch (random convolutional
 * features, Rolf et al. 2021, as TorchGeo has them): 512 numbers a modality.
 * statistics: mean, standard deviation, minimum and maximum of every band. Both see the bands as
 * the encoder does, standardised. Rows without a modality have zeros there.
 * index [count]: rows of the data set; used [modalities of the model]. */
mosaic_status mos_floor_features_read(mos_session *session, mos_probe_features kind, uint64_t seed,
                                      const int64_t *index, int64_t count, const bool *used,
                                      mos_probe_rows *out);
/* The encoder before training in the session's model: of model/initial.safetensors in the run,
 * or else drawn anew from the run's seed. */
mosaic_status mos_floor_untrain(mos_session *session);

#endif
