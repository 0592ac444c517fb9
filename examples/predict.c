/* What a trained model says of the patches of a split: a line of id and probabilities each.
 *
 *     predict MODEL FORMAT ROOT SPLIT        predict run auto /data/BigEarthNet test */
#include <mosaic/dataset.h>
#include <mosaic/model.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MODALITIES = 8 };

/* One band onto the model's grid: every pixel becomes a block. */
static int replicate(const float *from, int64_t width, int64_t height, int64_t wide, int64_t high,
                     float *to) {
    if (wide % width != 0 || high % height != 0) return 0;
    for (int64_t y = 0; y < high; y++)
        for (int64_t x = 0; x < wide; x++)
            to[y * wide + x] = from[y / (high / height) * width + x / (wide / width)];
    return 1;
}

static mosaic_status read_modality(const mosaic_model *model, mosaic_reader *reader, int64_t i,
                                   int64_t m, float *image) {
    int64_t wide = mosaic_model_width(model), high = mosaic_model_height(model), width, height;
    const float *pixels;
    for (int64_t b = 0; b < mosaic_model_band_count(model, m); b++) {
        mosaic_status status =
            mosaic_reader_band(reader, i, mosaic_model_modality(model, m),
                               mosaic_model_band(model, m, b), &pixels, &width, &height);
        if (status != MOSAIC_OK) return status;
        if (!replicate(pixels, width, height, wide, high, image + b * wide * high)) {
            fprintf(stderr, "%lld x %lld pixels do not divide the model's %lld x %lld\n",
                    (long long)width, (long long)height, (long long)wide, (long long)high);
            return MOSAIC_ERR_UNSUPPORTED;
        }
    }
    return MOSAIC_OK;
}

/* Patches of the split, one by one. */
static mosaic_status predict(mosaic_model *model, mosaic_dataset *dataset, mosaic_reader *reader,
                             const char *split, float **images, float *probability) {
    for (int64_t i = 0; i < mosaic_dataset_count(dataset); i++) {
        if (strcmp(mosaic_dataset_split(dataset, i), split) != 0) continue;
        mosaic_status status = MOSAIC_OK;
        for (int64_t m = 0; status == MOSAIC_OK && m < mosaic_model_modality_count(model); m++)
            status = read_modality(model, reader, i, m, images[m]);
        if (status == MOSAIC_OK)
            status =
                mosaic_model_predict(model, (const float *const *)images, 1, probability, NULL);
        if (status != MOSAIC_OK) return status;
        printf("%s", mosaic_dataset_id(dataset, i));
        for (int64_t l = 0; l < mosaic_model_class_count(model); l++)
            printf(" %.6f", (double)probability[l]);
        printf("\n");
    }
    return MOSAIC_OK;
}

int main(int argc, char **argv) {
    mosaic_model *model = NULL;
    mosaic_dataset *dataset = NULL;
    mosaic_reader *reader = NULL;
    float *images[MOST_MODALITIES] = {NULL}, *probability = NULL;
    if (argc != 5) {
        fprintf(stderr, "usage: predict MODEL FORMAT ROOT SPLIT\n");
        return 2;
    }
    const char *options[] = {"format", argv[2], "root", argv[3], NULL};
    mosaic_status status = mosaic_model_open(argv[1], "auto", 0, &model);
    if (status == MOSAIC_OK) status = mosaic_dataset_open(options, &dataset);
    if (status == MOSAIC_OK) status = mosaic_reader_open(dataset, &reader);
    if (status == MOSAIC_OK) {
        size_t pixels = (size_t)(mosaic_model_width(model) * mosaic_model_height(model));
        probability = calloc((size_t)mosaic_model_class_count(model) + 1, sizeof *probability);
        if (!probability) status = MOSAIC_ERR_MEMORY;
        for (int64_t m = 0; m < mosaic_model_modality_count(model); m++) {
            images[m] = calloc(pixels * (size_t)mosaic_model_band_count(model, m), sizeof(float));
            if (!images[m]) status = MOSAIC_ERR_MEMORY;
        }
    }
    if (status == MOSAIC_OK) status = predict(model, dataset, reader, argv[4], images, probability);
    if (status != MOSAIC_OK)
        fprintf(stderr, "%s: %s\n", mosaic_status_name(status), mosaic_error());
    for (int m = 0; m < MOST_MODALITIES; m++)
        free(images[m]);
    free(probability);
    mosaic_reader_close(&reader);
    mosaic_dataset_close(&dataset);
    mosaic_model_close(&model);
    return mosaic_exit_code(status);
}
