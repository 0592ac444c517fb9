/* Activation loops over planes of a block of channels. Included once per value type by
 * kernel_body.h, which defines act_t (the stored type), ACT(name) (the function's name with the
 * type's suffix), ACT_LOAD(p) and ACT_STORE(p, v) (a vector from and to memory). No include guard:
 * inclusion is instantiation. */

/* a[i, 0..16) of a bf16 or float plane from C host rows of length hw; lanes beyond c are zero */
static void ACT(image_block)(const float *host, int64_t c, int64_t hw, int64_t blocks,
                             void *image) {
    act_t *out = image;
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t lanes = c - b * LANES < LANES ? c - b * LANES : LANES;
        const float *rows = host + b * LANES * hw;
        for (int64_t i = 0; i < hw; i++) {
            float tile[LANES] = {0};
            for (int64_t l = 0; l < lanes; l++)
                tile[l] = rows[l * hw + i];
            ACT_STORE(out + (b * hw + i) * LANES, v_load(tile));
        }
    }
}

static void ACT(widen)(const void *act, int64_t count, float *out) {
    const act_t *in = act;
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        v_store(out + i, ACT_LOAD(in + i));
    if (i < count) {
        act_t tail[LANES] = {0};
        float values[LANES];
        memcpy(tail, in + i, (size_t)(count - i) * sizeof(act_t));
        v_store(values, ACT_LOAD(tail));
        memcpy(out + i, values, (size_t)(count - i) * sizeof(float));
    }
}

static void ACT(convert)(const float *host, int64_t count, void *image) {
    act_t *out = image;
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
        ACT_STORE(out + i, v_load(host + i));
    if (i < count) {
        float tail[LANES] = {0};
        act_t packed[LANES];
        memcpy(tail, host + i, (size_t)(count - i) * sizeof(float));
        ACT_STORE(packed, v_load(tail));
        memcpy(out + i, packed, (size_t)(count - i) * sizeof(act_t));
    }
}

static void ACT(put)(const double *host, int64_t c, int64_t hw, void *act) {
    act_t *out = act;
    for (int64_t b = 0; b * LANES < c; b++)
        for (int64_t i = 0; i < hw; i++) {
            float tile[LANES] = {0};
            for (int64_t l = 0; l < LANES && b * LANES + l < c; l++)
                tile[l] = (float)host[(b * LANES + l) * hw + i];
            ACT_STORE(out + (b * hw + i) * LANES, v_load(tile));
        }
}

static void ACT(get)(const void *act, int64_t c, int64_t hw, double *host) {
    const act_t *in = act;
    for (int64_t b = 0; b * LANES < c; b++)
        for (int64_t i = 0; i < hw; i++) {
            float tile[LANES];
            v_store(tile, ACT_LOAD(in + (b * hw + i) * LANES));
            for (int64_t l = 0; l < LANES && b * LANES + l < c; l++)
                host[(b * LANES + l) * hw + i] = (double)tile[l];
        }
}

/* ---- batch normalisation ---- */

/* floats are summed over at most this many positions before they go to double */
#define SUM_SPAN 256

static void ACT(norm_sums)(const mos_planes *planes, const void *x, const float *shift, double *sum,
                           double *square) {
    const vec base = v_load(shift);
    for (int64_t n = 0; n < planes->n; n++) {
        if (planes->present && !planes->present[n]) continue;
        const act_t *p = (const act_t *)x + n * planes->stride;
        for (int64_t begin = 0; begin < planes->hw; begin += SUM_SPAN) {
            const int64_t end = begin + SUM_SPAN < planes->hw ? begin + SUM_SPAN : planes->hw;
            vec s0 = v_all(0), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
            int64_t i = begin;
            for (; i + 4 <= end; i += 4) {
                const vec a = ACT_LOAD(p + i * LANES) - base,
                          b = ACT_LOAD(p + (i + 1) * LANES) - base;
                const vec c = ACT_LOAD(p + (i + 2) * LANES) - base,
                          d = ACT_LOAD(p + (i + 3) * LANES) - base;
                s0 += a, s1 += b, s2 += c, s3 += d;
                q0 += a * a, q1 += b * b, q2 += c * c, q3 += d * d;
            }
            for (; i < end; i++) {
                const vec a = ACT_LOAD(p + i * LANES) - base;
                s0 += a, q0 += a * a;
            }
            v_add_to_double(sum, (s0 + s1) + (s2 + s3));
            v_add_to_double(square, (q0 + q1) + (q2 + q3));
        }
    }
}

KERNEL_INLINE void ACT(norm_apply_as)(const mos_planes *planes, const void *x, const void *skip,
                                      const float *a, const float *b, const bool relu, void *y) {
    const vec scale = v_load(a), offset = v_load(b);
    for (int64_t n = 0; n < planes->n; n++) {
        const act_t *in = (const act_t *)x + n * planes->stride;
        const act_t *add = skip ? (const act_t *)skip + n * planes->stride : NULL;
        act_t *out = (act_t *)y + n * planes->stride;
        if (planes->present && !planes->present[n]) {
            memset(out, 0, (size_t)planes->hw * LANES * sizeof(act_t));
            continue;
        }
        for (int64_t i = 0; i < planes->hw * LANES; i += LANES) {
            vec v = ACT_LOAD(in + i) * scale + offset;
            if (skip) v += ACT_LOAD(add + i);
            if (relu) v = v_relu(v);
            ACT_STORE(out + i, v);
        }
    }
}

static void ACT(norm_apply)(const mos_planes *planes, const void *x, const void *skip,
                            const float *a, const float *b, bool relu, void *y) {
    if (skip && relu)
        ACT(norm_apply_as)(planes, x, skip, a, b, true, y);
    else if (skip)
        ACT(norm_apply_as)(planes, x, skip, a, b, false, y);
    else if (relu)
        ACT(norm_apply_as)(planes, x, NULL, a, b, true, y);
    else
        ACT(norm_apply_as)(planes, x, NULL, a, b, false, y);
}

/* the gradient that enters the normalisation at one position; x is the value there */
KERNEL_INLINE vec ACT(gradient)(const act_t *y, const bool line, const vec a, const vec b,
                                const vec x, const act_t *dy, const act_t *dy2, int64_t i) {
    vec g = ACT_LOAD(dy + i);
    if (dy2) g += ACT_LOAD(dy2 + i);
    if (y) g = v_where_positive(g, ACT_LOAD(y + i));
    if (line) g = v_where_positive(g, x * a + b);
    return g;
}

#define AT_PLANE(p, n, planes) ((p) ? (const act_t *)(p) + (n) * (planes)->stride : NULL)

KERNEL_INLINE void ACT(norm_back_sums_as)(const mos_planes *planes, const void *x, const void *y,
                                          const float *line, const void *dy, const void *dy2,
                                          void *dskip, const float *mean, double *sum,
                                          double *dot) {
    const vec centre = v_load(mean);
    const vec a = line ? v_load(line) : centre, b = line ? v_load(line + LANES) : centre;
    for (int64_t n = 0; n < planes->n; n++) {
        const act_t *xn = AT_PLANE(x, n, planes), *yn = AT_PLANE(y, n, planes);
        const act_t *gn = AT_PLANE(dy, n, planes), *g2n = AT_PLANE(dy2, n, planes);
        act_t *out = dskip ? (act_t *)dskip + n * planes->stride : NULL;
        if (planes->present && !planes->present[n]) {
            if (dskip) memset(out, 0, (size_t)planes->hw * LANES * sizeof(act_t));
            continue;
        }
        for (int64_t begin = 0; begin < planes->hw; begin += SUM_SPAN) {
            const int64_t end = begin + SUM_SPAN < planes->hw ? begin + SUM_SPAN : planes->hw;
            vec s0 = v_all(0), s1 = s0, d0 = s0, d1 = s0;
            int64_t i = begin * LANES;
            for (; i + 2 * LANES <= end * LANES; i += 2 * LANES) {
                const vec x0 = ACT_LOAD(xn + i), x1 = ACT_LOAD(xn + i + LANES);
                const vec g0 = ACT(gradient)(yn, line != NULL, a, b, x0, gn, g2n, i),
                          g1 = ACT(gradient)(yn, line != NULL, a, b, x1, gn, g2n, i + LANES);
                if (dskip) {
                    ACT_STORE(out + i, g0);
                    ACT_STORE(out + i + LANES, g1);
                }
                s0 += g0, s1 += g1;
                d0 += g0 * (x0 - centre), d1 += g1 * (x1 - centre);
            }
            if (i < end * LANES) {
                const vec x0 = ACT_LOAD(xn + i),
                          g0 = ACT(gradient)(yn, line != NULL, a, b, x0, gn, g2n, i);
                if (dskip) ACT_STORE(out + i, g0);
                s0 += g0, d0 += g0 * (x0 - centre);
            }
            v_add_to_double(sum, s0 + s1);
            v_add_to_double(dot, d0 + d1);
        }
    }
}

static void ACT(norm_back_sums)(const mos_planes *planes, const void *x, const void *y,
                                const float *line, const void *dy, const void *dy2, void *dskip,
                                const float *mean, double *sum, double *dot) {
    switch ((y ? 1 : 0) | (dy2 ? 2 : 0) | (dskip ? 4 : 0) | (line ? 8 : 0)) {
    case 0:
        ACT(norm_back_sums_as)(planes, x, NULL, NULL, dy, NULL, NULL, mean, sum, dot);
        break;
    case 1:
        ACT(norm_back_sums_as)(planes, x, y, NULL, dy, NULL, NULL, mean, sum, dot);
        break;
    case 2:
        ACT(norm_back_sums_as)(planes, x, NULL, NULL, dy, dy2, NULL, mean, sum, dot);
        break;
    case 3:
        ACT(norm_back_sums_as)(planes, x, y, NULL, dy, dy2, NULL, mean, sum, dot);
        break;
    case 4:
        ACT(norm_back_sums_as)(planes, x, NULL, NULL, dy, NULL, dskip, mean, sum, dot);
        break;
    case 5:
        ACT(norm_back_sums_as)(planes, x, y, NULL, dy, NULL, dskip, mean, sum, dot);
        break;
    case 6:
        ACT(norm_back_sums_as)(planes, x, NULL, NULL, dy, dy2, dskip, mean, sum, dot);
        break;
    case 7:
        ACT(norm_back_sums_as)(planes, x, y, NULL, dy, dy2, dskip, mean, sum, dot);
        break;
    case 8:
        ACT(norm_back_sums_as)(planes, x, NULL, line, dy, NULL, NULL, mean, sum, dot);
        break;
    default:
        ACT(norm_back_sums_as)(planes, x, NULL, line, dy, dy2, NULL, mean, sum, dot);
        break;
    }
}

KERNEL_INLINE void ACT(norm_back_apply_as)(const mos_planes *planes, const void *x, const void *y,
                                           const float *line, const void *dy, const void *dy2,
                                           const float *mean, const float *k, const float *c1,
                                           const float *c2, void *dx) {
    /* k (g - c1 - (x - mean) c2) = k g + x slope + constant */
    const vec gain = v_load(k), slope = -gain * v_load(c2);
    const vec constant = -gain * v_load(c1) - v_load(mean) * slope;
    const vec a = line ? v_load(line) : gain, b = line ? v_load(line + LANES) : gain;
    for (int64_t n = 0; n < planes->n; n++) {
        const act_t *xn = AT_PLANE(x, n, planes), *yn = AT_PLANE(y, n, planes);
        const act_t *gn = AT_PLANE(dy, n, planes), *g2n = AT_PLANE(dy2, n, planes);
        act_t *out = (act_t *)dx + n * planes->stride;
        if (planes->present && !planes->present[n]) {
            memset(out, 0, (size_t)planes->hw * LANES * sizeof(act_t));
            continue;
        }
        for (int64_t i = 0; i < planes->hw * LANES; i += LANES) {
            const vec x0 = ACT_LOAD(xn + i),
                      g = ACT(gradient)(yn, line != NULL, a, b, x0, gn, g2n, i);
            ACT_STORE(out + i, g * gain + (x0 * slope + constant));
        }
    }
}

static void ACT(norm_back_apply)(const mos_planes *planes, const void *x, const void *y,
                                 const float *line, const void *dy, const void *dy2,
                                 const float *mean, const float *k, const float *c1,
                                 const float *c2, void *dx) {
    if (line && dy2)
        ACT(norm_back_apply_as)(planes, x, NULL, line, dy, dy2, mean, k, c1, c2, dx);
    else if (line)
        ACT(norm_back_apply_as)(planes, x, NULL, line, dy, NULL, mean, k, c1, c2, dx);
    else if (y && dy2)
        ACT(norm_back_apply_as)(planes, x, y, NULL, dy, dy2, mean, k, c1, c2, dx);
    else if (y)
        ACT(norm_back_apply_as)(planes, x, y, NULL, dy, NULL, mean, k, c1, c2, dx);
    else if (dy2)
        ACT(norm_back_apply_as)(planes, x, NULL, NULL, dy, dy2, mean, k, c1, c2, dx);
    else
        ACT(norm_back_apply_as)(planes, x, NULL, NULL, dy, NULL, mean, k, c1, c2, dx);
}

/* ---- pooling ---- */

/* first winner in row order, as PyTorch; index = ky * kernel + kx, [oh, ow, 16] */
static void ACT(pool_forward)(const mos_pool_plane *p, const void *x, void *y, uint8_t *index) {
    const act_t *in = x;
    act_t *out = y;
    for (int64_t oy = 0; oy < p->oh; oy++) {
        const int64_t y0 = oy * p->stride - p->pad;
        const int64_t ky0 = y0 < 0 ? -y0 : 0, ky1 = y0 + p->kernel > p->h ? p->h - y0 : p->kernel;
        for (int64_t ox = 0; ox < p->ow; ox++) {
            const int64_t x0 = ox * p->stride - p->pad;
            const int64_t kx0 = x0 < 0 ? -x0 : 0,
                          kx1 = x0 + p->kernel > p->w ? p->w - x0 : p->kernel;
            vec best = ACT_LOAD(in + ((y0 + ky0) * p->w + x0 + kx0) * LANES);
            veci winner = (veci){0} + (int32_t)(ky0 * p->kernel + kx0);
            for (int64_t ky = ky0; ky < ky1; ky++)
                for (int64_t kx = kx0; kx < kx1; kx++) {
                    const vec v = ACT_LOAD(in + ((y0 + ky) * p->w + x0 + kx) * LANES);
                    v_keep_greater(v, (int32_t)(ky * p->kernel + kx), &best, &winner);
                }
            ACT_STORE(out + (oy * p->ow + ox) * LANES, best);
            if (index) v_store_bytes(index + (oy * p->ow + ox) * LANES, winner);
        }
    }
}

/* each input position gathers from the windows that hold it, in order */
KERNEL_INLINE void ACT(pool_backward_as)(const mos_pool_plane *p, const int64_t kernel,
                                         const int64_t stride, const void *dy, const void *dy2,
                                         const uint8_t *index, void *dx) {
    const act_t *g = dy, *g2 = dy2;
    act_t *out = dx;
    for (int64_t iy = 0; iy < p->h; iy++) {
        const int64_t top = iy + p->pad;
        int64_t oy0 = top < kernel ? 0 : (top - kernel) / stride + 1, oy1 = top / stride + 1;
        if (oy1 > p->oh) oy1 = p->oh;
        for (int64_t ix = 0; ix < p->w; ix++) {
            const int64_t left = ix + p->pad;
            int64_t ox0 = left < kernel ? 0 : (left - kernel) / stride + 1, ox1 = left / stride + 1;
            if (ox1 > p->ow) ox1 = p->ow;
            vec sum = v_all(0);
            for (int64_t oy = oy0; oy < oy1; oy++)
                for (int64_t ox = ox0; ox < ox1; ox++) {
                    const int64_t o = (oy * p->ow + ox) * LANES;
                    vec v = ACT_LOAD(g + o);
                    if (dy2) v += ACT_LOAD(g2 + o);
                    sum += v_where_index(
                        v, index + o, (int32_t)((top - oy * stride) * kernel + left - ox * stride));
                }
            ACT_STORE(out + (iy * p->w + ix) * LANES, sum);
        }
    }
}

static void ACT(pool_backward)(const mos_pool_plane *p, const void *dy, const void *dy2,
                               const uint8_t *index, void *dx) {
    const bool usual = p->kernel == 3 && p->stride == 2;
    if (usual && dy2)
        ACT(pool_backward_as)(p, 3, 2, dy, dy2, index, dx);
    else if (usual)
        ACT(pool_backward_as)(p, 3, 2, dy, NULL, index, dx);
    else
        ACT(pool_backward_as)(p, p->kernel, p->stride, dy, dy2, index, dx);
}

static void ACT(mean_forward)(const void *x, int64_t hw, float *y) {
    const act_t *in = x;
    vec sum = v_all(0);
    for (int64_t i = 0; i < hw; i++)
        sum += ACT_LOAD(in + i * LANES);
    v_store(y, sum / (float)hw);
}

static void ACT(mean_backward)(const float *dy, int64_t hw, void *dx) {
    act_t *out = dx;
    const vec v = v_load(dy) / (float)hw;
    for (int64_t i = 0; i < hw; i++)
        ACT_STORE(out + i * LANES, v);
}

static const mos_act_kernels ACT(table) = {
    .image_block = ACT(image_block),
    .convert = ACT(convert),
    .widen = ACT(widen),
    .put = ACT(put),
    .get = ACT(get),
    .norm_sums = ACT(norm_sums),
    .norm_apply = ACT(norm_apply),
    .norm_back_sums = ACT(norm_back_sums),
    .norm_back_apply = ACT(norm_back_apply),
    .pool_forward = ACT(pool_forward),
    .pool_backward = ACT(pool_backward),
    .mean_forward = ACT(mean_forward),
    .mean_backward = ACT(mean_backward),
    .winograd_2x2 = &ACT(table_winograd_2x2),
    .winograd_3x3 = ACT_WINOGRAD_3X3,
    .winograd_4x4 = ACT_WINOGRAD_4X4,
    .winograd_map = ACT_WINOGRAD_MAP,
    .gather = &ACT(table_gather),
    .stem = &ACT(table_stem),
};
#undef AT_PLANE
#undef SUM_SPAN
