#include "dist/launch.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What a launcher leaves in the environment. The first row whose two variables are there counts. */
typedef struct launcher {
    const char *by, *module, *rank, *size;
} launcher;
static const launcher launchers[] = {
    {"mpirun of Open MPI", "openmpi", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"mpiexec of MPICH", "mpich", "PMI_RANK", "PMI_SIZE"},
    {"srun", NULL, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"},
};

void mos_launch_forget(void) {
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        (void)unsetenv(launchers[i].rank);
        (void)unsetenv(launchers[i].size);
    }
}

static bool read_number(const char *name, int64_t *out) {
    const char *text = getenv(name);
    return text != NULL && mos_parse_int(text, out) && *out >= 0;
}

/* Under srun the process manager plugin decides which MPI finds its other ranks: with PMIx that is
 * Open MPI, with PMI-2 MPICH. */
static const char *module_of_slurm(void) {
    if (getenv("PMIX_RANK") != NULL) return "openmpi";
    return getenv("PMI_FD") != NULL || getenv("PMI_RANK") != NULL ? "mpich" : NULL;
}

mos_launch mos_launch_detect(void) {
    mos_launch found = {.size = 1};
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        const launcher *one = &launchers[i];
        int64_t rank, size;
        if (!read_number(one->rank, &rank) || !read_number(one->size, &size)) continue;
        if (size < 2 || rank >= size) return found;
        /* srun --mpi=pmi2 sets PMI_RANK too. */
        bool slurm = i > 0 && getenv("SLURM_STEP_NUM_TASKS") != NULL;
        return (mos_launch){.rank = rank,
                            .size = size,
                            .by = slurm ? "srun" : one->by,
                            .module = one->module == NULL ? module_of_slurm() : one->module};
    }
    return found;
}
