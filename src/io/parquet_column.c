#include "io/parquet_column.h"

#include "base/memory.h"
#include "io/file_map.h"
#include "io/parquet_pages.h"
#include "io/rle_reader.h"

#include <string.h>

/* Texts are never copied: pages are decompressed straight into the column's pool, and slices point
 * between the length fields. */
typedef struct column_reader {
    const mos_parquet_field *field;
    mos_column *out;
    mos_parquet_budget *budget;
    uint64_t rows; /* of the column, for lazily made `valid` */
    size_t pool_used;
    uint64_t row, item; /* next to be written */
    uint64_t group_end; /* row after the row group's last */
    uint8_t *scratch;   /* unpacked page of a column without texts */
    size_t scratch_bytes;
    uint8_t *rep, *def; /* levels of a page */
    size_t level_capacity;
    /* The chunk's dictionary: texts, integers or reals. */
    mos_slice *words;
    int64_t *integers;
    double *reals;
    size_t word_capacity, integer_capacity, real_capacity;
    size_t word_count;
    bool has_dictionary;
} column_reader;

/* Sums over all pages, taken from the headers before anything is allocated. */
typedef struct page_totals {
    uint64_t values, text_bytes;
    uint32_t page_bytes, page_values; /* largest */
} page_totals;

static mosaic_status spend(mos_parquet_budget *budget, uint64_t count, uint64_t size) {
    uint64_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > budget->left)
        return mos_fail(MOSAIC_ERR_DATA,
                        "decodes to more than %llu bytes, out of proportion to the file",
                        (unsigned long long)budget->total);
    budget->left -= bytes;
    return MOSAIC_OK;
}

static bool holds_text(const mos_parquet_field *field) {
    return field->type == MOS_COLUMN_TEXT || field->type == MOS_COLUMN_TEXT_LIST;
}

static mosaic_status measure_chunk(const uint8_t *data, const mos_parquet_chunk *chunk,
                                   page_totals *totals) {
    mos_page_cursor cursor = {data + chunk->offset, data + chunk->offset + chunk->bytes,
                              chunk->codec};
    mos_page page;
    bool found;
    uint64_t values = 0;
    for (;;) {
        MOS_TRY(mos_page_next(&cursor, &page, &found));
        if (!found) break;
        totals->text_bytes += page.unpacked_bytes;
        if (page.unpacked_bytes > totals->page_bytes) totals->page_bytes = page.unpacked_bytes;
        if (page.type == MOS_PAGE_DICTIONARY) continue;
        values += page.values;
        if (page.values > totals->page_values) totals->page_values = page.values;
    }
    if (values != chunk->values)
        return mos_fail(MOSAIC_ERR_DATA, "pages hold %llu values, the footer says %llu",
                        (unsigned long long)values, (unsigned long long)chunk->values);
    totals->values += values;
    return MOSAIC_OK;
}

static mosaic_status allocate(column_reader *reader, const page_totals *totals) {
    mos_column *out = reader->out;
    const mos_parquet_field *field = reader->field;
    size_t rows = (size_t)reader->rows;
    bool list = field->type == MOS_COLUMN_TEXT_LIST;
    if (!list && totals->values != reader->rows)
        return mos_fail(MOSAIC_ERR_DATA, "%llu values for %zu rows",
                        (unsigned long long)totals->values, rows);
    if (list && totals->values > UINT32_MAX)
        return mos_fail(MOSAIC_ERR_DATA, "%llu list items, at most 4294967295 are read",
                        (unsigned long long)totals->values);
    if (field->max_def > 0 || field->max_rep > 0) {
        MOS_TRY(spend(reader->budget, totals->page_values, 2));
        MOS_TRY(mos_alloc(totals->page_values, 1, "Parquet levels", &reader->rep));
        MOS_TRY(mos_alloc(totals->page_values, 1, "Parquet levels", &reader->def));
    }
    if (holds_text(field)) {
        if (totals->text_bytes > UINT32_MAX)
            return mos_fail(MOSAIC_ERR_DATA, "%llu bytes of text, at most 4294967295 are read",
                            (unsigned long long)totals->text_bytes);
        MOS_TRY(spend(reader->budget, totals->text_bytes, 1));
        MOS_TRY(mos_alloc((size_t)totals->text_bytes, 1, "Parquet texts", &out->pool));
        out->pool_size = (size_t)totals->text_bytes;
        MOS_TRY(spend(reader->budget, totals->values, sizeof *out->texts));
        MOS_TRY(
            mos_alloc((size_t)totals->values, sizeof *out->texts, "Parquet texts", &out->texts));
        if (!list) return MOSAIC_OK;
        MOS_TRY(spend(reader->budget, reader->rows + 1, sizeof *out->starts));
        return mos_alloc(rows + 1, sizeof *out->starts, "Parquet lists", &out->starts);
    }
    MOS_TRY(spend(reader->budget, totals->page_bytes, 1));
    MOS_TRY(mos_alloc(totals->page_bytes, 1, "Parquet page", &reader->scratch));
    MOS_TRY(spend(reader->budget, reader->rows, 8));
    if (field->type == MOS_COLUMN_REAL)
        return mos_alloc(rows, sizeof *out->reals, "Parquet column", &out->reals);
    return mos_alloc(rows, sizeof *out->integers, "Parquet column", &out->integers);
}

/* PLAIN texts: u32 length, bytes. */
static mosaic_status plain_texts(const column_reader *reader, const mos_page_parts *parts,
                                 mos_slice *out, size_t count) {
    size_t at = 0, base = (size_t)(parts->values - (const uint8_t *)reader->out->pool);
    for (size_t i = 0; i < count; i++) {
        if (parts->value_bytes - at < 4)
            return mos_fail(MOSAIC_ERR_DATA, "page ends at text %zu of %zu", i, count);
        uint32_t size = mos_load_u32(parts->values + at);
        at += 4;
        if (size > parts->value_bytes - at)
            return mos_fail(MOSAIC_ERR_DATA, "text %zu of %u bytes, %zu are left in its page", i,
                            size, parts->value_bytes - at);
        out[i] = (mos_slice){(uint32_t)(base + at), size};
        at += size;
    }
    return MOSAIC_OK;
}

static mosaic_status plain_integers(const mos_parquet_field *field, const mos_page_parts *parts,
                                    int64_t *out, size_t count) {
    size_t bytes = field->physical == MOS_PARQUET_INT64 ? 8 : 4;
    if (parts->value_bytes / bytes < count)
        return mos_fail(MOSAIC_ERR_DATA, "page ends before %zu integers", count);
    for (size_t i = 0; i < count; i++) {
        if (bytes == 4) {
            uint32_t value = mos_load_u32(parts->values + 4 * i);
            out[i] = field->is_unsigned ? (int64_t)value : (int32_t)value;
        } else {
            uint64_t value = mos_load_u64(parts->values + 8 * i);
            if (field->is_unsigned && value > INT64_MAX)
                return mos_fail(MOSAIC_ERR_DATA, "unsigned value %llu is too large for this reader",
                                (unsigned long long)value);
            out[i] = (int64_t)value;
        }
    }
    return MOSAIC_OK;
}

static mosaic_status plain_reals(const mos_parquet_field *field, const mos_page_parts *parts,
                                 double *out, size_t count) {
    size_t bytes = field->physical == MOS_PARQUET_DOUBLE ? 8 : 4;
    if (parts->value_bytes / bytes < count)
        return mos_fail(MOSAIC_ERR_DATA, "page ends before %zu numbers", count);
    if (bytes == 8) {
        if (count > 0) memcpy(out, parts->values, 8 * count);
        return MOSAIC_OK;
    }
    for (size_t i = 0; i < count; i++) {
        float value;
        memcpy(&value, parts->values + 4 * i, 4);
        out[i] = (double)value;
    }
    return MOSAIC_OK;
}

/* Booleans: PLAIN is a bit each; RLE has a u32 length before it. */
static mosaic_status read_booleans(int encoding, const mos_page_parts *parts, int64_t *out,
                                   size_t count) {
    if (encoding == MOS_ENCODING_PLAIN) {
        if (parts->value_bytes < (count + 7) / 8)
            return mos_fail(MOSAIC_ERR_DATA, "page ends before %zu booleans", count);
        for (size_t i = 0; i < count; i++)
            out[i] = mos_bit_at(parts->values, i);
        return MOSAIC_OK;
    }
    if (count == 0) return MOSAIC_OK;
    if (parts->value_bytes < 4 || mos_load_u32(parts->values) > parts->value_bytes - 4)
        return mos_fail(MOSAIC_ERR_DATA, "page is too short for its booleans");
    mos_rle rle;
    mos_rle_init(&rle, parts->values + 4, mos_load_u32(parts->values), 1);
    uint8_t chunk[1024];
    for (size_t i = 0; i < count;) {
        size_t part = count - i < sizeof chunk ? count - i : sizeof chunk;
        if (!mos_rle_read_u8(&rle, chunk, part))
            return mos_fail(MOSAIC_ERR_DATA, "page ends before %zu booleans", count);
        for (size_t j = 0; j < part; j++)
            out[i++] = chunk[j] & 1;
    }
    return MOSAIC_OK;
}

/* Dictionary indices: one byte of bit width, then RLE to the end. */
static mosaic_status read_indices(const column_reader *reader, const mos_page_parts *parts,
                                  size_t at, size_t count) {
    if (!reader->has_dictionary)
        return mos_fail(MOSAIC_ERR_DATA, "page needs a dictionary, its chunk has none");
    if (count == 0) return MOSAIC_OK;
    if (parts->value_bytes == 0 || parts->values[0] > 32)
        return mos_fail(MOSAIC_ERR_DATA, "dictionary indices are damaged");
    mos_rle rle;
    mos_rle_init(&rle, parts->values + 1, parts->value_bytes - 1, parts->values[0]);
    mos_column *out = reader->out;
    uint32_t index[1024];
    while (count > 0) {
        size_t part = count < sizeof index / sizeof *index ? count : sizeof index / sizeof *index;
        if (!mos_rle_read(&rle, index, part))
            return mos_fail(MOSAIC_ERR_DATA, "page ends before its dictionary indices");
        for (size_t i = 0; i < part; i++)
            if (index[i] >= reader->word_count)
                return mos_fail(MOSAIC_ERR_DATA, "index %u into a dictionary of %zu", index[i],
                                reader->word_count);
        for (size_t i = 0; i < part; i++) {
            if (out->texts != NULL) {
                out->texts[at + i] = reader->words[index[i]];
            } else if (out->reals != NULL) {
                out->reals[at + i] = reader->reals[index[i]];
            } else {
                out->integers[at + i] = reader->integers[index[i]];
            }
        }
        at += part;
        count -= part;
    }
    return MOSAIC_OK;
}

/* `count` values, nulls left out, to element `at` of the column. */
static mosaic_status read_values(const column_reader *reader, const mos_page *page,
                                 const mos_page_parts *parts, size_t at, size_t count) {
    mos_column *out = reader->out;
    const mos_parquet_field *field = reader->field;
    bool boolean = field->type == MOS_COLUMN_BOOL;
    if (boolean && (page->encoding == MOS_ENCODING_PLAIN || page->encoding == MOS_ENCODING_RLE))
        return read_booleans(page->encoding, parts, out->integers + at, count);
    if (page->encoding == MOS_ENCODING_PLAIN) {
        if (holds_text(field)) return plain_texts(reader, parts, out->texts + at, count);
        if (field->type == MOS_COLUMN_REAL)
            return plain_reals(field, parts, out->reals + at, count);
        return plain_integers(field, parts, out->integers + at, count);
    }
    if (!boolean && (page->encoding == MOS_ENCODING_PLAIN_DICTIONARY ||
                     page->encoding == MOS_ENCODING_RLE_DICTIONARY))
        return read_indices(reader, parts, at, count);
    return mos_fail(MOSAIC_ERR_DATA,
                    "page encoding %d is not supported (PLAIN, RLE and RLE_DICTIONARY are)",
                    page->encoding);
}

static mosaic_status read_dictionary(column_reader *reader, const mos_page *page,
                                     const mos_page_parts *parts) {
    const mos_parquet_field *field = reader->field;
    size_t count = page->values;
    if (page->encoding != MOS_ENCODING_PLAIN && page->encoding != MOS_ENCODING_PLAIN_DICTIONARY)
        return mos_fail(MOSAIC_ERR_DATA, "dictionary encoding %d is not supported", page->encoding);
    /* Every entry takes four bytes at least: a larger count is refused before it is allocated. */
    if (reader->has_dictionary || field->type == MOS_COLUMN_BOOL || count > parts->value_bytes / 4)
        return mos_fail(MOSAIC_ERR_DATA,
                        "dictionary page of %zu entries in %zu bytes, or a second one", count,
                        parts->value_bytes);
    reader->has_dictionary = true;
    reader->word_count = count;
    MOS_TRY(spend(reader->budget, count, 8));
    if (holds_text(field)) {
        MOS_TRY(mos_grow(&reader->words, &reader->word_capacity, count, sizeof *reader->words,
                         "Parquet dictionary"));
        return plain_texts(reader, parts, reader->words, count);
    }
    if (field->type == MOS_COLUMN_REAL) {
        MOS_TRY(mos_grow(&reader->reals, &reader->real_capacity, count, sizeof *reader->reals,
                         "Parquet dictionary"));
        return plain_reals(field, parts, reader->reals, count);
    }
    MOS_TRY(mos_grow(&reader->integers, &reader->integer_capacity, count, sizeof *reader->integers,
                     "Parquet dictionary"));
    return plain_integers(field, parts, reader->integers, count);
}

static unsigned level_width(unsigned max) {
    unsigned width = 0;
    while (max >> width != 0)
        width++;
    return width;
}

static mosaic_status read_levels(const uint8_t *data, size_t size, unsigned max, uint8_t *out,
                                 size_t count) {
    if (max == 0) return MOSAIC_OK; /* stays as allocated: zero */
    mos_rle rle;
    mos_rle_init(&rle, data, size, level_width(max));
    if (!mos_rle_read_u8(&rle, out, count))
        return mos_fail(MOSAIC_ERR_DATA, "page ends before its %zu levels", count);
    for (size_t i = 0; i < count; i++)
        if (out[i] > max)
            return mos_fail(MOSAIC_ERR_DATA, "level %u above the schema's %u", out[i], max);
    return MOSAIC_OK;
}

static mosaic_status mark_null(column_reader *reader, uint64_t row) {
    if (reader->out->valid == NULL) {
        MOS_TRY(spend(reader->budget, reader->rows, 1));
        MOS_TRY(mos_alloc((size_t)reader->rows, 1, "Parquet nulls", &reader->out->valid));
        memset(reader->out->valid, 1, (size_t)reader->rows);
    }
    reader->out->valid[row] = 0;
    return MOSAIC_OK;
}

/* Move dense values apart so that nulls get their rows; from behind, so that nothing is overwritten
 * early. */
static mosaic_status spread_nulls(column_reader *reader, size_t count, size_t dense) {
    mos_column *out = reader->out;
    size_t row = (size_t)reader->row;
    for (size_t i = count; i-- > 0 && dense != i + 1;) {
        bool there = reader->def[i] == reader->field->max_def;
        size_t from = there ? row + --dense : 0, to = row + i;
        if (out->texts != NULL) {
            out->texts[to] = there ? out->texts[from] : (mos_slice){0, 0};
        } else if (out->reals != NULL) {
            out->reals[to] = there ? out->reals[from] : 0;
        } else {
            out->integers[to] = there ? out->integers[from] : 0;
        }
        if (!there) MOS_TRY(mark_null(reader, to));
    }
    return MOSAIC_OK;
}

static mosaic_status read_flat_page(column_reader *reader, const mos_page *page,
                                    const mos_page_parts *parts) {
    size_t count = page->values, dense = count;
    if (count > reader->group_end - reader->row)
        return mos_fail(MOSAIC_ERR_DATA, "more values than rows");
    if (reader->field->max_def > 0) {
        MOS_TRY(
            read_levels(parts->def, parts->def_bytes, reader->field->max_def, reader->def, count));
        dense = 0;
        for (size_t i = 0; i < count; i++)
            dense += reader->def[i] == reader->field->max_def;
    }
    MOS_TRY(read_values(reader, page, parts, (size_t)reader->row, dense));
    if (dense < count) MOS_TRY(spread_nulls(reader, count, dense));
    reader->row += count;
    return MOSAIC_OK;
}

/* Repetition level 0 starts a row; definition levels say whether the row is null, its list empty,
 * or an item there. */
static mosaic_status read_list_page(column_reader *reader, const mos_page *page,
                                    const mos_page_parts *parts, uint64_t group_begin) {
    const mos_parquet_field *field = reader->field;
    size_t count = page->values;
    MOS_TRY(read_levels(parts->rep, parts->rep_bytes, field->max_rep, reader->rep, count));
    MOS_TRY(read_levels(parts->def, parts->def_bytes, field->max_def, reader->def, count));
    uint64_t first_item = reader->item;
    for (size_t i = 0; i < count; i++) {
        uint8_t def = reader->def[i];
        if (reader->rep[i] == 0) {
            if (reader->row == reader->group_end)
                return mos_fail(MOSAIC_ERR_DATA, "more lists than rows");
            if (def < field->row_def) MOS_TRY(mark_null(reader, reader->row));
            reader->out->starts[reader->row++] = (uint32_t)reader->item;
        } else if (reader->row == group_begin || def < field->item_def) {
            return mos_fail(MOSAIC_ERR_DATA, "list levels are damaged");
        }
        if (def < field->item_def) continue;
        if (def < field->max_def)
            return mos_fail(MOSAIC_ERR_DATA, "null inside the list of row %llu",
                            (unsigned long long)(reader->row - 1));
        reader->item++;
    }
    return read_values(reader, page, parts, (size_t)first_item,
                       (size_t)(reader->item - first_item));
}

static mosaic_status read_page(column_reader *reader, const mos_page *page, int codec,
                               uint64_t group_begin) {
    bool text = holds_text(reader->field);
    uint8_t *buffer = text ? (uint8_t *)reader->out->pool + reader->pool_used : reader->scratch;
    mos_page_parts parts;
    MOS_TRY(mos_page_unpack(page, codec, reader->field, buffer, &parts));
    if (text) reader->pool_used += page->unpacked_bytes;
    if (page->type == MOS_PAGE_DICTIONARY) return read_dictionary(reader, page, &parts);
    if (reader->field->type == MOS_COLUMN_TEXT_LIST)
        return read_list_page(reader, page, &parts, group_begin);
    return read_flat_page(reader, page, &parts);
}

static mosaic_status read_chunk(column_reader *reader, const uint8_t *data,
                                const mos_parquet_chunk *chunk, uint64_t rows) {
    mos_page_cursor cursor = {data + chunk->offset, data + chunk->offset + chunk->bytes,
                              chunk->codec};
    uint64_t begin = reader->row;
    reader->group_end = begin + rows;
    reader->has_dictionary = false;
    mos_page page;
    bool found;
    for (;;) {
        MOS_TRY(mos_page_next(&cursor, &page, &found));
        if (!found) break;
        MOS_TRY(read_page(reader, &page, chunk->codec, begin));
    }
    if (reader->row != reader->group_end)
        return mos_fail(MOSAIC_ERR_DATA, "%llu of %llu rows",
                        (unsigned long long)(reader->row - begin), (unsigned long long)rows);
    return MOSAIC_OK;
}

mosaic_status mos_parquet_column_read(const void *data, const mos_parquet_footer *footer,
                                      const mos_parquet_field *field, size_t slot, size_t slots,
                                      mos_parquet_budget *budget, mos_column *out) {
    column_reader reader = {.field = field, .out = out, .budget = budget, .rows = footer->rows};
    page_totals totals = {0};
    mosaic_status status = MOSAIC_OK;
    memcpy(out->name, field->name, sizeof out->name);
    out->type = field->type;
    size_t group = 0;
    for (; group < footer->group_count; group++)
        MOS_GOTO(measure_chunk(data, &footer->chunks[group * slots + slot], &totals));
    MOS_GOTO(allocate(&reader, &totals));
    for (group = 0; group < footer->group_count; group++)
        MOS_GOTO(read_chunk(&reader, data, &footer->chunks[group * slots + slot],
                            footer->group_rows[group]));
    if (out->starts != NULL) out->starts[footer->rows] = (uint32_t)reader.item;
done:
    mos_free(reader.scratch);
    mos_free(reader.rep);
    mos_free(reader.def);
    mos_free(reader.words);
    mos_free(reader.integers);
    mos_free(reader.reals);
    char shown[100];
    if (status != MOSAIC_OK && group < footer->group_count) {
        status = mos_context(status, "row group %zu", group);
    }
    return mos_context(status, "column \"%s\"",
                       mos_shown_text(field->name, strlen(field->name), shown, sizeof shown));
}
