#include "base/thread.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Processors in this process's affinity mask; 0 when the system does not say. */
static int affinity_count(void) {
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) { /* EINVAL until the set is large enough */
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        if (set == NULL) return 0;
        size_t size = CPU_ALLOC_SIZE((size_t)cpus);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0) return count;
    }
    return 0;
}

static int quota_in_file(const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    char line[64];
    long long quota = 0, period = 0;
    bool read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    /* "max 100000" has no quota and fails to scan. */
    if (!read || sscanf(line, "%lld %lld", &quota, &period) != 2) return 0;
    if (quota <= 0 || period <= 0) return 0;
    long long cpus = (quota + period - 1) / period;
    return cpus > 1 << 20 ? 0 : (int)cpus;
}

/* The tightest processor quota among this process's control group and those above it (version 2),
 * rounded up; 0 when none is set. */
static int quota_count(void) {
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) return 0;
    char line[2048], group[2048] = "";
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "0::", 3) != 0) continue;
        (void)snprintf(group, sizeof group, "%s", line + 3);
        group[strcspn(group, "\n")] = '\0';
    }
    (void)fclose(file);
    int tightest = 0;
    for (;;) {
        char path[2200];
        (void)snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        int here = quota_in_file(path);
        if (here > 0 && (tightest == 0 || here < tightest)) tightest = here;
        char *slash = strrchr(group, '/');
        if (slash == NULL) return tightest;
        *slash = '\0';
    }
}

int mos_cpu_count(void) {
    int count = affinity_count(), quota = quota_count();
    if (quota > 0 && quota < count) count = quota;
    return count < 1 ? 1 : count;
}
