#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""Matroska files whose time stamps are those of cameras and recorders that err, and what must become of them.

tool_times.py make CLIP.h264           write them all here: 0.mkv, 1.mkv, ...; print their names
tool_times.py check N FOLDER LIST      compare the times of the pictures recorded, by the segments' names and PTS
"""
import json
import sys

PICTURES = 150


def steady(i):
    return 40 * i


def in_turn(*distances):
    """Distances from picture to picture, in turn."""
    def at(i):
        return sum(distances) * (i // len(distances)) + sum(distances[:i % len(distances)])
    return at


def wrong(every, first, by):
    return lambda i: steady(i) + (by if i % every == first else 0)


# name: (stamps, true times, timelines). A wrong stamp may leave its picture a frame away from where it belongs.
CASES = {
    "5 to 30 per second": (in_turn(33, 33, 34, 200, 100), None, 1),
    "one in 15 s": (in_turn(15000), None, 1),
    "skips up to 1.9 s": (in_turn(40, 40, 40, 1900, 40), None, 1),
    "5 s ahead": (wrong(50, 7, 5000), steady, 1),
    "ten hours ahead": (wrong(50, 7, 37600000), steady, 1),
    "half a second back": (wrong(50, 7, -500), steady, 1),
    "one keyframe ten hours ahead": (wrong(PICTURES, 100, 37600000), steady, 1),
    "steps back and stays": (lambda i: steady(i) - (500 if i >= 110 else 0), steady, 1),
    "pauses for 9 s before a keyframe": (lambda i: steady(i) + (9000 if i >= 100 else 0), None, 2),
    "pauses for 9 s inside a GOP": (lambda i: steady(i) + (9000 if i >= 110 else 0), None, 2),
    "an hour is missing": (lambda i: steady(i) + (3600000 if i >= 100 else 0), None, 2),
}


# ---- EBML, as little as it takes

def element(ident, *parts):
    body = b"".join(parts)
    return bytes.fromhex(ident) + (len(body) | 1 << 56).to_bytes(8, "big") + body


def number(ident, value):
    return element(ident, value.to_bytes(8, "big"))


def nal_units(stream):
    return [nal.rstrip(b"\0") for nal in stream.split(b"\0\0\1")[1:]]


def pictures_of(nals):
    """Access units of a stream with one slice a picture."""
    picture = []
    for nal in nals:
        picture.append(nal)
        if nal[0] & 31 in (1, 5):
            yield picture
            picture = []


def matroska(path, pictures, stamps, sps, pps):
    private = (b"\1" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big") + sps + b"\1" +
               len(pps).to_bytes(2, "big") + pps)
    track = element("ae", number("d7", 1), number("73c5", 1), number("83", 1), element("86", b"V_MPEG4/ISO/AVC"),
                    element("63a2", private), element("e0", number("b0", 320), number("ba", 240)))
    with open(path, "wb") as out:
        out.write(element("1a45dfa3", element("4282", b"matroska"), number("4287", 2), number("4285", 2)))
        out.write(bytes.fromhex("18538067" "01ffffffffffffff"))
        out.write(element("1549a966", number("2ad7b1", 1000000)))
        out.write(element("1654ae6b", track))
        for i, picture in enumerate(pictures):
            body = b"".join(len(nal).to_bytes(4, "big") + nal for nal in picture)
            key = any(nal[0] & 31 == 5 for nal in picture)
            block = b"\x81\0\0" + (b"\x80" if key else b"\0") + body
            out.write(element("1f43b675", number("e7", 100000000 + stamps(i)), element("a3", block)))


def make(clip):
    nals = nal_units(open(clip, "rb").read())
    sps = next(nal for nal in nals if nal[0] & 31 == 7)
    pps = next(nal for nal in nals if nal[0] & 31 == 8)
    pictures = list(pictures_of(nals))
    for i, (name, case) in enumerate(CASES.items()):
        matroska(f"{i}.mkv", (pictures * 2)[:PICTURES], case[0], sps, pps)
        print(i, name)


# ---- what was recorded

def pts_of(stream):
    """Of each PES packet of PID 0x100 (ISO/IEC 13818-1 2.4.3.6)."""
    for at in range(0, len(stream), 188):
        p = stream[at:at + 188]
        if p[1] & 0x5f == 0x41 and p[2] == 0:
            t = p[4 + (1 + p[4] if p[3] & 0x20 else 0) + 9:]
            yield (t[0] >> 1 & 7) << 30 | t[1] << 22 | t[2] >> 1 << 15 | t[3] << 7 | t[4] >> 1


def recorded_ms(folder, segments):
    for s in segments:
        pts = list(pts_of(open(f"{folder}/{s['key']}", "rb").read()))
        yield from (s["start_ms"] + (p - pts[0]) / 90 for p in pts)


def check(index, folder, listing):
    case, (stamps, true, timelines) = list(CASES.items())[int(index)]
    segments = [json.loads(line) for line in open(listing)]
    got = list(recorded_ms(folder, segments))
    want = [(true or stamps)(i) for i in range(PICTURES)]
    off = [g - got[0] - w for g, w in zip(got, want)]
    may = 2 if true is None or stamps is true else 41
    end = segments[-1]["start_ms"] + segments[-1]["duration_ms"] - got[-1]
    wrong = [f"{len(got)} pictures"] if len(got) != PICTURES else []
    wrong += [f"picture {i} is {o:.0f} ms late" for i, o in enumerate(off) if abs(o) > may][:1]
    if len({s["timeline"] for s in segments}) > timelines:
        wrong.append(f"{len({s['timeline'] for s in segments})} timelines")
    if abs(end - sorted(b - a for a, b in zip(want, want[1:]))[PICTURES // 2]) > 42:
        wrong.append(f"the last picture lasts {end:.0f} ms")
    sys.exit(f"FAILED: {case}: {', '.join(wrong)}" if wrong else 0)


{"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])
