/* results.csv and results.tsv. */
#include "study/sweep_tables.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "io/csv.h"
#include "report/run_json.h"
#include "study/published_scores.h"
#include "study/sweep_details.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- results.csv ---- */

static void add_run_cells(const mos_sweep_results *results, int64_t r, const char *label,
                          mos_text *out) {
    const mos_sweep_plan *plan = results->plan;
    const mos_sweep_run *run = &plan->run[r];
    const mos_sweep_setting *setting = &plan->setting[run->setting];
    const mos_sweep_record *record = &results->record[r];
    mos_csv_add_field(out, run->name);
    mos_csv_add_cell(out, label);
    mos_csv_add_cell(out, setting->variant < 0 ? "" : plan->spec.variant[setting->variant].name);
    for (int a = 0; a < plan->spec.axes; a++) {
        mos_text value = {0};
        mos_sweep_plan_value(plan, setting, a, &value);
        mos_csv_add_cell(out, value.size > 0 ? value.data : "");
        mos_text_release(&value);
    }
    mos_csv_add_number(out, run->labeled);
    mos_text_add(out, ",%lld,%s,%lld", (long long)run->number, mos_sweep_state_names[record->state],
                 (long long)record->code);
    mos_csv_add_number(out, record->seconds);
    mos_text_add(out, ",%s", run->hash);
    mos_csv_add_cell(out, run->twin < 0 ? run->name : plan->run[run->twin].name);
    mos_csv_add_cell(out, record->message);
}

static void add_score_cells(const mos_sweep_scores *scores, mos_split split, mos_text *out) {
    mos_csv_add_cell(out, mos_split_names[split]);
    mos_csv_add_cell(out, scores->scorer);
    mos_text_add(out, ",%lld,%s,", (long long)scores->samples,
                 !scores->known  ? ""
                 : scores->tuned ? "per_class"
                                 : "0.5");
    if (scores->known && scores->averaged >= 0)
        mos_text_add(out, "%lld", (long long)scores->averaged);
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_csv_add_number(out, scores->known ? scores->metric[m] : NAN);
    mos_text_add(out, "\n");
}

/* What was probed at a run, as lines of that run under the floor's name. */
static void add_floor_lines(const mos_sweep_results *results, int fraction, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    int seeds = spec->seeds > 0 ? spec->seeds : 1;
    for (int k = 0; k < MOS_SWEEP_FLOORS; k++)
        for (int i = 0; i < seeds * spec->splits; i++) {
            const mos_sweep_scores *scores = &mos_sweep_floor_at(results, fraction, k)->scores[i];
            if (!scores->known) continue;
            add_run_cells(results, mos_sweep_floor_run(results->plan, fraction, i / spec->splits),
                          mos_sweep_floor_titles[k], out);
            add_score_cells(scores, spec->evaluate[i % spec->splits], out);
        }
}

static mosaic_status write_csv(const mos_sweep_results *results, const char *folder) {
    const mos_sweep_plan *plan = results->plan;
    const mos_sweep_spec *spec = &plan->spec;
    mos_text out = {0};
    mos_text_add(&out, "run,setting,variant");
    for (int a = 0; a < spec->axes; a++)
        mos_csv_add_cell(&out, spec->axis[a].key);
    mos_text_add(&out, ",labels,seed,state,code,seconds,config_sha256,folder,message,split,scorer,"
                       "samples,thresholds,classes_averaged");
    for (int m = 0; m < MOS_SWEEP_METRICS; m++)
        mos_text_add(&out, ",%s", mos_sweep_metric_names[m]);
    mos_text_add(&out, "\n");
    for (int64_t r = 0; r < plan->runs; r++)
        for (int s = 0; s < spec->splits; s++) {
            add_run_cells(results, r, plan->setting[plan->run[r].setting].label, &out);
            add_score_cells(&results->scores[r * spec->splits + s], spec->evaluate[s], &out);
        }
    for (int f = 0; results->floor != NULL && (f == 0 || f < spec->fractions); f++)
        add_floor_lines(results, f, &out);
    return mos_sweep_file(folder, "results.csv", &out);
}

/* ---- results.tsv ---- */

static void add_set_name(const mos_sweep_results *results, mos_text *out) {
    const mos_sweep_spec *spec = &results->plan->spec;
    const char *slash = strrchr(spec->config, '/');
    if (spec->has_synth)
        mos_text_add(out, "synth patches=%lld size=%lld classes=%lld seed=%lld",
                     (long long)spec->synth.patches, (long long)spec->synth.size,
                     (long long)spec->synth.classes, (long long)spec->synth.seed);
    else
        mos_text_add(out, "%s",
                     spec->config[0] == '\0' ? spec->name
                     : slash != NULL         ? slash + 1
                                             : spec->config);
}

/* "resnet18, 10 epochs, batch 32, shared anchor" */
static mosaic_status add_setting(const mos_sweep_run *run, mos_text *out) {
    static const char *const keys[] = {"model.encoder", "train.epochs", "train.batch",
                                       "loss.anchor"};
    static const char *const before[] = {"", ", ", " epochs, batch ", ", "};
    mos_config *config = NULL;
    mosaic_status status;
    MOS_GOTO(mos_config_create(&config));
    MOS_GOTO(mos_config_read_text(config, run->config, run->name));
    for (int k = 0; k < 4; k++) {
        mos_text_add(out, "%s", before[k]);
        MOS_GOTO(mos_config_get(config, keys[k], out));
    }
    mos_text_add(out, " anchor");
done:
    mos_config_destroy(&config);
    return status;
}

static void add_tsv_scores(const mos_sweep_cell *cell, mos_text *out) {
    static const int metrics[] = {0, 1, 4, 2}; /* macro F1, micro F1, Hamming, macro AP */
    mos_text_add(out, "\t%lld", (long long)cell->seeds);
    for (int k = 0; k < 4; k++) {
        double sd = cell->sd[metrics[k]];
        mos_text_add(out, "\t%.4f\t%.4f", cell->mean[metrics[k]], isfinite(sd) ? sd : 0);
    }
}

static mosaic_status add_tsv_row(const mos_sweep_results *results, const mos_sweep_row *row,
                                 const char *date, const char *command, mos_text *out) {
    const mos_sweep_cell *cell = &row->cell[results->plan->spec.splits - 1];
    if (cell->seeds == 0) return MOSAIC_OK;
    mos_text_add(out, "%s\t", date);
    add_set_name(results, out);
    mos_text_add(out, "\t%s\t", results->plan->setting[row->setting].label);
    mos_text_add_number(out, row->labeled);
    mos_text_add(out, "\t");
    MOS_TRY(add_setting(&results->plan->run[row->first], out));
    add_tsv_scores(cell, out);
    mos_text_add(out, "\t%s\n", command);
    return MOSAIC_OK;
}

static void add_tsv_floor(const mos_sweep_results *results, int fraction, int floor,
                          const char *date, const char *command, mos_text *out) {
    const mos_sweep_plan *plan = results->plan;
    const mos_sweep_run *run = &plan->run[mos_sweep_floor_run(plan, fraction, 0)];
    const mos_sweep_cell *cell =
        &mos_sweep_floor_at(results, fraction, floor)->cell[plan->spec.splits - 1];
    if (cell->seeds == 0) return;
    mos_text_add(out, "%s\t", date);
    add_set_name(results, out);
    mos_text_add(out, "\tfloor: %s\t", mos_sweep_floor_names[floor]);
    mos_text_add_number(out, run->labeled);
    mos_text_add(out, "\tlinear probe on features, labels of the runs of %s",
                 plan->setting[run->setting].label);
    add_tsv_scores(cell, out);
    mos_text_add(out, "\t%s\n", command);
}

static mosaic_status write_tsv(const mos_sweep_results *results, const char *folder,
                               const char *command) {
    const mos_sweep_spec *spec = &results->plan->spec;
    mos_text out = {0};
    char date[16] = "";
    struct tm utc;
    time_t now = time(NULL);
    if (gmtime_r(&now, &utc) != NULL) (void)strftime(date, sizeof date, "%Y-%m-%d", &utc);
    mosaic_status status = MOSAIC_OK;
    mos_text_add(&out, "date\tset\tmethod\tlabels\tsetting\tseeds\tmacro_f1\tsd\tmicro_f1\tsd\t"
                       "hamming\tsd\tmacro_ap\tsd\tcommand\n");
    for (int64_t i = 0; i < results->rows && status == MOSAIC_OK; i++)
        status = add_tsv_row(results, &results->row[i], date, command, &out);
    for (int f = 0; results->floor != NULL && (f == 0 || f < spec->fractions); f++)
        for (int k = 0; k < MOS_SWEEP_FLOORS; k++)
            add_tsv_floor(results, f, k, date, command, &out);
    if (status == MOSAIC_OK) return mos_sweep_file(folder, "results.tsv", &out);
    mos_text_release(&out);
    return status;
}

/* ---- the whole ---- */

/* What published figures call the data set of the runs; NULL: none, or a procedural set. */
static mosaic_status find_data(const mos_sweep_results *results, const char *folder,
                               const char **out) {
    const mos_sweep_plan *plan = results->plan;
    mos_run_document document = {0};
    char path[4096], *text = NULL;
    size_t size;
    mosaic_status status;
    *out = NULL;
    int64_t r = 0;
    while (r < plan->runs && results->record[r].state != MOS_SWEEP_COMPLETE)
        r++;
    if (plan->spec.has_synth || r == plan->runs) return MOSAIC_OK;
    int64_t owner = plan->run[r].twin >= 0 ? plan->run[r].twin : r;
    MOS_TRY(mos_sweep_path(folder, "runs", plan->run[owner].name, "/provenance.json", path,
                           sizeof path));
    MOS_GOTO(mos_file_read(path, 64 << 20, &text, &size));
    MOS_GOTO(mos_run_json_facts(text, path, &document));
    *out = mos_published_data(mos_run_document_fact(&document, "data.format", ""));
done:
    mos_run_document_release(&document);
    mos_free(text);
    return status;
}

static mosaic_status add_published(const mos_sweep_results *results, const char *folder,
                                   const mos_published_table *published, mos_text *out) {
    const char *data;
    MOS_TRY(find_data(results, folder, &data));
    if (published->count > 0 && data == NULL)
        mos_log(MOS_LOG_NOTICE, "published figures are not shown: the data set of the runs is none "
                                "of BigEarthNet or SEN12MS");
    mos_published_page(results, data, published, out);
    return MOSAIC_OK;
}

mosaic_status mos_sweep_tables_write(const mos_sweep_results *results, const char *folder,
                                     const char *command, const mos_published_table *published) {
    mos_sweep_details details = {0};
    mos_text sections = {0};
    mosaic_status status;
    MOS_GOTO(write_csv(results, folder));
    MOS_GOTO(write_tsv(results, folder, command));
    MOS_GOTO(mos_sweep_json_write(results, folder, command));
    MOS_GOTO(mos_sweep_latex_write(results, folder));
    MOS_GOTO(mos_sweep_details_read(results, folder, &details));
    MOS_GOTO(mos_sweep_details_write(&details, folder));
    MOS_GOTO(add_published(results, folder, published, &sections));
    mos_sweep_details_page(&details, &sections);
    status = sections.failed ? mos_fail_memory(sections.size, "a page")
                             : mos_sweep_page_write(results, &sections, folder, command);
done:
    mos_text_release(&sections);
    mos_sweep_details_release(&details);
    return status;
}
