#include "dist/comm_module.h"

#include "base/file.h"
#include "base/options.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const mos_comm_modules[] = {"openmpi", "mpich", NULL};

const char *mos_comm_module_present(void) {
    if (dlsym(RTLD_DEFAULT, "ompi_mpi_comm_world") != NULL) return "openmpi";
    return dlsym(RTLD_DEFAULT, "MPI_Init") != NULL ? "mpich" : NULL;
}

/* The folder of the library or program that holds this very function. */
static void own_folder(char *out, size_t size) {
    Dl_info info;
    out[0] = '\0';
    if (dladdr((const void *)mos_comm_modules, &info) == 0 || info.dli_fname == NULL) return;
    const char *end = strrchr(info.dli_fname, '/');
    if (end != NULL) (void)snprintf(out, size, "%.*s", (int)(end - info.dli_fname), info.dli_fname);
}

/* Where a module may lie: paths, one a line. */
static mosaic_status list_places(const char *name, mos_text_list *out) {
    char folder[4096], installed[4096 + 8], file[64];
    const char *given = getenv("MOSAIC_MODULES");
    if (strchr(name, '/') != NULL) return mos_text_list_add(out, name);
    (void)snprintf(file, sizeof file, "libmosaic_mpi_%.32s.so", name);
    own_folder(folder, sizeof folder);
    /* A build has modules beside the library, an installation in a folder below its own. */
    (void)snprintf(installed, sizeof installed, "%s%s", folder, folder[0] ? "/mosaic" : "");
    const char *const folders[] = {given, folder, installed};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[sizeof installed + sizeof file];
        if (folders[i] == NULL || folders[i][0] == '\0') continue;
        (void)snprintf(path, sizeof path, "%s/%s", folders[i], file);
        MOS_TRY(mos_text_list_add(out, path));
    }
    return mos_text_list_add(out, file);
}

/* dlopen gives a reason for each place; the last place is the system's own search. `reason` is that of
 * a file that is there and cannot be loaded, if there is such a file. */
static mosaic_status fail_load(const char *name, const mos_text_list *places, const char *reason) {
    mos_text text = {0};
    for (size_t i = 0; i < places->count; i++)
        mos_text_add(&text, "%s%s", i == 0 ? "" : ", ", places->items[i]);
    mosaic_status status =
        text.failed ? mos_fail_memory(text.size, "a message")
                    : mos_fail(MOSAIC_ERR_UNSUPPORTED,
                               "the MPI module '%s' cannot be loaded (%s); looked for: %s; "
                               "MOSAIC_MODULES names a folder to look in",
                               name, reason, text.data);
    mos_text_release(&text);
    return status;
}

static void *open_first(const mos_text_list *places, char reason[512]) {
    bool told = false;
    for (size_t i = 0; i < places->count; i++) {
        /* LOCAL: two MPIs have the same names, and each module means its own. */
        void *library = dlopen(places->items[i], RTLD_NOW | RTLD_LOCAL);
        if (library != NULL) return library;
        const char *why = dlerror();
        if (told) continue;
        told = mos_path_exists(places->items[i]);
        (void)snprintf(reason, 512, "%s", why == NULL ? "no reason given" : why);
    }
    return NULL;
}

static mosaic_status take_table(const char *name, void *library, const mos_comm_table **out) {
    mos_comm_module_entry entry = NULL;
    void *symbol = dlsym(library, MOS_COMM_MODULE_ENTRY);
    memcpy(&entry, &symbol, sizeof entry);
    if (entry == NULL)
        return mos_fail(MOSAIC_ERR_UNSUPPORTED, "'%s' is no module of mosaic: it has no %s", name,
                        MOS_COMM_MODULE_ENTRY);
    *out = entry();
    if ((*out)->version == MOS_COMM_TABLE_VERSION) return MOSAIC_OK;
    return mos_fail(MOSAIC_ERR_UNSUPPORTED,
                    "the MPI module '%s' is of another build: version %d, wanted %d", name,
                    (*out)->version, MOS_COMM_TABLE_VERSION);
}

mosaic_status mos_comm_module_load(const char *name, const mos_comm_table **out) {
    mos_text_list places = {0};
    char reason[512] = "";
    mosaic_status status;
    *out = NULL;
    MOS_GOTO(list_places(name, &places));
    void *library = open_first(&places, reason);
    status = library == NULL ? fail_load(name, &places, reason) : take_table(name, library, out);
done:
    mos_text_list_release(&places);
    return status;
}
