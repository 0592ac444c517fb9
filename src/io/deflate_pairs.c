#include "io/deflate_pairs.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#if defined(MOSAIC_HAS_LIBDEFLATE)
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

enum {
    LITERALS = 286, /* bytes, the end of the block, lengths */
    DISTANCES = 30,
    LENGTHS = 29,
    END = 256,
    CODES = 19,     /* of lengths of codes */
    MOST_BITS = 15, /* of a code */
    MOST_CODE_BITS = 7,
    HASH_BITS = 13,
    LOOKED = 4,        /* values that have to agree */
    LONGEST = 258 / 2, /* values of a repeat */
    FARTHEST = 32768 / 2
};

/* A value, or a repeat: the flag, bytes of its length, bytes of its distance - 1. */
#define REPEAT (UINT32_C(1) << 31)

struct mos_pair_deflater {
    int64_t row;
    uint32_t *token;
    uint32_t last[1 << HASH_BITS]; /* 1 + where such values were last; 0: nowhere */
    uint8_t length_code[259];
    uint32_t literal[LITERALS], high[256], distance[DISTANCES]; /* how often; high bytes apart */
};

/* A prefix code, its words as DEFLATE writes them: the first bit lowest. */
typedef struct prefix_code {
    uint8_t bits[LITERALS];
    uint16_t word[LITERALS];
} prefix_code;

static const uint16_t shortest[LENGTHS] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                           15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                           67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_bits[LENGTHS] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                             2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};

mosaic_status mos_pair_deflater_create(int64_t values, int64_t row, mos_pair_deflater **out) {
    mos_pair_deflater *deflater;
    *out = NULL;
    MOS_TRY(mos_alloc(1, sizeof *deflater, "a compressor", &deflater));
    *out = deflater;
    deflater->row = row;
    for (int code = 0; code < LENGTHS; code++)
        for (int length = shortest[code]; length <= 258; length++)
            deflater->length_code[length] = (uint8_t)code;
    const mosaic_status status =
        mos_alloc((size_t)values, sizeof *deflater->token, "a compressor", &deflater->token);
    if (status != MOSAIC_OK) mos_pair_deflater_destroy(out);
    return status;
}

void mos_pair_deflater_destroy(mos_pair_deflater **slot) {
    if (*slot == NULL) return;
    mos_free((*slot)->token);
    mos_free(*slot);
    *slot = NULL;
}

/* No byte takes more than the longest code; the head of the block takes less than 512 bytes. */
size_t mos_pair_deflater_most(int64_t values) {
    return (size_t)values * 2 * MOST_BITS / 8 + 1024;
}

/* ---- repeats ---- */

static uint64_t four_at(const uint16_t *data, int64_t at) {
    uint64_t four;
    memcpy(&four, data + at, sizeof four);
    return four;
}

/* distance: bytes, 1 or more. The first code of a distance's power of two and half of one. */
static int distance_code(uint32_t distance, uint32_t *rest, int *bits) {
    const uint32_t d = distance - 1;
    *rest = 0;
    *bits = 0;
    if (d < 4) return (int)d;
    const int power = 31 - __builtin_clz(d);
    *bits = power - 1;
    *rest = d & ((UINT32_C(1) << *bits) - 1);
    return 2 * power + (int)(d >> *bits & 1);
}

/* How many values from `at` on repeat those from `from` on; the first four do. */
static int64_t length_of(const uint16_t *data, int64_t values, int64_t from, int64_t at) {
    int64_t length = LOOKED;
    while (length + LOOKED <= LONGEST && at + length + LOOKED <= values) {
        const uint64_t differ = four_at(data, at + length) ^ four_at(data, from + length);
        if (differ != 0) return length + __builtin_ctzll(differ) / 16;
        length += LOOKED;
    }
    return length;
}

/* Where the four values at `at` are found before; -1: nowhere that is looked. */
static int64_t find_before(mos_pair_deflater *deflater, const uint16_t *data, int64_t at) {
    const uint64_t four = four_at(data, at);
    uint32_t *last = &deflater->last[four * UINT64_C(0x9E3779B97F4A7C15) >> (64 - HASH_BITS)];
    const int64_t known = (int64_t)*last - 1, above = at - deflater->row;
    *last = (uint32_t)at + 1;
    if (at > 0 && four_at(data, at - 1) == four) return at - 1;
    if (above >= 0 && four_at(data, above) == four) return above;
    return known >= 0 && at - known <= FARTHEST && four_at(data, known) == four ? known : -1;
}

/* The values as tokens, counted. */
static int64_t tokenise(mos_pair_deflater *deflater, const uint16_t *data, int64_t values) {
    int64_t count = 0, at = 0;
    memset(deflater->last, 0, sizeof deflater->last);
    memset(deflater->literal, 0, sizeof deflater->literal);
    memset(deflater->high, 0, sizeof deflater->high);
    memset(deflater->distance, 0, sizeof deflater->distance);
    while (at < values) {
        const int64_t from = at + LOOKED <= values ? find_before(deflater, data, at) : -1;
        if (from < 0) {
            const uint32_t value = data[at++];
            deflater->literal[value & 255]++;
            deflater->high[value >> 8]++;
            deflater->token[count++] = value;
            continue;
        }
        const int64_t length = length_of(data, values, from, at);
        const uint32_t distance = (uint32_t)(2 * (at - from));
        uint32_t rest;
        int bits;
        deflater->literal[END + 1 + deflater->length_code[2 * length]]++;
        deflater->distance[distance_code(distance, &rest, &bits)]++;
        deflater->token[count++] = REPEAT | (uint32_t)(2 * length) << 16 | (distance - 1);
        at += length;
    }
    for (int b = 0; b < 256; b++)
        deflater->literal[b] += deflater->high[b];
    deflater->literal[END] = 1;
    return count;
}

/* ---- codes ---- */

static int by_count(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Huffman's tree over weights [symbols] in ascending order: counts of leaves by depth, those below
 * `most` taken for as deep as it. */
static void count_depths(const uint64_t *leaf, int symbols, int most, int count[]) {
    uint64_t weight[2 * LITERALS];
    int parent[2 * LITERALS] = {0}, depth[2 * LITERALS], end = symbols, one = 0, two = symbols;
    for (int i = 0; i < symbols; i++)
        weight[i] = leaf[i] >> 16;
    for (; end < 2 * symbols - 1; end++) {
        weight[end] = 0;
        for (int child = 0; child < 2; child++) {
            const bool lone = one < symbols && (two >= end || weight[one] <= weight[two]);
            const int taken = lone ? one++ : two++;
            weight[end] += weight[taken];
            parent[taken] = end;
        }
    }
    depth[end - 1] = 0;
    for (int i = end - 2; i >= 0; i--) {
        depth[i] = depth[parent[i]] + 1;
        if (i < symbols) count[depth[i] < most ? depth[i] : most]++;
    }
}

/* Leaves that were taken for less deep than they are need room: one less deep goes down beside one of
 * the deepest, until the code is a code. */
static void make_room(int most, int count[]) {
    int64_t taken = 0;
    for (int d = 1; d <= most; d++)
        taken += (int64_t)count[d] << (most - d);
    for (; taken > (int64_t)1 << most; taken--) {
        int d = most - 1;
        while (count[d] == 0)
            d--;
        count[d]--;
        count[d + 1] += 2;
        count[most]--;
    }
}

static void assign_words(int symbols, prefix_code *code) {
    int count[MOST_BITS + 1] = {0}, next[MOST_BITS + 1], word = 0;
    for (int s = 0; s < symbols; s++)
        count[code->bits[s]]++;
    count[0] = 0;
    for (int b = 1; b <= MOST_BITS; b++)
        next[b] = word = (word + count[b - 1]) << 1;
    for (int s = 0; s < symbols; s++) {
        const int bits = code->bits[s];
        const unsigned own = bits > 0 ? (unsigned)next[bits]++ : 0;
        unsigned turned = 0;
        for (int b = 0; b < bits; b++)
            turned |= (own >> b & 1) << (bits - 1 - b);
        code->word[s] = (uint16_t)turned;
    }
}

static void make_code(const uint32_t *often, int symbols, int most, prefix_code *code) {
    uint64_t leaf[LITERALS];
    int used = 0, count[MOST_BITS + 1] = {0};
    for (int s = 0; s < symbols; s++) {
        code->bits[s] = 0;
        if (often[s] > 0) leaf[used++] = (uint64_t)often[s] << 16 | (unsigned)s;
    }
    qsort(leaf, (size_t)used, sizeof *leaf, by_count);
    if (used == 1) count[1] = 1;
    if (used > 1) count_depths(leaf, used, most, count);
    make_room(most, count);
    for (int d = 1; d <= most; d++)
        for (; count[d] > 0; count[d]--)
            code->bits[leaf[--used] & 0xffff] = (uint8_t)d;
    assign_words(symbols, code);
}

/* ---- writing ---- */

typedef struct bit_writer {
    uint64_t bits;
    int count;
    unsigned char *at;
} bit_writer;

/* Between two calls of empty_bits 56 bits at most. */
static inline void add_bits(bit_writer *writer, uint64_t bits, int count) {
    writer->bits |= bits << writer->count;
    writer->count += count;
}

static inline void empty_bits(bit_writer *writer) {
    memcpy(writer->at, &writer->bits, sizeof writer->bits);
    writer->at += writer->count >> 3;
    writer->bits >>= writer->count & ~7;
    writer->count &= 7;
}

static void write_codes(bit_writer *writer, const prefix_code *literals,
                        const prefix_code *distances) {
    static const uint8_t order[CODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                         11, 4,  12, 3, 13, 2, 14, 1, 15};
    uint8_t bits[LITERALS + DISTANCES];
    uint32_t often[CODES] = {0};
    prefix_code code;
    memcpy(bits, literals->bits, LITERALS);
    memcpy(bits + LITERALS, distances->bits, DISTANCES);
    for (int s = 0; s < LITERALS + DISTANCES; s++)
        often[bits[s]]++;
    make_code(often, CODES, MOST_CODE_BITS, &code);
    add_bits(writer, 1 /* the last block */ | 2 << 1 /* with codes of its own */, 3);
    add_bits(writer, LITERALS - 257, 5);
    add_bits(writer, DISTANCES - 1, 5);
    add_bits(writer, CODES - 4, 4);
    for (int c = 0; c < CODES; c++) {
        add_bits(writer, code.bits[order[c]], 3);
        empty_bits(writer);
    }
    for (int s = 0; s < LITERALS + DISTANCES; s++) {
        add_bits(writer, code.word[bits[s]], code.bits[bits[s]]);
        empty_bits(writer);
    }
}

static void write_tokens(const mos_pair_deflater *deflater, int64_t count,
                         const prefix_code *literals, const prefix_code *distances,
                         bit_writer *writer) {
    for (int64_t t = 0; t < count; t++) {
        const uint32_t token = deflater->token[t];
        if ((token & REPEAT) == 0) {
            add_bits(writer, literals->word[token & 255], literals->bits[token & 255]);
            add_bits(writer, literals->word[token >> 8], literals->bits[token >> 8]);
            empty_bits(writer);
            continue;
        }
        const uint32_t length = token >> 16 & 511;
        const int code = deflater->length_code[length];
        uint32_t rest;
        int bits;
        const int distance = distance_code((token & 0xffff) + 1, &rest, &bits);
        add_bits(writer, literals->word[END + 1 + code], literals->bits[END + 1 + code]);
        add_bits(writer, length - shortest[code], length_bits[code]);
        empty_bits(writer);
        add_bits(writer, distances->word[distance], distances->bits[distance]);
        add_bits(writer, rest, bits);
        empty_bits(writer);
    }
    add_bits(writer, literals->word[END], literals->bits[END]);
    empty_bits(writer);
    if (writer->count > 0) writer->at++;
}

static uint32_t checksum(const void *data, size_t bytes) {
#if defined(MOSAIC_HAS_LIBDEFLATE)
    return libdeflate_adler32(1, data, bytes);
#else
    return (uint32_t)adler32(1, data, (uInt)bytes);
#endif
}

size_t mos_pair_deflate(mos_pair_deflater *deflater, const uint16_t *data, int64_t values,
                        unsigned char *out) {
    prefix_code literals, distances;
    bit_writer writer = {.at = out};
    const int64_t count = tokenise(deflater, data, values);
    deflater->distance[0] += deflater->distance[0] == 0; /* some readers want a code to be there */
    make_code(deflater->literal, LITERALS, MOST_BITS, &literals);
    make_code(deflater->distance, DISTANCES, MOST_BITS, &distances);
    *writer.at++ = 0x78;
    *writer.at++ = 0x01;
    write_codes(&writer, &literals, &distances);
    write_tokens(deflater, count, &literals, &distances, &writer);
    const uint32_t sum = checksum(data, (size_t)values * sizeof *data);
    for (int shift = 24; shift >= 0; shift -= 8)
        *writer.at++ = (unsigned char)(sum >> shift);
    return (size_t)(writer.at - out);
}
