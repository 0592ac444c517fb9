/* mosaic/status.h: what every function of the library returns, and how to ask for the detail.
 *
 * Every function that can fail returns a mosaic_status; dropping it is a compile-time warning (an
 * error in this project's own build). The human-readable detail of the last failure is kept per
 * thread until the next failure on the same thread. */
#ifndef MOSAIC_STATUS_H
#define MOSAIC_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MOSAIC_API     __attribute__((visibility("default")))
#define MOSAIC_CHECKED __attribute__((warn_unused_result))
#else
#define MOSAIC_API
#define MOSAIC_CHECKED
#endif

typedef enum mosaic_status {
    MOSAIC_OK = 0,
    MOSAIC_ERR_MEMORY,      /* an allocation failed */
    MOSAIC_ERR_IO,          /* the operating system refused a file operation */
    MOSAIC_ERR_RUNTIME,     /* anything else that went wrong while running */
    MOSAIC_ERR_UNSUPPORTED, /* this build or this machine cannot do it */
    MOSAIC_ERR_USAGE,       /* arguments or configuration are wrong */
    MOSAIC_ERR_DATA,        /* input data or weights failed validation */
    MOSAIC_ERR_NUMERIC,     /* NaN, Inf or collapse */
    MOSAIC_ERR_RESUME,      /* a run cannot be resumed with this configuration */
    MOSAIC_INTERRUPTED      /* stopped on request; the run can be resumed */
} mosaic_status;

/* Detail of the last failure on the calling thread: one line, lower case, no full stop; "" if none.
 * The text lives until the next failure on this thread. */
MOSAIC_API const char *mosaic_error(void);

/* Name of a status in plain words, e.g. "data error". Never NULL. */
MOSAIC_API const char *mosaic_status_name(mosaic_status status);

/* Process exit code for a status: 0 ok, 1 memory, IO, runtime or unsupported, 2 usage, 3 data,
 * 4 numeric, 5 resume, 75 interrupted. */
MOSAIC_API int mosaic_exit_code(mosaic_status status);

/* Version of the library that runs, as "0.1.0". The text lives as long as the library. */
MOSAIC_API const char *mosaic_version(void);

#ifdef __cplusplus
}
#endif
#endif
