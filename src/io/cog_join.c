#include "io/cog_join.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Numbers of TIFF 6.0, BigTIFF and GeoTIFF. */
enum {
    TAG_SUBFILE = 254,
    TAG_TILE_OFFSETS = 324,
    TAG_TILE_BYTES = 325,
    TAG_GDAL_METADATA = 42112,
    TYPE_SHORT = 3,
    TYPE_LONG = 4,
    TYPE_LONG8 = 16
};
enum { MARK = 4 /* bytes before a tile and behind it */ };
enum { MOST_TAGS = 64, ENTRY = 20 /* bytes in a BigTIFF */, COPY = 1 << 20 };
static const uint64_t most_bytes = (uint64_t)1 << 28; /* of one tag */

typedef struct image_tag {
    uint16_t tag, type;
    uint64_t count;
    unsigned char *data;
    uint64_t at; /* offset in the output file; 0: the value lies inside the directory */
} image_tag;

typedef struct image {
    const char *path;    /* of the directory */
    FILE *file, *beside; /* which has it, and one that has the tiles; NULL: `file` has them */
    image_tag tags[MOST_TAGS];
    int count;
    uint64_t tiles, *offset, *bytes; /* where they lie */
    uint64_t *place;                 /* where they will */
    uint64_t directory;              /* of the file to be */
} image;

typedef struct cog_join {
    image images[MOS_COG_IMAGES];
    int count;
    bool big;
    const char *path;
    FILE *out;
    unsigned char *copy;
} cog_join;

static uint64_t type_bytes(uint16_t type) {
    static const uint8_t bytes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    return type < sizeof bytes ? bytes[type] : 0;
}

static uint64_t load(const unsigned char *at, uint64_t bytes) {
    uint64_t value = 0;
    for (uint64_t i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static void store(unsigned char *at, uint64_t bytes, uint64_t value) {
    for (uint64_t i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static mosaic_status damaged(const image *it) {
    return mos_fail(MOSAIC_ERR_IO, "%s: is not the tiled TIFF that was written", it->path);
}

static mosaic_status read_at(const image *it, uint64_t at, void *out, uint64_t bytes) {
    if (fseek(it->file, (long)at, SEEK_SET) != 0 ||
        fread(out, 1, (size_t)bytes, it->file) != (size_t)bytes)
        return damaged(it);
    return MOSAIC_OK;
}

/* Geographic keys and the text of the file are the image's alone. */
static bool is_of_image_alone(uint16_t tag) {
    static const uint16_t alone[] = {TAG_SUBFILE, 33550, 33922, 34264,
                                     34735,       34736, 34737, TAG_GDAL_METADATA};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (alone[i] == tag) return true;
    return false;
}

static mosaic_status take_numbers(const image *it, const image_tag *tag, uint64_t **out) {
    uint64_t bytes = type_bytes(tag->type);
    if (tag->type != TYPE_SHORT && tag->type != TYPE_LONG && tag->type != TYPE_LONG8)
        return damaged(it);
    MOS_TRY(mos_alloc((size_t)tag->count, sizeof **out, "places of tiles", out));
    for (uint64_t i = 0; i < tag->count; i++)
        (*out)[i] = load(tag->data + i * bytes, bytes);
    return MOSAIC_OK;
}

static mosaic_status read_tag(image *it, const unsigned char *entry, bool overview) {
    image_tag *tag = &it->tags[it->count];
    *tag = (image_tag){.tag = (uint16_t)load(entry, 2),
                       .type = (uint16_t)load(entry + 2, 2),
                       .count = load(entry + 4, 8)};
    uint64_t bytes = type_bytes(tag->type);
    if (overview && is_of_image_alone(tag->tag)) return MOSAIC_OK;
    if (bytes == 0 || tag->count == 0 || tag->count > most_bytes / bytes) return damaged(it);
    bytes *= tag->count;
    it->count++;
    MOS_TRY(mos_alloc((size_t)bytes, 1, "a directory", &tag->data));
    if (bytes <= 8)
        memcpy(tag->data, entry + 12, (size_t)bytes);
    else
        MOS_TRY(read_at(it, load(entry + 12, 8), tag->data, bytes));
    if (tag->tag == TAG_TILE_BYTES) MOS_TRY(take_numbers(it, tag, &it->bytes));
    if (tag->tag != TAG_TILE_OFFSETS) return MOSAIC_OK;
    it->tiles = tag->count;
    return take_numbers(it, tag, &it->offset);
}

static mosaic_status add_subfile_tag(image *it) {
    image_tag *tag = &it->tags[it->count++];
    *tag = (image_tag){.tag = TAG_SUBFILE, .type = TYPE_LONG, .count = 1};
    MOS_TRY(mos_alloc(4, 1, "a directory", &tag->data));
    store(tag->data, 4, 1); /* a reduced image */
    return MOSAIC_OK;
}

/* Where tiles lie in a file of their own. */
static mosaic_status take_places(image *it, const mos_cog_image *source) {
    it->beside = fopen(source->tiles, "rbe");
    if (it->beside == NULL) return mos_fail_errno("open", source->tiles);
    if (source->places->count != it->tiles) return damaged(it);
    memcpy(it->offset, source->places->offset, (size_t)it->tiles * sizeof *it->offset);
    memcpy(it->bytes, source->places->bytes, (size_t)it->tiles * sizeof *it->bytes);
    return MOSAIC_OK;
}

static mosaic_status read_image(const mos_cog_image *source, bool overview, image *it) {
    unsigned char head[16], entries[MOST_TAGS * ENTRY];
    it->path = source->directory;
    it->file = fopen(it->path, "rbe");
    if (it->file == NULL) return mos_fail_errno("open", it->path);
    MOS_TRY(read_at(it, 0, head, sizeof head));
    uint64_t at = load(head + 8, 8);
    if (memcmp(head, "II\x2b\0\x08\0\0\0", 8) != 0 || at > INT64_MAX - 8) return damaged(it);
    MOS_TRY(read_at(it, at, head, 8));
    uint64_t count = load(head, 8);
    if (count == 0 || count >= MOST_TAGS) return damaged(it);
    MOS_TRY(read_at(it, at + 8, entries, count * ENTRY));
    if (overview) MOS_TRY(add_subfile_tag(it)); /* the least of all tags: they stay in order */
    for (uint64_t e = 0; e < count; e++)
        MOS_TRY(read_tag(it, entries + e * ENTRY, overview));
    if (it->offset == NULL || it->bytes == NULL) return damaged(it);
    if (source->tiles != NULL) MOS_TRY(take_places(it, source));
    for (int t = 0; t < it->count; t++)
        if (it->tags[t].tag == TAG_TILE_BYTES && it->tags[t].count != it->tiles) return damaged(it);
    for (uint64_t t = 0; t < it->tiles; t++)
        if (it->bytes[t] < MARK || it->bytes[t] > UINT32_MAX) return damaged(it);
    return mos_alloc((size_t)it->tiles, sizeof *it->place, "places of tiles", &it->place);
}

/* Where tiles lie is said in the width of the file, how long they are in 32 bits. */
static uint16_t type_of(const cog_join *join, const image_tag *tag) {
    if (tag->tag == TAG_TILE_BYTES) return TYPE_LONG;
    if (tag->tag == TAG_TILE_OFFSETS) return join->big ? TYPE_LONG8 : TYPE_LONG;
    return tag->type;
}

static uint64_t size_of(const cog_join *join, const image_tag *tag) {
    return type_bytes(type_of(join, tag)) * tag->count;
}

/* What GDAL calls a ghost: it knows the layout by it. Its end is where the first directory is, in a
 * file of either kind. */
static const char ghost[] = "GDAL_STRUCTURAL_METADATA_SIZE=000141 bytes\n"
                            "LAYOUT=IFDS_BEFORE_DATA\n"
                            "BLOCK_ORDER=ROW_MAJOR\n"
                            "BLOCK_LEADER=SIZE_AS_UINT4\n"
                            "BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n"
                            "KNOWN_INCOMPATIBLE_EDITION=NO\n  ";
static uint64_t head_bytes(const cog_join *join) {
    return join->big ? 16 : 8;
}

static uint64_t even(uint64_t at) {
    return (at + 7) / 8 * 8;
}

/* Places of directories and tiles; returns the end of the file. */
static uint64_t lay_out(cog_join *join) {
    const uint64_t word = join->big ? 8 : 4;
    uint64_t at = even(head_bytes(join) + sizeof ghost - 1);
    for (int i = 0; i < join->count; i++) {
        image *it = &join->images[i];
        it->directory = at;
        at += (join->big ? 16 : 6) + (uint64_t)it->count * (join->big ? 20 : 12);
        at = even(at);
        for (int t = 0; t < it->count; t++) {
            image_tag *tag = &it->tags[t];
            tag->at = size_of(join, tag) > word ? at : 0;
            if (tag->at != 0) at = even(at + size_of(join, tag));
        }
    }
    for (int i = join->count; i-- > 0;) {
        image *it = &join->images[i];
        for (uint64_t t = 0; t < it->tiles; t++) {
            it->place[t] = at + MARK;
            at += it->bytes[t] + 2 * MARK;
        }
    }
    return at;
}

static mosaic_status put_at(const cog_join *join, uint64_t at, const void *data, uint64_t bytes) {
    if (fseek(join->out, (long)at, SEEK_SET) == 0 &&
        fwrite(data, 1, (size_t)bytes, join->out) == (size_t)bytes)
        return MOSAIC_OK;
    return mos_fail_errno("write", join->path);
}

static mosaic_status put_tag(const cog_join *join, const image *it, const image_tag *tag,
                             uint64_t at) {
    const uint64_t word = join->big ? 8 : 4, bytes = size_of(join, tag),
                   each = type_bytes(type_of(join, tag));
    const uint64_t *numbers = tag->tag == TAG_TILE_OFFSETS ? it->place
                              : tag->tag == TAG_TILE_BYTES ? it->bytes
                                                           : NULL;
    unsigned char entry[ENTRY] = {0}, *data = tag->data, *own = NULL;
    mosaic_status status = MOSAIC_OK;
    if (numbers != NULL) {
        MOS_TRY(mos_alloc((size_t)bytes, 1, "places of tiles", &own));
        for (uint64_t i = 0; i < tag->count; i++)
            store(own + i * each, each, numbers[i]);
        data = own;
    }
    store(entry, 2, tag->tag);
    store(entry + 2, 2, type_of(join, tag));
    store(entry + 4, word, tag->count);
    if (tag->at == 0)
        memcpy(entry + 4 + word, data, (size_t)bytes);
    else
        store(entry + 4 + word, word, tag->at);
    MOS_GOTO(put_at(join, at, entry, 4 + 2 * word));
    if (tag->at != 0) MOS_GOTO(put_at(join, tag->at, data, bytes));
done:
    mos_free(own);
    return status;
}

static mosaic_status put_directory(const cog_join *join, int i) {
    const image *it = &join->images[i];
    const uint64_t word = join->big ? 8 : 4, lead = join->big ? 8 : 2;
    unsigned char number[8];
    uint64_t at = it->directory;
    store(number, lead, (uint64_t)it->count);
    MOS_TRY(put_at(join, at, number, lead));
    at += lead;
    for (int t = 0; t < it->count; t++, at += 4 + 2 * word)
        MOS_TRY(put_tag(join, it, &it->tags[t], at));
    store(number, word, i + 1 < join->count ? join->images[i + 1].directory : 0);
    return put_at(join, at, number, word);
}

static mosaic_status put_head(const cog_join *join) {
    unsigned char head[16] = "II";
    head[2] = join->big ? 43 : 42;
    if (join->big) head[4] = 8;
    store(head + head_bytes(join) / 2, head_bytes(join) / 2, join->images[0].directory);
    MOS_TRY(put_at(join, 0, head, head_bytes(join)));
    return put_at(join, head_bytes(join), ghost, sizeof ghost - 1);
}

static mosaic_status put_tiles(const cog_join *join, const image *it) {
    FILE *file = it->beside != NULL ? it->beside : it->file;
    for (uint64_t t = 0; t < it->tiles; t++) {
        unsigned char mark[MARK];
        if (fseek(file, (long)it->offset[t], SEEK_SET) != 0) return damaged(it);
        store(mark, MARK, it->bytes[t]);
        if (fwrite(mark, 1, MARK, join->out) != MARK) return mos_fail_errno("write", join->path);
        for (uint64_t left = it->bytes[t]; left > 0;) {
            size_t some = left <= COPY ? (size_t)left : COPY / 2; /* never less than a mark */
            if (fread(join->copy, 1, some, file) != some) return damaged(it);
            if (fwrite(join->copy, 1, some, join->out) != some)
                return mos_fail_errno("write", join->path);
            left -= some;
            if (left == 0) memcpy(mark, join->copy + some - MARK, MARK);
        }
        if (fwrite(mark, 1, MARK, join->out) != MARK) return mos_fail_errno("write", join->path);
    }
    return MOSAIC_OK;
}

static mosaic_status write_all(cog_join *join, uint64_t classic) {
    join->big = false;
    if (lay_out(join) > classic) {
        join->big = true;
        (void)lay_out(join);
    }
    MOS_TRY(put_head(join));
    for (int i = 0; i < join->count; i++)
        MOS_TRY(put_directory(join, i));
    if (fseek(join->out, (long)(join->images[join->count - 1].place[0] - MARK), SEEK_SET) != 0)
        return mos_fail_errno("write", join->path);
    for (int i = join->count; i-- > 0;)
        MOS_TRY(put_tiles(join, &join->images[i]));
    return fflush(join->out) == 0 ? MOSAIC_OK : mos_fail_errno("write", join->path);
}

static void release(cog_join *join) {
    for (int i = 0; i < join->count; i++) {
        image *it = &join->images[i];
        if (it->file != NULL) (void)fclose(it->file);
        if (it->beside != NULL) (void)fclose(it->beside);
        for (int t = 0; t < MOST_TAGS; t++)
            mos_free(it->tags[t].data);
        mos_free(it->offset);
        mos_free(it->bytes);
        mos_free(it->place);
    }
    mos_free(join->copy);
    mos_free(join);
}

mosaic_status mos_cog_join(const mos_cog_image *images, int count, uint64_t classic,
                           const char *out) {
    cog_join *join;
    mosaic_status status;
    if (count < 1 || count > MOS_COG_IMAGES)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: %d images, wanted 1 to %d", out, count,
                        MOS_COG_IMAGES);
    MOS_TRY(mos_alloc(1, sizeof *join, "a map", &join));
    join->count = count;
    join->path = out;
    MOS_GOTO(mos_alloc(COPY, 1, "a map", &join->copy));
    for (int i = 0; i < count; i++)
        MOS_GOTO(read_image(&images[i], i > 0, &join->images[i]));
    join->out = fopen(out, "wbe");
    if (join->out == NULL) {
        status = mos_fail_errno("create", out);
        goto done;
    }
    status = write_all(join, classic);
    if (fclose(join->out) != 0 && status == MOSAIC_OK) status = mos_fail_errno("write", out);
done:
    release(join);
    return status;
}
