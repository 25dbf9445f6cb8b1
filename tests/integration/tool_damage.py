#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_damage.py CLIP.h264 CLIP.ts CLIP.mkv: inputs with damage, and inputs that only look like H.264, into the current
directory."""
import re
import struct
import sys

START = b"\0\0\0\1"


def kind(nal):
    return nal[0] & 31


def write(name, *parts):
    with open(name, "wb") as file:
        file.write(b"".join(parts))


def annex_b(nals):
    return b"".join(START + nal for nal in nals)


def pictures(nals):
    """One slice a picture."""
    picture = []
    for nal in nals:
        picture.append(nal)
        if kind(nal) in (1, 5):
            yield picture
            picture = []


def dahua(nals):
    """DHAV: a header and a trailer around each picture."""
    facts = b"\x81\0\4\x19\x80\0\x28\x1e"  # H.264, 25 pictures a second; 320x240
    for number, picture in enumerate(pictures(nals)):
        data = annex_b(picture)
        key = any(kind(n) == 5 for n in picture)
        size = 24 + len(facts + data) + 8
        yield struct.pack("<4sBBBBIIIHBB", b"DHAV", 0xFD if key else 0xFC, 0, 0, 0, number, size, 0x5A000000 + number, 0, len(facts), 0)
        yield facts + data + b"dhav" + struct.pack("<I", size)


def xiongmai(nals):
    """What look like NAL units with a forbidden bit, before each picture."""
    for picture in pictures(nals):
        data = annex_b(picture)
        if any(kind(n) == 5 for n in picture):
            yield b"\0\0\1\xfc" + struct.pack("<BBBBII", 2, 25, 40, 30, 0x12345678, len(data)) + data
        else:
            yield b"\0\0\1\xfd" + struct.pack("<I", len(data)) + data


def main(h264, ts, mkv):
    with open(h264, "rb") as file:
        nals = [n for n in re.split(b"\0\0\0?\1", file.read()) if n]
    packets = open(ts, "rb").read()
    matroska = open(mkv, "rb").read()
    write("lost.ts", *(packets[i : i + 188] for i in range(0, len(packets), 188) if i // 188 % 97 != 50))
    write("cut.ts", packets[: len(packets) // 376 * 188 + 37])
    write("cut.mkv", matroska[: len(matroska) // 2])
    write("head.mkv", matroska[:700])
    write("without_sps.h264", annex_b(n for n in nals if kind(n) not in (7, 8)))
    write("without_pps.h264", annex_b(n for n in nals if kind(n) != 8))
    write("without_key.h264", annex_b(n for n in nals if kind(n) != 5))
    write("lengths.h264", *(struct.pack(">I", len(n)) + n for n in nals))
    write("hevc.h264", annex_b([b"\x40\1\x0c", b"\x42\1\1", b"\x44\1\xc1", b"\x26\1\xaf" + bytes(range(64))] * 30))
    write("dahua.h264", *dahua(nals))
    write("xiongmai.h264", *xiongmai(nals))
    write("hikvision.mp4", b"IMKH\1\1\0\0", bytes(range(7, 200)) * 90)


main(*sys.argv[1:])
