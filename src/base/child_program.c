#include "base/child_program.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TAIL_BYTES = 8192 };

/* Between fork and exec only calls that are safe there. */
static void run_child(const char *const *argv, char *const *environment, int log, pid_t parent) {
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(128 + SIGTERM); /* the parent died before the line above */
    (void)dup2(empty, STDIN_FILENO);
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    (void)execve(argv[0], (char *const *)(uintptr_t)argv, environment);
    _exit(127);
}

static bool is_named(const char *variable, const char *const *names) {
    const size_t length = strcspn(variable, "=");
    for (; names != NULL && *names != NULL; names++)
        if (strlen(*names) == length && strncmp(*names, variable, length) == 0) return true;
    return false;
}

/* mos_free(*out); the variables stay those of this process. */
static mosaic_status copy_environment(const char *const *without, char ***out) {
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    MOS_TRY(mos_alloc(count + 1, sizeof **out, "the environment of a program", out));
    for (size_t i = 0; i < count; i++)
        if (!is_named(environ[i], without)) (*out)[kept++] = environ[i];
    (*out)[kept] = NULL;
    return MOSAIC_OK;
}

mosaic_status mos_child_start(const char *const *argv, const char *const *without, const char *log,
                              mos_child *out) {
    char **environment;
    *out = (mos_child){0};
    MOS_TRY(copy_environment(without, &environment));
    int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) {
        mos_free(environment);
        return mos_fail_errno("open", log);
    }
    for (int i = 0; argv[i] != NULL; i++)
        (void)!dprintf(file, "%s%s", i == 0 ? "$ " : " ", argv[i]);
    (void)!dprintf(file, "\n");
    pid_t parent = getpid();
    out->pid = fork();
    if (out->pid == 0) run_child(argv, environment, file, parent);
    (void)close(file);
    mos_free(environment);
    if (out->pid > 0) return MOSAIC_OK;
    out->pid = 0;
    return mos_fail_errno("start", argv[0]);
}

mosaic_status mos_child_poll(mos_child *child, bool *ended, int *code) {
    int how = 0;
    pid_t got = waitpid(child->pid, &how, WNOHANG);
    *ended = got == child->pid;
    *code = 0;
    if (got < 0 && errno != EINTR) return mos_fail_errno("wait for", "a program");
    if (!*ended) return MOSAIC_OK;
    child->pid = 0;
    *code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return MOSAIC_OK;
}

void mos_child_signal(const mos_child *child, int number) {
    if (child->pid > 0) (void)kill(child->pid, number);
}

mosaic_status mos_child_self(char *path, size_t size) {
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length < 0) return mos_fail_errno("read", "/proc/self/exe");
    path[length] = '\0';
    return MOSAIC_OK;
}

void mos_child_last_words(const char *log, char *out, size_t size) {
    static const char mark[] = "mosaic: ";
    char tail[TAIL_BYTES + 1];
    out[0] = '\0';
    FILE *file = fopen(log, "re");
    if (file == NULL) return;
    if (fseek(file, -TAIL_BYTES, SEEK_END) != 0) rewind(file);
    size_t got = fread(tail, 1, TAIL_BYTES, file);
    (void)fclose(file);
    tail[got] = '\0';
    for (const char *line = tail; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");
        bool said = strncmp(line, mark, sizeof mark - 1) == 0;
        if (said)
            (void)snprintf(out, size, "%.*s", (int)(length - sizeof mark + 1),
                           line + sizeof mark - 1);
        line += length + (line[length] == '\n');
    }
}
