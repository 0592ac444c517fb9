/* A trained model in the forms that other programs read. */
#ifndef MOS_DEPLOY_EXPORT_H
#define MOS_DEPLOY_EXPORT_H

#include "base/text.h"

typedef enum mos_export_kind {
    MOS_EXPORT_SAFETENSORS, /* a folder: <modality>.safetensors with torchvision's names */
    MOS_EXPORT_ONNX,        /* one file */
    MOS_EXPORT_HUGGINGFACE, /* a folder: config.json, model.safetensors, README.md, modeling.py */
    MOS_EXPORT_STAC,        /* one file: an item with the machine learning model extension */
    MOS_EXPORT_KINDS
} mos_export_kind;
extern const char *const mos_export_kind_names[]; /* "safetensors" ... NULL */

typedef enum mos_export_profile { MOS_PROFILE_GENERAL, MOS_PROFILE_DEEPNESS } mos_export_profile;
extern const char *const mos_export_profile_names[]; /* "general" "deepness" NULL */

typedef struct mos_export_options {
    const char *model; /* file, run directory or its model folder */
    const char *out;   /* a file or a folder, by kind */
    mos_export_kind kind;
    mos_export_profile profile; /* of ONNX */
    const char *name;           /* name of the model; NULL or "": the name of its run */
    const char *python;         /* a Python that may have ONNX Runtime; NULL or "": none is asked */
    int threads;
} mos_export_options;

/* Writes the files, and their paths into `files`, one a line. Existing files are replaced, each as
 * a whole, except those of the model itself. An ONNX file that ONNX Runtime computes otherwise is an error, and is removed. */
mosaic_status mos_export_run(const mos_export_options *options, mos_text *files);

#endif
