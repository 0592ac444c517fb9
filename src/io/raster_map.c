#include "io/raster_map.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/cog_join.h"
#include "io/raster_gdal.h"
#include "io/raster_pyramid.h"
#include "io/raster_vectors.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <ogr_srs_api.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const mos_map_formats[] = {"COG", "GTiff", NULL};

enum { SIDE = MOS_MAP_STRIP, MOST_LEVELS = 6 /* the image, and overviews of 16 rows and more */ };

/* Files that grow in `level`, and become the one in `part`. A Cloud-Optimized GeoTIFF of our own
 * options has a file for each overview: tiles are written once, and only put in order at the end.
 * Tiles of overview k have 512 >> k rows, so that a strip makes whole ones. The caller's options
 * are for GDAL's driver, which makes its overviews from a file without them. */
struct mos_map {
    const mos_map_spec *spec;
    char path[4096], part[4200]; /* final; what is renamed */
    char tiles[MOST_LEVELS][4200];
    GDALDatasetH level[MOST_LEVELS];
    int levels;
    bool joined;         /* else made by GDAL from the only level */
    void *reduced[2];    /* of a strip, [rows, width] of an overview and of the one before */
    unsigned char *tile; /* [SIDE, SIDE] */
};

void mos_map_limit_cache(int64_t bytes) {
    mos_raster_init();
    GDALSetCacheMax64(bytes);
}

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

static char **tile_options(const mos_map *map, int level) {
    const mos_map_spec *spec = map->spec;
    char **options = NULL, number[16];
    (void)snprintf(number, sizeof number, "%d", SIDE >> level);
    options = CSLSetNameValue(options, "TILED", "YES");
    options = CSLSetNameValue(options, "BLOCKXSIZE", "512");
    options = CSLSetNameValue(options, "BLOCKYSIZE", number);
    options = CSLSetNameValue(options, "INTERLEAVE", "BAND");
    options = CSLSetNameValue(options, "BIGTIFF", map->joined ? "YES" : "IF_SAFER");
    if (is_cog(map) && !map->joined) /* goes away again: quickly rather than small */
        return CSLSetNameValue(options, "SPARSE_OK", "YES");
    options = CSLSetNameValue(options, "COMPRESS", "DEFLATE");
    options = CSLSetNameValue(options, "SPARSE_OK", "NO");
    if (spec->codes == NULL)
        options = CSLSetNameValue(options, "PREDICTOR", spec->dtype == MOS_F32 ? "3" : "2");
    if (!map->joined) return add_creation(options, spec);
    (void)snprintf(number, sizeof number, "%d", spec->threads);
    if (spec->threads > 1) options = CSLSetNameValue(options, "NUM_THREADS", number);
    return CSLSetNameValue(options, "ZLEVEL", "1"); /* a quarter larger, a fifth of the time */
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

static int64_t reduced(int64_t size, int level) {
    return (size + ((int64_t)1 << level) - 1) >> level;
}

static mosaic_status create(mos_map *map, const mos_gdal_capture *capture) {
    const mos_map_spec *spec = map->spec;
    GDALDriverH driver = GDALGetDriverByName("GTiff");
    for (int l = 0; l < map->levels; l++) {
        char **options = tile_options(map, l);
        map->level[l] = driver == NULL
                            ? NULL
                            : GDALCreate(driver, map->tiles[l], (int)reduced(spec->width, l),
                                         (int)reduced(spec->height, l), spec->bands,
                                         mos_gdal_type(spec->dtype), options);
        CSLDestroy(options);
        if (map->level[l] == NULL)
            return mos_gdal_fail(MOSAIC_ERR_IO, map->path, capture, "cannot be created");
    }
    return describe(map, capture);
}

static mosaic_status name_files(mos_map *map, const char *path) {
    const mos_map_spec *spec = map->spec;
    int64_t longer = spec->width > spec->height ? spec->width : spec->height;
    size_t pixel = mos_dtype_bytes(spec->dtype);
    map->joined = is_cog(map) && (spec->creation == NULL || spec->creation->count == 0);
    (void)snprintf(map->path, sizeof map->path, "%s", path);
    (void)snprintf(map->part, sizeof map->part, "%s.part", path);
    (void)snprintf(map->tiles[0], sizeof map->tiles[0], is_cog(map) ? "%s.tiles.part" : "%s.part",
                   path);
    map->levels = 1;
    while (map->joined && map->levels < MOST_LEVELS && reduced(longer, map->levels - 1) > SIDE) {
        (void)snprintf(map->tiles[map->levels], sizeof map->tiles[0], "%s.tiles%d.part", path,
                       map->levels);
        map->levels++;
    }
    if (!map->joined) return MOSAIC_OK;
    MOS_TRY(mos_alloc((size_t)SIDE * SIDE, pixel, "a tile", &map->tile));
    for (int b = 0; b < 2 && map->levels > 1; b++)
        MOS_TRY(mos_alloc((size_t)(reduced(spec->width, b + 1) * reduced(SIDE, b + 1)), pixel,
                          "an overview", &map->reduced[b]));
    return MOSAIC_OK;
}

mosaic_status mos_map_check_creation(const char *format, const mos_text_list *creation) {
    mosaic_status status = MOSAIC_OK;
    mos_gdal_capture silent;
    mos_raster_init();
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
    mos_raster_init();
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

/* A row of tiles; what a tile has beyond the edge repeats it, and costs nothing then. */
static bool write_tiles(mos_map *map, int level, int band, int row, int64_t width, int64_t rows,
                        const unsigned char *pixels) {
    const size_t pixel = mos_dtype_bytes(map->spec->dtype);
    const int64_t tall = SIDE >> level;
    GDALRasterBandH raster = GDALGetRasterBand(map->level[level], band + 1);
    for (int64_t x = 0; x < width; x += SIDE) {
        const int64_t own = width - x < SIDE ? width - x : SIDE;
        for (int64_t y = 0; y < tall; y++) {
            unsigned char *to = map->tile + (size_t)(y * SIDE) * pixel;
            int64_t from = y < rows ? y : rows - 1;
            memcpy(to, pixels + (size_t)(from * width + x) * pixel, (size_t)own * pixel);
            for (int64_t i = own; i < SIDE; i++)
                memcpy(to + (size_t)i * pixel, to + (size_t)(own - 1) * pixel, pixel);
        }
        if (GDALWriteBlock(raster, (int)(x / SIDE), row, map->tile) != CE_None) return false;
    }
    return true;
}

/* A strip, and what becomes of it in the overviews. */
static bool write_levels(mos_map *map, int band, int64_t y, int64_t rows, const void *pixels) {
    const mos_map_spec *spec = map->spec;
    const void *finer = pixels;
    bool good = write_tiles(map, 0, band, (int)(y / SIDE), spec->width, rows, pixels);
    for (int l = 1; l < map->levels && good; l++) {
        void *out = map->reduced[(l - 1) % 2];
        if (spec->codes != NULL)
            mos_pyramid_mode(pixels, spec->width, rows, l, (uint8_t)spec->nodata, out);
        else
            mos_pyramid_mean(spec->dtype, finer, reduced(spec->width, l - 1), reduced(rows, l - 1),
                             spec->nodata, out);
        good = write_tiles(map, l, band, (int)(y / SIDE), reduced(spec->width, l), reduced(rows, l),
                           out);
        finer = out;
    }
    return good;
}

mosaic_status mos_map_write(mos_map *map, int band, int64_t y, int64_t rows, const void *pixels) {
    mos_gdal_capture capture;
    mosaic_status status = MOSAIC_OK;
    const mos_map_spec *spec = map->spec;
    void *from; /* GDAL writes from a pointer without const */
    memcpy(&from, &pixels, sizeof from);
    if (map->joined && (y % SIDE != 0 || rows > SIDE || (rows < SIDE && y + rows != spec->height)))
        return mos_fail(MOSAIC_ERR_USAGE, "%s: rows %lld to %lld are no strip", map->path,
                        (long long)y, (long long)(y + rows));
    mos_gdal_capture_begin(&capture);
    bool good = map->joined
                    ? write_levels(map, band, y, rows, pixels)
                    : GDALRasterIO(GDALGetRasterBand(map->level[0], band + 1), GF_Write, 0, (int)y,
                                   (int)spec->width, (int)rows, from, (int)spec->width, (int)rows,
                                   mos_gdal_type(spec->dtype), 0, 0) == CE_None;
    if (!good)
        status = mos_gdal_fail(MOSAIC_ERR_IO, map->path, &capture,
                               "pixels cannot be written; is the disk full?");
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

static mosaic_status close_tiles(mos_map *map, const mos_gdal_capture *capture) {
    for (int l = 0; l < map->levels; l++) {
        GDALClose(map->level[l]); /* writes what is cached: a full disk may show here only */
        map->level[l] = NULL;
    }
    return capture->text[0] == '\0' ? MOSAIC_OK
                                    : mos_gdal_fail(MOSAIC_ERR_IO, map->path, capture, "");
}

static mosaic_status join_levels(const mos_map *map) {
    const char *paths[MOST_LEVELS];
    for (int l = 0; l < map->levels; l++)
        paths[l] = map->tiles[l];
    return mos_cog_join(paths, map->levels, MOS_COG_CLASSIC, map->part);
}

static mosaic_status make_cog(mos_map *map, const mos_gdal_capture *capture) {
    if (map->spec->unit > 0) MOS_TRY(mos_vector_overviews(map->tiles[0], map->spec, capture));
    GDALDriverH driver = GDALGetDriverByName("COG");
    GDALDatasetH tiles = GDALOpen(map->tiles[0], GA_ReadOnly), copy = NULL;
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
    MOS_GOTO(close_tiles(map, &capture));
    if (is_cog(map)) MOS_GOTO(map->joined ? join_levels(map) : make_cog(map, &capture));
    if (map->spec->codes != NULL) MOS_GOTO(write_attributes(map));
    if (rename(map->part, map->path) != 0) status = mos_fail_errno("create", map->path);
done:
    mos_gdal_capture_end();
    mos_map_abandon(pointer);
    return status;
}

void mos_map_abandon(mos_map **pointer) {
    mos_map *map = *pointer;
    if (map == NULL) return;
    mos_gdal_capture silent;
    mos_gdal_capture_begin(&silent);
    for (int l = 0; l < map->levels; l++) {
        if (map->level[l] != NULL) GDALClose(map->level[l]);
        (void)unlink(map->tiles[l]);
    }
    mos_gdal_capture_end();
    (void)unlink(map->part);
    for (int b = 0; b < 2; b++)
        mos_free(map->reduced[b]);
    mos_free(map->tile);
    mos_free(map);
    *pointer = NULL;
}
