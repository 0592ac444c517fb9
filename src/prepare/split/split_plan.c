#include "prepare/split/split_plan.h"

#include "base/log.h"
#include "base/memory.h"
#include "data/fraction.h"
#include "data/names/patch_name.h"
#include "data/sample_place.h"
#include "data/sample_table.h"
#include "prepare/split/split_rule.h"
#include "prepare/split/stratify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const rules[] = {"own", "share", "v2", NULL};
static const char *const unit_kinds[] = {"location", "sample", "block", NULL};

#define AT(field) offsetof(mos_split_options, field)
static const mos_option split_options[] = {
    {.key = "rule",
     .type = MOS_OPTION_CHOICE,
     .offset = AT(rule),
     .fallback = "own",
     .choices = rules,
     .help = "own: the data set's splits stay; share: dealt out by --shares, stratified; v2: the "
             "concentric squares of BigEarthNet V2 from the patch names"},
    {.key = "shares",
     .type = MOS_OPTION_LIST,
     .offset = AT(shares),
     .fallback = "0.7,0.15,0.15",
     .help = "of train, validation and test"},
    {.key = "units",
     .type = MOS_OPTION_CHOICE,
     .offset = AT(units),
     .fallback = "location",
     .choices = unit_kinds,
     .help = "what is never divided: all patches of one place, nothing, or geographic blocks"},
    {.key = "block",
     .type = MOS_OPTION_REAL,
     .offset = AT(block_m),
     .fallback = "0",
     .minimum = 0,
     .maximum = 2e6,
     .unit = "m",
     .help = "side of a block"},
    {.key = "block-px",
     .type = MOS_OPTION_REAL,
     .offset = AT(block_px),
     .fallback = "0",
     .minimum = 0,
     .maximum = 2e6,
     .unit = "px",
     .help = "side of a block in pixels of the finest band"},
    {.key = "buffer",
     .type = MOS_OPTION_REAL,
     .offset = AT(buffer_m),
     .fallback = "0",
     .minimum = 0,
     .maximum = 1e6,
     .unit = "m",
     .help = "leave out training patches nearer than this to validation or test, and validation "
             "patches nearer than this to test"},
    {.key = "folds",
     .type = MOS_OPTION_INT,
     .offset = AT(folds),
     .fallback = "0",
     .minimum = 0,
     .maximum = MOS_SPLIT_MAX_FOLDS,
     .help = "also divide into so many folds, 0: none"},
    {.key = "of",
     .type = MOS_OPTION_LIST,
     .offset = AT(of),
     .help = "splits whose samples --rule share and --folds divide, by default all"},
    {.key = "fractions",
     .type = MOS_OPTION_LIST,
     .offset = AT(fractions),
     .help = "nested labelled fractions of the training samples, as in 0.01,0.1"},
    {.key = "seed",
     .type = MOS_OPTION_INT,
     .offset = AT(seed),
     .fallback = "0",
     .minimum = 0,
     .maximum = 9007199254740992.0,
     .help = "of everything that is drawn"},
    {.key = "allow-overlap",
     .type = MOS_OPTION_BOOL,
     .offset = AT(allow_overlap),
     .fallback = "false",
     .help = "accept patches that overlap across splits or folds, instead of exit 3"},
};
const mos_option_table mos_split_option_table = {.name = "data split",
                                                 .options = split_options,
                                                 .count = sizeof split_options /
                                                          sizeof split_options[0]};

typedef struct splitting {
    mos_dataset *dataset;
    const mos_split_options *options;
    mos_split_columns *columns;
    mos_split_report *report;
    mos_place *places; /* [count] or NULL */
    int32_t *unit;     /* [count] */
    int64_t units;
    unsigned of; /* bit s: samples of split s are divided */
} splitting;

/* ---- options ---- */

static mosaic_status read_shares(const mos_text_list *list, double shares[3]) {
    double sum = 0;
    for (size_t i = 0; i < 3 && list->count == 3; i++) {
        if (!mos_parse_double(list->items[i], &shares[i]) || !(shares[i] >= 0) ||
            !isfinite(shares[i]))
            return mos_fail(MOSAIC_ERR_USAGE, "--shares: '%s' is no number of 0 or more",
                            list->items[i]);
        sum += shares[i];
    }
    if (list->count == 3 && fabs(sum - 1) < 1e-6) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "--shares: wanted three numbers for train, validation and test that sum to 1, "
                    "found %zu with sum %g",
                    list->count, sum);
}

static mosaic_status read_of(const mos_text_list *list, unsigned *out) {
    *out = list->count == 0 ? (1u << MOS_SPLIT_COUNT) - 1 : 0;
    for (size_t i = 0; i < list->count; i++) {
        mos_split split;
        if (mos_split_parse(list->items[i], &split) != MOSAIC_OK)
            return mos_fail(MOSAIC_ERR_USAGE,
                            "--of: '%.60s' is none of train, validation, test, none",
                            list->items[i]);
        *out |= 1u << split;
    }
    return MOSAIC_OK;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static mosaic_status read_fractions(const mos_text_list *list, mos_split_columns *columns) {
    if (list->count > MOS_SPLIT_MAX_FRACTIONS)
        return mos_fail(MOSAIC_ERR_USAGE, "--fractions: %zu given, at most %d are kept",
                        list->count, MOS_SPLIT_MAX_FRACTIONS);
    for (size_t i = 0; i < list->count; i++) {
        double value;
        if (!mos_parse_double(list->items[i], &value) || !(value > 0) || !(value < 1))
            return mos_fail(MOSAIC_ERR_USAGE, "--fractions: '%s' is not between 0 and 1",
                            list->items[i]);
        columns->fraction[columns->fraction_count++] = value;
    }
    qsort(columns->fraction, (size_t)columns->fraction_count, sizeof(double), compare_doubles);
    for (int f = 1; f < columns->fraction_count; f++)
        if (columns->fraction[f] == columns->fraction[f - 1])
            return mos_fail(MOSAIC_ERR_USAGE, "--fractions: %g is given twice",
                            columns->fraction[f]);
    return MOSAIC_OK;
}

static mosaic_status check_options(const splitting *s) {
    const mos_split_options *o = s->options;
    bool blocks = o->units == MOS_SPLIT_UNITS_BLOCK;
    if (s->dataset->options.limit > 0)
        return mos_fail(MOSAIC_ERR_USAGE, "--limit: a split is of the whole data set");
    if (blocks && (o->block_m > 0) == (o->block_px > 0))
        return mos_fail(MOSAIC_ERR_USAGE, "--units block: give its side by --block or --block-px");
    if (!blocks && (o->block_m > 0 || o->block_px > 0))
        return mos_fail(MOSAIC_ERR_USAGE, "--block is for --units block");
    if (o->folds == 1) return mos_fail(MOSAIC_ERR_USAGE, "--folds: 2 or more, or 0 for none");
    if (o->folds > 0 && o->buffer_m > 0)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--buffer goes with splits: which samples it leaves out would differ from "
                        "fold to fold");
    return MOSAIC_OK;
}

/* One line for the file and the provenance. */
static mosaic_status describe_options(const mos_split_options *o, char **out) {
    mos_text text = {0};
    mos_text_add(&text, "rule=%s", rules[o->rule]);
    for (size_t i = 0; o->rule == MOS_SPLIT_RULE_SHARE && i < o->shares.count; i++)
        mos_text_add(&text, "%s%s", i == 0 ? " shares=" : ";", o->shares.items[i]);
    mos_text_add(&text, " units=%s", unit_kinds[o->units]);
    if (o->units == MOS_SPLIT_UNITS_BLOCK) {
        mos_text_add(&text, " block_%s=", o->block_m > 0 ? "m" : "px");
        mos_text_add_number(&text, o->block_m > 0 ? o->block_m : o->block_px);
    }
    if (o->buffer_m > 0) {
        mos_text_add(&text, " buffer_m=");
        mos_text_add_number(&text, o->buffer_m);
    }
    for (size_t i = 0; i < o->of.count; i++)
        mos_text_add(&text, "%s%s", i == 0 ? " of=" : ";", o->of.items[i]);
    mos_text_add(&text, " seed=%lld", (long long)o->seed);
    mosaic_status status =
        text.failed ? mos_fail_memory(text.size, "a line") : mos_copy_text(text.data, out);
    mos_text_release(&text);
    return status;
}

/* ---- units ---- */

/* In pixels the side is that of the longest pixel of any sample: pixels that are squares of degrees
 * are not as wide as high, and narrower the farther from the equator. */
static mosaic_status block_side(const splitting *s, double *side_m) {
    double longest = 0, largest = 0;
    for (int64_t i = 0; i < s->dataset->count; i++) {
        const mos_place *place = &s->places[i];
        if (!place->known) continue;
        longest = fmax(longest, place->pixel_longest_m);
        largest = fmax(largest, 2 * fmax(place->half_width, place->half_height));
    }
    bool pixels = !(s->options->block_m > 0);
    *side_m = pixels ? s->options->block_px * longest : s->options->block_m;
    if (*side_m >= largest * (1 - 1e-9)) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_USAGE,
                    "--block%s: %g m is less than a patch of %g m: a block holds whole patches, so "
                    "--block wants at least %g, --block-px at least %g",
                    pixels ? "-px" : "", *side_m, largest, ceil(largest),
                    ceil(largest / longest - 1e-6));
}

static mosaic_status make_blocks(splitting *s) {
    mos_name_set names = {0};
    mosaic_status status = MOSAIC_OK;
    double side_m;
    MOS_GOTO(block_side(s, &side_m));
    MOS_GOTO(mos_alloc((size_t)s->dataset->count, sizeof *s->unit, "blocks", &s->unit));
    for (int64_t i = 0; i < s->dataset->count; i++) {
        const mos_place *place = &s->places[i];
        if (!place->known)
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA,
                              "sample '%s' has no place: its name is none of BigEarthNet V2 and "
                              "its raster is not georeferenced, so it is in no block (%lld of %lld "
                              "samples are like that); --units location goes on without",
                              s->dataset->ids[i], (long long)s->report->without_place,
                              (long long)s->dataset->count));
        uint64_t key = mos_place_block(place, side_m);
        MOS_GOTO(mos_name_set_add(&names, (const char *)&key, sizeof key, NULL));
        s->unit[i] =
            (int32_t)(mos_name_set_find(&names, (const char *)&key, sizeof key) - names.entries);
    }
    s->units = (int64_t)names.count;
done:
    mos_name_set_release(&names);
    return status;
}

static mosaic_status make_units(splitting *s) {
    if (s->options->units == MOS_SPLIT_UNITS_BLOCK) return make_blocks(s);
    if (s->options->units == MOS_SPLIT_UNITS_LOCATION)
        return mos_locations_make(s->dataset, s->places, &s->unit, &s->units);
    s->units = s->dataset->count;
    MOS_TRY(mos_alloc((size_t)s->units, sizeof *s->unit, "samples", &s->unit));
    for (int64_t i = 0; i < s->units; i++)
        s->unit[i] = (int32_t)i;
    return MOSAIC_OK;
}

/* Deal the divided samples' units out. part: [count of samples], -1 for samples that are not
 * divided. */
static mosaic_status deal(splitting *s, int64_t parts, const double *shares, uint64_t seed,
                          int16_t *part) {
    const mos_dataset *d = s->dataset;
    int64_t labels = d->class_count, used = 0;
    int32_t *counts = NULL, *sizes = NULL, *compact = NULL;
    int16_t *dealt = NULL;
    mosaic_status status;
    MOS_GOTO(mos_alloc((size_t)(s->units * labels), sizeof *counts, "counts by unit", &counts));
    MOS_GOTO(mos_alloc((size_t)s->units, sizeof *sizes, "counts by unit", &sizes));
    MOS_GOTO(mos_alloc((size_t)s->units, sizeof *compact, "counts by unit", &compact));
    MOS_GOTO(mos_alloc((size_t)s->units, sizeof *dealt, "parts", &dealt));
    for (int64_t i = 0; i < d->count; i++) {
        part[i] = -1;
        if (!(s->of >> d->splits[i] & 1)) continue;
        if (compact[s->unit[i]] == 0) compact[s->unit[i]] = (int32_t)++used;
        int64_t u = compact[s->unit[i]] - 1;
        sizes[u]++;
        for (int64_t l = 0; l < labels; l++)
            counts[u * labels + l] += d->labels[i * labels + l] == 1;
    }
    if (used == 0)
        MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "'%s' has no sample in the splits of --of", d->root));
    const mos_stratify_problem problem = {.units = used,
                                          .labels = labels,
                                          .counts = counts,
                                          .sizes = sizes,
                                          .parts = parts,
                                          .shares = shares,
                                          .seed = seed};
    MOS_GOTO(mos_stratify(&problem, dealt));
    for (int64_t i = 0; i < d->count; i++)
        if (s->of >> d->splits[i] & 1) part[i] = dealt[compact[s->unit[i]] - 1];
    s->report->units = used;
done:
    mos_free(counts);
    mos_free(sizes);
    mos_free(compact);
    mos_free(dealt);
    return status;
}

/* ---- splits ---- */

static mosaic_status split_by_share(splitting *s) {
    double shares[3];
    int16_t *part = NULL;
    mosaic_status status;
    MOS_GOTO(read_shares(&s->options->shares, shares));
    MOS_GOTO(mos_alloc((size_t)s->dataset->count, sizeof *part, "parts", &part));
    MOS_GOTO(deal(s, 3, shares, (uint64_t)s->options->seed, part));
    for (int64_t i = 0; i < s->dataset->count; i++)
        if (part[i] >= 0) s->columns->split[i] = (uint8_t)part[i];
done:
    mos_free(part);
    return status;
}

static mosaic_status split_by_rule(splitting *s) {
    for (int64_t i = 0; i < s->dataset->count; i++) {
        mos_patch_name name;
        const char *id = s->dataset->ids[i];
        if (!mos_patch_name_parse_s2(id, strlen(id), &name))
            return mos_fail(MOSAIC_ERR_DATA,
                            "--rule v2: '%s' is no name of BigEarthNet V2, which would tell the "
                            "column and row in the tile",
                            id);
        s->columns->split[i] = (uint8_t)mos_split_rule_v2(name.column, name.row);
    }
    return MOSAIC_OK;
}

typedef struct buffer_pass {
    splitting *s;
    int kept; /* patches of this split and of later ones stay */
    uint8_t *near;
} buffer_pass;

static mosaic_status mark_near(void *context, int64_t a, int64_t b, double gap_m) {
    buffer_pass *pass = context;
    const uint8_t *split = pass->s->columns->split;
    (void)gap_m;
    if (split[a] == MOS_SPLIT_NONE || split[b] == MOS_SPLIT_NONE) return MOSAIC_OK;
    if (split[a] < pass->kept && split[b] >= pass->kept) pass->near[a] = 1;
    if (split[b] < pass->kept && split[a] >= pass->kept) pass->near[b] = 1;
    return MOSAIC_OK;
}

/* Test stands; validation keeps its distance from it; training from both. */
static mosaic_status apply_buffer(splitting *s) {
    uint8_t *near = NULL;
    mosaic_status status;
    if (s->options->buffer_m <= 0) return MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)s->dataset->count, 1, "the buffer", &near));
    for (int kept = MOS_SPLIT_TEST; kept > MOS_SPLIT_TRAIN; kept--) {
        buffer_pass pass = {s, kept, near};
        MOS_GOTO(
            mos_places_near(s->places, s->dataset->count, s->options->buffer_m, mark_near, &pass));
        for (int64_t i = 0; i < s->dataset->count; i++) {
            if (!near[i]) continue;
            s->report->buffered[s->columns->split[i]]++;
            s->columns->split[i] = MOS_SPLIT_NONE;
            near[i] = 0;
        }
    }
done:
    mos_free(near);
    return status;
}

static mosaic_status make_folds(splitting *s) {
    double shares[MOS_SPLIT_MAX_FOLDS];
    if (s->options->folds == 0) return MOSAIC_OK;
    s->columns->folds = s->options->folds;
    for (int64_t k = 0; k < s->options->folds; k++)
        shares[k] = 1;
    /* Not the stream of the splits. */
    return deal(s, s->options->folds, shares, (uint64_t)s->options->seed ^ UINT64_C(0xf01d) << 48,
                s->columns->fold);
}

/* Smaller fractions are subsets of larger ones: the first that has a sample is its label. Drawn
 * among the samples that are trained on, in one fold or another. */
static mosaic_status make_fractions(splitting *s) {
    mos_dataset *d = s->dataset;
    mos_split_columns *columns = s->columns;
    uint8_t *own = NULL, *keep = NULL;
    mosaic_status status = MOSAIC_OK;
    if (columns->fraction_count == 0) return MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)d->count, 1, "splits", &own));
    MOS_GOTO(mos_alloc((size_t)d->count, 1, "the labelled fraction", &keep));
    memcpy(own, d->splits, (size_t)d->count);
    for (int64_t i = 0; i < d->count; i++)
        d->splits[i] = columns->split[i] == MOS_SPLIT_TRAIN || columns->fold[i] >= 0
                           ? MOS_SPLIT_TRAIN
                           : MOS_SPLIT_NONE;
    for (int f = columns->fraction_count; f-- > 0 && status == MOSAIC_OK;) {
        status = mos_fraction_choose(d, MOS_SPLIT_TRAIN, columns->fraction[f],
                                     (uint64_t)s->options->seed, keep);
        for (int64_t i = 0; i < d->count; i++)
            if (keep[i]) columns->labeled[i] = (uint8_t)f;
    }
    memcpy(d->splits, own, (size_t)d->count);
done:
    mos_free(own);
    mos_free(keep);
    return status;
}

/* ---- leaks ---- */

static mosaic_status count_leak(void *context, int64_t a, int64_t b, double gap_m) {
    splitting *s = context;
    const mos_split_columns *columns = s->columns;
    /* Neighbours of one grid share an edge; half a pixel is rounding. */
    if (gap_m > -0.5 * fmin(s->places[a].pixel_m, s->places[b].pixel_m)) return MOSAIC_OK;
    bool placed = columns->split[a] != MOS_SPLIT_NONE && columns->split[b] != MOS_SPLIT_NONE;
    bool folded = columns->fold[a] >= 0 && columns->fold[b] >= 0;
    bool leak = placed && columns->split[a] != columns->split[b];
    bool fold_leak = folded && columns->fold[a] != columns->fold[b];
    s->report->overlaps++;
    s->report->leaks += leak;
    s->report->fold_leaks += fold_leak;
    if ((leak || fold_leak) && s->report->leak[0] < 0) {
        s->report->leak[0] = a;
        s->report->leak[1] = b;
    }
    return MOSAIC_OK;
}

static mosaic_status check_leaks(splitting *s) {
    const mos_split_report *r = s->report;
    MOS_TRY(mos_places_near(s->places, s->dataset->count, 0, count_leak, s));
    if (r->leaks + r->fold_leaks == 0) return MOSAIC_OK;
    mosaic_status status =
        mos_fail(MOSAIC_ERR_DATA,
                 "%lld pairs of overlapping patches are in two splits and %lld in two folds, as "
                 "'%s' and '%s': --units block with --buffer keeps them apart, --allow-overlap "
                 "accepts them",
                 (long long)r->leaks, (long long)r->fold_leaks, s->dataset->ids[r->leak[0]],
                 s->dataset->ids[r->leak[1]]);
    if (!s->options->allow_overlap) return status;
    mos_log(MOS_LOG_WARNING, "%s", mosaic_error());
    return MOSAIC_OK;
}

/* ---- all of it ---- */

static mosaic_status make_all(splitting *s) {
    MOS_TRY(check_options(s));
    MOS_TRY(read_of(&s->options->of, &s->of));
    MOS_TRY(read_fractions(&s->options->fractions, s->columns));
    MOS_TRY(describe_options(s->options, &s->columns->made_by));
    MOS_TRY(mos_places_make(s->dataset, &s->places, &s->report->without_place));
    if (s->options->buffer_m > 0 && s->report->without_place > 0)
        return mos_fail(MOSAIC_ERR_DATA, "--buffer: the place of %lld samples is not known",
                        (long long)s->report->without_place);
    MOS_TRY(make_units(s));
    memcpy(s->columns->split, s->dataset->splits, (size_t)s->dataset->count);
    if (s->options->rule == MOS_SPLIT_RULE_SHARE) MOS_TRY(split_by_share(s));
    if (s->options->rule == MOS_SPLIT_RULE_V2) MOS_TRY(split_by_rule(s));
    MOS_TRY(apply_buffer(s));
    MOS_TRY(make_folds(s));
    MOS_TRY(make_fractions(s));
    return check_leaks(s);
}

mosaic_status mos_split_make(mos_dataset *dataset, const mos_split_options *options,
                             mos_split_columns **out, mos_split_report *report) {
    splitting s = {.dataset = dataset, .options = options, .report = report};
    mosaic_status status;
    *out = NULL;
    *report = (mos_split_report){.leak = {-1, -1}};
    MOS_GOTO(mos_split_columns_create(dataset->count, &s.columns));
    MOS_GOTO(make_all(&s));
    *out = s.columns;
    s.columns = NULL;
done:
    mos_split_columns_destroy(&s.columns);
    mos_free(s.places);
    mos_free(s.unit);
    return status;
}
