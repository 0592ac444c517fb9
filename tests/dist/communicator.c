/* A program that has MPI itself, splits its ranks in two halves and hands a half to the library: only
 * that half is seen, and MPI goes on afterwards. Linked with each MPI. */
#include "dist/comm.h"

#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
    int rank = 0, size = 1, over = 1, sum = 0, one = 1, level = 0;
    MPI_Comm half;
    mos_comm *comm = NULL;
    if (argc < 2 || MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return 2;
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &size);
    (void)MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    const mos_comm_options options = {.module = argv[1], .communicator = &half};
    mosaic_status status = mos_comm_open(&options, &comm);
    if (status != MOSAIC_OK) {
        (void)fprintf(stderr, "open: %s\n", mosaic_error());
        (void)MPI_Abort(MPI_COMM_WORLD, 3);
    }
    const int64_t wanted = size / 2 + (rank % 2 == 0 ? size % 2 : 0);
    double ranks = 1;
    status = mos_comm_sum_f64(comm, &ranks, 1);
    if (status != MOSAIC_OK || mos_comm_size(comm) != wanted || mos_comm_rank(comm) != rank / 2 ||
        ranks != (double)wanted) {
        (void)fprintf(stderr, "rank %d sees %lld of %lld, wanted %d of %lld\n", rank,
                      (long long)mos_comm_rank(comm), (long long)mos_comm_size(comm), rank / 2,
                      (long long)wanted);
        (void)MPI_Abort(MPI_COMM_WORLD, 3);
    }
    mos_comm_close(&comm, MOSAIC_OK);
    (void)MPI_Finalized(&over);
    if (!over) (void)MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    (void)MPI_Finalize();
    return sum == size ? 0 : 1;
}
