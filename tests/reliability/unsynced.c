/* SPDX-License-Identifier: MIT-0 */
/* LD_PRELOAD: remembers what of a folder would survive a loss of power. Nothing does but by fsync
 * or fdatasync: of a file its bytes, of a folder its names. What they make safe is noted in another
 * folder, of the same filesystem, and power_cut.py goes back to it:
 *   data.INODE    bytes of a file, when it was last synced
 *   pin.INODE     a link to it, so that no other file is given its number
 *   names.INODE   of a folder, when it was last synced: a line "INODE NAME" each
 * Environment: UNSYNCED_ROOT, the folder that is looked at, absolute, without links;
 * UNSYNCED_NOTES, the folder of the notes, empty at first. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_watched(int fd) {
    char link[64], path[PATH_MAX];
    const char *root = getenv("UNSYNCED_ROOT");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (!root || !getenv("UNSYNCED_NOTES") || n < 0)
        return false;
    path[n] = 0;
    size_t size = strlen(root);
    return strncmp(path, root, size) == 0 && (path[size] == '/' || !path[size]);
}

static void note_name(char path[PATH_MAX], const char *what, ino_t inode) {
    snprintf(path, PATH_MAX, "%s/%s.%" PRIuMAX, getenv("UNSYNCED_NOTES"), what, (uintmax_t)inode);
}

static bool copy_bytes(int fd, int out) {
    off_t at = 0;
    ssize_t n;
    while ((n = sendfile(out, fd, &at, 1 << 20)) > 0) {
    }
    return n == 0;
}

static bool copy_names(int fd, int out) {
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again >= 0 ? fdopendir(again) : NULL;
    if (!dir)
        return false;
    for (struct dirent *d; (d = readdir(dir));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            dprintf(out, "%" PRIuMAX " %s\n", (uintmax_t)d->d_ino, d->d_name);
    return closedir(dir) == 0;
}

/* A file written without O_RDONLY is read through another descriptor. */
static bool copy_file(int fd, ino_t inode, int out) {
    char link[64], pin[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    note_name(pin, "pin", inode);
    if (linkat(AT_FDCWD, link, AT_FDCWD, pin, AT_SYMLINK_FOLLOW) && errno != EEXIST)
        return false;
    int again = open(pin, O_RDONLY | O_CLOEXEC);
    bool done = again >= 0 && copy_bytes(again, out);
    if (again >= 0)
        close(again);
    return done;
}

/* A note is whole or not there: the process may be killed at any instant. */
static int note(int fd) {
    char path[PATH_MAX], temporary[PATH_MAX + 8];
    struct stat st;
    if (fstat(fd, &st))
        return -1;
    note_name(path, S_ISDIR(st.st_mode) ? "names" : "data", st.st_ino);
    snprintf(temporary, sizeof temporary, "%s.part", path);
    int out = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out < 0)
        return -1;
    bool done = S_ISDIR(st.st_mode) ? copy_names(fd, out) : copy_file(fd, st.st_ino, out);
    return close(out) == 0 && done && rename(temporary, path) == 0 ? 0 : -1;
}

int fsync(int fd);
int fsync(int fd) {
    return is_watched(fd) ? note(fd) : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd);
int fdatasync(int fd) {
    return is_watched(fd) ? note(fd) : (int)syscall(SYS_fdatasync, fd);
}
