/* BigEarthNet v1.0 as unpacked, or as published in uncompressed tars: two roots, one level of patch
 * folders, in each a GeoTIFF per band and <patch>_labels_metadata.json with the names of CORINE
 * classes:
 *
 *   BigEarthNet-v1.0/<patch>/<patch>_<BAND>.tif          12 bands, as V2 (no B10)
 *   BigEarthNet-S1-v1.0/<patch>/<patch>_{VH,VV}.tif
 *
 * data.s2 and data.s1 name the roots or the archives where they lie elsewhere. */
#include "data/bigearthnet/bigearthnet_v1_join.h"

#include "data/bigearthnet/bigearthnet_files.h"
#include "data/bigearthnet/bigearthnet_options.h"
#include "data/data_options.h"
#include "data/raster_buffers.h"

static mosaic_status open_v1(mos_dataset *dataset) {
    mosaic_status status;
    mos_v1_lists lists = {0};
    mos_v1_patches patches[MOS_BEN_MODALITIES] = {0};
    mos_name_set *const sets[] = {&patches[0].names, &patches[1].names};
    MOS_GOTO(mos_ben_modalities(dataset));
    MOS_GOTO(mos_ben_files_open(dataset, mos_patch_layouts_v1, sets));
    const mos_ben_files *tree = dataset->handle;
    for (int m = 0; m < MOS_BEN_MODALITIES; m++) {
        patches[m].files = &tree->files[m];
        MOS_GOTO(mos_v1_patches_reserve(&patches[m]));
    }
    MOS_GOTO(mos_v1_lists_read(dataset, &lists));
    MOS_GOTO(mos_v1_join(dataset, &lists, patches));
    MOS_GOTO(mos_ben_files_measure(dataset));
done:
    for (int m = 0; m < MOS_BEN_MODALITIES; m++)
        mos_v1_patches_release(&patches[m]);
    mos_v1_lists_release(&lists);
    return status;
}

static bool recognise_v1(const char *root) {
    return mos_ben_files_recognise(root, mos_patch_layouts_v1);
}

const mos_format mos_format_bigearthnet_v1 = {
    .name = "bigearthnet-v1",
    .summary = "BigEarthNet v1.0 as published: two folders or tars of patches with JSON labels",
    .classes = 1u << MOS_CLASSES_DEFAULT | 1u << MOS_CLASSES_19 | 1u << MOS_CLASSES_43,
    .bands = mos_ben_default_bands,
    .options = &mos_ben_format_options,
    .open = open_v1,
    .close = mos_ben_files_close,
    .recognise = recognise_v1,
    .reader_open = mos_raster_buffers_open,
    .reader_close = mos_raster_buffers_close,
    .read = mos_ben_files_read,
    .describe = mos_ben_files_describe,
};
