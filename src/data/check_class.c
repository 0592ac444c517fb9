#include "data/check_class.h"

#include <string.h>

const char *const mos_severity_names[] = {"notice", "warning", "error"};

#define ROW(CLASS, NAME, SEVERITY, POLICY, TOGETHER, MEANING)                                      \
    [MOS_CHECK_##CLASS] = {.name = NAME,                                                           \
                           .severity = MOS_SEVERITY_##SEVERITY,                                    \
                           .by_policy = POLICY,                                                    \
                           .together = TOGETHER,                                                   \
                           .meaning = MEANING}
/* One that other commands than `data check` know too. */
#define VERDICT(CLASS, NAME, SEVERITY, STOPS, KEY, MEANING)                                        \
    [MOS_CHECK_##CLASS] = {.name = NAME,                                                           \
                           .severity = MOS_SEVERITY_##SEVERITY,                                    \
                           .stops = MOS_STOPS_##STOPS,                                             \
                           .key = KEY,                                                             \
                           .meaning = MEANING}

const mos_check_class_row mos_check_class_table[MOS_CHECK_CLASSES] = {
    ROW(METADATA, "metadata", ERROR, false, false,
        "a row of the table that cannot be understood: an empty id, a split or time that is none"),
    ROW(DUPLICATE_ID, "duplicate-id", ERROR, false, false,
        "one id, or one partner, for two samples"),
    ROW(ROW_WITHOUT_FILES, "row-without-files", WARNING, false, true,
        "rows of the table of which nothing is stored; the samples are not used"),
    ROW(ORPHAN, "orphan", WARNING, false, false, "a stored patch that no row asks for"),
    ROW(STRAY, "stray", WARNING, false, false, "a file, folder or record that is no patch"),
    ROW(LEFT_OUT, "left-out", WARNING, false, true,
        "stored patches that are left out on purpose: snow, cloud, known damage, in no split "
        "list, no label among the classes"),
    ROW(UNKNOWN_LABEL, "unknown-label", ERROR, false, false, "a label not in the nomenclature"),
    ROW(LABEL_NAMES, "label-names", WARNING, false, false,
        "names of classes that tell of a slip in the table: two that differ by a letter, by case "
        "or by blanks, several in one (commas between, or every part a class of its own: "
        "Trees/Crops), one such as nan or None"),
    ROW(NO_LABEL, "no-label", WARNING, false, false, "labels that should be there and are not"),
    ROW(LABEL_CONFLICT, "label-conflict", WARNING, false, false,
        "two sources of labels that say different things"),
    ROW(MISSING_PARTNER, "missing-partner", WARNING, true, false,
        "a modality of the sample that is not stored, though another one is"),
    ROW(UNREADABLE, "unreadable", ERROR, false, false,
        "a file or record that cannot be read: truncated, damaged, gone"),
    ROW(WRONG_SIZE, "wrong-size", ERROR, false, false,
        "width or height other than the data set's for this band"),
    ROW(WRONG_TYPE, "wrong-type", ERROR, false, false,
        "a pixel type other than the data set's, that does not convert exactly"),
    ROW(NOT_FINITE, "not-finite", WARNING, true, false, "pixels that are NaN or infinite"),
    ROW(NO_DATA, "no-data", WARNING, true, false,
        "pixels with the no-data value: the file's, 0 for Sentinel-2"),
    ROW(CONSTANT_BAND, "constant-band", WARNING, false, false,
        "a band whose valid pixels are all the same; `data.constant_bands` deals with it, and "
        "`refuse` makes it an error"),
    VERDICT(GUESSED_BANDS, "guessed-bands", WARNING, USE, "data.bands",
            "names of bands guessed from their number, because neither data.bands nor the files "
            "name them"),
    VERDICT(UNNATURAL_BANDS, "unnatural-bands", ERROR, ALL, "data.bands",
            "names that the pixels contradict, as cirrus brighter than water vapour's band: the "
            "bands come in another order; of names that somebody gave, cirrus alone is judged"),
    VERDICT(UNKNOWN_BANDS, "unknown-bands", WARNING, NOBODY, "data.bands",
            "a band of s1 or s2 whose name is none of that sensor: its values are taken as they "
            "are, and nothing that depends on the sensor is looked at"),
    VERDICT(BANDS_DIFFER, "bands-differ", ERROR, ALL, "data.bands",
            "a file with other bands than the modality: other names, another number, or none "
            "described where others are; nothing can be made of it, so `data.accept` does not "
            "help"),
    VERDICT(BAND_CONFLICT, "band-conflict", WARNING, NOBODY, "data.accept",
            "data.bands against the descriptions in the files; the descriptions win, unless "
            "data.accept lists this class"),
    VERDICT(MIXED_UNITS, "mixed-units", ERROR, ALL, "data.scale",
            "values of another unit than the rest of the data set, or than the model was trained "
            "on: reflectance among digital numbers"),
    VERDICT(OTHER_IDENTITY, "other-identity", ERROR, USE, "data.accept",
            "a band of another unit or product level than the model was trained on, or that it "
            "starts from"),
    VERDICT(SCALE, "scale", NOTICE, NOBODY, "data.scale",
            "a scale or offset of the file, or of data.scale, that is applied to its values"),
    VERDICT(FILL_VALUES, "fill-values", ERROR, ALL, "data.nodata",
            "values that no instrument gives and no tag declares: Sentinel-2 below 0 or at the "
            "end of its type, Sentinel-1 beyond 60 dB"),
    VERDICT(EDGE_VALUES, "edge-values", ERROR, ALL, "data.nodata",
            "one value repeated from the edge of a patch on, or decibels of 0 in a hole: 0 dB, DN "
            "1 or reflectance of 0 where nothing was measured"),
    ROW(INTEGER_DB, "integer-db", ERROR, false, false,
        "S1 of whole numbers, as when decibels were cut to integers"),
    ROW(LINEAR_POWER, "linear-power", ERROR, false, false,
        "S1 that contradicts the scale in use: linear power among decibels or the other way "
        "round; only a warning where all of it is converted"),
    VERDICT(AMPLITUDE, "amplitude", ERROR, USE, "data.s1_scale",
            "S1 that is never negative, too bright and too flat for power: VH above -11 dB and "
            "less than 5 dB below VV in the middle of the probed patches; its root, amplitude, "
            "looks so, and halves every decibel where it is taken as power"),
    VERDICT(VV_BELOW_VH, "vv-below-vh", ERROR, USE, "data.bands",
            "mean VV darker than mean VH: the two are probably swapped; training and prediction "
            "stop where half or more of the probed patches are so; HH and HV likewise"),
    ROW(OFFSET, "boa-offset", WARNING, false, false,
        "Sentinel-2 with the +1000 of processing baseline 04.00, by its product name or by its "
        "histogram; it is removed"),
    VERDICT(OFFSET_CONFLICT, "boa-offset-conflict", ERROR, ALL, "data.boa_offset",
            "the +1000 offset against data.boa_offset, name or tag against pixels, a patch too "
            "bright to tell, or floats with the +1000 of their product's name still in them"),
    VERDICT(PRODUCT_LEVEL, "product-level", ERROR, USE, "data.accept",
            "Sentinel-2 of level 1C among level 2A, or given to a model of the other level: "
            "reflectance at the top of the atmosphere is not that of the ground"),
    VERDICT(GRID_MISMATCH, "grid-mismatch", ERROR, USE, "data.accept",
            "modalities or bands of one sample on other ground: reference system, origin, extent "
            "or direction; training and prediction stop where half or more of the probed samples "
            "are so"),
    ROW(SPLIT_LEAKAGE, "split-leakage", ERROR, false, false,
        "the ground, or the file, of one sample in another split too, also across neighbouring "
        "tiles and zones"),
    ROW(LAG, "lag", WARNING, false, false,
        "more days between radar and optical acquisition than --max-lag"),
    ROW(TIME, "acquisition-time", WARNING, false, false,
        "an acquisition time that is none, or is far from the name's"),
    ROW(OTHER, "other", WARNING, false, false, "met while opening, of no class above"),
};

mosaic_status mos_check_class_find(const char *name, int *out) {
    const char *names[MOS_CHECK_CLASSES];
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        names[c] = mos_check_class_table[c].name;
        if (strcmp(names[c], name) != 0) continue;
        *out = c;
        return MOSAIC_OK;
    }
    const char *near = mos_nearest_name(name, names, MOS_CHECK_CLASSES);
    return mos_fail(
        MOSAIC_ERR_USAGE, "no class of defects '%.60s'%s%s%s; --list-defects shows them", name,
        near == NULL ? "" : "; did you mean '", near == NULL ? "" : near, near == NULL ? "" : "'?");
}

mosaic_status mos_check_class_select(const mos_text_list *only, const mos_text_list *ignored,
                                     bool wanted[MOS_CHECK_CLASSES]) {
    for (int c = 0; c < MOS_CHECK_CLASSES; c++)
        wanted[c] = only->count == 0;
    for (size_t i = 0; i < only->count + ignored->count; i++) {
        int found = 0;
        bool keep = i < only->count;
        MOS_TRY(
            mos_check_class_find(keep ? only->items[i] : ignored->items[i - only->count], &found));
        wanted[found] = keep;
    }
    return MOSAIC_OK;
}

static const char *stops_text(const mos_check_class_row *row) {
    switch (row->stops) {
    case MOS_STOPS_ALL:
        return "every command";
    case MOS_STOPS_USE:
        return "training and prediction";
    default:
        return "";
    }
}

void mos_check_class_markdown(mos_text *out) {
    mos_text_add(out,
                 "# Defects\n\nThe classes that `mosaic data check` reports; the other commands "
                 "consult the same table. A class marked *policy* is dealt with by `data.policy`, "
                 "and an error where that is `refuse`. A class that stops somebody goes on with "
                 "`data.accept` listing it; the key named beside it settles the matter.\n\n"
                 "| class | severity | stops | key | what it means |\n|---|---|---|---|---|\n");
    for (int c = 0; c < MOS_CHECK_CLASSES; c++) {
        const mos_check_class_row *row = &mos_check_class_table[c];
        mos_text_add(out, "| `%s` | %s%s | %s | %s%s%s | %s |\n", row->name,
                     mos_severity_names[row->severity], row->by_policy ? ", policy" : "",
                     stops_text(row), row->key == NULL ? "" : "`", row->key == NULL ? "" : row->key,
                     row->key == NULL ? "" : "`", row->meaning);
    }
}
