/* results.json: everything that is known, for programs. */
#include "base/json_writer.h"
#include "study/sweep_tables.h"

#include <stdio.h>

static void add_scores(const mos_sweep_scores *scores, mos_json *json) {
    mos_json_string(json, "scorer", scores->scorer);
    mos_json_int(json, "samples", scores->samples);
    mos_json_string(json, "thresholds", scores->tuned ? "per_class" : "0.5");
    mos_json_bool(json, "reduced", scores->reduced);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_json_number(json, mos_sweep_metric_names[m], scores->metric[m]);
}

static void add_run(const mos_sweep_results *results, int64_t r, mos_json *json) {
    const mos_sweep_plan *plan = results->plan;
    const mos_sweep_run *run = &plan->run[r];
    const mos_sweep_record *record = &results->record[r];
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "name", run->name);
    mos_json_string(json, "setting", plan->setting[run->setting].label);
    mos_json_number(json, "labels", run->labeled);
    mos_json_int(json, "seed", run->number);
    mos_json_string(json, "config_sha256", run->hash);
    mos_json_string(json, "folder", run->twin < 0 ? run->name : plan->run[run->twin].name);
    mos_json_string(json, "state", mos_sweep_state_names[record->state]);
    mos_json_number(json, "seconds", record->seconds);
    if (record->state == MOS_SWEEP_FAILED) {
        mos_json_int(json, "code", record->code);
        mos_json_string(json, "message", record->message);
    }
    mos_json_open(json, "scores", '{');
    for (int s = 0; s < plan->spec.splits; s++) {
        const mos_sweep_scores *scores = &results->scores[r * plan->spec.splits + s];
        if (!scores->known) continue;
        mos_json_open(json, mos_split_names[plan->spec.evaluate[s]], '{');
        add_scores(scores, json);
        mos_json_close(json, '}');
    }
    mos_json_close(json, '}');
    mos_json_close(json, '}');
}

static void add_difference(const mos_sweep_difference *d, mos_json *json) {
    mos_json_open(json, "difference", '{');
    mos_json_number(json, "value", d->interval.value);
    mos_json_number(json, "low", d->interval.low);
    mos_json_number(json, "high", d->interval.high);
    mos_json_number(json, "p", d->interval.p);
    mos_json_number(json, "p_holm", d->p_holm);
    mos_json_int(json, "seeds_better", d->better);
    mos_json_number(json, "seeds_sd", d->seeds.sd);
    mos_json_number(json, "seeds_effect", d->seeds.effect);
    mos_json_number(json, "seeds_p", d->seeds.p);
    mos_json_number(json, "seeds_p_holm", d->p_seeds_holm);
    mos_json_bool(json, "differs", mos_sweep_differs(d));
    mos_json_close(json, '}');
}

static void add_cell(const mos_sweep_cell *cell, mos_json *json) {
    mos_json_int(json, "seeds", cell->seeds);
    mos_json_int(json, "pairs", cell->pairs);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++) {
        mos_json_open(json, mos_sweep_metric_names[m], '{');
        mos_json_number(json, "mean", cell->mean[m]);
        mos_json_number(json, "sd", cell->sd[m]);
        if (cell->pairs > 0) add_difference(&cell->difference[m], json);
        mos_json_close(json, '}');
    }
}

static void add_row(const mos_sweep_results *results, const mos_sweep_row *row, mos_json *json) {
    const mos_sweep_plan *plan = results->plan;
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "setting", plan->setting[row->setting].label);
    mos_json_number(json, "labels", row->labeled);
    mos_json_string(json, "reference",
                    row->reference < 0 ? NULL
                                       : plan->setting[results->row[row->reference].setting].label);
    for (int s = 0; s < plan->spec.splits; s++) {
        mos_json_open(json, mos_split_names[plan->spec.evaluate[s]], '{');
        add_cell(&row->cell[s], json);
        int below = mos_sweep_below(results, row, s);
        if (below >= 0) mos_json_string(json, "below_floor", mos_sweep_floor_names[below]);
        mos_json_close(json, '}');
    }
    mos_json_close(json, '}');
}

static void add_floor(const mos_sweep_results *results, int fraction, int floor, mos_json *json) {
    const mos_sweep_plan *plan = results->plan;
    const mos_sweep_floor *it = mos_sweep_floor_at(results, fraction, floor);
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "features", mos_sweep_floor_names[floor]);
    mos_json_number(json, "labels", plan->run[mos_sweep_floor_run(plan, fraction, 0)].labeled);
    for (int s = 0; s < plan->spec.splits; s++) {
        mos_json_open(json, mos_split_names[plan->spec.evaluate[s]], '{');
        add_cell(&it->cell[s], json);
        mos_json_close(json, '}');
    }
    mos_json_close(json, '}');
}

static void add_floors(const mos_sweep_results *results, mos_json *json) {
    const mos_sweep_spec *spec = &results->plan->spec;
    if (results->floor == NULL) return;
    mos_json_open(json, "floors", '[');
    for (int f = 0; f < (spec->fractions > 0 ? spec->fractions : 1); f++)
        for (int k = 0; k < MOS_SWEEP_FLOORS; k++)
            add_floor(results, f, k, json);
    mos_json_close(json, ']');
}

mosaic_status mos_sweep_json_write(const mos_sweep_results *results, const char *folder,
                                   const char *command) {
    mos_json json = {0};
    mos_json_open(&json, NULL, '{');
    mos_json_string(&json, "format", "mosaic-sweep-1");
    mos_json_string(&json, "name", results->plan->spec.name);
    mos_json_string(&json, "mosaic_version", MOSAIC_VERSION);
    mos_json_string(&json, "command", command);
    mos_json_open(&json, "comparison", '{');
    mos_json_string(&json, "method",
                    "mean over seeds of the paired differences, percentile bootstrap over samples, "
                    "two-sided p; over seeds: Student's paired test, effect = mean / sd of the "
                    "differences; Holm within a fraction, split and metric for either; "
                    "differs: both below 0.05");
    mos_json_number(&json, "level", results->level);
    mos_json_int(&json, "resamples", results->resamples);
    mos_json_close(&json, '}');
    mos_json_open(&json, "table", '[');
    for (int64_t i = 0; i < results->rows; i++)
        add_row(results, &results->row[i], &json);
    mos_json_close(&json, ']');
    add_floors(results, &json);
    mos_json_open(&json, "runs", '[');
    for (int64_t r = 0; r < results->plan->runs; r++)
        add_run(results, r, &json);
    mos_json_close(&json, ']');
    mos_json_close(&json, '}');
    mosaic_status status = mos_json_end(&json);
    if (status == MOSAIC_OK) status = mos_sweep_file(folder, "results.json", &json.text);
    mos_json_release(&json);
    return status;
}
