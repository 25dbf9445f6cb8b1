#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_rtsp_server.py CLIP.h264 FPS ENDING...: a camera for as many viewers, one at a time.

RTSP (RFC 2326) with RTP inside the connection, H.264 as in RFC 6184. Prints its port. Sends each
viewer the clip as fast as it is taken, then ends the connection ("end") or falls silent until the
viewer leaves ("stall"); "late" sends it from the second picture on, and ends the connection.
"described" is "end" with parameter sets in the description alone.

"live" sends it as a camera does: one GOP of a second after the other, each picture when it was
taken, for two seconds (or S3HLS_LIVE_SECONDS). "cached" is a relay that first sends at once the GOP that it has kept.
"audio" is "live" with audio that is announced and never comes. "keyless" never sends a keyframe, for
eight seconds. Each of them prints when the first
picture was taken, in seconds since 1970.
"""
import base64
import os
import re
import socket
import struct
import sys
import time

MTU = 1400
LIVE_SECONDS = int(os.environ.get("S3HLS_LIVE_SECONDS", "2"))
START_CODE = re.compile(b"\0\0\0?\1")


def rtp_payloads(nal):
    """A NAL unit as it is, or in fragments (FU-A, 5.8)."""
    if len(nal) <= MTU:
        return [nal]
    pieces = [nal[i : i + MTU] for i in range(1, len(nal), MTU)]
    indicator = nal[0] & 0xE0 | 28
    last = len(pieces) - 1
    return [
        bytes([indicator, nal[0] & 31 | (i == 0) << 7 | (i == last) << 6]) + piece
        for i, piece in enumerate(pieces)
    ]


def rtp_packets(nals, fps):
    """One slice a picture: what comes before a slice belongs to its picture."""
    sequence = stamp = 0
    for nal in nals:
        picture_ends = nal[0] & 31 in (1, 5)
        payloads = rtp_payloads(nal)
        for i, payload in enumerate(payloads):
            marker = picture_ends and i == len(payloads) - 1
            header = struct.pack(">BBHII", 0x80, 96 | marker << 7, sequence & 0xFFFF, stamp, 1)
            yield b"$\0" + struct.pack(">H", len(header + payload)) + header + payload
            sequence += 1
        if picture_ends:
            stamp += 90000 // fps


def live_packets(nals, fps, ending):
    """RTP packets of one GOP repeated, at the time of each picture."""
    places = [i for i, n in enumerate(nals) if n[0] & 31 in (1, 5)]
    gop = nals[: places[fps - 1] + 1]
    if ending == "keyless":
        gop = [n for n in nals if n[0] & 31 != 5] * 4
    begin = time.time() - (1 if ending == "cached" else 0)
    print(f"{begin:.3f}", flush=True)
    pictures = 0
    for packet in rtp_packets(gop if ending == "keyless" else gop * LIVE_SECONDS, fps):
        due = begin + pictures / fps
        time.sleep(max(0, due - time.time()))
        yield packet
        pictures += packet[5] >> 7  # the marker


def description(nals, ending):
    sets = [base64.b64encode(next(n for n in nals if n[0] & 31 == kind)).decode() for kind in (7, 8)]
    lines = [
        "v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 127.0.0.1", "t=0 0", "m=video 0 RTP/AVP 96",
        "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=" + ",".join(sets),
        "a=control:track1",
    ]
    if ending == "audio":
        lines += ["m=audio 0 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=control:track2"]
    return "\r\n".join(lines) + "\r\n"


def answer(method, nals, ending, channel):
    if method == "DESCRIBE":
        body = description(nals, ending)
        return f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    if method == "SETUP":
        return f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}\r\nSession: 1\r\n\r\n"
    return "Public: DESCRIBE, SETUP, PLAY\r\nSession: 1\r\n\r\n"


def first_slice(nals):
    return next(i for i, n in enumerate(nals) if n[0] & 31 in (1, 5))


def serve(viewer, nals, fps, ending):
    requests = viewer.makefile("rb")
    method = ""
    while method != "PLAY":
        lines = list(iter(lambda: requests.readline().rstrip(), b""))
        if not lines:
            return  # the viewer has left
        head = b"\n".join(lines).decode()
        method = head.split(" ", 1)[0]
        sequence = re.search(r"CSeq: *(\d+)", head).group(1)
        channel = (re.search(r"interleaved=(\S+)", head) or [None, "0-1"])[1]
        viewer.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{answer(method, nals, ending, channel)}".encode())
    if ending in ("live", "cached", "audio", "keyless"):
        packets = live_packets(nals, fps, ending)
    else:
        if ending == "described":
            nals = [n for n in nals if n[0] & 31 not in (7, 8)]
        packets = rtp_packets(nals[first_slice(nals) + 1 :] if ending == "late" else nals, fps)
    try:
        for packet in packets:
            viewer.sendall(packet)
        if ending != "stall":
            viewer.shutdown(socket.SHUT_WR)
        while requests.read(1):
            pass
    except (BrokenPipeError, ConnectionResetError):  # the viewer has left
        pass


def main(clip, fps, *endings):
    with open(clip, "rb") as file:
        nals = [n for n in START_CODE.split(file.read()) if n]
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    for ending in endings:
        viewer, _ = server.accept()
        with viewer:
            serve(viewer, nals, int(fps), ending)


if __name__ == "__main__":
    main(*sys.argv[1:])
