#include "dist/launch.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What launchers leave in the environment, each its rank and its size; the order is that of the rows
 * below. */
static const char *const variables[] = {
    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE",
    "SLURM_PROCID",         "SLURM_STEP_NUM_TASKS", NULL};

/* The first row whose two variables are there counts. */
typedef struct launcher {
    const char *by, *module;
} launcher;
static const launcher launchers[] = {
    {"mpirun of Open MPI", "openmpi"},
    {"mpiexec of MPICH", "mpich"},
    {"srun", NULL},
};

const char *const *mos_launch_variables(void) {
    return variables;
}

void mos_launch_forget(void) {
    for (const char *const *name = variables; *name != NULL; name++)
        (void)unsetenv(*name);
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
        if (!read_number(variables[2 * i], &rank) || !read_number(variables[2 * i + 1], &size))
            continue;
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
