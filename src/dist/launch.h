/* How this process was started: alone, or as one of several ranks by mpirun or srun. Read from the
 * environment; nothing is initialised. */
#ifndef MOS_DIST_LAUNCH_H
#define MOS_DIST_LAUNCH_H

#include <stdint.h>

typedef struct mos_launch {
    int64_t rank, size; /* 0 and 1: alone */
    const char *by;     /* "mpirun of Open MPI"; NULL: nobody */
    const char *module; /* the MPI that fits, "openmpi"; NULL: any */
} mos_launch;

/* Not collective. Steps of Slurm with one task count as alone. */
mos_launch mos_launch_detect(void);
/* Makes this process, and the programs that it starts, work alone: removes the launcher's variables
 * from the environment. Call it before threads are started. */
void mos_launch_forget(void);
/* Names of these variables, ended by NULL: a program that is started without them works alone. */
const char *const *mos_launch_variables(void);

#endif
