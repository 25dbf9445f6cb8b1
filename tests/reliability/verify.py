#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""verify.py DIR: whether what the recordings below DIR promised is in the bucket.

DIR/bucket and DIR/log as flaky_s3.py leaves them; DIR/events/RUN, a file each run of the camera; DIR/seen, the
files that lay in the spool whenever a run ended (may be missing). Prints each broken promise, and the counts.
"""
import collections
import glob
import hashlib
import os
import re
import sys

DIR, PREFIX = sys.argv[1], "bucket/cam/"
KEY = re.compile(r"\d{4}/\d\d/\d\d/\d\d/\d\d/\d\d\.\d{3}-\d+-(\d+)-\d+\.(?:ts|m4s)$")
TRAILER = 24
broken = []


def segments_in_spool():
    """Key, object of each segment that was seen in the spool under its name."""
    for name in os.listdir(f"{DIR}/seen") if os.path.isdir(f"{DIR}/seen") else []:
        with open(f"{DIR}/seen/{name}", "rb") as file:
            data = file.read()
        trailer = data[-TRAILER:]
        size, tags = int.from_bytes(trailer[8:16], "little"), int.from_bytes(trailer[16:20], "little")
        if trailer[:8] != b"s3hlsSP1" or size + tags + TRAILER != len(data):
            broken.append(f"the spool: {name} is torn")
        yield name.replace("_", "/"), data[:size]


# What the server has taken.
stored, runs, requests = {}, collections.defaultdict(list), 0
with open(f"{DIR}/log") as file:
    for line in file:
        key, size, digest, tags = line.split()
        key = key.removeprefix(PREFIX)
        requests += 1
        if stored.setdefault(key, (int(size), digest)) != (int(size), digest):
            broken.append(f"the bucket: {key} was replaced by other bytes")
        if KEY.match(key):
            runs[int(tags.removeprefix("run="))].append(int(KEY.match(key)[1]))

# Each object is what was taken, once, under one number.
contents, numbers = {}, {}
for key, (size, digest) in stored.items():
    with open(f"{DIR}/bucket/{PREFIX}{key}", "rb") as file:
        data = file.read()
    if len(data) != size or hashlib.sha256(data).hexdigest() != digest:
        broken.append(f"the bucket: {key} is not what was stored")
    if KEY.match(key):
        number = KEY.match(key)[1]
        if contents.setdefault(digest, key) != key:
            broken.append(f"the bucket: {key} is {contents[digest]} again")
        if numbers.setdefault(number, key) != key:
            broken.append(f"the bucket: {key} and {numbers[number]} have the same number")

# Numbers rise from run to run.
last, last_run = 0, 0
for run, found in sorted(runs.items()):
    if min(found) <= last:
        broken.append(f"run {run} begins with {min(found)}, run {last_run} ended with {last}")
    last, last_run = max(found), run

# What was told, and what lay in the spool, is there.
counts = collections.Counter()
for path in glob.glob(f"{DIR}/events/*"):
    with open(path) as file:
        for line in file:
            event, key, size, status = line.split()
            counts[event] += 1
            if event in ("delivered", "spooled") and stored.get(key, (0,))[0] != int(size):
                broken.append(f"run {os.path.basename(path)}: {key} was {event}, and is not in the bucket")
            if event == "segment-lost":
                broken.append(f"run {os.path.basename(path)}: {key} was lost: {status}")
seen = 0
for key, data in segments_in_spool():
    seen += 1
    if stored.get(key) != (len(data), hashlib.sha256(data).hexdigest()):
        broken.append(f"{key} lay in the spool, and is not in the bucket as it was")

for line in broken[:20]:
    print("FAILED:", line)
if broken[20:]:
    print(f"FAILED: and {len(broken) - 20} more")
print(f"{len(runs)} runs: {len(numbers)} segments in the bucket, {requests} times stored; "
      f"{counts['delivered']} told as delivered, {counts['spooled']} as spooled, {seen} seen in the spool")
sys.exit(bool(broken))
