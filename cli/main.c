/* mosaic: the command line. It finds the command, hands it its arguments, and turns a status into
 * an exit code. */
#include "console.h"
#include "mosaic/command.h"
#include "stop_signal.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 64 };

/* The subcommands of a group such as "data"; false: it is none. */
static int print_group(const char *group, FILE *out) {
    size_t size = strlen(group);
    int count = 0;
    for (int i = 0; mosaic_command_name(i); i++) {
        const char *name = mosaic_command_name(i);
        if (strncmp(name, group, size) != 0 || name[size] != ' ') continue;
        if (count++ == 0)
            fprintf(out, "usage: mosaic %s COMMAND [options] ...\n\ncommands:\n", group);
        fprintf(out, "  %-17s %s\n", name, mosaic_command_summary(i));
    }
    return count;
}

static void print_usage(FILE *out) {
    fputs("usage: mosaic [-q | -v] [--isa SET] COMMAND [options] ...\n\n"
          "Learning from Sentinel-1 and Sentinel-2 together: from raw patches to a trained, "
          "evaluated model.\n\ncommands:\n",
          out);
    for (int i = 0; mosaic_command_name(i); i++)
        fprintf(out, "  %-17s %s\n", mosaic_command_name(i), mosaic_command_summary(i));
    fputs("\noptions:\n"
          "  -q             errors only\n"
          "  -v             say more\n"
          "  --isa SET      use no more than this instruction set: base, avx2, avx512, "
          "avx512_bf16 (MOSAIC_ISA)\n"
          "  -h, --help     this text; `mosaic help COMMAND` for a command's options, `mosaic help "
          "KEY` for a\n                 configuration key (train.epochs) or group (loss), `mosaic "
          "help` for topics\n"
          "  --version      print the version\n"
          "  --schema       JSON schema of the training configuration\n"
          "  --schema=md    the same as a Markdown table\n"
          "  --pages=FOLDER manual pages and completion for bash, zsh and fish into a folder\n\n"
          "exit codes: 0 ok, 1 runtime error, 2 usage, 3 data, 4 numeric failure, 5 resume "
          "mismatch, 75 interrupted\n",
          out);
}

static void print_topics(FILE *out) {
    fputs("\ntopics of `mosaic help TOPIC`:\n", out);
    for (int i = 0; mosaic_topic_name(i); i++)
        fprintf(out, "  %-17s %s\n", mosaic_topic_name(i), mosaic_topic_summary(i));
}

static int is_topic(const char *name) {
    for (int i = 0; mosaic_topic_name(i); i++)
        if (strcmp(mosaic_topic_name(i), name) == 0) return 1;
    return 0;
}

static int finish(mosaic_status status) {
    if (status != MOSAIC_OK && mosaic_error()[0] != '\0') /* empty: another rank tells it */
        fprintf(stderr, "mosaic: %s: %s\n", mosaic_status_name(status), mosaic_error());
    return mosaic_exit_code(status);
}

/* The longest command name that the next words spell: "data info" before "data". Returns the words
 * used, 0: none. */
static int match_command(int argc, char **argv, char name[NAME_SIZE]) {
    for (int words = argc < 2 ? argc : 2; words >= 1; words--) {
        int size = words == 2 ? snprintf(name, NAME_SIZE, "%s %s", argv[0], argv[1])
                              : snprintf(name, NAME_SIZE, "%s", argv[0]);
        if (size < 0 || size >= NAME_SIZE) continue;
        for (int i = 0; mosaic_command_name(i); i++)
            if (strcmp(mosaic_command_name(i), name) == 0) return words;
    }
    return 0;
}

static int is_word(const char *word, const char *a, const char *b) {
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* A name of commands that is a group of keys too. */
static void print_keys(const char *group, const char *example) {
    printf("\nKeys of the configuration below %s: mosaic help %s, or docs/configuration.md\n",
           group, example);
}

/* What mosaic help says of a command; a topic may have its name too. */
static int help_command(const char *name) {
    char help[] = "--help", *arguments[] = {help, NULL};
    int shown;
    mosaic_command *command = NULL;
    mosaic_status status = mosaic_command_create(name, &command);
    if (status == MOSAIC_OK) status = mosaic_command_parse(command, 1, arguments, stdout, &shown);
    mosaic_command_destroy(&command);
    if (strcmp(name, "train") == 0) print_keys(name, "train.epochs");
    if (status == MOSAIC_OK && is_topic(name)) {
        putchar('\n');
        status = mosaic_topic_print(name, stdout);
    }
    return finish(status);
}

/* mosaic help [WORD]: a command, a group of commands, a topic, a configuration key or a group of
 * keys. */
static int run_help(int argc, char **argv) {
    char name[NAME_SIZE];
    if (argc == 0) {
        print_usage(stdout);
        print_topics(stdout);
        return 0;
    }
    if (strcmp(argv[0], "--markdown") == 0) return finish(mosaic_topics_markdown(stdout));
    if (match_command(argc, argv, name) > 0) return help_command(name);
    if (print_group(argv[0], stdout)) {
        if (strcmp(argv[0], "data") == 0) print_keys(argv[0], "data.root");
        return 0;
    }
    if (is_topic(argv[0])) return finish(mosaic_topic_print(argv[0], stdout));
    mosaic_status status = mosaic_config_help(argv[0], stdout);
    if (status == MOSAIC_OK || strchr(argv[0], '.')) return finish(status);
    mosaic_command *command = NULL; /* fails and names the nearest command, where one is near */
    status = mosaic_command_create(argv[0], &command);
    if (!strstr(mosaic_error(), "did you mean")) status = mosaic_topic_print(argv[0], stdout);
    if (!strstr(mosaic_error(), "did you mean")) status = mosaic_config_help(argv[0], stdout);
    mosaic_command_destroy(&command);
    return finish(status);
}

static int run_command(int argc, char **argv) {
    char name[NAME_SIZE];
    int shown = 0, words = match_command(argc, argv, name);
    mosaic_command *command = NULL;
    if (strcmp(argv[0], "help") == 0) return run_help(argc - 1, argv + 1);
    if (words == 0 && (argc == 1 || is_word(argv[1], "-h", "--help"))) {
        int asked = argc > 1;
        if (print_group(argv[0], asked ? stdout : stderr))
            return asked ? 0 : mosaic_exit_code(MOSAIC_ERR_USAGE);
    }
    if (words == 0 && argc >= 2 && argv[1][0] != '-')
        (void)snprintf(name, sizeof name, "%.30s %.30s", argv[0],
                       argv[1]); /* so that the nearest of both words is found */
    mosaic_status status = mosaic_command_create(name, &command);
    if (status == MOSAIC_OK)
        status = mosaic_command_parse(command, argc - words, argv + words, stdout, &shown);
    if (status == MOSAIC_OK && !shown) status = mosaic_command_run(command, stdout);
    mosaic_command_destroy(&command);
    return finish(status);
}

/* Names the option that shares most of its letters from the start, or one that differs in a letter
 * left out, doubled or swapped. */
static void suggest_option(const char *word) {
    static const char *const options[] = {"--help", "--version", "--schema"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        size_t size = strlen(options[i]), same = 0, end = strlen(word), tail = 0;
        while (same < size && same < end && options[i][same] == word[same])
            same++;
        while (tail < size - same && tail < end - same &&
               options[i][size - 1 - tail] == word[end - 1 - tail])
            tail++;
        if (same > 2 && same + tail + 2 >= size && end + 2 >= size) {
            fprintf(stderr, ", did you mean '%s'?", options[i]);
            return;
        }
    }
}

/* Options before the command. Returns the index of the command's first word, or -1 when all is
 * done, *code set. */
static int take_global_options(int argc, char **argv, int *code) {
    int next = 1;
    *code = 0;
    for (; next < argc && argv[next][0] == '-'; next++) {
        const char *word = argv[next];
        if (strcmp(word, "-q") == 0) {
            mosaic_set_verbosity(0);
        } else if (strcmp(word, "-v") == 0) {
            mosaic_set_verbosity(2);
        } else if (strcmp(word, "--isa") == 0 || strncmp(word, "--isa=", 6) == 0) {
            const char *name = word[5] ? word + 6 : next + 1 < argc ? argv[++next] : "";
            *code = finish(mosaic_set_isa(name));
            if (*code) return -1;
        } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
            print_usage(stdout);
            return -1;
        } else if (strcmp(word, "--version") == 0) {
            printf("mosaic %s\n", mosaic_version());
            return -1;
        } else if (strcmp(word, "--schema") == 0 || strcmp(word, "--schema=md") == 0) {
            *code = finish(word[8] ? mosaic_config_markdown(stdout) : mosaic_config_schema(stdout));
            return -1;
        } else if (strncmp(word, "--pages=", 8) == 0 && word[8] != '\0') {
            *code = finish(mosaic_pages_write(word + 8));
            return -1;
        } else {
            fprintf(stderr, "mosaic: usage error: unknown option '%s'", word);
            suggest_option(word);
            fprintf(stderr, "; see mosaic --help\n");
            *code = mosaic_exit_code(MOSAIC_ERR_USAGE);
            return -1;
        }
    }
    return next;
}

int main(int argc, char **argv) {
    int code;
    take_messages();
    take_stop_signals();
    int next = take_global_options(argc, argv, &code);
    if (next < 0) return code;
    code = finish(mosaic_set_isa(NULL)); /* what MOSAIC_ISA says is checked, whatever follows */
    if (code) return code;
    if (next >= argc) {
        print_usage(stderr);
        return mosaic_exit_code(MOSAIC_ERR_USAGE);
    }
    return run_command(argc - next, argv + next);
}
