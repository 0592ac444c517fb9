#include "deploy/predict_source.h"

#include <string.h>

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

/* Other data have their own units, offsets and bands: nothing said of the training data holds. */
static mosaic_status forget_training_data(const char *root, mos_text_list *list) {
    for (size_t i = 0; i < mos_data_option_table.count; i++) {
        const mos_option *option = &mos_data_option_table.options[i];
        if (strcmp(option->key, "data.policy") == 0 ||
            strcmp(option->key, "data.constant_bands") == 0)
            continue;
        MOS_TRY(add_setting(list, option, option->fallback));
    }
    return add_setting(list, mos_options_find(&mos_data_option_table, "data.root"), root);
}

mosaic_status mos_predict_open(const mos_predict_options *options, mos_session *out) {
    mos_session_options session = options->session;
    const mos_text_list *set = options->session.set;
    mos_text_list settings = {0};
    mosaic_status status = MOSAIC_OK;
    *out = (mos_session){0};
    if (options->data != NULL) MOS_GOTO(forget_training_data(options->data, &settings));
    for (size_t i = 0; set != NULL && i < set->count; i++)
        MOS_GOTO(mos_text_list_add(&settings, set->items[i]));
    session.set = &settings;
    status = mos_session_open(&session, out);
done:
    mos_text_list_release(&settings);
    return status;
}
