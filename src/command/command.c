/* The command table, and commands as objects of the public interface. */
#include "mosaic/command.h"

#include "base/file.h"
#include "base/isa.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/thread.h"
#include "base/thread_hooks.h"
#include "base/want.h"
#include "command/command_communicator.h"
#include "command/command_config.h"
#include "command/command_table.h"
#include "config/config.h"

#include <string.h>

static const mos_command_row *const rows[] = {
    &mos_command_init,           &mos_command_data_info,     &mos_command_data_stats,
    &mos_command_data_pack,      &mos_command_data_split,    &mos_command_data_import,
    &mos_command_data_check,     &mos_command_data_synth,    &mos_command_preview,
    &mos_command_train,          &mos_command_probe,         &mos_command_eval,
    &mos_command_predict,        &mos_command_export,        &mos_command_import,
    &mos_command_embed,          &mos_command_search,        &mos_command_report,
    &mos_command_compare,        &mos_command_protocol_list, &mos_command_protocol_show,
    &mos_command_protocol_apply, &mos_command_sweep,         &mos_command_bench,
    &mos_command_bench_step,     &mos_command_bench_pack,    &mos_command_bench_read,
    &mos_command_bench_infer,    &mos_command_bench_search,  &mos_command_bench_predict,
    &mos_command_bench_ranks,    &mos_command_doctor,
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static const mos_option machine_options[] = {
    {.key = "threads",
     .type = MOS_OPTION_INT,
     .offset = offsetof(mos_command_machine, threads),
     .fallback = "0",
     .minimum = 0,
     .maximum = 4096,
     .help = "threads to use, 0: all this process may use"},
    {.key = "device",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(mos_command_machine, device),
     .fallback = "auto",
     .choices = mos_device_choices,
     .help = "where to compute"},
    {.key = "precision",
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(mos_command_machine, precision),
     .fallback = "auto",
     .choices = mos_precision_choices,
     .help = "arithmetic of the network; auto: what the model's thresholds were tuned in (its card "
             "says it), fp32 where there are none"},
};
const mos_option_table mos_command_threads_table = {"threads", machine_options, 1};
const mos_option_table mos_command_machine_table = {"machine", machine_options, 2};
const mos_option_table mos_command_model_table = {"machine", machine_options, 3};

struct mosaic_command {
    const mos_command_row *row;
    mos_option *options; /* of all parts, offsets into values */
    mos_option_table table;
    void *values;
    mos_text_list positional;
    mos_text_list given; /* what mosaic_command_set took: key, value, key, value */
    mosaic_log_hooks log;
    mos_log_sink sink;
    mos_stop_hooks stop;
    const void *communicator;       /* the caller's MPI_Comm; NULL: all ranks that were started */
    bool has_log, has_stop, parsed; /* parsed: so was the configuration of its data */
    bool chosen;                    /* choices that were not made have their defaults */
};

const mos_command_row *mos_command_row_at(int i) {
    return i >= 0 && i < ROW_COUNT ? rows[i] : NULL;
}

const mos_option_table *mos_command_options(const mosaic_command *command) {
    return &command->table;
}

const char *mosaic_command_name(int i) {
    return i >= 0 && i < ROW_COUNT ? rows[i]->name : NULL;
}

const char *mosaic_command_summary(int i) {
    return i >= 0 && i < ROW_COUNT ? rows[i]->summary : NULL;
}

/* "data": commands begin with it and a blank. */
static bool is_group(const char *name) {
    size_t size = strlen(name);
    for (int i = 0; i < ROW_COUNT; i++)
        if (strncmp(rows[i]->name, name, size) == 0 && rows[i]->name[size] == ' ') return true;
    return false;
}

static mosaic_status fail_group(const char *name) {
    mos_text words = {0};
    size_t size = strlen(name);
    for (int i = 0; i < ROW_COUNT; i++)
        if (strncmp(rows[i]->name, name, size) == 0 && rows[i]->name[size] == ' ')
            mos_text_add(&words, "%s%s", words.size ? ", " : "", rows[i]->name + size + 1);
    mosaic_status status =
        words.failed ? mos_fail_memory(words.size, "a message")
                     : mos_fail(MOSAIC_ERR_USAGE, "'%s' wants one of: %s", name, words.data);
    mos_text_release(&words);
    return status;
}

/* Two words are a command of a group or a slip of one; otherwise the second is an argument, and the
 * message is about the first alone. */
static mosaic_status fail_command(const char *name, const char *const *names, size_t count) {
    const char *near = mos_nearest_name(name, names, count), *blank = strchr(name, ' ');
    char first[64];
    (void)snprintf(first, sizeof first, "%.*s", (int)strcspn(name, " "), name);
    if (blank && !(near && strchr(near, ' '))) {
        if (is_group(first)) return fail_group(first);
        name = first;
        near = mos_nearest_name(name, names, count);
    }
    return mos_fail(MOSAIC_ERR_USAGE, "no command '%s'%s%s%s", name, near ? "; did you mean '" : "",
                    near ? near : "", near ? "'?" : "");
}

static mosaic_status find_row(const char *name, const mos_command_row **out) {
    const char *names[ROW_COUNT + 1];
    for (int i = 0; i < ROW_COUNT; i++) {
        names[i] = rows[i]->name;
        if (strcmp(name, rows[i]->name) == 0) {
            *out = rows[i];
            return MOSAIC_OK;
        }
    }
    if (is_group(name)) return fail_group(name);
    names[ROW_COUNT] = "help"; /* of the command line alone */
    return fail_command(name, names, ROW_COUNT + 1);
}

/* One table of all parts: offsets become those of the whole struct, keys lose what a command line
 * does not need. */
static mosaic_status build_table(mosaic_command *command) {
    const mos_command_row *row = command->row;
    size_t count = 0;
    for (int p = 0; p < MOS_COMMAND_MAX_PARTS && row->parts[p].table; p++)
        count += row->parts[p].table->count;
    MOS_TRY(mos_alloc(count, sizeof *command->options, "command options", &command->options));
    command->table = (mos_option_table){row->name, command->options, count};
    mos_option *next = command->options;
    for (int p = 0; p < MOS_COMMAND_MAX_PARTS && row->parts[p].table; p++) {
        const mos_command_part *part = &row->parts[p];
        size_t strip = part->strip ? strlen(part->strip) : 0;
        for (size_t i = 0; i < part->table->count; i++, next++) {
            *next = part->table->options[i];
            next->offset += part->offset;
            if (strip && strncmp(next->key, part->strip, strip) == 0) next->key += strip;
        }
    }
    return MOSAIC_OK;
}

static int *choice_of(const mosaic_command *command, const char *key) {
    const mos_option *option = mos_options_find(&command->table, key);
    return (int *)(void *)((char *)command->values + option->offset);
}

/* Choices that a command asks about are none until they are made... */
static void forget_choices(mosaic_command *command) {
    for (const mos_command_given *given = command->row->given; given && given->key; given++)
        *choice_of(command, given->key) = -1;
}

/* ...or until it runs. */
static mosaic_status settle_choices(mosaic_command *command) {
    for (const mos_command_given *given = command->row->given; given && given->key; given++) {
        int *choice = choice_of(command, given->key);
        if (!command->chosen) *(bool *)((char *)command->values + given->offset) = *choice >= 0;
        if (*choice >= 0) continue;
        const mos_option *option = mos_options_find(&command->table, given->key);
        MOS_TRY(mos_options_set(&command->table, command->values, option->key, option->fallback,
                                false, "default"));
    }
    command->chosen = true;
    return MOSAIC_OK;
}

mosaic_status mosaic_command_create(const char *name, mosaic_command **out) {
    const mos_command_row *row = NULL;
    mosaic_command *command = NULL;
    mosaic_status status = MOSAIC_OK;
    MOS_WANT(out);
    *out = NULL;
    MOS_WANT(name);
    MOS_GOTO(find_row(name, &row));
    MOS_GOTO(mos_alloc(1, sizeof *command, "command", &command));
    command->row = row;
    MOS_GOTO(build_table(command));
    MOS_GOTO(mos_alloc(1, row->size, "command values", &command->values));
    MOS_GOTO(mos_options_init(&command->table, command->values));
    forget_choices(command);
    *out = command;
    return MOSAIC_OK;
done:
    mosaic_command_destroy(&command);
    return status;
}

void mosaic_command_destroy(mosaic_command **command) {
    mosaic_command *c = command == NULL ? NULL : *command;
    if (!c) return;
    *command = NULL;
    if (c->values) mos_options_release(&c->table, c->values);
    mos_free(c->values);
    mos_free(c->options);
    mos_text_list_release(&c->positional);
    mos_text_list_release(&c->given);
    mos_free(c);
}

mosaic_status mosaic_command_set(mosaic_command *command, const char *key, const char *value) {
    MOS_WANT(command);
    MOS_WANT(key);
    MOS_WANT(value);
    MOS_TRY(
        mos_options_set(&command->table, command->values, key, value, false, command->row->name));
    MOS_TRY(mos_text_list_add(&command->given, key));
    return mos_text_list_add(&command->given, value);
}

mosaic_status mosaic_command_add(mosaic_command *command, const char *argument) {
    MOS_WANT(command);
    MOS_WANT(argument);
    return mos_text_list_add(&command->positional, argument);
}

static mosaic_status set_again(mosaic_command *command) {
    for (size_t i = 0; i + 1 < command->given.count; i += 2)
        MOS_TRY(mos_options_set(&command->table, command->values, command->given.items[i],
                                command->given.items[i + 1], false, command->row->name));
    return MOSAIC_OK;
}

/* Commands on data sets take a training configuration too. Its `data` keys are set first, then what
 * mosaic_command_set took, then the command line once more: the later one wins. */
static mosaic_status take_config(mosaic_command *command, int argc, char **argv) {
    const mos_command_row *row = command->row;
    mos_text_list again = {0};
    int help;
    if (strncmp(row->name, "data ", 5) != 0 || command->positional.count == 0 ||
        !mos_command_is_config(command->positional.items[0]))
        return MOSAIC_OK;
    for (int p = 0; p < MOS_COMMAND_MAX_PARTS && row->parts[p].table; p++) {
        if (row->parts[p].table != &mos_data_option_table) continue;
        mos_data_options *data =
            (mos_data_options *)(void *)((char *)command->values + row->parts[p].offset);
        MOS_TRY(mos_command_take_config(command->positional.items[0], data, &command->positional));
        if (row->divides) { /* the command makes a split file, so it reads none */
            MOS_TRY(mos_options_set(&mos_data_option_table, data, "data.split_file", "", false,
                                    row->name));
            data->fold = -1;
            data->limit = 0;
        }
        MOS_TRY(set_again(command));
        mosaic_status status =
            mos_options_parse(&command->table, command->values, argc, argv, &again, &help);
        mos_text_list_release(&again);
        return status;
    }
    return MOSAIC_OK;
}

mosaic_status mosaic_command_parse(mosaic_command *command, int argc, char **argv, FILE *out,
                                   int *shown) {
    int help = 0;
    mos_text text = {0};
    MOS_WANT(command);
    MOS_WANT(out);
    MOS_WANT(shown);
    *shown = 0;
    if (argc < 0) return mos_fail(MOSAIC_ERR_USAGE, "mosaic_command_parse: %d arguments", argc);
    if (argc > 0) MOS_WANT(argv);
    MOS_TRY(mos_command_suggest_key(&command->table,
                                    mos_options_parse(&command->table, command->values, argc, argv,
                                                      &command->positional, &help),
                                    argc, argv));
    command->parsed = true;
    if (help == 0) return take_config(command, argc, argv);
    *shown = 1;
    if (help == 1)
        mos_options_help(&command->table, command->row->usage, command->row->summary, &text);
    else
        mos_options_json(&command->table, &text);
    return mos_command_print(&text, out);
}

static mosaic_status run_row(mosaic_command *command, FILE *out) {
    const mos_command_row *row = command->row;
    if (!command->parsed) MOS_TRY(take_config(command, 0, NULL));
    int given = (int)command->positional.count;
    if (given < row->positional_least)
        return mos_fail(MOSAIC_ERR_USAGE, "missing argument; usage: %s", row->usage);
    if (given > row->positional_most)
        return mos_fail(MOSAIC_ERR_USAGE, "unexpected argument '%s'; usage: %s",
                        command->positional.items[row->positional_most], row->usage);
    bool left = false;
    if (!row->ranks) MOS_TRY(mos_command_leave_to_rank_0(row->name, &left));
    if (left) return MOSAIC_OK;
    MOS_TRY(settle_choices(command));
    mosaic_status status = row->run(command->values, &command->positional, out);
    mos_log_flush();
    MOS_TRY(status);
    return fflush(out) == 0 ? MOSAIC_OK : mos_fail_errno("write", "output");
}

/* Hooks that a thread was given; they are in force outside its commands. */
static _Thread_local struct {
    mosaic_log_hooks log;
    mos_log_sink sink;
    mos_stop_hooks stop;
    bool has_log, has_stop;
} thread_hooks;

static void use_thread_hooks(void) {
    mos_log_set_thread_sink(thread_hooks.has_log ? &thread_hooks.sink : NULL);
    mos_stop_set_thread_hooks(thread_hooks.has_stop ? &thread_hooks.stop : NULL);
}

mosaic_status mosaic_command_run(mosaic_command *command, FILE *out) {
    MOS_WANT(command);
    MOS_WANT(out);
    if (command->has_log) mos_log_set_thread_sink(&command->sink);
    if (command->has_stop) mos_stop_set_thread_hooks(&command->stop);
    mos_command_use_communicator(command->communicator);
    mosaic_status status = run_row(command, out);
    mos_command_use_communicator(NULL);
    use_thread_hooks();
    return status;
}

void mosaic_command_set_communicator(mosaic_command *command, const void *communicator) {
    if (command != NULL) command->communicator = communicator;
}

/* ---- data to a function of the caller ---- */

typedef struct sink_target {
    mosaic_sink sink;
    void *context;
    bool refused;
} sink_target;

static ssize_t write_sink(void *cookie, const char *bytes, size_t size) {
    sink_target *target = cookie;
    if (target->sink == NULL) return (ssize_t)size;
    if (!target->refused && target->sink(target->context, bytes, size) == 0) return (ssize_t)size;
    target->refused = true;
    return 0;
}

mosaic_status mosaic_command_run_to(mosaic_command *command, mosaic_sink sink, void *context) {
    sink_target target = {sink, context, false};
    const cookie_io_functions_t functions = {.write = write_sink};
    MOS_WANT(command);
    FILE *out = fopencookie(&target, "w", functions);
    if (out == NULL) return mos_fail_errno("open", "a stream to the caller");
    mosaic_status status = mosaic_command_run(command, out);
    const bool closed = fclose(out) == 0;
    if (status == MOSAIC_OK && (target.refused || !closed))
        status = mos_fail(MOSAIC_ERR_IO, "the caller's sink refused the output of '%s'",
                          command->row->name);
    return status;
}

mosaic_status mosaic_command_usage(const mosaic_command *command, mosaic_sink sink, void *context) {
    mos_text text = {0};
    MOS_WANT(command);
    mos_options_json(&command->table, &text);
    mosaic_status status = MOSAIC_OK;
    if (text.failed)
        status = mos_fail_memory(text.size, "output text");
    else if (sink != NULL && sink(context, text.data, text.size) != 0)
        status = mos_fail(MOSAIC_ERR_IO, "the caller's sink refused the output of '%s'",
                          command->row->name);
    mos_text_release(&text);
    return status;
}

mosaic_status mos_command_open_data(const mos_data_options *data, const mos_text_list *positional,
                                    mos_dataset **out) {
    mos_data_options options = *data;
    if (positional->count > 0) options.root = positional->items[0];
    return mos_dataset_open(&options, out);
}

int mos_command_threads(const mos_command_machine *machine) {
    return machine->threads > 0 ? (int)machine->threads : mos_cpu_count();
}

mosaic_status mos_command_print(mos_text *text, FILE *out) {
    mosaic_status status = text->failed ? mos_fail_memory(text->size, "output text") : MOSAIC_OK;
    if (status == MOSAIC_OK && text->size && fwrite(text->data, 1, text->size, out) != text->size)
        status = mos_fail_errno("write", "output");
    mos_text_release(text);
    return status;
}

void mosaic_set_verbosity(int level) {
    mos_log_set_level(level <= 0 ? MOS_LOG_ERROR : level == 1 ? MOS_LOG_NOTICE : MOS_LOG_DEBUG);
}

static mosaic_log_hooks log_hooks;

static void pass_line(void *context, mos_log_level level, const char *text) {
    const mosaic_log_hooks *hooks = context;
    hooks->line(hooks->context, (mosaic_log_level)level, text);
}

static void pass_progress(void *context, const mos_progress *progress, bool ended) {
    const mosaic_log_hooks *hooks = context;
    const mosaic_progress report = {
        .task = progress,
        .label = progress->label,
        .text = progress->text[0] ? progress->text : NULL,
        .done = progress->done,
        .total = progress->total,
        .seconds = (double)(mos_now_ns() - progress->start_ns) * 1e-9,
        .ended = ended,
    };
    hooks->progress(hooks->context, &report);
}

static mos_log_sink sink_of(mosaic_log_hooks *hooks) {
    return (mos_log_sink){.context = hooks,
                          .line = hooks->line ? pass_line : NULL,
                          .progress = hooks->progress ? pass_progress : NULL};
}

void mosaic_set_log_hooks(const mosaic_log_hooks *hooks) {
    mos_log_set_sink(NULL); /* nothing comes while the hooks change */
    if (hooks == NULL) return;
    log_hooks = *hooks;
    const mos_log_sink sink = sink_of(&log_hooks);
    mos_log_set_sink(&sink);
}

void mosaic_command_set_hooks(mosaic_command *command, const mosaic_log_hooks *log,
                              const mosaic_stop_hooks *stop) {
    if (command == NULL) return;
    command->has_log = log != NULL;
    command->has_stop = stop != NULL;
    if (log != NULL) {
        command->log = *log;
        command->sink = sink_of(&command->log);
    }
    if (stop != NULL) command->stop = (mos_stop_hooks){stop->context, stop->stoppable, stop->stop};
}

void mosaic_set_thread_hooks(const mosaic_log_hooks *log, const mosaic_stop_hooks *stop) {
    mos_log_set_thread_sink(NULL); /* nothing comes while the hooks change */
    thread_hooks.has_log = log != NULL;
    thread_hooks.has_stop = stop != NULL;
    if (log != NULL) {
        thread_hooks.log = *log;
        thread_hooks.sink = sink_of(&thread_hooks.log);
    }
    if (stop != NULL)
        thread_hooks.stop = (mos_stop_hooks){stop->context, stop->stoppable, stop->stop};
    use_thread_hooks();
}

void mosaic_set_stop_hooks(const mosaic_stop_hooks *hooks) {
    mos_stop_hooks own = {0};
    if (hooks != NULL) own = (mos_stop_hooks){hooks->context, hooks->stoppable, hooks->stop};
    mos_stop_set_hooks(&own);
}

mosaic_status mosaic_set_isa(const char *name) {
    return mos_isa_cap(name);
}

static mosaic_status print_generated(mosaic_status (*generate)(mos_text *), FILE *out) {
    mos_text text = {0};
    MOS_WANT(out);
    mosaic_status status = generate(&text);
    mosaic_status printed = mos_command_print(&text, out);
    return status != MOSAIC_OK ? status : printed;
}

mosaic_status mosaic_config_schema(FILE *out) {
    return print_generated(mos_config_schema, out);
}

mosaic_status mosaic_config_help(const char *topic, FILE *out) {
    mos_text text = {0};
    MOS_WANT(topic);
    MOS_WANT(out);
    mosaic_status status = mos_config_help(topic, &text);
    mosaic_status printed = mos_command_print(&text, out);
    return status != MOSAIC_OK ? status : printed;
}

mosaic_status mosaic_config_markdown(FILE *out) {
    return print_generated(mos_config_markdown, out);
}
