/* SPDX-License-Identifier: MIT-0 */
/* Files and directories that survive a power failure, for a directory store and a spool. */
#ifndef S3HLS_BASE_DISK_H
#define S3HLS_BASE_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Map an errno to a status. */
int s3hls__disk_status(int code);

/* Permissions of new files (configured 0: 0600) and of the directories that hold them (x wherever
 * there is r). The process's umask applies. */
mode_t s3hls__disk_file_mode(uint32_t configured);
mode_t s3hls__disk_folder_mode(uint32_t configured);
/* @return false: it leaves the owner without access, or sets anything but rwx */
bool s3hls__disk_mode_ok(uint32_t configured);

/* Give a new file its name, so that a power failure leaves either the old file or the new one: sync
 * it, close it, rename it. The caller syncs the folder.
 * @param fd         opened as temporary in folder; closed
 * @param written    false: writing failed, with this errno; the temporary file is removed
 * @return 0
 *   -1: errno is set, and the temporary file is removed */
int s3hls__disk_commit(int folder, int fd, bool written, const char *temporary, const char *name);

/* Sync the names in a directory to the disk. Succeeds on a file system that does not support this
 * (EINVAL, ENOTSUP, ...).
 * @return 0
 *   -1: errno is set */
int s3hls__disk_sync_folder(int fd);

/* Create a directory and its parents, and sync each name in its parent.
 * @return 0: also when it exists
 *   -1: errno is set */
int s3hls__disk_make_folders(const char *path, mode_t mode);

#endif
