/* A training that writes down every record that it reads, one line each: the split, the sample, the modality.
 * Linked with --wrap (tests.cmake). What opening a data set looks at is left out: it is a few patches, on every
 * rank. Started by reads_ranks.sh under mpirun.
 *   reads_ranks CONFIG RUN LIST [READS]: rank r writes LIST.r; rank 1 is asked to stop after so many reads */
#include "base/stop.h"
#include "base/text.h"
#include "data/sample_reader.h"
#include "train/trainer.h"

#include <pthread.h>
#include <stdio.h>

static FILE *list;
static bool opening;
static int64_t reads, stop_at; /* 0: never */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int is_asked_to_stop(void *context) {
    (void)context;
    (void)pthread_mutex_lock(&lock);
    const bool stops = stop_at > 0 && reads >= stop_at;
    (void)pthread_mutex_unlock(&lock);
    return stops ? 10 : 0;
}

mosaic_status __real_mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                                     const int *bands, int64_t count, mos_patch *out);
mosaic_status __wrap_mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                                     const int *bands, int64_t count, mos_patch *out);
mosaic_status __wrap_mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                                     const int *bands, int64_t count, mos_patch *out) {
    mos_sample what;
    if (!opening && mos_dataset_sample(reader->dataset, sample, &what) == MOSAIC_OK) {
        (void)pthread_mutex_lock(&lock);
        reads++;
        (void)fprintf(list, "%s %lld %lld\n", mos_split_names[what.split], (long long)sample,
                      (long long)modality);
        (void)pthread_mutex_unlock(&lock);
    }
    return __real_mos_reader_read(reader, sample, modality, bands, count, out);
}

mosaic_status __real_mos_dataset_spot_check(mos_dataset *dataset);
mosaic_status __wrap_mos_dataset_spot_check(mos_dataset *dataset);
mosaic_status __wrap_mos_dataset_spot_check(mos_dataset *dataset) {
    opening = true;
    const mosaic_status status = __real_mos_dataset_spot_check(dataset);
    opening = false;
    return status;
}

int main(int argc, char **argv) {
    const mos_stop_hooks hooks = {.stop = is_asked_to_stop};
    mos_comm *comm = NULL;
    mos_train_summary summary;
    char path[4096];
    if (argc < 4) return 2;
    mos_stop_set_hooks(&hooks);
    mosaic_status status = mos_comm_open(NULL, &comm);
    if (argc > 4 && mos_comm_rank(comm) == 1) (void)mos_parse_int(argv[4], &stop_at);
    if (status == MOSAIC_OK) {
        (void)snprintf(path, sizeof path, "%s.%lld", argv[3], (long long)mos_comm_rank(comm));
        list = fopen(path, "we");
        if (list == NULL) status = mos_fail_errno("write", path);
    }
    const mos_train_options options = {
        .config = argv[1], .out = argv[2], .threads = 1, .comm = comm};
    if (status == MOSAIC_OK) status = mos_train_run(&options, &summary);
    if (status != MOSAIC_OK && mos_comm_rank(comm) == 0)
        (void)fprintf(stderr, "%s\n", mosaic_error());
    if (list != NULL && fclose(list) != 0 && status == MOSAIC_OK) status = MOSAIC_ERR_IO;
    mos_comm_close(&comm, status);
    return mosaic_exit_code(status);
}
