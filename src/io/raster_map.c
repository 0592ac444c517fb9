#include "io/raster_map.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/cog_join.h"
#include "io/raster_gdal.h"
#include "io/raster_vectors.h"
#include "io/tile_pyramid.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const mos_map_formats[] = {"COG", "GTiff", NULL};

enum { SIDE = MOS_MAP_STRIP, MOST_LEVELS = MOS_PYRAMID_LEVELS };

/* Files that grow, and become the one in `part`. A Cloud-Optimized GeoTIFF of our own options has two
 * for each level, the image and its overviews: its directory, which GDAL writes, and its tiles. Tiles
 * are written once, and only put in order at the end. The caller's options are for GDAL's driver,
 * which makes its overviews from a file without them. */
struct mos_map {
    const mos_map_spec *spec;
    char path[4096], part[4200]; /* final; what is renamed */
    char heads[MOST_LEVELS][4200], tiles[MOST_LEVELS][4200];
    GDALDatasetH level[MOST_LEVELS]; /* of `heads` */
    int levels;
    bool joined;               /* else made by GDAL from the only level */
    mos_tile_pyramid *pyramid; /* of a joined map */
};

static bool is_cog(const mos_map *map) {
    return strcmp(map->spec->format, "COG") == 0;
}

static void set_colours(GDALRasterBandH band, const mos_map_spec *spec) {
    GDALColorTableH table = GDALCreateColorTable(GPI_RGB);
    const GDALColorEntry none = {0, 0, 0, 0};
    for (int i = 0; i < 256; i++)
        GDALSetColorEntry(table, i, &none);
    for (int i = 0; i < spec->code_count; i++) {
        const mos_map_class *code = &spec->codes[i];
        const GDALColorEntry entry = {code->red, code->green, code->blue, 255};
        GDALSetColorEntry(table, code->code, &entry);
    }
    (void)GDALSetRasterColorTable(band, table);
    GDALDestroyColorTable(table);
}

static mosaic_status set_reference(const mos_map *map, const mos_gdal_capture *capture) {
    const mos_map_spec *spec = map->spec;
    double transform[6];
    memcpy(transform, spec->transform, sizeof transform);
    OGRSpatialReferenceH reference = OSRNewSpatialReference(NULL);
    bool good = reference != NULL && OSRSetFromUserInput(reference, spec->crs) == OGRERR_NONE &&
                GDALSetSpatialRef(map->level[0], reference) == CE_None &&
                GDALSetGeoTransform(map->level[0], transform) == CE_None;
    if (reference != NULL) OSRDestroySpatialReference(reference);
    return good ? MOSAIC_OK
                : mos_gdal_fail(MOSAIC_ERR_RUNTIME, map->path, capture,
                                "the georeference cannot be written");
}

static mosaic_status describe(mos_map *map, const mos_gdal_capture *capture) {
    const mos_map_spec *spec = map->spec;
    char **facts = NULL;
    MOS_TRY(set_reference(map, capture));
    for (const char *const *fact = spec->facts; fact != NULL && *fact != NULL; fact += 2)
        facts = CSLSetNameValue(facts, fact[0], fact[1]);
    bool good = GDALSetMetadata(map->level[0], facts, NULL) == CE_None;
    CSLDestroy(facts);
    for (int b = 0; b < spec->bands * map->levels; b++) {
        GDALRasterBandH band = GDALGetRasterBand(map->level[b / spec->bands], b % spec->bands + 1);
        good = good && GDALSetRasterNoDataValue(band, spec->nodata) == CE_None;
        if (spec->codes != NULL) set_colours(band, spec);
        if (b >= spec->bands) continue; /* of an overview nobody asks for more */
        GDALSetDescription(band, spec->names[b]);
        if (spec->scale != 1)
            good = good && GDALSetRasterScale(band, spec->scale) == CE_None &&
                   GDALSetRasterOffset(band, spec->offset) == CE_None;
    }
    return good ? MOSAIC_OK
                : mos_gdal_fail(MOSAIC_ERR_IO, map->path, capture, "cannot be described");
}

/* K=V of the caller over ours. */
static char **add_creation(char **options, const mos_map_spec *spec) {
    for (size_t i = 0; spec->creation != NULL && i < spec->creation->count; i++) {
        char *key = NULL;
        const char *value = CPLParseNameValue(spec->creation->items[i], &key);
        if (key != NULL) options = CSLSetNameValue(options, key, value);
        CPLFree(key);
    }
    return options;
}

/* Sides of tiles are multiples of 16. Of what GDAL copies again they are no larger than the map: of
 * hundreds of bands whole tiles would not fit its cache, and come and go with every line. */
static int tile_side(const mos_map *map, int64_t pixels, int most) {
    const int64_t whole = (pixels + 15) / 16 * 16;
    return is_cog(map) && !map->joined && whole < most ? (int)whole : most;
}

static char **tile_options(const mos_map *map, int level) {
    const mos_map_spec *spec = map->spec;
    char **options = NULL, across[16], down[16];
    (void)snprintf(across, sizeof across, "%d", tile_side(map, spec->width, SIDE));
    (void)snprintf(down, sizeof down, "%d", tile_side(map, spec->height, SIDE >> level));
    options = CSLSetNameValue(options, "TILED", "YES");
    options = CSLSetNameValue(options, "BLOCKXSIZE", across);
    options = CSLSetNameValue(options, "BLOCKYSIZE", down);
    options = CSLSetNameValue(options, "INTERLEAVE", "BAND");
    options = CSLSetNameValue(options, "BIGTIFF", map->joined ? "YES" : "IF_SAFER");
    if (is_cog(map) && !map->joined) /* goes away again: quickly rather than small */
        return CSLSetNameValue(options, "SPARSE_OK", "YES");
    options = CSLSetNameValue(options, "COMPRESS", "DEFLATE");
    options = CSLSetNameValue(options, "SPARSE_OK", map->joined ? "YES" : "NO");
    if (spec->codes == NULL)
        options = CSLSetNameValue(options, "PREDICTOR", spec->dtype == MOS_F32 ? "3" : "2");
    return map->joined ? options : add_creation(options, spec);
}

static char **cog_options(const mos_map_spec *spec) {
    bool codes = spec->codes != NULL;
    char **options = NULL, threads[16];
    (void)snprintf(threads, sizeof threads, "%d", spec->threads < 1 ? 1 : spec->threads);
    options = CSLSetNameValue(options, "NUM_THREADS", threads);
    options = CSLSetNameValue(options, "BLOCKSIZE", "512");
    options = CSLSetNameValue(options, "COMPRESS", "DEFLATE");
    options = CSLSetNameValue(options, "LEVEL", "1");
    options = CSLSetNameValue(options, "PREDICTOR", codes ? "NO" : "YES");
    options = CSLSetNameValue(options, "OVERVIEW_RESAMPLING", codes ? "MODE" : "AVERAGE");
    if (spec->unit > 0) options = CSLSetNameValue(options, "OVERVIEWS", "FORCE_USE_EXISTING");
    options = CSLSetNameValue(options, "BIGTIFF", "IF_SAFER");
    return add_creation(options, spec);
}

static mosaic_status create(mos_map *map, const mos_gdal_capture *capture) {
    const mos_map_spec *spec = map->spec;
    GDALDriverH driver = GDALGetDriverByName("GTiff");
    for (int l = 0; l < map->levels; l++) {
        char **options = tile_options(map, l);
        map->level[l] =
            driver == NULL
                ? NULL
                : GDALCreate(driver, map->heads[l], (int)mos_pyramid_reduced(spec->width, l),
                             (int)mos_pyramid_reduced(spec->height, l), spec->bands,
                             mos_gdal_type(spec->dtype), options);
        CSLDestroy(options);
        if (map->level[l] == NULL)
            return mos_gdal_fail(MOSAIC_ERR_IO, map->path, capture, "cannot be created");
    }
    return describe(map, capture);
}

static mosaic_status name_files(mos_map *map, const char *path) {
    const mos_map_spec *spec = map->spec;
    const char *tiles[MOST_LEVELS];
    char number[16] = "";
    map->joined = is_cog(map) && (spec->creation == NULL || spec->creation->count == 0);
    map->levels = map->joined ? mos_pyramid_levels(spec) : 1;
    (void)snprintf(map->path, sizeof map->path, "%s", path);
    (void)snprintf(map->part, sizeof map->part, "%s.part", path);
    for (int l = 0; l < map->levels; l++) {
        if (l > 0) (void)snprintf(number, sizeof number, "%d", l);
        (void)snprintf(map->heads[l], sizeof map->heads[l],
                       is_cog(map) ? "%s.head%s.part" : "%s%s.part", path, number);
        (void)snprintf(map->tiles[l], sizeof map->tiles[l], "%s.tiles%s.part", path, number);
        tiles[l] = map->tiles[l];
    }
    return map->joined ? mos_tile_pyramid_create(spec, tiles, &map->pyramid) : MOSAIC_OK;
}

mosaic_status mos_map_check_creation(const char *format, const mos_text_list *creation) {
    mosaic_status status = MOSAIC_OK;
    mos_gdal_capture silent;
    MOS_TRY(mos_raster_init());
    GDALDriverH driver = GDALGetDriverByName(format);
    mos_gdal_capture_begin(&silent);
    for (size_t i = 0; creation != NULL && i < creation->count && status == MOSAIC_OK; i++) {
        char *options[] = {creation->items[i], NULL};
        if (driver == NULL || !GDALValidateCreationOptions(driver, options))
            status = mos_fail(MOSAIC_ERR_USAGE,
                              "creation option '%s': %s has no such option, or no such value of it",
                              creation->items[i], format);
    }
    mos_gdal_capture_end();
    return status;
}

mosaic_status mos_map_create(const char *path, const mos_map_spec *spec, mos_map **out) {
    mos_map *map;
    mos_gdal_capture capture;
    *out = NULL;
    MOS_TRY(mos_raster_init());
    if (spec->width < 1 || spec->height < 1 || spec->width > INT32_MAX ||
        spec->height > INT32_MAX || spec->bands < 1 || spec->bands > UINT16_MAX)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: cannot write %lld x %lld pixels in %d bands", path,
                        (long long)spec->width, (long long)spec->height, spec->bands);
    if (strlen(path) >= sizeof map->path)
        return mos_fail(MOSAIC_ERR_USAGE, "path too long: %.80s...", path);
    MOS_TRY(mos_alloc(1, sizeof *map, "a map", &map));
    map->spec = spec;
    mos_gdal_capture_begin(&capture);
    mosaic_status status = name_files(map, path);
    if (status == MOSAIC_OK) status = create(map, &capture);
    mos_gdal_capture_end();
    if (status == MOSAIC_OK)
        *out = map;
    else
        mos_map_abandon(&map);
    return status;
}

static mosaic_status fail_to_write(const mos_map *map, const mos_gdal_capture *capture) {
    return mos_gdal_fail(MOSAIC_ERR_IO, map->path, capture,
                         "pixels cannot be written; is the disk full?");
}

/* pixels [rows, width] of a band, at x, y; by GDAL. */
static bool write_plain(mos_map *map, int band, int64_t x, int64_t y, int64_t width, int64_t rows,
                        const void *pixels) {
    void *from; /* GDAL writes from a pointer without const */
    memcpy(&from, &pixels, sizeof from);
    return GDALRasterIO(GDALGetRasterBand(map->level[0], band + 1), GF_Write, (int)x, (int)y,
                        (int)width, (int)rows, from, (int)width, (int)rows,
                        mos_gdal_type(map->spec->dtype), 0, 0) == CE_None;
}

mosaic_status mos_map_write(mos_map *map, int band, int64_t y, int64_t rows, const void *pixels) {
    mos_gdal_capture capture;
    mosaic_status status = MOSAIC_OK;
    if (map->joined)
        return mos_fail(MOSAIC_ERR_USAGE, "%s: is written in blocks of all bands", map->path);
    mos_gdal_capture_begin(&capture);
    if (!write_plain(map, band, 0, y, map->spec->width, rows, pixels))
        status = fail_to_write(map, &capture);
    mos_gdal_capture_end();
    return status;
}

mosaic_status mos_map_write_block(mos_map *map, int64_t x, int64_t y, int64_t width, int64_t rows,
                                  const void *pixels, int threads) {
    mos_gdal_capture capture;
    mosaic_status status = MOSAIC_OK;
    const mos_map_spec *spec = map->spec;
    const size_t plane = (size_t)(width * rows) * mos_dtype_bytes(spec->dtype);
    if (x % SIDE != 0 || y % SIDE != 0 || width > SIDE || rows > SIDE ||
        (width < SIDE && x + width != spec->width) || (rows < SIDE && y + rows != spec->height))
        return mos_fail(MOSAIC_ERR_USAGE, "%s: %lld x %lld pixels at %lld, %lld are no block",
                        map->path, (long long)width, (long long)rows, (long long)x, (long long)y);
    if (map->joined) return mos_tile_pyramid_add(map->pyramid, x, y, width, rows, pixels, threads);
    mos_gdal_capture_begin(&capture);
    for (int b = 0; b < spec->bands && status == MOSAIC_OK; b++)
        if (!write_plain(map, b, x, y, width, rows,
                         (const unsigned char *)pixels + (size_t)b * plane))
            status = fail_to_write(map, &capture);
    mos_gdal_capture_end();
    return status;
}

static void add_xml_text(mos_text *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '&')
            mos_text_add(out, "&amp;");
        else if (*text == '<')
            mos_text_add(out, "&lt;");
        else
            mos_text_add_bytes(out, text, 1);
    }
}

/* Our own: GDAL's side files are switched off, and its writer has no final name to rename to. */
static mosaic_status write_attributes(const mos_map *map) {
    static const char *const columns[] = {"Value", "Class", "Red", "Green", "Blue"};
    static const int types[] = {0, 2, 0, 0, 0}, uses[] = {5, 2, 6, 7, 8};
    const mos_map_spec *spec = map->spec;
    char path[4200];
    mos_text xml = {0};
    mos_text_add(&xml, "<PAMDataset>\n  <PAMRasterBand band=\"1\">\n    <CategoryNames>\n");
    for (int code = 0, i = 0; i < spec->code_count; code++) {
        mos_text_add(&xml, "      <Category>");
        if (code == spec->codes[i].code)
            add_xml_text(&xml, spec->codes[i++].name);
        else if (code == (int)spec->nodata)
            mos_text_add(&xml, "no data"); /* else QGIS lists a class "0" */
        mos_text_add(&xml, "</Category>\n");
    }
    mos_text_add(&xml, "    </CategoryNames>\n    <GDALRasterAttributeTable "
                       "tableType=\"thematic\">\n");
    for (int c = 0; c < 5; c++)
        mos_text_add(&xml,
                     "      <FieldDefn index=\"%d\"><Name>%s</Name><Type>%d</Type><Usage>%d</Usage>"
                     "</FieldDefn>\n",
                     c, columns[c], types[c], uses[c]);
    for (int i = 0; i < spec->code_count; i++) {
        const mos_map_class *code = &spec->codes[i];
        mos_text_add(&xml, "      <Row index=\"%d\"><F>%d</F><F>", i, code->code);
        add_xml_text(&xml, code->name);
        mos_text_add(&xml, "</F><F>%d</F><F>%d</F><F>%d</F></Row>\n", code->red, code->green,
                     code->blue);
    }
    mos_text_add(&xml, "    </GDALRasterAttributeTable>\n  </PAMRasterBand>\n</PAMDataset>\n");
    (void)snprintf(path, sizeof path, "%s.aux.xml", map->path);
    mosaic_status status = xml.failed ? mos_fail_memory(xml.size, "an attribute table")
                                      : mos_atomic_write(path, xml.data, xml.size);
    mos_text_release(&xml);
    return status;
}

static mosaic_status close_levels(mos_map *map, const mos_gdal_capture *capture) {
    for (int l = 0; l < map->levels; l++) {
        GDALClose(map->level[l]); /* writes what is cached: a full disk may show here only */
        map->level[l] = NULL;
    }
    return capture->text[0] == '\0' ? MOSAIC_OK
                                    : mos_gdal_fail(MOSAIC_ERR_IO, map->path, capture, "");
}

static mosaic_status join_levels(const mos_map *map) {
    mos_cog_image images[MOST_LEVELS];
    for (int l = 0; l < map->levels; l++)
        images[l] = (mos_cog_image){.directory = map->heads[l],
                                    .tiles = map->tiles[l],
                                    .places = mos_tile_pyramid_places(map->pyramid, l)};
    return mos_cog_join(images, map->levels, MOS_COG_CLASSIC, map->part);
}

static mosaic_status make_cog(mos_map *map, const mos_gdal_capture *capture) {
    if (map->spec->unit > 0) MOS_TRY(mos_vector_overviews(map->heads[0], map->spec, capture));
    GDALDriverH driver = GDALGetDriverByName("COG");
    GDALDatasetH tiles = GDALOpen(map->heads[0], GA_ReadOnly), copy = NULL;
    char **options = cog_options(map->spec);
    /* Of the overviews too, which the driver's own option does not reach. */
    CPLSetThreadLocalConfigOption("GDAL_NUM_THREADS", CSLFetchNameValue(options, "NUM_THREADS"));
    if (driver != NULL && tiles != NULL)
        copy = GDALCreateCopy(driver, map->part, tiles, FALSE, options, NULL, NULL);
    bool good = copy != NULL;
    if (copy != NULL) GDALClose(copy);
    CPLSetThreadLocalConfigOption("GDAL_NUM_THREADS", NULL);
    CSLDestroy(options);
    if (tiles != NULL) GDALClose(tiles);
    if (good && capture->text[0] == '\0') return MOSAIC_OK;
    return mos_gdal_fail(MOSAIC_ERR_IO, map->path, capture, "cannot be made cloud-optimized");
}

mosaic_status mos_map_finish(mos_map **pointer) {
    mos_map *map = *pointer;
    mos_gdal_capture capture;
    mosaic_status status;
    mos_gdal_capture_begin(&capture);
    MOS_GOTO(close_levels(map, &capture));
    if (is_cog(map)) MOS_GOTO(map->joined ? join_levels(map) : make_cog(map, &capture));
    if (map->spec->codes != NULL) MOS_GOTO(write_attributes(map));
    if (rename(map->part, map->path) != 0) status = mos_fail_errno("create", map->path);
done:
    mos_gdal_capture_end();
    mos_map_abandon(pointer);
    return status;
}

mosaic_status mos_map_fact(const char *path, const char *key, char *out, size_t size) {
    mos_gdal_capture silent;
    out[0] = '\0';
    MOS_TRY(mos_raster_init());
    mos_gdal_capture_begin(&silent);
    GDALDatasetH raster = GDALOpen(path, GA_ReadOnly);
    const char *value = raster == NULL ? NULL : GDALGetMetadataItem(raster, key, NULL);
    (void)snprintf(out, size, "%s", value == NULL ? "" : value);
    if (raster != NULL) GDALClose(raster);
    mos_gdal_capture_end();
    return MOSAIC_OK;
}

void mos_map_abandon(mos_map **pointer) {
    mos_map *map = *pointer;
    if (map == NULL) return;
    mos_gdal_capture silent;
    mos_gdal_capture_begin(&silent);
    for (int l = 0; l < map->levels; l++) {
        if (map->level[l] != NULL) GDALClose(map->level[l]);
        (void)unlink(map->heads[l]);
        if (map->joined) (void)unlink(map->tiles[l]);
    }
    mos_gdal_capture_end();
    (void)unlink(map->part);
    mos_tile_pyramid_destroy(&map->pyramid);
    mos_free(map);
    *pointer = NULL;
}
