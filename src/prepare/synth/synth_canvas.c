#include "prepare/synth/synth_canvas.h"

#include "base/memory.h"
#include "base/rng_fill.h"
#include "base/simd.h"

#include <string.h>

static void carve(mos_synth_canvas *canvas, mos_arena *arena) {
    size_t pixels = (size_t)canvas->pixels, plane = pixels * sizeof(float);
    canvas->first = mos_arena_take(arena, pixels);
    canvas->second = mos_arena_take(arena, pixels);
    canvas->weight = mos_arena_take(arena, plane);
    canvas->warp_x = mos_arena_take(arena, plane);
    canvas->warp_y = mos_arena_take(arena, plane);
    canvas->fields = mos_arena_take(arena, plane * MOS_SYNTH_FIELDS);
    canvas->relief = mos_arena_take(arena, plane);
    canvas->smooth = mos_arena_take(arena, plane);
    canvas->texture = mos_arena_take(arena, plane);
    canvas->plane = mos_arena_take(arena, plane);
    canvas->noise = mos_arena_take(arena, plane);
    canvas->cloud = mos_arena_take(arena, plane);
    canvas->shadow = mos_arena_take(arena, plane);
    canvas->map = mos_arena_take(arena, pixels * sizeof(uint16_t));
    for (int b = 0; b < MOS_SYNTH_S2_BANDS; b++) {
        size_t factor = (size_t)mos_synth_s2_factor[b];
        canvas->s2[b] = mos_arena_take(arena, pixels / (factor * factor) * sizeof(uint16_t));
    }
    canvas->s1[0] = mos_arena_take(arena, plane);
    canvas->s1[1] = mos_arena_take(arena, plane);
}

mosaic_status mos_synth_canvas_init(mos_synth_canvas *canvas, int64_t size) {
    memset(canvas, 0, sizeof *canvas);
    canvas->size = size;
    canvas->pixels = size * size;
    mos_arena arena = {0};
    carve(canvas, &arena);
    size_t bytes = arena.used;
    MOS_TRY(mos_alloc(bytes, 1, "a canvas of the generator", &canvas->memory));
    arena = (mos_arena){.base = canvas->memory, .size = bytes};
    carve(canvas, &arena);
    return MOSAIC_OK;
}

void mos_synth_canvas_release(mos_synth_canvas *canvas) {
    mos_free(canvas->memory);
    memset(canvas, 0, sizeof *canvas);
}

enum { LATTICE = 512, MOST_SIDE = 1024 };

MOS_SIMD_INLINE void mix_rows_body(const float *upper, const float *lower, float share, float scale,
                                   float *out, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        out[i] = (upper[i] + share * (lower[i] - upper[i])) * scale;
}
MOS_SIMD_KERNEL(mix_rows,
                (const float *upper, const float *lower, float share, float scale, float *out,
                 int64_t count),
                (upper, lower, share, scale, out, count))

/* s(t) = 3 t^2 - 2 t^3 */
static float smoothstep(float t) {
    return t * t * (3 - 2 * t);
}

/* One lattice row, stretched to the width of the patch. */
static void stretch_row(const mos_rng *stream, uint32_t row, int64_t size, float length,
                        float shift, float *out) {
    float lattice[LATTICE];
    mos_rng line = *stream;
    line.counter[3] += row;
    size_t nodes = (size_t)((float)size / length + shift) + 2;
    mos_rng_fill_normal(&line, lattice, nodes < LATTICE ? nodes : LATTICE);
    for (int64_t x = 0; x < size; x++) {
        float place = (float)x / length + shift;
        int node = (int)place;
        float share = smoothstep(place - (float)node);
        out[x] = lattice[node] + share * (lattice[node + 1] - lattice[node]);
    }
}

void mos_synth_value_noise(const mos_rng *stream, int64_t size, float length, float *out) {
    float rows[2][MOST_SIDE], shifts[2];
    mos_rng shift_stream = *stream;
    shift_stream.counter[2] ^= 0x80000000U;
    mos_rng_fill_uniform(&shift_stream, shifts, 2);
    /* The mean over positions of the sum of squared weights is (26/35)^2 in two dimensions. */
    const float scale = 35.0F / 26.0F;
    int64_t have = -1;
    for (int64_t y = 0; y < size; y++) {
        float place = (float)y / length + shifts[1];
        int64_t node = (int64_t)place;
        for (; have < node + 1; have++) {
            /* `have` is the last lattice row made; rows alternate between the two buffers. */
            stretch_row(stream, (uint32_t)(have + 1), size, length, shifts[0],
                        rows[(have + 1) & 1]);
        }
        mix_rows(rows[node & 1], rows[(node + 1) & 1], smoothstep(place - (float)node), scale,
                 out + y * size, size);
    }
}
