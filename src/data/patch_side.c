#include "data/patch_side.h"

mosaic_status mos_dataset_patch_side(mos_dataset *dataset, int64_t *out) {
    mos_reader *reader = NULL;
    mos_sample sample;
    mosaic_status status;
    *out = 0;
    MOS_GOTO(mos_reader_open(dataset, &reader));
    for (int64_t i = 0; i < mos_dataset_count(dataset) && *out == 0; i++) {
        MOS_GOTO(mos_dataset_sample(dataset, i, &sample));
        const mos_modality *modality;
        int64_t modalities = mos_dataset_modalities(dataset, &modality);
        for (int64_t m = 0; m < modalities; m++) {
            int band[MOS_DATA_MAX_BANDS];
            mos_patch patch;
            if ((sample.present >> m & 1) == 0) continue;
            for (int b = 0; b < (int)modality[m].band_count; b++)
                band[b] = b;
            if (mos_reader_read(reader, i, m, band, modality[m].band_count, &patch) != MOSAIC_OK)
                continue; /* another sample tells it as well */
            for (int64_t b = 0; b < patch.bands; b++)
                if (patch.band[b].width > *out) *out = patch.band[b].width;
        }
    }
    if (*out == 0) status = mos_fail(MOSAIC_ERR_DATA, "no sample can be read");
done:
    mos_reader_close(&reader);
    return status;
}
