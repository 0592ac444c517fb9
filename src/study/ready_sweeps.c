#include "study/ready_sweeps.h"

#include <stddef.h>
#include <string.h>

/* Sizes for two processor cores and an hour; --set changes any of them, --config replaces the whole
 * base and with it the data. */
#define BASE                                                                                       \
    "base:\n"                                                                                      \
    "  data: {labeled: {per_batch: 0.25}}\n"                                                       \
    "  model: {encoder: resnet18}\n"                                                               \
    "  loss: {anchor: shared, msc_warmup: 0, weights: {intra: 1, inter: 1, msc: 1, bce: 1}}\n"     \
    "  train: {epochs: 10, batch: 32, lr: 1e-3, patience: 0, validate_every: 5, keep: 1}\n"        \
    "synth: {patches: 1000, size: 36, classes: 19, seed: 0}\n"                                     \
    "seeds: [0, 1, 2]\n"                                                                           \
    "evaluate: [validation, test]\n"

/* A baseline for each sensor and for both, then what the paper compares. */
#define METHODS                                                                                    \
    "variants:\n"                                                                                  \
    "  supervised-s1: {method: supervised, data.modalities: {s1: }}\n"                             \
    "  supervised-s2: {method: supervised, data.modalities: {s2: }}\n"                             \
    "  supervised: {method: supervised}\n"                                                         \
    "  simclr: {method: simclr}\n"                                                                 \
    "  iai-simclr: {method: iai-simclr}\n"                                                         \
    "  mosaic-1: {method: mosaic-1}\n"                                                             \
    "  mosaic-2: {method: mosaic-2}\n"

const mos_ready_sweep mos_ready_sweeps[] = {
    {"ablation", "methods, modalities and loss terms at 1, 10 and 100 % labels",
     BASE "fractions: [0.01, 0.1, 1]\n"
          "reference: mosaic-1\n" METHODS
          "  mosaic-1 without intra: {method: mosaic-1, loss.weights.intra: 0}\n"
          "  mosaic-1 without inter: {method: mosaic-1, loss.weights.inter: 0}\n"
          "  mosaic-1 without msc: {method: mosaic-1, loss.weights.msc: 0}\n"
          "  mosaic-1 without bce: {method: mosaic-1, loss.weights.bce: 0}\n"},
    {"methods", "every row of the table of methods at 10 % labels",
     BASE "fractions: [0.1]\n"
          "reference: supervised\n"
          "grid: {method: [supervised, simclr, dual-simclr, iai-simclr, supcon, mosaic-1, "
          "mosaic-2]}\n"},
    {"tau", "both temperatures of mosaic-1 at 10 % labels",
     BASE "fractions: [0.1]\n"
          "reference: tau_ntx=0.5 tau_msc=0.1\n"
          "variants: {mosaic-1: {method: mosaic-1}}\n"
          "grid:\n"
          "  loss.tau_ntx: [0.1, 0.2, 0.5, 1]\n"
          "  loss.tau_msc: [0.05, 0.1, 0.2, 0.5]\n"},
    {"positives", "what counts as a positive in supervised contrast, at 10 % labels",
     BASE "fractions: [0.1]\n"
          "reference: positives=mulsupcon\n"
          "variants: {mosaic-1: {method: mosaic-1}}\n"
          "grid: {loss.positives: [mulsupcon, all, any, jaccard, soft]}\n"},
    {"fusion", "how the features of the modalities meet, at 10 and 100 % labels",
     BASE "fractions: [0.1, 1]\n"
          "reference: supervised fusion=concat\n"
          "variants:\n"
          "  supervised: {method: supervised}\n"
          "  mosaic-1: {method: mosaic-1}\n"
          "grid: {model.fusion: [concat, gated, bilinear, cross-attention]}\n"},
    {"low-label", "what helps supervised contrast where labels are few: 1, 2, 10 and 100 %",
     BASE
     "fractions: [0.01, 0.02, 0.1, 1]\n"
     "reference: mosaic-1 without msc\n"
     "variants:\n"
     "  supervised: {method: supervised}\n"
     "  iai-simclr: {method: iai-simclr}\n"
     "  mosaic-1 without msc: {method: mosaic-1, loss.weights.msc: 0}\n"
     "  mosaic-1: {method: mosaic-1}\n"
     "  weight 0.1: {method: mosaic-1, loss.weights.msc: 0.1}\n"
     "  warm-up: {method: mosaic-1, loss.msc_warmup: 0.5}\n"
     "  weight 0.3 with warm-up: {method: mosaic-1, loss.weights.msc: 0.3, loss.msc_warmup: 0.5}\n"
     "  tau 0.5: {method: mosaic-1, loss.tau_msc: 0.5}\n"
     "  own projector: {method: mosaic-1, model.inter_projector: true}\n"
     "  queue: {method: mosaic-1, loss.msc_queue: 64}\n"
     "  jaccard: {method: mosaic-1, loss.positives: jaccard}\n"
     "  soft: {method: mosaic-1, loss.positives: soft}\n"
     "  soft queue: {method: mosaic-1, loss.positives: soft, loss.msc_queue: 64}\n"
     "  half of a batch: {method: mosaic-1, data.labeled.per_batch: 0.5}\n"},
    /* Everything that is not named here is the default that docs/configuration.md explains. */
    {"paper", "the paper's tables on an archive: methods at 100, 10 and 1 % labels (wants --data)",
     "base: {}\n"
     "seeds: [0, 1, 2]\n"
     "fractions: [1, 0.1, 0.01]\n"
     "evaluate: [validation, test]\n"
     "pages: true\n"
     "reference: supervised\n" METHODS},
    {NULL, NULL, NULL},
};

const mos_ready_sweep *mos_ready_sweep_find(const char *name) {
    for (const mos_ready_sweep *sweep = mos_ready_sweeps; sweep->name != NULL; sweep++)
        if (strcmp(sweep->name, name) == 0) return sweep;
    return NULL;
}
