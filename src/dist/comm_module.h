/* Finding and loading the module of an MPI. */
#ifndef MOS_DIST_COMM_MODULE_H
#define MOS_DIST_COMM_MODULE_H

#include "base/error.h"
#include "dist/comm_table.h"

/* Names of the modules a build may have, NULL-terminated. */
extern const char *const mos_comm_modules[];

/* name: one of the list, or a path. It is looked for in the folder MOSAIC_MODULES, beside the
 * library or program, and where the system looks. Loading initialises nothing; a module stays
 * loaded. Not collective. MOSAIC_ERR_UNSUPPORTED where it is not there, says where it was looked
 * for. */
mosaic_status mos_comm_module_load(const char *name, const mos_comm_table **out);

/* The name of the MPI that this process has loaded for itself; NULL: none that its symbols tell of. */
const char *mos_comm_module_present(void);

/* The table of one rank alone. */
extern const mos_comm_table mos_comm_self;

#endif
