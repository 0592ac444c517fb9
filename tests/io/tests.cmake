# Looks at files with GDAL itself, which the room does not link.
target_link_libraries(raster_map_test PRIVATE GDAL::GDAL)
