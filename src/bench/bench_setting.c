#include "bench/bench_list.h"
#include "model/model.h"

mos_step_setting mos_bench_step(const mos_bench_settings *settings) {
    return mos_step_setting_standard(settings->quick ? MOS_ENCODER_RESNET10_NARROW
                                                     : (mos_encoder_kind)settings->encoder,
                                     settings->views, settings->batch, settings->size);
}
