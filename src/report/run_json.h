/* The JSON documents of a run directory. Internal to the room. */
#ifndef MOS_REPORT_RUN_JSON_H
#define MOS_REPORT_RUN_JSON_H

#include "report/run_document.h"

/* Text of a metrics.json into an evaluation; `where` names it in messages. */
mosaic_status mos_run_json_evaluation(const char *text, const char *where,
                                      mos_report_evaluation *out);
/* Text of a clusters.json. */
mosaic_status mos_run_json_clusters(const char *text, const char *where, mos_report_analysis *out);
/* Text of a tsne.json, for the maps that the analysis has. */
mosaic_status mos_run_json_maps(const char *text, const char *where, mos_report_analysis *out);
/* Every value of a provenance.json as a fact with a dotted name. */
mosaic_status mos_run_json_facts(const char *text, const char *where, mos_run_document *out);

#endif
