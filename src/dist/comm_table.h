/* The functions of a transport between ranks: the interface between comm.c and MPI. It is plain C,
 * because the MPI modules are loaded at run time and share nothing else with the library. */
#ifndef MOS_DIST_COMM_TABLE_H
#define MOS_DIST_COMM_TABLE_H

#include <stddef.h>

enum {
    MOS_COMM_TABLE_VERSION = 4,
    MOS_COMM_HOST_SIZE = 256,
    MOS_COMM_SLOTS = 32,
    MOS_COMM_GROUP_SLOTS = 8 /* behind the others, for gathers in a group */
};

/* All but open, close, abort and words are collective: every rank makes the same calls in the same
 * order. Those that return int return 0, or another number after a failure, which words() then
 * describes. Sizes are in bytes. */
typedef struct mos_comm_table {
    int version;                /* MOS_COMM_TABLE_VERSION, or the module is another build's */
    const char *name;           /* "openmpi" */
    const char *(*words)(void); /* of the last failure */
    const char *(*library)(
        void); /* "Open MPI 4.1.4", as the library calls itself; before open too */
    /* communicator: address of an MPI_Comm to work in (its ranks are ours), or NULL: all. MPI is
     * initialised only when nobody did. Writes rank, size and the name of this host. */
    int (*open)(const void *communicator, int *rank, int *size, char host[MOS_COMM_HOST_SIZE]);
    void (*close)(void);     /* finalises MPI when open initialised it */
    void (*abort)(int code); /* ends every rank, without waiting for any */
    int (*barrier)(void);
    int (*broadcast)(void *data, size_t bytes, int root);
    /* all: the ranks' blocks of `bytes`, in rank order. */
    int (*all_gather)(const void *mine, size_t bytes, void *all);
    /* Blocks of several sizes: bytes [ranks]. */
    int (*all_gather_v)(const void *mine, const size_t *bytes, void *all);
    /* A block from one rank to another; both call, in one order. */
    int (*send)(const void *data, size_t bytes, int to);
    int (*receive)(void *data, size_t bytes, int from);
    /* Begins to give block r of `out` to rank r and to take its block for us into in[r]; the buffers
     * stay until finish(slot). slot < MOS_COMM_SLOTS, one call in each at a time. */
    int (*exchange_begin)(int slot, const void *out, size_t bytes, void *in);
    /* Begins an all_gather, which ends in the same way; `mine` may be its own place in `all`. */
    int (*gather_begin)(int slot, const void *mine, size_t bytes, void *all);
    /* Not collective: what was begun in any slot goes on; *done: that of this slot is over. */
    int (*test)(int slot, int *done);
    int (*finish)(int slot);
    /* Makes groups of `ranks` consecutive ranks, which divides the number of all; at most once after
     * open. */
    int (*group)(int ranks);
    /* Begins an all_gather inside the own group, which ends with finish(MOS_COMM_SLOTS + slot). */
    int (*group_gather_begin)(int slot, const void *mine, size_t bytes, void *all);
} mos_comm_table;

/* The one name a module exports. */
#define MOS_COMM_MODULE_ENTRY "mosaic_comm_module"
typedef const mos_comm_table *(*mos_comm_module_entry)(void);

#endif
