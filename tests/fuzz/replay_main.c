/* Replays a corpus without a fuzzer: every seed whole, cut short, and with single bytes changed,
 * always in the same way. Each input lives in a block of exactly its size, so the address sanitizer
 * and valgrind see a read past its end. */
#include "fuzz/fuzz_target.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CUTS = 16, CHANGES = 64 };

static void run(const uint8_t *data, size_t size) {
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL) return;
    if (size > 0) memcpy(exact, data, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void run_variants(uint8_t *data, size_t size) {
    run(data, size);
    for (size_t cut = 0; cut < CUTS; cut++)
        run(data, size * cut / CUTS);
    if (size > 0) run(data, size - 1);
    uint32_t state = 2463534242u;
    for (int change = 0; change < CHANGES && size > 0; change++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        size_t span = size < 512 || change % 2 == 0 ? size : 512; /* headers are at the front */
        size_t place = state % span;
        uint8_t kept = data[place];
        static const uint8_t values[] = {0x00, 0xFF, 0x7F, 0x80};
        uint32_t flipped = (uint32_t)kept ^ 1u << (state >> 29);
        data[place] = change % 3 == 0 ? values[change / 3 % 4] : (uint8_t)flipped;
        run(data, size);
        data[place] = kept;
    }
}

static int replay_file(const char *path) {
    struct stat info;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &info) != 0) {
        fprintf(stderr, "cannot open %s\n", path);
        if (file != NULL) fclose(file);
        return 1;
    }
    size_t size = (size_t)info.st_size;
    uint8_t *data = malloc(size + 1);
    int failed = data == NULL || fread(data, 1, size, file) != size;
    fclose(file);
    if (failed)
        fprintf(stderr, "cannot read %s\n", path);
    else
        run_variants(data, size);
    free(data);
    return failed;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    if (folder == NULL) {
        fprintf(stderr, "no corpus: %s\n", argv[1]);
        return 1;
    }
    run((const uint8_t *)"", 0);
    int seeds = 0, failed = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name) >= sizeof path)
            continue;
        failed |= replay_file(path);
        seeds++;
    }
    closedir(folder);
    printf("%d seeds replayed, each whole, with %d cuts and %d changes\n", seeds, CUTS + 1,
           CHANGES);
    if (seeds == 0) fprintf(stderr, "%s holds no seed: nothing was tested\n", argv[1]);
    return failed || seeds == 0;
}
