#include "evaluate/embedding_results.h"

#include "base/file.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/memory.h"
#include "evaluate/embedding_space.h"
#include "evaluate/result_cells.h"
#include "io/csv.h"
#include "io/npy.h"
#include "score/clusters.h"
#include "score/health.h"
#include "score/modality_alignment.h"
#include "score/tsne.h"

#include <math.h>
#include <string.h>

static const char *space_name(const mos_embedding_set *set, int64_t modality) {
    return modality == MOS_SPACE_JOINT    ? "joint"
           : modality == MOS_SPACE_SHARED ? "shared"
                                          : set->card->spec.modality[modality].name;
}

static mosaic_status write_json(mos_json *json, const char *folder, const char *name) {
    char path[4096];
    MOS_TRY(mos_json_end(json));
    MOS_TRY(mos_path_join(path, sizeof path, folder, name));
    return mos_atomic_write(path, json->text.data, json->text.size);
}

static void open_document(const mos_embedding_set *set, mos_json *json) {
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "split", set->split);
    mos_json_bool(json, "reduced", set->reduced);
    mos_json_int(json, "samples", set->inference->n);
}

/* ---- embeddings.npy ---- */

static mosaic_status write_embeddings(const mos_embedding_set *set, const char *folder) {
    const mos_inference *in = set->inference;
    int64_t d = in->features, wide = d * in->modalities;
    char path[4096];
    float *rows = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)(in->n * wide), sizeof *rows, "embeddings", &rows));
    for (int64_t i = 0; i < in->n; i++)
        for (int64_t m = 0; m < in->modalities; m++)
            memcpy(rows + i * wide + m * d, in->feature[m] + i * d, (size_t)d * sizeof *rows);
    MOS_GOTO(mos_path_join(path, sizeof path, folder, "embeddings.npy"));
    MOS_GOTO(mos_npy_write(path, MOS_F32, 2, (const int64_t[]){in->n, wide}, rows));
done:
    mos_free(rows);
    return status;
}

/* ---- clusters.json ---- */

static void add_clusters(mos_json *json, const char *name, const char *kind, int64_t present,
                         const mos_cluster_scores *s) {
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "space", name);
    mos_json_string(json, "kind", kind);
    mos_json_int(json, "present", present);
    mos_json_int(json, "rows", s->rows);
    mos_json_int(json, "labelled_rows", s->labelled_rows);
    mos_json_int(json, "label_sets", s->sets);
    mos_json_int(json, "label_set_rows", s->set_rows);
    mos_json_number(json, "silhouette", s->silhouette);
    mos_json_number(json, "davies_bouldin", s->davies_bouldin);
    mos_json_number(json, "neighbour_jaccard", s->neighbour_jaccard);
    mos_json_number(json, "intra_class_cosine", s->intra_cosine);
    mos_json_number(json, "inter_class_cosine", s->inter_cosine);
    mos_json_number(json, "mean_cosine", s->health.mean_cosine);
    mos_json_number(json, "uniformity", s->health.uniformity);
    mos_json_number(json, "rankme", s->health.rankme);
    mos_json_number(json, "spread", s->health.spread);
    mos_json_bool(json, "collapsed", s->health.collapsed);
    mos_json_close(json, '}');
}

static mosaic_status measure_space(const mos_embedding_set *set, int64_t modality, bool latent,
                                   mos_json *json) {
    mos_embedding_space space;
    mos_cluster_scores scores;
    MOS_TRY(
        mos_embedding_space_make(set->inference, modality, latent, MOS_CLUSTER_MOST_ROWS, &space));
    const mos_cluster_input input = {.x = space.x,
                                     .labels = space.labels,
                                     .n = space.n,
                                     .d = space.d,
                                     .l = set->inference->classes,
                                     .top_sets = MOS_CLUSTER_SETS,
                                     .neighbours = MOS_CLUSTER_NEIGHBOURS,
                                     .threads = set->threads};
    mosaic_status status = mos_clusters_measure(&input, &scores);
    if (status == MOSAIC_OK) {
        add_clusters(json, space_name(set, modality), latent ? "latent" : "feature", space.present,
                     &scores);
        if (scores.health.collapsed)
            mos_log(MOS_LOG_WARNING, "embeddings '%s' (%s) have collapsed",
                    space_name(set, modality), latent ? "latent" : "feature");
    }
    mos_embedding_space_release(&space);
    return status;
}

/* Rows of class_alignment.csv. */
static void add_class_alignments(const mos_embedding_set *set, int64_t a, int64_t b,
                                 const char *kind, const mos_modality_alignment *found,
                                 mos_text *csv) {
    for (int64_t k = 0; k < found->count; k++) {
        const mos_class_alignment *c = &found->pairs[k];
        if (c->rows_i == 0 && c->rows_j == 0) continue;
        mos_text_add(csv, "%s,%s,%s,", kind, space_name(set, a), space_name(set, b));
        mos_csv_add_field(csv, set->card->class_names[c->i]);
        mos_text_add_bytes(csv, ",", 1);
        mos_csv_add_field(csv, set->card->class_names[c->j]);
        mos_text_add(csv, ",%lld,%lld", (long long)c->rows_i, (long long)c->rows_j);
        mos_csv_add_number(csv, c->pair);
        mos_csv_add_number(csv, c->within);
        mos_csv_add_number(csv, c->across);
        mos_csv_add_number(csv, c->within - c->across);
        mos_csv_add_number(csv, c->told_apart[0]);
        mos_csv_add_number(csv, c->told_apart[1]);
        mos_text_add_bytes(csv, "\n", 1);
    }
}

static mosaic_status add_alignment(const mos_embedding_set *set, int64_t a, int64_t b, bool latent,
                                   mos_json *json, mos_text *csv) {
    const mos_inference *in = set->inference;
    const char *kind = latent ? "latent" : "feature";
    const mos_alignment_input input = {.a = latent ? in->z[a] : in->feature[a],
                                       .b = latent ? in->z[b] : in->feature[b],
                                       .a_there = in->present[a],
                                       .b_there = in->present[b],
                                       .labels = in->labels,
                                       .n = in->n,
                                       .d = latent ? in->latent : in->features,
                                       .l = in->classes,
                                       .threads = set->threads};
    mos_modality_alignment found;
    MOS_TRY(mos_modality_alignment_measure(&input, &found));
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "kind", kind);
    mos_json_string(json, "a", space_name(set, a));
    mos_json_string(json, "b", space_name(set, b));
    mos_json_int(json, "rows", found.rows);
    mos_json_number(json, "alignment", found.alignment);
    mos_json_number(json, "centre_gap", found.centre_gap);
    mos_json_number(json, "pair_cosine", found.pair);
    mos_json_number(json, "other_cosine", found.other);
    mos_json_int(json, "retrieval_rows", found.retrieval_rows);
    mos_json_number(json, "a_finds_b", found.first[0]);
    mos_json_number(json, "b_finds_a", found.first[1]);
    mos_json_number(json, "a_finds_b_among_10", found.among[0]);
    mos_json_number(json, "b_finds_a_among_10", found.among[1]);
    mos_json_close(json, '}');
    add_class_alignments(set, a, b, kind, &found, csv);
    mos_modality_alignment_release(&found);
    return MOSAIC_OK;
}

static mosaic_status write_clusters(const mos_embedding_set *set, const char *folder) {
    const mos_inference *in = set->inference;
    mos_json json = {0};
    mos_text csv = {0};
    mosaic_status status = MOSAIC_OK;
    mos_text_add(&csv, "kind,a,b,class,other,class_rows,other_rows,pair_cosine,within_cosine,"
                       "across_cosine,margin,told_apart_by_b,told_apart_by_a\n");
    open_document(set, &json);
    mos_json_int(&json, "most_rows", MOS_CLUSTER_MOST_ROWS);
    mos_json_int(&json, "neighbours", MOS_CLUSTER_NEIGHBOURS);
    mos_json_open(&json, "spaces", '[');
    for (int latent = 0; latent < (in->z[0] ? 2 : 1); latent++)
        for (int64_t m = 0; m <= in->modalities; m++) {
            bool joint = m == in->modalities;
            if (joint && in->modalities < 2) continue;
            MOS_GOTO(measure_space(set, joint ? MOS_SPACE_JOINT : m, latent == 1, &json));
        }
    mos_json_close(&json, ']');
    mos_json_open(&json, "alignment", '[');
    for (int latent = in->z[0] ? 1 : 0; latent >= 0; latent--)
        for (int64_t a = 0; a < in->modalities; a++)
            for (int64_t b = a + 1; b < in->modalities; b++)
                MOS_GOTO(add_alignment(set, a, b, latent == 1, &json, &csv));
    mos_json_close(&json, ']');
    mos_json_close(&json, '}');
    MOS_GOTO(write_json(&json, folder, "clusters.json"));
    if (in->modalities > 1) MOS_GOTO(mos_result_file(folder, "class_alignment.csv", &csv));
done:
    mos_json_release(&json);
    mos_text_release(&csv);
    return status;
}

/* ---- tsne.csv, tsne.json ---- */

static mosaic_status add_points(const mos_embedding_set *set, const mos_embedding_space *space,
                                const char *map, const double *points, mos_text *csv) {
    int64_t l = set->inference->classes;
    for (int64_t i = 0; i < space->n; i++) {
        mos_sample sample;
        char number[2][32];
        bool first = true;
        mos_text labels = {0};
        MOS_TRY(mos_dataset_sample(set->dataset, set->inference->samples[space->row[i]], &sample));
        for (int64_t j = 0; j < l; j++) {
            if (space->labels[i * l + j] != 1) continue;
            mos_text_add(&labels, "%s%s", first ? "" : ";", set->card->class_names[j]);
            first = false;
        }
        mos_csv_add_field(csv, map);
        mos_text_add_bytes(csv, ",", 1);
        mos_csv_add_field(csv, space_name(set, space->part[i]));
        mos_text_add_bytes(csv, ",", 1);
        mos_csv_add_field(csv, sample.id);
        mos_text_add(csv, ",%s,%s,",
                     mos_format_double(number[0], sizeof number[0], points[2 * i], 6),
                     mos_format_double(number[1], sizeof number[1], points[2 * i + 1], 6));
        mos_csv_add_field(csv, labels.data ? labels.data : "");
        mos_text_add_bytes(csv, "\n", 1);
        csv->failed = csv->failed || labels.failed;
        mos_text_release(&labels);
    }
    return MOSAIC_OK;
}

/* The rows that Clusters judges for the same space, judged the same way. */
static mosaic_status judge_space(const mos_embedding_set *set, int64_t modality, bool latent,
                                 mos_health *out) {
    mos_embedding_space space;
    MOS_TRY(
        mos_embedding_space_make(set->inference, modality, latent, MOS_CLUSTER_MOST_ROWS, &space));
    mosaic_status status = MOSAIC_OK;
    int64_t kept = 0;
    for (int64_t i = 0; i < space.n; i++) {
        float *row = space.x + i * space.d;
        if (mos_unit_rows(row, 1, space.d) == 0) continue;
        if (kept < i) memcpy(space.x + kept * space.d, row, (size_t)space.d * sizeof *row);
        kept++;
    }
    *out = (mos_health){.spread = NAN, .mean_cosine = NAN, .rankme = NAN};
    if (kept >= 2) status = mos_health_measure_on(space.x, NULL, kept, space.d, set->threads, out);
    mos_embedding_space_release(&space);
    return status;
}

static void add_map(mos_json *json, const char *name, const mos_embedding_space *space,
                    const mos_tsne_result *r, const mos_health *health) {
    mos_json_open(json, NULL, '{');
    mos_json_string(json, "map", name);
    mos_json_int(json, "points", space->n);
    mos_json_int(json, "present", space->present);
    mos_json_number(json, "perplexity", r->perplexity);
    mos_json_int(json, "iterations", r->iterations);
    mos_json_number(json, "kl_divergence", r->kl_divergence);
    mos_json_number(json, "trustworthiness", r->trustworthiness);
    mos_json_number(json, "explained_variance", r->explained);
    mos_json_number(json, "duplicates", r->duplicates);
    mos_json_bool(json, "degenerate", r->degenerate);
    mos_json_number(json, "rankme", health->rankme);
    mos_json_bool(json, "collapsed", health->collapsed);
    mos_json_close(json, '}');
}

static mosaic_status draw_map(const mos_embedding_set *set, int64_t modality, mos_json *json,
                              mos_text *csv) {
    const char *name = space_name(set, modality);
    mos_tsne_options options = mos_tsne_defaults(set->threads);
    mos_embedding_space space = {0};
    mos_tsne_result result;
    mos_health health;
    double *points = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_embedding_space_make(set->inference, modality, modality == MOS_SPACE_SHARED,
                                      MOS_TSNE_MOST_POINTS, &space));
    if (space.n < MOS_TSNE_LEAST_POINTS) {
        mos_log(MOS_LOG_WARNING, "no t-SNE of '%s': %lld points are too few", name,
                (long long)space.n);
        goto done;
    }
    MOS_GOTO(mos_alloc((size_t)(2 * space.n), sizeof *points, "map", &points));
    MOS_GOTO(mos_tsne_run(space.x, space.n, space.d, &options, points, &result));
    MOS_GOTO(judge_space(set, modality, modality == MOS_SPACE_SHARED, &health));
    if (result.degenerate)
        mos_log(MOS_LOG_WARNING, "the embeddings '%s' nearly coincide: their map shows nothing",
                name);
    add_map(json, name, &space, &result, &health);
    MOS_GOTO(add_points(set, &space, name, points, csv));
done:
    mos_embedding_space_release(&space);
    mos_free(points);
    return mos_context(status, "t-SNE of '%s'", name);
}

static mosaic_status write_tsne(const mos_embedding_set *set, const char *folder) {
    const mos_inference *in = set->inference;
    mos_json json = {0};
    mos_text csv = {0};
    mosaic_status status = MOSAIC_OK;
    open_document(set, &json);
    mos_json_open(&json, "maps", '[');
    mos_text_add(&csv, "map,modality,id,x,y,labels\n");
    for (int64_t m = 0; m < in->modalities; m++)
        MOS_GOTO(draw_map(set, m, &json, &csv));
    if (in->modalities > 1) MOS_GOTO(draw_map(set, MOS_SPACE_JOINT, &json, &csv));
    if (in->modalities > 1 && in->z[0]) MOS_GOTO(draw_map(set, MOS_SPACE_SHARED, &json, &csv));
    mos_json_close(&json, ']');
    mos_json_close(&json, '}');
    MOS_GOTO(mos_result_file(folder, "tsne.csv", &csv));
    MOS_GOTO(write_json(&json, folder, "tsne.json"));
done:
    mos_json_release(&json);
    mos_text_release(&csv);
    return status;
}

mosaic_status mos_embedding_results_write(const char *folder, const mos_embedding_set *set) {
    MOS_TRY(mos_make_dirs(folder));
    if (set->embeddings) {
        MOS_TRY(write_embeddings(set, folder));
        MOS_TRY(write_clusters(set, folder));
    }
    return set->tsne ? write_tsne(set, folder) : MOSAIC_OK;
}
