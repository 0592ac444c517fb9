#include "data/stage.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/text.h"
#include "data/sample_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, BUFFER = 1 << 20, DEEPEST = 64, BETWEEN_NS = 500000000 };

/* A file of the source: path below it, and what tells whether it has changed. */
typedef struct stage_file {
    char *name;
    int64_t bytes, seconds, nanoseconds;
    bool done; /* the list says so, and a file of this size is there */
} stage_file;

typedef struct stage_job {
    mos_comm *comm;
    int64_t looked_ns; /* when ranks last told each other how they are */
    const char *source, *target;
    const char *what;     /* for messages */
    const char *folder;   /* of all copies */
    mos_dataset *dataset; /* whose files are copied, source "/"; NULL: all files of the source */
    char list[PATH_SIZE]; /* lines "sha256 bytes seconds nanoseconds name" of finished files */
    stage_file *files;    /* [count] in the order of their names */
    size_t count, room;
} stage_job;

/* ---- with the other ranks ---- */

/* A copy takes long, and not equally long on every host: so ranks tell each other meanwhile of a failure
 * or a request to stop. busy: this rank has more to do; *any: some rank has. */
static mosaic_status look(stage_job *job, bool busy, bool *any) {
    int stop = mos_stop_pending();
    int64_t most;
    MOS_TRY(mos_comm_agree_or_stop(job->comm, MOSAIC_OK, &stop));
    if (stop != 0) /* on every rank */
        return mos_fail(MOSAIC_INTERRUPTED,
                        "stage: stopped by signal %d; the copies are kept, and the same command "
                        "goes on with them",
                        stop);
    MOS_TRY(mos_comm_most(job->comm, busy, &most));
    *any = most != 0;
    job->looked_ns = mos_now_ns();
    return MOSAIC_OK;
}

static mosaic_status look_sometimes(stage_job *job) {
    bool any;
    return mos_now_ns() - job->looked_ns < BETWEEN_NS ? MOSAIC_OK : look(job, true, &any);
}

/* Until all have their copies. */
static mosaic_status join(stage_job *job, mosaic_status status) {
    bool any = true;
    while (status == MOSAIC_OK && any)
        status = look(job, false, &any);
    return mos_comm_agree(job->comm, status);
}

/* ---- what there is ---- */

static mosaic_status add_file(stage_job *job, const char *name, const struct stat *what) {
    if (strchr(name, '\n') != NULL)
        return mos_fail(MOSAIC_ERR_DATA, "%s: a file name with a line break is not staged",
                        job->what);
    MOS_TRY(
        mos_grow(&job->files, &job->room, job->count + 1, sizeof *job->files, "files to stage"));
    stage_file *file = &job->files[job->count];
    *file = (stage_file){.bytes = (int64_t)what->st_size,
                         .seconds = (int64_t)what->st_mtim.tv_sec,
                         .nanoseconds = (int64_t)what->st_mtim.tv_nsec};
    MOS_TRY(mos_copy_text(name, &file->name));
    job->count++;
    return look_sometimes(job);
}

/* Below `name`, "" for all. LMDB's lock files belong to the machine that they are on. */
static mosaic_status list_folder(stage_job *job, const char *name, int depth) {
    char path[PATH_SIZE], below[PATH_SIZE];
    mosaic_status status = MOSAIC_OK;
    if (depth > DEEPEST)
        return mos_fail(MOSAIC_ERR_DATA, "%s: folders deeper than %d: a link that leads back?",
                        job->source, DEEPEST);
    MOS_TRY(mos_path_join(path, sizeof path, job->source, name));
    DIR *folder = opendir(path);
    if (folder == NULL) return mos_fail_errno("read", path);
    for (const struct dirent *entry; status == MOSAIC_OK && (entry = readdir(folder)) != NULL;) {
        struct stat what;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            strcmp(entry->d_name, "lock.mdb") == 0)
            continue;
        status = name[0] == '\0' ? mos_path_join(below, sizeof below, ".", entry->d_name)
                                 : mos_path_join(below, sizeof below, name, entry->d_name);
        if (status == MOSAIC_OK) status = mos_path_join(path, sizeof path, job->source, below);
        if (status == MOSAIC_OK && stat(path, &what) != 0) status = mos_fail_errno("examine", path);
        if (status != MOSAIC_OK) break;
        if (S_ISDIR(what.st_mode))
            status = list_folder(job, below, depth + 1);
        else if (S_ISREG(what.st_mode))
            status = add_file(job, below, &what);
    }
    (void)closedir(folder);
    return status;
}

/* ---- files of a table ---- */

/* The last folder that was looked up: most files of a table share theirs. */
typedef struct known_folder {
    char given[PATH_SIZE], whole[PATH_SIZE];
} known_folder;

/* The name of a file below "/". Links on the way are followed; the file keeps its own name, whose end says
 * what it is. */
static mosaic_status name_file(known_folder *known, const char *path, char *name, size_t size) {
    const char *slash = strrchr(path, '/');
    const size_t length = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    const char *given = slash == NULL ? "." : path;
    if (length >= sizeof known->given)
        return mos_fail(MOSAIC_ERR_DATA, "'%.80s...': path too long", path);
    if (strncmp(known->given, given, length) != 0 || known->given[length] != '\0') {
        memcpy(known->given, given, length);
        known->given[length] = '\0';
        if (realpath(known->given, known->whole) == NULL) {
            mosaic_status status = mos_fail_errno("find", known->given);
            known->given[0] = '\0';
            return status;
        }
    }
    if (snprintf(name, size, ".%s/%s", known->whole, slash == NULL ? path : slash + 1) >= (int)size)
        return mos_fail(MOSAIC_ERR_DATA, "'%.80s...': path too long", path);
    return MOSAIC_OK;
}

static bool is_staged(const stage_job *job, const char *path) {
    const size_t size = strlen(job->folder);
    return strncmp(path, job->folder, size) == 0 && path[size] == '/';
}

/* A file and what lies beside it and says something of its pixels. */
static mosaic_status add_source(stage_job *job, known_folder *known, const char *path) {
    static const char *const ends[] = {"", ".msk", ".aux.xml"};
    char file[PATH_SIZE], name[PATH_SIZE];
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
        struct stat what;
        if (snprintf(file, sizeof file, "%s%s", path, ends[e]) >= (int)sizeof file)
            return mos_fail(MOSAIC_ERR_DATA, "'%.80s...': path too long", path);
        if (stat(file, &what) != 0) {
            if (e > 0) continue;
            return mos_fail_errno("examine", file);
        }
        MOS_TRY(name_file(known, file, name, sizeof name));
        MOS_TRY(add_file(job, name, &what));
    }
    return MOSAIC_OK;
}

static mosaic_status list_sources(stage_job *job) {
    const int64_t slots = job->dataset->count * job->dataset->slots;
    known_folder known = {.given = ""};
    for (int64_t i = 0; i < slots; i++) {
        const char *path = job->dataset->sources[i];
        if (path != NULL && !is_staged(job, path)) MOS_TRY(add_source(job, &known, path));
    }
    return MOSAIC_OK;
}

/* From now on the data set reads the copies. */
static mosaic_status take_copies(const stage_job *job) {
    mos_dataset *dataset = job->dataset;
    const int64_t slots = dataset->count * dataset->slots;
    known_folder known = {.given = ""};
    for (int64_t i = 0; i < slots; i++) {
        const char *path = dataset->sources[i];
        char name[PATH_SIZE], copy[PATH_SIZE];
        if (path == NULL || is_staged(job, path)) continue;
        MOS_TRY(name_file(&known, path, name, sizeof name));
        MOS_TRY(mos_path_join(copy, sizeof copy, job->target, name));
        MOS_TRY(mos_text_pool_add(&dataset->pool, copy, strlen(copy), &dataset->sources[i]));
    }
    return MOSAIC_OK;
}

/* ---- in order, each once ---- */

static int by_name(const void *a, const void *b) {
    return strcmp(((const stage_file *)a)->name, ((const stage_file *)b)->name);
}

/* Several bands or modalities may be in one file. */
static void sort_files(stage_job *job) {
    size_t kept = 0;
    if (job->count == 0) return;
    qsort(job->files, job->count, sizeof *job->files, by_name);
    for (size_t i = 1; i < job->count; i++)
        if (strcmp(job->files[i].name, job->files[kept].name) != 0)
            job->files[++kept] = job->files[i];
        else
            mos_free(job->files[i].name);
    job->count = kept + 1;
}

/* ---- what is done ---- */

/* A line that a kill cut off names no file whole. */
static mosaic_status take_line(stage_job *job, char *line) {
    long long bytes, seconds, nanoseconds;
    int at = 0;
    char path[PATH_SIZE];
    struct stat what;
    if (sscanf(line, "%*64s %lld %lld %lld %n", &bytes, &seconds, &nanoseconds, &at) != 3 ||
        at == 0)
        return MOSAIC_OK;
    stage_file wanted = {.name = line + at};
    if (job->count == 0) return MOSAIC_OK;
    stage_file *file = bsearch(&wanted, job->files, job->count, sizeof wanted, by_name);
    if (file == NULL) return MOSAIC_OK;
    MOS_TRY(mos_path_join(path, sizeof path, job->target, file->name));
    file->done = file->bytes == bytes && file->seconds == seconds &&
                 file->nanoseconds == nanoseconds && stat(path, &what) == 0 &&
                 (int64_t)what.st_size == bytes;
    return MOSAIC_OK;
}

static mosaic_status read_list(stage_job *job) {
    FILE *stream = fopen(job->list, "re");
    char *line = NULL;
    size_t room = 0;
    mosaic_status status = MOSAIC_OK;
    if (stream == NULL) return MOSAIC_OK;
    for (ssize_t size; status == MOSAIC_OK && (size = getline(&line, &room, stream)) > 0;) {
        if (line[size - 1] != '\n') break;
        line[size - 1] = '\0';
        status = take_line(job, line);
    }
    free(line);
    (void)fclose(stream);
    return status;
}

/* ---- copying ---- */

static mosaic_status check_room(const stage_job *job, int64_t bytes) {
    struct statvfs disk;
    if (statvfs(job->target, &disk) != 0) return mos_fail_errno("examine", job->target);
    const double room = (double)disk.f_bavail * (double)disk.f_frsize, mib = 1048576;
    if (room > (double)bytes) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_IO, "%s: %.0f MiB are free, %.0f MiB of %s are wanted", job->target,
                    room / mib, (double)bytes / mib, job->what);
}

/* Reads `from` to its end, writes what it reads to `out` where that is not NULL, and gives its SHA-256. */
static mosaic_status read_through(stage_job *job, const char *from, FILE *out, const char *to,
                                  char *buffer, char hash[65]) {
    FILE *in = fopen(from, "re");
    mos_sha256_state state;
    mosaic_status status = MOSAIC_OK;
    if (in == NULL) return mos_fail_errno("read", from);
    mos_sha256_start(&state);
    for (size_t got; status == MOSAIC_OK && (got = fread(buffer, 1, BUFFER, in)) > 0;) {
        mos_sha256_take(&state, buffer, got);
        if (out != NULL && fwrite(buffer, 1, got, out) != got) status = mos_fail_errno("write", to);
        if (status == MOSAIC_OK) status = look_sometimes(job);
    }
    if (status == MOSAIC_OK && ferror(in)) status = mos_fail_errno("read", from);
    (void)fclose(in);
    mos_sha256_end(&state, hash);
    return status;
}

static mosaic_status copy_bytes(stage_job *job, const char *from, const char *to, char *buffer,
                                char hash[65]) {
    FILE *out = fopen(to, "we");
    if (out == NULL) return mos_fail_errno("write", to);
    mosaic_status status = read_through(job, from, out, to, buffer, hash);
    if (fclose(out) != 0 && status == MOSAIC_OK) status = mos_fail_errno("write", to);
    return status;
}

static mosaic_status make_parent(const char *path) {
    char folder[PATH_SIZE];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) return MOSAIC_OK;
    *slash = '\0';
    return mos_make_dirs(folder);
}

/* Under a name of its own until it is known to be right. */
static mosaic_status copy_file(stage_job *job, const stage_file *file, char *buffer, FILE *list) {
    char from[PATH_SIZE], to[PATH_SIZE], part[PATH_SIZE], wanted[65], found[65];
    MOS_TRY(mos_path_join(from, sizeof from, job->source, file->name));
    MOS_TRY(mos_path_join(to, sizeof to, job->target, file->name));
    if (snprintf(part, sizeof part, "%s.part", to) >= (int)sizeof part)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: path too long", to);
    MOS_TRY(make_parent(to));
    MOS_TRY(copy_bytes(job, from, part, buffer, wanted));
    MOS_TRY(read_through(job, part, NULL, part, buffer, found));
    if (strcmp(wanted, found) != 0)
        return mos_fail(MOSAIC_ERR_IO, "%s: the copy of %s has SHA-256 %s, wanted %s", part, from,
                        found, wanted);
    if (rename(part, to) != 0) return mos_fail_errno("rename", part);
    if (fprintf(list, "%s %lld %lld %lld %s\n", wanted, (long long)file->bytes,
                (long long)file->seconds, (long long)file->nanoseconds, file->name) < 0 ||
        fflush(list) != 0)
        return mos_fail_errno("write", job->list);
    return MOSAIC_OK;
}

static mosaic_status copy_files(stage_job *job) {
    int64_t bytes = 0, files = 0;
    char *buffer = NULL;
    mosaic_status status;
    for (size_t i = 0; i < job->count; i++) {
        bytes += job->files[i].done ? 0 : job->files[i].bytes;
        files += !job->files[i].done;
    }
    mos_log(MOS_LOG_NOTICE, "stage %s: %lld of %zu files to copy, %.0f MiB", job->target,
            (long long)files, job->count, (double)bytes / 1048576);
    if (files == 0) return MOSAIC_OK;
    MOS_TRY(check_room(job, bytes));
    FILE *list = fopen(job->list, "ae");
    if (list == NULL) return mos_fail_errno("write", job->list);
    (void)fputc('\n', list); /* behind a line that was cut off */
    status = mos_alloc(BUFFER, 1, "a copy", &buffer);
    for (size_t i = 0; i < job->count && status == MOSAIC_OK; i++)
        if (!job->files[i].done) status = copy_file(job, &job->files[i], buffer, list);
    mos_free(buffer);
    if (fclose(list) != 0 && status == MOSAIC_OK) status = mos_fail_errno("write", job->list);
    return status;
}

static mosaic_status run(stage_job *job) {
    MOS_TRY(mos_make_dirs(job->target));
    MOS_TRY(job->dataset == NULL ? list_folder(job, "", 0) : list_sources(job));
    if (job->count == 0) return mos_fail(MOSAIC_ERR_DATA, "%s: no file to stage", job->what);
    sort_files(job);
    MOS_TRY(read_list(job));
    return copy_files(job);
}

/* One process of a machine at a time: a second job waits, and then finds the copy. */
static mosaic_status lock(stage_job *job, int file, const char *path) {
    const struct timespec pause = {.tv_nsec = 100000000};
    while (flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return mos_fail_errno("lock", path);
        MOS_TRY(look_sometimes(job));
        (void)nanosleep(&pause, NULL);
    }
    return MOSAIC_OK;
}

static mosaic_status copy_all(stage_job *job) {
    char path[PATH_SIZE];
    if (snprintf(job->list, sizeof job->list, "%s.files", job->target) >= (int)sizeof job->list ||
        snprintf(path, sizeof path, "%s.lock", job->target) >= (int)sizeof path)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: path too long", job->target);
    MOS_TRY(make_parent(job->target));
    const int held = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (held < 0) return mos_fail_errno("write", path);
    mosaic_status status = lock(job, held, path);
    if (status == MOSAIC_OK) status = run(job);
    (void)close(held);
    for (size_t i = 0; i < job->count; i++)
        mos_free(job->files[i].name);
    mos_free(job->files);
    return status;
}

/* FOLDER/<name of the source><of what>-<the first digits of its whole path's SHA-256> */
static mosaic_status choose_target(const char *source, const char *what, const char *folder,
                                   char *path, size_t size) {
    char whole[PATH_SIZE], hash[65];
    if (realpath(source, whole) == NULL) return mos_fail_errno("find", source);
    const char *name = strrchr(whole, '/');
    mos_sha256(whole, strlen(whole), hash);
    if (snprintf(path, size, "%s/%s%s-%.12s", folder, name == NULL ? whole : name + 1, what,
                 hash) >= (int)size)
        return mos_fail(MOSAIC_ERR_USAGE, "--stage %s: path too long", folder);
    return MOSAIC_OK;
}

static bool first_of_host(const mos_comm *comm) {
    const int64_t rank = mos_comm_rank(comm);
    for (int64_t r = 0; r < rank; r++)
        if (strcmp(mos_comm_host(comm, r), mos_comm_host(comm, rank)) == 0) return false;
    return true;
}

mosaic_status mos_stage(mos_comm *comm, const char *source, const char *folder, char *path,
                        size_t size) {
    mosaic_status status = choose_target(source, "", folder, path, size);
    stage_job job = {.comm = comm,
                     .looked_ns = mos_now_ns(),
                     .source = source,
                     .target = path,
                     .what = source,
                     .folder = folder};
    if (status == MOSAIC_OK && first_of_host(comm)) status = copy_all(&job);
    return join(&job, status);
}

static bool has_files_elsewhere(const stage_job *job) {
    const mos_dataset *dataset = job->dataset;
    for (int64_t i = 0; dataset->format->files && i < dataset->count * dataset->slots; i++)
        if (dataset->sources[i] != NULL && !is_staged(job, dataset->sources[i])) return true;
    return false;
}

mosaic_status mos_stage_files(mos_comm *comm, mos_dataset *dataset, const char *folder) {
    char target[PATH_SIZE];
    stage_job job = {.comm = comm,
                     .looked_ns = mos_now_ns(),
                     .source = "/",
                     .target = target,
                     .what = mos_dataset_root(dataset),
                     .folder = folder,
                     .dataset = dataset};
    if (!has_files_elsewhere(&job)) return mos_comm_agree(comm, MOSAIC_OK);
    mosaic_status status =
        choose_target(mos_dataset_root(dataset), "-files", folder, target, sizeof target);
    if (status == MOSAIC_OK && first_of_host(comm)) status = copy_all(&job);
    if (status == MOSAIC_OK) status = take_copies(&job);
    return join(&job, status);
}
