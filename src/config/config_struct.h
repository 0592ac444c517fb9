/* What is inside a configuration. Internal to the room: others go through config/config.h. */
#ifndef MOS_CONFIG_CONFIG_STRUCT_H
#define MOS_CONFIG_CONFIG_STRUCT_H

#include "config/config.h"

enum { MOS_STATISTICS_AUTO, MOS_STATISTICS_REBEN, MOS_STATISTICS_MODEL };
enum { MOS_UNLABELED_AUTO, MOS_UNLABELED_TRUE, MOS_UNLABELED_FALSE };
enum { MOS_ANCHOR_SEPARATE, MOS_ANCHOR_SHARED };
enum { MOS_WEIGHTING_PAIR, MOS_WEIGHTING_ANCHOR };
enum { MOS_SCHEDULE_COSINE, MOS_SCHEDULE_CONSTANT };
enum { MOS_ENCODERS_IN_TURN, MOS_ENCODERS_SIDE_BY_SIDE };
enum { MOS_MONITOR_AUTO, MOS_MONITOR_MACRO_AP, MOS_MONITOR_LOSS };
enum { MOS_ONLINE_NONE, MOS_ONLINE_LINEAR, MOS_ONLINE_KNN };
enum { MOS_PRESET_NONE, MOS_PRESET_REBEN, MOS_PRESET_IAI, MOS_PRESET_FEW_LABELS };
enum { MOS_CONFIG_KIND_AUTO, MOS_CONFIG_KIND_OPTICAL, MOS_CONFIG_KIND_RADAR };
extern const char *const mos_config_kinds[]; /* "auto" "optical" "radar" NULL */

/* data.* beyond what the data room reads itself */
typedef struct mos_settings_data {
    int64_t size; /* px, 0: that of the finest band */
    double labeled_fraction;
    int64_t labeled_seed;
    int use_unlabeled;
    double labeled_per_batch;
    double modality_dropout;
    int statistics;
    int64_t statistics_limit;
} mos_settings_data;

typedef struct mos_settings_model {
    int encoder, fusion;
    int64_t hidden, latent;
    bool stem_pool, inter_projector;
    int64_t fusion_dim, fusion_rank, fusion_heads;
    int missing; /* mos_missing_kind */
} mos_settings_model;

typedef struct mos_settings_loss {
    double weight[MOS_TERM_COUNT];
    double tau_ntx, tau_msc;
    int positives, weighting, anchor;
    mos_text_list msc_rows, pos_weight;
    double msc_warmup, pos_weight_max;
    int64_t msc_queue;
} mos_settings_loss;

typedef struct mos_settings_train {
    int64_t epochs, batch;
    int optimizer;
    double lr;         /* 0: auto, until mos_config_check */
    double encoder_lr; /* 0: lr */
    int64_t freeze_stages;
    bool freeze_norms;
    char *batch_norm; /* mos_config_norm_ranks reads it */
    double weight_decay, momentum, beta1, beta2, eps, trust;
    bool nesterov;
    double warmup, final_ratio;
    int schedule;
    double clip;
    int precision; /* mos_precision_choice */
    int encoders;
    int recompute;
    int64_t grad_cache;
    double memory; /* GB, 0: no budget */
    int64_t seed;
    int64_t patience;
    int monitor;
    int64_t checkpoint_every, keep, log_every, health_every, workers, prefetch;
    int64_t validate_every, validate_limit, probe_limit, probe_final_limit;
    double probe_l2;
    int online_probe;
    int64_t online_probe_every, probe_neighbours;
    double probe_temperature;
} mos_settings_train;

typedef struct mos_settings {
    int preset, method;
    mos_settings_data data;
    mos_settings_model model;
    mos_settings_loss loss;
    mos_settings_train train;
} mos_settings;

/* A later source wins; among equals the later assignment. */
typedef enum mos_origin_rank {
    MOS_ORIGIN_DEFAULT,
    MOS_ORIGIN_PRESET,
    MOS_ORIGIN_FILE,
    MOS_ORIGIN_SET,
    MOS_ORIGIN_DERIVED
} mos_origin_rank;

struct mos_config {
    /* All tables as one, keys in full ("train.epochs"), offsets from the start of this struct. */
    mos_option_table table;
    mos_option *options;  /* [table.count], owned */
    mos_text_list keys;   /* owned spellings of the keys */
    const char **methods; /* names of the method table, NULL-terminated, owned */
    struct mos_config_origin {
        mos_origin_rank rank;
        char text[160];
    } * origins; /* [table.count] */

    mos_data_options data;
    mos_augment_options augment;
    mos_settings settings;
    int64_t modality_count;
    mos_config_modality modality[MOS_DATA_MAX_MODALITIES];
    mos_origin_rank modality_rank;
};

/* The tables of this room; keys are full. */
extern const mos_option_table mos_settings_tables[];
extern const size_t mos_settings_table_count;

/* Set by full key, remembering the origin; ignored when something stronger has set it. */
mosaic_status mos_config_assign(mos_config *config, const char *key, const char *text,
                                mos_origin_rank rank, const char *where);
/* A usage error that names the nearest key; where: what goes before it. */
mosaic_status mos_config_fail_unknown(mos_config *config, const char *key, const char *where);
/* Values of a preset for all keys nothing stronger has set. */
mosaic_status mos_config_apply_preset(mos_config *config);
/* One more modality at the end of the list. */
mosaic_status mos_config_add_modality(mos_config *config, const char *name, const char *where,
                                      mos_config_modality **out);
void mos_config_clear_modalities(mos_config *config);
/* May the key change when a run is resumed? Paths, and what cannot change results. */
bool mos_config_key_is_free(const mos_option *option);
/* Is this augmented as radar backscatter? By its kind, or by its band names where that is auto. */
bool mos_config_is_radar(const mos_config_modality *modality);

/* The method row, and the objective's options (pos_weight left NULL). */
mosaic_status mos_config_objective(const mos_config *config, mos_objective_options *out);
mos_optimizer_kind mos_config_optimizer(const mos_config *config);
/* train.batch_norm: over how many of `ranks` ranks an encoder's norms go; 0: the key is malformed. */
int64_t mos_config_norm_ranks(const mos_config *config, int64_t ranks);

#endif
