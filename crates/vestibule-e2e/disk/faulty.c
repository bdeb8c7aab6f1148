// A disk in trouble, for the session file of a program that is started with this library in LD_PRELOAD.
//
// The file that FAULTY_DISK names holds one word that says what is wrong at this moment, and for "slow"
// the milliseconds that each call takes. It is read at each call, so that a test can change its mind.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum fault { NONE, SLOW, READ_ONLY, FULL, GONE };

static enum fault fault_now(void) {
    char text[32] = {0};
    const char *path = getenv("FAULTY_DISK");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return NONE;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) return NONE;
    if (!strncmp(text, "slow ", 5)) {
        usleep((useconds_t)atoi(text + 5) * 1000);
        return SLOW;
    }
    if (!strncmp(text, "read-only", 9)) return READ_ONLY;
    if (!strncmp(text, "full", 4)) return FULL;
    if (!strncmp(text, "gone", 4)) return GONE;
    return NONE;
}

// The session file, or its journal.
static int names_sessions(const char *path) {
    const char *name = strrchr(path, '/');
    return name && (!strcmp(name, "/sessions") || !strcmp(name, "/sessions.ended"));
}

static int is_session_file(int fd) {
    char link[64], target[4096] = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, target, sizeof target - 1) > 0 && names_sessions(target);
}

// Whether there is no block of the disk yet for these bytes: the file ends before, or has a hole there.
static int needs_room(int fd, off64_t offset, off64_t end) {
    struct stat64 found;
    if (fstat64(fd, &found)) return 0;
    if (end > found.st_size) return 1;
    off64_t hole = offset < end ? lseek64(fd, offset, SEEK_HOLE) : end;
    return hole >= 0 && hole < end;
}

// The error of a call for the bytes from `offset` to `end`; 0 if it may go on.
static int refused(int fd, int writes, off64_t offset, off64_t end) {
    if (!is_session_file(fd)) return 0;
    switch (fault_now()) {
    case READ_ONLY:
        return writes ? EROFS : 0;
    case FULL:
        return writes && needs_room(fd, offset, end) ? ENOSPC : 0;
    case GONE:
        return EIO;
    default:
        return 0;
    }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSE(error) do { int found = (error); if (found) { errno = found; return -1; } } while (0)

ssize_t pread64(int fd, void *buffer, size_t count, off64_t offset) {
    REFUSE(refused(fd, 0, 0, 0));
    return REAL(pread64)(fd, buffer, count, offset);
}

ssize_t pwrite64(int fd, const void *buffer, size_t count, off64_t offset) {
    REFUSE(refused(fd, 1, offset, offset + (off64_t)count));
    return REAL(pwrite64)(fd, buffer, count, offset);
}

int ftruncate64(int fd, off64_t length) {
    REFUSE(refused(fd, 1, length, length));
    return REAL(ftruncate64)(fd, length);
}

int fdatasync(int fd) {
    REFUSE(refused(fd, 1, 0, 0));
    return REAL(fdatasync)(fd);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    if (names_sessions(path)) {
        enum fault fault = fault_now();
        if (fault == GONE) REFUSE(ENOENT);
        if (fault == READ_ONLY && (flags & O_ACCMODE) != O_RDONLY) REFUSE(EROFS);
    }
    return REAL(open64)(path, flags, mode);
}
