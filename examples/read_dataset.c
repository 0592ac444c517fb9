/* Reads a data set: what is in it, and the mean of every band of its first patch.
 *
 *     read_dataset FORMAT ROOT        read_dataset auto /data/BigEarthNet */
#include <mosaic/dataset.h>

#include <stdio.h>

static int fail(mosaic_status status) {
    fprintf(stderr, "%s: %s\n", mosaic_status_name(status), mosaic_error());
    return mosaic_exit_code(status);
}

/* Pixels are lent until the next call on this reader. */
static mosaic_status print_band(mosaic_reader *reader, const char *modality, const char *band) {
    const float *pixels;
    int64_t width, height;
    double sum = 0;
    mosaic_status status = mosaic_reader_band(reader, 0, modality, band, &pixels, &width, &height);
    if (status != MOSAIC_OK) return status;
    for (int64_t i = 0; i < width * height; i++)
        sum += pixels[i];
    printf("  %s %-4s %lld x %lld, mean %.2f\n", modality, band, (long long)width,
           (long long)height, sum / (double)(width * height));
    return MOSAIC_OK;
}

int main(int argc, char **argv) {
    mosaic_dataset *dataset = NULL;
    mosaic_reader *reader = NULL;
    if (argc != 3) {
        fprintf(stderr, "usage: read_dataset FORMAT ROOT\n");
        return 2;
    }
    const char *options[] = {"format", argv[1], "root", argv[2], NULL};
    mosaic_status status = mosaic_dataset_open(options, &dataset);
    if (status != MOSAIC_OK) return fail(status);
    printf("%lld patches, %lld classes\n", (long long)mosaic_dataset_count(dataset),
           (long long)mosaic_dataset_class_count(dataset));
    printf("%s, split %s\n", mosaic_dataset_id(dataset, 0), mosaic_dataset_split(dataset, 0));
    for (int64_t l = 0; l < mosaic_dataset_class_count(dataset); l++)
        if (mosaic_dataset_labels(dataset, 0)[l] == 1)
            printf("  is %s\n", mosaic_dataset_class(dataset, l));
    status = mosaic_reader_open(dataset, &reader);
    for (int64_t m = 0; m < mosaic_dataset_modality_count(dataset); m++)
        for (int64_t b = 0; b < mosaic_dataset_band_count(dataset, m); b++)
            if (status == MOSAIC_OK && mosaic_dataset_has(dataset, 0, m))
                status = print_band(reader, mosaic_dataset_modality(dataset, m),
                                    mosaic_dataset_band(dataset, m, b));
    mosaic_reader_close(&reader);
    mosaic_dataset_close(&dataset);
    return status == MOSAIC_OK ? 0 : fail(status);
}
