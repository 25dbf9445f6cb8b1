#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_rtsp_sound.py CLIP.h264 FPS SOUND.alaw DRIFT: a camera with sound for one viewer, in real time. Prints its port.

RTSP (RFC 2326) with RTP and sender reports inside the connection: H.264 (RFC 6184) and A-law at 8 kHz (RFC 3551). The
clock of the sound runs faster than that of the pictures by DRIFT (0.004: four thousandths), as the sender reports state.
"""
import re
import socket
import struct
import sys
import time

from tool_rtsp_server import START_CODE, rtp_packets

RATE, CHUNK = 8000, 320  # samples in a packet


def packets(nals, fps, sound, drift):
    """(seconds since the begin, bytes), in order."""
    at, events = 0.0, []
    for packet in rtp_packets(nals, fps):
        stamp = struct.unpack(">I", packet[8:12])[0]
        at = stamp / 90000
        events.append((at, packet))
    for n, i in enumerate(range(0, len(sound) - CHUNK, CHUNK)):
        payload = struct.pack(">BBHII", 0x80, 8 | (n == 0) << 7, n & 0xFFFF, i, 2) + sound[i : i + CHUNK]
        events.append(((i + CHUNK) / RATE / (1 + drift), b"$\2" + struct.pack(">H", len(payload)) + payload))
    return sorted(events, key=lambda e: e[0])


def report(channel, source, at, stamp):
    """A sender report (RFC 3550 6.4.1): this stamp is at that time."""
    ntp = at + 2208988800
    whole = int(ntp)
    body = struct.pack(">BBHIIIIII", 0x80, 200, 6, source, whole, int((ntp - whole) * 2**32), stamp, 0, 0)
    return b"$" + bytes([channel]) + struct.pack(">H", len(body)) + body


def play(viewer, nals, fps, sound, drift):
    begin, reported = time.time(), -10.0
    for at, packet in packets(nals, fps, sound, drift):
        time.sleep(max(0, begin + at - time.time()))
        if at - reported >= 1:
            reported = at
            viewer.sendall(report(1, 1, begin + at, int(at * 90000)))
            viewer.sendall(report(3, 2, begin + at, int(at * RATE * (1 + drift))))
        viewer.sendall(packet)


def serve(viewer, nals, fps, sound, drift):
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", "a=control:*"]
    lines += ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1", "a=control:track1"]
    lines += ["m=audio 0 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=control:track2"]
    text = "\r\n".join(lines) + "\r\n"
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            more = viewer.recv(4096)
            if not more:
                return
            data += more
        head, data = data.split(b"\r\n\r\n", 1)
        request = head.decode()
        method = request.split()[0]
        number = re.search(r"CSeq: *(\d+)", request, re.I).group(1)
        answer = ["RTSP/1.0 200 OK", f"CSeq: {number}", "Session: 1"]
        if method == "OPTIONS":
            answer += ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"]
        elif method == "SETUP":
            channel = "2-3" if "track2" in request else "0-1"
            answer += [f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}"]
        body = text if method == "DESCRIBE" else ""
        if body:
            answer += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        viewer.sendall(("\r\n".join(answer) + "\r\n\r\n" + body).encode())
        if method == "PLAY":
            play(viewer, nals, fps, sound, drift)
            return


def main():
    with open(sys.argv[1], "rb") as f:
        nals = [n for n in START_CODE.split(f.read()) if n]
    with open(sys.argv[3], "rb") as f:
        sound = f.read()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    viewer, _ = listener.accept()
    try:
        serve(viewer, nals, int(sys.argv[2]), sound, float(sys.argv[4]))
    except (BrokenPipeError, ConnectionResetError):
        pass


if __name__ == "__main__":
    main()
