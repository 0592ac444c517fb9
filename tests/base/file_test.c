#include "base/file.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s", "mosaic-file-test-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    return mos_remove_tree(folder) != MOSAIC_OK;
}

/* A path below this test's folder; two can be in use at a time. */
static const char *at(const char *name) {
    static char paths[2][512];
    static int turn;
    turn = !turn;
    (void)snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

static int entries(const char *path) {
    int count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return count;
}

static void check_content(const char *path, const char *wanted) {
    char *data;
    size_t size;
    assert_int_equal(mos_file_read(path, 1 << 20, &data, &size), MOSAIC_OK);
    assert_int_equal(size, strlen(wanted));
    assert_string_equal(data, wanted);
    mos_free(data);
}

static void test_read_obeys_the_limit(void **state) {
    (void)state;
    char *data;
    size_t size;
    assert_int_equal(mos_atomic_write(at("ten"), "0123456789", 10), MOSAIC_OK);
    assert_int_equal(mos_file_read(at("ten"), 10, &data, &size), MOSAIC_OK);
    assert_int_equal(size, 10);
    assert_string_equal(data, "0123456789");
    mos_free(data);
    assert_int_equal(mos_file_read(at("ten"), 9, &data, &size), MOSAIC_ERR_DATA);
    assert_null(data);
    assert_non_null(strstr(mosaic_error(), "limit of 9 bytes"));
    assert_int_equal(mos_file_read(at("none"), 9, &data, &size), MOSAIC_ERR_IO);
    assert_non_null(strstr(mosaic_error(), "/none: No such file"));
    assert_int_equal(mos_file_read(folder, 9, &data, &size), MOSAIC_ERR_IO);
    assert_non_null(strstr(mosaic_error(), "is a folder"));
    mos_alloc_fail_at(1);
    assert_int_equal(mos_file_read(at("ten"), 10, &data, &size), MOSAIC_ERR_MEMORY);
    assert_null(data);
}

/* Files without a size: /proc, and an endless one, which only the limit stops. */
static void test_read_files_of_unknown_size(void **state) {
    (void)state;
    char *data;
    size_t size;
    assert_int_equal(mos_file_read("/proc/self/status", 1 << 20, &data, &size), MOSAIC_OK);
    assert_int_equal(size, strlen(data));
    assert_in_range(size, 100, 1 << 20);
    mos_free(data);
    assert_int_equal(mos_file_read("/dev/zero", 100000, &data, &size), MOSAIC_ERR_DATA);
    assert_int_equal(mos_file_read("/dev/null", 0, &data, &size), MOSAIC_OK);
    assert_int_equal(size, 0);
    assert_string_equal(data, "");
    mos_free(data);
}

static void test_paths_and_folders(void **state) {
    (void)state;
    char path[16];
    assert_int_equal(mos_path_join(path, sizeof path, "a/b", "c"), MOSAIC_OK);
    assert_string_equal(path, "a/b/c");
    assert_int_equal(mos_path_join(path, sizeof path, "a/", "c"), MOSAIC_OK);
    assert_string_equal(path, "a/c");
    assert_int_equal(mos_path_join(path, sizeof path, "", "c"), MOSAIC_OK);
    assert_string_equal(path, "c");
    assert_int_equal(mos_path_join(path, sizeof path, "12345678", "123456"), MOSAIC_OK);
    assert_int_equal(strlen(path), 15);
    assert_int_equal(mos_path_join(path, sizeof path, "12345678", "1234567"), MOSAIC_ERR_USAGE);
    assert_int_equal(mos_path_join(path, sizeof path, "x", "y"), MOSAIC_OK);
    assert_int_equal(mos_path_join(path, sizeof path, path, "z"), MOSAIC_OK);
    assert_string_equal(path, "x/y/z");

    assert_int_equal(mos_make_dirs(at("one/two/three/")), MOSAIC_OK);
    assert_int_equal(mos_make_dirs(at("one/two/three")), MOSAIC_OK);
    assert_true(mos_path_is_dir(at("one/two/three")));
    assert_int_equal(mos_atomic_write(at("one/file"), "x", 1), MOSAIC_OK);
    assert_true(mos_path_exists(at("one/file")));
    assert_false(mos_path_is_dir(at("one/file")));
    assert_int_equal(mos_make_dirs(at("one/file")), MOSAIC_ERR_IO);
    assert_int_equal(mos_make_dirs(at("one/file/below")), MOSAIC_ERR_IO);
    assert_non_null(strstr(mosaic_error(), "Not a directory"));
    char *large = malloc(9000);
    assert_non_null(large);
    memset(large, 'a', 8999);
    large[8999] = '\0';
    assert_int_equal(mos_make_dirs(large), MOSAIC_ERR_USAGE);
    mos_atomic_file file;
    assert_int_equal(mos_atomic_open(&file, large), MOSAIC_ERR_USAGE);
    mos_atomic_abort(&file);
    large[4090] = '\0'; /* fits itself, but not with the temporary file's ending */
    assert_int_equal(mos_atomic_open(&file, large), MOSAIC_ERR_USAGE);
    free(large);
}

static void test_removal_stays_inside(void **state) {
    (void)state;
    assert_int_equal(mos_make_dirs(at("kept")), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(at("kept/file"), "x", 1), MOSAIC_OK);
    assert_int_equal(mos_make_dirs(at("gone/below")), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(at("gone/below/file"), "x", 1), MOSAIC_OK);
    assert_int_equal(symlink("../kept", at("gone/link")), 0);
    assert_int_equal(mos_remove_tree(at("gone")), MOSAIC_OK);
    assert_false(mos_path_exists(at("gone")));
    assert_true(mos_path_exists(at("kept/file")));
    assert_int_equal(mos_remove_tree(at("gone")), MOSAIC_OK);
    assert_int_equal(mos_remove_tree(at("kept/file")), MOSAIC_OK);
    assert_int_equal(mos_remove_tree("/proc/self/status"), MOSAIC_ERR_IO);
    assert_non_null(strstr(mosaic_error(), "remove /proc/self/status"));
}

static void test_commit_replaces_abort_keeps(void **state) {
    (void)state;
    assert_int_equal(mos_make_dirs(at("atomic")), MOSAIC_OK);
    mos_atomic_file file, other;
    assert_int_equal(mos_atomic_open(&file, at("atomic/f")), MOSAIC_OK);
    assert_int_equal(mos_atomic_open(&other, at("atomic/f")),
                     MOSAIC_OK); /* two writers do not mix */
    assert_true(fputs("old", file.stream) >= 0);
    assert_true(fputs("other", other.stream) >= 0);
    assert_false(mos_path_exists(at("atomic/f")));
    mos_atomic_abort(&other);
    mos_atomic_abort(&other);
    assert_int_equal(mos_atomic_commit(&file), MOSAIC_OK);
    check_content(at("atomic/f"), "old");
    mos_atomic_abort(&file); /* after a commit: nothing */
    check_content(at("atomic/f"), "old");
    assert_int_equal(mos_atomic_commit(&file), MOSAIC_ERR_RUNTIME);

    assert_int_equal(mos_atomic_open(&file, at("atomic/f")), MOSAIC_OK);
    assert_true(fputs("half of the ne", file.stream) >= 0);
    mos_atomic_abort(&file);
    check_content(at("atomic/f"), "old");
    assert_int_equal(entries(at("atomic")), 1); /* no temporary file left */
    mos_atomic_file empty = {0};
    mos_atomic_abort(&empty);
    assert_int_equal(mos_atomic_write(at("none/f"), "x", 1), MOSAIC_ERR_IO);
    assert_int_equal(mos_atomic_write(at("atomic/empty"), NULL, 0), MOSAIC_OK);
    check_content(at("atomic/empty"), "");
}

/* A folder in the way of the rename. */
static void test_failed_rename_leaves_nothing(void **state) {
    (void)state;
    assert_int_equal(mos_make_dirs(at("taken/f")), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(at("taken/f"), "x", 1), MOSAIC_ERR_IO);
    assert_non_null(strstr(mosaic_error(), "cannot replace"));
    assert_int_equal(entries(at("taken")), 1);
    assert_true(mos_path_is_dir(at("taken/f")));
}

/* A file size limit makes write() fail as a full disk does, at any size we choose. */
static void test_full_disk_keeps_the_old_file(void **state) {
    (void)state;
    enum { SIZE = 300000 };
    assert_int_equal(mos_make_dirs(at("full")), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(at("full/f"), "old", 3), MOSAIC_OK);
    char *data = calloc(1, SIZE);
    assert_non_null(data);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    static const size_t limits[] = {0, 1, 4096, 100000, SIZE - 1};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct rlimit small = {.rlim_cur = limits[i], .rlim_max = before.rlim_max};
        (void)setrlimit(RLIMIT_FSIZE, &small);
        mosaic_status status = mos_atomic_write(at("full/f"), data, SIZE);
        /* in small pieces the failed write is one that stdio makes, and shows at commit alone */
        mos_atomic_file file;
        mosaic_status pieces = mos_atomic_open(&file, at("full/f"));
        if (pieces == MOSAIC_OK) {
            for (int j = 0; j < SIZE; j++)
                (void)putc('x', file.stream);
            pieces = mos_atomic_commit(&file);
        }
        (void)setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(status, MOSAIC_ERR_IO);
        assert_int_equal(pieces, MOSAIC_ERR_IO);
        assert_non_null(strstr(mosaic_error(), "full/f"));
        check_content(at("full/f"), "old");
        assert_int_equal(entries(at("full")), 1);
    }
    assert_int_equal(mos_atomic_write(at("full/f"), data, SIZE), MOSAIC_OK);
    free(data);
}

/* A process killed in the middle leaves the old file whole. */
static void test_a_killed_writer_keeps_the_old_file(void **state) {
    (void)state;
    assert_int_equal(mos_make_dirs(at("killed")), MOSAIC_OK);
    assert_int_equal(mos_atomic_write(at("killed/f"), "old", 3), MOSAIC_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mos_atomic_file file;
        if (mos_atomic_open(&file, at("killed/f")) != MOSAIC_OK) _exit(1);
        for (int i = 0; i < 100000; i++)
            (void)putc('x', file.stream);
        (void)fflush(file.stream);
        (void)kill(getpid(), SIGKILL);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));
    check_content(at("killed/f"), "old");
    assert_int_equal(entries(at("killed")), 2); /* the part file is left, under another name */
}

/* FIPS 180-4 examples (NIST), and lengths around the block and padding limits against the streamed
 * form. */
static void test_sha256(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hex[65];
    for (size_t i = 0; i < 3; i++) {
        mos_sha256(cases[i][0], strlen(cases[i][0]), hex);
        assert_string_equal(hex, cases[i][1]);
    }
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    mos_sha256(million, 1000000, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(mos_atomic_write(at("million"), million, 1000000), MOSAIC_OK);
    free(million);
    char of_file[65];
    assert_int_equal(mos_sha256_file(at("million"), of_file), MOSAIC_OK);
    assert_string_equal(of_file, hex);
    assert_int_equal(mos_sha256_file(at("none"), of_file), MOSAIC_ERR_IO);
    assert_string_equal(of_file, "");
    assert_int_equal(mos_sha256_file(folder, of_file), MOSAIC_ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_obeys_the_limit),
        cmocka_unit_test(test_read_files_of_unknown_size),
        cmocka_unit_test(test_paths_and_folders),
        cmocka_unit_test(test_removal_stays_inside),
        cmocka_unit_test(test_commit_replaces_abort_keeps),
        cmocka_unit_test(test_failed_rename_leaves_nothing),
        cmocka_unit_test(test_full_disk_keeps_the_old_file),
        cmocka_unit_test(test_a_killed_writer_keeps_the_old_file),
        cmocka_unit_test(test_sha256),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
