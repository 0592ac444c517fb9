#include "io/parquet_write.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/parquet_footer.h"
#include "io/thrift_write.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

enum { GROUP_BYTES = 8 << 20, FIXED_BYTES = 7 /* physical type */ };
enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };
enum { UTF8 = 0, LIST = 3, INT_8 = 15 };                        /* converted types */
enum { LOGICAL_TEXT = 1, LOGICAL_LIST = 3, LOGICAL_HALF = 15 }; /* logical ones */
enum { PLAIN = 0, RLE = 3, NOT_PACKED = 0, GZIP = 2, GZIP_LEVEL = 1 };

/* How a kind is stored; converted and logical -1: plainly that. */
static const struct storage {
    mos_parquet_type physical;
    int converted, logical, codec;
    size_t bytes; /* of a value; 0: of any length */
    bool list;
} storages[] = {
    [MOS_PARQUET_TEXT] = {MOS_PARQUET_BYTE_ARRAY, UTF8, LOGICAL_TEXT, GZIP, 0, false},
    [MOS_PARQUET_BYTES] = {MOS_PARQUET_BYTE_ARRAY, -1, -1, GZIP, 0, false},
    [MOS_PARQUET_REAL] = {MOS_PARQUET_DOUBLE, -1, -1, GZIP, 8, false},
    [MOS_PARQUET_WHOLE] = {MOS_PARQUET_INT32, -1, -1, GZIP, 4, false},
    [MOS_PARQUET_FLOATS] = {MOS_PARQUET_FLOAT, -1, -1, NOT_PACKED, 4, true},
    [MOS_PARQUET_HALVES] = {(mos_parquet_type)FIXED_BYTES, -1, LOGICAL_HALF, NOT_PACKED, 2, true},
    [MOS_PARQUET_INT8S] = {MOS_PARQUET_INT32, INT_8, -1, GZIP, 4, true},
    [MOS_PARQUET_WHOLES] = {MOS_PARQUET_INT32, -1, -1, GZIP, 4, true},
};

/* Levels as runs of equal ones. */
typedef struct levels {
    mos_text runs;
    unsigned value;
    uint64_t count; /* of the run that is open */
} levels;

typedef struct column_part {
    mos_text values;
    levels there, again; /* definition and repetition levels */
    uint64_t entries;
} column_part;

typedef struct chunk {
    uint64_t offset, plain_bytes, stored_bytes, entries;
} chunk;

struct mos_parquet_writer {
    const mos_parquet_column *columns;
    const char *const *keys;
    size_t count;
    mos_atomic_file file;
    uint64_t written;
    column_part *parts; /* [count] of the row group that grows */
    int64_t rows;       /* of it */
    chunk *chunks;      /* [groups, count] */
    int64_t *group_rows;
    size_t groups, chunk_capacity, group_capacity;
};

static const struct storage *storage_of(const mos_parquet_writer *writer, size_t column) {
    return &storages[writer->columns[column].kind];
}

/* ---- cells ---- */

static void end_run(levels *to) {
    const uint8_t value = (uint8_t)to->value;
    if (to->count == 0) return;
    mos_thrift_put_varint(&to->runs, to->count << 1);
    mos_text_add_bytes(&to->runs, &value, 1);
    to->count = 0;
}

static void add_levels(levels *to, unsigned value, uint64_t count) {
    if (value != to->value) end_run(to);
    to->value = value;
    to->count += count;
}

static void add_size(mos_text *out, size_t size) {
    const uint8_t bytes[4] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16),
                              (uint8_t)(size >> 24)};
    mos_text_add_bytes(out, bytes, sizeof bytes);
}

static void add_cell(column_part *part, const void *bytes, size_t size) {
    add_levels(&part->there, bytes != NULL, 1);
    part->entries++;
    if (bytes != NULL) mos_text_add_bytes(&part->values, bytes, size);
}

void mos_parquet_bytes(mos_parquet_writer *writer, size_t column, const void *bytes, size_t size) {
    column_part *part = &writer->parts[column];
    if (bytes != NULL) add_size(&part->values, size);
    add_cell(part, bytes, size);
}

void mos_parquet_text(mos_parquet_writer *writer, size_t column, const char *text) {
    mos_parquet_bytes(writer, column, text, text == NULL ? 0 : strlen(text));
}

void mos_parquet_real(mos_parquet_writer *writer, size_t column, double value) {
    add_cell(&writer->parts[column], isnan(value) ? NULL : &value, sizeof value);
}

void mos_parquet_whole(mos_parquet_writer *writer, size_t column, const int32_t *value) {
    add_cell(&writer->parts[column], value, sizeof *value);
}

/* Of a list 0 says that there is none, 1 that it is empty, 2 that there is an item. */
void mos_parquet_list(mos_parquet_writer *writer, size_t column, const void *values, size_t count) {
    column_part *part = &writer->parts[column];
    add_levels(&part->again, 0, 1);
    if (values == NULL || count == 0) {
        add_levels(&part->there, values != NULL, 1);
        part->entries++;
        return;
    }
    if (count > 1) add_levels(&part->again, 1, count - 1);
    add_levels(&part->there, 2, count);
    part->entries += count;
    if (writer->columns[column].kind != MOS_PARQUET_INT8S) {
        mos_text_add_bytes(&part->values, values, count * storage_of(writer, column)->bytes);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const int32_t value = ((const int8_t *)values)[i];
        mos_text_add_bytes(&part->values, &value, sizeof value);
    }
}

/* ---- pages ---- */

static mosaic_status put(mos_parquet_writer *writer, const void *bytes, size_t size) {
    if (size > 0 && fwrite(bytes, size, 1, writer->file.stream) != 1)
        return mos_fail_errno("write", writer->file.path);
    writer->written += size;
    return MOSAIC_OK;
}

static mosaic_status pack(const mos_text *plain, mos_text *out) {
    enum { GZIP_WINDOW = 15 + 16 };
    z_stream stream = {0};
    uint8_t part[1 << 14];
    int code;
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return mos_fail_memory(plain->size, "gzip");
    memcpy(&stream.next_in, &plain->data, sizeof stream.next_in); /* zlib's pointer is not const */
    stream.avail_in = (uInt)plain->size;
    do {
        stream.next_out = part;
        stream.avail_out = sizeof part;
        code = deflate(&stream, Z_FINISH);
        mos_text_add_bytes(out, part, sizeof part - stream.avail_out);
    } while (code == Z_OK);
    (void)deflateEnd(&stream);
    if (code != Z_STREAM_END) return mos_fail(MOSAIC_ERR_RUNTIME, "gzip failed with %d", code);
    return out->failed ? mos_fail_memory(out->size, "a page") : MOSAIC_OK;
}

static void add_block(mos_text *page, levels *from) {
    end_run(from);
    add_size(page, from->runs.size);
    mos_text_add_bytes(page, from->runs.data, from->runs.size);
}

static void make_header(const chunk *own, mos_text *out) {
    mos_thrift_writer thrift = {.out = out};
    mos_thrift_open(&thrift, 0);
    mos_thrift_put_i32(&thrift, 1, 0); /* a data page */
    mos_thrift_put_i32(&thrift, 2, (int32_t)own->plain_bytes);
    mos_thrift_put_i32(&thrift, 3, (int32_t)own->stored_bytes);
    mos_thrift_open(&thrift, 5);
    mos_thrift_put_i32(&thrift, 1, (int32_t)own->entries);
    mos_thrift_put_i32(&thrift, 2, PLAIN);
    mos_thrift_put_i32(&thrift, 3, RLE);
    mos_thrift_put_i32(&thrift, 4, RLE);
    mos_thrift_close(&thrift);
    mos_thrift_close(&thrift);
}

static void empty(column_part *part) {
    mos_text *const texts[] = {&part->values, &part->there.runs, &part->again.runs};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        texts[i]->size = 0; /* the room is kept */
    part->entries = 0;
}

static mosaic_status write_chunk(mos_parquet_writer *writer, size_t column, chunk *out) {
    const struct storage *storage = storage_of(writer, column);
    column_part *part = &writer->parts[column];
    mos_text page = {0}, packed = {0}, header = {0};
    mosaic_status status = MOSAIC_OK;
    if (storage->list) add_block(&page, &part->again);
    add_block(&page, &part->there);
    mos_text_add_bytes(&page, part->values.data, part->values.size);
    if (page.failed || part->values.failed || part->there.runs.failed || part->again.runs.failed)
        MOS_GOTO(mos_fail_memory(page.size, "a page"));
    if (page.size > INT32_MAX || part->entries > INT32_MAX)
        MOS_GOTO(mos_fail(MOSAIC_ERR_UNSUPPORTED, "%s: a row of %zu bytes", writer->file.path,
                          page.size));
    if (storage->codec == GZIP) MOS_GOTO(pack(&page, &packed));
    const mos_text *stored = storage->codec == GZIP ? &packed : &page;
    *out = (chunk){writer->written, page.size, stored->size, part->entries};
    make_header(out, &header);
    if (header.failed) MOS_GOTO(mos_fail_memory(header.size, "a page"));
    MOS_GOTO(put(writer, header.data, header.size));
    MOS_GOTO(put(writer, stored->data, stored->size));
    out->plain_bytes += header.size; /* chunks count the headers of their pages */
    out->stored_bytes += header.size;
    empty(part);
done:
    mos_text_release(&page);
    mos_text_release(&packed);
    mos_text_release(&header);
    return status;
}

static mosaic_status write_group(mos_parquet_writer *writer) {
    const size_t group = writer->groups;
    if (writer->rows == 0) return MOSAIC_OK;
    MOS_TRY(mos_grow(&writer->chunks, &writer->chunk_capacity, (group + 1) * writer->count,
                     sizeof *writer->chunks, "Parquet chunks"));
    MOS_TRY(mos_grow(&writer->group_rows, &writer->group_capacity, group + 1,
                     sizeof *writer->group_rows, "Parquet row groups"));
    for (size_t c = 0; c < writer->count; c++)
        MOS_TRY(write_chunk(writer, c, &writer->chunks[group * writer->count + c]));
    writer->group_rows[group] = writer->rows;
    writer->rows = 0;
    writer->groups++;
    return MOSAIC_OK;
}

mosaic_status mos_parquet_row_end(mos_parquet_writer *writer) {
    size_t bytes = 0;
    writer->rows++;
    for (size_t c = 0; c < writer->count; c++)
        bytes += writer->parts[c].values.size;
    return bytes < GROUP_BYTES ? MOSAIC_OK : write_group(writer);
}

/* ---- the footer ---- */

/* Is this column the first of a struct? */
static bool begins_group(const mos_parquet_writer *writer, size_t c) {
    const char *group = writer->columns[c].group;
    if (group == NULL) return false;
    return c == 0 || writer->columns[c - 1].group == NULL ||
           strcmp(writer->columns[c - 1].group, group) != 0;
}

static size_t members(const mos_parquet_writer *writer, size_t c) {
    size_t count = 1;
    while (c + count < writer->count && writer->columns[c + count].group != NULL &&
           !begins_group(writer, c + count))
        count++;
    return count;
}

/* An element with children and no type, or with a type and no children. */
static void add_group(mos_thrift_writer *thrift, const char *name, int repetition, size_t children,
                      bool list) {
    mos_thrift_open(thrift, 0);
    if (repetition >= 0) mos_thrift_put_i32(thrift, 3, repetition);
    mos_thrift_put_text(thrift, 4, name);
    mos_thrift_put_i32(thrift, 5, (int32_t)children);
    if (list) {
        mos_thrift_put_i32(thrift, 6, LIST);
        mos_thrift_open(thrift, 10);
        mos_thrift_open(thrift, LOGICAL_LIST);
        mos_thrift_close(thrift);
        mos_thrift_close(thrift);
    }
    mos_thrift_close(thrift);
}

static void add_leaf(mos_thrift_writer *thrift, const struct storage *storage, const char *name,
                     int repetition) {
    mos_thrift_open(thrift, 0);
    mos_thrift_put_i32(thrift, 1, (int32_t)storage->physical);
    if ((int)storage->physical == FIXED_BYTES)
        mos_thrift_put_i32(thrift, 2, (int32_t)storage->bytes);
    mos_thrift_put_i32(thrift, 3, repetition);
    mos_thrift_put_text(thrift, 4, name);
    if (storage->converted >= 0) mos_thrift_put_i32(thrift, 6, storage->converted);
    if (storage->logical >= 0) {
        mos_thrift_open(thrift, 10);
        mos_thrift_open(thrift, (int16_t)storage->logical);
        mos_thrift_close(thrift);
        mos_thrift_close(thrift);
    }
    mos_thrift_close(thrift);
}

static void add_schema(const mos_parquet_writer *writer, mos_thrift_writer *thrift) {
    size_t top = 0, all = 1;
    for (size_t c = 0; c < writer->count; c++) {
        const bool first = begins_group(writer, c);
        top += first || writer->columns[c].group == NULL;
        all += 1 + (size_t)first + (storage_of(writer, c)->list ? 2 : 0);
    }
    mos_thrift_put_list(thrift, 2, MOS_THRIFT_STRUCT, all);
    add_group(thrift, "schema", -1, top, false);
    for (size_t c = 0; c < writer->count; c++) {
        const struct storage *storage = storage_of(writer, c);
        const char *name = writer->columns[c].name;
        if (begins_group(writer, c))
            add_group(thrift, writer->columns[c].group, REQUIRED, members(writer, c), false);
        if (!storage->list) {
            add_leaf(thrift, storage, name, OPTIONAL);
            continue;
        }
        add_group(thrift, name, OPTIONAL, 1, true);
        add_group(thrift, "list", REPEATED, 1, false);
        add_leaf(thrift, storage, "element", REQUIRED);
    }
}

static void add_chunk(const mos_parquet_writer *writer, size_t c, const chunk *own,
                      mos_thrift_writer *thrift) {
    const struct storage *storage = storage_of(writer, c);
    const mos_parquet_column *column = &writer->columns[c];
    mos_thrift_open(thrift, 0);
    mos_thrift_put_i64(thrift, 2, (int64_t)own->offset);
    mos_thrift_open(thrift, 3);
    mos_thrift_put_i32(thrift, 1, (int32_t)storage->physical);
    mos_thrift_put_list(thrift, 2, MOS_THRIFT_I32, 2);
    mos_thrift_item_i32(thrift, PLAIN);
    mos_thrift_item_i32(thrift, RLE);
    mos_thrift_put_list(thrift, 3, MOS_THRIFT_BINARY,
                        storage->list           ? 3
                        : column->group != NULL ? 2
                                                : 1);
    if (column->group != NULL) mos_thrift_item_text(thrift, column->group);
    mos_thrift_item_text(thrift, column->name);
    if (storage->list) {
        mos_thrift_item_text(thrift, "list");
        mos_thrift_item_text(thrift, "element");
    }
    mos_thrift_put_i32(thrift, 4, storage->codec);
    mos_thrift_put_i64(thrift, 5, (int64_t)own->entries);
    mos_thrift_put_i64(thrift, 6, (int64_t)own->plain_bytes);
    mos_thrift_put_i64(thrift, 7, (int64_t)own->stored_bytes);
    mos_thrift_put_i64(thrift, 9, (int64_t)own->offset);
    mos_thrift_close(thrift);
    mos_thrift_close(thrift);
}

static void add_groups(const mos_parquet_writer *writer, mos_thrift_writer *thrift) {
    mos_thrift_put_list(thrift, 4, MOS_THRIFT_STRUCT, writer->groups);
    for (size_t g = 0; g < writer->groups; g++) {
        const chunk *chunks = writer->chunks + g * writer->count;
        uint64_t bytes = 0;
        mos_thrift_open(thrift, 0);
        mos_thrift_put_list(thrift, 1, MOS_THRIFT_STRUCT, writer->count);
        for (size_t c = 0; c < writer->count; c++) {
            add_chunk(writer, c, &chunks[c], thrift);
            bytes += chunks[c].plain_bytes;
        }
        mos_thrift_put_i64(thrift, 2, (int64_t)bytes);
        mos_thrift_put_i64(thrift, 3, writer->group_rows[g]);
        mos_thrift_close(thrift);
    }
}

static void make_footer(const mos_parquet_writer *writer, mos_text *out) {
    mos_thrift_writer thrift = {.out = out};
    int64_t rows = 0;
    size_t pairs = 0;
    for (size_t g = 0; g < writer->groups; g++)
        rows += writer->group_rows[g];
    while (writer->keys != NULL && writer->keys[2 * pairs] != NULL)
        pairs++;
    mos_thrift_open(&thrift, 0);
    mos_thrift_put_i32(&thrift, 1, 1);
    add_schema(writer, &thrift);
    mos_thrift_put_i64(&thrift, 3, rows);
    add_groups(writer, &thrift);
    mos_thrift_put_list(&thrift, 5, MOS_THRIFT_STRUCT, pairs);
    for (size_t i = 0; i < pairs; i++) {
        mos_thrift_open(&thrift, 0);
        mos_thrift_put_text(&thrift, 1, writer->keys[2 * i]);
        mos_thrift_put_text(&thrift, 2, writer->keys[2 * i + 1]);
        mos_thrift_close(&thrift);
    }
    mos_thrift_put_text(&thrift, 6, "mosaic");
    mos_thrift_close(&thrift);
    add_size(out, out->size);
    mos_text_add(out, "PAR1");
}

/* ---- the whole ---- */

mosaic_status mos_parquet_create(const char *path, const mos_parquet_column *columns, size_t count,
                                 const char *const *keys, mos_parquet_writer **out) {
    mos_parquet_writer *writer;
    mosaic_status status;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *writer, "a Parquet file", &writer));
    writer->columns = columns;
    writer->count = count;
    writer->keys = keys;
    MOS_GOTO(mos_alloc(count, sizeof *writer->parts, "columns", &writer->parts));
    MOS_GOTO(mos_atomic_open(&writer->file, path));
    MOS_GOTO(put(writer, "PAR1", 4));
done:
    if (status == MOSAIC_OK)
        *out = writer;
    else
        mos_parquet_abandon(&writer);
    return status;
}

mosaic_status mos_parquet_finish(mos_parquet_writer **pointer) {
    mos_parquet_writer *writer = *pointer;
    mos_text footer = {0};
    mosaic_status status;
    MOS_GOTO(write_group(writer));
    make_footer(writer, &footer);
    if (footer.failed) MOS_GOTO(mos_fail_memory(footer.size, "a footer"));
    MOS_GOTO(put(writer, footer.data, footer.size));
    status = mos_atomic_commit(&writer->file);
done:
    mos_text_release(&footer);
    mos_parquet_abandon(pointer);
    return status;
}

void mos_parquet_abandon(mos_parquet_writer **pointer) {
    mos_parquet_writer *writer = *pointer;
    if (writer == NULL) return;
    for (size_t c = 0; writer->parts != NULL && c < writer->count; c++) {
        mos_text_release(&writer->parts[c].values);
        mos_text_release(&writer->parts[c].there.runs);
        mos_text_release(&writer->parts[c].again.runs);
    }
    mos_free(writer->parts);
    mos_free(writer->chunks);
    mos_free(writer->group_rows);
    mos_atomic_abort(&writer->file);
    mos_free(writer);
    *pointer = NULL;
}
