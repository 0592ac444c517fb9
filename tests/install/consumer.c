/* A program of somebody else's, against the installed library. */
#include <mosaic/status.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc != 2 || strcmp(mosaic_version(), argv[1]) != 0) {
        fprintf(stderr, "version %s, wanted %s\n", mosaic_version(), argc > 1 ? argv[1] : "one");
        return 1;
    }
    return mosaic_exit_code(MOSAIC_INTERRUPTED) == 75 && mosaic_error()[0] == '\0' ? 0 : 1;
}
