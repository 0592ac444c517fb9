/* The command line's console (cli/console.c): lines and progress of the library on stderr. */
#include "base/log.h"
#include "base/thread.h"
#include "console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int kept_stderr = -1;
static FILE *capture;
static char captured[1 << 17];

/* Send stderr to a file until end_capture, which returns what came. */
static void begin_capture(void) {
    mos_log_flush(); /* what other tests logged is no repetition here */
    (void)fflush(stderr);
    kept_stderr = dup(STDERR_FILENO);
    capture = tmpfile();
    assert_non_null(capture);
    assert_true(dup2(fileno(capture), STDERR_FILENO) >= 0);
    take_messages();
}

static const char *read_all(FILE *file) {
    rewind(file);
    size_t size = fread(captured, 1, sizeof captured - 1, file);
    captured[size] = '\0';
    return captured;
}

static const char *end_capture(void) {
    (void)fflush(stderr);
    (void)dup2(kept_stderr, STDERR_FILENO);
    (void)close(kept_stderr);
    (void)read_all(capture);
    (void)fclose(capture);
    return captured;
}

static void log_one_of_each(void) {
    mos_log(MOS_LOG_ERROR, "e %d", 1);
    mos_log(MOS_LOG_WARNING, "w");
    mos_log(MOS_LOG_NOTICE, "n");
    mos_log(MOS_LOG_DEBUG, "d");
}

static void test_levels(void **state) {
    (void)state;
    assert_int_equal(mos_log_get_level(), MOS_LOG_NOTICE);
    begin_capture();
    log_one_of_each();
    assert_string_equal(end_capture(), "mosaic: error: e 1\nmosaic: warning: w\nmosaic: n\n");
    mos_log_set_level(MOS_LOG_ERROR);
    begin_capture();
    log_one_of_each();
    assert_string_equal(end_capture(), "mosaic: error: e 1\n");
    mos_log_set_level(MOS_LOG_DEBUG);
    begin_capture();
    mos_log(MOS_LOG_DEBUG, "d");
    assert_string_equal(end_capture(), "mosaic: debug: d\n");
    mos_log_set_level(MOS_LOG_NOTICE);
}

static void log_lines(void *context, int64_t begin, int64_t end, int thread) {
    (void)context;
    for (int64_t i = begin; i < end; i++)
        mos_log(MOS_LOG_WARNING, "line of thread %d: %d.", thread, (int)i);
}

static void test_lines_of_threads_do_not_mix(void **state) {
    (void)state;
    begin_capture();
    mos_parallel_for(4, 400, log_lines, NULL);
    const char *text = end_capture();
    int lines = 0;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1, lines++)
        assert_memory_equal(line, "mosaic: warning: line of thread ", 32);
    assert_int_equal(lines, 400);
}

static void test_ticks_without_a_terminal(void **state) {
    (void)state;
    mos_progress progress;
    begin_capture();
    mos_progress_begin(&progress, "pack", 1000);
    for (int64_t i = 0; i <= 1000; i++)
        mos_progress_update(&progress, i);
    mos_progress_end(&progress);
    mos_progress_end(&progress);
    assert_string_equal(end_capture(),
                        "pack: 0...10...20...30...40...50...60...70...80...90...100 done\n");
    begin_capture();
    mos_progress_begin(&progress, "pack", 10);
    mos_progress_update(&progress, 5);
    mos_log(MOS_LOG_WARNING, "w");
    mos_progress_update(&progress, 3); /* never back */
    mos_progress_update(&progress, 10);
    mos_progress_end(&progress);
    assert_string_equal(end_capture(), "pack: 0...10...20...30...40...50\nmosaic: warning: w\n"
                                       "pack: ...60...70...80...90...100 done\n");
    mos_log_set_level(MOS_LOG_ERROR);
    begin_capture();
    mos_progress_begin(&progress, "pack", 10);
    mos_progress_update(&progress, 10);
    mos_progress_text(&progress, "x");
    mos_progress_end(&progress);
    mos_progress_begin(&progress, "unknown size", 0);
    mos_progress_update(&progress, 10);
    mos_progress_end(&progress);
    assert_string_equal(end_capture(), "");
    mos_log_set_level(MOS_LOG_NOTICE);
}

/* Two tasks in turns: each goes on where it was. */
static void test_ticks_of_two_tasks(void **state) {
    (void)state;
    mos_progress a, b;
    begin_capture();
    mos_progress_begin(&a, "outer", 4);
    mos_progress_begin(&b, "inner", 4);
    mos_progress_update(&a, 1);
    mos_progress_update(&b, 4);
    mos_progress_end(&b);
    mos_progress_update(&a, 2);
    mos_progress_end(&a);
    assert_string_equal(end_capture(),
                        "outer: 0...10...20..\n"
                        "inner: 0...10...20...30...40...50...60...70...80...90...100 "
                        "done\nouter: .30...40...50 done\n");
}

static void test_texts_without_a_terminal_are_rare(void **state) {
    (void)state;
    mos_progress progress;
    begin_capture();
    mos_progress_begin(&progress, "train", 0);
    for (int i = 0; i < 1000; i++)
        mos_progress_text(&progress, "step %d", i);
    mos_progress_end(&progress);
    assert_string_equal(end_capture(), "mosaic: train: step 0\n");
}

/* A terminal hands out what was written in pieces: read until nothing more comes. */
static void read_terminal(int descriptor, char *text, size_t size) {
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};
    size_t used = 0;
    while (used + 1 < size && poll(&ready, 1, 200) > 0) {
        ssize_t more = read(descriptor, text + used, size - 1 - used);
        if (more <= 0) break;
        used += (size_t)more;
    }
    text[used] = '\0';
}

/* One line, redrawn, erased for a log line, and ended with a line break. */
static void test_terminal_line_is_redrawn(void **state) {
    (void)state;
    int master, slave;
    if (openpty(&master, &slave, NULL, NULL, NULL) != 0) {
        print_message("skipped: no pseudo terminal here\n");
        skip();
    }
    (void)fflush(stderr);
    int kept = dup(STDERR_FILENO);
    assert_true(dup2(slave, STDERR_FILENO) >= 0);
    take_messages();
    mos_progress progress;
    mos_progress_begin(&progress, "pack", 2);
    mos_progress_update(&progress, 1);
    mos_log(MOS_LOG_WARNING, "w");
    mos_log(MOS_LOG_ERROR, "e");
    mos_progress_update(&progress, 2);
    mos_progress_end(&progress);
    (void)fflush(stderr);
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    char text[1024] = "";
    read_terminal(master, text, sizeof text);
    (void)close(master);
    (void)close(slave);
    assert_string_equal(text, "\rpack:  50 %  1/2\033[K"
                              "\r\033[Kmosaic: warning: w\r\n"
                              "\rpack:  50 %  1/2\033[K"
                              "\r\033[Kmosaic: error: e\r\n"
                              "\rpack: 100 %  2/2\033[K"
                              "\rpack: 100 %  2/2\033[K\r\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_lines_of_threads_do_not_mix),
        cmocka_unit_test(test_ticks_without_a_terminal),
        cmocka_unit_test(test_ticks_of_two_tasks),
        cmocka_unit_test(test_texts_without_a_terminal_are_rare),
        cmocka_unit_test(test_terminal_line_is_redrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
