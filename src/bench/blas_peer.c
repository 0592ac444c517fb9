#include "bench/blas_peer.h"

#include "base/isa.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of CBLAS */
enum { ROW_MAJOR = 101, AS_IT_IS = 111, TURNED = 112 };

/* A function pointer from dlsym, which C has no cast for. */
static void find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
}

/* OpenBLAS reads this variable when it is loaded. Where our instruction set is capped, OpenBLAS is made
 * to use kernels of the same one; otherwise it chooses by itself. */
static void limit_kernels(void) {
    static const char *const core[MOS_ISA_COUNT] = {"Prescott", "Haswell", "SkylakeX",
                                                    "Cooperlake"};
    if (mos_isa_is_capped())
        (void)setenv("OPENBLAS_CORETYPE", core[mos_isa_used()], 1);
    else
        (void)unsetenv("OPENBLAS_CORETYPE");
}

void mos_blas_peer_open(mos_blas_peer *out) {
    static const char file[] = "libopenblas.so.0";
    char *(*core)(void) = NULL, *(*config)(void) = NULL;
    *out = (mos_blas_peer){0};
    limit_kernels();
    out->library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (out->library == NULL) {
        (void)snprintf(out->description, sizeof out->description,
                       "skipped: no %s here (Debian: libopenblas0-pthread)", file);
        return;
    }
    find(out->library, "openblas_set_num_threads", &out->set_threads);
    find(out->library, "cblas_sgemm", &out->sgemm);
    find(out->library, "cblas_dgemm", &out->dgemm);
    find(out->library, "openblas_get_corename", &core);
    find(out->library, "openblas_get_config", &config);
    if (out->set_threads && out->sgemm && out->dgemm && core && config) {
        (void)snprintf(out->description, sizeof out->description, "%s; kernels of %s", config(),
                       core());
        return;
    }
    mos_blas_peer_close(out);
    (void)snprintf(out->description, sizeof out->description,
                   "skipped: %s lacks functions of OpenBLAS", file);
}

void mos_blas_peer_close(mos_blas_peer *peer) {
    if (peer->library) (void)dlclose(peer->library);
    *peer = (mos_blas_peer){0};
}

void mos_blas_peer_f32(const mos_blas_peer *peer, const mos_product_f32 *p, int threads) {
    const bool ta = p->a_column != 1, tb = p->b_column != 1;
    peer->set_threads(threads);
    peer->sgemm(ROW_MAJOR, ta ? TURNED : AS_IT_IS, tb ? TURNED : AS_IT_IS, (int)p->m, (int)p->n,
                (int)p->k, p->alpha, p->a, (int)(ta ? p->a_column : p->a_row), p->b,
                (int)(tb ? p->b_column : p->b_row), p->accumulate ? 1 : 0, p->c, (int)p->ldc);
}

void mos_blas_peer_f64(const mos_blas_peer *peer, const mos_product_f64 *p, int threads) {
    const bool ta = p->a_column != 1, tb = p->b_column != 1;
    peer->set_threads(threads);
    peer->dgemm(ROW_MAJOR, ta ? TURNED : AS_IT_IS, tb ? TURNED : AS_IT_IS, (int)p->m, (int)p->n,
                (int)p->k, p->alpha, p->a, (int)(ta ? p->a_column : p->a_row), p->b,
                (int)(tb ? p->b_column : p->b_row), p->accumulate ? 1 : 0, p->c, (int)p->ldc);
}
