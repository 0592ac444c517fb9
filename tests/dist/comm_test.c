/* One rank alone, what launchers leave in the environment, and modules that are not there. */
#include "support/test_support.h"

#include "base/memory.h"
#include "dist/comm.h"
#include "dist/comm_module.h"

static const char *const variables[] = {
    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "PMIX_RANK", "PMI_FD",
    "SLURM_PROCID",         "SLURM_STEP_NUM_TASKS"};

static int forget(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    return 0;
}

static void alone(void **state) {
    mos_comm *comm = NULL;
    float values[3] = {1, 2, 3}, part[3];
    double sums[2] = {4, 5};
    int64_t most = 0, all = 0, mine = 7;
    const size_t bytes[1] = {sizeof mine};
    (void)state;
    EXPECT_OK(mos_comm_open(NULL, &comm));
    assert_int_equal(mos_comm_rank(comm), 0);
    assert_int_equal(mos_comm_size(comm), 1);
    assert_true(strlen(mos_comm_host(comm, 0)) > 0);
    assert_string_equal(mos_comm_description(comm), "1 rank on 1 host, no MPI");
    EXPECT_OK(mos_comm_barrier(comm));
    EXPECT_OK(mos_comm_mean(comm, values, 3));
    EXPECT_OK(mos_comm_sum_scatter(comm, values, 3, part));
    assert_memory_equal(values, ((const float[]){1, 2, 3}), sizeof values);
    assert_memory_equal(part, values, sizeof values);
    EXPECT_OK(mos_comm_sum_f64(comm, sums, 2));
    assert_true(sums[0] == 4 && sums[1] == 5);
    EXPECT_OK(mos_comm_gather(comm, &mine, sizeof mine, &all));
    assert_int_equal(all, 7);
    all = 0;
    EXPECT_OK(mos_comm_gather_v(comm, &mine, bytes, &all));
    assert_int_equal(all, 7);
    EXPECT_OK(mos_comm_broadcast(comm, &mine, sizeof mine, 0));
    EXPECT_OK(mos_comm_most(comm, -3, &most));
    assert_int_equal(most, -3);
    EXPECT_OK(mos_comm_same(comm, &mine, sizeof mine, "number"));
    /* Its failures stay its own words. */
    EXPECT_OK(mos_comm_agree(comm, MOSAIC_OK));
    EXPECT_STATUS(MOSAIC_ERR_DATA, mos_comm_agree(comm, mos_fail(MOSAIC_ERR_DATA, "a bad record")));
    assert_string_equal(mosaic_error(), "a bad record");
    mos_comm_close(&comm, MOSAIC_ERR_DATA);
    assert_null(comm);
    mos_comm_close(&comm, MOSAIC_OK);
}

/* No communicator is one rank, too. */
static void none(void **state) {
    int64_t most = 0, mine = 9, all = 0;
    float value = 2;
    (void)state;
    assert_int_equal(mos_comm_rank(NULL), 0);
    assert_int_equal(mos_comm_size(NULL), 1);
    assert_string_equal(mos_comm_host(NULL, 0), "");
    EXPECT_OK(mos_comm_agree(NULL, MOSAIC_OK));
    EXPECT_OK(mos_comm_barrier(NULL));
    EXPECT_OK(mos_comm_mean(NULL, &value, 1));
    assert_true(value == 2);
    EXPECT_OK(mos_comm_most(NULL, 5, &most));
    assert_int_equal(most, 5);
    EXPECT_OK(mos_comm_gather(NULL, &mine, sizeof mine, &all));
    assert_int_equal(all, 9);
    EXPECT_OK(mos_comm_same(NULL, &mine, sizeof mine, "number"));
}

static void expect_launch(int64_t rank, int64_t size, const char *by, const char *module) {
    const mos_launch found = mos_launch_detect();
    assert_int_equal(found.rank, rank);
    assert_int_equal(found.size, size);
    if (by == NULL)
        assert_null(found.by);
    else
        assert_string_equal(found.by, by);
    if (module == NULL)
        assert_null(found.module);
    else
        assert_string_equal(found.module, module);
}

static void set(const char *name, const char *value) {
    assert_int_equal(setenv(name, value, 1), 0);
}

static void launchers(void **state) {
    (void)state;
    expect_launch(0, 1, NULL, NULL);
    set("OMPI_COMM_WORLD_RANK", "2");
    set("OMPI_COMM_WORLD_SIZE", "4");
    expect_launch(2, 4, "mpirun of Open MPI", "openmpi");
    set("SLURM_PROCID", "0"); /* of the step that mpirun started its daemons with */
    set("SLURM_STEP_NUM_TASKS", "2");
    expect_launch(2, 4, "mpirun of Open MPI", "openmpi");
    (void)forget(NULL);
    set("PMI_RANK", "1");
    set("PMI_SIZE", "3");
    expect_launch(1, 3, "mpiexec of MPICH", "mpich");
    set("SLURM_PROCID", "1");
    set("SLURM_STEP_NUM_TASKS", "3");
    expect_launch(1, 3, "srun", "mpich");
    (void)forget(NULL);
    set("SLURM_PROCID", "5");
    set("SLURM_STEP_NUM_TASKS", "8");
    expect_launch(5, 8, "srun", NULL);
    set("PMIX_RANK", "5");
    expect_launch(5, 8, "srun", "openmpi");
    /* A step with one task, a job's script outside any step, nonsense. */
    set("SLURM_PROCID", "0");
    set("SLURM_STEP_NUM_TASKS", "1");
    expect_launch(0, 1, NULL, NULL);
    unsetenv("SLURM_STEP_NUM_TASKS");
    expect_launch(0, 1, NULL, NULL);
    set("SLURM_PROCID", "9");
    set("SLURM_STEP_NUM_TASKS", "8");
    expect_launch(0, 1, NULL, NULL);
    set("SLURM_STEP_NUM_TASKS", "many");
    expect_launch(0, 1, NULL, NULL);
}

static void modules(void **state) {
    const mos_comm_table *table;
    mos_comm *comm = NULL;
    (void)state;
    EXPECT_STATUS(MOSAIC_ERR_UNSUPPORTED, mos_comm_module_load("nobody", &table));
    assert_non_null(strstr(mosaic_error(), "libmosaic_mpi_nobody.so"));
    assert_non_null(strstr(mosaic_error(), "MOSAIC_MODULES"));
    /* A library that is there and is none of ours. */
    EXPECT_STATUS(MOSAIC_ERR_UNSUPPORTED,
                  mos_comm_module_load("/lib/x86_64-linux-gnu/libm.so.6-not-there", &table));
    set("PMI_RANK", "1");
    set("PMI_SIZE", "3");
    const mos_comm_options options = {.module = "nobody"};
    EXPECT_STATUS(MOSAIC_ERR_UNSUPPORTED, mos_comm_open(&options, &comm));
    assert_null(comm);
    assert_non_null(strstr(mosaic_error(), "rank 1 of 3, started by mpiexec of MPICH"));
}

static void memory_runs_out(void **state) {
    mos_comm *comm = NULL;
    mosaic_status status = MOSAIC_ERR_MEMORY;
    (void)state;
    for (uint64_t n = 1; status != MOSAIC_OK && n < 10; n++) {
        mos_alloc_fail_at(n);
        status = mos_comm_open(NULL, &comm);
        mos_alloc_fail_at(0);
        assert_true(status == MOSAIC_OK || (status == MOSAIC_ERR_MEMORY && comm == NULL));
    }
    assert_non_null(comm);
    mos_comm_close(&comm, MOSAIC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alone, forget, forget),
        cmocka_unit_test_setup_teardown(none, forget, forget),
        cmocka_unit_test_setup_teardown(launchers, forget, forget),
        cmocka_unit_test_setup_teardown(modules, forget, forget),
        cmocka_unit_test_setup_teardown(memory_runs_out, forget, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
