/* What this process holds, as the system sees it. */
#ifndef MOS_BENCH_PROCESS_MEMORY_H
#define MOS_BENCH_PROCESS_MEMORY_H

/* Resident bytes now, and the most since the last reset; NAN when the system does not say. */
double mos_resident_bytes(void);
double mos_peak_bytes(void);
/* The peak starts again at what is used now; older kernels keep the old one. */
void mos_reset_peak(void);

#endif
