/* Every key of a run's configuration with its default and where that default comes from. Adding a
 * key: a field in config_struct.h and a row here; parser, resolved file, schema and docs follow. */
#include "config/config_struct.h"

#include <math.h>

const char *const mos_config_kinds[] = {"auto", "optical", "radar", NULL};

static const char *const presets[] = {"none", "reben", "iai", "few-labels", NULL};
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

#define TEXT(key, field, value, source, help)                                                      \
    { key, 0, MOS_OPTION_TEXT, AT(field), value, NULL, 0, 0, "", source, help }

#define IAI        "inherited (from IaI-SimCLR)"
#define REBEN      "inherited (from reBEN)"
#define MULSUPCON  "inherited (from MulSupCon)"
#define PYTORCH    "inherited (from PyTorch)"
#define LARS_PAPER "inherited (from LARS)"

static const mos_option top_options[] = {
    CHOICE(
        "preset", preset, "none", presets, "chosen",
        "take many values under one name, each for a key that is not set. reben, iai: those of the "
        "parent method; few-labels: for runs that use the labels of a tenth of the "
        "patches or fewer (data.labeled.per_batch 0.5; loss.anchor shared; loss.positives soft; "
        "loss.tau_ntx 0.2; loss.weights.msc 1)"),
    /* the choices are the rows of the method table, filled in when a configuration is made */
    CHOICE("method", method, "mosaic-1", NULL, "paper", "which loss terms are summed"),
};

static const mos_option data_options[] = {
    INT("data.size", data.size, "0", 0, 4096, "px", "chosen",
        "side of the patches that the model sees. Patches of a table or a pack may then differ in "
        "size. 0: the size of the finest band, and all patches have one size"),
    REAL("data.labeled.fraction", data.labeled_fraction, "1", 1e-6, 1, "", "chosen",
         "share of the training patches whose labels are used; the others count as unlabelled"),
    INT("data.labeled.seed", data.labeled_seed, "0", 0, 9007199254740992.0, "", "chosen",
        "seed of the labelled fraction: a smaller fraction is a subset of a larger one"),
    CHOICE("data.labeled.use_unlabeled", data.use_unlabeled, "auto", use_unlabeled, "chosen",
           "whether training draws unlabelled patches too. auto: only where a self-supervised term "
           "(intra, inter) learns from them; otherwise labelled patches fill the same number of "
           "batches. true: always, so that they are negatives of the supervised contrastive term "
           "as well. false: never, and an epoch is one pass over the labelled patches"),
    REAL("data.labeled.per_batch", data.labeled_per_batch, "0.25", 0, 1, "", "chosen",
         "least share of a batch that is labelled, where some patches are not; 0: patches are "
         "drawn without regard to labels. An epoch is one pass over all patches; labelled patches "
         "that are too few for their share are drawn more often"),
    REAL("data.modality_dropout", data.modality_dropout, "0", 0, 1, "", "chosen",
         "probability that a training patch is shown without one of its modalities, drawn evenly. "
         "A model trained so copes with clouds and missing partners; the loss between modalities "
         "sees fewer pairs"),
    CHOICE("data.statistics", data.statistics, "auto", statistics, REBEN,
           "where band means and standard deviations come from. auto: measured on the training "
           "split; reben: the published constants of BigEarthNet V2; model: those of --init-from"),
    INT("data.statistics_limit", data.statistics_limit, "10000", 0, INFINITY, "patches", "chosen",
        "measure the statistics on at most this many patches, evenly spaced; 0: all"),
};

static const mos_option model_options[] = {
    CHOICE("model.encoder", model.encoder, "resnet34", mos_encoder_names, "paper",
           "encoder of each modality, in torchvision's shape. resnet10-narrow has a quarter of the "
           "channels and 0.3 million parameters: it shows in seconds that a run works; its scores "
           "say nothing about a method"),
    CHOICE("model.fusion", model.fusion, "concat", mos_fusion_names, "paper",
           "how the modalities' features become the one row that the head sees: concat (side by "
           "side), gated (gated sum), bilinear (low-rank product) or cross-attention (attention "
           "among the modalities)"),
    INT("model.fusion_dim", model.fusion_dim, "512", 1, 65536, "", "chosen",
        "width of the fused row and of the fusion's inner layers (all but concat)"),
    INT("model.fusion_rank", model.fusion_rank, "4", 1, 4096, "", "chosen",
        "bilinear: rank, the number of products summed per column"),
    INT("model.fusion_heads", model.fusion_heads, "4", 1, 1024, "", "chosen",
        "cross-attention: number of heads, a divisor of model.fusion_dim"),
    CHOICE("model.missing", model.missing, "zero", missing, "chosen",
           "what the head sees of a modality that a patch lacks. zero: the fusion leaves it out "
           "(concat: zeros); learned: a learned vector of the modality"),
    INT("model.hidden", model.hidden, "512", 1, 65536, "", IAI,
        "width of the projector's hidden layer"),
    INT("model.latent", model.latent, "128", 2, 65536, "", IAI,
        "width of the latent, the projector's output"),
    BOOL("model.stem_pool", model.stem_pool, "true", "inherited (from torchvision)",
         "max pooling behind the stem; without it patches of 32 px keep their detail"),
    BOOL("model.inter_projector", model.inter_projector, "false", "chosen",
         "give the inter and the supervised contrastive term a projector of their own"),
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
           "which rows are positives of an anchor. mulsupcon: for each of its labels those with "
           "that label; all: those with the same label set; any: those with any common label; "
           "jaccard: those with a common label, weighted by Jaccard similarity; soft: binary cross "
           "entropy between the sigmoid of each pair's similarity and the cosine of its label "
           "vectors (SoftCon)"),
    CHOICE("loss.weighting", loss.weighting, "pair", weightings, MULSUPCON,
           "what counts 1 in the loss. mulsupcon: each (anchor, label) pair, or each anchor; soft: "
           "each pair of rows, or each anchor. No effect on all, any and jaccard, where each "
           "anchor counts 1"),
    LIST("loss.msc_rows", loss.msc_rows, "", "paper",
         "row sets of the supervised contrastive term: cross, views, joint; empty: the method's"),
    REAL("loss.msc_warmup", loss.msc_warmup, "0.5", 0, 1, "of the steps", "chosen",
         "the weight of the supervised contrastive term grows linearly from 0 over this share of "
         "the steps"),
    INT("loss.msc_queue", loss.msc_queue, "0", 0, MOS_OBJECTIVE_MAX_QUEUE, "patches", "chosen",
        "length of a queue of labelled patches: the newest ones of earlier batches stay references "
        "of the supervised contrastive term, without gradient; 0: no queue"),
    LIST("loss.pos_weight", loss.pos_weight, "none", "chosen",
         "weight of positives in binary cross entropy: none, auto (square root of negatives over "
         "positives), or a list of CLASS NAME=NUMBER (1 for classes that are not named)"),
    REAL("loss.pos_weight_max", loss.pos_weight_max, "10", 1, INFINITY, "", "chosen",
         "auto positive weights are clipped to [1 / this, this]"),
    CHOICE("loss.anchor", loss.anchor, "separate", anchors, IAI,
           "separate: anchors are a third, label-preserving view; shared: the first strong view is "
           "the anchor, which takes two thirds of the time"),
};

static const mos_option train_options[] = {
    INT("train.epochs", train.epochs, "100", 1, 1000000, "", REBEN,
        "passes over the training rows"),
    INT("train.batch", train.batch, "512", 2, 1048576, "patches", REBEN, "patches per step"),
    CHOICE("train.optimizer", train.optimizer, "adamw", optimizers, REBEN,
           "sgd, adam, adamw, lars"),
    REAL("train.lr", train.lr, "0", 0, 1e12, "", REBEN,
         "peak learning rate; auto (or 0) for adam and adamw: 1e-3 at batch 512, scaled linearly "
         "with the batch"),
    REAL("train.encoder_lr", train.encoder_lr, "0", 0, 1e12, "", "chosen",
         "peak learning rate of the encoders; 0: that of train.lr"),
    INT("train.freeze_stages", train.freeze_stages, "0", 0, MOS_ENCODER_STAGES, "stages", "chosen",
        "number of encoder stages that are frozen, from the first on (1: the stem, 5: all)"),
    BOOL("train.freeze_norms", train.freeze_norms, "false", "chosen",
         "freeze the encoders' batch norms: statistics, scale and shift stay as they are"),
    TEXT("train.batch_norm", train.batch_norm, "global", "inherited (from SimCLR)",
         "how many of a run's processes (docs/cluster.md) take the statistics of the encoders' "
         "batch "
         "norms together. global: all of them, and their number changes nothing; group(k): each k "
         "consecutive ones, a divisor of their number; local: each those of its own patches. One "
         "process has all patches of a batch in any case"),
    REAL("train.weight_decay", train.weight_decay, "0.01", 0, 10, "", REBEN,
         "weight decay; norm parameters and biases have none"),
    REAL("train.momentum", train.momentum, "0.9", 0, 1, "", PYTORCH, "momentum of sgd and lars"),
    BOOL("train.nesterov", train.nesterov, "false", PYTORCH, "Nesterov momentum, for sgd"),
    REAL("train.beta1", train.beta1, "0.9", 0, 1, "", PYTORCH,
         "decay rate of the first moment of adam and adamw"),
    REAL("train.beta2", train.beta2, "0.999", 0, 1, "", PYTORCH,
         "decay rate of the second moment of adam and adamw"),
    REAL("train.eps", train.eps, "1e-8", 1e-30, 1, "", PYTORCH,
         "what adam and adamw add to the denominator"),
    REAL("train.trust", train.trust, "0.001", 1e-9, 1, "", LARS_PAPER, "trust coefficient of lars"),
    CHOICE("train.schedule", train.schedule, "cosine", schedules, REBEN,
           "course of the learning rate after the warm-up"),
    REAL("train.warmup", train.warmup, "0.05", 0, 1, "of the steps", REBEN,
         "linear growth of the learning rate from 0"),
    REAL("train.final_ratio", train.final_ratio, "0.1", 0, 1, "", REBEN,
         "the cosine ends at this share of the peak"),
    REAL("train.clip", train.clip, "0", 0, INFINITY, "", "chosen",
         "gradient clipping: largest norm of the gradient; 0: off"),
    CHOICE("train.precision", train.precision, "auto", mos_precision_choices, "chosen",
           "precision of the convolutions. auto: bf16 where the processor has it; losses, weights "
           "and moments are always float32"),
    CHOICE("train.encoders", train.encoders, "in-turn", encoder_ways, "chosen",
           "how the modalities' encoders share the threads. in-turn: one after the other, each "
           "with all threads; side-by-side: at the same time, each with a share of them (other "
           "roundings, a few per cent more memory; for many threads and small batches)"),
    CHOICE("train.recompute", train.recompute, "none", mos_recompute_names, "chosen",
           "activation checkpointing: what the backward pass recomputes to save memory, with the "
           "same results. none: nothing; norm: inner norms and ReLUs (a quarter of the "
           "activations, up to an eighth slower); block: everything inside a block (two thirds of "
           "the activations, one to two fifths slower)"),
    INT("train.grad_cache", train.grad_cache, "0", 0, 1048576, "patches", "chosen",
        "gradient caching: this many patches go through the encoders at a time, and a second time "
        "for their gradients, while the losses see the whole batch. The batch norms take each "
        "chunk's own statistics. Must divide train.batch; 0: all at once"),
    REAL("train.memory", train.memory, "0", 0, 1e6, "GB", "chosen",
         "memory budget of the run: train.prefetch, train.recompute and train.grad_cache are "
         "chosen to fit where they are not set, the fastest way first; 0: no budget"),
    INT("train.seed", train.seed, "0", 0, 9007199254740992.0, "", "chosen",
        "seed of weights, order of patches and views"),
    INT("train.patience", train.patience, "10", 0, 1000000, "validations", "chosen",
        "early stopping: stop after this many validations without a better score; 0: never"),
    CHOICE(
        "train.monitor", train.monitor, "auto", monitors, REBEN,
        "the score that chooses the best checkpoint and decides about early stopping. macro-ap: on "
        "the validation split (without bce: of a linear probe on the features); loss: minus the "
        "epoch's mean training loss; auto: macro-ap where there are validation labels, else loss"),
    INT("train.validate_every", train.validate_every, "1", 1, 1000000, "epochs", "chosen",
        "validate every this many epochs, and after the last one"),
    INT("train.validate_limit", train.validate_limit, "0", 0, INFINITY, "patches", "chosen",
        "validate on at most this many patches, evenly spaced; 0: all"),
    INT("train.probe_limit", train.probe_limit, "2000", 1, INFINITY, "patches", "chosen",
        "most labelled training patches that probes during training are fitted on"),
    INT("train.probe_final_limit", train.probe_final_limit, "20000", 0, INFINITY, "patches",
        "chosen",
        "the same for the linear probe that becomes the head of the trained model (methods without "
        "bce); 0: all"),
    REAL("train.probe_l2", train.probe_l2, "1e-3", 0, 1e6, "", "chosen",
         "L2 penalty of linear probes, on standardised features"),
    CHOICE("train.online_probe", train.online_probe, "none", online_probes, "chosen",
           "a classifier on the frozen features during training: its validation scores are logged, "
           "and training is not changed by it"),
    INT("train.online_probe_every", train.online_probe_every, "1", 1, 1000000, "epochs", "chosen",
        "fit the online probe every this many epochs, and at the end of the last one"),
    INT("train.probe_neighbours", train.probe_neighbours, "20", 1, 1000000, "patches", "chosen",
        "neighbours that vote in the knn probe"),
    REAL("train.probe_temperature", train.probe_temperature, "0.07", 1e-4, 1e6, "", "chosen",
         "temperature of the knn probe: a vote weighs exp(cosine / temperature)"),
    INT("train.checkpoint_every", train.checkpoint_every, "0", 0, INFINITY, "steps", "chosen",
        "also write a checkpoint every this many steps; 0: only at the end of an epoch"),
    INT("train.keep", train.keep, "2", 1, 1000000, "checkpoints", "chosen",
        "number of newest checkpoints that are kept, besides the best"),
    INT("train.log_every", train.log_every, "10", 1, 1000000, "steps", "chosen",
        "number of steps that a line of metrics.jsonl averages over"),
    INT("train.health_every", train.health_every, "50", 1, 1000000, "steps", "chosen",
        "check the embedding for collapse every this many steps, and at the end of an epoch"),
    INT("train.workers", train.workers, "0", 0, 256, "threads", "chosen",
        "number of threads that read and augment patches; 0: by the number of processors"),
    INT("train.prefetch", train.prefetch, "3", 0, 64, "batches", "chosen",
        "batches prepared ahead; 0: a batch is made when the step before it is done"),
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
