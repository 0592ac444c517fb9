/* Manual pages, in the man macros. */
#include "base/options_print.h"
#include "command/pages.h"

#include <string.h>

/* Text for roff: backslashes and dashes are written out, and no line begins with a dot or a quote.
 */
static void add_roff(mos_text *out, const char *text) {
    if (text[0] == '.' || text[0] == '\'') mos_text_add(out, "\\&");
    for (; *text; text++) {
        if (*text == '\\')
            mos_text_add(out, "\\e");
        else if (*text == '-')
            mos_text_add(out, "\\-");
        else if (*text == '\n')
            mos_text_add(out, "\n%s", text[1] == '.' || text[1] == '\'' ? "\\&" : "");
        else
            mos_text_add_bytes(out, text, 1);
    }
}

static void add_page_name(mos_text *out, const char *command) {
    mos_text_add(out, "mosaic\\-");
    for (; *command; command++) {
        if (*command == ' ' || *command == '-')
            mos_text_add(out, "\\-");
        else
            mos_text_add_bytes(out, command, 1);
    }
}

/* The words of a command as they stand in the title line, in capitals. */
static void add_title(mos_text *out, const char *command) {
    mos_text_add(out, ".\\\" Made by mosaic --pages from the option tables.\n.TH MOSAIC");
    for (const char *c = command; *c; c++) {
        const char letter = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        if (c == command) mos_text_add(out, "\\-");
        if (letter == ' ')
            mos_text_add(out, "\\-");
        else
            mos_text_add_bytes(out, &letter, 1);
    }
    mos_text_add(out, " 1 \"\" \"mosaic %s\" \"User Commands\"\n", mosaic_version());
}

static void add_option(mos_text *out, const mos_option *option) {
    mos_text flag = {0}, remarks = {0};
    const char *value = mos_option_placeholder(option);
    mos_option_add_flag(option, &flag);
    mos_option_add_remarks(option, &remarks);
    if (flag.failed || remarks.failed) out->failed = true;
    mos_text_add(out, ".TP\n");
    if (option->letter) mos_text_add(out, "\\fB\\-%c\\fR, ", option->letter);
    mos_text_add(out, "\\fB\\-\\-");
    add_roff(out, flag.data ? flag.data : "");
    mos_text_add(out, "\\fR");
    if (value[0]) {
        mos_text_add(out, " \\fI");
        add_roff(out, value);
        mos_text_add(out, "\\fR");
    }
    mos_text_add(out, "\n");
    add_roff(out, option->help ? option->help : "");
    add_roff(out, remarks.data ? remarks.data : "");
    mos_text_add(out, "\n");
    mos_text_release(&flag);
    mos_text_release(&remarks);
}

static void add_exit_status(mos_text *out) {
    static const struct {
        const char *code, *text;
    } codes[] = {
        {"0", "all is done"},
        {"1", "an error at run time: a file, memory, a device"},
        {"2", "usage: an unknown command, option or key, or a value that it does not take"},
        {"3", "the data are not what was wanted"},
        {"4", "a numeric failure, such as a loss that is no number"},
        {"5", "what is resumed differs from what is asked for"},
        {"75", "interrupted; a checkpoint is written and --resume goes on"},
    };
    mos_text_add(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        mos_text_add(out, ".TP\n\\fB%s\\fR\n", codes[i].code);
        add_roff(out, codes[i].text);
        mos_text_add(out, "\n");
    }
}

void mos_page_manual_of(const mos_command_row *row, const mos_option_table *table, mos_text *out) {
    add_title(out, row->name);
    mos_text_add(out, ".SH NAME\n");
    add_page_name(out, row->name);
    mos_text_add(out, " \\- ");
    add_roff(out, row->summary);
    mos_text_add(out, "\n.SH SYNOPSIS\n");
    add_roff(out, row->usage);
    mos_text_add(out, "\n.SH OPTIONS\n");
    for (size_t i = 0; i < table->count; i++)
        add_option(out, &table->options[i]);
    mos_text_add(out, ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nlist the options\n"
                      ".TP\n\\fB\\-\\-json\\-usage\\fR\nlist the options as JSON\n");
    add_exit_status(out);
    mos_text_add(out, ".SH SEE ALSO\n.BR mosaic (1)\n");
}

void mos_page_manual(mos_text *out) {
    add_title(out, "");
    mos_text_add(out, ".SH NAME\nmosaic \\- learning from Sentinel\\-1 and Sentinel\\-2 together\n"
                      ".SH SYNOPSIS\nmosaic [\\-q | \\-v] [\\-\\-isa SET] COMMAND [options] ...\n"
                      ".SH DESCRIPTION\n"
                      "Contrastive learning from pairs of radar and optical patches with few "
                      "labels: from the files on disk to a trained model, its scores, a report "
                      "and maps.\nA beginner starts with\n.BR \"mosaic init\" .\n"
                      "\\fBmosaic help\\fR \\fIKEY\\fR explains a key of the configuration.\n"
                      ".SH COMMANDS\n");
    for (int i = 0; mos_command_row_at(i); i++) {
        const mos_command_row *row = mos_command_row_at(i);
        mos_text_add(out, ".TP\n\\fB");
        add_page_name(out, row->name);
        mos_text_add(out, "\\fR(1)\n");
        add_roff(out, row->summary);
        mos_text_add(out, "\n");
    }
    mos_text_add(out, ".SH OPTIONS\n");
    for (const mos_page_global *global = mos_page_globals; global->flag; global++) {
        mos_text_add(out, ".TP\n\\fB");
        add_roff(out, global->flag);
        mos_text_add(out, "\\fR");
        if (global->value) mos_text_add(out, " \\fI%s\\fR", global->value);
        mos_text_add(out, "\n");
        add_roff(out, global->help);
        mos_text_add(out, "\n");
    }
    mos_text_add(out, ".SH ENVIRONMENT\n.TP\n\\fBMOSAIC_ISA\\fR\nas \\-\\-isa\n");
    add_exit_status(out);
    mos_text_add(out, ".SH EXAMPLES\n.nf\n"
                      "mosaic init patches\n"
                      "mosaic data check patches\n"
                      "mosaic train config.yaml \\-\\-out run\n"
                      "mosaic eval run\n"
                      "mosaic report run\n.fi\n");
}
