/* A program that has MPI itself and uses the public C API alone: ranks 0 and 2 do commands together, rank 1 does the
 * same ones by itself in between, and MPI goes on afterwards. Statistics of two ranks are those of one; a command that
 * ranks do not share is done by one of them, a sweep too; the two train a model.
 *   host_commands FOLDER MOSAIC  (on 3 ranks; FOLDER/data is made, FOLDER/config.yaml is there; MOSAIC: the program) */
#include "mosaic/mosaic.h"

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 16 };

typedef struct output {
    char text[MOST];
    size_t size;
} output;

static int world_rank;

static void refuse(const char *what) {
    (void)fprintf(stderr, "rank %d: %s: %s\n", world_rank, what, mosaic_error());
    (void)MPI_Abort(MPI_COMM_WORLD, 3);
}

static int take(void *context, const char *bytes, size_t size) {
    output *out = context;
    if (out->size + size >= MOST) return 1;
    memcpy(out->text + out->size, bytes, size);
    out->size += size;
    return 0;
}

static void show(void *context, mosaic_log_level level, const char *text) {
    (void)context;
    if (level <= MOSAIC_LOG_WARNING) (void)fprintf(stderr, "rank %d: %s\n", world_rank, text);
}

/* words: of a command's name, its arguments and options (key=value), ended by NULL. */
static mosaic_status run(const char *name, const char *const *words, const MPI_Comm *ranks,
                         output *out) {
    mosaic_command *command = NULL;
    char key[64];
    memset(out, 0, sizeof *out);
    mosaic_status status = mosaic_command_create(name, &command);
    for (; *words != NULL && status == MOSAIC_OK; words++) {
        const char *value = strchr(*words, '=');
        if (value != NULL) {
            (void)snprintf(key, sizeof key, "%.*s", (int)(value - *words), *words);
            status = mosaic_command_set(command, key, value + 1);
        } else {
            status = mosaic_command_add(command, *words);
        }
    }
    if (status == MOSAIC_OK) mosaic_command_set_communicator(command, ranks);
    if (status == MOSAIC_OK) status = mosaic_command_run_to(command, take, out);
    mosaic_command_destroy(&command);
    return status;
}

static void same_statistics(const char *data, const MPI_Comm *ranks) {
    static output own, first;
    const char *const words[] = {data, NULL};
    if (run("data stats", words, ranks, &own) != MOSAIC_OK) refuse("data stats");
    first = own;
    /* world rank 0 is the two ranks' rank 0 */
    (void)MPI_Bcast(&first, (int)sizeof first, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (world_rank == 2 && own.size > 0) refuse("rank 1 of the communicator speaks too");
    if (world_rank == 1 && (own.size == 0 || strcmp(own.text, first.text) != 0))
        refuse("statistics of two ranks are not those of one");
}

static void list_protocols(const MPI_Comm *ranks) {
    static output out;
    const char *const words[] = {NULL};
    if (run("protocol list", words, ranks, &out) != MOSAIC_OK) refuse("protocol list");
    if ((out.size > 0) != (world_rank < 2)) refuse("a command of one rank was done by both");
}

/* On both, and the rank with a message is the first. */
static void fail_together(const char *folder, const MPI_Comm *ranks) {
    static output out;
    char missing[512];
    (void)snprintf(missing, sizeof missing, "%s/nowhere", folder);
    const char *const words[] = {missing, NULL};
    if (run("data stats", words, ranks, &out) == MOSAIC_OK) refuse("data that are not there");
    if ((mosaic_error()[0] != '\0') != (world_rank < 2)) refuse("words of a shared failure");
}

static void train(const char *folder, const MPI_Comm *ranks) {
    static output out;
    char config[512], place[512];
    (void)snprintf(config, sizeof config, "%s/config.yaml", folder);
    (void)snprintf(place, sizeof place, "out=%s/run", folder);
    const char *const words[] = {config, place, "threads=1", NULL};
    if (world_rank != 1 && run("train", words, ranks, &out) != MOSAIC_OK) refuse("train");
}

/* Rank 0's alone, and its programs must not take themselves for ranks: they have no one to talk to. */
static void sweep(const char *folder, const char *program, const MPI_Comm *ranks) {
    static output out;
    char config[512], place[512], by[512];
    (void)snprintf(config, sizeof config, "%s/config.yaml", folder);
    (void)snprintf(place, sizeof place, "out=%s/sweep", folder);
    (void)snprintf(by, sizeof by, "program=%s", program);
    const char *const words[] = {config, place, by, "threads=1", "seeds=0", NULL};
    if (world_rank != 1 && run("sweep", words, ranks, &out) != MOSAIC_OK) refuse("sweep");
    if (world_rank == 0 && strstr(out.text, "complete 1") == NULL) refuse("runs of a sweep");
}

int main(int argc, char **argv) {
    const mosaic_log_hooks hooks = {.line = show};
    int level = 0, over = 1, one = 1, sum = 0, size = 0;
    char data[512];
    MPI_Comm part;
    if (argc != 3 || MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
        return 2;
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &world_rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &size);
    (void)MPI_Comm_split(MPI_COMM_WORLD, world_rank % 2, world_rank, &part);
    if (size != 3) return 2;
    mosaic_set_log_hooks(&hooks);
    (void)snprintf(data, sizeof data, "%s/data", argv[1]);
    same_statistics(data, &part);
    list_protocols(&part);
    fail_together(argv[1], &part);
    train(argv[1], &part);
    sweep(argv[1], argv[2], &part);
    (void)MPI_Comm_free(&part);
    (void)MPI_Finalized(&over);
    if (!over) (void)MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    (void)MPI_Finalize();
    return sum == size ? 0 : 1;
}
