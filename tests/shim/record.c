/*
 * Records what a process does to the files below POWER_CUT_ROOT, in order, into POWER_CUT_LOG.
 *
 * Loaded with LD_PRELOAD, it stands between the program and the C library. One lock is held over each call and its
 * record, so the log's order is the order in which things happened. Writes to the file POWER_CUT_ACKS are what the
 * program says about itself ("this is durable now"); they go into the same log and so have a place in that order.
 *
 * A call that is missing here does not go unnoticed: whoever reads the log replays all of it and compares the result
 * with the folder.
 *
 * One record: kind (1 byte), inode (8), offset or length (8), bytes of data (8), bytes of the first and of the second
 * path (2 each), first path, second path, data. Numbers are little-endian, as the machines this runs on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    ACKNOWLEDGED = 'A',
    FILE_MADE = 'C',
    FOLDER_MADE = 'D',
    LENGTH_SET = 'L',
    RENAMED = 'N',
    RANGE_WRITTEN_BACK = 'R',
    SYNCED = 'S',
    REMOVED = 'U',
    WRITTEN = 'W',
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *acks;
static int log_file = -1;

/* The C library's own function of this name. */
#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static ssize_t real_write(int fd, const void *data, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return real(fd, data, length);
}

__attribute__((constructor)) static void begin(void) {
    REAL(int, "open64", const char *, int, ...);
    root = getenv("POWER_CUT_ROOT");
    acks = getenv("POWER_CUT_ACKS");
    const char *log = getenv("POWER_CUT_LOG");
    if (root && acks && log) log_file = real(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
}

static int below(const char *path) {
    size_t length = root ? strlen(root) : 0;
    return log_file >= 0 && !strncmp(path, root, length) && (path[length] == '/' || path[length] == 0);
}

static void put(const void *data, size_t length) {
    while (length) {
        ssize_t written = real_write(log_file, data, length);
        if (written <= 0) abort(); /* half a log would prove nothing */
        data = (const char *)data + written;
        length -= written;
    }
}

static void record(enum kind kind, uint64_t inode, uint64_t place, const char *first, const char *second,
                   const void *data, uint64_t length) {
    char header[29];
    uint16_t first_length = strlen(first), second_length = strlen(second);
    header[0] = kind;
    memcpy(header + 1, &inode, 8);
    memcpy(header + 9, &place, 8);
    memcpy(header + 17, &length, 8);
    memcpy(header + 25, &first_length, 2);
    memcpy(header + 27, &second_length, 2);
    put(header, sizeof header);
    put(first, first_length);
    put(second, second_length);
    put(data, length);
}

/* Whether this handle is a file or folder below the root, and which one. */
static int is_ours(int fd, uint64_t *inode) {
    char link[64], path[PATH_MAX];
    struct stat about;
    if (log_file < 0 || fstat(fd, &about) || !(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    *inode = about.st_ino;
    return below(path);
}

static int is_acks(int fd) {
    struct stat handle, file;
    return log_file >= 0 && !fstat(fd, &handle) && !stat(acks, &file) && handle.st_ino == file.st_ino
        && handle.st_dev == file.st_dev;
}

/* --- names --- */

static int open_recorded(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    struct stat about;
    if (!below(path) || !(flags & (O_CREAT | O_TRUNC))) return real(path, flags, mode);
    pthread_mutex_lock(&turn);
    int is_new = lstat(path, &about) != 0;
    int fd = real(path, flags, mode), error = errno;
    if (fd >= 0 && !fstat(fd, &about)) {
        if (is_new) record(FILE_MADE, about.st_ino, 0, path, "", NULL, 0);
        else if (flags & O_TRUNC) record(LENGTH_SET, about.st_ino, 0, "", "", NULL, 0);
    }
    pthread_mutex_unlock(&turn);
    errno = error;
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = va_arg(more, mode_t); \
        va_end(more); \
        return open_recorded(real, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    struct stat about;
    pthread_mutex_lock(&turn);
    int result = real(path, mode), error = errno;
    if (!result && below(path) && !stat(path, &about)) record(FOLDER_MADE, about.st_ino, 0, path, "", NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return result;
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    pthread_mutex_lock(&turn);
    int result = real(from, to), error = errno;
    if (!result && below(from)) record(RENAMED, 0, 0, from, to, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return result;
}

#define REMOVE(name) \
    int name(const char *path) { \
        REAL(int, #name, const char *); \
        pthread_mutex_lock(&turn); \
        int result = real(path), error = errno; \
        if (!result && below(path)) record(REMOVED, 0, 0, path, "", NULL, 0); \
        pthread_mutex_unlock(&turn); \
        errno = error; \
        return result; \
    }
REMOVE(unlink)
REMOVE(rmdir)

/* --- content --- */

ssize_t write(int fd, const void *data, size_t length) {
    uint64_t inode;
    if (is_acks(fd)) {
        pthread_mutex_lock(&turn);
        record(ACKNOWLEDGED, 0, 0, "", "", data, length);
        pthread_mutex_unlock(&turn);
        return length;
    }
    if (!is_ours(fd, &inode)) return real_write(fd, data, length);
    pthread_mutex_lock(&turn);
    off_t at = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t written = real_write(fd, data, length);
    int error = errno;
    if (written > 0) record(WRITTEN, inode, at, "", "", data, written);
    pthread_mutex_unlock(&turn);
    errno = error;
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    uint64_t inode;
    if (!is_acks(fd) && !is_ours(fd, &inode)) return real(fd, parts, count);
    /* A short write is allowed: the caller goes on with the rest. */
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len) return write(fd, parts[i].iov_base, parts[i].iov_len);
    return 0;
}

#define PWRITE(name, offset_type) \
    ssize_t name(int fd, const void *data, size_t length, offset_type at) { \
        REAL(ssize_t, #name, int, const void *, size_t, offset_type); \
        uint64_t inode; \
        if (!is_ours(fd, &inode)) return real(fd, data, length, at); \
        pthread_mutex_lock(&turn); \
        ssize_t written = real(fd, data, length, at); \
        int error = errno; \
        if (written > 0) record(WRITTEN, inode, at, "", "", data, written); \
        pthread_mutex_unlock(&turn); \
        errno = error; \
        return written; \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define LENGTH(name, offset_type) \
    int name(int fd, offset_type length) { \
        REAL(int, #name, int, offset_type); \
        uint64_t inode; \
        if (!is_ours(fd, &inode)) return real(fd, length); \
        pthread_mutex_lock(&turn); \
        int result = real(fd, length), error = errno; \
        if (!result) record(LENGTH_SET, inode, length, "", "", NULL, 0); \
        pthread_mutex_unlock(&turn); \
        errno = error; \
        return result; \
    }
LENGTH(ftruncate, off_t)
LENGTH(ftruncate64, off64_t)

/* --- barriers --- */

#define SYNC(name) \
    int name(int fd) { \
        REAL(int, #name, int); \
        uint64_t inode; \
        if (!is_ours(fd, &inode)) return real(fd); \
        pthread_mutex_lock(&turn); \
        int result = real(fd), error = errno; \
        if (!result) record(SYNCED, inode, 0, "", "", NULL, 0); \
        pthread_mutex_unlock(&turn); \
        errno = error; \
        return result; \
    }
SYNC(fsync)
SYNC(fdatasync)

int sync_file_range(int fd, off64_t at, off64_t length, unsigned flags) {
    REAL(int, "sync_file_range", int, off64_t, off64_t, unsigned);
    uint64_t inode;
    int result = real(fd, at, length, flags), error = errno;
    if (!result && is_ours(fd, &inode)) {
        pthread_mutex_lock(&turn);
        record(RANGE_WRITTEN_BACK, inode, at, "", "", NULL, 0);
        pthread_mutex_unlock(&turn);
    }
    errno = error;
    return result;
}
