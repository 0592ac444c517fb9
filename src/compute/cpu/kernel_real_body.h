/* Loops over reals (float): exponentials, optimizer, sums. Included once per
 * instruction set by kernel_body.h. */

static double exp_row(float *s, int64_t count, float top) {
    double sum[LANES] = {0}, total = 0;
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const vec e = v_exp(v_load(s + i) - top);
        v_store(s + i, e);
        v_add_to_double(sum, e);
    }
    if (i < count) {
        vec e = v_all(-1000.0f);
        memcpy(&e, s + i, (size_t)(count - i) * sizeof(float));
        e = v_exp(e - top);
        memcpy(s + i, &e, (size_t)(count - i) * sizeof(float));
        for (int64_t l = 0; l < count - i; l++)
            sum[l] += (double)e[l];
    }
    for (int l = 0; l < LANES; l++)
        total += sum[l];
    return total;
}

/* PyTorch's rules: AdamW decays the weight, Adam adds the decay to g; SGD m = beta1 m + g. LARS
 * (You, Gitman & Ginsburg 2017): m = beta1 m + rate (g + decay p), p -= m, with the segment's rate
 * in lr. */
static void optimize(const mos_optimizer_terms *t, int64_t count, float *restrict params,
                     const float *restrict grads, float *restrict m, float *restrict v) {
    if (t->kind == MOS_OPTIMIZER_ADAM || t->kind == MOS_OPTIMIZER_ADAMW) {
        const float coupled = t->kind == MOS_OPTIMIZER_ADAM ? t->decay : 0.0f;
        const float lost = t->kind == MOS_OPTIMIZER_ADAMW ? t->lr * t->decay : 0.0f;
        const float step = t->lr * t->bias1;
        for (int64_t i = 0; i < count; i++) {
            const float g = grads[i] * t->scale + coupled * params[i];
            m[i] = t->beta1 * m[i] + t->rest1 * g;
            v[i] = t->beta2 * v[i] + t->rest2 * g * g;
            params[i] -=
                lost * params[i] + step * m[i] / (__builtin_sqrtf(v[i]) * t->bias2 + t->eps);
        }
        return;
    }
    const bool lars = t->kind == MOS_OPTIMIZER_LARS;
    const float gain = lars ? t->lr : 1.0f, step = lars ? 1.0f : t->lr;
    const float ahead = t->nesterov ? t->beta1 : 0.0f;
    for (int64_t i = 0; i < count; i++) {
        const float g = gain * (grads[i] * t->scale + t->decay * params[i]);
        m[i] = t->beta1 * m[i] + g;
        params[i] -= step * (t->nesterov ? g + ahead * m[i] : m[i]);
    }
}

static void sum_squares(const float *x, int64_t count, double *sum, int64_t *not_finite) {
    double part[LANES] = {0}, total = 0;
    int64_t bad = 0;
    for (int64_t begin = 0; begin < count; begin += LANES) {
        const int64_t lanes = count - begin < LANES ? count - begin : LANES;
        for (int64_t l = 0; l < lanes; l++) {
            uint32_t bits;
            memcpy(&bits, x + begin + l, sizeof bits);
            bad += (bits & 0x7f800000u) == 0x7f800000u;
            part[l] += (double)x[begin + l] * (double)x[begin + l];
        }
    }
    for (int l = 0; l < LANES; l++)
        total += part[l];
    *sum = total;
    *not_finite = bad;
}

static void add(float *restrict to, const float *restrict from, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        to[i] += from[i];
}

/* A row of dw is 16 * taps contiguous values: gathered from the block a vector at a time. */
static void add_weight_block(const float *restrict block, int64_t taps, float *restrict dw,
                             int64_t row_stride) {
    for (int64_t j = 0; j < taps * LANES; j += LANES) {
        int32_t offsets[LANES];
        for (int64_t l = 0; l < LANES; l++)
            offsets[l] = (int32_t)(((j + l) % taps * LANES + (j + l) / taps) * LANES);
        for (int64_t o = 0; o < LANES; o++) {
            float *to = dw + o * row_stride + j;
#if defined(__AVX512F__)
            const vec values = (vec)_mm512_i32gather_ps(_mm512_loadu_si512(offsets), block + o, 4);
#else
            vec values;
            for (int l = 0; l < LANES; l++)
                values[l] = block[offsets[l] + o];
#endif
            v_store(to, v_load(to) + values);
        }
    }
}
