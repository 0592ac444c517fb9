#include "io/tiff_plain.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <tiffio.h>
#include <zlib.h>

/* libtiff's view of the bytes: a file that cannot be written. */
typedef struct memory_file {
    const unsigned char *data;
    uint64_t size, at;
} memory_file;

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t size) {
    memory_file *file = handle;
    if (size <= 0 || file->at >= file->size) return 0;
    uint64_t left = file->size - file->at, count = (uint64_t)size < left ? (uint64_t)size : left;
    memcpy(out, file->data + file->at, count);
    file->at += count;
    return (tmsize_t)count;
}

static tmsize_t write_nothing(thandle_t handle, void *data, tmsize_t size) {
    (void)handle;
    (void)data;
    (void)size;
    return -1;
}

static toff_t seek(thandle_t handle, toff_t offset, int origin) {
    memory_file *file = handle;
    if (origin == SEEK_CUR) offset += file->at;
    if (origin == SEEK_END) offset += file->size;
    file->at = offset;
    return offset;
}

static int close_nothing(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t size_of(thandle_t handle) {
    return ((memory_file *)handle)->size;
}

/* With a map libtiff reads tags and uncompressed strips in place. It only reads there. */
static int map_all(thandle_t handle, void **base, toff_t *size) {
    memory_file *file = handle;
    memcpy(base, &file->data, sizeof file->data);
    *size = file->size;
    return 1;
}

static void unmap_nothing(thandle_t handle, void *base, toff_t size) {
    (void)handle;
    (void)base;
    (void)size;
}

/* What is wrong with the file is GDAL's to say. */
static int say_nothing(TIFF *tiff, void *context, const char *module, const char *format,
                       va_list arguments) {
    (void)tiff;
    (void)context;
    (void)module;
    (void)format;
    (void)arguments;
    return 1;
}

static bool format_of(mos_dtype dtype, uint16_t *format) {
    switch (dtype) {
    case MOS_U8:
    case MOS_U16:
    case MOS_U32:
        *format = SAMPLEFORMAT_UINT;
        return true;
    case MOS_I16:
    case MOS_I32:
        *format = SAMPLEFORMAT_INT;
        return true;
    case MOS_F32:
    case MOS_F64:
        *format = SAMPLEFORMAT_IEEEFP;
        return true;
    default:
        return false;
    }
}

static bool is_plain(TIFF *tiff, mos_dtype dtype, int64_t width, int64_t height) {
    uint32_t columns = 0, rows = 0;
    uint16_t bits = 0, format = 0, samples = 0, photometric = 0, compression = 0, wanted;
    if (!format_of(dtype, &wanted) || TIFFIsTiled(tiff)) return false;
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &columns) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &rows) || columns != (uint64_t)width ||
        rows != (uint64_t)height)
        return false;
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) ||
        photometric != PHOTOMETRIC_MINISBLACK)
        return false;
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    bool known = compression == COMPRESSION_NONE || compression == COMPRESSION_ADOBE_DEFLATE ||
                 compression == COMPRESSION_DEFLATE;
    return known && samples == 1 && format == wanted && bits == 8 * mos_dtype_bytes(dtype) &&
           TIFFLastDirectory(tiff);
}

/* libtiff stops at the last pixel and leaves the checksum behind it alone, and so a damaged stream
 * decodes to something. Is this strip a whole zlib stream of `wanted` bytes? */
static bool is_whole_stream(TIFF *tiff, const memory_file *file, uint32_t strip,
                            unsigned char *scratch, uint64_t wanted) {
    uint64_t offset = TIFFGetStrileOffset(tiff, strip), size = TIFFGetStrileByteCount(tiff, strip);
    uLongf got = (uLongf)wanted;
    if (offset > file->size || size > file->size - offset) return false;
    return uncompress(scratch, &got, file->data + offset, (uLong)size) == Z_OK && got == wanted;
}

static bool read_strips(TIFF *tiff, const memory_file *file, unsigned char *out, uint64_t bytes) {
    uint32_t strips = TIFFNumberOfStrips(tiff);
    tmsize_t strip_bytes = TIFFStripSize(tiff);
    uint64_t at = 0;
    uint16_t compression = 0;
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    bool deflate = compression == COMPRESSION_ADOBE_DEFLATE || compression == COMPRESSION_DEFLATE;
    if (strip_bytes <= 0) return false;
    for (uint32_t s = 0; s < strips && at < bytes; s++) {
        uint64_t left = bytes - at,
                 wanted = (uint64_t)strip_bytes < left ? (uint64_t)strip_bytes : left;
        if (TIFFGetStrileByteCount(tiff, s) == 0) return false; /* a hole: GDAL fills it */
        if (deflate && !is_whole_stream(tiff, file, s, out + at, wanted)) return false;
        if (TIFFReadEncodedStrip(tiff, s, out + at, (tmsize_t)wanted) != (tmsize_t)wanted)
            return false;
        at += wanted;
    }
    return at == bytes;
}

bool mos_tiff_plain_read(const void *data, size_t size, mos_dtype dtype, void *out, int64_t width,
                         int64_t height) {
    if (size < 8 || memcmp(data, "II*\0", 4) != 0 || width < 1 || height < 1 ||
        width > UINT16_MAX || height > UINT16_MAX)
        return false;
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (options == NULL) return false;
    TIFFOpenOptionsSetErrorHandlerExtR(options, say_nothing, NULL);
    TIFFOpenOptionsSetWarningHandlerExtR(options, say_nothing, NULL);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)256 << 20);
    memory_file file = {.data = data, .size = size};
    TIFF *tiff = TIFFClientOpenExt("memory", "r", &file, read_bytes, write_nothing, seek,
                                   close_nothing, size_of, map_all, unmap_nothing, options);
    TIFFOpenOptionsFree(options);
    if (tiff == NULL) return false;
    bool read =
        is_plain(tiff, dtype, width, height) &&
        read_strips(tiff, &file, out, (uint64_t)width * (uint64_t)height * mos_dtype_bytes(dtype));
    TIFFClose(tiff);
    return read;
}

/* ---- what a file says of itself ---- */

enum { TAG_SAMPLES = 277, TAG_EXTRA = 338, TAG_GDAL_METADATA = 42112, TAG_GDAL_NODATA = 42113 };

static uint32_t load_u16(const unsigned char *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t load_u32(const unsigned char *at) {
    return load_u16(at) | load_u16(at + 2) << 16;
}

/* The text of a tag is this number? Entry: tag, type, count, value or offset. */
static bool says_number(const unsigned char *data, size_t size, const unsigned char *entry,
                        double wanted) {
    char text[40] = {0};
    uint32_t count = load_u32(entry + 4), offset = load_u32(entry + 8);
    double value;
    const unsigned char *from = count <= 4 ? entry + 8 : data + offset;
    if (count >= sizeof text || (count > 4 && (offset > size || count > size - offset)))
        return false;
    memcpy(text, from, count);
    char *end = text + strlen(text);
    while (end > text && end[-1] == ' ')
        *--end = '\0';
    return mos_parse_double(text, &value) && value == wanted;
}

bool mos_tiff_is_silent(const void *bytes, size_t size, bool has_nodata, double nodata) {
    const unsigned char *data = bytes;
    if (size < 8 || memcmp(data, "II*\0", 4) != 0) return false;
    uint32_t at = load_u32(data + 4);
    if (at > size - 2) return false;
    uint32_t count = load_u16(data + at);
    if ((uint64_t)at + 2 + 12 * (uint64_t)count + 4 > size) return false;
    for (uint32_t e = 0; e < count; e++) {
        const unsigned char *entry = data + at + 2 + 12 * (size_t)e;
        uint32_t tag = load_u16(entry);
        if (tag == TAG_GDAL_METADATA || tag == TAG_EXTRA) return false;
        if (tag == TAG_SAMPLES && load_u16(entry + 8) != 1) return false;
        if (tag == TAG_GDAL_NODATA && !(has_nodata && says_number(data, size, entry, nodata)))
            return false;
    }
    return load_u32(data + at + 2 + 12 * (size_t)count) == 0;
}
