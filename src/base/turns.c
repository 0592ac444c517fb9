#include "base/turns.h"

#include "base/memory.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* As the first thread of a process has; pages that no job touches are never there. */
static const size_t stack_bytes = (size_t)8 << 20;

typedef struct turn {
    ucontext_t state;
    /* Its lowest page is closed: a job that needs more ends there, not in other memory. */
    void *stack;
    bool done;
} turn;

struct mos_turns {
    int count, at; /* at: the job at hand */
    turn *turn;    /* [count] */
    ucontext_t caller;
    mos_turns_job job;
    void *context;
};

static _Thread_local mos_turns *running; /* of this thread, while it runs jobs */

mosaic_status mos_turns_create(int count, mos_turns **out) {
    mos_turns *turns = NULL;
    mosaic_status status;
    *out = NULL;
    MOS_GOTO(mos_alloc(1, sizeof *turns, "turns", &turns));
    turns->count = count;
    MOS_GOTO(mos_alloc((size_t)count, sizeof *turns->turn, "turns", &turns->turn));
    for (int i = 0; i < count; i++) {
        void *stack = mmap(NULL, stack_bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED) MOS_GOTO(mos_fail_memory(stack_bytes, "a stack"));
        turns->turn[i].stack = stack;
        if (mprotect(stack, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE) != 0)
            MOS_GOTO(mos_fail_memory(stack_bytes, "a stack"));
    }
    *out = turns;
    return MOSAIC_OK;
done:
    mos_turns_destroy(&turns);
    return status;
}

void mos_turns_destroy(mos_turns **slot) {
    mos_turns *turns = *slot;
    *slot = NULL;
    if (turns == NULL) return;
    for (int i = 0; turns->turn != NULL && i < turns->count; i++)
        if (turns->turn[i].stack != NULL) (void)munmap(turns->turn[i].stack, stack_bytes);
    mos_free(turns->turn);
    mos_free(turns);
}

/* The first function on a job's stack; behind its end the caller goes on (uc_link). */
static void begin(void) {
    mos_turns *turns = running;
    const int own = turns->at;
    turns->job(turns->context, own);
    turns->turn[own].done = true;
}

/* The next job after `at` that is not done, -1: none. */
static int next_of(const mos_turns *turns) {
    for (int i = 1; i <= turns->count; i++) {
        const int next = (turns->at + i) % turns->count;
        if (!turns->turn[next].done) return next;
    }
    return -1;
}

void mos_turns_run(mos_turns *turns, mos_turns_job job, void *context) {
    turns->job = job;
    turns->context = context;
    turns->at = turns->count - 1;
    for (int i = 0; i < turns->count; i++) {
        turn *one = &turns->turn[i];
        one->done = getcontext(&one->state) != 0; /* never fails */
        one->state.uc_stack = (stack_t){.ss_sp = one->stack, .ss_size = stack_bytes};
        one->state.uc_link = &turns->caller;
        makecontext(&one->state, begin, 0);
    }
    running = turns;
    for (int next; (next = next_of(turns)) >= 0;) {
        turns->at = next;
        (void)swapcontext(&turns->caller, &turns->turn[next].state);
    }
    running = NULL;
}

void mos_turns_pass(void) {
    if (running != NULL) (void)swapcontext(&running->turn[running->at].state, &running->caller);
}

int mos_turns_own(void) {
    return running == NULL ? 0 : running->at;
}
