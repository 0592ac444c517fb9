#include "io/tfevents.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/crc32c.h"

#include <errno.h>
#include <event.pb-c.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct mos_tfevents {
    FILE *stream;
    char path[4096];
};

static double wall_time_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* TFRecord: u64 length, masked CRC of the length, payload, masked CRC of the payload. */
static mosaic_status write_record(mos_tfevents *file, const void *payload, size_t size) {
    uint64_t length = size;
    uint32_t length_sum = mos_crc32c_masked(&length, sizeof length),
             sum = mos_crc32c_masked(payload, size);
    if (fwrite(&length, sizeof length, 1, file->stream) != 1 ||
        fwrite(&length_sum, sizeof length_sum, 1, file->stream) != 1 ||
        fwrite(payload, 1, size, file->stream) != size ||
        fwrite(&sum, sizeof sum, 1, file->stream) != 1)
        return mos_fail_errno("write", file->path);
    return MOSAIC_OK;
}

static mosaic_status write_event(mos_tfevents *file, MosEvent__Event *event) {
    event->has_wall_time = 1;
    event->wall_time = wall_time_s();
    unsigned char *buffer;
    size_t size = mos_event__event__get_packed_size(event);
    MOS_TRY(mos_alloc(size, 1, "event", &buffer));
    (void)mos_event__event__pack(event, buffer);
    mosaic_status status = write_record(file, buffer, size);
    mos_free(buffer);
    return status;
}

/* A name of its own for every file of the folder, also for two within one second. */
static mosaic_status create_file(const char *folder, mos_tfevents *file) {
    char host[65] = "", name[256];
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        (void)snprintf(host, sizeof host, "localhost");
    for (char *at = host; *at != '\0'; at++)
        if (*at == '/') *at = '_';
    for (int attempt = 0; attempt < 1000; attempt++) {
        (void)snprintf(name, sizeof name, "events.out.tfevents.%010lld.%s",
                       (long long)time(NULL) + attempt, host);
        MOS_TRY(mos_path_join(file->path, sizeof file->path, folder, name));
        file->stream = fopen(file->path, "wbxe");
        if (file->stream != NULL) return MOSAIC_OK;
        if (errno != EEXIST) break;
    }
    return mos_fail_errno("create", file->path);
}

mosaic_status mos_tfevents_open(const char *folder, mos_tfevents **out) {
    *out = NULL;
    mos_tfevents *file;
    MOS_TRY(mos_alloc(1, sizeof *file, "event file", &file));
    mosaic_status status;
    MosEvent__Event event = MOS_EVENT__EVENT__INIT;
    char version[] = "brain.Event:2"; /* what readers look for in the first record */
    event.file_version = version;
    MOS_GOTO(create_file(folder, file));
    MOS_GOTO(write_event(file, &event));
    MOS_GOTO(mos_tfevents_flush(file));
    *out = file;
    file = NULL;
done:
    mos_tfevents_close(&file);
    return status;
}

mosaic_status mos_tfevents_scalar(mos_tfevents *file, const char *tag, int64_t step, double value) {
    char *name;
    MOS_TRY(mos_copy_text(tag, &name)); /* protobuf-c's strings are not const */
    MosEvent__Summary__Value scalar = MOS_EVENT__SUMMARY__VALUE__INIT;
    MosEvent__Summary__Value *scalars[] = {&scalar};
    MosEvent__Summary summary = MOS_EVENT__SUMMARY__INIT;
    MosEvent__Event event = MOS_EVENT__EVENT__INIT;
    scalar.tag = name;
    scalar.has_simple_value = 1;
    scalar.simple_value = (float)value;
    summary.n_value = 1;
    summary.value = scalars;
    event.has_step = 1;
    event.step = step;
    event.summary = &summary;
    mosaic_status status = write_event(file, &event);
    mos_free(name);
    return status;
}

mosaic_status mos_tfevents_flush(mos_tfevents *file) {
    return fflush(file->stream) == 0 ? MOSAIC_OK : mos_fail_errno("write", file->path);
}

void mos_tfevents_close(mos_tfevents **file) {
    if (*file == NULL) return;
    if ((*file)->stream != NULL) (void)fclose((*file)->stream);
    mos_free(*file);
    *file = NULL;
}
