/* An export at work. Internal to the room. */
#ifndef MOS_DEPLOY_EXPORT_INTERNAL_H
#define MOS_DEPLOY_EXPORT_INTERNAL_H

#include "artifact/model_file.h"
#include "deploy/export.h"

enum { MOS_DEEPNESS_FACTOR = 255 }; /* that plugin gives a model pixels over this */

typedef struct mos_export {
    const mos_export_options *options;
    char path[4096]; /* of the model file */
    char name[128];
    char sha256[65]; /* of the model file */
    mos_device *device;
    mos_model *model;
    mos_model_card card;
    mos_text *files;
} mos_export;

mosaic_status mos_export_safetensors(mos_export *job);
mosaic_status mos_export_onnx(mos_export *job);
mosaic_status mos_export_huggingface(mos_export *job);
mosaic_status mos_export_stac(mos_export *job);

/* Refuses a path that is the model file, or what its run keeps beside it. */
mosaic_status mos_export_spare(const mos_export *job, const char *path);
/* <out>/<name>, made known as written. */
mosaic_status mos_export_place(mos_export *job, const char *name, char *path, size_t size);
/* The run a model file belongs to, where it says so by its place: RUN/model/model.safetensors. */
void mos_export_run_folder(const mos_export *job, char *folder, size_t size);
mosaic_status mos_export_text(const char *path, mos_text *text);

/* Runs the file in ONNX Runtime on made-up patches and compares with this program's own outputs. A
 * difference above 1e-4 is an error; *checked: there was an ONNX Runtime to ask. */
mosaic_status mos_onnx_check(mos_export *job, const char *onnx, bool *checked);

#endif
