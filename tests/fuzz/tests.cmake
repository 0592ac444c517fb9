# One line per target: mosaic_fuzz(<name> <room>), see cmake/MosaicFuzz.cmake.
