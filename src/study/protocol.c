#include "study/protocol.h"

#include "base/file.h"
#include "base/memory.h"
#include "data/fraction.h"

#include <stdio.h>
#include <string.h>

static const char *const list_names[MOS_PROTOCOL_LISTS] = {"train", "validation", "test"};
static const mos_split list_split[MOS_PROTOCOL_LISTS] = {MOS_SPLIT_TRAIN, MOS_SPLIT_VALIDATION,
                                                         MOS_SPLIT_TEST};
enum { LARGEST_LIST = 256 << 20 };

mosaic_status mos_protocol_find(const char *name, const mos_protocol **out) {
    const char *names[64];
    size_t count = 0;
    for (const mos_protocol *p = mos_protocols; p->name != NULL && count < 64; p++) {
        names[count++] = p->name;
        if (strcmp(p->name, name) != 0) continue;
        *out = p;
        return MOSAIC_OK;
    }
    const char *near = mos_nearest_name(name, names, count);
    return mos_fail(MOSAIC_ERR_USAGE, "unknown protocol '%s'%s%s%s; mosaic protocol list has all",
                    name, near == NULL ? "" : ", did you mean '", near == NULL ? "" : near,
                    near == NULL ? "" : "'?");
}

static void add_line(mos_text *out, const char *key, const char *text) {
    if (text == NULL) return;
    mos_text_add(out, "%s: ", key);
    mos_text_add_json(out, text); /* a JSON string is a YAML one */
    mos_text_add(out, "\n");
}

void mos_protocol_describe(const mos_protocol *protocol, mos_text *out) {
    mos_text text = {0};
    char hash[65];
    add_line(&text, "name", protocol->name);
    add_line(&text, "data", protocol->data);
    add_line(&text, "rule", protocol->rule);
    for (int k = 0; k < MOS_PROTOCOL_LISTS; k++)
        if (protocol->count[k] >= 0)
            mos_text_add(&text, "%s: %lld\n", list_names[k], (long long)protocol->count[k]);
    if (protocol->labeled >= 0)
        mos_text_add(&text, "labeled: %lld\n", (long long)protocol->labeled);
    add_line(&text, "labeled_sha256", protocol->labeled_sha256);
    mos_text_add(&text, "list: %s\n",
                 protocol->fraction > 0 ? "made by the rule"
                                        : "theirs, not shipped; give the files");
    add_line(&text, "scored", protocol->scored);
    add_line(&text, "average", protocol->average);
    add_line(&text, "over", protocol->over);
    add_line(&text, "note", protocol->note);
    add_line(&text, "source", protocol->source);
    if (text.failed || text.data == NULL) {
        out->failed = true;
    } else {
        mos_sha256(text.data, text.size, hash);
        mos_text_add(out, "%ssha256: %s\n", text.data, hash);
    }
    mos_text_release(&text);
}

/* ---- lists of ids ---- */

/* A line is an id, or a row of a CSV that begins with it. */
static mosaic_status take_line(const mos_dataset *dataset, const char *path, int64_t line, char *id,
                               int list, mos_split_columns *columns) {
    id[strcspn(id, ",\t\r")] = '\0';
    if (id[0] == '\0' || id[0] == '#' || (line == 1 && strcmp(id, "id") == 0)) return MOSAIC_OK;
    int64_t row = mos_dataset_find(dataset, id);
    if (row < 0)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%lld: '%s' has no sample '%s'", path, (long long)line,
                        mos_dataset_root(dataset), id);
    if (columns->split[row] != MOS_SPLIT_NONE)
        return mos_fail(MOSAIC_ERR_DATA, "%s:%lld: '%s' stands twice in the lists (before in %s)",
                        path, (long long)line, id, mos_split_names[columns->split[row]]);
    columns->split[row] = (uint8_t)list_split[list];
    return MOSAIC_OK;
}

static mosaic_status read_list(const mos_dataset *dataset, const char *path, int list,
                               mos_split_columns *columns) {
    char *text = NULL;
    size_t size;
    int64_t line = 0;
    MOS_TRY(mos_file_read(path, LARGEST_LIST, &text, &size));
    mosaic_status status = MOSAIC_OK;
    for (char *at = text, *next; at < text + size && status == MOSAIC_OK; at = next) {
        char *end = memchr(at, '\n', (size_t)(text + size - at));
        next = end == NULL ? text + size : end + 1;
        if (end != NULL) *end = '\0';
        status = take_line(dataset, path, ++line, at, list, columns);
    }
    mos_free(text);
    return status;
}

/* Of the training samples whose labels count, sorted, each with a line feed. */
static mosaic_status hash_labeled(const mos_dataset *dataset, const mos_split_columns *columns,
                                  const uint8_t *keep, char hex[65]) {
    const char **ids = NULL;
    size_t count = 0;
    mosaic_status status = MOSAIC_OK;
    MOS_GOTO(mos_alloc((size_t)columns->count, sizeof *ids, "sorted ids", &ids));
    for (int64_t i = 0; i < columns->count; i++) {
        mos_sample sample;
        if (columns->split[i] != MOS_SPLIT_TRAIN || (keep != NULL && !keep[i])) continue;
        MOS_GOTO(mos_dataset_sample(dataset, i, &sample));
        ids[count++] = sample.id;
    }
    MOS_GOTO(mos_split_hash_ids(ids, count, '\n', hex));
done:
    mos_free(ids);
    return status;
}

static mosaic_status check_counts(const mos_protocol *protocol, const mos_dataset *dataset,
                                  const mos_split_columns *columns) {
    for (int k = 0; k < MOS_PROTOCOL_LISTS; k++) {
        int64_t found = 0;
        for (int64_t i = 0; i < columns->count; i++)
            found += columns->split[i] == list_split[k];
        if (protocol->count[k] >= 0 && found != protocol->count[k])
            return mos_fail(MOSAIC_ERR_DATA,
                            "protocol %s has %lld samples in %s, '%s' gives %lld: it is another "
                            "list, and figures of it cannot stand beside those of the protocol",
                            protocol->name, (long long)protocol->count[k], list_names[k],
                            mos_dataset_root(dataset), (long long)found);
    }
    return MOSAIC_OK;
}

/* ---- by rule, by list ---- */

static mosaic_status apply_rule(const mos_protocol *protocol, const mos_dataset *dataset,
                                mos_split_columns *columns, uint8_t *keep) {
    for (int64_t i = 0; i < columns->count; i++) {
        mos_sample sample;
        MOS_TRY(mos_dataset_sample(dataset, i, &sample));
        columns->split[i] = (uint8_t)sample.split;
    }
    MOS_TRY(mos_fraction_choose(dataset, MOS_SPLIT_TRAIN, protocol->fraction, 0, keep));
    if (protocol->fraction >= 1) return MOSAIC_OK;
    columns->fraction[0] = protocol->fraction;
    columns->fraction_count = 1;
    for (int64_t i = 0; i < columns->count; i++)
        columns->labeled[i] = keep[i] ? 0 : 1;
    return MOSAIC_OK;
}

static mosaic_status apply_lists(const mos_protocol *protocol, const mos_dataset *dataset,
                                 const mos_protocol_lists *lists, mos_split_columns *columns) {
    for (int k = 0; k < MOS_PROTOCOL_LISTS; k++) {
        bool wanted = protocol->count[k] >= 0, given = lists->path[k] != NULL;
        if (wanted != given)
            return mos_fail(MOSAIC_ERR_USAGE,
                            wanted ? "protocol %s has a %s list of %lld samples, which is not "
                                     "shipped: give its file with --%s"
                                   : "protocol %s has no %s list (%lld); leave out --%s",
                            protocol->name, list_names[k], (long long)protocol->count[k],
                            list_names[k]);
        if (given) MOS_TRY(read_list(dataset, lists->path[k], k, columns));
    }
    return MOSAIC_OK;
}

static mosaic_status name_maker(const mos_protocol *protocol, bool reduced,
                                const char *labeled_sha256, mos_split_columns *columns) {
    mos_text text = {0};
    mos_text_add(&text, "protocol=%s%s labeled_sha256=%s", protocol->name,
                 reduced ? " reduced" : "", labeled_sha256);
    mosaic_status status = text.failed ? mos_fail_memory(text.size, "a line")
                                       : mos_copy_text(text.data, &columns->made_by);
    mos_text_release(&text);
    return status;
}

mosaic_status mos_protocol_apply(const mos_protocol *protocol, const mos_dataset *dataset,
                                 const mos_protocol_lists *lists, mos_split_columns **out,
                                 char labeled_sha256[65]) {
    mos_split_columns *columns = NULL;
    uint8_t *keep = NULL;
    bool ours = protocol->fraction > 0;
    mosaic_status status = MOSAIC_OK;
    *out = NULL;
    if (!ours && lists->reduced)
        return mos_fail(MOSAIC_ERR_USAGE, "--reduced is for protocols made by a rule; %s is a list",
                        protocol->name);
    for (int k = 0; k < MOS_PROTOCOL_LISTS && ours; k++)
        if (lists->path[k] != NULL)
            return mos_fail(MOSAIC_ERR_USAGE, "protocol %s is made by a rule; leave out --%s",
                            protocol->name, list_names[k]);
    MOS_GOTO(mos_split_columns_create(mos_dataset_count(dataset), &columns));
    MOS_GOTO(mos_alloc((size_t)columns->count, 1, "labelled samples", &keep));
    if (ours)
        MOS_GOTO(apply_rule(protocol, dataset, columns, keep));
    else
        MOS_GOTO(apply_lists(protocol, dataset, lists, columns));
    if (!lists->reduced) MOS_GOTO(check_counts(protocol, dataset, columns));
    MOS_GOTO(hash_labeled(dataset, columns, ours ? keep : NULL, labeled_sha256));
    if (!lists->reduced && protocol->labeled_sha256 != NULL &&
        strcmp(protocol->labeled_sha256, labeled_sha256) != 0)
        MOS_GOTO(mos_fail(MOSAIC_ERR_DATA,
                          "protocol %s: the labelled list has SHA-256 %s, wanted %s: it is "
                          "another list",
                          protocol->name, labeled_sha256, protocol->labeled_sha256));
    MOS_GOTO(name_maker(protocol, lists->reduced, labeled_sha256, columns));
    *out = columns;
    columns = NULL;
done:
    mos_free(keep);
    mos_split_columns_destroy(&columns);
    return status;
}
