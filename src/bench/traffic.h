/* Reads and writes arrays once, by all threads: the bandwidth of the cache or memory that holds them. */
#ifndef MOS_BENCH_TRAFFIC_H
#define MOS_BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOS_TRAFFIC_READ = 2 };

typedef struct mos_traffic {
    const void *read[MOS_TRAFFIC_READ];
    size_t read_bytes[MOS_TRAFFIC_READ];
    void *
        written; /* overwritten with plain stores, as a product does; or read, changed and stored */
    size_t written_bytes;
    bool is_read_too;
} mos_traffic;

/* Bytes that one pass moves: what is read and written counts twice. */
double mos_traffic_bytes(const mos_traffic *traffic);
/* One pass: every thread reads and writes its share. Counts are whole numbers of 4 bytes. */
void mos_traffic_run(const mos_traffic *traffic, int threads);

#endif
