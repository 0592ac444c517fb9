/* The struct behind mosaic_dataset, for the files of this folder that take one. */
#ifndef MOS_API_DATASET_HANDLE_H
#define MOS_API_DATASET_HANDLE_H

#include "data/dataset.h"

struct mosaic_dataset {
    mos_dataset *data;
};

#endif
