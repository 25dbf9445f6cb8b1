#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""Times of pictures. Commands:

matroska CLIP.mp4 CLIP.h264 OUT STEP: the pictures STEP times as slow, in a file that states no duration of a picture
edits IN.mp4 OUT.mp4: two parts of it, by an edit list, each of which begins within a GOP
compare INPUT PLAYLIST: the pictures of the playlist have the distances of those that the input shows
order CLIP PLAYLIST: in decoding order, too
"""
import bisect
import re
import struct
import subprocess
import sys

NEAR_S = 0.00003  # two ticks of 90 kHz
INSTANT_S = 0.02  # pictures that are decoded and not shown lie so near to others


def probe(path, what):
    command = ["ffprobe", "-v", "error", "-threads", "1", "-select_streams", "v", "-show_entries", what, "-of", "csv=p=0", path]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [line.strip(",").split(",") for line in lines]


def packets(path):
    """Times of presentation in decoding order, None where there is none, and how many pictures are hidden."""
    lines = probe(path, "packet=pts_time,flags")
    shown = [line[0] for line in lines if "D" not in line[1]]
    return [None if time == "N/A" else float(time) for time in shown], len(lines) - len(shown)


def relative(times):
    return [time - min(times) for time in sorted(times)]


def nearest(times, time):
    at = bisect.bisect(times, time)
    return min(abs(time - other) for other in times[max(0, at - 1) : at + 1])


def compare(source, playlist):
    want, hidden = packets(source)
    count = len(want)
    partly = None in want
    if partly:  # the decoder's, which has none for the last ones
        want = [float(line[-1]) for line in probe(source, "frame=best_effort_timestamp_time") if line[-1] != "N/A"]
    got, _ = packets(playlist)
    if not hidden and len(got) != count:
        sys.exit(f"{source}: {count} pictures, {len(got)} recorded")
    want, got = relative(want), sorted(got)
    offsets = [time - got[0] for time in got if hidden and time - got[0] < 10] or [0]
    missing = []
    for offset in offsets:  # hidden pictures may come first
        rest = [time - got[0] - offset for time in got]
        missing = [time for time in want if nearest(rest, time) > NEAR_S]
        extra = [time for time in rest if nearest(want, time) > INSTANT_S and not (partly and time > want[-1])]
        if not missing and not extra:
            break
    else:
        sys.exit(f"{source}: nowhere near: {missing[:4]}, out of place: {extra[:4]}")
    if "#EXT-X-DISCONTINUITY\n" in open(playlist).read():
        sys.exit(f"{source}: a discontinuity")
    print(f"ok: {source}: {len(want)} times, {hidden} pictures hidden")


def order(clip, playlist):
    times = [packets(path)[0] for path in (clip, playlist)]
    if any(abs(a - times[0][0] - b + times[1][0]) > NEAR_S for a, b in zip(*times)):
        sys.exit(f"{playlist}: in another order than {clip}")


def vint(number):
    length = next(n for n in range(1, 9) if number < (1 << 7 * n) - 1)
    return (1 << 7 * length | number).to_bytes(length, "big")


def element(name, data):
    if isinstance(data, int):
        data = data.to_bytes(max(1, (data.bit_length() + 7) // 8), "big")
    return bytes.fromhex(name) + vint(len(data)) + data


def matroska(mp4, h264, out, step, first="0"):
    """first: of so many pictures those to which no other refers are left out."""
    nals = [n for n in re.split(b"\0\0\0?\1", open(h264, "rb").read()) if n]
    sps, pps = (next(n for n in nals if n[0] & 31 == kind) for kind in (7, 8))
    config = bytes([1]) + sps[1:4] + b"\xff\xe1" + struct.pack(">H", len(sps)) + sps + b"\1" + struct.pack(">H", len(pps)) + pps
    slices = [n for n in nals if n[0] & 31 in (1, 5)]
    times, _ = packets(mp4)
    track = element("d7", 1) + element("73c5", 1) + element("83", 1) + element("86", b"V_MPEG4/ISO/AVC")
    track += element("63a2", config) + element("e0", element("b0", 640) + element("ba", 360))
    body = element("1549a966", element("2ad7b1", 1000000) + element("4d80", b"test") + element("5741", b"test"))
    body += element("1654ae6b", element("ae", track))
    for i, (nal, time) in enumerate(zip(slices, times)):
        if i < int(first) and not nal[0] & 0x60:
            continue
        key = bytes([0x80 if nal[0] & 31 == 5 else 0])
        block = element("a3", b"\x81\0\0" + key + struct.pack(">I", len(nal)) + nal)
        body += element("1f43b675", element("e7", round(time * 1000 * int(step))) + block)
    head = element("42f7", 1) + element("42f2", 4) + element("42f3", 8) + element("4282", b"matroska") + element("4287", 4)
    open(out, "wb").write(element("1a45dfa3", head + element("4285", 2)) + element("18538067", body))


def edits(source, out):
    data = bytearray(open(source, "rb").read())
    at = data.index(b"elst") - 4
    size = struct.unpack(">I", data[at : at + 4])[0]
    first = struct.unpack(">i", data[at + 20 : at + 24])[0]
    scale = struct.unpack(">I", data[data.index(b"mdhd") + 16 :][:4])[0]
    parts = [(1000, 0.52), (2000, 2.6)]  # ms, begin
    table = b"".join(struct.pack(">IiI", ms, first + int(begin * scale), 65536) for ms, begin in parts)
    data[at : at + size] = struct.pack(">I4sII", 16 + len(table), b"elst", 0, len(parts)) + table
    for box in (b"edts", b"trak", b"moov"):
        box_at = data.index(box) - 4
        length = struct.unpack(">I", data[box_at : box_at + 4])[0]
        data[box_at : box_at + 4] = struct.pack(">I", length + 16 + len(table) - size)
    open(out, "wb").write(data)


globals()[sys.argv[1]](*sys.argv[2:])
