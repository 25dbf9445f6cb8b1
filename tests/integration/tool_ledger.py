#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_ledger.py SUMMARY|EVENTS...: the ledger closes in each object of these files of JSON lines.

Accepted is what was delivered, is in the spool, waits and was dropped: of segments, and of bytes.
Prints the last one's counts: accepted delivered spooled waiting dropped.
"""
import json
import sys

PARTS = ("delivered", "spooled", "waiting", "dropped")
seen = 0
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        for line in file:
            counts = json.loads(line)
            if "segments_accepted" not in counts:
                continue
            seen += 1
            for what in ("segments_", "bytes_"):
                parts = [counts[what + part] for part in PARTS]
                if counts[what + "accepted"] != sum(parts):
                    sys.exit(f"{name}: the ledger of {what} does not close: {line}")
            if counts["retries"] != sum(counts["retries_by"].values()):
                sys.exit(f"{name}: retries by cause: {line}")
            last = [counts["segments_" + part] for part in ("accepted", *PARTS)]
if not seen:
    sys.exit(f"no counts in {sys.argv[1:]}")
print(*last)
