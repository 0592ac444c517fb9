#include "base/memory.h"
#include "fuzz/fuzz_target.h"
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* What was read, written again and read again, is the same. */
static void round_trip(const mos_safetensors *file) {
    mos_tensor_source *sources;
    void *blob;
    size_t size;
    if (mos_alloc(file->count, sizeof *sources, "sources", &sources) != MOSAIC_OK) return;
    for (size_t i = 0; i < file->count; i++) {
        const mos_tensor_view *view = &file->tensors[i];
        sources[i] = (mos_tensor_source){
            .name = view->name, .dtype = view->dtype, .rank = view->rank, .data = view->data};
        memcpy(sources[i].shape, view->shape, sizeof view->shape);
    }
    const char **metadata;
    if (mos_alloc(2 * file->metadata_count, sizeof *metadata, "metadata", &metadata) == MOSAIC_OK) {
        for (size_t i = 0; i < 2 * file->metadata_count; i++)
            metadata[i] = file->metadata[i];
        if (mos_safetensors_encode(sources, file->count, metadata, file->metadata_count, &blob,
                                   &size) == MOSAIC_OK) {
            mos_safetensors again;
            if (mos_safetensors_parse(blob, size, "again", &again) != MOSAIC_OK ||
                again.count != file->count || again.metadata_count != file->metadata_count)
                abort();
            mos_safetensors_release(&again);
            mos_free(blob);
        }
        mos_free(metadata);
    }
    mos_free(sources);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static mos_safetensors last; /* of the input before: reparse meets headers that are alike */
    mos_safetensors file;
    volatile uint64_t sum = 0;
    mosaic_status status = mos_safetensors_parse(data, size, "fuzz", &file);
    for (size_t i = 0; i < file.count; i++) {
        const mos_tensor_view *view = &file.tensors[i];
        if (mos_safetensors_find(&file, view->name) == NULL) abort();
        for (size_t b = 0; b < view->bytes; b++)
            sum += ((const uint8_t *)view->data)[b];
    }
    if (status == MOSAIC_OK) round_trip(&file);
    mos_safetensors_release(&file);
    if (mos_safetensors_reparse(data, size, "fuzz", &last) != status) abort();
    (void)sum;
    return 0;
}
