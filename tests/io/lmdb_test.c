#include "io/io_support.h"
#include "io/lmdb_check.h"
#include "io/lmdb_store.h"

#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECORDS = 300, LARGE_BYTES = 9000 };

/* Record i: every third has pages of its own. */
static size_t make_value(int i, unsigned char *value) {
    size_t size = i % 3 == 0 ? LARGE_BYTES + (size_t)i : 40 + (size_t)i % 7;
    for (size_t j = 0; j < size; j++)
        value[j] = (unsigned char)(i + (int)j * 7);
    return size;
}

static void put_records(const char *folder, int begin, int end) {
    mos_lmdb_writer *writer;
    EXPECT_OK(mos_lmdb_writer_open(folder, &writer));
    for (int i = begin; i < end; i++) {
        char key[32];
        unsigned char value[LARGE_BYTES + RECORDS];
        snprintf(key, sizeof key, "patch_%03d", i * 7 % RECORDS); /* not in order */
        size_t size = make_value(i * 7 % RECORDS, value);
        int has = -1;
        EXPECT_OK(mos_lmdb_writer_has(writer, key, &has));
        assert_int_equal(has, 0);
        EXPECT_OK(mos_lmdb_put(writer, key, value, size));
        EXPECT_OK(mos_lmdb_writer_has(writer, key, &has));
        assert_int_equal(has, 1);
    }
    EXPECT_OK(mos_lmdb_writer_close(&writer));
    assert_null(writer);
    EXPECT_OK(mos_lmdb_writer_close(&writer));
}

static mosaic_status check_visit(void *context, const char *key, size_t key_size, const void *data,
                                 size_t size) {
    int *next = context;
    char wanted[32];
    unsigned char value[LARGE_BYTES + RECORDS];
    snprintf(wanted, sizeof wanted, "patch_%03d", *next);
    assert_int_equal(key_size, strlen(wanted));
    assert_memory_equal(key, wanted, key_size);
    assert_int_equal(size, make_value(*next, value));
    assert_memory_equal(data, value, size);
    ++*next;
    return MOSAIC_OK;
}

static void check_records(const char *path, int count) {
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    EXPECT_OK(mos_lmdb_open(path, &db));
    assert_int_equal(mos_lmdb_count(db), count);
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    int next = 0;
    EXPECT_OK(mos_lmdb_each(reader, check_visit, &next));
    assert_int_equal(next, count);
    const void *data;
    size_t size;
    unsigned char value[LARGE_BYTES + RECORDS];
    EXPECT_OK(mos_lmdb_get(reader, "patch_123", &data, &size));
    assert_int_equal(size, make_value(123, value));
    assert_memory_equal(data, value, size);
    EXPECT_OK(mos_lmdb_get(reader, "patch_12", &data, &size));
    assert_null(data);
    EXPECT_OK(mos_lmdb_get(reader, "", &data, &size));
    assert_null(data);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
    mos_lmdb_close(&db);
}

static void written_records_read_back(void **state) {
    char folder[4096], file[4200];
    put_records(test_path(state, "store/deep", folder), 0, 150);
    put_records(folder, 150, RECORDS); /* continue */
    check_records(folder, RECORDS);
    snprintf(file, sizeof file, "%s/data.mdb", folder);
    check_records(file, RECORDS);
    /* liblmdb itself agrees, with 4096-byte pages on machines that have such. */
    MDB_env *env;
    MDB_stat stat;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, folder, MDB_RDONLY, 0644), 0);
    assert_int_equal(mdb_env_stat(env, &stat), 0);
    assert_int_equal(stat.ms_entries, RECORDS);
    if (sysconf(_SC_PAGESIZE) == 4096) assert_int_equal(stat.ms_psize, 4096);
    mdb_env_close(env);
}

static void replaced_values_are_new(void **state) {
    char folder[4096];
    mos_lmdb_writer *writer;
    static char large[100000], small[10] = "small";
    EXPECT_OK(mos_lmdb_writer_open(test_path(state, "replace", folder), &writer));
    EXPECT_OK(mos_lmdb_put(writer, "a", large, sizeof large));
    EXPECT_OK(mos_lmdb_put(writer, "b", small, sizeof small));
    EXPECT_OK(mos_lmdb_writer_commit(writer));
    EXPECT_OK(mos_lmdb_put(writer, "a", small, sizeof small));
    EXPECT_OK(mos_lmdb_put(writer, "b", large, sizeof large));
    EXPECT_OK(mos_lmdb_put(writer, "b", large, sizeof large - 5000));
    EXPECT_STATUS(MOSAIC_ERR_DATA, mos_lmdb_put(writer, "", small, 1));
    EXPECT_OK(mos_lmdb_writer_close(&writer));
    EXPECT_OK(mos_lmdb_writer_open(folder, &writer)); /* the free list passes the check */
    EXPECT_OK(mos_lmdb_put(writer, "a", large, 3));
    EXPECT_OK(mos_lmdb_writer_close(&writer));
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    const void *data;
    size_t size;
    EXPECT_OK(mos_lmdb_open(folder, &db));
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    EXPECT_OK(mos_lmdb_get(reader, "a", &data, &size));
    assert_int_equal(size, 3);
    EXPECT_OK(mos_lmdb_get(reader, "b", &data, &size));
    assert_int_equal(size, sizeof large - 5000);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
}

static mosaic_status count_key(void *context, const char *key, size_t key_size) {
    (void)key;
    (void)key_size;
    ++*(int *)context;
    return MOSAIC_OK;
}

/* In a store of several batches: those taken out are gone, the others as they were, and the room is
 * used again. */
static void deleted_records_are_gone(void **state) {
    enum { MANY = 1300, ROUNDS = 3 };
    char folder[4096], file[4200], key[32];
    static char value[9000];
    struct stat info;
    mos_lmdb_writer *writer;
    off_t bytes = 0;
    int had;
    test_path(state, "delete", folder);
    snprintf(file, sizeof file, "%s/data.mdb", folder);
    for (int round = 0; round < ROUNDS; round++) {
        EXPECT_OK(mos_lmdb_writer_open(folder, &writer));
        for (int i = 0; i < MANY; i++) {
            snprintf(key, sizeof key, "patch_%04d", i);
            value[0] = (char)i;
            EXPECT_OK(mos_lmdb_put(writer, key, value, (size_t)(i % 2 == 0 ? 20 : 9000)));
        }
        EXPECT_OK(mos_lmdb_delete(writer, "patch_9999", &had));
        assert_int_equal(had, 0);
        EXPECT_STATUS(MOSAIC_ERR_DATA, mos_lmdb_delete(writer, "", &had));
        for (int i = 0; i < MANY; i++) {
            if (i % 10 == 3) continue;
            snprintf(key, sizeof key, "patch_%04d", i);
            EXPECT_OK(mos_lmdb_delete(writer, key, &had));
            assert_int_equal(had, 1);
            EXPECT_OK(mos_lmdb_writer_has(writer, key, &had));
            assert_int_equal(had, 0);
        }
        EXPECT_OK(mos_lmdb_writer_close(&writer));
        assert_int_equal(stat(file, &info), 0);
        if (round == 0) bytes = info.st_size;
        assert_true(info.st_size < 2 * bytes);
    }
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    const void *data;
    size_t size;
    int count = 0;
    EXPECT_OK(mos_lmdb_open(folder, &db));
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    EXPECT_OK(mos_lmdb_each_key(reader, count_key, &count));
    assert_int_equal(count, MANY / 10);
    for (int i = 3; i < MANY; i += 10) {
        snprintf(key, sizeof key, "patch_%04d", i);
        EXPECT_OK(mos_lmdb_get(reader, key, &data, &size));
        assert_int_equal(size, 9000);
        assert_int_equal(*(const char *)data, (char)i);
    }
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
}

/* The map begins with 64 MiB: six values of 24 do not fit without growing, nor does one of 200. */
static void the_map_grows(void **state) {
    char folder[4096];
    mos_lmdb_writer *writer;
    const size_t size = (size_t)24 << 20, huge = (size_t)200 << 20;
    char *value = calloc(1, huge);
    assert_non_null(value);
    EXPECT_OK(mos_lmdb_writer_open(test_path(state, "grow", folder), &writer));
    for (int i = 0; i < 6; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i);
        value[0] = (char)i;
        EXPECT_OK(mos_lmdb_put(writer, key, value, size));
    }
    EXPECT_OK(mos_lmdb_put(writer, "huge", value, huge));
    EXPECT_OK(mos_lmdb_writer_close(&writer));
    free(value);
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    const void *data;
    size_t got;
    EXPECT_OK(mos_lmdb_open(folder, &db));
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    EXPECT_OK(mos_lmdb_get(reader, "k5", &data, &got));
    assert_int_equal(got, size);
    assert_int_equal(*(const char *)data, 5);
    EXPECT_OK(mos_lmdb_get(reader, "huge", &data, &got));
    assert_int_equal(got, huge);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
    EXPECT_OK(mos_remove_tree(folder));
}

/* What was committed before a kill is there after it. */
static void a_kill_keeps_what_was_committed(void **state) {
    char folder[4096];
    test_path(state, "killed", folder);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        mos_lmdb_writer *writer;
        if (mos_lmdb_writer_open(folder, &writer) != MOSAIC_OK ||
            mos_lmdb_put(writer, "first", "1", 1) != MOSAIC_OK ||
            mos_lmdb_writer_commit(writer) != MOSAIC_OK ||
            mos_lmdb_put(writer, "second", "2", 1) != MOSAIC_OK)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    mos_lmdb_writer *writer;
    int first, second;
    EXPECT_OK(mos_lmdb_writer_open(folder, &writer));
    EXPECT_OK(mos_lmdb_writer_has(writer, "first", &first));
    EXPECT_OK(mos_lmdb_writer_has(writer, "second", &second));
    assert_int_equal(first, 1);
    assert_int_equal(second, 0);
    EXPECT_OK(mos_lmdb_writer_close(&writer));
}

static char *read_store(void **state, const char *name, size_t *size) {
    char folder[4096], path[4200], *data;
    put_records(test_path(state, name, folder), 0, RECORDS);
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    EXPECT_OK(mos_file_read(path, 64 << 20, &data, size));
    return data;
}

static void a_cut_store_is_refused(void **state) {
    size_t size;
    char *data = read_store(state, "cut", &size), path[4096];
    mos_lmdb_shape shape;
    EXPECT_OK(mos_lmdb_check(data, size, true, &shape));
    size_t needed = (size_t)(shape.pages * shape.page_bytes);
    static const size_t cuts[] = {0, 1, 15, 100, 4095, 4096, 4200, 8191, 8192, 12288};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        EXPECT_STATUS(MOSAIC_ERR_DATA, mos_lmdb_check(data, cuts[i], false, &shape));
    for (size_t cut = 16384; cut < needed; cut += 40961)
        EXPECT_DATA_ERROR(mos_lmdb_check(data, cut, false, &shape), "cut short");
    EXPECT_DATA_ERROR(mos_lmdb_check(data, needed - 1, false, &shape), "cut short");
    EXPECT_OK(mos_atomic_write(test_path(state, "cut.mdb", path), data, needed - 1));
    mos_lmdb *db;
    EXPECT_DATA_ERROR(mos_lmdb_open(path, &db), "cut.mdb: LMDB file is cut short");
    assert_null(db);
    EXPECT_OK(mos_atomic_write(path, "not a database", 14));
    EXPECT_STATUS(MOSAIC_ERR_DATA, mos_lmdb_open(path, &db));
    EXPECT_STATUS(MOSAIC_ERR_IO, mos_lmdb_open("/nonexistent", &db));
    mos_free(data);
}

static mosaic_status count_visit(void *context, const char *key, size_t key_size, const void *data,
                                 size_t size) {
    (void)key_size;
    uint64_t *sum = context;
    *sum += (unsigned char)key[0];
    if (size > 0)
        *sum +=
            ((const unsigned char *)data)[0] + (uint64_t)((const unsigned char *)data)[size - 1];
    return MOSAIC_OK;
}

/* Change a byte or a word anywhere in heads, branches and leaves: refused at once, or read to the
 * end without a crash. */
static void a_damaged_store_is_refused_or_readable(void **state) {
    size_t size;
    char *data = read_store(state, "damaged", &size), path[4096];
    mos_lmdb_shape shape;
    EXPECT_OK(mos_lmdb_check(data, size, false, &shape));
    test_path(state, "bent.mdb", path);
    size_t pages[RECORDS], page_count = 0; /* heads, branches, leaves */
    for (size_t page = 0; page < shape.pages;) {
        uint16_t flags;
        uint32_t run;
        memcpy(&flags, data + page * shape.page_bytes + 10, 2);
        memcpy(&run, data + page * shape.page_bytes + 12, 4);
        if (flags != 4 && page_count < RECORDS) pages[page_count++] = page;
        page += flags == 4 ? run : 1;
    }
    assert_true(page_count > 5);
    uint32_t random = 12345, refused = 0, opened = 0;
    for (int i = 0; i < 1500; i++) {
        random = random * 1664525u + 1013904223u;
        size_t page = pages[(random >> 8) % page_count], at;
        random = random * 1664525u + 1013904223u;
        at = page * shape.page_bytes + (random >> 8) % (i % 2 == 0 ? 200 : shape.page_bytes - 2);
        uint16_t kept, bent = (uint16_t)(random >> (i % 13));
        memcpy(&kept, data + at, 2);
        memcpy(data + at, &bent, 2);
        mos_lmdb_shape after;
        if (mos_lmdb_check(data, size, i % 3 == 0, &after) != MOSAIC_OK) {
            refused++;
        } else if (bent != kept && opened < 150) {
            opened++;
            FILE *file = fopen(path, "wb");
            assert_non_null(file);
            assert_int_equal(fwrite(data, 1, size, file), size);
            fclose(file);
            mos_lmdb *db = NULL;
            mos_lmdb_reader *reader = NULL;
            uint64_t sum = 0;
            if (mos_lmdb_open(path, &db) == MOSAIC_OK &&
                mos_lmdb_reader_open(db, &reader) == MOSAIC_OK)
                (void)!mos_lmdb_each(reader, count_visit, &sum);
            mos_lmdb_reader_close(&reader);
            mos_lmdb_close(&db);
        }
        memcpy(data + at, &kept, 2);
    }
    assert_true(refused > 100 && opened > 20);
    mos_free(data);
}

static void a_damaged_value_page_is_refused(void **state) {
    size_t size;
    char *data = read_store(state, "value", &size), path[4096];
    uint64_t wanted = 0;
    for (size_t page = 2; wanted == 0 && page < size / 4096; page++) {
        uint16_t flags;
        memcpy(&flags, data + page * 4096 + 10, 2);
        if (flags == 4) wanted = page;
    }
    assert_true(wanted != 0);
    data[wanted * 4096 + 12] = 0; /* its number of pages */
    EXPECT_OK(mos_atomic_write(test_path(state, "value.mdb", path), data, size));
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    uint64_t sum = 0;
    EXPECT_OK(mos_lmdb_open(path, &db)); /* opening does not touch values */
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    EXPECT_DATA_ERROR(mos_lmdb_each(reader, count_visit, &sum), "its pages are damaged");
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
    mos_free(data);
}

static void an_empty_store_is_fine(void **state) {
    char folder[4096];
    mos_lmdb_writer *writer;
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    uint64_t sum = 0;
    EXPECT_OK(mos_lmdb_writer_open(test_path(state, "empty", folder), &writer));
    EXPECT_OK(mos_lmdb_writer_close(&writer));
    EXPECT_OK(mos_lmdb_open(folder, &db));
    assert_int_equal(mos_lmdb_count(db), 0);
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    EXPECT_OK(mos_lmdb_each(reader, count_visit, &sum));
    assert_int_equal(sum, 0);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
    EXPECT_OK(mos_lmdb_writer_open(folder, &writer));
    EXPECT_OK(mos_lmdb_put(writer, "a", "1", 1));
    EXPECT_OK(mos_lmdb_writer_close(&writer));
}

/* An assertion of the test library belongs to its own thread, so trouble is counted. */
static void *read_often(void *db) {
    uintptr_t wrong = 0;
    for (int i = 0; i < 5; i++) {
        mos_lmdb_reader *reader;
        if (mos_lmdb_reader_open(db, &reader) != MOSAIC_OK) return (void *)(uintptr_t)1000;
        for (int r = 0; r < RECORDS; r++) {
            char key[32];
            unsigned char value[LARGE_BYTES + RECORDS];
            const void *data;
            size_t size;
            snprintf(key, sizeof key, "patch_%03d", r);
            bool good = mos_lmdb_get(reader, key, &data, &size) == MOSAIC_OK &&
                        size == make_value(r, value);
            wrong += !good || memcmp(data, value, size) != 0;
        }
        mos_lmdb_reader_close(&reader);
    }
    return (void *)wrong;
}

static void threads_read_at_once(void **state) {
    char folder[4096];
    pthread_t threads[4];
    mos_lmdb *db;
    put_records(test_path(state, "threads", folder), 0, RECORDS);
    EXPECT_OK(mos_lmdb_open(folder, &db));
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, db), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    mos_lmdb_close(&db);
}

static void reads_the_real_store(void **state) {
    (void)state;
    char path[4096];
    mos_lmdb *db;
    mos_lmdb_reader *reader;
    const void *data;
    size_t size;
    EXPECT_OK(mos_lmdb_open(real_path("bigearthnet_v2_lmdb", path), &db));
    assert_int_equal(mos_lmdb_count(db), 2);
    EXPECT_OK(mos_lmdb_reader_open(db, &reader));
    EXPECT_OK(mos_lmdb_get(reader, "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_48", &data, &size));
    assert_int_equal(size, 115344);
    EXPECT_OK(mos_lmdb_get(reader, "S1A_IW_GRDH_1SDV_20170613T165043_33UUP_70_49", &data, &size));
    assert_null(data);
    mos_lmdb_reader_close(&reader);
    mos_lmdb_close(&db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_records_read_back),
        cmocka_unit_test(replaced_values_are_new),
        cmocka_unit_test(deleted_records_are_gone),
        cmocka_unit_test(the_map_grows),
        cmocka_unit_test(a_kill_keeps_what_was_committed),
        cmocka_unit_test(a_cut_store_is_refused),
        cmocka_unit_test(a_damaged_store_is_refused_or_readable),
        cmocka_unit_test(a_damaged_value_page_is_refused),
        cmocka_unit_test(an_empty_store_is_fine),
        cmocka_unit_test(threads_read_at_once),
        cmocka_unit_test(reads_the_real_store),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
