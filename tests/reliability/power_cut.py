#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""power_cut.py synced|newest: turn a folder into what a loss of power would have left of it.

synced: names as of the last fsync of their folder; newest: names as they are, the files' bytes written in part.
Either way a file has the bytes of its own last fsync, whatever was written since. Runs under unsynced.so, so that
what is left counts as synced from here on; environment as there.
"""
import os
import random
import shutil
import sys

ROOT, NOTES = os.environ["UNSYNCED_ROOT"], os.environ["UNSYNCED_NOTES"]
NEWEST = sys.argv[1] == "newest"
FOLDERS = {os.stat(folder).st_ino: folder for folder, _, _ in os.walk(ROOT)}


def read(what, inode):
    try:
        with open(f"{NOTES}/{what}.{inode}", "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def names(folder, inode):
    if NEWEST:
        return [(entry.inode(), entry.name) for entry in os.scandir(folder)]
    lines = (read("names", inode) or b"").decode().splitlines()
    return [(int(line.split(" ", 1)[0]), line.split(" ", 1)[1]) for line in lines]


def survivors(folder, inode):
    """What is left of a folder: names, each with bytes or a folder of its own."""
    left = {}
    for child, name in names(folder, inode):
        data = read("data", child)
        if child in FOLDERS:
            left[name] = survivors(FOLDERS[child], child)
        elif data is None and NEWEST:
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            left[name] = data[: random.randrange(len(data) + 1)]
        else:
            left[name] = data or b""
    return left


def write(folder, left):
    for name, what in left.items():
        path = os.path.join(folder, name)
        if isinstance(what, dict):
            os.mkdir(path)
            write(path, what)
        else:
            with open(path, "wb") as file:
                file.write(what)
                file.flush()
                os.fsync(file.fileno())
    fd = os.open(folder, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


left = survivors(ROOT, os.stat(ROOT).st_ino)
for folder in (ROOT, NOTES):
    for entry in list(os.scandir(folder)):
        shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
write(ROOT, left)
