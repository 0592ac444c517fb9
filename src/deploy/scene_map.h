/* The map of one scene: what the model says of its windows, drawn on the scene's own pixels. */
#ifndef MOS_DEPLOY_SCENE_MAP_H
#define MOS_DEPLOY_SCENE_MAP_H

#include "deploy/answers.h"
#include "deploy/map_drawer.h"
#include "deploy/window_blend.h"

typedef enum mos_map_type { MOS_MAP_BYTE, MOS_MAP_UINT16, MOS_MAP_FLOAT32 } mos_map_type;
extern const char *const mos_map_types[]; /* in the same order, NULL-terminated */

enum { MOS_LAYER_PROBABILITIES, MOS_LAYER_CLASSES, MOS_LAYER_QUALITY, MOS_LAYERS };
extern const char *const mos_map_layers[]; /* "probabilities" "classes" "quality" NULL */

typedef struct mos_scene_map_options {
    mos_blend_kind blend;
    mos_map_type type;
    uint32_t layers;               /* bit of each */
    const char *format;            /* of GDAL: "COG", "GTiff" */
    const mos_text_list *creation; /* K=V */
    const char *const *facts;      /* KEY, VALUE, ..., NULL: what is the same in every file */
    const char *path[MOS_LAYERS];  /* of the files */
    const char *preview; /* of the classes: this with .png and .csv (map_preview.h); NULL: none */
    bool styled;         /* a style of QGIS's beside the values too, as <file without .tif>.qml */
    mos_map_drawer *drawer; /* answers still come; NULL: all are there */
} mos_scene_map_options;

/* Writes the layers in one pass over strips of the scene (all of it, or the box of its area). A strip
 * is drawn as soon as the answers of its windows are there.
 * Pixels without a measurement, under the mask, outside the area or in no window with an answer are
 * no data. A pixel inside an area has the value that it has in the map of the whole scene.
 *
 * probabilities: a band for each class. classes: code 1 + number of the most probable class, 0 no
 * data. quality: share of valid pixels in the windows, and their entropy in bits a class. */
mosaic_status mos_scene_map_write(const mos_session *session, const mos_answers *answers,
                                  int64_t scene, const mos_scene_map_options *options);

#endif
