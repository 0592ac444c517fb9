/* Batches for somebody else's training: one epoch of augmented views, and what is in them.
 *
 *     loader FORMAT ROOT METHOD        loader auto /data/BigEarthNet simclr */
#include <mosaic/mosaic.h>

#include <stdio.h>

static int fail(mosaic_status status) {
    fprintf(stderr, "%s: %s\n", mosaic_status_name(status), mosaic_error());
    return mosaic_exit_code(status);
}

/* Images are [views, rows, bands, height, width], standardised. */
static double mean_of(const mosaic_loader *loader, const mosaic_batch *batch, int64_t m) {
    int64_t count = mosaic_loader_views(loader) * mosaic_batch_rows(batch) *
                    mosaic_loader_band_count(loader, m) * mosaic_loader_height(loader) *
                    mosaic_loader_width(loader);
    const float *images = mosaic_batch_images(batch, m);
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += images[i];
    return sum / (double)count;
}

static mosaic_status run_epoch(mosaic_loader *loader) {
    const mosaic_dataset *dataset = mosaic_loader_dataset(loader);
    mosaic_batch *batch = NULL;
    mosaic_status status = mosaic_loader_start(loader, 0, 0);
    for (int64_t b = 0; status == MOSAIC_OK; b++) {
        status = mosaic_loader_next(loader, &batch);
        if (status != MOSAIC_OK || batch == NULL) return status;
        printf("batch %lld begins with %s:", (long long)b,
               mosaic_dataset_id(dataset, mosaic_batch_samples(batch)[0]));
        for (int64_t m = 0; m < mosaic_loader_modality_count(loader); m++)
            printf(" %s mean %.3f", mosaic_loader_modality(loader, m), mean_of(loader, batch, m));
        printf("\n");
        mosaic_batch_release(&batch); /* its memory is for a batch to come */
    }
    return status;
}

int main(int argc, char **argv) {
    mosaic_loader *loader = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: loader FORMAT ROOT METHOD\n");
        return 2;
    }
    const char *options[] = {"data.format", argv[1],       "data.root", argv[2], "method",
                             argv[3],       "train.batch", "8",         NULL};
    mosaic_status status = mosaic_loader_open(options, &loader);
    if (status == MOSAIC_OK) {
        printf("%lld batches of %lld patches, %lld views\n",
               (long long)mosaic_loader_batches(loader), (long long)mosaic_loader_rows(loader),
               (long long)mosaic_loader_views(loader));
        status = run_epoch(loader);
    }
    mosaic_loader_close(&loader);
    return status == MOSAIC_OK ? 0 : fail(status);
}
