/* Every key of a run's configuration with its default and where that default comes from. Adding a
 * key: a field in config_struct.h and a row here; parser, resolved file, schema and docs follow. */
#include "config/config_struct.h"

#include <math.h>

const char *const mos_config_kinds[] = {"auto", "optical", "radar", NULL};

static const char *const presets[] = {"none", "reben", "iai", NULL};
static const char *const use_unlabeled[] = {"auto", "true", "false", NULL};
static const char *const statistics[] = {"auto", "reben", "model", NULL};
static const char *const missing[] = {"zero", "learned", NULL};
static const char *const positives[] = {"mulsupcon", "all", "any", "jaccard", "soft", NULL};
static const char *const weightings[] = {"pair", "anchor", NULL};
static const char *const anchors[] = {"separate", "shared", NULL};
static const char *const optimizers[] = {"sgd", "adam", "adamw", "lars", NULL};
static const char *const schedules[] = {"cosine", "constant", NULL};
static const char *const encoder_ways[] = {"in-turn", "side-by-side", NULL};
static const char *const monitors[] = {"auto", "macro-ap", "loss", NULL};
static const char *const online_probes[] = {"none", "linear", "knn", NULL};

#define AT(field) offsetof(mos_settings, field)
#define BOOL(key, field, value, source, help)                                                      \
    { key, 0, MOS_OPTION_BOOL, AT(field), value, NULL, 0, 0, "", source, help }
#define INT(key, field, value, low, high, unit, source, help)                                      \
    { key, 0, MOS_OPTION_INT, AT(field), value, NULL, low, high, unit, source, help }
#define REAL(key, field, value, low, high, unit, source, help)                                     \
    { key, 0, MOS_OPTION_REAL, AT(field), value, NULL, low, high, unit, source, help }
#define CHOICE(key, field, value, choices, source, help)                                           \
    { key, 0, MOS_OPTION_CHOICE, AT(field), value, choices, 0, 0, "", source, help }
#define LIST(key, field, value, source, help)                                                      \
    { key, 0, MOS_OPTION_LIST, AT(field), value, NULL, 0, 0, "", source, help }

#define IAI        "inherited (from IaI-SimCLR)"
#define REBEN      "inherited (from reBEN)"
#define MULSUPCON  "inherited (from MulSupCon)"
#define PYTORCH    "inherited (from PyTorch)"
#define LARS_PAPER "inherited (from LARS)"

static const mos_option top_options[] = {
    CHOICE("preset", preset, "none", presets, "chosen",
           "values of a parent method for every key that is not set: reben, iai"),
    /* the choices are the rows of the method table, filled in when a configuration is made */
    CHOICE("method", method, "mosaic-1", NULL, "paper", "which losses are summed"),
};

static const mos_option data_options[] = {
    INT("data.size", data.size, "0", 0, 4096, "px", "chosen",
        "side of the patches the model sees: those of a table or a pack may then differ in size; "
        "0: that of the finest band, and all patches have one size"),
    REAL("data.labeled.fraction", data.labeled_fraction, "1", 1e-6, 1, "", "chosen",
         "share of the training patches whose labels count as known"),
    INT("data.labeled.seed", data.labeled_seed, "0", 0, 9007199254740992.0, "", "chosen",
        "seed of the labelled fraction: a smaller fraction is a subset of a larger one"),
    CHOICE("data.labeled.use_unlabeled", data.use_unlabeled, "auto", use_unlabeled, "chosen",
           "train on all patches with labels known for a part: auto draws the others only where a "
           "self-supervised term (intra, inter) learns from them, and else fills the same number "
           "of batches with labelled ones; true draws them as negatives of supervised contrast "
           "too; false trains on the labelled part alone, and an epoch is a pass over that"),
    REAL("data.labeled.per_batch", data.labeled_per_batch, "0.25", 0, 1, "", "chosen",
         "least share of a batch that is labelled where some patches are not, 0: as they come; an "
         "epoch is a pass over all patches, in which labelled ones that are too few come round "
         "more often"),
    REAL("data.modality_dropout", data.modality_dropout, "0", 0, 1, "", "chosen",
         "probability that a training patch is shown without one of its modalities, drawn evenly: "
         "makes a model that stands clouds and missing partners; the loss between modalities "
         "sees fewer pairs"),
    CHOICE("data.statistics", data.statistics, "auto", statistics, REBEN,
           "band means and standard deviations: auto measures the training split, reben takes the "
           "published constants of BigEarthNet V2, model those of --init-from"),
    INT("data.statistics_limit", data.statistics_limit, "10000", 0, INFINITY, "patches", "chosen",
        "measure on at most so many patches, evenly chosen, 0: all"),
};

static const mos_option model_options[] = {
    CHOICE(
        "model.encoder", model.encoder, "resnet34", mos_encoder_names, "paper",
        "one per modality, torchvision's shape; resnet10-narrow has a quarter of the channels, 0.3 "
        "million parameters: it shows in seconds that a run works, and is no model to judge by"),
    CHOICE("model.fusion", model.fusion, "concat", mos_fusion_names, "paper",
           "how the modalities' features become one row for the head: side by side, gated sum, "
           "low-rank product, or attention among them"),
    INT("model.fusion_dim", model.fusion_dim, "512", 1, 65536, "", "chosen",
        "width of the joined row, and inside (all but concat)"),
    INT("model.fusion_rank", model.fusion_rank, "4", 1, 4096, "", "chosen",
        "bilinear: products summed per column"),
    INT("model.fusion_heads", model.fusion_heads, "4", 1, 1024, "", "chosen",
        "cross-attention: heads, a divisor of model.fusion_dim"),
    CHOICE(
        "model.missing", model.missing, "zero", missing, "chosen",
        "what the head sees of a modality a patch lacks: zero (the fusion leaves it out; zeros in "
        "a concatenation), or a learned vector of the modality"),
    INT("model.hidden", model.hidden, "512", 1, 65536, "", IAI, "width inside the projector"),
    INT("model.latent", model.latent, "128", 2, 65536, "", IAI, "width of the latent"),
    BOOL("model.stem_pool", model.stem_pool, "true", "inherited (from torchvision)",
         "max-pool behind the stem; without it patches of 32 px keep their detail"),
    BOOL("model.inter_projector", model.inter_projector, "false", "chosen",
         "a projector of their own for the inter and the supervised term"),
};

static const mos_option loss_options[] = {
    REAL("loss.weights.intra", loss.weight[MOS_TERM_INTRA], "1", 0, INFINITY, "", IAI,
         "weight of NT-Xent between the two strong views of a modality, 0: off"),
    REAL("loss.weights.inter", loss.weight[MOS_TERM_INTER], "1", 0, INFINITY, "", IAI,
         "weight of NT-Xent between modalities, 0: off"),
    REAL("loss.weights.msc", loss.weight[MOS_TERM_MSC], "0.3", 0, INFINITY, "", "chosen",
         "weight of the multi-label supervised contrastive term, 0: off"),
    REAL("loss.weights.bce", loss.weight[MOS_TERM_BCE], "10", 0, INFINITY, "", "chosen",
         "weight of binary cross entropy on the head, 0: off"),
    REAL("loss.tau_ntx", loss.tau_ntx, "0.5", 1e-3, 100, "", IAI, "temperature of NT-Xent"),
    REAL("loss.tau_msc", loss.tau_msc, "0.1", 1e-3, 100, "", MULSUPCON,
         "temperature of the supervised contrastive term"),
    CHOICE("loss.positives", loss.positives, "mulsupcon", positives, "paper",
           "which rows attract an anchor: per label, identical label sets, any common label, or by "
           "Jaccard similarity; soft: binary cross entropy between the sigmoid of each pair's "
           "similarity and the cosine of its label vectors (SoftCon)"),
    CHOICE("loss.weighting", loss.weighting, "pair", weightings, MULSUPCON,
           "mulsupcon: each (anchor, label) pair counts 1, or each anchor; soft: each pair of "
           "rows, or "
           "each anchor; without effect on all, any and jaccard, where each anchor counts 1"),
    LIST("loss.msc_rows", loss.msc_rows, "", "paper",
         "row sets of the supervised contrastive term: cross, views, joint; empty: the method's"),
    REAL("loss.msc_warmup", loss.msc_warmup, "0.5", 0, 1, "of the steps", "chosen",
         "the supervised contrastive weight grows linearly from 0 over this share of the steps"),
    INT("loss.msc_queue", loss.msc_queue, "0", 0, MOS_OBJECTIVE_MAX_QUEUE, "patches", "chosen",
        "labelled patches of earlier batches that stay references of the supervised contrastive "
        "term, the newest so many, without gradient; 0: none"),
    LIST("loss.pos_weight", loss.pos_weight, "none", "chosen",
         "weight of positives in binary cross entropy: none, auto (square root of negatives over "
         "positives), or a list of CLASS NAME=NUMBER (1 for classes that are not named)"),
    REAL("loss.pos_weight_max", loss.pos_weight_max, "10", 1, INFINITY, "", "chosen",
         "auto positive weights are clipped to [1 / this, this]"),
    CHOICE("loss.anchor", loss.anchor, "separate", anchors, IAI,
           "anchors are a third, label-preserving view, or the first strong view (two thirds of "
           "the cost)"),
};

static const mos_option train_options[] = {
    INT("train.epochs", train.epochs, "100", 1, 1000000, "", REBEN,
        "passes over the training rows"),
    INT("train.batch", train.batch, "512", 2, 1048576, "patches", REBEN, "patches per step"),
    CHOICE("train.optimizer", train.optimizer, "adamw", optimizers, REBEN,
           "sgd, adam, adamw, lars"),
    REAL("train.lr", train.lr, "0", 0, 1e12, "", REBEN,
         "peak learning rate; auto (or 0) for adam and adamw: 1e-3 at batch 512, scaled linearly"),
    REAL("train.encoder_lr", train.encoder_lr, "0", 0, 1e12, "", "chosen",
         "peak learning rate of the encoders where it is to be another than train.lr, 0: the same"),
    INT("train.freeze_stages", train.freeze_stages, "0", 0, MOS_ENCODER_STAGES, "stages", "chosen",
        "the first so many stages of the encoders stay as they are (1: the stem, 5: all)"),
    BOOL("train.freeze_norms", train.freeze_norms, "false", "chosen",
         "the norms of the encoders keep their statistics, scale and shift"),
    REAL("train.weight_decay", train.weight_decay, "0.01", 0, 10, "", REBEN,
         "none on norm parameters and biases"),
    REAL("train.momentum", train.momentum, "0.9", 0, 1, "", PYTORCH, "of sgd and lars"),
    BOOL("train.nesterov", train.nesterov, "false", PYTORCH, "of sgd"),
    REAL("train.beta1", train.beta1, "0.9", 0, 1, "", PYTORCH, "of adam and adamw"),
    REAL("train.beta2", train.beta2, "0.999", 0, 1, "", PYTORCH, "of adam and adamw"),
    REAL("train.eps", train.eps, "1e-8", 1e-30, 1, "", PYTORCH, "of adam and adamw"),
    REAL("train.trust", train.trust, "0.001", 1e-9, 1, "", LARS_PAPER, "coefficient of lars"),
    CHOICE("train.schedule", train.schedule, "cosine", schedules, REBEN,
           "of the learning rate after the warm-up"),
    REAL("train.warmup", train.warmup, "0.05", 0, 1, "of the steps", REBEN,
         "linear growth of the learning rate from 0"),
    REAL("train.final_ratio", train.final_ratio, "0.1", 0, 1, "", REBEN,
         "the cosine ends at this share of the peak"),
    REAL("train.clip", train.clip, "0", 0, INFINITY, "", "chosen",
         "largest norm of the gradient, 0: off"),
    CHOICE("train.precision", train.precision, "auto", mos_precision_choices, "chosen",
           "of the convolutions: auto is bf16 where the processor has it; losses, weights and "
           "moments are always float32"),
    CHOICE("train.encoders", train.encoders, "in-turn", encoder_ways, "chosen",
           "how the modalities' encoders share the threads: in-turn, one after the other with all "
           "of them, or side-by-side, at the same time with a share each (other roundings, "
           "a few hundredths more memory; for many threads and small batches)"),
    CHOICE("train.recompute", train.recompute, "none", mos_recompute_names, "chosen",
           "what the backward pass works out again to save memory, with the same results: none, "
           "norm (inner norms and ReLUs, a quarter of the activations, up to an eighth slower) or "
           "block (all inside a block, two thirds, one to two fifths slower)"),
    INT("train.grad_cache", train.grad_cache, "0", 0, 1048576, "patches", "chosen",
        "gradient caching: so many patches go through the encoders at a time, and a second time "
        "for their gradients, while the losses see the whole batch; a chunk's batch norm has its "
        "own statistics. Must divide train.batch, 0: all at once"),
    REAL("train.memory", train.memory, "0", 0, 1e6, "GB", "chosen",
         "budget of the run: train.prefetch, train.recompute and train.grad_cache are chosen to "
         "fit where they are not set, the quickest way first, 0: no budget"),
    INT("train.seed", train.seed, "0", 0, 9007199254740992.0, "", "chosen",
        "of weights, order and views"),
    INT("train.patience", train.patience, "10", 0, 1000000, "validations", "chosen",
        "stop after so many validations without a better score, 0: never"),
    CHOICE("train.monitor", train.monitor, "auto", monitors, REBEN,
           "the score that decides about best and early stop: macro-ap on the validation split "
           "(without bce: of a linear probe on the features), or loss (minus the epoch's mean "
           "training loss); auto: macro-ap where there are validation labels"),
    INT("train.validate_every", train.validate_every, "1", 1, 1000000, "epochs", "chosen",
        "how often to validate; the last epoch always is"),
    INT("train.validate_limit", train.validate_limit, "0", 0, INFINITY, "patches", "chosen",
        "validate on at most so many patches, evenly chosen, 0: all"),
    INT("train.probe_limit", train.probe_limit, "2000", 1, INFINITY, "patches", "chosen",
        "labelled training patches that probes during training are fitted on"),
    INT("train.probe_final_limit", train.probe_final_limit, "20000", 0, INFINITY, "patches",
        "chosen",
        "the same for the linear probe that becomes the head of the trained model (methods without "
        "bce), 0: all"),
    REAL("train.probe_l2", train.probe_l2, "1e-3", 0, 1e6, "", "chosen",
         "penalty of linear probes on standardised features"),
    CHOICE("train.online_probe", train.online_probe, "none", online_probes, "chosen",
           "a classifier on the frozen features that only looks on: its validation scores are "
           "logged, training goes as without it"),
    INT("train.online_probe_every", train.online_probe_every, "1", 1, 1000000, "epochs", "chosen",
        "how often; also at the end of the last one"),
    INT("train.probe_neighbours", train.probe_neighbours, "20", 1, 1000000, "patches", "chosen",
        "neighbours that vote in the knn probe"),
    REAL("train.probe_temperature", train.probe_temperature, "0.07", 1e-4, 1e6, "", "chosen",
         "of the knn probe: a vote weighs exp(cosine / temperature)"),
    INT("train.checkpoint_every", train.checkpoint_every, "0", 0, INFINITY, "steps", "chosen",
        "also write a checkpoint every so many steps, 0: only at the end of an epoch"),
    INT("train.keep", train.keep, "2", 1, 1000000, "checkpoints", "chosen",
        "newest checkpoints that stay, besides the best"),
    INT("train.log_every", train.log_every, "10", 1, 1000000, "steps", "chosen",
        "steps a line of metrics.jsonl averages over"),
    INT("train.health_every", train.health_every, "50", 1, 1000000, "steps", "chosen",
        "how often the embedding is checked for collapse (and at the end of an epoch)"),
    INT("train.workers", train.workers, "0", 0, 256, "threads", "chosen",
        "threads that read and augment patches, 0: by the number of processors"),
    INT("train.prefetch", train.prefetch, "3", 0, 64, "batches", "chosen",
        "batches prepared ahead, 0: a batch is made when the step before it is done"),
};

#define TABLE(options)                                                                             \
    { "the configuration", options, sizeof options / sizeof options[0] }
const mos_option_table mos_settings_tables[] = {
    TABLE(top_options),  TABLE(data_options),  TABLE(model_options),
    TABLE(loss_options), TABLE(train_options),
};
const size_t mos_settings_table_count = sizeof mos_settings_tables / sizeof mos_settings_tables[0];

_Static_assert(MOS_OPTIMIZER_SGD == 0 && MOS_OPTIMIZER_ADAM == 1 && MOS_OPTIMIZER_ADAMW == 2 &&
                   MOS_OPTIMIZER_LARS == 3,
               "train.optimizer's choices follow mos_optimizer_kind");
_Static_assert(MOS_POSITIVES_MULSUPCON == 1 && MOS_POSITIVES_ALL == 2 && MOS_POSITIVES_ANY == 3 &&
                   MOS_POSITIVES_JACCARD == 4 && MOS_POSITIVES_SOFT == 5,
               "loss.positives' choices follow mos_positives without PARTNER");
_Static_assert(MOS_FUSION_CONCAT == 0 && MOS_FUSION_GATED == 1 && MOS_FUSION_BILINEAR == 2 &&
                   MOS_FUSION_ATTENTION == 3 && MOS_FUSION_KINDS == 4,
               "model.fusion's choices follow mos_fusion_id");
