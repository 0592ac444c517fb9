#include "base/options.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

typedef struct example {
    bool amend, verbose;
    int64_t epochs, seed;
    double lr, temperature;
    char *name, *root;
    int method;
    mos_text_list bands;
} example;

static const char *const methods[] = {"mosaic-1", "supervised", "simclr", NULL};

static const mos_option options[] = {
    {.key = "train.epochs",
     .letter = 'e',
     .type = MOS_OPTION_INT,
     .offset = offsetof(example, epochs),
     .fallback = "100",
     .minimum = 1,
     .maximum = 4096,
     .unit = "epochs",
     .source = "paper",
     .help = "passes over the data"},
    {.key = "train.lr",
     .type = MOS_OPTION_REAL,
     .offset = offsetof(example, lr),
     .fallback = "1e-3",
     .minimum = 1e-8,
     .maximum = 10,
     .help = "learning rate"},
    {.key = "method",
     .letter = 'm',
     .type = MOS_OPTION_CHOICE,
     .offset = offsetof(example, method),
     .fallback = "mosaic-1",
     .choices = methods,
     .help = "what is \"trained\""},
    {.key = "train.seed",
     .type = MOS_OPTION_INT,
     .offset = offsetof(example, seed),
     .help = "seed"},
    {.key = "data.root",
     .type = MOS_OPTION_PATH,
     .offset = offsetof(example, root),
     .help = "folder"},
    {.key = "data.bands",
     .type = MOS_OPTION_LIST,
     .offset = offsetof(example, bands),
     .fallback = "B02,B03",
     .help = "bands by name"},
    {.key = "name",
     .type = MOS_OPTION_TEXT,
     .offset = offsetof(example, name),
     .fallback = "run",
     .help = "name of the run"},
    {.key = "keep_going",
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(example, amend),
     .fallback = "true",
     .help = "do not stop"},
    {.key = "verbose",
     .letter = 'v',
     .type = MOS_OPTION_BOOL,
     .offset = offsetof(example, verbose),
     .help = "say more"},
    {.key = "temperature",
     .type = MOS_OPTION_REAL,
     .offset = offsetof(example, temperature),
     .fallback = "0.5",
     .minimum = 0,
     .maximum = INFINITY,
     .help = "softness"},
};
static const mos_option_table table = {"the configuration", options,
                                       sizeof options / sizeof options[0]};

static void test_defaults(void **state) {
    (void)state;
    example e = {0};
    assert_int_equal(mos_options_init(&table, &e), MOSAIC_OK);
    assert_int_equal(e.epochs, 100);
    assert_int_equal(e.seed, 0);
    assert_true(e.lr == 1e-3 && e.temperature == 0.5);
    assert_int_equal(e.method, 0);
    assert_string_equal(e.name, "run");
    assert_null(e.root);
    assert_int_equal(e.bands.count, 2);
    assert_string_equal(e.bands.items[1], "B03");
    assert_true(e.amend && !e.verbose);
    mos_options_release(&table, &e);
    assert_null(e.name);
    mos_options_release(&table, &e); /* an empty one */
}

static void set_fails(const char *key, const char *text, const char *wanted) {
    example e = {0};
    assert_int_equal(mos_options_init(&table, &e), MOSAIC_OK);
    assert_int_equal(mos_options_set(&table, &e, key, text, false, "c.yaml:12:7"),
                     MOSAIC_ERR_USAGE);
    assert_string_equal(mosaic_error(), wanted);
    /* and nothing changed */
    assert_int_equal(e.epochs, 100);
    assert_true(e.lr == 1e-3);
    assert_int_equal(e.method, 0);
    mos_options_release(&table, &e);
}

static void test_errors_say_what_was_wanted(void **state) {
    (void)state;
    set_fails("train.epoch", "3",
              "c.yaml:12:7: unknown key 'train.epoch' in the configuration, did you mean "
              "'train.epochs'?");
    set_fails(
        "epochs", "3",
        "c.yaml:12:7: unknown key 'epochs' in the configuration, did you mean 'train.epochs'?");
    set_fails("loss.lr", "3",
              "c.yaml:12:7: unknown key 'loss.lr' in the configuration, did you mean "
              "'train.lr'?");
    set_fails("quaternion", "3", "c.yaml:12:7: unknown key 'quaternion' in the configuration");
    set_fails("train.epochs", "0",
              "c.yaml:12:7: 'train.epochs' wants a whole number from 1 to 4096, found '0'");
    set_fails("train.epochs", "4097",
              "c.yaml:12:7: 'train.epochs' wants a whole number from 1 to 4096, found '4097'");
    set_fails("train.epochs", "1.5",
              "c.yaml:12:7: 'train.epochs' wants a whole number from 1 to 4096, found '1.5'");
    set_fails("train.seed", "x", "c.yaml:12:7: 'train.seed' wants a whole number, found 'x'");
    set_fails("train.lr", "0,1",
              "c.yaml:12:7: 'train.lr' wants a number from 1e-08 to 10, found '0,1'");
    set_fails("train.lr", "nan",
              "c.yaml:12:7: 'train.lr' wants a number from 1e-08 to 10, found 'nan'");
    set_fails("temperature", "-1",
              "c.yaml:12:7: 'temperature' wants a number from 0 up, found '-1'");
    set_fails("temperature", "inf",
              "c.yaml:12:7: 'temperature' wants a number from 0 up, found 'inf'");
    set_fails("verbose", "maybe", "c.yaml:12:7: 'verbose' wants true or false, found 'maybe'");
    set_fails("method", "simclir",
              "c.yaml:12:7: 'method' wants one of mosaic-1, supervised, simclr, "
              "found 'simclir', did you mean 'simclr'?");
    set_fails("method", "",
              "c.yaml:12:7: 'method' wants one of mosaic-1, supervised, simclr, found ''");
    example e = {0};
    assert_int_equal(mos_options_set(&table, &e, "verbose", "2", false, NULL), MOSAIC_ERR_USAGE);
    assert_string_equal(mosaic_error(), "'verbose' wants true or false, found '2'");
}

static void test_set_and_get_agree(void **state) {
    (void)state;
    static const char *const settings[][2] = {{"train.epochs", "7"},
                                              {"train.lr", "0.30000000000000004"},
                                              {"method", "supervised"},
                                              {"train.seed", "-9223372036854775808"},
                                              {"data.root", "a b/c"},
                                              {"data.bands", "B8A,B12,VV"},
                                              {"name", ""},
                                              {"keep_going", "false"},
                                              {"verbose", "true"},
                                              {"data.bands", ""},
                                              {"temperature", "0"}};
    example e = {0};
    assert_int_equal(mos_options_init(&table, &e), MOSAIC_OK);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        mos_text text = {0};
        const char *key = settings[i][0];
        assert_int_equal(mos_options_set(&table, &e, key, settings[i][1], false, "t"), MOSAIC_OK);
        mos_text_add(&text, "%s", "");
        mos_options_get(&table, &e, mos_options_find(&table, key), &text);
        assert_string_equal(text.data, settings[i][1]);
        mos_text_release(&text);
    }
    assert_null(e.name);
    assert_int_equal(e.bands.count, 0);
    assert_int_equal(mos_options_set(&table, &e, "data.bands", "one, with comma", true, "t"),
                     MOSAIC_OK);
    assert_int_equal(mos_options_set(&table, &e, "data.bands", "two", true, "t"), MOSAIC_OK);
    assert_int_equal(e.bands.count, 2);
    assert_string_equal(e.bands.items[0], "one, with comma");
    assert_int_equal(mos_options_set(&table, &e, "data.bands", "s1=VV,VH,s2=B02,B03", false, "t"),
                     MOSAIC_OK);
    assert_int_equal(e.bands.count, 2);
    assert_string_equal(e.bands.items[0], "s1=VV,VH");
    assert_string_equal(e.bands.items[1], "s2=B02,B03");
    assert_int_equal(mos_options_set(&table, &e, "data.bands", "size=5,edges=shift", false, "t"),
                     MOSAIC_OK);
    assert_int_equal(e.bands.count, 2);
    assert_null(mos_options_find(&table, "train"));
    mos_options_release(&table, &e);
}

static mosaic_status parse(example *e, mos_text_list *positional, int *help, const char *words) {
    static char copy[512];
    char *argv[32];
    int argc = 0;
    (void)strcpy(copy, words);
    for (char *word = copy; *word != '\0'; argc++) {
        argv[argc] = word;
        word += strcspn(word, " ");
        if (*word != '\0') *word++ = '\0';
    }
    *e = (example){0};
    *positional = (mos_text_list){0};
    assert_int_equal(mos_options_init(&table, e), MOSAIC_OK);
    return mos_options_parse(&table, e, argc, argv, positional, help);
}

static void drop(example *e, mos_text_list *positional) {
    mos_options_release(&table, e);
    mos_text_list_release(positional);
}

static void test_command_line(void **state) {
    (void)state;
    example e;
    mos_text_list rest;
    int help;
    assert_int_equal(parse(&e, &rest, &help,
                           "in.yaml --train.epochs 5 -m simclr --train.lr=0.1 -v "
                           "--no-keep-going --train.seed -3 -1 - -- --name -x"),
                     MOSAIC_OK);
    assert_int_equal(help, 0);
    assert_int_equal(e.epochs, 5);
    assert_int_equal(e.seed, -3);
    assert_int_equal(e.method, 2);
    assert_true(e.lr == 0.1 && e.verbose && !e.amend);
    static const char *const wanted[] = {"in.yaml", "-1", "-", "--name", "-x"};
    assert_int_equal(rest.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(rest.items[i], wanted[i]);
    drop(&e, &rest);

    assert_int_equal(parse(&e, &rest, &help, "-e7 --name= --keep_going=off --verbose=yes"),
                     MOSAIC_OK);
    assert_int_equal(e.epochs, 7);
    assert_null(e.name);
    assert_true(e.verbose && !e.amend);
    drop(&e, &rest);

    /* the first use replaces the default, the next add; name=value is never split */
    assert_int_equal(
        parse(&e, &rest, &help, "--data.bands VV,VH --data.bands a=1,2 --data.bands x"), MOSAIC_OK);
    static const char *const bands[] = {"VV", "VH", "a=1,2", "x"};
    assert_int_equal(e.bands.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(e.bands.items[i], bands[i]);
    drop(&e, &rest);

    assert_int_equal(parse(&e, &rest, &help, "--verbose --help --nonsense"), MOSAIC_OK);
    assert_int_equal(help, 1);
    drop(&e, &rest);
    assert_int_equal(parse(&e, &rest, &help, "--json-usage"), MOSAIC_OK);
    assert_int_equal(help, 2);
    drop(&e, &rest);
    assert_int_equal(parse(&e, &rest, &help, "-h"), MOSAIC_OK);
    assert_int_equal(help, 1);
    drop(&e, &rest);
}

static void test_command_line_errors(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"--train.epohcs 3", "unknown option --train.epohcs, did you mean --train.epochs?"},
        {"--quaternion", "unknown option --quaternion"},
        {"--train.epochs", "--train.epochs wants a value"},
        {"--name --verbose", "--name wants a value (one that begins with -- goes after =)"},
        {"--train.epochs x",
         "--train.epochs: 'train.epochs' wants a whole number from 1 to 4096, found 'x'"},
        {"-e", "-e wants a value"},
        {"-x", "unknown option -x"},
        {"-vv", "unknown option -vv"},
        {"--no-name", "unknown option --no-name, did you mean --name?"},
        {"--no-verbose=1", "--no-verbose takes no value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        example e;
        mos_text_list rest;
        int help;
        assert_int_equal(parse(&e, &rest, &help, cases[i][0]), MOSAIC_ERR_USAGE);
        assert_string_equal(mosaic_error(), cases[i][1]);
        drop(&e, &rest);
    }
    example e = {0};
    char word[] = "extra";
    char *argv[] = {word};
    int help;
    assert_int_equal(mos_options_parse(&table, &e, 1, argv, NULL, &help), MOSAIC_ERR_USAGE);
    assert_string_equal(mosaic_error(), "unexpected argument 'extra'");
}

/* Every allocation of the whole life fails once: an error each time, never a leak or a crash. */
static void test_every_allocation_may_fail(void **state) {
    (void)state;
    bool clean = false;
    for (uint64_t n = 1; n < 200 && !clean; n++) {
        char word1[] = "in", word2[] = "--data.bands", word3[] = "a,b,c", word4[] = "--name=x";
        char *argv[] = {word1, word2, word3, word4};
        example e = {0};
        mos_text_list rest = {0};
        int help;
        mos_alloc_fail_at(n);
        mosaic_status status = mos_options_init(&table, &e);
        if (status == MOSAIC_OK) status = mos_options_parse(&table, &e, 4, argv, &rest, &help);
        clean = status == MOSAIC_OK;
        if (!clean) assert_int_equal(status, MOSAIC_ERR_MEMORY);
        mos_options_release(&table, &e);
        mos_text_list_release(&rest);
    }
    mos_alloc_fail_at(0);
    assert_true(clean);
}

static void check_text(void (*print)(const mos_option_table *, mos_text *), const char *wanted) {
    mos_text text = {0};
    print(&table, &text);
    assert_false(text.failed);
    assert_string_equal(text.data, wanted);
    mos_text_release(&text);
}

static void print_help(const mos_option_table *t, mos_text *out) {
    mos_options_help(t, "mosaic train CONFIG [options]", "Train a model.", out);
}

/* clang-format off */
static const char help_text[] =
    "usage: mosaic train CONFIG [options]\n"
    "\n"
    "Train a model.\n"
    "\n"
    "options:\n"
    "  -e, --train.epochs N          passes over the data (default 100; from 1 to 4096; in epochs; paper)\n"
    "      --train.lr X              learning rate (default 1e-3; from 1e-08 to 10)\n"
    "  -m, --method NAME             what is \"trained\" (one of mosaic-1, supervised, simclr; default mosaic-1)\n"
    "      --train.seed N            seed\n"
    "      --data.root PATH          folder\n"
    "      --data.bands A,B,...      bands by name (default B02,B03)\n"
    "      --name TEXT               name of the run (default run)\n"
    "      --no-keep-going           do not stop (on unless given)\n"
    "  -v, --verbose                 say more\n"
    "      --temperature X           softness (default 0.5; from 0 up)\n"
    "  -h, --help                    show this text\n"
    "      --json-usage              show the options as JSON\n";

static const char json_text[] =
    "{\"name\": \"the configuration\", \"options\": [\n"
    "  {\"key\": \"train.epochs\", \"letter\": \"e\", \"type\": \"int\", \"default\": 100, \"minimum\": 1, \"maximum\": 4096, \"unit\": \"epochs\", \"source\": \"paper\", \"help\": \"passes over the data\"},\n"
    "  {\"key\": \"train.lr\", \"type\": \"real\", \"default\": 0.001, \"minimum\": 1e-08, \"maximum\": 10, \"unit\": \"\", \"source\": null, \"help\": \"learning rate\"},\n"
    "  {\"key\": \"method\", \"letter\": \"m\", \"type\": \"choice\", \"default\": \"mosaic-1\", \"choices\": [\"mosaic-1\", \"supervised\", \"simclr\"], \"unit\": \"\", \"source\": null, \"help\": \"what is \\\"trained\\\"\"},\n"
    "  {\"key\": \"train.seed\", \"type\": \"int\", \"default\": null, \"unit\": \"\", \"source\": null, \"help\": \"seed\"},\n"
    "  {\"key\": \"data.root\", \"type\": \"path\", \"default\": null, \"unit\": \"\", \"source\": null, \"help\": \"folder\"},\n"
    "  {\"key\": \"data.bands\", \"type\": \"list\", \"default\": [\"B02\", \"B03\"], \"unit\": \"\", \"source\": null, \"help\": \"bands by name\"},\n"
    "  {\"key\": \"name\", \"type\": \"text\", \"default\": \"run\", \"unit\": \"\", \"source\": null, \"help\": \"name of the run\"},\n"
    "  {\"key\": \"keep_going\", \"type\": \"bool\", \"default\": true, \"unit\": \"\", \"source\": null, \"help\": \"do not stop\"},\n"
    "  {\"key\": \"verbose\", \"letter\": \"v\", \"type\": \"bool\", \"default\": null, \"unit\": \"\", \"source\": null, \"help\": \"say more\"},\n"
    "  {\"key\": \"temperature\", \"type\": \"real\", \"default\": 0.5, \"minimum\": 0, \"unit\": \"\", \"source\": null, \"help\": \"softness\"}\n"
    "]}\n";

static const char schema_text[] =
    "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", \"title\": \"the configuration\", \"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n"
    "  \"train\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n"
    "    \"epochs\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 4096, \"default\": 100, \"description\": \"passes over the data\"},\n"
    "    \"lr\": {\"type\": \"number\", \"minimum\": 1e-08, \"maximum\": 10, \"default\": 0.001, \"description\": \"learning rate\"},\n"
    "    \"seed\": {\"type\": \"integer\", \"description\": \"seed\"}}},\n"
    "  \"method\": {\"type\": \"string\", \"enum\": [\"mosaic-1\", \"supervised\", \"simclr\"], \"default\": \"mosaic-1\", \"description\": \"what is \\\"trained\\\"\"},\n"
    "  \"data\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n"
    "    \"root\": {\"type\": [\"string\", \"null\"], \"description\": \"folder\"},\n"
    "    \"bands\": {\"type\": \"array\", \"items\": {\"type\": [\"string\", \"number\"]}, \"default\": [\"B02\", \"B03\"], \"description\": \"bands by name\"}}},\n"
    "  \"name\": {\"type\": \"string\", \"default\": \"run\", \"description\": \"name of the run\"},\n"
    "  \"keep_going\": {\"type\": \"boolean\", \"default\": true, \"description\": \"do not stop\"},\n"
    "  \"verbose\": {\"type\": \"boolean\", \"description\": \"say more\"},\n"
    "  \"temperature\": {\"type\": \"number\", \"minimum\": 0, \"default\": 0.5, \"description\": \"softness\"}}}\n";
/* clang-format on */

static void test_help_json_and_schema(void **state) {
    (void)state;
    check_text(print_help, help_text);
    check_text(mos_options_json, json_text);
    check_text(mos_options_schema, schema_text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_errors_say_what_was_wanted),
        cmocka_unit_test(test_set_and_get_agree),
        cmocka_unit_test(test_command_line),
        cmocka_unit_test(test_command_line_errors),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_help_json_and_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
