// All headers in one C++ translation unit, against the installed library.
#include <mosaic/mosaic.h>

#include <cstring>

int main() {
    mosaic_command *command = nullptr;
    const mosaic_status status = mosaic_command_create("data check", &command);
    mosaic_command_destroy(&command);
    return status == MOSAIC_OK && mosaic_version_number() == MOSAIC_VERSION_NUMBER ? 0 : 1;
}
