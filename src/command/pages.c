/* Writes the manual pages and the completion of the command line into a folder. */
#include "command/pages.h"

#include "base/file.h"
#include "base/want.h"

#include <limits.h>
#include <string.h>

/* Writes the text to FOLDER/PLACE/NAME and releases it. */
static mosaic_status write_page(const char *folder, const char *place, const char *name,
                                mos_text *text) {
    char below[PATH_MAX], path[PATH_MAX];
    mosaic_status status = MOSAIC_OK;
    if (text->failed) MOS_GOTO(mos_fail_memory(text->size, "a page"));
    MOS_GOTO(mos_path_join(below, sizeof below, folder, place));
    MOS_GOTO(mos_make_dirs(below));
    MOS_GOTO(mos_path_join(path, sizeof path, below, name));
    MOS_GOTO(mos_atomic_write(path, text->data, text->size));
done:
    mos_text_release(text);
    return status;
}

static mosaic_status write_manuals(const char *folder) {
    mos_text text = {0};
    mos_page_manual(&text);
    MOS_TRY(write_page(folder, "man/man1", "mosaic.1", &text));
    for (int i = 0; mos_command_row_at(i); i++) {
        const mos_command_row *row = mos_command_row_at(i);
        char name[96];
        mosaic_command *command = NULL;
        (void)snprintf(name, sizeof name, "mosaic-%s.1", row->name);
        for (char *blank = name; (blank = strchr(blank, ' ')) != NULL;)
            *blank = '-';
        MOS_TRY(mosaic_command_create(row->name, &command));
        mos_page_manual_of(row, mos_command_options(command), &text);
        mosaic_status status = write_page(folder, "man/man1", name, &text);
        mosaic_command_destroy(&command);
        MOS_TRY(status);
    }
    return MOSAIC_OK;
}

mosaic_status mosaic_pages_write(const char *folder) {
    static const struct {
        const char *place, *name;
        mosaic_status (*make)(mos_text *out);
    } shells[] = {
        {"bash-completion/completions", "mosaic", mos_page_bash},
        {"zsh/site-functions", "_mosaic", mos_page_zsh},
        {"fish/vendor_completions.d", "mosaic.fish", mos_page_fish},
    };
    MOS_WANT(folder);
    MOS_TRY(write_manuals(folder));
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        mos_text text = {0};
        mosaic_status status = shells[i].make(&text);
        if (status != MOSAIC_OK) {
            mos_text_release(&text);
            return status;
        }
        MOS_TRY(write_page(folder, shells[i].place, shells[i].name, &text));
    }
    return MOSAIC_OK;
}
