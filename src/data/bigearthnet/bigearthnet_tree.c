/* BigEarthNet V2 as unpacked, or as published in uncompressed tars:
 * BigEarthNet-S2/<tile>/<patch>/<patch>_<BAND>.tif,
 * BigEarthNet-S1/<scene>/<patch>/<patch>_{VH,VV}.tif and metadata.parquet. */
#include "data/bigearthnet/bigearthnet_files.h"
#include "data/bigearthnet/bigearthnet_options.h"
#include "data/data_options.h"
#include "data/raster_buffers.h"

static mosaic_status open_tree(mos_dataset *dataset) {
    mosaic_status status;
    mos_name_set s1 = {0}, s2 = {0}, *const sets[] = {&s1, &s2};
    mos_metadata metadata = {0};
    char path[4096];
    MOS_GOTO(mos_ben_modalities(dataset));
    MOS_GOTO(mos_ben_files_open(dataset, mos_patch_layouts, sets));
    MOS_GOTO(mos_ben_metadata_path(dataset, dataset->root, path, sizeof path));
    MOS_GOTO(mos_metadata_read(dataset, path, &metadata));
    MOS_GOTO(mos_ben_join(dataset, &metadata, path, &s1, &s2));
    MOS_GOTO(mos_ben_files_measure(dataset));
done:
    mos_metadata_release(&metadata);
    mos_name_set_release(&s1);
    mos_name_set_release(&s2);
    return status;
}

static bool recognise_tree(const char *root) {
    return mos_ben_files_recognise(root, mos_patch_layouts);
}

const mos_format mos_format_bigearthnet_v2 = {
    .name = "bigearthnet-v2",
    .summary = "BigEarthNet V2 as published: trees or tars of band GeoTIFFs and metadata.parquet",
    .classes = 1u << MOS_CLASSES_DEFAULT | 1u << MOS_CLASSES_19,
    .bands = mos_ben_default_bands,
    .options = &mos_ben_format_options,
    .open = open_tree,
    .close = mos_ben_files_close,
    .recognise = recognise_tree,
    .reader_open = mos_raster_buffers_open,
    .reader_close = mos_raster_buffers_close,
    .read = mos_ben_files_read,
    .describe = mos_ben_files_describe,
};
