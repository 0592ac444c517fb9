/* Starting weights from another file: whole, by pattern, or from a bare torchvision ResNet. */
#include "artifact/model_file.h"

#include "artifact/class_join.h"
#include "artifact/model_card.h"
#include "artifact/model_file_tensor.h"
#include "base/log.h"
#include "base/memory.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { LISTED = 8 };

typedef struct init_job {
    const char *path, *pattern;
    const mos_safetensors *file;
    mos_model *model;
    const char *const *class_names;
    const mos_text_list *stem_bands;
    bool has_card, bare;
    const mos_model_card *card;
    char prefix[64]; /* of a bare file's names in the model: "backbones.s2." */
    char expanded[72];
    float *values, *joined; /* room for the largest tensor */
    uint8_t *used;          /* [tensors of the file] */
    mos_text left;          /* names of the model's tensors that keep their values */
    int64_t loaded, skipped;
} init_job;

static bool is_bare(const mos_safetensors *file) {
    return mos_safetensors_find(file, "conv1.weight") != NULL &&
           mos_safetensors_find(file, "layer1.0.conv1.weight") != NULL;
}

/* The modality a bare file is for: "s2", "backbones.s2.*", or the only one there is. */
static mosaic_status choose_prefix(init_job *job) {
    const mos_model_spec *spec = mos_model_get_spec(job->model);
    const char *start = "backbones.";
    const char *name = job->pattern == NULL ? "" : job->pattern;
    if (strncmp(name, start, strlen(start)) == 0) name += strlen(start);
    for (int64_t m = 0; m < spec->modalities; m++) {
        size_t size = strlen(spec->modality[m].name);
        bool named = strncmp(name, spec->modality[m].name, size) == 0 &&
                     (name[size] == '\0' || name[size] == '.');
        if (!named && !(spec->modalities == 1 && name[0] == '\0')) continue;
        (void)snprintf(job->prefix, sizeof job->prefix, "%s%s.", start, spec->modality[m].name);
        if (name[0] == '\0' || name[size] == '\0') {
            (void)snprintf(job->expanded, sizeof job->expanded, "%s*", job->prefix);
            job->pattern = job->expanded;
        }
        return MOSAIC_OK;
    }
    return mos_fail(MOSAIC_ERR_USAGE,
                    "%s has torchvision's bare names: a pattern must name the modality it is for, "
                    "such as 'backbones.%s.*'",
                    job->path, spec->modality[0].name);
}

static const mos_tensor_view *find_tensor(const init_job *job, const char *name) {
    size_t size = strlen(job->prefix);
    if (!job->bare) return mos_safetensors_find(job->file, name);
    return strncmp(name, job->prefix, size) == 0 ? mos_safetensors_find(job->file, name + size)
                                                 : NULL;
}

static mosaic_status fail_shape(const init_job *job, const mos_tensor_view *tensor,
                                const mos_parameter *parameter) {
    char wanted[128], found[128];
    return mos_fail(
        MOSAIC_ERR_DATA, "%s: tensor '%s' wants shape %s, found %s (a pattern can leave it out)",
        job->path, parameter->name,
        mos_shape_text(mos_parameter_file_rank(parameter), parameter->shape, wanted, sizeof wanted),
        mos_shape_text(tensor->rank, tensor->shape, found, sizeof found));
}

/* ---- joins by name ---- */

/* What a fusion's tensors and the head behind it mean depends on more than their shapes. */
static mosaic_status check_fusion(const init_job *job, const mos_parameter *parameter) {
    const mos_model_spec *wanted = mos_model_get_spec(job->model), *found = &job->card->spec;
    if (wanted->fusion != found->fusion)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: tensor '%s' belongs to fusion '%s', the model's is '%s' (a pattern "
                        "can leave it out)",
                        job->path, parameter->name, mos_fusion_names[found->fusion],
                        mos_fusion_names[wanted->fusion]);
    const struct {
        const char *key;
        bool used;
        int64_t wanted, found;
    } sizes[] = {
        {"fusion_dim", wanted->fusion != MOS_FUSION_CONCAT, wanted->fusion_dim, found->fusion_dim},
        {"fusion_rank", wanted->fusion == MOS_FUSION_BILINEAR, wanted->fusion_rank,
         found->fusion_rank},
        {"fusion_heads", wanted->fusion == MOS_FUSION_ATTENTION, wanted->fusion_heads,
         found->fusion_heads},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i].used && sizes[i].wanted != sizes[i].found)
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: tensor '%s' belongs to %s %lld, the model's is %lld (a pattern "
                            "can leave it out)",
                            job->path, parameter->name, sizes[i].key, (long long)sizes[i].found,
                            (long long)sizes[i].wanted);
    }
    return MOSAIC_OK;
}

/* Columns of a head behind concatenation: a block per modality, in the file's order to the
 * model's. Other fusions name their modalities in the names of their tensors. */
static mosaic_status join_modalities(init_job *job, const mos_parameter *parameter) {
    const mos_model_spec *wanted = mos_model_get_spec(job->model), *found = &job->card->spec;
    const char *wanted_names[MOS_MAX_MODALITIES], *found_names[MOS_MAX_MODALITIES];
    int64_t map[MOS_MAX_MODALITIES], classes = parameter->shape[0];
    if (wanted->fusion != MOS_FUSION_CONCAT || parameter->rank != 2) return MOSAIC_OK;
    for (int64_t m = 0; m < wanted->modalities; m++)
        wanted_names[m] = wanted->modality[m].name;
    for (int64_t m = 0; m < found->modalities; m++)
        found_names[m] = found->modality[m].name;
    MOS_TRY(mos_context(mos_names_join_exactly(wanted_names, wanted->modalities,
                                               "modalities of the model", found_names,
                                               found->modalities, "modalities of the file", map),
                        "%s: tensor '%s'", job->path, parameter->name));
    int64_t size = parameter->count / classes / wanted->modalities;
    for (int64_t l = 0; l < classes; l++) {
        for (int64_t m = 0; m < wanted->modalities; m++)
            memcpy(job->joined + (l * wanted->modalities + m) * size,
                   job->values + (l * wanted->modalities + map[m]) * size,
                   (size_t)size * sizeof *job->values);
    }
    memcpy(job->values, job->joined, (size_t)parameter->count * sizeof *job->values);
    return MOSAIC_OK;
}

/* Rows of the head: [classes of the file, f] to [classes of the model, f]. */
static mosaic_status join_head(init_job *job, const mos_parameter *parameter,
                               const mos_tensor_view *tensor) {
    const char *found[MOS_MAX_CLASSES];
    int64_t map[MOS_MAX_CLASSES];
    int64_t classes = mos_model_get_spec(job->model)->classes, known = job->card->spec.classes;
    for (int64_t l = 0; l < known; l++)
        found[l] = job->card->class_names[l];
    MOS_TRY(mos_names_join_exactly(job->class_names, classes, "classes of the data", found, known,
                                   "classes of the file", map));
    if (!mos_tensor_fits(tensor, parameter)) return fail_shape(job, tensor, parameter);
    size_t row = (size_t)(parameter->count / classes);
    for (int64_t l = 0; l < classes; l++)
        memcpy(job->joined + (size_t)l * row, job->values + (size_t)map[l] * row,
               row * sizeof *job->values);
    memcpy(job->values, job->joined, (size_t)parameter->count * sizeof *job->values);
    return MOSAIC_OK;
}

/* The bands that somebody named for the stem of a file without a card: "s2=B02,B03,B04". False:
 * nobody did. */
static bool told_bands(const init_job *job, const char *modality, mos_modality_spec *out) {
    size_t size = strlen(modality);
    *out = (mos_modality_spec){0};
    for (size_t i = 0; job->stem_bands != NULL && i < job->stem_bands->count; i++) {
        const char *at = job->stem_bands->items[i];
        if (strncmp(at, modality, size) != 0 || at[size] != '=') continue;
        for (at += size + 1; *at != '\0' && out->bands < MOS_MAX_BANDS;) {
            size_t word = strcspn(at, ", ");
            (void)snprintf(out->band_names[out->bands++], sizeof out->band_names[0], "%.*s",
                           (int)word, at);
            at += word + strspn(at + word, ", ");
        }
        return true;
    }
    return false;
}

/* Which channel of another program's stem is which band its shape does not tell. */
static mosaic_status fail_unnamed(const init_job *job, const mos_parameter *parameter,
                                  const char *modality) {
    return mos_fail(MOSAIC_ERR_DATA,
                    "%s: tensor '%s' has %lld input channels, and the file does not say which band "
                    "each is; --init-bands %s=<band>,... tells their order, or a pattern such as "
                    "'backbones.%s.layer*' leaves the stem out",
                    job->path, parameter->name, (long long)parameter->shape[1], modality, modality);
}

/* Input channels of a stem: [co, bands, k, k], bands in the file's order to the model's. */
static mosaic_status join_bands(init_job *job, const mos_parameter *parameter, int64_t m) {
    const mos_modality_spec *wanted = &mos_model_get_spec(job->model)->modality[m];
    const mos_modality_spec *found = NULL;
    mos_modality_spec told;
    for (int64_t i = 0; i < job->card->spec.modalities; i++) {
        if (strcmp(job->card->spec.modality[i].name, wanted->name) == 0)
            found = &job->card->spec.modality[i];
    }
    if (!job->has_card) {
        if (told_bands(job, wanted->name, &told))
            found = &told;
        else if (parameter->shape[1] > 1)
            return fail_unnamed(job, parameter, wanted->name);
    }
    if (found == NULL) return MOSAIC_OK;
    const char *wanted_names[MOS_MAX_BANDS], *found_names[MOS_MAX_BANDS];
    int64_t map[MOS_MAX_BANDS];
    for (int64_t b = 0; b < wanted->bands; b++)
        wanted_names[b] = wanted->band_names[b];
    for (int64_t b = 0; b < found->bands; b++)
        found_names[b] = found->band_names[b];
    MOS_TRY(mos_context(mos_names_join_exactly(wanted_names, wanted->bands, "bands of the model",
                                               found_names, found->bands, "bands of the file", map),
                        "%s: tensor '%s'", job->path, parameter->name));
    int64_t area = parameter->shape[2] * parameter->shape[3];
    for (int64_t o = 0; o < parameter->shape[0]; o++) {
        for (int64_t b = 0; b < wanted->bands; b++)
            memcpy(job->joined + (o * wanted->bands + b) * area,
                   job->values + (o * wanted->bands + map[b]) * area,
                   (size_t)area * sizeof *job->values);
    }
    memcpy(job->values, job->joined, (size_t)parameter->count * sizeof *job->values);
    return MOSAIC_OK;
}

/* The modality whose stem this is, or -1. */
static int64_t stem_of(const init_job *job, const char *name) {
    const mos_model_spec *spec = mos_model_get_spec(job->model);
    char stem[96];
    for (int64_t m = 0; m < spec->modalities; m++) {
        (void)snprintf(stem, sizeof stem, "backbones.%s.conv1.weight", spec->modality[m].name);
        if (strcmp(stem, name) == 0) return m;
    }
    return -1;
}

/* ---- the copy ---- */

static mosaic_status copy_tensor(init_job *job, const mos_parameter *parameter,
                                 const mos_tensor_view *tensor) {
    bool head = strncmp(parameter->name, "head.", 5) == 0;
    bool fused = head || strncmp(parameter->name, "fusion.", 7) == 0;
    bool by_class = head && job->has_card && job->class_names != NULL;
    int64_t stem = stem_of(job, parameter->name);
    if (stem >= 0 && !job->has_card && !mos_tensor_fits(tensor, parameter))
        return fail_shape(job, tensor, parameter);
    if (fused && job->has_card) MOS_TRY(check_fusion(job, parameter));
    if (!by_class && stem < 0 && !mos_tensor_fits(tensor, parameter))
        return fail_shape(job, tensor, parameter);
    /* A stem with other bands is named by its bands, which says more than its shape. */
    bool fits = mos_tensor_fits(tensor, parameter);
    if (fits) MOS_TRY(mos_tensor_floats(tensor, job->path, job->values));
    if (by_class)
        MOS_TRY(mos_context(join_head(job, parameter, tensor), "%s: tensor '%s'", job->path,
                            parameter->name));
    if (head && job->has_card && fits) MOS_TRY(join_modalities(job, parameter));
    if (stem >= 0) {
        if (!fits && tensor->rank == 4 && tensor->shape[1] == parameter->shape[1])
            return fail_shape(job, tensor, parameter);
        MOS_TRY(join_bands(job, parameter, stem));
        if (!fits) return fail_shape(job, tensor, parameter);
    }
    mos_model_put(job->model, parameter, job->values);
    job->used[tensor - job->file->tensors] = 1;
    job->loaded++;
    return MOSAIC_OK;
}

static void leave_out(init_job *job, const char *name) {
    if (job->skipped < LISTED)
        mos_text_add(&job->left, "%s%s", job->skipped == 0 ? "" : ", ", name);
    job->skipped++;
}

static bool takes(const init_job *job, const mos_parameter *parameter) {
    if (job->pattern == NULL) return true;
    if (fnmatch(job->pattern, parameter->name, 0) != 0) return false;
    /* Without class names the rows of a head cannot be told apart. */
    return !(job->has_card && job->class_names == NULL &&
             strncmp(parameter->name, "head.", 5) == 0);
}

static mosaic_status copy_matching(init_job *job) {
    int64_t count;
    const mos_parameter *parameters = mos_model_parameters(job->model, &count);
    for (int64_t i = 0; i < count; i++) {
        const mos_parameter *parameter = &parameters[i];
        const mos_tensor_view *tensor = find_tensor(job, parameter->name);
        if (!takes(job, parameter)) {
            leave_out(job, parameter->name);
        } else if (tensor != NULL) {
            MOS_TRY(copy_tensor(job, parameter, tensor));
        } else if (job->pattern == NULL) {
            return mos_fail(MOSAIC_ERR_DATA,
                            "%s: the model's tensor '%s' is missing (a pattern loads a part)",
                            job->path, parameter->name);
        } else {
            leave_out(job, parameter->name);
        }
    }
    return MOSAIC_OK;
}

/* Tensors of the file that went nowhere: an error in strict mode, a notice otherwise. */
static mosaic_status report(init_job *job) {
    if (job->loaded == 0)
        return mos_fail(MOSAIC_ERR_DATA,
                        "%s: no tensor was loaded: none of its %zu matches '%s' in the model",
                        job->path, job->file->count, job->pattern == NULL ? "*" : job->pattern);
    int64_t unused = 0;
    mos_text names = {0};
    for (size_t i = 0; i < job->file->count; i++) {
        if (job->used[i]) continue;
        if (unused < LISTED)
            mos_text_add(&names, "%s%s", unused == 0 ? "" : ", ", job->file->tensors[i].name);
        unused++;
    }
    mosaic_status status = MOSAIC_OK;
    if (names.failed || job->left.failed)
        status = mos_fail_memory(0, "a message");
    else if (unused > 0 && job->pattern == NULL)
        status = mos_fail(MOSAIC_ERR_DATA, "%s: %lld tensors do not belong to the model: %s%s",
                          job->path, (long long)unused, names.data, unused > LISTED ? ", ..." : "");
    if (status == MOSAIC_OK) {
        mos_log(MOS_LOG_NOTICE, "%s: %lld tensors loaded", job->path, (long long)job->loaded);
        if (job->skipped > 0)
            mos_log(MOS_LOG_NOTICE, "%lld tensors of the model keep their starting values: %s%s",
                    (long long)job->skipped, job->left.data, job->skipped > LISTED ? ", ..." : "");
        if (unused > 0)
            mos_log(MOS_LOG_NOTICE, "%lld tensors of the file were skipped: %s%s",
                    (long long)unused, names.data, unused > LISTED ? ", ..." : "");
    }
    mos_text_release(&names);
    return status;
}

static mosaic_status run(init_job *job) {
    int64_t count;
    size_t largest = 0;
    const mos_parameter *parameters = mos_model_parameters(job->model, &count);
    for (int64_t i = 0; i < count; i++) {
        if ((size_t)parameters[i].count > largest) largest = (size_t)parameters[i].count;
    }
    MOS_TRY(mos_alloc(largest, sizeof *job->values, "a tensor", &job->values));
    MOS_TRY(mos_alloc(largest, sizeof *job->joined, "a tensor", &job->joined));
    MOS_TRY(mos_alloc(job->file->count, 1, "a tensor list", &job->used));
    job->bare = !job->has_card && is_bare(job->file);
    if (job->has_card && job->card->spec.stem_pool != mos_model_get_spec(job->model)->stem_pool)
        mos_log(MOS_LOG_WARNING, "%s: its encoders were trained %s the max-pool behind the stem",
                job->path, job->card->spec.stem_pool ? "with" : "without");
    if (job->bare) MOS_TRY(choose_prefix(job));
    MOS_TRY(copy_matching(job));
    return report(job);
}

mosaic_status mos_model_file_init_named(const char *path, const char *pattern,
                                        const char *const *class_names,
                                        const mos_text_list *stem_bands, mos_model *model,
                                        int64_t *loaded, int64_t *skipped) {
    char file_path[4096];
    mos_safetensors file = {0};
    mos_model_card *card = NULL;
    init_job job = {.pattern = pattern,
                    .file = &file,
                    .model = model,
                    .class_names = class_names,
                    .stem_bands = stem_bands};
    *loaded = *skipped = 0;
    MOS_TRY(mos_model_file_resolve(path, file_path, sizeof file_path));
    mosaic_status status;
    MOS_GOTO(mos_alloc(1, sizeof *card, "a model card", &card));
    MOS_GOTO(mos_safetensors_open(file_path, &file));
    job.path = file_path;
    job.has_card = mos_card_exists(&file);
    job.card = card;
    if (job.has_card) MOS_GOTO(mos_card_decode(&file, file_path, card));
    MOS_GOTO(run(&job));
    *loaded = job.loaded;
    *skipped = job.skipped;
done:
    /* Also after a failure half-way: what was copied must be what the layers compute with. */
    mos_model_refresh(model);
    mos_text_release(&job.left);
    mos_free(job.values);
    mos_free(job.joined);
    mos_free(job.used);
    if (card != NULL) mos_model_card_release(card);
    mos_free(card);
    mos_safetensors_release(&file);
    return status;
}
