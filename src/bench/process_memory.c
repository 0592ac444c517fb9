#include "bench/process_memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A line of /proc/self/status in bytes. */
static double status_bytes(const char *key) {
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    double bytes = NAN;
    size_t size = strlen(key);
    if (file == NULL) return bytes;
    while (fgets(line, sizeof line, file))
        if (strncmp(line, key, size) == 0 && line[size] == ':') {
            long long kilobytes = 0;
            if (sscanf(line + size + 1, "%lld", &kilobytes) == 1)
                bytes = 1024.0 * (double)kilobytes;
        }
    (void)fclose(file);
    return bytes;
}

double mos_resident_bytes(void) {
    return status_bytes("VmRSS");
}

double mos_peak_bytes(void) {
    return status_bytes("VmHWM");
}

void mos_reset_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "we");
    if (file == NULL) return;
    (void)fputs("5", file);
    (void)fclose(file);
}
