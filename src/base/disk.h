/* SPDX-License-Identifier: MIT-0 */
/* Files and folders that survive a loss of power: what a directory store and a spool share. */
#ifndef S3HLS_BASE_DISK_H
#define S3HLS_BASE_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The status of an errno. */
int s3hls__disk_status(int code);

/* Permissions of new files, or 0 for the default, 0600; of the folders they stand in: x is added
 * wherever there is r. The process's umask applies. */
mode_t s3hls__disk_file_mode(uint32_t configured);
mode_t s3hls__disk_folder_mode(uint32_t configured);
/* Does it leave the owner without access, or set anything but rwx? */
bool s3hls__disk_mode_ok(uint32_t configured);

/* Write the names in a folder to the disk. A filesystem that cannot do that (EINVAL, ENOTSUP, ...)
 * is no failure: its names are as safe as it makes them.
 * @return 0; -1: errno says why. */
int s3hls__disk_sync_folder(int fd);

/* Make a folder and those it stands in, each one's name synced in the folder above it.
 * @return 0, also where it is there already; -1: errno says why. */
int s3hls__disk_make_folders(const char *path, mode_t mode);

#endif
