/* Embeddings of an evaluation as files: embeddings.npy, clusters.json, class_alignment.csv;
 * tsne.csv, tsne.json. */
#ifndef MOS_EVALUATE_EMBEDDING_RESULTS_H
#define MOS_EVALUATE_EMBEDDING_RESULTS_H

#include "data/dataset.h"
#include "evaluate/inference.h"

enum { MOS_CLUSTER_MOST_ROWS = 10000, MOS_CLUSTER_SETS = 20, MOS_CLUSTER_NEIGHBOURS = 10 };

typedef struct mos_embedding_set {
    const mos_dataset *dataset;
    const mos_model_card *card; /* names of modalities and classes */
    const mos_inference *inference;
    const char *split;
    bool reduced;
    bool embeddings; /* write embeddings.npy and clusters.json */
    bool tsne;       /* write tsne.csv and tsne.json */
    int threads;     /* without effect on the files */
} mos_embedding_set;

/* embeddings.npy: float32 [n, modalities * features], rows as in predictions.csv, the features h of
 * the modalities side by side in the model's order, zeros where one is absent.
 *
 * clusters.json: cluster measures of features h and unit latents z, per modality and joint (unit
 * rows side by side, where all modalities are there); alignment of every two modalities, of latents
 * and of features, and how often a row of one finds its partner in the other. Above
 * MOS_CLUSTER_MOST_ROWS rows an evenly spaced part of them is measured.
 *
 * class_alignment.csv, with two modalities or more: for every two classes, whether one modality's
 * rows lie nearer to the other modality's rows of their own class (modality_alignment.h).
 *
 * tsne.csv: map, modality, id, x, y, labels (separated by ';'). One map of the features of each
 * modality, one of the joint features, and, with latents, "shared": all modalities' latents in one
 * map, where the same patch's points lie together when the modalities are aligned. tsne.json: how
 * good each map is. */
mosaic_status mos_embedding_results_write(const char *folder, const mos_embedding_set *set);

#endif
