/* The threads that oneDNN computes with: those of the OpenMP runtime it is linked to, which nothing
 * else of ours uses. */
#ifndef MOS_COMPUTE_CPU_ONEDNN_THREADS_H
#define MOS_COMPUTE_CPU_ONEDNN_THREADS_H

/* Between enter and leave oneDNN plans for and runs on `threads` threads, with the caller's
 * floating-point settings. leave takes what enter gave: the caller's own number. */
int mos_onednn_enter(int threads);
void mos_onednn_leave(int before);

#endif
