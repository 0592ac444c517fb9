#include "data/identity_fields.h"

#include "data/sample_table.h"

#include <stdio.h>
#include <string.h>

const char *const mos_identity_fields[MOS_IDENTITY_FIELDS] = {
    "role",     "named_by", "unit",      "unit_by", "scale",   "offset",
    "scale_by", "nodata",   "nodata_by", "level",   "level_by"};

mos_band_identity mos_dataset_identity(const mos_dataset *dataset, int64_t modality, int64_t band) {
    const mos_modality_storage *storage = &dataset->storage[modality];
    mos_band_identity identity = storage->identity[band];
    if (identity.role == MOS_ROLE_OPTICAL) {
        memcpy(identity.level, storage->level, sizeof identity.level);
        identity.level_by = storage->level_by;
    }
    return identity;
}

static mos_identity_source *source_of(mos_band_identity *identity, mos_identity_field field) {
    switch (field) {
    case MOS_IDENTITY_NAMED_BY:
        return &identity->named_by;
    case MOS_IDENTITY_UNIT_BY:
        return &identity->unit_by;
    case MOS_IDENTITY_SCALE_BY:
        return &identity->scale_by;
    case MOS_IDENTITY_NODATA_BY:
        return &identity->nodata_by;
    case MOS_IDENTITY_LEVEL_BY:
        return &identity->level_by;
    default:
        return NULL;
    }
}

void mos_identity_write(const mos_band_identity *identity, const char *name,
                        mos_identity_field field, mos_text *out) {
    mos_band_identity copy = *identity;
    const mos_identity_source *source = source_of(&copy, field);
    if (source != NULL) {
        mos_text_add(out, "%s", mos_identity_sources[*source]);
    } else if (field == MOS_IDENTITY_ROLE) {
        mos_text_add(out, "%s", mos_band_role_words(name));
    } else if (field == MOS_IDENTITY_UNIT) {
        mos_text_add(out, "%s", identity->unit);
    } else if (field == MOS_IDENTITY_LEVEL) {
        mos_text_add(out, "%s", identity->level);
    } else if (field == MOS_IDENTITY_SCALE) {
        mos_text_add_number(out, identity->scale);
    } else if (field == MOS_IDENTITY_OFFSET) {
        mos_text_add_number(out, identity->offset);
    } else if (identity->has_nodata) {
        mos_text_add_number(out, identity->nodata);
    }
}

static bool read_source(const char *text, mos_identity_source *out) {
    for (int s = MOS_SAID_BY_NOBODY; s <= MOS_SAID_BY_KEY; s++) {
        if (strcmp(text, mos_identity_sources[s]) != 0) continue;
        *out = (mos_identity_source)s;
        return true;
    }
    return text[0] == '\0';
}

static bool read_word(const char *text, char *out, size_t size) {
    if (strlen(text) >= size) return false;
    snprintf(out, size, "%s", text);
    return true;
}

bool mos_identity_read(mos_band_identity *identity, mos_identity_field field, const char *text) {
    mos_identity_source *source = source_of(identity, field);
    if (source != NULL) return read_source(text, source);
    switch (field) {
    case MOS_IDENTITY_UNIT:
        return read_word(text, identity->unit, sizeof identity->unit);
    case MOS_IDENTITY_LEVEL:
        return read_word(text, identity->level, sizeof identity->level);
    case MOS_IDENTITY_SCALE:
        return text[0] == '\0' || mos_parse_double(text, &identity->scale);
    case MOS_IDENTITY_OFFSET:
        return text[0] == '\0' || mos_parse_double(text, &identity->offset);
    case MOS_IDENTITY_NODATA:
        identity->has_nodata = text[0] != '\0';
        return !identity->has_nodata || mos_parse_double(text, &identity->nodata);
    default:
        return true;
    }
}
