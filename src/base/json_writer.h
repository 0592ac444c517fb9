/* JSON as it is written: commas, indentation, escapes and non-finite numbers (null) taken care of.
 */
#ifndef MOS_BASE_JSON_WRITER_H
#define MOS_BASE_JSON_WRITER_H

#include "base/text.h"

typedef struct mos_json {
    mos_text text; /* the result; check text.failed at the end */
    int depth;
    bool comma, flat; /* flat: one line, for JSON lines */
} mos_json;

/* key is NULL inside arrays and at the top. */
void mos_json_open(mos_json *json, const char *key, char bracket);        /* '{' or '[' */
void mos_json_close(mos_json *json, char bracket);                        /* '}' or ']' */
void mos_json_string(mos_json *json, const char *key, const char *value); /* NULL: null */
void mos_json_number(mos_json *json, const char *key, double value);      /* NaN, Inf: null */
void mos_json_int(mos_json *json, const char *key, int64_t value);
void mos_json_bool(mos_json *json, const char *key, bool value);
/* End of document: a newline; fails when memory ran out on the way. */
mosaic_status mos_json_end(mos_json *json);
void mos_json_release(mos_json *json);

#endif
