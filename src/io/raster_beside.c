#include "io/raster_beside.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST = 1 << 20 };

/* Does any <tag>...</tag> hold another number than `usual`? */
static bool says(const char *text, const char *tag, bool has_usual, double usual) {
    size_t size = strlen(tag);
    for (const char *at = strstr(text, tag); at != NULL; at = strstr(at + size, tag)) {
        char number[64];
        const char *value = at + size + strspn(at + size, " \t\r\n");
        double found;
        (void)snprintf(number, sizeof number, "%.*s", (int)strcspn(value, " \t\r\n<"), value);
        if (!has_usual || !mos_parse_double(number, &found) || found != usual) return true;
    }
    return false;
}

mos_raster_beside mos_raster_beside_find(const char *path) {
    mos_raster_beside found = {0};
    char name[4200];
    (void)snprintf(name, sizeof name, "%s.msk", path);
    found.mask = access(name, F_OK) == 0;
    (void)snprintf(name, sizeof name, "%s.aux.xml", path);
    if (access(name, F_OK) != 0) return found;
    char *text = NULL;
    FILE *stream = fopen(name, "rbe");
    if (stream != NULL && mos_alloc(LONGEST + 1, 1, "a file beside a raster", &text) == MOSAIC_OK) {
        size_t size = fread(text, 1, LONGEST, stream);
        text[size] = '\0';
        found.nodata = says(text, "<NoDataValue>", false, 0);
        found.scale = says(text, "<Scale>", true, 1) || says(text, "<Offset>", true, 0);
    }
    if (stream != NULL) (void)fclose(stream);
    mos_free(text);
    return found;
}
