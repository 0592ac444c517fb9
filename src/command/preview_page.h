/* A page of augmented views as the network sees them, with what was drawn for each, from the loader
 * that training uses. */
#ifndef MOS_COMMAND_PREVIEW_PAGE_H
#define MOS_COMMAND_PREVIEW_PAGE_H

#include "base/options.h"

enum { MOS_PREVIEW_MOST = 32, MOS_PREVIEW_SIDE = 128 }; /* patches; pixels of a picture's side */

typedef struct mos_preview_options {
    const char *config;       /* YAML file */
    const mos_text_list *set; /* "key=value" */
    const char *out;          /* HTML file */
    int64_t patches, epoch;   /* epoch: from 1, as the log counts */
    int threads;
} mos_preview_options;

/* *shown: patches in the page, fewer than asked for when it would grow beyond what a report may. */
mosaic_status mos_preview_write(const mos_preview_options *options, int64_t *shown);

#endif
