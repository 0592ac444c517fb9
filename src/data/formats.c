#include "data/formats.h"

/* The order of trial for "auto" too: a folder with data.mdb may hold a table beside it. */
const mos_format *const mos_formats[] = {&mos_format_bigearthnet_v2_lmdb,
                                         &mos_format_bigearthnet_v2,
                                         &mos_format_bigearthnet_v1,
                                         &mos_format_sen12ms,
                                         &mos_format_csv,
                                         &mos_format_scene,
                                         NULL};
const char *const mos_format_names[] = {
    "auto", "bigearthnet-v2-lmdb", "bigearthnet-v2", "bigearthnet-v1", "sen12ms", "csv", "scene",
    NULL};
