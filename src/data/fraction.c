/* One seeded order of the labelled samples whose every prefix is stratified: fractions are
 * prefixes, so they are nested.
 *
 * In the spirit of Sechidis, Tsoumakas, Vlahavas 2011 (iterative stratification), as an order: the
 * next sample is taken for the class that is farthest behind its share, taken(l) / total(l)
 * smallest, the rarer first. Of the next few samples of that class in shuffled order it is the one
 * whose labels are least ahead. While any class has nothing it is the farthest behind, so the first
 * classes-many samples cover all. */
#include "data/fraction.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { LOOK_AHEAD = 8 };

typedef struct ordering {
    const mos_dataset *dataset;
    int64_t classes; /* one more than the data set's: samples without any positive */
    int64_t count;
    uint32_t *sample;              /* [count] data set index, shuffled */
    uint32_t *queue;               /* positions in `sample`, class by class */
    int64_t *start, *next, *taken; /* [classes + 1], [classes], [classes] */
    uint8_t *used;                 /* [count] */
} ordering;

static bool has_label(const ordering *order, const int8_t *labels, int64_t l) {
    if (l < order->classes - 1) return labels[l] == 1;
    return memchr(labels, 1, (size_t)(order->classes - 1)) == NULL;
}

static const int8_t *labels_of(const ordering *order, int64_t position) {
    mos_sample sample;
    mosaic_status status =
        mos_dataset_sample(order->dataset, (int64_t)order->sample[position], &sample);
    return status == MOSAIC_OK ? sample.labels : NULL; /* positions are always inside */
}

static mosaic_status list_candidates(ordering *order, mos_split split, uint64_t seed) {
    int64_t total = mos_dataset_count(order->dataset);
    MOS_TRY(mos_alloc((size_t)total, sizeof *order->sample, "labelled samples", &order->sample));
    for (int64_t i = 0; i < total; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(order->dataset, i, &sample));
        bool known = false;
        for (int64_t c = 0; c + 1 < order->classes; c++)
            known = known || sample.labels[c] >= 0;
        if (known && (split == MOS_SPLIT_COUNT || sample.split == split))
            order->sample[order->count++] = (uint32_t)i;
    }
    mos_rng rng = mos_rng_at(seed, MOS_RNG_SPLIT, 0, 0, 0);
    mos_rng_shuffle(&rng, order->sample, (size_t)order->count);
    return MOSAIC_OK;
}

static mosaic_status build_queues(ordering *order) {
    size_t classes = (size_t)order->classes;
    MOS_TRY(mos_alloc(classes + 1, sizeof *order->start, "class queues", &order->start));
    MOS_TRY(mos_alloc(classes, sizeof *order->next, "class queues", &order->next));
    MOS_TRY(mos_alloc(classes, sizeof *order->taken, "class queues", &order->taken));
    MOS_TRY(mos_alloc((size_t)order->count, 1, "class queues", &order->used));
    for (int64_t i = 0; i < order->count; i++) {
        const int8_t *labels = labels_of(order, i);
        for (int64_t l = 0; l < order->classes; l++)
            order->start[l + 1] += has_label(order, labels, l);
    }
    for (int64_t l = 0; l < order->classes; l++) {
        order->start[l + 1] += order->start[l];
        order->next[l] = order->start[l];
    }
    MOS_TRY(mos_alloc((size_t)order->start[classes], sizeof *order->queue, "class queues",
                      &order->queue));
    for (int64_t i = 0; i < order->count; i++) {
        const int8_t *labels = labels_of(order, i);
        for (int64_t l = 0; l < order->classes; l++) {
            if (has_label(order, labels, l)) order->queue[order->next[l]++] = (uint32_t)i;
        }
    }
    for (int64_t l = 0; l < order->classes; l++)
        order->next[l] = order->start[l];
    return MOSAIC_OK;
}

static double share(const ordering *order, int64_t l) {
    return (double)order->taken[l] / (double)(order->start[l + 1] - order->start[l]);
}

/* The class farthest behind that still has samples; -1 when all are used. */
static int64_t neediest_class(ordering *order) {
    int64_t best = -1;
    for (int64_t l = 0; l < order->classes; l++) {
        while (order->next[l] < order->start[l + 1] && order->used[order->queue[order->next[l]]])
            order->next[l]++;
        if (order->next[l] == order->start[l + 1]) continue;
        if (best < 0) {
            best = l;
            continue;
        }
        double mine = share(order, l), other = share(order, best);
        int64_t size = order->start[l + 1] - order->start[l],
                other_size = order->start[best + 1] - order->start[best];
        if (mine < other || (mine == other && size < other_size)) best = l;
    }
    return best;
}

static int64_t best_sample(const ordering *order, int64_t l) {
    int64_t best = -1, seen = 0;
    double best_score = INFINITY;
    for (int64_t q = order->next[l]; q < order->start[l + 1] && seen < LOOK_AHEAD; q++) {
        int64_t position = (int64_t)order->queue[q];
        if (order->used[position]) continue;
        seen++;
        const int8_t *labels = labels_of(order, position);
        double score = 0;
        int64_t positives = 0;
        for (int64_t k = 0; k < order->classes; k++) {
            if (!has_label(order, labels, k)) continue;
            score += share(order, k);
            positives++;
        }
        score /= (double)positives;
        if (score < best_score) {
            best_score = score;
            best = position;
        }
    }
    return best;
}

static bool all_covered(const ordering *order) {
    for (int64_t l = 0; l + 1 < order->classes; l++) {
        if (order->taken[l] == 0 && order->start[l + 1] > order->start[l]) return false;
    }
    return true;
}

static void take_prefix(ordering *order, int64_t wanted, uint8_t *keep) {
    for (int64_t k = 0; k < wanted || !all_covered(order); k++) {
        int64_t l = neediest_class(order);
        if (l < 0) return;
        int64_t position = best_sample(order, l);
        const int8_t *labels = labels_of(order, position);
        order->used[position] = 1;
        keep[order->sample[position]] = 1;
        for (int64_t c = 0; c < order->classes; c++)
            order->taken[c] += has_label(order, labels, c);
    }
}

mosaic_status mos_fraction_choose(const mos_dataset *dataset, mos_split split, double fraction,
                                  uint64_t seed, uint8_t *keep) {
    if (!(fraction >= 0 && fraction <= 1))
        return mos_fail(MOSAIC_ERR_USAGE, "labelled fraction %g is outside [0, 1]", fraction);
    const char *const *names;
    ordering order = {.dataset = dataset, .classes = mos_dataset_classes(dataset, &names) + 1};
    mosaic_status status;
    memset(keep, 0, (size_t)mos_dataset_count(dataset));
    if (fraction <= 0) return MOSAIC_OK;
    MOS_GOTO(list_candidates(&order, split, seed));
    MOS_GOTO(build_queues(&order));
    /* A product that rounding left just below a half is rounded up as well: 0.1 x 25 is
     * 2.5000000000000001 in binary or 2.4999. */
    take_prefix(&order, (int64_t)floor(fraction * (double)order.count + 0.5 + 1e-9), keep);
done:
    mos_free(order.sample);
    mos_free(order.queue);
    mos_free(order.start);
    mos_free(order.next);
    mos_free(order.taken);
    mos_free(order.used);
    return status;
}

mosaic_status mos_fraction_save(const mos_dataset *dataset, const uint8_t *keep, double fraction,
                                uint64_t seed, const char *path) {
    char fingerprint[65];
    mos_text text = {0};
    mos_dataset_fingerprint(dataset, fingerprint);
    mos_text_add(&text, "# mosaic labelled fraction=");
    mos_text_add_number(&text, fraction);
    mos_text_add(&text, " seed=%llu data=%s\n", (unsigned long long)seed, fingerprint);
    mosaic_status status = MOSAIC_OK;
    for (int64_t i = 0; i < mos_dataset_count(dataset); i++) {
        mos_sample sample;
        if (!keep[i]) continue;
        MOS_GOTO(mos_dataset_sample(dataset, i, &sample));
        mos_text_add(&text, "%s\n", sample.id);
    }
    status = text.failed ? mos_fail_memory(text.size, "a list of ids")
                         : mos_atomic_write(path, text.data, text.size);
done:
    mos_text_release(&text);
    return status;
}

mosaic_status mos_fraction_load(const mos_dataset *dataset, const char *path, uint8_t *keep) {
    char *data, *rest;
    size_t size;
    char fingerprint[65];
    MOS_TRY(mos_file_read(path, (size_t)1 << 30, &data, &size));
    mosaic_status status = MOSAIC_OK;
    mos_dataset_fingerprint(dataset, fingerprint);
    memset(keep, 0, (size_t)mos_dataset_count(dataset));
    int64_t line = 0;
    for (char *at = strtok_r(data, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest)) {
        line++;
        if (line == 1) {
            const char *made_for = strstr(at, " data=");
            if (strncmp(at, "# mosaic labelled ", 18) != 0 || made_for == NULL)
                MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s: not a list of labelled samples", path));
            if (strcmp(made_for + 6, fingerprint) != 0)
                MOS_GOTO(mos_fail(MOSAIC_ERR_DATA,
                                  "%s: made for another data set: fingerprint %.64s, here it is %s",
                                  path, made_for + 6, fingerprint));
            continue;
        }
        int64_t sample = mos_dataset_find(dataset, at);
        if (sample < 0)
            MOS_GOTO(mos_fail(MOSAIC_ERR_DATA, "%s:%lld: sample '%.200s' is not in the data set",
                              path, (long long)line, at));
        keep[sample] = 1;
    }
    if (line == 0) status = mos_fail(MOSAIC_ERR_DATA, "%s: empty", path);
done:
    mos_free(data);
    return status;
}
