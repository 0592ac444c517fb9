/* Products of rows with columns in the type of the activations, sums in fp32: what all our
 * convolution kernels end in. A step takes ACT_STEP values along the sum, for bf16 a pair. Included
 * once per value type by kernel_body.h. */

/* ACT_STEP values of a row, for every lane */
KERNEL_INLINE act_row ACT(row_at)(const act_t *a) {
#if ACT_STEP == 2
    int32_t two;
    memcpy(&two, a, sizeof two);
    return (__m512bh)_mm512_set1_epi32(two);
#else
    return v_broadcast(a);
#endif
}

/* LANES columns, ACT_STEP values of each */
KERNEL_INLINE act_row ACT(columns_at)(const act_t *b) {
#if ACT_STEP == 2
    return (__m512bh)_mm512_loadu_si512(b);
#else
    return v_load(b);
#endif
}

KERNEL_INLINE vec ACT(multiply_add)(vec sum, act_row a, act_row b) {
#if ACT_STEP == 2
    return (vec)_mm512_dpbf16_ps((__m512)sum, a, b);
#else
    return sum + a * b;
#endif
}

/* The micro-kernel, blocked for registers: sum [count][2] += `count` rows times GROUP columns
 * over `steps` steps: row t has its values at a[t * row + p * step]; b is two streams of LANES
 * columns, step_b apart. count is a constant. */
KERNEL_INLINE void ACT(product_more)(const int count, int64_t steps, const act_t *a, int64_t row,
                                     int64_t step, const act_t *b0, const act_t *b1, int64_t step_b,
                                     vec sum[][2]) {
    for (int64_t p = 0; p < steps; p++) {
        const act_row v0 = ACT(columns_at)(b0 + p * step_b), v1 = ACT(columns_at)(b1 + p * step_b);
#pragma GCC unroll 8
        for (int t = 0; t < count; t++) {
            const act_row value = ACT(row_at)(a + t * row + p * step);
            sum[t][0] = ACT(multiply_add)(sum[t][0], value, v0);
            sum[t][1] = ACT(multiply_add)(sum[t][1], value, v1);
        }
    }
}

KERNEL_INLINE void ACT(product)(const int count, int64_t steps, const act_t *a, int64_t row,
                                int64_t step, const act_t *b0, const act_t *b1, int64_t step_b,
                                vec sum[][2]) {
#pragma GCC unroll 8
    for (int t = 0; t < count; t++)
        sum[t][0] = sum[t][1] = v_all(0);
    ACT(product_more)(count, steps, a, row, step, b0, b1, step_b, sum);
}

/* total += sum, which begins anew */
KERNEL_INLINE void ACT(end_chain)(vec sum[PRODUCT_ROWS][2], vec total[PRODUCT_ROWS][2]) {
#pragma GCC unroll 8
    for (int t = 0; t < PRODUCT_ROWS; t++)
        for (int half = 0; half < 2; half++) {
            total[t][half] += sum[t][half];
            sum[t][half] = v_all(0);
        }
}

/* to [count rows of GROUP] (+)= sum */
KERNEL_INLINE void ACT(store_sums)(const int count, float *to, vec sum[][2], bool add) {
#pragma GCC unroll 8
    for (int t = 0; t < count; t++) {
        if (add) {
            sum[t][0] += v_load(to + t * GROUP);
            sum[t][1] += v_load(to + t * GROUP + LANES);
        }
        v_store(to + t * GROUP, sum[t][0]);
        v_store(to + t * GROUP + LANES, sum[t][1]);
    }
}

/* What follows a forward product: nothing, or a folded norm's bias, sum and ReLU. */
KERNEL_INLINE void ACT(store_ended)(act_t *to, vec value, const bool folded, vec bias,
                                    const bool sum, const bool relu) {
    if (folded) value += bias;
    if (sum) value += ACT_LOAD(to);
    if (relu) value = v_relu(value);
    ACT_STORE(to, value);
}
