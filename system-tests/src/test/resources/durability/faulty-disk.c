/*
 * Preloaded into a node: makes calls on files of a disk fail, or take long. $FAULTY_FOLDER says which files: those below it.
 * $FAULTY_ORDERS is a file that says what to do; while there is none, nothing is done:
 *   sync      syncing a log fails with EIO
 *   write     writing fails with EIO
 *   slow N    syncing takes N milliseconds longer
 *   drag N    syncing a log takes N milliseconds longer
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int below(int fd, const char **name, char *path, size_t size) {
    const char *folder = getenv("FAULTY_FOLDER");
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (folder == NULL || length <= 0) {
        return 0;
    }
    path[length] = 0;
    *name = strrchr(path, '/');
    return strncmp(path, folder, strlen(folder)) == 0;
}

/* What is ordered for a file; the empty string for nothing. */
static void ordered(int fd, char *order, size_t size, int *log) {
    const char *file = getenv("FAULTY_ORDERS");
    order[0] = 0;
    if (file == NULL || access(file, R_OK) != 0) {
        return;
    }
    char path[4096];
    const char *name = NULL;
    if (!below(fd, &name, path, sizeof path)) {
        return;
    }
    *log = strncmp(name, "/log_", 5) == 0;
    FILE *orders = fopen(file, "r");
    if (orders != NULL) {
        if (fgets(order, size, orders) == NULL) {
            order[0] = 0;
        }
        fclose(orders);
    }
}

static int sync_fails(int fd) {
    char order[64];
    int log = 0;
    ordered(fd, order, sizeof order, &log);
    if (strncmp(order, "sync", 4) == 0 && log) {
        errno = EIO;
        return 1;
    }
    if (strncmp(order, "slow ", 5) == 0 || (strncmp(order, "drag ", 5) == 0 && log)) {
        long millis = atol(order + 5);
        struct timespec pause = {millis / 1000, millis % 1000 * 1000000};
        while (nanosleep(&pause, &pause) != 0 && errno == EINTR) {
        }
    }
    return 0;
}

static int write_fails(int fd) {
    char order[64];
    int log = 0;
    ordered(fd, order, sizeof order, &log);
    if (strncmp(order, "write", 5) == 0) {
        errno = EIO;
        return 1;
    }
    return 0;
}

int fsync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    return sync_fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    return sync_fails(fd) ? -1 : real(fd);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return write_fails(fd) ? -1 : real(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    return write_fails(fd) ? -1 : real(fd, bytes, count, at);
}
