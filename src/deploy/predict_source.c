#include "deploy/predict_source.h"

#include "base/file.h"
#include "base/log.h"
#include "data/check_class.h"
#include "data/scene/scene_frame.h"
#include "data/verdicts.h"
#include "evaluate/inference.h"
#include "evaluate/modality_subset.h"
#include "io/area.h"
#include "io/raster.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* `value` is any text, NULL: none. */
static mosaic_status add_setting(mos_text_list *list, const mos_option *option, const char *value) {
    mos_text text = {0};
    mos_text_add(&text, "%s=", option->key);
    if (option->type == MOS_OPTION_LIST)
        mos_text_add(&text, "[]");
    else if (value != NULL && (option->type == MOS_OPTION_PATH || option->type == MOS_OPTION_TEXT))
        mos_text_add_json(&text, value);
    else if (value != NULL)
        mos_text_add(&text, "%s", value);
    mosaic_status status =
        text.failed ? mos_fail_memory(text.size, "a setting") : mos_text_list_add(list, text.data);
    mos_text_release(&text);
    return status;
}

static const mos_option *find(const char *key) {
    return mos_options_find(&mos_data_option_table, key);
}

/* Other data have their own units, offsets and bands, so every setting about the training data goes
 * back to its default. */
static mosaic_status forget_training_data(mos_text_list *list) {
    for (size_t i = 0; i < mos_data_option_table.count; i++) {
        const mos_option *option = &mos_data_option_table.options[i];
        if (strcmp(option->key, "data.policy") == 0 ||
            strcmp(option->key, "data.constant_bands") == 0)
            continue;
        MOS_TRY(add_setting(list, option, option->fallback));
    }
    return MOSAIC_OK;
}

static mosaic_status add_list(mos_text_list *list, const char *key, const mos_text *items) {
    mos_text text = {0};
    mos_text_add(&text, "%s=[%s]", key, items->data == NULL ? "" : items->data);
    mosaic_status status = text.failed || items->failed ? mos_fail_memory(text.size, "a setting")
                                                        : mos_text_list_add(list, text.data);
    mos_text_release(&text);
    return status;
}

static mosaic_status join(const mos_text_list *from, mos_text *out) {
    for (size_t i = 0; i < from->count; i++)
        mos_text_add(out, "%s%s", i == 0 ? "" : ",", from->items[i]);
    return out->failed ? mos_fail_memory(out->size, "a setting") : MOSAIC_OK;
}

/* A further item of a list. */
static void add_item(mos_text *items, const mos_text *item) {
    mos_text_add(items, "%s", items->size == 0 ? "" : ",");
    mos_text_add_json(items, item->failed ? "" : item->data);
    items->failed = items->failed || item->failed;
}

/* NULL: none. */
static void add_assignment(mos_text *items, const char *key, const char *value) {
    mos_text text = {0};
    if (value == NULL) return;
    mos_text_add(&text, "%s=%s", key, value);
    add_item(items, &text);
    mos_text_release(&text);
}

/* Windows of the model's size, over the scene file's grid. */
static mosaic_status add_windows(const mos_predict_options *options, const mos_model_card *card,
                                 mos_text_list *list) {
    mos_text items = {0}, values = {0};
    char share[40];
    int64_t size = card->patch > 0 ? card->patch : card->height;
    int64_t stride = options->stride > 0                  ? options->stride
                     : options->grid == MOS_PREDICT_PATCH ? size
                                                          : (size + 1) / 2;
    mosaic_status status = MOSAIC_OK;
    if (stride > size)
        return mos_fail(MOSAIC_ERR_USAGE,
                        "--stride %lld: windows of the model have %lld pixels a side, and none may "
                        "be left out between them",
                        (long long)stride, (long long)size);
    mos_text_add(&items,
                 "\"size=%lld\",\"size_m=0\",\"stride=%lld\",\"edges=shift\",\"minimum_valid=%s\"",
                 (long long)size, (long long)stride,
                 mos_format_double(share, sizeof share, options->minimum_valid, 9));
    if (!options->labels) mos_text_add(&items, ",\"labels=false\"");
    if (card->resolution_m > 0) {
        mos_format_double(share, sizeof share, card->resolution_m, 9);
        mos_text_add(&items, ",\"resolution_m=%s\"", share);
    }
    add_assignment(&items, "area", options->area);
    add_assignment(&items, "area_crs", options->area_crs);
    if (options->mask != NULL) {
        MOS_GOTO(join(options->mask_values, &values));
        add_assignment(&items, "mask", options->mask);
        add_assignment(&items, "mask_values", values.data == NULL ? "" : values.data);
    }
    status = add_list(list, "data.grid", &items);
done:
    mos_text_release(&values);
    mos_text_release(&items);
    return status;
}

static bool is_left_out(const mos_predict_options *options, const char *modality) {
    bool rasters = options->s1 != NULL || options->s2 != NULL;
    if (rasters && ((options->s1 == NULL && strcmp(modality, "s1") == 0) ||
                    (options->s2 == NULL && strcmp(modality, "s2") == 0)))
        return true;
    for (size_t i = 0; options->without != NULL && i < options->without->count; i++)
        if (strcmp(options->without->items[i], modality) == 0) return true;
    return false;
}

/* "s2=B02,B03" of every modality of the model. */
static void add_own_bands(const mos_predict_options *options, const mos_model_card *card,
                          mos_text *items) {
    mos_text names = {0};
    for (int64_t m = 0; m < card->spec.modalities; m++) {
        const mos_modality_spec *spec = &card->spec.modality[m];
        if (is_left_out(options, spec->name)) continue;
        names.size = 0;
        mos_text_add(&names, "%s=", spec->name);
        for (int64_t b = 0; b < spec->bands; b++)
            mos_text_add(&names, "%s%s", b == 0 ? "" : ",", spec->band_names[b]);
        add_item(items, &names);
    }
    mos_text_release(&names);
}

/* Names for bands that the files do not name. */
static mosaic_status add_bands(const mos_predict_options *options, const mos_model_card *card,
                               mos_text_list *list) {
    mos_text items = {0};
    if (options->bands == NULL || options->bands->count == 0) return MOSAIC_OK;
    for (size_t i = 0; i < options->bands->count; i++) {
        const char *item = options->bands->items[i];
        if (strcmp(item, "model") == 0) {
            add_own_bands(options, card, &items);
            continue;
        }
        mos_text_add(&items, "%s", items.size == 0 ? "" : ",");
        mos_text_add_json(&items, item);
    }
    mosaic_status status = add_list(list, "data.bands", &items);
    mos_text_release(&items);
    return status;
}

static mosaic_status add_data(const mos_predict_options *options, const mos_model_card *card,
                              mos_text_list *list) {
    mos_text accepted = {0};
    bool rasters = options->s1 != NULL || options->s2 != NULL;
    if (rasters && options->data != NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "--s1 and --s2 are rasters of one scene: without '%s'",
                        options->data);
    if (rasters || options->data != NULL) {
        MOS_TRY(forget_training_data(list));
        if (options->data != NULL) MOS_TRY(add_setting(list, find("data.root"), options->data));
    }
    MOS_TRY(add_windows(options, card, list));
    if (rasters) MOS_TRY(add_setting(list, find("data.format"), "scene"));
    if (options->s1 != NULL) MOS_TRY(add_setting(list, find("data.s1"), options->s1));
    if (options->s2 != NULL) MOS_TRY(add_setting(list, find("data.s2"), options->s2));
    MOS_TRY(add_bands(options, card, list));
    if (options->allow == NULL || options->allow->count == 0) return MOSAIC_OK;
    mosaic_status status = join(options->allow, &accepted);
    if (status == MOSAIC_OK) status = add_list(list, "data.accept", &accepted);
    mos_text_release(&accepted);
    return status;
}

static mosaic_status leave_out(const mos_predict_options *options, mos_model_card *card) {
    if (options->without == NULL || options->without->count == 0) return MOSAIC_OK;
    MOS_TRY(mos_context(mos_modality_subset_parse(card, options->without, &card->without),
                        "--without"));
    if (card->without == (1u << card->spec.modalities) - 1)
        return mos_fail(MOSAIC_ERR_USAGE, "--without leaves the model no modality");
    if (card->spec.missing != MOS_MISSING_LEARNED)
        mos_log(MOS_LOG_WARNING, "the model learned no stand-in for a modality that is missing "
                                 "(model.missing): without one its scores are usually lower");
    return MOSAIC_OK;
}

/* Refuses options for scenes where the data are no scenes. */
static mosaic_status check_scenes(const mos_predict_options *options, const mos_session *session) {
    const mos_model_card *card = &session->card;
    bool scenes = mos_scene_frames(session->dataset) > 0;
    const char *only = options->mask != NULL   ? "--mask"
                       : options->area != NULL ? "--aoi"
                       : options->stride > 0   ? "--stride"
                                               : NULL;
    if (!scenes && only != NULL)
        return mos_fail(MOSAIC_ERR_USAGE, "%s is for scenes, and '%s' is %s", only,
                        mos_dataset_root(session->dataset), mos_dataset_format(session->dataset));
    if (scenes && card->patch == 0)
        mos_log(MOS_LOG_WARNING,
                "'%s' does not say how large the patches were that it was trained on: windows have "
                "%lld pixels a side",
                session->model_path, (long long)card->height);
    if (scenes && card->height != card->width)
        return mos_fail(MOSAIC_ERR_USAGE, "'%s': its patches are no squares: %lld x %lld",
                        session->model_path, (long long)card->height, (long long)card->width);
    return MOSAIC_OK;
}

/* Refuses data that lack what the model needs, before anything is written. */
static mosaic_status check_bands(const mos_session *session) {
    mos_loader_options unused = {0};
    return mos_inference_bind(&session->card, session->dataset, &unused);
}

/* A refusal names keys of the configuration. The message gets the options of `predict` for them. */
static mosaic_status name_options(mosaic_status status) {
    int class = mos_verdict_taken();
    char words[2048];
    if (status == MOSAIC_OK || class < 0) return status;
    const mos_check_class_row *row = &mos_check_class_table[class];
    mos_error_copy(words, sizeof words);
    if (strstr(words, "data.accept") == NULL) return status; /* nothing lets it pass */
    bool bands = row->key != NULL && strcmp(row->key, "data.bands") == 0;
    return mos_fail(status, "%s; `predict` has %s--allow %s for that", words,
                    bands ? "--bands or " : "", row->name);
}

/* What GDAL may keep of tiles: a scene of any size stays below a gigabyte. Windows lie on two rows of
 * tiles at a time, which are 133 MB of twelve bands of 4,200 px; where they do not fit, every tile is
 * decompressed twice. */
static const int64_t cache_bytes = 192ll << 20;

mosaic_status mos_predict_open(const mos_predict_options *options, mos_session *out) {
    mos_session_options session = options->session;
    const mos_text_list *set = options->session.set;
    mos_text_list settings = {0};
    mos_model_card card = {0};
    char path[4096];
    mosaic_status status = MOSAIC_OK;
    *out = (mos_session){0};
    mos_raster_limit_cache(cache_bytes);
    MOS_GOTO(mos_model_file_resolve(session.model, path, sizeof path));
    MOS_GOTO(mos_model_file_card(path, &card));
    MOS_GOTO(add_data(options, &card, &settings));
    for (size_t i = 0; set != NULL && i < set->count; i++)
        MOS_GOTO(mos_text_list_add(&settings, set->items[i]));
    session.set = &settings;
    (void)mos_verdict_taken(); /* of what was opened before */
    MOS_GOTO(name_options(mos_session_open(&session, out)));
    status = leave_out(options, &out->card);
    if (status == MOSAIC_OK) status = check_scenes(options, out);
    if (status == MOSAIC_OK) status = check_bands(out);
    if (status != MOSAIC_OK) mos_session_close(out);
done:
    mos_model_card_release(&card);
    mos_text_list_release(&settings);
    return status;
}

/* As a whole path where there is such a file. */
static void add_whole(mos_text *text, const char *path) {
    char *whole = realpath(path, NULL);
    mos_text_add(text, "%s", whole != NULL ? whole : path);
    free(whole); /* of the C library, not mos_alloc's */
}

/* Some items of data.grid name files. */
static void add_grid_item(mos_text *items, const char *item) {
    static const char *const files[] = {"mask=", "area="};
    mos_text whole = {0};
    size_t key = 0;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++)
        if (strncmp(item, files[f], strlen(files[f])) == 0) key = strlen(files[f]);
    mos_text_add(&whole, "%.*s", (int)key, item);
    if (key > 0)
        add_whole(&whole, item + key);
    else
        mos_text_add(&whole, "%s", item);
    add_item(items, &whole);
    mos_text_release(&whole);
}

static mosaic_status keep_setting(const mos_option *option, const void *data, mos_text_list *out) {
    const void *field = (const char *)data + option->offset;
    const mos_text_list *list = field;
    mos_text text = {0};
    mosaic_status status;
    if (option->type == MOS_OPTION_LIST) {
        for (size_t i = 0; i < list->count; i++)
            add_grid_item(&text, list->items[i]);
        status = list->count > 0 ? add_list(out, option->key, &text) : MOSAIC_OK;
    } else {
        mos_options_get(&mos_data_option_table, data, option, &text);
        const char *value = text.data == NULL ? "" : text.data;
        mos_text whole = {0};
        if (option->type == MOS_OPTION_PATH && value[0] != '\0')
            add_whole(&whole, value);
        else
            mos_text_add(&whole, "%s", value);
        status = text.failed || whole.failed ? mos_fail_memory(text.size, "a setting")
                 : strcmp(value, option->fallback == NULL ? "" : option->fallback) == 0
                     ? MOSAIC_OK
                     : add_setting(out, option, whole.data);
        mos_text_release(&whole);
    }
    mos_text_release(&text);
    return status;
}

mosaic_status mos_predict_settings(const mos_session *session, mos_text_list *out) {
    const mos_data_options *data = mos_config_data(session->config);
    for (size_t i = 0; i < mos_data_option_table.count; i++)
        MOS_TRY(keep_setting(&mos_data_option_table.options[i], data, out));
    return MOSAIC_OK;
}

mosaic_status mos_predict_reopen(const mos_session_options *options, const mos_text_list *settings,
                                 mos_session *out) {
    const mos_text_list *const parts[] = {settings, options->set};
    mos_session_options session = *options;
    mos_text_list all = {0};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_session){0};
    mos_raster_limit_cache(cache_bytes);
    MOS_GOTO(forget_training_data(&all));
    for (int p = 0; p < 2; p++)
        for (size_t i = 0; parts[p] != NULL && i < parts[p]->count; i++)
            MOS_GOTO(mos_text_list_add(&all, parts[p]->items[i]));
    session.set = &all;
    status = mos_session_open(&session, out);
done:
    mos_text_list_release(&all);
    return status;
}

static void add_file(mos_text *text, const char *path) {
    struct stat about = {0};
    int found = stat(path, &about);
    mos_text_add(text, "%s %d %lld %lld.%09ld\n", path, found, (long long)about.st_size,
                 (long long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
}

mosaic_status mos_predict_key(const mos_predict_options *options, const mos_session *session,
                              char key[65]) {
    mos_text text = {0};
    char hex[65];
    mosaic_status status = MOSAIC_OK;
    const mos_data_options *data = mos_config_data(session->config);
    mos_text_add(&text, "%s\n", session->model_sha256);
    mos_dataset_fingerprint(session->dataset, hex);
    mos_text_add(&text, "%s\n%u\n%s\n", hex, session->card.without,
                 mos_precision_names[session->device->precision]);
    for (size_t i = 0; i < mos_data_option_table.count; i++) {
        mos_text_add(&text, "%s=", mos_data_option_table.options[i].key);
        mos_options_get(&mos_data_option_table, data, &mos_data_option_table.options[i], &text);
        mos_text_add(&text, "\n");
    }
    for (int64_t s = 0; s < mos_scene_frames(session->dataset); s++) {
        mos_scene_frame frame;
        MOS_GOTO(mos_scene_frame_of(session->dataset, s, &frame));
        for (int f = 0; f < frame.sources; f++)
            add_file(&text, frame.source[f]);
    }
    if (options->mask != NULL) add_file(&text, options->mask);
    if (options->area != NULL && !mos_area_is_box(options->area)) add_file(&text, options->area);
    if (text.failed) MOS_GOTO(mos_fail_memory(text.size, "a key"));
    mos_sha256(text.data, text.size, key);
done:
    mos_text_release(&text);
    return status;
}
