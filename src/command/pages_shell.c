/* Completion for bash, zsh and fish. */
#include "base/memory.h"
#include "base/options_print.h"
#include "command/pages.h"
#include "config/config.h"

#include <string.h>

/* Text between single quotes; `escape` are characters that get a backslash on top. */
static void add_quoted(mos_text *out, const char *text, const char *quote, const char *escape) {
    for (; *text; text++) {
        if (*text == '\'')
            mos_text_add(out, "%s", quote);
        else if (strchr(escape, *text))
            mos_text_add(out, "\\%c", *text);
        else
            mos_text_add_bytes(out, text, 1);
    }
}

static void add_choices(mos_text *out, const mos_option *option) {
    for (size_t i = 0; option->choices[i]; i++)
        mos_text_add(out, "%s%s", i ? " " : "", option->choices[i]);
}

/* The first words of commands, each once; or the second words behind `group`. */
static void add_words(mos_text *out, const char *group) {
    const size_t size = group ? strlen(group) + 1 : 0;
    const char *last = "";
    for (int i = 0; mos_command_row_at(i); i++) {
        const char *name = mos_command_row_at(i)->name;
        if (group && (strncmp(name, group, size - 1) != 0 || name[size - 1] != ' ')) continue;
        const size_t length = strcspn(name + size, " ");
        if (strncmp(last, name + size, length) != 0 || last[length] > ' ')
            mos_text_add(out, "%.*s ", (int)length, name + size);
        last = name + size;
    }
}

static bool is_command(const char *name) {
    for (int i = 0; mos_command_row_at(i); i++)
        if (strcmp(mos_command_row_at(i)->name, name) == 0) return true;
    return false;
}

/* What `mosaic help` explains beside commands. */
static void add_topics(mos_text *out) {
    for (int i = 0; mosaic_topic_name(i); i++)
        if (!is_command(mosaic_topic_name(i))) mos_text_add(out, "%s ", mosaic_topic_name(i));
}

/* Each group of commands ("data") once. */
static const char *next_group(int *i, char group[64]) {
    for (; mos_command_row_at(*i); ++*i) {
        const char *name = mos_command_row_at(*i)->name;
        const size_t length = strcspn(name, " ");
        if (name[length] == '\0' || (strncmp(group, name, length) == 0 && group[length] == '\0'))
            continue;
        (void)snprintf(group, 64, "%.*s", (int)length, name);
        return group;
    }
    return NULL;
}

/* ---- bash ---- */

static void add_bash_flags(const mos_command_row *row, const mos_option_table *table,
                           mos_text *out) {
    mos_text_add(out, "    '%s') echo '", row->name);
    for (size_t i = 0; i < table->count; i++) {
        mos_text_add(out, "--");
        mos_option_add_flag(&table->options[i], out);
        mos_text_add(out, " ");
    }
    mos_text_add(out, "--help --json-usage' ;;\n");
}

static void add_bash_values(const mos_command_row *row, const mos_option_table *table,
                            mos_text *out) {
    for (size_t i = 0; i < table->count; i++) {
        const mos_option *option = &table->options[i];
        const bool keys = strcmp(option->key, "set") == 0;
        if (option->type != MOS_OPTION_CHOICE && !keys) continue;
        mos_text_add(out, "    '%s --", row->name);
        mos_option_add_flag(option, out);
        mos_text_add(out, "') echo '");
        if (keys)
            mos_text_add(out, "KEYS");
        else
            add_choices(out, option);
        mos_text_add(out, "' ;;\n");
    }
}

/* The keys of a configuration, for --set. */
static mosaic_status add_keys(mos_text *out) {
    mos_config *config = NULL;
    mosaic_status status = mos_config_create(&config);
    for (size_t i = 0; status == MOSAIC_OK; i++) {
        const char *key = NULL;
        bool is_free;
        mos_text value = {0};
        status = mos_config_entry(config, i, &key, &is_free, &value);
        mos_text_release(&value);
        if (status != MOSAIC_OK || !key) break;
        mos_text_add(out, "%s= ", key);
    }
    mos_config_destroy(&config);
    return status;
}

static const char bash_body[] =
    "_mosaic() {\n"
    "  local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} first= command= "
    "second= i words\n"
    "  COMPREPLY=()\n"
    "  if [ \"$word\" = = ]; then\n"
    "    word=\n"
    "  elif [ \"$last\" = = ]; then\n"
    "    last=${COMP_WORDS[COMP_CWORD-2]}\n"
    "  fi\n"
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    case ${COMP_WORDS[i]} in\n"
    "      --isa) [ -n \"$first\" ] || ((i++)) ;;\n"
    "      -*) [ -z \"$first\" ] || break ;;\n"
    "      *) if [ -z \"$first\" ]; then first=${COMP_WORDS[i]}; else second=${COMP_WORDS[i]}; "
    "break; fi ;;\n"
    "    esac\n"
    "  done\n"
    "  command=$first\n"
    "  if [ -n \"$second\" ] && [ -n \"$(_mosaic_flags \"$first $second\")\" ]; then "
    "command=\"$first $second\"; fi\n"
    "  if [ -z \"$first\" ]; then\n"
    "    if [ \"$last\" = --isa ]; then words='base avx2 avx512 avx512_bf16'; else "
    "words=$(_mosaic_words ''); fi\n"
    "  elif [ -z \"$second\" ] && [[ $word != -* && $last == \"$first\" ]] && [ -n "
    "\"$(_mosaic_words \"$first\")\" ]; then\n"
    "    words=$(_mosaic_words \"$first\")\n"
    "  elif [[ $word == -* ]]; then\n"
    "    words=$(_mosaic_flags \"$command\")\n"
    "  else\n"
    "    words=$(_mosaic_values \"$command $last\")\n"
    "    if [ \"$words\" = KEYS ]; then\n"
    "      words=$_mosaic_keys\n"
    "      compopt -o nospace 2>/dev/null\n"
    "    fi\n"
    "  fi\n"
    "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
    "} && complete -o default -F _mosaic mosaic\n";

mosaic_status mos_page_bash(mos_text *out) {
    char group[64] = "";
    mos_text_add(out, "# Completion of mosaic(1) for bash. Made by mosaic --pages.\n"
                      "# shellcheck shell=bash\n_mosaic_keys='");
    MOS_TRY(add_keys(out));
    mos_text_add(out, "'\n_mosaic_words() {\n  case $1 in\n    '') echo '");
    add_words(out, NULL);
    mos_text_add(out, "help");
    for (const mos_page_global *global = mos_page_globals; global->flag; global++)
        mos_text_add(out, " %s", global->flag);
    mos_text_add(out, "' ;;\n    help) echo '");
    add_words(out, NULL);
    add_topics(out);
    mos_text_add(out, "' ;;\n");
    for (int i = 0; next_group(&i, group); i++) {
        mos_text_add(out, "    %s) echo '", group);
        add_words(out, group);
        mos_text_add(out, "' ;;\n");
    }
    mos_text_add(out, "  esac\n}\n_mosaic_flags() {\n  case $1 in\n");
    MOS_TRY(mos_page_each(add_bash_flags, out));
    mos_text_add(out, "  esac\n}\n_mosaic_values() {\n  case $1 in\n");
    MOS_TRY(mos_page_each(add_bash_values, out));
    mos_text_add(out, "  esac\n}\n%s", bash_body);
    return MOSAIC_OK;
}

/* ---- zsh ---- */

static void add_zsh_command(const mos_command_row *row, const mos_option_table *table,
                            mos_text *out) {
    mos_text_add(out, "    '%s')\n      _arguments \\\n", row->name);
    for (size_t i = 0; i < table->count; i++) {
        const mos_option *option = &table->options[i];
        mos_text_add(out, "        '%s--", option->type == MOS_OPTION_LIST ? "*" : "");
        mos_option_add_flag(option, out);
        mos_text_add(out, "[");
        add_quoted(out, option->help ? option->help : "", "'\\''", "[]:\\");
        mos_text_add(out, "]");
        if (option->type != MOS_OPTION_BOOL) {
            mos_text_add(out, ":");
            add_quoted(out, mos_option_placeholder(option), "'\\''", "[]:\\");
            mos_text_add(out, ":");
        }
        if (option->type == MOS_OPTION_CHOICE) {
            mos_text_add(out, "(");
            add_choices(out, option);
            mos_text_add(out, ")");
        } else if (mos_page_takes_path(option)) {
            mos_text_add(out, "_files");
        }
        mos_text_add(out, "' \\\n");
    }
    mos_text_add(out, "        '--help[list the options]' '*:argument:_files' ;;\n");
}

static void add_zsh_name(const mos_command_row *row, const mos_option_table *table, mos_text *out) {
    (void)table;
    if (strchr(row->name, ' ')) return;
    mos_text_add(out, "    '%s:", row->name);
    add_quoted(out, row->summary, "'\\''", ":\\");
    mos_text_add(out, "'\n");
}

mosaic_status mos_page_zsh(mos_text *out) {
    char group[64] = "";
    mos_text_add(out,
                 "#compdef mosaic\n# Completion of mosaic(1) for zsh. Made by mosaic --pages.\n"
                 "_mosaic() {\n  local command\n  local -a commands words_of_group\n"
                 "  commands=(\n    'help:explain a command or a key'\n");
    MOS_TRY(mos_page_each(add_zsh_name, out));
    for (int i = 0; next_group(&i, group); i++)
        mos_text_add(out, "    '%s:a group of commands'\n", group);
    mos_text_add(out, "  )\n  _arguments -C");
    for (const mos_page_global *global = mos_page_globals; global->flag; global++) {
        if (strchr(global->flag, '=')) continue;
        mos_text_add(out, " \\\n    '%s[%s]%s'", global->flag, global->help,
                     global->value ? ":set:(base avx2 avx512 avx512_bf16)" : "");
    }
    mos_text_add(out, " \\\n    '*::word:->words'\n  [[ $state == words ]] || return 0\n"
                      "  if (( CURRENT == 1 )); then\n"
                      "    _describe command commands\n    return\n  fi\n"
                      "  command=$words[1]\n  case $command in\n");
    *group = '\0';
    for (int i = 0; next_group(&i, group); i++) {
        mos_text_add(out, "    %s)\n      words_of_group=(", group);
        add_words(out, group);
        mos_text_add(out, ")\n      if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
                          "        compadd -- $words_of_group\n        return\n      fi\n"
                          "      if (( ${words_of_group[(Ie)$words[2]]} )); then\n"
                          "        command=\"$words[1] $words[2]\"\n"
                          "        shift words\n        (( CURRENT-- ))\n      fi ;;\n");
    }
    mos_text_add(out, "  esac\n  case $command in\n    help)\n"
                      "      _describe command commands\n      compadd -X topic -- ");
    add_topics(out);
    mos_text_add(out, ";;\n");
    MOS_TRY(mos_page_each(add_zsh_command, out));
    mos_text_add(out, "  esac\n}\n_mosaic \"$@\"\n");
    return MOSAIC_OK;
}

/* ---- fish ---- */

static void add_fish_command(const mos_command_row *row, const mos_option_table *table,
                             mos_text *out) {
    const size_t length = strcspn(row->name, " ");
    const bool grouped = row->name[length] == ' ';
    if (grouped)
        mos_text_add(out, "complete -c mosaic -f -n '__mosaic_is %.*s' -a '%s' -d '", (int)length,
                     row->name, row->name + length + 1);
    else
        mos_text_add(out, "complete -c mosaic -f -n '__mosaic_is' -a '%s' -d '", row->name);
    add_quoted(out, row->summary, "\\'", "\\");
    mos_text_add(out, "'\n");
    for (size_t i = 0; i < table->count; i++) {
        const mos_option *option = &table->options[i];
        mos_text_add(out, "complete -c mosaic -n '__mosaic_is %s' -l ", row->name);
        mos_option_add_flag(option, out);
        if (option->letter) mos_text_add(out, " -s %c", option->letter);
        if (option->type == MOS_OPTION_CHOICE) {
            mos_text_add(out, " -x -a '");
            add_choices(out, option);
            mos_text_add(out, "'");
        } else if (mos_page_takes_path(option)) {
            mos_text_add(out, " -r -F");
        } else if (option->type != MOS_OPTION_BOOL) {
            mos_text_add(out, " -x");
        }
        mos_text_add(out, " -d '");
        add_quoted(out, option->help ? option->help : "", "\\'", "\\");
        mos_text_add(out, "'\n");
    }
}

mosaic_status mos_page_fish(mos_text *out) {
    char group[64] = "";
    mos_text_add(
        out,
        "# Completion of mosaic(1) for fish. Made by mosaic --pages.\n"
        "# True where the words of the command line so far are these, or begin with this command.\n"
        "function __mosaic_is\n"
        "  set -l words (commandline -opc)\n"
        "  set -e words[1]\n"
        "  while string match -q -- '-*' \"$words[1]\"\n"
        "    if test \"$words[1]\" = --isa\n      set -e words[1]\n    end\n"
        "    set -e words[1]\n  end\n"
        "  if test (count $argv) -eq 0\n    test (count $words) -eq 0\n    return\n  end\n"
        "  for i in (seq (count $argv))\n"
        "    test \"$words[$i]\" = \"$argv[$i]\"; or return 1\n  end\n"
        "end\n"
        "complete -c mosaic -f -n '__mosaic_is' -a 'help' -d 'explain a command or a key'\n");
    for (const mos_page_global *global = mos_page_globals; global->flag; global++) {
        if (strchr(global->flag, '=')) continue;
        mos_text_add(out, "complete -c mosaic -n '__mosaic_is' -%s %s%s -d '%s'\n",
                     global->flag[1] == '-' ? "l" : "s",
                     global->flag + (global->flag[1] == '-' ? 2 : 1),
                     global->value ? " -x -a 'base avx2 avx512 avx512_bf16'" : "", global->help);
    }
    for (int i = 0; next_group(&i, group); i++)
        mos_text_add(out,
                     "complete -c mosaic -f -n '__mosaic_is' -a '%s' -d 'a group of commands'\n",
                     group);
    mos_text_add(out, "complete -c mosaic -f -n '__mosaic_is help' -a '");
    add_words(out, NULL);
    mos_text_add(out, "'\n");
    for (int i = 0; mosaic_topic_name(i); i++) {
        if (is_command(mosaic_topic_name(i))) continue;
        mos_text_add(out, "complete -c mosaic -f -n '__mosaic_is help' -a '%s' -d '",
                     mosaic_topic_name(i));
        add_quoted(out, mosaic_topic_summary(i), "\\'", "\\");
        mos_text_add(out, "'\n");
    }
    return mos_page_each(add_fish_command, out);
}
