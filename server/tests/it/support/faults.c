// Makes the disk of a program fail: loaded before the C library (LD_PRELOAD), it answers for it.
//
// The file that FAULTS names says how, as long as it is there:
//   sync       syncing what was written to the log fails
//   sync once  ... once, then the file is gone
//   write      writing fails
//   hold       syncing waits until the file is gone
// Only files whose names end in .db or .db-wal fail.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

// Whether it is a file whose name ends so.
static int is_file(int fd, const char *end) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return ends_with(path, end);
}

static int is_log(int fd) { return is_file(fd, ".db-wal"); }

static int is_data(int fd) { return is_file(fd, ".db") || is_log(fd); }

// Whether something was written to the log since syncing is to fail: a checkpoint syncs it as well.
static int is_written;

// Whether the fault is the one that the file says.
static int is_set(const char *fault) {
    const char *file = getenv("FAULTS");
    char said[32] = "";
    int fd = file ? open(file, O_RDONLY) : -1;
    if (fd < 0) return 0;
    ssize_t length = read(fd, said, sizeof said - 1);
    close(fd);
    return length > 0 && strncmp(said, fault, strlen(fault)) == 0;
}

static int fails_to_sync(int fd) {
    if (!is_data(fd)) return 0;
    while (is_set("hold")) usleep(10000);
    if (!is_set("sync") || !is_log(fd) || !is_written) return 0;
    is_written = 0;
    if (is_set("sync once")) unlink(getenv("FAULTS"));
    errno = EIO;
    return 1;
}

static int fails_to_write(int fd) {
    if (is_set("sync") && is_log(fd)) is_written = 1;
    if (!is_set("write") || !is_data(fd)) return 0;
    errno = EIO;
    return 1;
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) { return fails_to_sync(fd) ? -1 : REAL(fsync)(fd); }

int fdatasync(int fd) { return fails_to_sync(fd) ? -1 : REAL(fdatasync)(fd); }

ssize_t write(int fd, const void *bytes, size_t count) {
    return fails_to_write(fd) ? -1 : REAL(write)(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return fails_to_write(fd) ? -1 : REAL(pwrite)(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    return fails_to_write(fd) ? -1 : REAL(pwrite64)(fd, bytes, count, at);
}
