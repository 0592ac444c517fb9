/* A training that writes down every record that it reads, one line each: the split, the sample, the modality.
 * Linked with --wrap (tests.cmake). What opening a data set looks at is left out: it is a few patches, on every
 * rank. Started by reads_ranks.sh under mpirun.
 *   reads_ranks CONFIG RUN LIST: rank r writes LIST.r */
#include "data/sample_reader.h"
#include "train/trainer.h"

#include <pthread.h>
#include <stdio.h>

static FILE *list;
static bool opening;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

mosaic_status __real_mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                                     const int *bands, int64_t count, mos_patch *out);
mosaic_status __wrap_mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                                     const int *bands, int64_t count, mos_patch *out);
mosaic_status __wrap_mos_reader_read(mos_reader *reader, int64_t sample, int64_t modality,
                                     const int *bands, int64_t count, mos_patch *out) {
    mos_sample what;
    if (!opening && mos_dataset_sample(reader->dataset, sample, &what) == MOSAIC_OK) {
        (void)pthread_mutex_lock(&lock);
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
    mos_comm *comm = NULL;
    mos_train_summary summary;
    char path[4096];
    if (argc < 4) return 2;
    mosaic_status status = mos_comm_open(NULL, &comm);
    if (status == MOSAIC_OK) {
        (void)snprintf(path, sizeof path, "%s.%lld", argv[3], (long long)mos_comm_rank(comm));
        list = fopen(path, "we");
        if (list == NULL) status = mos_fail_errno("write", path);
    }
    const mos_train_options options = {
        .config = argv[1], .out = argv[2], .threads = 1, .comm = comm};
    if (status == MOSAIC_OK) status = mos_train_run(&options, &summary);
    if (status != MOSAIC_OK) (void)fprintf(stderr, "%s\n", mosaic_error());
    if (list != NULL && fclose(list) != 0 && status == MOSAIC_OK) status = MOSAIC_ERR_IO;
    mos_comm_close(&comm, status);
    return mosaic_exit_code(status);
}
