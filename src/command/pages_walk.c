/* What pages of all kinds walk over: the options before the command, and every command. */
#include "command/pages.h"

const mos_page_global mos_page_globals[] = {
    {"-q", NULL, "errors only"},
    {"-v", NULL, "say more"},
    {"--isa", "SET", "use no more than this instruction set: base, avx2, avx512, avx512_bf16"},
    {"--help", NULL, "list the commands"},
    {"--version", NULL, "print the version"},
    {"--schema", NULL, "JSON schema of the training configuration"},
    {"--schema=md", NULL, "the same as a Markdown table"},
    {NULL, NULL, NULL},
};

bool mos_page_takes_path(const mos_option *option) {
    return option->type == MOS_OPTION_PATH;
}

mosaic_status mos_page_each(mos_page_visit *visit, mos_text *out) {
    for (int i = 0; mos_command_row_at(i); i++) {
        const mos_command_row *row = mos_command_row_at(i);
        mosaic_command *command = NULL;
        MOS_TRY(mosaic_command_create(row->name, &command));
        visit(row, mos_command_options(command), out);
        mosaic_command_destroy(&command);
    }
    return MOSAIC_OK;
}
