#include "compute/cpu/conv_positions.h"

#include "base/memory.h"

/* The position that tap k of position p reads; -1: none. */
static int64_t reached(const mos_conv_shape *s, bool backward, int64_t size, int64_t p, int64_t k) {
    const int64_t at = backward ? p + s->pad - k : p * s->stride + k - s->pad;
    if (at < 0 || (backward && at % s->stride != 0)) return -1;
    const int64_t position = backward ? at / s->stride : at;
    return position < size ? position : -1;
}

/* written, read: positions along the side of either map */
static mosaic_status plan_axis(const mos_conv_shape *s, bool backward, int64_t written,
                               int64_t read, conv_axis *axis) {
    int64_t count = 0;
    MOS_TRY(mos_alloc((size_t)written, sizeof *axis->out, "gathered positions", &axis->out));
    MOS_TRY(mos_alloc((size_t)written, sizeof *axis->in, "gathered positions", &axis->in));
    for (unsigned group = 0; group < GATHER_GROUPS; group++) {
        axis->first[group] = count;
        for (int64_t p = 0; p < written; p++) {
            unsigned taps = 0;
            int64_t position[GATHER_MAX_KERNEL], first = -1;
            for (int64_t k = 0; k < s->kernel; k++) {
                position[k] = reached(s, backward, read, p, k);
                if (position[k] < 0) continue;
                taps |= 1u << k;
                if (first < 0) first = position[k];
            }
            if (taps != group) continue;
            for (int64_t k = 0; k < s->kernel; k++)
                axis->step[group][k] = position[k] < 0 ? 0 : position[k] - first;
            axis->out[count] = (int32_t)p;
            axis->in[count++] = (int32_t)(first < 0 ? 0 : first);
        }
    }
    axis->first[GATHER_GROUPS] = count;
    return MOSAIC_OK;
}

conv_maps mos_conv_maps(const mos_conv *conv, conv_direction direction) {
    const mos_conv_shape *s = &conv->shape;
    if (direction == CONV_BACKWARD_DATA)
        return (conv_maps){s->co, conv->oh, conv->ow, s->ci, s->h, s->w, conv->block};
    return (conv_maps){s->ci, s->h, s->w, s->co, conv->oh, conv->ow, conv->block};
}

mosaic_status mos_conv_plan_positions(mos_conv *conv, conv_direction direction) {
    conv_axis *axis = conv->own[direction].axis;
    const conv_maps maps = mos_conv_maps(conv, direction);
    const bool backward = direction == CONV_BACKWARD_DATA;
    MOS_TRY(plan_axis(&conv->shape, backward, maps.write_h, maps.read_h, &axis[0]));
    return plan_axis(&conv->shape, backward, maps.write_w, maps.read_w, &axis[1]);
}

void mos_conv_release_positions(conv_own *plan) {
    for (int i = 0; i < 2; i++) {
        mos_free(plan->axis[i].out);
        mos_free(plan->axis[i].in);
    }
}

bool mos_conv_next_class(const mos_conv *conv, conv_direction direction, conv_class *c) {
    const conv_maps maps = mos_conv_maps(conv, direction);
    const int64_t kernel = conv->shape.kernel;
    c->y = &conv->own[direction].axis[0];
    c->x = &conv->own[direction].axis[1];
    do {
        if (c->number == 0) return false;
        c->number--;
        c->gy = c->number / GATHER_GROUPS;
        c->gx = c->number % GATHER_GROUPS;
        c->ny = c->y->first[c->gy + 1] - c->y->first[c->gy];
        c->nx = c->x->first[c->gx + 1] - c->x->first[c->gx];
        c->outputs = c->samples * c->ny * c->nx;
    } while (c->outputs == 0);
    c->walk.c = maps.read_c;
    c->walk.plane = maps.read_h * maps.read_w * maps.block;
    c->walk.taps = 0;
    for (int64_t ky = 0; ky < kernel; ky++)
        for (int64_t kx = 0; kx < kernel; kx++) {
            if ((c->gy >> ky & c->gx >> kx & 1) == 0) continue;
            c->walk.tap[c->walk.taps] = ky * kernel + kx;
            c->walk.step[c->walk.taps++] =
                (c->y->step[c->gy][ky] * maps.read_w + c->x->step[c->gx][kx]) * maps.block;
        }
    return true;
}

int64_t mos_conv_taps_in_use(const mos_conv *conv, conv_direction direction,
                             int64_t tap[GATHER_MAX_KERNEL * GATHER_MAX_KERNEL]) {
    bool used[GATHER_MAX_KERNEL * GATHER_MAX_KERNEL] = {false};
    conv_class c = mos_conv_classes(1);
    int64_t count = 0;
    while (mos_conv_next_class(conv, direction, &c))
        for (int64_t i = 0; i < c.walk.taps; i++)
            used[c.walk.tap[i]] = true;
    for (int64_t i = 0; i < GATHER_MAX_KERNEL * GATHER_MAX_KERNEL; i++)
        if (used[i]) tap[count++] = i;
    return count;
}

void mos_conv_find_outputs(const conv_class *c, const conv_maps *maps, int64_t first, int64_t count,
                           int64_t *from, int64_t *to) {
    const int32_t *in_x = c->x->in + c->x->first[c->gx], *in_y = c->y->in + c->y->first[c->gy];
    const int32_t *out_x = c->x->out + c->x->first[c->gx], *out_y = c->y->out + c->y->first[c->gy];
    int64_t x = first % c->nx, y = first / c->nx % c->ny, n = first / c->nx / c->ny;
    while (count > 0) {
        const int64_t line = c->nx - x < count ? c->nx - x : count;
        const int64_t read =
            (n * maps->read_c / maps->block * maps->read_h + in_y[y]) * maps->read_w;
        const int64_t write =
            (n * maps->write_c / maps->block * maps->write_h + out_y[y]) * maps->write_w;
        for (int64_t r = 0; r < line; r++) {
            from[r] = (read + in_x[x + r]) * maps->block;
            to[r] = (write + out_x[x + r]) * maps->block;
        }
        from += line;
        to += line;
        count -= line;
        x = 0;
        if (++y < c->ny) continue;
        y = 0;
        n++;
    }
}
