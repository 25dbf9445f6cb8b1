#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_rtsp_access.py CLIP.h264 [OPTION...] SESSION...: a camera that is particular about who views it, and how.

Prints its port, then serves one viewer after the other, each as its SESSION says:
  end       sends the clip and ends the connection
  hold      sends the clip, and nothing more until the viewer leaves
  vp8       announces VP8
  audio     announces no video
  refuse    accepts no password
  busy      ends the connection at once
  to=URL    redirects there
  away=FILE listens to nobody until there is FILE
Options:
  --user NAME:PASSWORD   asks for them
  --auth KIND            as "digest" (RFC 7616 with MD5; the default) or "basic"
  --cert FILE            speaks TLS
Prints the name of each session, and "refused" for a viewer that leaves before it has said anything, who is no session.
  --only tcp|udp         refuses the other with 461
"""
import argparse
import base64
import hashlib
import os
import re
import socket
import ssl
import time

import tool_rtsp_server as camera


def description(nals, session):
    vp8 = session == "vp8"
    sets = [base64.b64encode(next(n for n in nals if n[0] & 31 == kind)).decode() for kind in (7, 8)]
    video = ["m=video 0 RTP/AVP 96", f"a=rtpmap:96 {'VP8' if vp8 else 'H264'}/90000", "a=control:track1"]
    if not vp8:
        video.append("a=fmtp:96 packetization-mode=1;sprop-parameter-sets=" + ",".join(sets))
    media = ["m=audio 0 RTP/AVP 8", "a=control:track1"] if session == "audio" else video
    return "\r\n".join(["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 127.0.0.1", "t=0 0"] + media) + "\r\n"


def digest(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def is_allowed(options, session, method, head):
    """The user's name and password are right."""
    if not options.user:
        return True
    name, password = options.user.split(":", 1)
    password = password if session != "refuse" else password + "not this"
    given = re.search(r"Authorization: (\w+) (.*)", head)
    if not given or given[1].lower() != options.auth:
        return False
    if options.auth == "basic":
        return base64.b64decode(given[2]).decode() == f"{name}:{password}"
    field = dict(re.findall(r'(\w+)="([^"]*)"', given[2]))
    want = digest(digest(name, "camera", password), "once", digest(method, field["uri"]))
    return field["username"] == name and field["response"] == want


def answer(options, session, method, head, nals):
    """Status and the rest of what is answered; and where RTP goes, from SETUP on."""
    if not is_allowed(options, session, method, head):
        challenge = 'Digest realm="camera", nonce="once"' if options.auth == "digest" else 'Basic realm="camera"'
        return f"401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\n\r\n", None
    if method == "DESCRIBE" and session.startswith("to="):
        return f"302 Moved\r\nLocation: {session[3:]}\r\n\r\n", None
    if method == "DESCRIBE":
        body = description(nals, session)
        return f"200 OK\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}", None
    if method != "SETUP":
        return "200 OK\r\nPublic: DESCRIBE, SETUP, PLAY\r\nSession: 1\r\n\r\n", None
    wanted = re.search(r"Transport: *(.*)", head)[1]
    over = "tcp" if "TCP" in wanted else "udp"
    if options.only not in ("", over):
        return "461 Unsupported Transport\r\n\r\n", None
    port = re.search(r"client_port=(\d+)", wanted)
    how = f"RTP/AVP;unicast;client_port={port[1]}-{int(port[1]) + 1};server_port=9-10" if port else wanted
    return f"200 OK\r\nTransport: {how}\r\nSession: 1\r\n\r\n", int(port[1]) if port else 0


def send(viewer, port, packet):
    if port:  # without what interleaving puts before it; no faster than a receiver takes it
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(packet[4:], ("127.0.0.1", port))
        time.sleep(0.003)
    else:
        viewer.sendall(packet)


def serve(viewer, options, session, nals):
    requests = viewer.makefile("rb")
    method, port = "", 0
    while method != "PLAY" and session != "busy":
        lines = list(iter(lambda: requests.readline().rstrip(), b""))
        if not lines:
            return method != ""  # the viewer has left
        head = b"\n".join(lines).decode()
        method = head.split(" ", 1)[0]
        sequence = re.search(r"CSeq: *(\d+)", head)[1]
        text, where = answer(options, session, method, head, nals)
        port = where or port
        viewer.sendall(("RTSP/1.0 " + text.replace("\r\n", f"\r\nCSeq: {sequence}\r\n", 1)).encode())
    if session != "busy":
        for packet in camera.rtp_packets(nals, 25):
            send(viewer, port, packet)
        time.sleep(0.3 if port else 0)  # what arrives first is the end of the connection
    while session == "hold" and requests.read(1):
        pass
    return True


def serve_next(server, tls, options, session, nals):
    """@return False: the viewer said nothing."""
    viewer, _ = server.accept()
    with viewer:
        try:
            viewer = tls.wrap_socket(viewer, server_side=True) if tls else viewer
        except OSError:
            return False
        with viewer:
            try:
                return serve(viewer, options, session, nals)
            except OSError:  # the viewer has left
                return True


def listen(port=0):
    return socket.create_server(("127.0.0.1", port))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clip")
    parser.add_argument("session", nargs="+")
    parser.add_argument("--user", default="")
    parser.add_argument("--auth", default="digest")
    parser.add_argument("--cert")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with open(options.clip, "rb") as file:
        nals = [n for n in camera.START_CODE.split(file.read()) if n]
    tls = None
    if options.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.cert)
    server = listen()
    port = server.getsockname()[1]
    print(port, flush=True)
    for session in options.session:
        if session.startswith("away="):
            server.close()
            while not os.path.exists(session[5:]):
                time.sleep(0.05)
            server = listen(port)
            continue
        while not serve_next(server, tls, options, session, nals):
            print("refused", flush=True)
        print(session, flush=True)


main()
