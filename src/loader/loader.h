/* Patches to batches. Worker threads read, resample, augment and standardise a patch in one pass.
 * The order of samples and their views follow from (seed, epoch, sample, view) alone; the number of
 * threads does not change them. */
#ifndef MOS_LOADER_LOADER_H
#define MOS_LOADER_LOADER_H

#include "data/band_promise.h"
#include "data/dataset.h"

enum { MOS_LOADER_MAX_VIEWS = 4 };

/* In the order of augment.mix's choices. */
typedef enum mos_mix_kind { MOS_MIX_NONE, MOS_MIX_MIXUP, MOS_MIX_CUTMIX } mos_mix_kind;

/* Augmentation of the strong views. Anchor views are only flipped and turned, and cropped to at
 * least anchor_area_min of their area. Keys: augment.<field>. */
typedef struct mos_augment_options {
    double area_min, area_max; /* random resized crop, shares of the area */
    double anchor_area_min;    /* 1: anchors are not cropped; never below 0.8 */
    bool flip, turn;
    double blur;                           /* probability */
    double blur_sigma_min, blur_sigma_max; /* pixels */
    double gain;                           /* S2: each band times 1 +- gain */
    double gain_probability;               /* S2: of gain and offset */
    double offset;        /* S2: each band is shifted by up to this, in sd of the band */
    double noise;         /* S2: Gaussian, in sd of the band */
    double speckle_looks; /* S1: looks of multiplicative Gamma speckle in linear power; 0: none */
    double shift_db;      /* S1: one shift of the whole patch, uniform in +- shift_db */
    int mix;              /* mos_mix_kind: labelled patches with each other, in one view */
    double mix_alpha;     /* of the Beta distribution of their shares */
} mos_augment_options;
extern const mos_option_table mos_augment_option_table;

/* What to do about pixels that are NaN, Inf or no-data; the order of data.policy's choices. */
typedef enum mos_loader_policy {
    MOS_LOADER_MASK,      /* become 0 after standardisation (the band's mean), in every view */
    MOS_LOADER_FILL_MEAN, /* become the mean of the patch's valid pixels of that band */
    MOS_LOADER_SKIP,  /* shuffled: the next sample of the epoch stands in; otherwise the row has no
                         modality present */
    MOS_LOADER_REFUSE /* an error that names sample and band */
} mos_loader_policy;

/* What to do about a band whose valid pixels all have one value; the order of data.constant_bands'
 * choices. */
typedef enum mos_loader_constant {
    MOS_LOADER_CONSTANT_KEEP,
    MOS_LOADER_CONSTANT_MASK,  /* becomes 0 after standardisation in every view, all of it */
    MOS_LOADER_CONSTANT_SKIP,  /* as MOS_LOADER_SKIP */
    MOS_LOADER_CONSTANT_REFUSE /* as MOS_LOADER_REFUSE */
} mos_loader_constant;

typedef struct mos_loader_modality {
    int64_t modality; /* index in the data set; -1: absent in every row */
    int64_t bands;
    int band[MOS_DATA_MAX_BANDS]; /* indices into the modality's bands, in channel order */
    float mean[MOS_DATA_MAX_BANDS], sd[MOS_DATA_MAX_BANDS];
    bool radar;                                   /* augment as S1 (dB) */
    bool dark;                                    /* mos_modality_promise.dark: the first patches
                                                     had dark pixels */
    mos_band_promise promise[MOS_DATA_MAX_BANDS]; /* in channel order; a band whose promise is
                                                     not known is not watched */
} mos_loader_modality;

/* Where images of batches are kept: memory that a device reads well. */
typedef struct mos_loader_memory {
    void *context;
    mosaic_status (*alloc)(void *context, size_t bytes, void **out); /* zeroed */
    void (*free)(void *context, void *memory);
} mos_loader_memory;

typedef struct mos_loader_options {
    int64_t modalities;
    mos_loader_modality modality[MOS_DATA_MAX_MODALITIES];
    int64_t batch, height, width; /* output size: the finest band's size unless chosen */
    /* For a training by several processes: a batch of the run has ranks * batch rows, of which this
     * process makes rows [rank * batch, (rank + 1) * batch), exactly as one process would make
     * them. ranks 0: there is one process. */
    int64_t ranks, rank;
    int64_t views;
    char kinds[MOS_LOADER_MAX_VIEWS]; /* 'a' anchor, 's' strong, 'e' plain (evaluation: no
                                         augmentation) */
    mos_augment_options augment;
    int64_t mixed_view; /* the view set that augment.mix mixes */
    uint64_t seed;
    int threads;  /* worker threads; below 1: one per processor */
    int prefetch; /* batches made ahead of the one lent, 0: none; each is a whole batch of memory
                   */
    bool shuffle, drop_last; /* for training. Otherwise samples come in the order of the index
                                list, and the last batch is filled up with repeats
                                (mos_batch.valid) */
    /* Least share of a batch from labelled samples (those with a known label) when some are
     * unlabelled; 0: labels are not looked at. The labelled rows come first. An epoch is one pass
     * over all samples; labelled ones that are too few for their share are drawn repeatedly, in a
     * new order each time. */
    double labeled_per_batch;
    bool labeled_only; /* labelled samples alone, for as many batches as an epoch has with all */
    double modality_dropout;  /* probability that one of a row's modalities, drawn evenly, is left
                                out of all its views; the last one never is */
    int policy;               /* mos_loader_policy */
    int constant_bands;       /* mos_loader_constant */
    mos_loader_memory memory; /* alloc NULL: the program's own */
} mos_loader_options;

/* What data.policy and data.constant_bands did to the rows of a batch. Rows that only fill up a
 * batch are not counted. Of a sample that a policy threw out, only that and the reason are counted,
 * none of its pixels. */
typedef struct mos_repairs {
    int64_t not_finite_pixels, nodata_pixels; /* native pixels masked or filled, not per view */
    int64_t absent_modalities;                /* of rows, masked */
    int64_t constant_bands;                   /* of rows, kept or masked; not per view */
    int64_t skipped;          /* samples thrown out by a policy "skip", or rows left without data */
    int64_t unreadable;       /* of these: for a file or record that cannot be read */
    int64_t constant_skipped; /* of these: for a constant band */
} mos_repairs;
void mos_repairs_add(mos_repairs *sum, const mos_repairs *more);

typedef struct mos_batch {
    int64_t count;                             /* rows (= options.batch) */
    int64_t valid;                             /* rows before the padding */
    float *images[MOS_DATA_MAX_MODALITIES];    /* [views*batch, bands, height, width] standardised,
                                                  view-major */
    uint8_t *present[MOS_DATA_MAX_MODALITIES]; /* [batch] */
    bool all_present[MOS_DATA_MAX_MODALITIES];
    int8_t *labels; /* [batch, classes] */
    float *targets; /* [batch, classes] of rows that may be mixed, below 0 unknown; NULL: none is */
    int64_t *samples;  /* [batch] data set indices */
    uint32_t *repeats; /* [batch] mos_view_key.repeat of each row */
    mos_repairs repairs;
} mos_batch;

/* How many worker threads a loader should have beside training on `processors`: enough to keep up,
 * and few, because making a view takes less than a hundredth of its pass through an encoder. */
int mos_loader_workers(int processors);

typedef struct mos_loader mos_loader;
/* index: data set rows to draw from (copied); labels: [count of data set, classes] overriding the
 * data set's (for labelled fractions: -1 hides), or NULL. */
mosaic_status mos_loader_create(mos_dataset *dataset, const mos_loader_options *options,
                                const int64_t *index, int64_t count, const int8_t *labels,
                                mos_loader **out);
void mos_loader_destroy(mos_loader **loader);
int64_t mos_loader_batches(const mos_loader *loader); /* per epoch */
/* Rows of an epoch that are labelled samples; 0 when they are drawn without regard to labels. */
int64_t mos_loader_labeled_draws(const mos_loader *loader);
/* Start epoch `epoch` at batch `first` (resume). Stops the one in flight. */
mosaic_status mos_loader_start(mos_loader *loader, int64_t epoch, int64_t first);
/* Next batch in order, or *batch NULL after the last. It is lent until the next call. A failing
 * read surfaces here, with its message. No heap call after the first epoch's first batches. */
mosaic_status mos_loader_next(mos_loader *loader, mos_batch **batch);
/* A band that left what it promised (loader/band_drift.h): the next one that was not told yet, as
 * words with the sample; false: none. Each band is told of once for each way of leaving. */
bool mos_loader_drift(mos_loader *loader, char *words, size_t size);
/* Time spent waiting in next, and by stage summed over workers (read, resample+augment), ns, since
 * start. */
void mos_loader_times(const mos_loader *loader, int64_t *wait_ns, int64_t *read_ns,
                      int64_t *augment_ns);

#endif
