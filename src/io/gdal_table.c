#include "io/gdal_table.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* The name that the library has itself, found by CMake: "libgdal.so.32". Another one may have other
 * structs. */
static const char file[] = MOSAIC_GDAL_SONAME;

static const char *const names[] = {
#define NAME(name) #name,
    MOS_GDAL_FUNCTIONS(NAME)
#undef NAME
};

mos_gdal_table mos_gdal;
_Static_assert(sizeof mos_gdal == sizeof names / sizeof *names * sizeof(void (*)(void)),
               "an entry a name");

static char failure[1024]; /* "" where GDAL is loaded */

static void load(void) {
    /* LAZY: of a hundred libraries few functions are called. It stays to the end of the process. */
    void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        (void)snprintf(failure, sizeof failure, "%s", why == NULL ? file : why);
        return;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *symbol = dlsym(library, names[i]); /* C has no cast to a function */
        if (symbol == NULL) {
            (void)snprintf(failure, sizeof failure, "%s has no function %s", file, names[i]);
            return;
        }
        memcpy((unsigned char *)&mos_gdal + i * sizeof symbol, &symbol, sizeof symbol);
    }
}

mosaic_status mos_gdal_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, load);
    if (failure[0] == '\0') return MOSAIC_OK;
    /* Debian names a package after the library. */
    const char *number = strstr(file, ".so.");
    return mos_fail(
        MOSAIC_ERR_UNSUPPORTED,
        "GDAL, which reads and writes rasters, cannot be loaded: %s; install it (Debian: "
        "libgdal%s, conda-forge: libgdal-core)",
        failure, number == NULL ? "" : number + strlen(".so."));
}
