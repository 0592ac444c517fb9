/* In which arithmetic a trained model is used. */
#include "artifact/model_file.h"
#include "base/log.h"

mosaic_status mos_model_device_open(const mos_model_card *card, const char *name,
                                    mos_precision_choice choice, int threads, mos_device **out) {
    mos_precision precision =
        choice == MOS_PRECISION_CHOICE_BF16 ? MOS_PRECISION_BF16 : MOS_PRECISION_FP32;
    if (choice == MOS_PRECISION_CHOICE_AUTO && card->has_thresholds &&
        card->threshold_precision == MOS_PRECISION_BF16)
        precision = MOS_PRECISION_BF16;
    return mos_device_open(name, precision, threads, out);
}

bool mos_model_warn_precision(const mos_model_card *card, const mos_device *device) {
    bool then = card->threshold_precision == MOS_PRECISION_BF16;
    bool now = device->precision == MOS_PRECISION_BF16;
    if (!card->has_thresholds || then == now) return false;
    mos_log(MOS_LOG_WARNING,
            "the model's thresholds were tuned on scores computed in %s, these are computed in %s: "
            "predictions near a threshold may differ",
            mos_precision_names[card->threshold_precision], mos_precision_names[device->precision]);
    return true;
}
