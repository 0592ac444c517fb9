/* Ten steps of every method by several ranks against the same steps by one, on whole steps of the
 * trainer (train/step.h) with made-up images. One rank does them with cached gradients whose chunks
 * are the ranks' parts, because a part is a batch of its own to the encoders' norms; with frozen
 * norms it does them plainly, all at once. Started by step_ranks.sh under mpirun. */
#include "model/step_compare.h"

#include "base/log.h"
#include "train/step_ranks.h"

enum { PART = 4, STEPS = 10 }; /* the norms of fewer rows would enlarge every rounding */

static const double loss_tolerance = 1e-5; /* relative, of every step */

typedef struct shared_case {
    const char *name, *method;
    bool absent;     /* some patches lack a modality */
    int64_t missing; /* this modality, from 1, is in no patch of the batch */
    bool partly;     /* some labels are unknown, some patches have none */
    int64_t queue;   /* labelled latents kept */
    mos_positives positives;
    bool inter;  /* a second projector */
    bool frozen; /* encoders' norms use the running statistics */
    bool cached; /* each rank's part in chunks */
    int64_t lanes;
    mos_fusion_id fusion;
} shared_case;

static const shared_case cases[] = {
    {.name = "mosaic-1", .method = "mosaic-1", .positives = MOS_POSITIVES_MULSUPCON},
    {.name = "mosaic-1, frozen norms",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .frozen = true},
    {.name = "mosaic-1, modalities missing",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .absent = true},
    {.name = "mosaic-1, a modality in no patch",
     .method = "mosaic-1",
     .positives = MOS_POSITIVES_MULSUPCON,
     .missing = 2},
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
    {.name = "iai-simclr, encoders side by side",
     .method = "iai-simclr",
     .positives = MOS_POSITIVES_MULSUPCON,
     .lanes = 2},
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

/* What ten steps leave behind. */
typedef struct ten_steps {
    double loss[STEPS], norm[STEPS];
    int64_t params, state;
    float *weights, *running;
} ten_steps;

static void ten_steps_release(ten_steps *steps) {
    free(steps->weights);
    free(steps->running);
}

static void make_plan(const shared_case *it, const step_rig *rig, int64_t ranks, int64_t rank,
                      int64_t parts, mos_model_plan *plan) {
    *plan = (mos_model_plan){.batch = rig->batch,
                             .height = SIZE,
                             .width = SIZE,
                             .train = true,
                             .latents = true,
                             .freeze.norms = it->frozen,
                             .chunk = it->frozen && ranks == 1 ? 0 : rig->batch / parts,
                             .ranks = ranks,
                             .rank = rank,
                             .lanes = it->lanes};
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

/* parts: chunks of the batch in all; comm: NULL for one rank that does the same batch. */
static ten_steps run_steps(const shared_case *it, mos_comm *comm, int64_t batch, int64_t parts) {
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
    ten_steps out = {0};
    float *own[2];
    assert_int_equal(mos_device_open("cpu", MOS_PRECISION_FP32, it->lanes > 1 ? 2 : 1, &device),
                     MOSAIC_OK);
    step_rig_init(&rig, device, &shape, &options);
    make_plan(it, &rig, ranks, rank, parts, &plan);
    assert_int_equal(mos_model_plan_make(rig.model, &plan), MOSAIC_OK);
    if (comm != NULL)
        assert_int_equal(mos_shared_step_init(&shared, comm, &rig.step, &plan), MOSAIC_OK);
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
    }
    out.params = mos_model_param_count(rig.model);
    out.state = mos_model_state_count(rig.model);
    out.weights = calloc((size_t)out.params, sizeof(float));
    out.running = calloc((size_t)out.state, sizeof(float));
    assert_int_equal(mos_get_f32(device, mos_model_params(rig.model), out.weights, out.params), 0);
    assert_int_equal(mos_get_f32(device, mos_model_state(rig.model), out.running, out.state), 0);
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

/* Largest relative difference of the losses; that of the gradients' norm in the first step. */
static double compare(const ten_steps *found, const ten_steps *want) {
    double worst = fabs(found->norm[0] - want->norm[0]) / want->norm[0];
    for (int step = 0; step < STEPS; step++) {
        const double error = fabs(found->loss[step] - want->loss[step]) / fabs(want->loss[step]);
        if (!(error <= worst)) worst = error;
    }
    return worst;
}

int main(int argc, char **argv) {
    const mos_comm_options options = {.mpi = true, .module = argc > 1 ? argv[1] : NULL};
    mos_comm *comm = NULL;
    int failures = 0;
    if (mos_comm_open(&options, &comm) != MOSAIC_OK) {
        (void)fprintf(stderr, "open: %s\n", mosaic_error());
        return 1;
    }
    const int64_t ranks = mos_comm_size(comm);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const shared_case *it = &cases[i];
        const int64_t parts = it->cached ? 2 * ranks : ranks;
        const bool twice = i % 4 == 0;
        ten_steps found = run_steps(it, comm, PART * ranks, parts), again = {0};
        if (twice) again = run_steps(it, comm, PART * ranks, parts);
        if (mos_comm_same(comm, found.weights, (size_t)found.params * sizeof(float), "weights") !=
                MOSAIC_OK ||
            mos_comm_same(comm, found.running, (size_t)found.state * sizeof(float), "statistics") !=
                MOSAIC_OK) {
            (void)fprintf(stderr, "%s: %s\n", it->name, mosaic_error());
            failures++;
        }
        if (twice && !same_bits(&found, &again)) {
            (void)fprintf(stderr, "%s: another run has other bits\n", it->name);
            failures++;
        }
        if (mos_comm_rank(comm) == 0) {
            ten_steps want = run_steps(it, NULL, PART * ranks, parts);
            const double error = compare(&found, &want);
            const bool fine = error <= loss_tolerance;
            (void)printf("%lld ranks, %-50s %.2g%s\n", (long long)ranks, it->name, error,
                         fine ? "" : "  TOO FAR");
            for (int step = 0; step < STEPS && !fine; step++)
                (void)printf("  step %d: loss %.9g, want %.9g\n", step + 1, found.loss[step],
                             want.loss[step]);
            failures += !fine;
            ten_steps_release(&want);
        }
        ten_steps_release(&found);
        ten_steps_release(&again);
    }
    mos_comm_close(&comm, MOSAIC_OK);
    return failures > 0;
}
