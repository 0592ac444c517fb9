#include "bench/peer.h"

#include "base/isa.h"
#include "base/text.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A cap on our instruction set is the peer's too: PyTorch's own kernels and its oneDNN's obey
 * these.
 */
static void cap_peer(void) {
    static const struct {
        const char *aten, *onednn;
    } sets[MOS_ISA_COUNT] = {[MOS_ISA_BASE] = {"default", "SSE41"},
                             [MOS_ISA_AVX2] = {"avx2", "AVX2"},
                             [MOS_ISA_AVX512] = {"avx512", "AVX512_CORE"},
                             [MOS_ISA_AVX512_BF16] = {"avx512", "AVX512_CORE_BF16"}};
    if (!mos_isa_is_capped()) return;
    (void)setenv("ATEN_CPU_CAPABILITY", sets[mos_isa_used()].aten, 1);
    (void)setenv("ONEDNN_MAX_CPU_ISA", sets[mos_isa_used()].onednn, 1);
    (void)setenv("DNNL_MAX_CPU_ISA", sets[mos_isa_used()].onednn, 1);
}

static void run_child(const char *const *argv, const int to[2], const int from[2]) {
    char *const *words; /* execvp writes to none of them; its type is older than const */
    memcpy(&words, &argv, sizeof words);
    (void)dup2(to[0], STDIN_FILENO);
    (void)dup2(from[1], STDOUT_FILENO);
    (void)close(to[1]);
    (void)close(from[0]);
    cap_peer();
    (void)execvp(argv[0], words);
    _exit(127);
}

/* One line without its newline; an ended peer is an error. */
static mosaic_status read_line(mos_peer *peer, char *line, int size) {
    if (!fgets(line, size, peer->from))
        return mos_fail(MOSAIC_ERR_RUNTIME, "the peer program ended; its messages are above");
    line[strcspn(line, "\n")] = 0;
    return MOSAIC_OK;
}

/* "torch 1.13.1 threads 2 parameters 43300000" */
static void read_greeting(const char *text, mos_peer *out) {
    static const char key[] = " parameters ";
    const char *count = strstr(text, key);
    if (count == NULL || !mos_parse_int(count + strlen(key), &out->parameters)) out->parameters = 0;
    (void)snprintf(out->greeting, sizeof out->greeting, "%s", text);
}

mosaic_status mos_peer_start(const char *const *argv, mos_peer *out) {
    int to[2] = {-1, -1}, from[2] = {-1, -1};
    *out = (mos_peer){0};
    if (pipe(to) != 0 || pipe(from) != 0) return mos_fail_errno("make a pipe for", argv[0]);
    (void)signal(SIGPIPE, SIG_IGN); /* a dead peer shows as a failed write */
    out->pid = fork();
    if (out->pid < 0) return mos_fail_errno("start", argv[0]);
    if (out->pid == 0) run_child(argv, to, from);
    (void)close(to[0]);
    (void)close(from[1]);
    out->to = fdopen(to[1], "w");
    out->from = fdopen(from[0], "r");
    char line[256];
    mosaic_status status = read_line(out, line, sizeof line);
    if (status == MOSAIC_OK && strncmp(line, "ready ", 6) != 0)
        status =
            mos_fail(MOSAIC_ERR_RUNTIME, "the peer program said '%s', wanted 'ready ...'", line);
    if (status == MOSAIC_OK)
        read_greeting(line + 6, out);
    else
        mos_peer_stop(out);
    return status;
}

mosaic_status mos_peer_step(mos_peer *peer, const char *mode, double *seconds) {
    char line[256];
    if (fprintf(peer->to, "%s\n", mode) < 0 || fflush(peer->to) != 0)
        return mos_fail(MOSAIC_ERR_RUNTIME, "the peer program takes no more input");
    MOS_TRY(read_line(peer, line, sizeof line));
    if (!mos_parse_double(line, seconds) || *seconds <= 0)
        return mos_fail(MOSAIC_ERR_RUNTIME,
                        "the peer program answered '%s' for mode '%s', wanted seconds", line, mode);
    return MOSAIC_OK;
}

void mos_peer_stop(mos_peer *peer) {
    if (peer->to) (void)fclose(peer->to);
    if (peer->from) (void)fclose(peer->from);
    if (peer->pid > 0) {
        (void)kill(peer->pid, SIGTERM);
        (void)waitpid(peer->pid, NULL, 0);
    }
    *peer = (mos_peer){0};
}
