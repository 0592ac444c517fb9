#include "io/archive_parts.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_LETTERS = 2, PATH_SIZE = 4096, MAX_PARTS = 26 * 26 };

static const char *const endings[] = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"};
enum { ENDINGS = sizeof endings / sizeof endings[0] };

static bool ends_with_any(const char *path, size_t size) {
    for (size_t e = 0; e < ENDINGS; e++) {
        size_t n = strlen(endings[e]);
        if (size > n && memcmp(path + size - n, endings[e], n) == 0) return true;
    }
    return false;
}

static bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_part(const char *path, size_t size) {
    return size > PART_LETTERS && is_letter(path[size - 1]) && is_letter(path[size - 2]) &&
           ends_with_any(path, size - PART_LETTERS);
}

bool mos_archive_has_name(const char *path) {
    size_t size = strlen(path);
    return ends_with_any(path, size) || is_part(path, size);
}

static mosaic_status add_path(mos_text_list *parts, const char *folder, size_t folder_size,
                              const char *name, size_t name_size) {
    char path[PATH_SIZE];
    int size =
        snprintf(path, sizeof path, "%.*s%.*s", (int)folder_size, folder, (int)name_size, name);
    if (size < 0 || (size_t)size >= sizeof path)
        return mos_fail(MOSAIC_ERR_USAGE, "archive '%.80s...': path is too long", name);
    return mos_text_list_add(parts, path);
}

/* "a/x.tar.gzaa,x.tar.gzab" */
static mosaic_status split_list(const char *given, mos_text_list *parts) {
    const char *slash = NULL;
    for (const char *at = given; *at != '\0' && *at != ','; at++) {
        if (*at == '/') slash = at;
    }
    size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - given);
    for (const char *at = given;;) {
        size_t size = strcspn(at, ",");
        bool plain = memchr(at, '/', size) == NULL;
        if (size == 0) return mos_fail(MOSAIC_ERR_USAGE, "archive '%s': an empty name", given);
        MOS_TRY(add_path(parts, given, plain ? folder : 0, at, size));
        if (at[size] == '\0') return MOSAIC_OK;
        at += size + 1;
    }
}

/* Which parts of `prefix` there are: bit of each two letters. */
static mosaic_status list_parts(const char *prefix, bool there[MAX_PARTS]) {
    char folder[PATH_SIZE];
    const char *slash = strrchr(prefix, '/'), *name = slash == NULL ? prefix : slash + 1;
    int folder_size = slash == NULL ? 1 : (int)(slash + 1 - prefix);
    size_t name_size = strlen(name);
    (void)snprintf(folder, sizeof folder, "%.*s", folder_size, slash == NULL ? "." : prefix);
    DIR *stream = opendir(folder);
    if (stream == NULL) return mos_fail_errno("list", folder);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        const char *end = entry->d_name + name_size;
        if (strlen(entry->d_name) == name_size + PART_LETTERS &&
            memcmp(entry->d_name, name, name_size) == 0 && is_letter(end[0]) && is_letter(end[1]))
            there[(end[0] - 'a') * 26 + end[1] - 'a'] = true;
    }
    closedir(stream);
    return MOSAIC_OK;
}

static mosaic_status collect_parts(const char *prefix, mos_text_list *parts) {
    bool there[MAX_PARTS] = {false};
    int last = MAX_PARTS - 1;
    MOS_TRY(list_parts(prefix, there));
    while (last > 0 && !there[last])
        last--;
    for (int i = 0; i <= last; i++) {
        const char letters[] = {(char)('a' + i / 26), (char)('a' + i % 26)};
        if (!there[i])
            return mos_fail(MOSAIC_ERR_DATA, "%s%.2s: no such part, but there is %s%c%c", prefix,
                            letters, prefix, 'a' + last / 26, 'a' + last % 26);
        MOS_TRY(add_path(parts, prefix, strlen(prefix), letters, PART_LETTERS));
    }
    return MOSAIC_OK;
}

mosaic_status mos_archive_parts_find(const char *given, mos_text_list *parts) {
    char first[PATH_SIZE];
    size_t size = strlen(given);
    bool exists = mos_path_exists(given);
    if (!exists && strchr(given, ',') != NULL) return split_list(given, parts);
    if (exists && is_part(given, size)) {
        int length = snprintf(first, sizeof first, "%.*s", (int)(size - PART_LETTERS), given);
        if (length < 0 || (size_t)length >= sizeof first || strcmp(given + size - 2, "aa") != 0)
            return mos_fail(MOSAIC_ERR_USAGE, "%s: not the first part, which ends with 'aa'",
                            given);
        return collect_parts(first, parts);
    }
    if (exists) return mos_text_list_add(parts, given);
    int length = snprintf(first, sizeof first, "%saa", given);
    if (length > 0 && (size_t)length < sizeof first && mos_path_exists(first))
        return collect_parts(given, parts);
    return mos_fail_errno("open", given);
}

mosaic_status mos_archive_find(const char *stem, char *out, size_t size) {
    static const char *const suffixes[] = {"", "aa"};
    for (size_t e = 0; e < ENDINGS; e++) {
        for (int s = 0; s < 2; s++) {
            int length = snprintf(out, size, "%s%s%s", stem, endings[e], suffixes[s]);
            if (length < 0 || (size_t)length >= size)
                return mos_fail(MOSAIC_ERR_USAGE, "%.80s...: path is too long", stem);
            if (mos_path_exists(out) && !mos_path_is_dir(out)) return MOSAIC_OK;
        }
    }
    out[0] = '\0';
    return MOSAIC_OK;
}
