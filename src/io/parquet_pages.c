#include "io/parquet_pages.h"

#include "io/file_map.h"
#include "io/thrift_compact.h"

#include <snappy-c.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { CODEC_NONE = 0, CODEC_SNAPPY = 1, CODEC_GZIP = 2, CODEC_ZSTD = 6 };
/* Writers keep pages near 1 MB; DuckDB writes one page a row group, of at most 100 MB. */
enum { MAX_PAGE_BYTES = 256 << 20 };

static const char *codec_name(int codec) {
    static const char *const names[] = {"none",   "Snappy", "GZIP", "LZO",
                                        "Brotli", "LZ4",    "ZSTD", "LZ4_RAW"};
    return codec >= 0 && codec < (int)(sizeof names / sizeof *names) ? names[codec] : "unknown";
}

/* The most bytes `stored` compressed ones can stand for: Snappy copies 64 bytes by 2, deflate 258
 * by 2 bits, a ZSTD block of 4 bytes repeats one byte 128 Ki times. */
static uint64_t most_unpacked(int codec, uint64_t stored) {
    switch (codec) {
    case CODEC_SNAPPY:
        return 64 * stored;
    case CODEC_GZIP:
        return 1040 * stored + 64;
    case CODEC_ZSTD:
        return 32768 * stored + (128 << 10);
    default:
        return stored;
    }
}

/* A size or count that must lie in [0, INT32_MAX]. */
static uint32_t read_count(mos_thrift *thrift, int type) {
    int32_t value = mos_thrift_i32(thrift, type);
    if (value < 0) thrift->bad = true;
    return thrift->bad ? 0 : (uint32_t)value;
}

/* DataPageHeader, DictionaryPageHeader and DataPageHeaderV2 share their first field. */
static void read_inner_header(mos_thrift *thrift, int kind, mos_page *page) {
    mos_thrift_field field = {0};
    const int encoding_id = kind == MOS_PAGE_DATA_V2 ? 4 : 2;
    while (mos_thrift_next(thrift, &field)) {
        if (field.id == 1) {
            page->values = read_count(thrift, field.type);
        } else if (field.id == encoding_id) {
            page->encoding = mos_thrift_i32(thrift, field.type);
        } else if (kind == MOS_PAGE_DATA && (field.id == 3 || field.id == 4)) {
            int encoding = mos_thrift_i32(thrift, field.type);
            if (encoding != MOS_ENCODING_RLE) page->level_encoding = encoding;
        } else if (kind == MOS_PAGE_DATA_V2 && field.id == 5) {
            page->def_bytes = read_count(thrift, field.type);
        } else if (kind == MOS_PAGE_DATA_V2 && field.id == 6) {
            page->rep_bytes = read_count(thrift, field.type);
        } else if (kind == MOS_PAGE_DATA_V2 && field.id == 7) {
            page->compressed = mos_thrift_bool(thrift, field.type);
        } else {
            mos_thrift_skip(thrift, field.type);
        }
    }
}

/* PageHeader; *sum is the body's CRC-32 where the writer left one, else -1. */
static void read_header(mos_thrift *thrift, mos_page *page, int64_t *sum) {
    mos_thrift_field field = {0};
    bool seen[4] = {false};
    *page = (mos_page){
        .type = -1, .encoding = -1, .level_encoding = MOS_ENCODING_RLE, .compressed = true};
    *sum = -1;
    while (mos_thrift_next(thrift, &field)) {
        int inner = field.id == 5   ? MOS_PAGE_DATA
                    : field.id == 7 ? MOS_PAGE_DICTIONARY
                    : field.id == 8 ? MOS_PAGE_DATA_V2
                                    : -1;
        if (field.id == 1) {
            page->type = mos_thrift_i32(thrift, field.type);
        } else if (field.id == 2) {
            page->unpacked_bytes = read_count(thrift, field.type);
        } else if (field.id == 3) {
            page->stored_bytes = read_count(thrift, field.type);
        } else if (field.id == 4) {
            *sum = (int64_t)(uint32_t)mos_thrift_i32(thrift, field.type);
        } else if (inner >= 0 && field.type == MOS_THRIFT_STRUCT) {
            read_inner_header(thrift, inner, page);
            seen[inner] = true;
        } else {
            mos_thrift_skip(thrift, field.type);
        }
    }
    if (page->type < 0 || page->type > MOS_PAGE_DATA_V2 ||
        (page->type != MOS_PAGE_INDEX && !seen[page->type]))
        thrift->bad = true;
    if (page->type != MOS_PAGE_DATA_V2) { /* nothing of another kind's header may count */
        page->rep_bytes = page->def_bytes = 0;
        page->compressed = true;
    }
}

static mosaic_status check_sizes(const mos_page *page, int codec) {
    if (page->unpacked_bytes > MAX_PAGE_BYTES)
        return mos_fail(MOSAIC_ERR_DATA, "page of %u bytes, at most %d are read",
                        page->unpacked_bytes, MAX_PAGE_BYTES);
    uint64_t levels = (uint64_t)page->rep_bytes + page->def_bytes;
    if (levels > page->stored_bytes || levels > page->unpacked_bytes)
        return mos_fail(MOSAIC_ERR_DATA, "page levels of %llu bytes in a page of %u",
                        (unsigned long long)levels, page->stored_bytes);
    if (!page->compressed) codec = CODEC_NONE;
    if (page->unpacked_bytes - levels > most_unpacked(codec, page->stored_bytes - levels))
        return mos_fail(MOSAIC_ERR_DATA, "page claims %u bytes out of %u (compression: %s)",
                        page->unpacked_bytes, page->stored_bytes, codec_name(codec));
    return MOSAIC_OK;
}

mosaic_status mos_page_next(mos_page_cursor *cursor, mos_page *page, bool *found) {
    *found = false;
    while (cursor->at < cursor->end) {
        mos_thrift thrift = {.at = cursor->at, .end = cursor->end};
        int64_t sum;
        read_header(&thrift, page, &sum);
        if (thrift.bad) return mos_fail(MOSAIC_ERR_DATA, "page header is damaged");
        if (page->stored_bytes > (size_t)(thrift.end - thrift.at))
            return mos_fail(MOSAIC_ERR_DATA, "page of %u bytes, %zu are left in its chunk",
                            page->stored_bytes, (size_t)(thrift.end - thrift.at));
        page->body = thrift.at;
        cursor->at = thrift.at + page->stored_bytes;
        if (page->type == MOS_PAGE_INDEX) continue;
        if (sum >= 0 && (int64_t)crc32_z(0, page->body, page->stored_bytes) != sum)
            return mos_fail(MOSAIC_ERR_DATA, "page does not match its checksum");
        *found = true;
        return check_sizes(page, cursor->codec);
    }
    return MOSAIC_OK;
}

static bool unpack_gzip(const uint8_t *from, size_t from_bytes, uint8_t *to, size_t to_bytes) {
    z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 32) != Z_OK) return false; /* 32: gzip or zlib frame */
    uint8_t *input;
    memcpy(&input, &from, sizeof input); /* zlib's next_in lacks const */
    stream.next_in = input;
    stream.avail_in = (uInt)from_bytes;
    stream.next_out = to;
    stream.avail_out = (uInt)to_bytes;
    int answer = inflate(&stream, Z_FINISH);
    while (answer == Z_STREAM_END && stream.avail_in > 0 &&
           stream.avail_out > 0) { /* gzip members may follow each other */
        if (inflateReset(&stream) != Z_OK) break;
        answer = inflate(&stream, Z_FINISH);
    }
    bool good = answer == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    return good;
}

static mosaic_status unpack_bytes(int codec, const uint8_t *from, size_t from_bytes, uint8_t *to,
                                  size_t to_bytes) {
    bool good = false;
    size_t length = to_bytes;
    switch (codec) {
    case CODEC_NONE:
        good = from_bytes == to_bytes;
        if (good && to_bytes > 0) memcpy(to, from, to_bytes);
        break;
    case CODEC_SNAPPY:
        good =
            snappy_uncompressed_length((const char *)from, from_bytes, &length) == SNAPPY_OK &&
            length == to_bytes &&
            snappy_uncompress((const char *)from, from_bytes, (char *)to, &length) == SNAPPY_OK &&
            length == to_bytes;
        break;
    case CODEC_GZIP:
        good = unpack_gzip(from, from_bytes, to, to_bytes);
        break;
    case CODEC_ZSTD:
        good = ZSTD_decompress(to, to_bytes, from, from_bytes) == to_bytes;
        break;
    default:
        return mos_fail(MOSAIC_ERR_DATA,
                        "compression %s is not supported (none, Snappy, GZIP and ZSTD are)",
                        codec_name(codec));
    }
    return good ? MOSAIC_OK
                : mos_fail(MOSAIC_ERR_DATA, "page of %zu bytes does not decompress (%s)",
                           from_bytes, codec_name(codec));
}

/* A level stream of a v1 page: u32 length, then RLE data. */
static mosaic_status take_levels(const uint8_t **at, size_t *left, const uint8_t **levels,
                                 size_t *bytes) {
    if (*left < 4) return mos_fail(MOSAIC_ERR_DATA, "page is too short for its levels");
    uint32_t length = mos_load_u32(*at);
    if (length > *left - 4)
        return mos_fail(MOSAIC_ERR_DATA, "levels of %u bytes in a page of %zu", length, *left);
    *levels = *at + 4;
    *bytes = length;
    *at += 4 + (size_t)length;
    *left -= 4 + (size_t)length;
    return MOSAIC_OK;
}

mosaic_status mos_page_unpack(const mos_page *page, int codec, const mos_parquet_field *field,
                              uint8_t *buffer, mos_page_parts *out) {
    *out = (mos_page_parts){0};
    size_t levels = (size_t)page->rep_bytes + page->def_bytes; /* 0 unless v2 */
    size_t left = page->unpacked_bytes - levels, stored = page->stored_bytes - levels;
    if (!page->compressed) codec = CODEC_NONE;
    /* A page without values may leave out its compressed part altogether. */
    if (left > 0 || stored > 0)
        MOS_TRY(unpack_bytes(codec, page->body + levels, stored, buffer, left));
    const uint8_t *at = buffer;
    if (page->type == MOS_PAGE_DATA_V2) {
        out->rep = page->body;
        out->rep_bytes = page->rep_bytes;
        out->def = page->body + page->rep_bytes;
        out->def_bytes = page->def_bytes;
    } else if (page->type == MOS_PAGE_DATA) {
        if (page->level_encoding != MOS_ENCODING_RLE && (field->max_def > 0 || field->max_rep > 0))
            return mos_fail(MOSAIC_ERR_DATA, "level encoding %d is not supported",
                            page->level_encoding);
        if (field->max_rep > 0) MOS_TRY(take_levels(&at, &left, &out->rep, &out->rep_bytes));
        if (field->max_def > 0) MOS_TRY(take_levels(&at, &left, &out->def, &out->def_bytes));
    }
    out->values = at;
    out->value_bytes = left;
    return MOSAIC_OK;
}
