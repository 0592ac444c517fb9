#include "io/parquet_footer.h"

#include "base/memory.h"
#include "io/file_map.h"

#include <string.h>

enum { MAX_ELEMENTS = 1 << 16, MAX_NESTING = 8, MAX_GROUPS = 1 << 20 };
static const uint64_t max_rows = (uint64_t)1 << 31;

enum { REQUIRED = 0, OPTIONAL = 1, REPEATED = 2 };
/* ConvertedType, and the members of the LogicalType union that replaced it. */
enum {
    CONVERTED_UTF8 = 0,
    CONVERTED_MAP = 1,
    CONVERTED_MAP_KEY_VALUE = 2,
    CONVERTED_DECIMAL = 5,
    CONVERTED_UINT_8 = 11,
    CONVERTED_UINT_64 = 14
};
enum { LOGICAL_MAP = 2, LOGICAL_DECIMAL = 5, LOGICAL_INTEGER = 10 };

typedef struct schema_element {
    int physical, repetition, converted, logical; /* -1: absent */
    bool is_unsigned;
    size_t children;
    const char *name;
    size_t name_size;
} schema_element;

static bool read_is_unsigned(mos_thrift *thrift) {
    mos_thrift_field field = {0};
    bool result = false;
    while (mos_thrift_next(thrift, &field)) {
        if (field.id == 2) {
            result = !mos_thrift_bool(thrift, field.type);
        } else {
            mos_thrift_skip(thrift, field.type);
        }
    }
    return result;
}

static schema_element read_element(mos_thrift *thrift) {
    schema_element element = {
        .physical = -1, .repetition = REQUIRED, .converted = -1, .logical = -1, .name = ""};
    mos_thrift_field field = {0}, member = {0};
    while (mos_thrift_next(thrift, &field)) {
        int64_t children;
        switch (field.id) {
        case 1:
            element.physical = mos_thrift_i32(thrift, field.type);
            break;
        case 3:
            element.repetition = mos_thrift_i32(thrift, field.type);
            break;
        case 4:
            element.name = mos_thrift_binary(thrift, field.type, &element.name_size);
            break;
        case 5:
            children = mos_thrift_i32(thrift, field.type);
            if (children < 0 || children > MAX_ELEMENTS) thrift->bad = true;
            element.children = thrift->bad ? 0 : (size_t)children;
            break;
        case 6:
            element.converted = mos_thrift_i32(thrift, field.type);
            element.is_unsigned |=
                element.converted >= CONVERTED_UINT_8 && element.converted <= CONVERTED_UINT_64;
            break;
        case 10:
            if (field.type != MOS_THRIFT_STRUCT) thrift->bad = true;
            member = (mos_thrift_field){0};
            while (mos_thrift_next(thrift, &member)) {
                element.logical = member.id;
                if (member.id == LOGICAL_INTEGER && member.type == MOS_THRIFT_STRUCT) {
                    element.is_unsigned |= read_is_unsigned(thrift);
                } else {
                    mos_thrift_skip(thrift, member.type);
                }
            }
            break;
        default:
            mos_thrift_skip(thrift, field.type);
        }
    }
    return element;
}

/* Elements of the subtree at `index`, itself included; 0 when it does not fit. Counts its leaves.
 */
static size_t measure_subtree(const schema_element *elements, size_t count, size_t index, int depth,
                              uint32_t *leaves) {
    if (index >= count || depth > MAX_NESTING * 4) return 0;
    size_t used = 1;
    if (elements[index].children == 0) ++*leaves;
    for (size_t i = 0; i < elements[index].children; i++) {
        size_t part = measure_subtree(elements, count, index + used, depth + 1, leaves);
        if (part == 0) return 0;
        used += part;
    }
    return used;
}

static const char *classify_leaf(const schema_element *leaf, mos_parquet_field *field) {
    if (leaf->converted == CONVERTED_DECIMAL || leaf->logical == LOGICAL_DECIMAL) return "decimal";
    switch (leaf->physical) {
    case MOS_PARQUET_BOOLEAN:
        field->type = MOS_COLUMN_BOOL;
        break;
    case MOS_PARQUET_INT32:
    case MOS_PARQUET_INT64:
        field->type = MOS_COLUMN_INT;
        break;
    case MOS_PARQUET_FLOAT:
    case MOS_PARQUET_DOUBLE:
        field->type = MOS_COLUMN_REAL;
        break;
    case MOS_PARQUET_BYTE_ARRAY:
        field->type = MOS_COLUMN_TEXT;
        break;
    case 3:
        return "INT96";
    case 7:
        return "fixed-length bytes";
    default:
        return "a type unknown to this reader";
    }
    field->physical = leaf->physical;
    field->is_unsigned = leaf->is_unsigned;
    return NULL;
}

/* A column is a leaf, or a chain of one-child groups down to a leaf with one repeated element in
 * it: that covers the three-level list, the two-level lists of old writers, and a bare repeated
 * leaf. Levels count what is optional or repeated on the way. */
static const char *classify_field(const schema_element *elements, size_t index,
                                  mos_parquet_field *field) {
    const schema_element *at = &elements[index];
    for (int depth = 0;; depth++, at++) {
        if (depth > MAX_NESTING) return "nested too deeply";
        if (at->converted == CONVERTED_MAP || at->converted == CONVERTED_MAP_KEY_VALUE ||
            at->logical == LOGICAL_MAP)
            return "a map";
        if (at->repetition != REQUIRED) field->max_def++;
        if (at->repetition == REPEATED) {
            field->max_rep++;
            field->item_def = field->max_def;
        }
        if (depth == 0) field->row_def = at->repetition == OPTIONAL ? 1 : 0;
        if (at->children == 0) break;
        if (at->children > 1)
            return field->max_rep > 0 || at->converted == 3 ? "a list of structs" : "a struct";
    }
    if (field->max_rep > 1) return "a list of lists";
    if (field->max_rep == 0 && at != &elements[index]) return "a struct";
    const char *why = classify_leaf(at, field);
    if (why != NULL || field->max_rep == 0) return why;
    if (field->type != MOS_COLUMN_TEXT) return "a list of something other than text";
    field->type = MOS_COLUMN_TEXT_LIST;
    return NULL;
}

static mosaic_status build_fields(const schema_element *elements, size_t count,
                                  mos_parquet_footer *out) {
    if (count == 0) return mos_fail(MOSAIC_ERR_DATA, "no schema");
    MOS_TRY(mos_alloc(elements[0].children, sizeof *out->fields, "Parquet columns", &out->fields));
    size_t index = 1;
    uint32_t leaf = 0;
    for (size_t i = 0; i < elements[0].children; i++) {
        mos_parquet_field *field = &out->fields[i];
        size_t used = measure_subtree(elements, count, index, 0, &field->leaves);
        if (used == 0) return mos_fail(MOSAIC_ERR_DATA, "schema is cut short or nested too deeply");
        const schema_element *element = &elements[index];
        if (element->name_size >= sizeof field->name ||
            memchr(element->name, '\0', element->name_size) != NULL)
            return mos_fail(MOSAIC_ERR_DATA,
                            "column %zu has a name of %zu bytes (at most %zu) or with a NUL", i,
                            element->name_size, sizeof field->name - 1);
        memcpy(field->name, element->name, element->name_size);
        field->leaf = leaf;
        field->unsupported = classify_field(elements, index, field);
        leaf += field->leaves;
        index += used;
        out->field_count++;
    }
    out->leaf_count = leaf;
    return index == count
               ? MOSAIC_OK
               : mos_fail(MOSAIC_ERR_DATA, "schema has %zu elements too many", count - index);
}

static mosaic_status read_schema(mos_thrift *thrift, int type, mos_parquet_footer *out) {
    size_t count = mos_thrift_list(thrift, type, MOS_THRIFT_STRUCT);
    if (thrift->bad || count > MAX_ELEMENTS || out->fields != NULL)
        return mos_fail(MOSAIC_ERR_DATA, "schema is damaged or has more than %d elements",
                        MAX_ELEMENTS);
    schema_element *elements;
    MOS_TRY(mos_alloc(count, sizeof *elements, "Parquet schema", &elements));
    for (size_t i = 0; i < count && !thrift->bad; i++)
        elements[i] = read_element(thrift);
    mosaic_status status = thrift->bad ? mos_fail(MOSAIC_ERR_DATA, "schema is damaged")
                                       : build_fields(elements, count, out);
    mos_free(elements);
    return status;
}

static mosaic_status read_file_metadata(mos_thrift *thrift, mos_parquet_footer *out) {
    mos_thrift_field field = {0};
    int64_t rows = -1;
    while (mos_thrift_next(thrift, &field)) {
        switch (field.id) {
        case 2:
            MOS_TRY(read_schema(thrift, field.type, out));
            break;
        case 3:
            rows = mos_thrift_integer(thrift, field.type);
            break;
        case 4:
            if (field.type != MOS_THRIFT_LIST)
                return mos_fail(MOSAIC_ERR_DATA, "row groups are damaged");
            out->groups = *thrift;
            mos_thrift_skip(thrift, field.type);
            out->groups.end = thrift->at;
            break;
        default:
            mos_thrift_skip(thrift, field.type);
        }
    }
    if (thrift->bad) return mos_fail(MOSAIC_ERR_DATA, "footer is damaged");
    if (out->fields == NULL || out->groups.at == NULL || rows < 0)
        return mos_fail(MOSAIC_ERR_DATA, "footer lacks schema, row groups or row count");
    if ((uint64_t)rows > max_rows)
        return mos_fail(MOSAIC_ERR_DATA, "%lld rows, at most %llu are read", (long long)rows,
                        (unsigned long long)max_rows);
    out->rows = (uint64_t)rows;
    return MOSAIC_OK;
}

mosaic_status mos_parquet_footer_read(const void *data, size_t size, mos_parquet_footer *out) {
    memset(out, 0, sizeof *out);
    const uint8_t *bytes = data;
    if (size < 12 || memcmp(bytes, "PAR1", 4) != 0)
        return mos_fail(MOSAIC_ERR_DATA, "not a Parquet file");
    if (memcmp(bytes + size - 4, "PARE", 4) == 0)
        return mos_fail(MOSAIC_ERR_DATA, "encrypted Parquet is not supported");
    if (memcmp(bytes + size - 4, "PAR1", 4) != 0)
        return mos_fail(MOSAIC_ERR_DATA, "Parquet file is cut short: no footer");
    uint32_t length = mos_load_u32(bytes + size - 8);
    if (length > size - 12)
        return mos_fail(MOSAIC_ERR_DATA, "Parquet footer of %u bytes in a file of %zu", length,
                        size);
    out->data_bytes = size - 8 - length;
    mos_thrift thrift = {.at = bytes + out->data_bytes, .end = bytes + size - 8};
    mosaic_status status = read_file_metadata(&thrift, out);
    if (status != MOSAIC_OK) mos_parquet_footer_release(out);
    return status;
}

/* ColumnMetaData. A dictionary page, where there is one, comes first. */
static void read_chunk_metadata(mos_thrift *thrift, mos_parquet_chunk *chunk, int *physical) {
    mos_thrift_field field = {0};
    int64_t values = -1, bytes = -1, data_at = -1, dictionary_at = 0;
    chunk->codec = -1;
    while (mos_thrift_next(thrift, &field)) {
        switch (field.id) {
        case 1:
            *physical = mos_thrift_i32(thrift, field.type);
            break;
        case 4:
            chunk->codec = mos_thrift_i32(thrift, field.type);
            break;
        case 5:
            values = mos_thrift_integer(thrift, field.type);
            break;
        case 7:
            bytes = mos_thrift_integer(thrift, field.type);
            break;
        case 9:
            data_at = mos_thrift_integer(thrift, field.type);
            break;
        case 11:
            dictionary_at = mos_thrift_integer(thrift, field.type);
            break;
        default:
            mos_thrift_skip(thrift, field.type);
        }
    }
    if (values == 0) { /* some writers leave the place of nothing open */
        bytes = 0;
        data_at = dictionary_at = 4;
    }
    int64_t at = dictionary_at > 0 && dictionary_at < data_at ? dictionary_at : data_at;
    if (values < 0 || bytes < 0 || at < 4 || chunk->codec < 0) thrift->bad = true;
    if (thrift->bad) return;
    chunk->values = (uint64_t)values;
    chunk->bytes = (uint64_t)bytes;
    chunk->offset = (uint64_t)at;
}

static mosaic_status read_chunk(mos_thrift *thrift, const mos_parquet_footer *footer,
                                const mos_parquet_field *field, mos_parquet_chunk *chunk) {
    mos_thrift_field part = {0};
    int physical = -1;
    bool seen = false;
    while (mos_thrift_next(thrift, &part)) {
        if (part.id == 1)
            return mos_fail(MOSAIC_ERR_DATA, "column \"%s\" lies in another file", field->name);
        if (part.id == 3 && part.type == MOS_THRIFT_STRUCT) {
            read_chunk_metadata(thrift, chunk, &physical);
            seen = true;
        } else {
            mos_thrift_skip(thrift, part.type);
        }
    }
    if (thrift->bad || !seen)
        return mos_fail(MOSAIC_ERR_DATA, "column \"%s\": chunk metadata is damaged", field->name);
    if (physical != field->physical)
        return mos_fail(MOSAIC_ERR_DATA, "column \"%s\": chunk of type %d, the schema says %d",
                        field->name, physical, field->physical);
    if (chunk->offset > footer->data_bytes || chunk->bytes > footer->data_bytes - chunk->offset)
        return mos_fail(MOSAIC_ERR_DATA,
                        "column \"%s\": chunk at byte %llu of %llu bytes reaches beyond the data",
                        field->name, (unsigned long long)chunk->offset,
                        (unsigned long long)chunk->bytes);
    return MOSAIC_OK;
}

/* The chunk list of one row group; chunks[s] for chosen[s]. */
static mosaic_status read_group_chunks(mos_thrift *thrift, int type, mos_parquet_footer *footer,
                                       const size_t *chosen, size_t count,
                                       mos_parquet_chunk *chunks) {
    size_t leaves = mos_thrift_list(thrift, type, MOS_THRIFT_STRUCT);
    if (thrift->bad || leaves != footer->leaf_count)
        return mos_fail(MOSAIC_ERR_DATA, "%zu column chunks for %zu columns", leaves,
                        footer->leaf_count);
    for (size_t leaf = 0; leaf < leaves && !thrift->bad; leaf++) {
        mos_thrift start = *thrift;
        for (size_t s = 0; s < count; s++) {
            const mos_parquet_field *field = &footer->fields[chosen[s]];
            if (field->leaf != leaf) continue;
            *thrift = start; /* a column may be asked for twice */
            MOS_TRY(read_chunk(thrift, footer, field, &chunks[s]));
        }
        if (thrift->at == start.at) mos_thrift_skip(thrift, MOS_THRIFT_STRUCT);
    }
    return MOSAIC_OK;
}

static mosaic_status read_group(mos_thrift *thrift, mos_parquet_footer *footer,
                                const size_t *chosen, size_t count, mos_parquet_chunk *chunks,
                                uint64_t *rows) {
    mos_thrift_field field = {0};
    int64_t found = -1;
    bool seen = false;
    while (mos_thrift_next(thrift, &field)) {
        if (field.id == 1) {
            MOS_TRY(read_group_chunks(thrift, field.type, footer, chosen, count, chunks));
            seen = true;
        } else if (field.id == 3) {
            found = mos_thrift_integer(thrift, field.type);
        } else {
            mos_thrift_skip(thrift, field.type);
        }
    }
    if (thrift->bad || !seen || found < 0) return mos_fail(MOSAIC_ERR_DATA, "damaged");
    *rows = (uint64_t)found;
    return MOSAIC_OK;
}

mosaic_status mos_parquet_chunks_read(mos_parquet_footer *footer, const size_t *chosen,
                                      size_t count) {
    mos_thrift thrift = footer->groups;
    size_t groups = mos_thrift_list(&thrift, MOS_THRIFT_LIST, MOS_THRIFT_STRUCT);
    if (thrift.bad || groups > MAX_GROUPS)
        return mos_fail(MOSAIC_ERR_DATA, "row groups are damaged, or more than %d", MAX_GROUPS);
    /* A list's claim is no more than a byte a group, so the tables grow with what is really read.
     */
    size_t rows_capacity = 0, chunk_capacity = 0;
    uint64_t total = 0;
    for (size_t g = 0; g < groups; g++) {
        MOS_TRY(mos_grow(&footer->group_rows, &rows_capacity, g + 1, sizeof *footer->group_rows,
                         "Parquet row groups"));
        MOS_TRY(mos_grow(&footer->chunks, &chunk_capacity, (g + 1) * count, sizeof *footer->chunks,
                         "Parquet chunks"));
        mos_parquet_chunk *chunks = count > 0 ? footer->chunks + g * count : NULL;
        mosaic_status status =
            read_group(&thrift, footer, chosen, count, chunks, &footer->group_rows[g]);
        if (status != MOSAIC_OK) return mos_context(status, "row group %zu", g);
        if (footer->group_rows[g] > footer->rows - total)
            return mos_fail(MOSAIC_ERR_DATA, "row groups hold more rows than the file's %llu",
                            (unsigned long long)footer->rows);
        total += footer->group_rows[g];
        footer->group_count = g + 1;
    }
    if (total != footer->rows)
        return mos_fail(MOSAIC_ERR_DATA, "row groups hold %llu of %llu rows",
                        (unsigned long long)total, (unsigned long long)footer->rows);
    return MOSAIC_OK;
}

void mos_parquet_footer_release(mos_parquet_footer *footer) {
    mos_free(footer->fields);
    mos_free(footer->group_rows);
    mos_free(footer->chunks);
    memset(footer, 0, sizeof *footer);
}
