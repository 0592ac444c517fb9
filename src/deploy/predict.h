/* `predict`: what a trained model says of data that nobody has labelled: a table of patches, or
 * maps of scenes. */
#ifndef MOS_DEPLOY_PREDICT_H
#define MOS_DEPLOY_PREDICT_H

#include "deploy/scene_map.h"

/* What is written for scenes: a map on the scene's pixels, or a table with a row for each patch.
 * Other data always give a table. */
typedef enum mos_predict_grid { MOS_PREDICT_PIXEL, MOS_PREDICT_PATCH } mos_predict_grid;
extern const char *const mos_predict_grids[]; /* "pixel" "patch" NULL */

typedef struct mos_predict_options {
    mos_session_options session;
    const char *data;    /* data set in place of the model's own; NULL: its own */
    const char *s1, *s2; /* rasters of one scene, instead */
    const char *out;     /* folder, or the *.tif, *.csv or *.gpkg of the one thing asked for */
    int64_t limit;       /* at most so many samples, 0: all */
    mos_predict_grid grid;
    int64_t stride;       /* px between windows; 0: half a window, or a whole one for patches */
    double minimum_valid; /* share of a window that has to be valid */
    const char *mask;     /* raster of codes, and the values of it that leave a pixel out */
    const mos_text_list *mask_values;
    const char *area, *area_crs;  /* of scenes: what of them (io/area.h); NULL: all */
    const mos_text_list *without; /* modalities that are not given to the model */
    const mos_text_list *bands;   /* "s2=B02,B03": of files that do not say; "model": its own */
    const mos_text_list *allow;   /* classes of defects that shall not stop it (data.accept) */
    mos_scene_map_options map;    /* facts and path are set here */
    const char *map_option; /* one that was given and that a table has no use for; NULL: none */
    bool labels; /* land cover of scenes is read: for embeddings, which are searched by it */
    bool overwrite;
} mos_predict_options;

typedef struct mos_predict_summary {
    int64_t asked, predicted;
    int64_t opening_ns;  /* until data and model were open and checked */
    mos_text_list files; /* what was written: mos_text_list_release */
} mos_predict_summary;

/* Collective, with session.comm: ranks share the patches or windows, rank 0 writes and has the summary.
 * Tables: predictions.csv with id, place, valid share, entropy, probability of every class,
 * decision by the model's thresholds. Maps: <scene>_<layer>.tif. A run that was stopped goes on
 * where it was; what has the final name is whole. */
mosaic_status mos_predict(const mos_predict_options *options, mos_predict_summary *out);

#endif
