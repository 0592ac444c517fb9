/* Ten steps of every method by several ranks against the same steps by one, on whole steps of the
 * trainer (train/step.h) with made-up images. With norms over all ranks, or frozen ones, one rank does
 * them plainly, all at once; with norms of each rank, or of groups, it does them with cached gradients
 * whose chunks are what the norms see. Started by step_ranks.sh under mpirun. */
#include "model/step_compare.h"

#include "base/log.h"
#include "train/step_ranks.h"

enum { PART = 4, STEPS = 10 }; /* the norms of fewer rows would enlarge every rounding */

static const double loss_tolerance = 1e-5; /* relative, of every step */
/* |difference| / |one rank's| of the first step's gradient, and of running statistics after the last */
static const double gradient_tolerance = 1e-4;

typedef struct shared_case {
    const char *name, *method;
    bool absent;     /* some patches lack a modality */
    int64_t missing; /* this modality, from 1, is in no patch of the batch */
    bool partly;     /* some labels are unknown, some patches have none */
    int64_t queue;   /* labelled latents kept */
    mos_positives positives;
    bool inter;    /* a second projector */
    bool frozen;   /* encoders' norms use the running statistics */
    int64_t norms; /* ranks whose patches the norms take together, 0: all, where not frozen */
    bool about_norms;
    bool cached;    /* each rank's part in chunks */
    bool undivided; /* every rank updates all weights */
    int64_t workers;
    mos_fusion_id fusion;
} shared_case;

static const shared_case cases[] = {
    {.name = "mosaic-1",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .about_norms = true},
    {.name = "mosaic-1, norms of each rank",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .norms = 1},
    {.name = "mosaic-1, norms of two ranks, missing",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .absent = true,
     .norms = 2},
    {.name = "mosaic-1, frozen norms",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .frozen = true},
    {.name = "mosaic-1, modalities missing",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .absent = true,
     .about_norms = true},
    {.name = "mosaic-1, a modality in no patch",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .missing = 2,
     .about_norms = true},
    {.name = "mosaic-1, partly labelled, queue, two projectors",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .partly = true,
     .queue = 12,
     .inter = true},
    {.name = "mosaic-1, soft positives, missing, frozen",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_SOFT,
     .absent = true,
     .frozen = true},
    {.name = "mosaic-1, jaccard, gradient cache, frozen norms",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_JACCARD,
     .cached = true,
     .frozen = true},
    {.name = "mosaic-2, partly labelled",
     .method = "mosaic-2",
     .positives = MOS_POSITIVES_MULSUPCON,
     .partly = true},
    {.name = "iai-simclr", .method = "iai-simclr", .positives = MOS_POSITIVES_MULSUPCON},
    {.name = "iai-simclr, encoders side by side",
     .method = "iai-simclr",
     .positives = MOS_POSITIVES_MULSUPCON,
     .norms = 1,
     .workers = 2},
    {.name = "simclr", .method = "simclr", .positives = MOS_POSITIVES_MULSUPCON},
    {.name = "dual-simclr", .method = "dual-simclr", .positives = MOS_POSITIVES_MULSUPCON},
    {.name = "supcon, missing",
     .method = "supcon",
     .positives = MOS_POSITIVES_MULSUPCON,
     .absent = true},
    {.name = "supervised, gated fusion, partly labelled",
     .method = "supervised",
     .positives = MOS_POSITIVES_MULSUPCON,
     .partly = true,
     .fusion = MOS_FUSION_GATED},
};

/* Norms over all ranks make a step of many small messages, slow where ranks outnumber processors: more than
 * two ranks have them in the rows that are about norms. */
static shared_case row_of(const shared_case *it, int64_t ranks) {
    shared_case row = *it;
    if (ranks > 2 && !row.about_norms && row.norms == 0) row.frozen = true;
    return row;
}

/* Ranks whose patches the norms take together, of so many. */
static int64_t together_of(const shared_case *it, int64_t ranks) {
    if (it->frozen) return 1;
    return it->norms == 0 || it->norms > ranks ? ranks : it->norms;
}

/* What ten steps leave behind. */
typedef struct ten_steps {
    double loss[STEPS], norm[STEPS];
    int64_t params, state;
    float *weights, *running, *gradient; /* gradient: of the first step */
} ten_steps;

static void ten_steps_release(ten_steps *steps) {
    free(steps->weights);
    free(steps->running);
    free(steps->gradient);
}

/* together: ranks whose patches the norms take together; one rank that does the steps of `parts` has as
 * many patches in a chunk. */
static void make_plan(const shared_case *it, const step_rig *rig, mos_comm *comm, int64_t together,
                      const mos_norm_peers *peers, mos_model_plan *plan) {
    *plan = (mos_model_plan){.batch = rig->batch,
                             .height = SIZE,
                             .width = SIZE,
                             .train = true,
                             .latents = true,
                             .freeze.norms = it->frozen,
                             .ranks = mos_comm_size(comm),
                             .rank = mos_comm_rank(comm),
                             .peers = peers,
                             .workers = peers != NULL ? rig->modalities : it->workers};
    if (comm != NULL && it->cached) plan->chunk = PART / 2;
    if (comm == NULL && !it->frozen && PART * together < rig->batch) plan->chunk = PART * together;
    for (int64_t m = 0; m < rig->modalities; m++)
        plan->views[m] = rig->views.views;
}

/* Labels and presence of the whole batch: by the step, so that the queue fills with different rows. */
static void fill_step(const shared_case *it, step_rig *rig, int step) {
    for (int64_t i = 0; i < rig->batch; i++)
        for (int64_t l = 0; l < CLASSES; l++) {
            const int64_t k = i * CLASSES + l + step;
            rig->labels[i * CLASSES + l] = (int8_t)(k % 3 == 0 || k % 7 == 2);
            if (it->partly && (i % 3 == 1 || k % 5 == 0)) rig->labels[i * CLASSES + l] = -1;
        }
}

/* This rank's rows of the images, view set by view set. */
static float *take_rows(const step_rig *rig, int64_t m, int64_t ranks, int64_t rank) {
    const int64_t image = rig->bands[m] * SIZE * SIZE, rows = rig->batch / ranks;
    float *out = calloc((size_t)(rig->views.views * rows * image), sizeof *out);
    for (int64_t v = 0; v < rig->views.views; v++)
        memcpy(out + v * rows * image, rig->images[m] + (v * rig->batch + rank * rows) * image,
               (size_t)(rows * image) * sizeof *out);
    return out;
}

static float *copy_reals(mos_device *device, const void *real, int64_t count) {
    float *out = calloc((size_t)count, sizeof *out);
    assert_int_equal(mos_get_f32(device, real, out, count), MOSAIC_OK);
    return out;
}

/* comm: NULL for one rank that does the same batch; together: as of make_plan. */
static ten_steps run_steps(const shared_case *it, mos_comm *comm, int64_t batch, int64_t together) {
    const step_shape shape = {.encoder = MOS_ENCODER_RESNET10_NARROW,
                              .size = SIZE,
                              .batch = batch,
                              .modalities = 2,
                              .bands = {2, 3},
                              .hidden = 32,
                              .latent = 16,
                              .inter = it->inter,
                              .fusion = it->fusion,
                              .classes = CLASSES};
    const int64_t ranks = mos_comm_size(comm), rank = mos_comm_rank(comm);
    mos_objective_options options = options_of(it->method);
    options.positives = it->positives;
    options.msc_queue = it->queue;
    mos_device *device;
    step_rig rig;
    mos_model_plan plan;
    mos_shared_step shared = {0};
    mos_norm_ranks norms = {0};
    ten_steps out = {0};
    float *own[2];
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, it->workers > 1 ? 2 : 1, &device),
                     MOSAIC_OK);
    step_rig_init(&rig, device, &shape, &options);
    if (comm != NULL) assert_int_equal(mos_norm_ranks_init(&norms, comm, together), MOSAIC_OK);
    make_plan(it, &rig, comm, together, norms.peers.count > 1 ? &norms.peers : NULL, &plan);
    assert_int_equal(mos_model_plan_make(rig.model, &plan), MOSAIC_OK);
    if (comm != NULL)
        assert_int_equal(
            mos_shared_step_init(&shared, comm, &rig.step, &plan, &norms, !it->undivided),
            MOSAIC_OK);
    if (comm != NULL) assert_true((shared.parts != NULL) == !it->undivided);
    plain_weights(rig.model);
    fill_input(&rig, it->absent);
    if (it->missing > 0) leave_out(&rig, it->missing - 1);
    for (int64_t m = 0; m < 2; m++)
        own[m] = take_rows(&rig, m, ranks, rank);
    for (int step = 0; step < STEPS; step++) {
        fill_step(it, &rig, step);
        mos_step_input input = step_input(&rig);
        for (int64_t m = 0; m < 2; m++)
            if (input.images[m] != NULL) input.images[m] = own[m];
        const mos_step_rate rate = step_rate(step + 1, 3e-5);
        mos_step_result found;
        assert_int_equal(mos_step_run(&rig.step, &input, &rate, &found), MOSAIC_OK);
        out.loss[step] = found.losses.total;
        out.norm[step] = found.norm;
        if (comm != NULL && step == 0)
            assert_int_equal(mos_shared_step_gather(&shared, mos_model_grads(rig.model)),
                             MOSAIC_OK);
        if (step == 0)
            out.gradient =
                copy_reals(device, mos_model_grads(rig.model), mos_model_param_count(rig.model));
    }
    out.params = mos_model_param_count(rig.model);
    out.state = mos_model_state_count(rig.model);
    out.weights = copy_reals(device, mos_model_params(rig.model), out.params);
    out.running = copy_reals(device, mos_model_state(rig.model), out.state);
    for (int64_t m = 0; m < 2; m++)
        free(own[m]);
    step_rig_release(&rig);
    mos_shared_step_release(&shared);
    mos_device_close(&device);
    return out;
}

static bool same_bits(const ten_steps *a, const ten_steps *b) {
    return memcmp(a->loss, b->loss, sizeof a->loss) == 0 &&
           memcmp(a->weights, b->weights, (size_t)a->params * sizeof(float)) == 0 &&
           memcmp(a->running, b->running, (size_t)a->state * sizeof(float)) == 0;
}

/* |found - want| / |want| */
static double distance(const float *found, const float *want, int64_t count) {
    double apart = 0, length = 0;
    for (int64_t i = 0; i < count; i++) {
        apart += ((double)found[i] - (double)want[i]) * ((double)found[i] - (double)want[i]);
        length += (double)want[i] * (double)want[i];
    }
    return sqrt(apart / length);
}

/* Largest relative difference of the losses; that of the gradients' norm in the first step. */
static double compare(const ten_steps *found, const ten_steps *want) {
    double worst = fabs(found->norm[0] - want->norm[0]) / want->norm[0];
    for (int step = 0; step < STEPS; step++) {
        const double error = fabs(found->loss[step] - want->loss[step]) / fabs(want->loss[step]);
        if (!(error <= worst)) worst = error;
    }
    return worst;
}

/* All ranks have the same bits (check_bits), so one of them does the case alone and compares. */
static int compare_with_one(const shared_case *it, const ten_steps *found, int64_t ranks) {
    const int64_t together = together_of(it, ranks);
    ten_steps want = run_steps(it, NULL, PART * ranks, together);
    /* One rank's chunks follow one another in the running statistics, ranks' are averaged. */
    const bool whole = it->frozen || together == ranks;
    const double error = compare(found, &want),
                 gradient = distance(found->gradient, want.gradient, want.params),
                 running = whole ? distance(found->running, want.running, want.state) : 0;
    const bool fine =
        error <= loss_tolerance && gradient <= gradient_tolerance && running <= gradient_tolerance;
    (void)printf("%lld ranks, %-50s losses %.2g, gradient %.2g, statistics %.2g%s\n",
                 (long long)ranks, it->name, error, gradient, running, fine ? "" : "  TOO FAR");
    for (int step = 0; step < STEPS && !fine; step++)
        (void)printf("  step %d: loss %.9g, want %.9g\n", step + 1, found->loss[step],
                     want.loss[step]);
    ten_steps_release(&want);
    return !fine;
}

static int check_same(const shared_case *it, mos_comm *comm, const ten_steps *found,
                      const char *what) {
    const int64_t ranks = mos_comm_size(comm);
    ten_steps again = run_steps(it, comm, PART * ranks, together_of(it, ranks));
    const bool same = same_bits(found, &again);
    if (!same) (void)fprintf(stderr, "%s: %s has other bits\n", it->name, what);
    ten_steps_release(&again);
    return !same;
}

/* The same bits on every rank and, where the case is done again, in every run, and whether ranks divide
 * the optimizer or not. */
static int check_bits(const shared_case *it, mos_comm *comm, const ten_steps *found, bool twice) {
    shared_case whole = *it;
    int failures = 0;
    if (mos_comm_same(comm, found->weights, (size_t)found->params * sizeof(float), "weights") !=
            MOSAIC_OK ||
        mos_comm_same(comm, found->running, (size_t)found->state * sizeof(float), "statistics") !=
            MOSAIC_OK) {
        (void)fprintf(stderr, "%s: %s\n", it->name, mosaic_error());
        failures++;
    }
    if (!twice) return failures;
    whole.undivided = true;
    return failures + check_same(it, comm, found, "another run") +
           check_same(&whole, comm, found, "a run in which every rank updates all weights");
}

int main(int argc, char **argv) {
    enum { CASES = sizeof cases / sizeof *cases };
    const mos_comm_options options = {.mpi = true, .module = argc > 1 ? argv[1] : NULL};
    ten_steps found[CASES];
    mos_comm *comm = NULL;
    int failures = 0;
    if (mos_comm_open(&options, &comm) != MOSAIC_OK) {
        (void)fprintf(stderr, "open: %s\n", mosaic_error());
        return 1;
    }
    const int64_t ranks = mos_comm_size(comm), rank = mos_comm_rank(comm);
    const int64_t count = ranks > 1 ? CASES : 1;
    shared_case rows[CASES];
    for (int64_t i = 0; i < count; i++) {
        rows[i] = row_of(&cases[i], ranks);
        found[i] = run_steps(&rows[i], comm, PART * ranks, together_of(&rows[i], ranks));
        failures += check_bits(&rows[i], comm, &found[i], i == 0 || rows[i].cached);
    }
    /* From here on each rank works alone, so that no processor waits for one rank's comparisons. */
    for (int64_t i = 0; i < count; i++) {
        if (i % ranks == rank) failures += compare_with_one(&rows[i], &found[i], ranks);
        ten_steps_release(&found[i]);
    }
    mos_comm_close(&comm, MOSAIC_OK);
    return failures > 0;
}
