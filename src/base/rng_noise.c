#include "base/rng_noise.h"

#include "base/rng_fill.h"
#include "base/simd.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Two numbers from each word, one from each half: a half's lowest bit is the sign, the upper 15
 * bits k choose the share. With x = 2 k + 1 the number is the quantile of x / 2^17 below zero,
 * which falls steeply where x is small: one parabola for each half octave of x follows it evenly,
 * and exponent and first mantissa bit of the float x are its place in the table. */
enum { HALF_OCTAVES = 32, WORDS = MOS_NOISE_CHUNK / 2, BUFFER = 16 * WORDS };

/* Coefficients of 1, x and x^2, least squares over the points of each half octave. The exponent's
 * bias turns the table: [1, 1.5) is at 30, [2, 3) at 0, [3, 4) at 1; no x lies in [1.5, 2). */
static const float constant[HALF_OCTAVES] = {0,           4.07620668F, 3.95575309F, 3.87457371F,
                                             4.03734255F, 3.95697618F, 3.99471927F, 3.9130578F,
                                             3.82874489F, 3.74358106F, 3.65569353F, 3.56687093F,
                                             3.47510147F, 3.38222146F, 3.28608918F, 3.1886096F,
                                             3.08749771F, 2.98473811F, 2.8778758F,  2.76898479F,
                                             2.655406F,   2.53931332F, 2.41779709F, 2.29313827F,
                                             2.1620996F,  2.02702236F, 1.884004F,   1.73458827F,
                                             1.56967103F, 1.36879027F, 4.32491922F, 0};
static const float slope[HALF_OCTAVES] = {
    0.0000000e+00F,  0.0000000e+00F,  0.0000000e+00F,  0.0000000e+00F,  -2.4934752e-02F,
    -1.8145040e-02F, -2.5337355e-02F, -1.8389448e-02F, -1.3252280e-02F, -9.6256705e-03F,
    -6.9468897e-03F, -5.0552664e-03F, -3.6565948e-03F, -2.6675563e-03F, -1.9349875e-03F,
    -1.4159997e-03F, -1.0307616e-03F, -7.5722719e-04F, -5.5366749e-04F, -4.0875023e-04F,
    -3.0058235e-04F, -2.2333805e-04F, -1.6547993e-04F, -1.2401215e-04F, -9.2819806e-05F,
    -7.0356291e-05F, -5.3338470e-05F, -4.0920877e-05F, -3.1127558e-05F, -2.2839507e-05F,
    0.0000000e+00F,  0.0000000e+00F};
static const float curvature[HALF_OCTAVES] = {
    0.0000000e+00F, 0.0000000e+00F, 0.0000000e+00F, 0.0000000e+00F, 0.0000000e+00F, 0.0000000e+00F,
    3.0722772e-04F, 1.5880303e-04F, 8.0194608e-05F, 4.1443458e-05F, 2.0944875e-05F, 1.0838022e-05F,
    5.4865268e-06F, 2.8443851e-06F, 1.4429895e-06F, 7.4980232e-07F, 3.8134556e-07F, 1.9868286e-07F,
    1.0134340e-07F, 5.2959869e-08F, 2.7099809e-08F, 1.4206090e-08F, 7.2905890e-09F, 3.8299999e-09F,
    1.9660897e-09F, 1.0289015e-09F, 5.2057242e-10F, 2.6166810e-10F, 1.1567797e-10F, 2.9871213e-11F,
    0.0000000e+00F, 0.0000000e+00F};
static const float *const quantile[3] = {constant, slope, curvature};

/* The table times the noise asked for. */
typedef struct noise_table {
    float at[3][HALF_OCTAVES];
} noise_table;

/* words [chunks * WORDS], in and out [chunks * MOS_NOISE_CHUNK]: the upper halves make the first
 * WORDS numbers of a chunk, the lower halves the others. */
typedef void (*noise_kernel)(const uint32_t *words, const noise_table *table, const float *in,
                             const mos_noisy_line *line, float *out, size_t chunks);

static float number(uint32_t half, const noise_table *table) {
    float x = (float)(int32_t)((half & 0xffff) | 1), z;
    uint32_t bits, sign = half << 31;
    memcpy(&bits, &x, sizeof bits);
    uint32_t place = bits >> 22 & (HALF_OCTAVES - 1);
    z = mos_simd_fma(x, mos_simd_fma(x, table->at[2][place], table->at[1][place]),
                     table->at[0][place]);
    memcpy(&bits, &z, sizeof bits);
    bits ^= sign;
    memcpy(&z, &bits, sizeof z);
    return z;
}

static void add_noise_plain(const uint32_t *words, const noise_table *table, const float *in,
                            const mos_noisy_line *line, float *out, size_t chunks) {
    for (size_t c = 0; c < chunks; c++, words += WORDS)
        for (int side = 0; side < 2; side++, in += WORDS, out += WORDS)
            for (int k = 0; k < WORDS; k++)
                out[k] = mos_simd_fma(in[k], line->gain, line->offset) +
                         number(side == 0 ? words[k] >> 16 : words[k], table);
}

#if defined(__x86_64__)
/* past: `out` lies on a cache line and is written by non-temporal stores. */
__attribute__((target(MOS_SIMD_AVX512_TARGET), always_inline)) static inline void
add_noise_wide(const uint32_t *words, const noise_table *table, const float *in,
               const mos_noisy_line *line, float *out, size_t chunks, const bool past) {
    const __m512 gain = _mm512_set1_ps(line->gain), offset = _mm512_set1_ps(line->offset);
    const __m512i one = _mm512_set1_epi32(1), low = _mm512_set1_epi32(0xffff);
    const __m512i sign = _mm512_set1_epi32(INT32_MIN);
    enum { A_AND_B_OR_C = 0xEA, A_XOR_B_AND_C = 0x78 };
    __m512 head[3], tail[3];
    for (int p = 0; p < 3; p++) {
        head[p] = _mm512_loadu_ps(table->at[p]);
        tail[p] = _mm512_loadu_ps(table->at[p] + 16);
    }
    for (size_t c = 0; c < chunks;
         c++, words += WORDS, in += MOS_NOISE_CHUNK, out += MOS_NOISE_CHUNK) {
#pragma GCC unroll 4
        for (int k = 0; k < WORDS; k += 16) {
            __m512i word = _mm512_loadu_si512(words + k);
#pragma GCC unroll 2
            for (int side = 0; side < 2; side++) {
                __m512i half = side == 0 ? _mm512_srli_epi32(word, 16) : word;
                __m512i odd = side == 0 ? _mm512_or_si512(half, one)
                                        : _mm512_ternarylogic_epi32(half, low, one, A_AND_B_OR_C);
                __m512 x = _mm512_cvtepi32_ps(odd);
                __m512i place = _mm512_srli_epi32(_mm512_castps_si512(x), 22);
                __m512 z = _mm512_permutex2var_ps(head[2], place, tail[2]);
                z = _mm512_fmadd_ps(x, z, _mm512_permutex2var_ps(head[1], place, tail[1]));
                z = _mm512_fmadd_ps(x, z, _mm512_permutex2var_ps(head[0], place, tail[0]));
                z = _mm512_castsi512_ps(_mm512_ternarylogic_epi32(
                    _mm512_castps_si512(z), _mm512_slli_epi32(half, 31), sign, A_XOR_B_AND_C));
                int at = side * WORDS + k;
                __m512 pixel = _mm512_fmadd_ps(_mm512_loadu_ps(in + at), gain, offset);
                if (past)
                    _mm512_stream_ps(out + at, _mm512_add_ps(pixel, z));
                else
                    _mm512_storeu_ps(out + at, _mm512_add_ps(pixel, z));
            }
        }
    }
}

__attribute__((target(MOS_SIMD_AVX512_TARGET))) static void
add_noise_avx512(const uint32_t *words, const noise_table *table, const float *in,
                 const mos_noisy_line *line, float *out, size_t chunks) {
    add_noise_wide(words, table, in, line, out, chunks, false);
}

__attribute__((target(MOS_SIMD_AVX512_TARGET))) static void
add_noise_past(const uint32_t *words, const noise_table *table, const float *in,
               const mos_noisy_line *line, float *out, size_t chunks) {
    add_noise_wide(words, table, in, line, out, chunks, true);
}

/* Of the 32 entries in four registers those at `place`: its lowest three bits choose within a
 * register, the next two, moved to the top, the register. */
__attribute__((target("avx2,fma"))) static inline __m256 look_up_avx2(const __m256 *entries,
                                                                      __m256i place) {
    __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(place, 27));
    __m256 odd = _mm256_castsi256_ps(_mm256_slli_epi32(place, 28));
    __m256 first = _mm256_blendv_ps(_mm256_permutevar8x32_ps(entries[0], place),
                                    _mm256_permutevar8x32_ps(entries[1], place), odd);
    __m256 second = _mm256_blendv_ps(_mm256_permutevar8x32_ps(entries[2], place),
                                     _mm256_permutevar8x32_ps(entries[3], place), odd);
    return _mm256_blendv_ps(first, second, upper);
}

__attribute__((target("avx2,fma"))) static void
add_noise_avx2(const uint32_t *words, const noise_table *table, const float *in,
               const mos_noisy_line *line, float *out, size_t chunks) {
    const __m256 gain = _mm256_set1_ps(line->gain), offset = _mm256_set1_ps(line->offset);
    const __m256i one = _mm256_set1_epi32(1), low = _mm256_set1_epi32(0xffff);
    __m256 entries[3][4];
    for (int p = 0; p < 3; p++)
        for (int r = 0; r < 4; r++)
            entries[p][r] = _mm256_loadu_ps(table->at[p] + 8 * r);
    for (size_t c = 0; c < chunks; c++, words += WORDS)
        for (int side = 0; side < 2; side++, in += WORDS, out += WORDS)
            for (int k = 0; k < WORDS; k += 8) {
                __m256i word = _mm256_loadu_si256((const __m256i *)(words + k));
                __m256i half = side == 0 ? _mm256_srli_epi32(word, 16) : word;
                __m256 x = _mm256_cvtepi32_ps(_mm256_or_si256(_mm256_and_si256(half, low), one));
                __m256i place = _mm256_srli_epi32(_mm256_castps_si256(x), 22);
                __m256 z = look_up_avx2(entries[2], place);
                z = _mm256_fmadd_ps(x, z, look_up_avx2(entries[1], place));
                z = _mm256_fmadd_ps(x, z, look_up_avx2(entries[0], place));
                z = _mm256_xor_ps(z, _mm256_castsi256_ps(_mm256_slli_epi32(half, 31)));
                __m256 pixel = _mm256_fmadd_ps(_mm256_loadu_ps(in + k), gain, offset);
                _mm256_storeu_ps(out + k, _mm256_add_ps(pixel, z));
            }
}
#endif

/* A view is written once and read when its batch is full, out of every cache by then: loading its
 * lines to overwrite them would be half of the traffic. */
static noise_kernel choose(const float *out, bool past) {
#if defined(__x86_64__)
    mos_simd level = mos_simd_level();
    if (level == MOS_SIMD_AVX512)
        return past && (uintptr_t)out % 64 == 0 ? add_noise_past : add_noise_avx512;
    if (level == MOS_SIMD_AVX2) return add_noise_avx2;
#endif
    (void)out;
    (void)past;
    return add_noise_plain;
}

static void add_noise(const mos_rng *stream, const float *in, const mos_noisy_line *line,
                      float *out, size_t count, bool past) {
    const noise_kernel add = choose(out, past);
    uint32_t buffer[BUFFER];
    noise_table table;
    mos_rng words = *stream;
    for (int p = 0; p < 3; p++)
        for (int k = 0; k < HALF_OCTAVES; k++)
            table.at[p][k] = quantile[p][k] * line->noise;
    size_t i = 0;
    for (size_t chunks; (chunks = (count - i) / MOS_NOISE_CHUNK) > 0;
         i += chunks * MOS_NOISE_CHUNK) {
        if (chunks > BUFFER / WORDS) chunks = BUFFER / WORDS;
        mos_rng_fill_quick_u32(&words, buffer, chunks * WORDS);
        add(buffer, &table, in + i, line, out + i, chunks);
        mos_rng_skip_noise(&words, chunks * MOS_NOISE_CHUNK);
    }
#if defined(__x86_64__)
    _mm_sfence(); /* before anything tells another thread that it is there */
#endif
    if (i == count) return;
    float rest_in[MOS_NOISE_CHUNK] = {0}, rest[MOS_NOISE_CHUNK];
    memcpy(rest_in, in + i, (count - i) * sizeof *in);
    mos_rng_fill_quick_u32(&words, buffer, WORDS);
    choose(rest, false)(buffer, &table, rest_in, line, rest, 1);
    memcpy(out + i, rest, (count - i) * sizeof *out);
}

void mos_rng_add_noise(const mos_rng *stream, const float *in, const mos_noisy_line *line,
                       float *out, size_t count) {
    add_noise(stream, in, line, out, count, true);
}

void mos_rng_fill_noise(const mos_rng *stream, float *out, size_t count) {
    static const mos_noisy_line standard = {.gain = 0, .offset = 0, .noise = 1};
    static const float zeros[BUFFER / WORDS * MOS_NOISE_CHUNK];
    const size_t piece = sizeof zeros / sizeof *zeros;
    mos_rng words = *stream;
    for (size_t i = 0; i < count; i += piece) {
        size_t length = count - i < piece ? count - i : piece;
        add_noise(&words, zeros, &standard, out + i, length, false);
        mos_rng_skip_noise(&words, piece);
    }
}

void mos_rng_skip_noise(mos_rng *stream, size_t count) {
    stream->counter[0] += (uint32_t)(count / MOS_NOISE_CHUNK * (WORDS / 4));
}
