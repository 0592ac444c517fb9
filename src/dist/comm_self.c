/* One rank: what it sends it receives. */
#include "dist/comm_module.h"

#include <string.h>
#include <unistd.h>

static const char *no_words(void) {
    return "";
}

static const char *no_library(void) {
    return "no MPI";
}

static int open_self(const void *communicator, int *rank, int *size,
                     char host[MOS_COMM_HOST_SIZE]) {
    (void)communicator;
    *rank = 0;
    *size = 1;
    if (gethostname(host, MOS_COMM_HOST_SIZE) != 0) host[0] = '\0';
    host[MOS_COMM_HOST_SIZE - 1] = '\0';
    return 0;
}

static void close_self(void) {}

static void abort_self(int code) {
    (void)code; /* the caller reports its failure */
}

static int barrier(void) {
    return 0;
}

static int broadcast(void *data, size_t bytes, int root) {
    (void)data;
    (void)bytes;
    (void)root;
    return 0;
}

static int all_gather(const void *mine, size_t bytes, void *all) {
    memmove(all, mine, bytes);
    return 0;
}

static int all_gather_v(const void *mine, const size_t *bytes, void *all) {
    return all_gather(mine, bytes[0], all);
}

/* There is nobody else. */
static int send_self(const void *data, size_t bytes, int to) {
    (void)data;
    (void)bytes;
    (void)to;
    return 0;
}

static int receive_self(void *data, size_t bytes, int from) {
    (void)data;
    (void)bytes;
    (void)from;
    return 0;
}

static int exchange_begin(int slot, const void *out, size_t bytes, void *in) {
    (void)slot;
    return all_gather(out, bytes, in);
}

static int test(int slot, int *done) {
    (void)slot;
    *done = 1;
    return 0;
}

static int finish(int slot) {
    (void)slot;
    return 0;
}

static int group(int ranks) {
    (void)ranks;
    return 0;
}

const mos_comm_table mos_comm_self = {.version = MOS_COMM_TABLE_VERSION,
                                      .name = "self",
                                      .words = no_words,
                                      .library = no_library,
                                      .open = open_self,
                                      .close = close_self,
                                      .abort = abort_self,
                                      .barrier = barrier,
                                      .broadcast = broadcast,
                                      .all_gather = all_gather,
                                      .all_gather_v = all_gather_v,
                                      .send = send_self,
                                      .receive = receive_self,
                                      .exchange_begin = exchange_begin,
                                      .gather_begin = exchange_begin,
                                      .test = test,
                                      .finish = finish,
                                      .group = group,
                                      .group_gather_begin = exchange_begin};
