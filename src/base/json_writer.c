#include "base/json_writer.h"

#include <math.h>

static void begin_value(mos_json *json, const char *key) {
    if (json->comma) mos_text_add_bytes(&json->text, ",", 1);
    if (json->depth > 0) {
        if (!json->flat)
            mos_text_add(&json->text, "\n%*s", 2 * json->depth, "");
        else if (json->comma)
            mos_text_add_bytes(&json->text, " ", 1);
    }
    if (key) {
        mos_text_add_json(&json->text, key);
        mos_text_add_bytes(&json->text, ": ", 2);
    }
    json->comma = true;
}

void mos_json_open(mos_json *json, const char *key, char bracket) {
    begin_value(json, key);
    mos_text_add_bytes(&json->text, &bracket, 1);
    json->depth++;
    json->comma = false;
}

void mos_json_close(mos_json *json, char bracket) {
    json->depth--;
    if (json->comma && !json->flat) mos_text_add(&json->text, "\n%*s", 2 * json->depth, "");
    mos_text_add_bytes(&json->text, &bracket, 1);
    json->comma = true;
}

void mos_json_string(mos_json *json, const char *key, const char *value) {
    begin_value(json, key);
    mos_text_add_json(&json->text, value);
}

void mos_json_number(mos_json *json, const char *key, double value) {
    begin_value(json, key);
    if (isfinite(value))
        mos_text_add_number(&json->text, value);
    else
        mos_text_add_bytes(&json->text, "null", 4);
}

void mos_json_int(mos_json *json, const char *key, int64_t value) {
    begin_value(json, key);
    mos_text_add(&json->text, "%lld", (long long)value);
}

void mos_json_bool(mos_json *json, const char *key, bool value) {
    begin_value(json, key);
    mos_text_add(&json->text, value ? "true" : "false");
}

mosaic_status mos_json_end(mos_json *json) {
    mos_text_add_bytes(&json->text, "\n", 1);
    return json->text.failed ? mos_fail_memory(json->text.size, "JSON text") : MOSAIC_OK;
}

void mos_json_release(mos_json *json) {
    mos_text_release(&json->text);
    *json = (mos_json){0};
}
