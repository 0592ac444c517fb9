#include "data/survey.h"

#include "base/memory.h"
#include "data/sample_table.h"

#include <stdio.h>
#include <string.h>

enum { FOUND_AGAIN = MOS_CHECK_CLASSES }; /* data check finds it by itself, sample by sample */

typedef enum text_form { TEXT, ID, ID_FILE, FILE_NAME } text_form;

/* How the formats name things while opening. The text is what was found, an id (with a rest that is
 * what was found or the file) or a file; `separator` stands before the rest, NULL: there is none.
 */
static const struct {
    const char *kind;
    int class;
    text_form form;
    const char *separator, *modality;
} kinds[] = {
    {"unreadable", FOUND_AGAIN, TEXT, NULL, ""},
    {"s1 all whole numbers", FOUND_AGAIN, TEXT, NULL, ""},
    {"s1 in linear power: converted to dB", FOUND_AGAIN, TEXT, NULL, ""},
    {"s1 never negative, taken as dB", FOUND_AGAIN, TEXT, NULL, ""},
    {"VV darker than VH: swapped?", FOUND_AGAIN, TEXT, NULL, ""},
    {"HH darker than HV: swapped?", FOUND_AGAIN, TEXT, NULL, ""},
    {"modalities or bands on other ground", FOUND_AGAIN, TEXT, NULL, ""},
    {"grid-mismatch", FOUND_AGAIN, TEXT, NULL, ""},
    {"+1000 offset, removed (among the probed)", FOUND_AGAIN, TEXT, NULL, ""},
    {"too bright to tell the +1000 offset: kept", FOUND_AGAIN, TEXT, NULL, ""},
    {"+1000 offset decided by ground: samples differ", FOUND_AGAIN, TEXT, NULL, ""},
    {"vv-below-vh", FOUND_AGAIN, TEXT, NULL, ""},
    {"boa-offset-conflict", FOUND_AGAIN, TEXT, NULL, ""},
    {"fill-values", FOUND_AGAIN, TEXT, NULL, ""},
    {"edge-values", FOUND_AGAIN, TEXT, NULL, ""},
    {"mixed-units", FOUND_AGAIN, TEXT, NULL, ""},
    {"bands-differ", FOUND_AGAIN, TEXT, NULL, ""},
    {"no visible band tells of +1000: kept", MOS_CHECK_OFFSET, TEXT, NULL, ""},
    {"old baseline by name, +1000 by pixels: kept", MOS_CHECK_OFFSET, TEXT, NULL, ""},
    {"floats that seem to hold the +1000: kept", MOS_CHECK_OFFSET, TEXT, NULL, ""},
    {"guessed-bands", MOS_CHECK_GUESSED_BANDS, TEXT, NULL, ""},
    {"unnatural-bands", MOS_CHECK_UNNATURAL_BANDS, TEXT, NULL, ""},
    {"unknown-bands", MOS_CHECK_UNKNOWN_BANDS, TEXT, NULL, ""},
    {"band-conflict", MOS_CHECK_BAND_CONFLICT, TEXT, NULL, ""},
    {"scale", MOS_CHECK_SCALE, TEXT, NULL, ""},
    {"amplitude", MOS_CHECK_AMPLITUDE, TEXT, NULL, ""},
    {"product-level", MOS_CHECK_PRODUCT_LEVEL, TEXT, NULL, ""},
    {"skipped for a missing modality", FOUND_AGAIN, TEXT, NULL, ""},
    {"unexpected file", MOS_CHECK_STRAY, FILE_NAME, NULL, ""},
    {"folder that is no patch of its parent", MOS_CHECK_STRAY, FILE_NAME, NULL, ""},
    {"folder that is no patch", MOS_CHECK_STRAY, FILE_NAME, NULL, ""},
    {"folder that is no scene", MOS_CHECK_STRAY, FILE_NAME, NULL, ""},
    {"file that is no patch of its folder", MOS_CHECK_STRAY, FILE_NAME, NULL, ""},
    {"record of unknown kind", MOS_CHECK_STRAY, TEXT, NULL, ""},
    {"s1 and s2 of different places", MOS_CHECK_GRID_MISMATCH, ID, " with ", "s1"},
    {"row without files", MOS_CHECK_ROW_WITHOUT_FILES, ID, NULL, ""},
    {"missing partner (no s1)", MOS_CHECK_MISSING_PARTNER, ID, " w", "s1"}, /* wants, with */
    {"missing partner (no s2)", MOS_CHECK_MISSING_PARTNER, ID, " w", "s2"},
    {"member that is no file of a patch", MOS_CHECK_STRAY, FILE_NAME, ": ", ""},
    {"member twice in the archive, first taken", MOS_CHECK_DUPLICATE_ID, FILE_NAME, ": ", ""},
    {"unlabelled: too little known land cover", MOS_CHECK_NO_LABEL, ID, ": ", ""},
    {"land-cover value without a class", MOS_CHECK_UNKNOWN_LABEL, TEXT, NULL, ""},
    {"placed by ground control points", MOS_CHECK_OTHER, FILE_NAME, ": ", ""},
    {"missing file", MOS_CHECK_UNREADABLE, ID_FILE, ": ", ""},
    {"missing modality", FOUND_AGAIN, ID, ": ", ""},
    {"missing band", MOS_CHECK_MISSING_PARTNER, ID, ": ", ""},
    {"missing record", FOUND_AGAIN, TEXT, NULL, ""},
    {"orphan s2 patch", MOS_CHECK_ORPHAN, ID, NULL, "s2"},
    {"orphan s1 patch", MOS_CHECK_ORPHAN, ID, ": ", "s1"},
    {"orphan lc patch", MOS_CHECK_ORPHAN, ID, NULL, ""},
    {"snow, cloud or shadow: left out", MOS_CHECK_LEFT_OUT, ID, NULL, ""},
    {"damaged patch: left out", MOS_CHECK_LEFT_OUT, ID, NULL, ""},
    {"in no split list: split none", MOS_CHECK_LEFT_OUT, ID, NULL, ""},
    {"in no split list: left out", MOS_CHECK_LEFT_OUT, ID, NULL, ""},
    {"in no split list: left out (s1)", MOS_CHECK_LEFT_OUT, ID, NULL, "s1"},
    {"left out: ", MOS_CHECK_LEFT_OUT, ID, NULL, ""},
    {"no label is one of the classes: left out", MOS_CHECK_LEFT_OUT, ID, NULL, ""},
    {"label not in the nomenclature", MOS_CHECK_UNKNOWN_LABEL, ID, ": ", ""},
    {"two classes that differ in case or blanks alone", MOS_CHECK_LABEL_NAMES, TEXT, NULL, ""},
    {"two classes that differ by one letter", MOS_CHECK_LABEL_NAMES, TEXT, NULL, ""},
    {"class that looks like several, comma between", MOS_CHECK_LABEL_NAMES, TEXT, NULL, ""},
    {"class whose parts are classes", MOS_CHECK_LABEL_NAMES, TEXT, NULL, ""},
    {"class whose name says that there is none", MOS_CHECK_LABEL_NAMES, TEXT, NULL, ""},
    {"labels unknown", MOS_CHECK_NO_LABEL, ID, NULL, ""},
    {"labels unknown (no lc)", MOS_CHECK_NO_LABEL, ID, NULL, ""},
    {"labels unknown (lc is of no use)", MOS_CHECK_NO_LABEL, ID, NULL, ""},
    {"no class reaches data.label_threshold", MOS_CHECK_NO_LABEL, ID, NULL, ""},
    {"lc pixels outside IGBP 1..17", MOS_CHECK_UNKNOWN_LABEL, ID, NULL, ""},
    {"lc unreadable", MOS_CHECK_UNREADABLE, FILE_NAME, ": ", ""},
    {"labels_metadata.json unreadable", MOS_CHECK_UNREADABLE, FILE_NAME, ": ", ""},
    {"labels of s1 and s2 differ: those of s2 count", MOS_CHECK_LABEL_CONFLICT, ID, NULL, ""},
    {"listed twice", MOS_CHECK_DUPLICATE_ID, ID, NULL, ""},
    {"second s1 patch of one s2 patch", MOS_CHECK_DUPLICATE_ID, ID, " of ", "s1"},
    {"id occurs twice", MOS_CHECK_DUPLICATE_ID, ID, NULL, ""},
    {"row not understood", MOS_CHECK_METADATA, FILE_NAME, ": ", ""},
    {"first file unreadable", FOUND_AGAIN, TEXT, NULL, ""},
    {"bands not understood", MOS_CHECK_UNREADABLE, FILE_NAME, ": ", ""},
    {"acquisition time not understood", MOS_CHECK_TIME, ID, NULL, ""},
    {"acquisition time far from the name's", MOS_CHECK_TIME, ID, NULL, ""},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* A row that ends with ": " stands for all kinds that begin so. */
static int find_kind(const char *kind) {
    for (int k = 0; k < KIND_COUNT; k++) {
        size_t size = strlen(kinds[k].kind);
        bool open = size > 2 && strcmp(kinds[k].kind + size - 2, ": ") == 0;
        if (open ? strncmp(kinds[k].kind, kind, size) == 0 : strcmp(kinds[k].kind, kind) == 0)
            return k;
    }
    return -1;
}

bool mos_survey_knows(const char *kind) {
    return find_kind(kind) >= 0;
}

static mosaic_status keep(mos_survey *survey, const char *text, size_t size, const char **out) {
    *out = "";
    if (size == 0) return MOSAIC_OK;
    return mos_text_pool_add(&survey->pool, text, size, out);
}

static mosaic_status add_item(mos_survey *survey, const char *kind, const char *text) {
    int k = find_kind(kind);
    if (k >= 0 && kinds[k].class == FOUND_AGAIN) return MOSAIC_OK;
    MOS_TRY(mos_grow(&survey->items, &survey->capacity, survey->count + 1, sizeof *survey->items,
                     "defects met while opening"));
    mos_survey_item item = {.class = MOS_CHECK_OTHER, .id = "", .found = "", .file = ""};
    MOS_TRY(keep(survey, kind, strlen(kind), &item.kind));
    const char *rest = "", **head = &item.found;
    size_t size = strlen(text);
    if (k >= 0) {
        item.class = (uint8_t)kinds[k].class;
        snprintf(item.modality, sizeof item.modality, "%s", kinds[k].modality);
        const char *separator = kinds[k].separator;
        const char *at = separator == NULL ? NULL : strstr(text, separator);
        if (at != NULL) {
            size = (size_t)(at - text);
            /* " w" stands for " wants " and " with ". */
            rest = at + (separator[1] == 'w' && separator[2] == '\0' ? 1 : strlen(separator));
        }
        if (kinds[k].form == ID || kinds[k].form == ID_FILE) head = &item.id;
        if (kinds[k].form == FILE_NAME) head = &item.file;
    }
    MOS_TRY(keep(survey, text, size, head));
    const char **tail = k >= 0 && kinds[k].form == ID_FILE ? &item.file : &item.found;
    if (head != &item.found) MOS_TRY(keep(survey, rest, strlen(rest), tail));
    survey->items[survey->count++] = item;
    return MOSAIC_OK;
}

void mos_survey_note(mos_survey *survey, const char *kind, const char *text) {
    if (survey->status != MOSAIC_OK) return;
    survey->status = add_item(survey, kind, text);
}

bool mos_survey_forgives(mos_dataset *dataset, mosaic_status status, const char *kind) {
    if (dataset->survey == NULL || (status != MOSAIC_ERR_DATA && status != MOSAIC_ERR_IO))
        return false;
    mos_survey_note(dataset->survey, kind, mosaic_error());
    return true;
}

void mos_survey_release(mos_survey *survey) {
    mos_free(survey->items);
    mos_text_pool_release(&survey->pool);
    *survey = (mos_survey){0};
}
