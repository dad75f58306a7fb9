/* Preloaded into a process: records what it asks the disk to do, or makes its syncs slower.
 *
 * MONOCYTE_SHIM_ROOT   only files under this directory are recorded
 * MONOCYTE_SHIM_LOG    where to: see recording.py for how a record is read
 * MONOCYTE_SHIM_DELAY  microseconds to add to each fsync and fdatasync, of any file
 *
 * A record is a header of eight 32-bit words (length of all of it, operation, file, offset low and
 * high, size, sequence, spare), then the bytes written or the paths, padded to 8. A file is known by
 * a number given when it is opened or created, not by its name: names change, files stay.
 * Writes are recorded after they were made, under one lock, so that the order of the log is an order
 * in which the disk could have seen them.
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
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum operation { OPEN = 1, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, SYNC_DIRECTORY, MARK };

#define MAX_DESCRIPTORS 4096
#define REAL(name) ((__typeof__(&name))real(#name))

static char root[PATH_MAX];
static size_t root_length;
static int log_fd = -1;
static long delay_us;

/* What all recorded processes share, one after the other or at once, in a file beside the log. */
static struct shared {
    uint32_t ready;
    pthread_mutex_t lock;
    uint32_t sequence;
    uint32_t file_count;
    /* Inode to number: a file that is opened twice is one file. */
    struct { dev_t device; ino_t inode; uint32_t number; } files[MAX_DESCRIPTORS];
} *shared;

static uint32_t of_descriptor[MAX_DESCRIPTORS]; /* 0: not recorded */
static unsigned char is_directory[MAX_DESCRIPTORS];

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) {
        fprintf(stderr, "shim: no %s\n", name);
        abort();
    }
    return found;
}

static void hold(void) {
    if (pthread_mutex_lock(&shared->lock) == EOWNERDEAD) pthread_mutex_consistent(&shared->lock);
}
static void let_go(void) { pthread_mutex_unlock(&shared->lock); }

static void log_bytes(const void *data, size_t size) {
    static ssize_t (*write_)(int, const void *, size_t);
    if (!write_) write_ = real("write");
    const char *at = data;
    while (size) {
        ssize_t done = write_(log_fd, at, size);
        if (done < 0) {
            if (errno == EINTR) continue;
            abort();
        }
        at += done;
        size -= (size_t)done;
    }
}

static void record(uint32_t operation, uint32_t file, uint64_t offset, uint64_t size,
                   const void *data, size_t length) {
    static const char zeros[8];
    size_t padded = (length + 7) & ~(size_t)7;
    uint32_t header[8] = {(uint32_t)(sizeof header + padded), operation, file, (uint32_t)offset,
                          (uint32_t)(offset >> 32), (uint32_t)size, ++shared->sequence, (uint32_t)length};
    int saved = errno;
    log_bytes(header, sizeof header);
    if (length) log_bytes(data, length);
    if (padded > length) log_bytes(zeros, padded - length);
    errno = saved;
}

static void share(const char *log) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.shared", log);
    int fd = REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) || REAL(ftruncate)(fd, sizeof *shared)) abort();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) abort();
    if (!shared->ready) {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&shared->lock, &attributes);
        shared->ready = 1;
    }
    close(fd);
}

__attribute__((constructor)) static void start(void) {
    const char *delay = getenv("MONOCYTE_SHIM_DELAY");
    const char *where = getenv("MONOCYTE_SHIM_ROOT");
    const char *log = getenv("MONOCYTE_SHIM_LOG");
    if (delay) delay_us = atol(delay);
    if (!where || !log) return;
    if (!realpath(where, root)) {
        perror("shim: root");
        abort();
    }
    root_length = strlen(root);
    int fd = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 512); /* out of the way of everybody's low numbers */
    close(fd);
    if (log_fd < 0) abort();
    share(log);
}

/* The path below the root, or NULL: directories are resolved, the last part need not exist. */
static const char *below(const char *path, char *out) {
    char directory[PATH_MAX], resolved[PATH_MAX];
    if (log_fd < 0 || !path || strlen(path) >= PATH_MAX) return NULL;
    if (realpath(path, resolved)) {
        snprintf(out, PATH_MAX, "%s", resolved);
    } else {
        snprintf(directory, sizeof directory, "%s", path);
        char *slash = strrchr(directory, '/');
        const char *name = slash ? slash + 1 : directory;
        const char *parent = slash ? (slash == directory ? "/" : directory) : ".";
        char kept[PATH_MAX];
        snprintf(kept, sizeof kept, "%s", name);
        if (slash) *slash = 0;
        if (!realpath(parent, resolved)) return NULL;
        if (snprintf(out, PATH_MAX, "%s/%s", resolved, kept) >= PATH_MAX) return NULL;
    }
    if (strncmp(out, root, root_length) || (out[root_length] != '/' && out[root_length])) return NULL;
    return out[root_length] ? out + root_length + 1 : out + root_length;
}

static uint32_t number_of(int fd, int *fresh) {
    struct stat status;
    *fresh = 0;
    if (fstat(fd, &status)) return 0;
    for (uint32_t i = 0; i < shared->file_count; i++)
        if (shared->files[i].inode == status.st_ino && shared->files[i].device == status.st_dev)
            return shared->files[i].number;
    if (shared->file_count == MAX_DESCRIPTORS) abort();
    shared->files[shared->file_count].device = status.st_dev;
    shared->files[shared->file_count].inode = status.st_ino;
    shared->files[shared->file_count].number = shared->file_count + 1;
    *fresh = 1;
    return ++shared->file_count;
}

static void forget_inode(const char *path) {
    struct stat status;
    if (stat(path, &status) || status.st_nlink > 1) return;
    for (uint32_t i = 0; i < shared->file_count; i++)
        if (shared->files[i].inode == status.st_ino && shared->files[i].device == status.st_dev)
            shared->files[i].inode = 0; /* the kernel may give the number to another file */
}

static void opened(int fd, const char *path, int flags) {
    char full[PATH_MAX];
    struct stat status;
    if (fd < 0 || fd >= MAX_DESCRIPTORS) return;
    of_descriptor[fd] = 0;
    is_directory[fd] = 0;
    const char *name = below(path, full);
    if (!name || fstat(fd, &status)) return;
    is_directory[fd] = S_ISDIR(status.st_mode);
    if (!is_directory[fd] && !S_ISREG(status.st_mode)) return;
    int fresh;
    of_descriptor[fd] = number_of(fd, &fresh);
    if (is_directory[fd]) return;
    record(OPEN, of_descriptor[fd], 0, (flags & O_CREAT) != 0, name, strlen(name));
    if (flags & O_TRUNC) record(TRUNCATE, of_descriptor[fd], 0, 0, NULL, 0);
}

static uint32_t recorded(int fd) {
    return log_fd >= 0 && fd >= 0 && fd < MAX_DESCRIPTORS ? of_descriptor[fd] : 0;
}

static int open_any(const char *symbol, int at, const char *path, int flags, mode_t mode) {
    int (*openat_)(int, const char *, int, ...) = real("openat");
    (void)symbol;
    if (log_fd < 0) return openat_(at, path, flags, mode);
    hold();
    int fd = openat_(at, path, flags, mode);
    int saved = errno;
    if (at == AT_FDCWD || path[0] == '/') opened(fd, path, flags);
    errno = saved;
    let_go();
    return fd;
}

#define MODE(flags, last)                                                                          \
    mode_t mode = 0;                                                                               \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
        va_list arguments;                                                                         \
        va_start(arguments, last);                                                                 \
        mode = va_arg(arguments, mode_t);                                                          \
        va_end(arguments);                                                                         \
    }

int open(const char *path, int flags, ...) {
    MODE(flags, flags)
    return open_any("open", AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE(flags, flags)
    return open_any("open64", AT_FDCWD, path, flags | O_LARGEFILE, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE(flags, flags)
    return open_any("openat", at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags, flags)
    return open_any("openat64", at, path, flags | O_LARGEFILE, mode);
}

int close(int fd) {
    int (*close_)(int) = real("close");
    if (recorded(fd)) {
        hold();
        of_descriptor[fd] = 0;
        let_go();
    }
    return close_(fd);
}

static ssize_t written(int fd, const void *data, ssize_t done, off_t offset) {
    if (done > 0)
        record(WRITE, of_descriptor[fd], (uint64_t)offset, (uint64_t)done, data, (size_t)done);
    return done;
}

ssize_t write(int fd, const void *data, size_t size) {
    static ssize_t (*write_)(int, const void *, size_t);
    if (!write_) write_ = real("write");
    if (!recorded(fd)) return write_(fd, data, size);
    hold();
    off_t before = lseek(fd, 0, SEEK_CUR);
    if (fcntl(fd, F_GETFL) & O_APPEND) before = lseek(fd, 0, SEEK_END);
    ssize_t done = written(fd, data, write_(fd, data, size), before);
    let_go();
    return done;
}

static ssize_t pwrite_any(int fd, const void *data, size_t size, off64_t offset) {
    static ssize_t (*pwrite_)(int, const void *, size_t, off64_t);
    if (!pwrite_) pwrite_ = real("pwrite64");
    if (!recorded(fd)) return pwrite_(fd, data, size, offset);
    hold();
    ssize_t done = written(fd, data, pwrite_(fd, data, size, offset), offset);
    let_go();
    return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    return pwrite_any(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    return pwrite_any(fd, data, size, offset);
}

/* What cannot be replayed must not pass by unseen. */
static void unsupported(int fd, const char *name) {
    if (!recorded(fd)) return;
    fprintf(stderr, "shim: %s of a recorded file cannot be replayed\n", name);
    abort();
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    unsupported(fd, "writev");
    return REAL(writev)(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    unsupported(fd, "pwritev");
    return REAL(pwritev)(fd, parts, count, offset);
}

static int truncate_any(int fd, off64_t size) {
    int (*ftruncate_)(int, off64_t) = real("ftruncate64");
    if (!recorded(fd)) return ftruncate_(fd, size);
    hold();
    int result = ftruncate_(fd, size);
    if (!result) record(TRUNCATE, of_descriptor[fd], 0, (uint64_t)size, NULL, 0);
    let_go();
    return result;
}
int ftruncate(int fd, off_t size) { return truncate_any(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncate_any(fd, size); }
int fallocate(int fd, int mode, off_t offset, off_t size) {
    unsupported(fd, "fallocate");
    return REAL(fallocate)(fd, mode, offset, size);
}
int posix_fallocate(int fd, off_t offset, off_t size) {
    unsupported(fd, "posix_fallocate");
    return REAL(posix_fallocate)(fd, offset, size);
}

static void slow(void) {
    if (delay_us <= 0) return;
    struct timespec pause = {delay_us / 1000000, (delay_us % 1000000) * 1000};
    nanosleep(&pause, NULL);
}

/* A sync covers what was written before it began; it is recorded when it has succeeded. */
static int sync_any(const char *name, int fd) {
    int (*sync_)(int) = real(name);
    uint32_t began = 0;
    if (recorded(fd)) {
        hold();
        began = shared->sequence;
        let_go();
    }
    int result = sync_(fd);
    slow();
    if (!result && recorded(fd)) {
        hold();
        record(is_directory[fd] ? SYNC_DIRECTORY : SYNC, of_descriptor[fd], began, 0, NULL, 0);
        let_go();
    }
    return result;
}
int fsync(int fd) { return sync_any("fsync", fd); }
int fdatasync(int fd) { return sync_any("fdatasync", fd); }

int rename(const char *from, const char *to) {
    int (*rename_)(const char *, const char *) = real("rename");
    char full_from[PATH_MAX], full_to[PATH_MAX], both[2 * PATH_MAX];
    const char *a = below(from, full_from), *b = below(to, full_to);
    if (!a || !b) return rename_(from, to);
    hold();
    forget_inode(to);
    int length = snprintf(both, sizeof both, "%s%c%s", a, 0, b);
    int result = rename_(from, to);
    if (!result) record(RENAME, 0, 0, 0, both, (size_t)length);
    let_go();
    return result;
}

static int unlink_any(int at, const char *path, int flags) {
    int (*unlinkat_)(int, const char *, int) = real("unlinkat");
    char full[PATH_MAX];
    const char *name = at == AT_FDCWD || path[0] == '/' ? below(path, full) : NULL;
    if (!name) return unlinkat_(at, path, flags);
    hold();
    forget_inode(path);
    int result = unlinkat_(at, path, flags);
    if (!result) record(UNLINK, 0, 0, 0, name, strlen(name));
    let_go();
    return result;
}
int unlink(const char *path) { return unlink_any(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlink_any(at, path, flags); }
