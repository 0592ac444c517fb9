# One line per target: mosaic_fuzz(<name> <room>), see cmake/MosaicFuzz.cmake.
mosaic_fuzz(parquet io)
mosaic_fuzz(safetensors io)
mosaic_fuzz(lmdb io)
mosaic_fuzz(yaml io)
mosaic_fuzz(csv io)
mosaic_fuzz(npy io)
mosaic_fuzz(labels_json io)
mosaic_fuzz(patch_name data)
