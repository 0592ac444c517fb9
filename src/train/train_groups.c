/* Encoders with a learning rate of their own, or with parts that stay as they are. */
#include "train/train_state.h"

#include "base/memory.h"

#include <string.h>

/* "backbones.s1.bn1.weight", "backbones.s1.layer2.0.downsample.1.bias": convolutions have neither a
 * bias nor fewer than four dimensions. */
static bool is_norm(const mos_parameter *parameter) {
    return parameter->rank == 1;
}

mosaic_status mos_trainer_make_groups(mos_trainer *trainer) {
    const mos_settings_train *train = &trainer->config->settings.train;
    int64_t count;
    const mos_parameter *parameters = mos_model_parameters(trainer->model, &count);
    if (train->encoder_lr == 0 && train->freeze_stages == 0 && !train->freeze_norms)
        return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)count, sizeof *trainer->encoder_segments, "parameter segments",
                      &trainer->encoder_segments));
    MOS_TRY(mos_alloc((size_t)count, sizeof *trainer->other_segments, "parameter segments",
                      &trainer->other_segments));
    for (int64_t i = 0; i < count; i++) {
        const mos_parameter *parameter = &parameters[i];
        const mos_segment_range segment = {parameter->offset, parameter->count, parameter->decay};
        int64_t stage = mos_model_stage(parameter->name);
        if (!parameter->trainable) continue;
        if (stage == 0)
            trainer->other_segments[trainer->other_segment_count++] = segment;
        else if (stage > train->freeze_stages && !(train->freeze_norms && is_norm(parameter)))
            trainer->encoder_segments[trainer->encoder_segment_count++] = segment;
    }
    return MOSAIC_OK;
}
