#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""flaky_s3.py DIR LOG PERCENT SEED: an S3 that fails at random, on a free port that it prints.

PERCENT of the requests fail, until SIGUSR1: 503, the connection reset before, in and after the body, stored but the
answer lost, no answer for 3 s. What is stored lies below DIR, whole as its Content-Length and SHA-256 say or not at
all, and is a line of LOG: KEY SIZE SHA-256 TAGS. Signatures are not looked at.
"""
import hashlib
import http.server
import os
import random
import signal
import socket
import struct
import sys
import threading
import time
import urllib.parse

FAULTS = ["busy", "busy", "before", "middle", "after", "lost", "lost", "silence"]
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>later, please</Message><RequestId>1</RequestId></Error>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()

    def do_PUT(self):
        fault, size = choose(), int(self.headers["Content-Length"])
        if fault == "before":
            return self.reset()
        body = self.rfile.read(size // 2 if fault == "middle" else size)
        if len(body) < size or fault == "after":
            return self.reset()
        if fault == "busy":
            return self.answer(503, SLOW_DOWN)
        if hashlib.sha256(body).hexdigest() != self.headers["x-amz-content-sha256"]:
            return self.answer(400, b"")
        if fault == "silence":
            time.sleep(3)
            return self.reset()
        with self.lock:
            store(urllib.parse.unquote(self.path.lstrip("/")), body, self.headers.get("x-amz-tagging", "-"))
        if fault == "lost":
            return self.reset()
        self.answer(200, b"")

    def do_HEAD(self):
        if choose():
            return self.reset()
        self.answer(404, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(body)

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def log_message(self, *_):
        pass


def recover(*_):
    global PERCENT
    PERCENT = 0


def choose():
    with Handler.lock:
        return RANDOM.choice(FAULTS) if RANDOM.random() * 100 < PERCENT else None


def store(key, body, tags):
    path = os.path.join(DIR, key)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "wb") as file:
        file.write(body)
    os.replace(path + ".part", path)
    os.write(LOG, f"{key} {len(body)} {hashlib.sha256(body).hexdigest()} {tags}\n".encode())


DIR, PERCENT = sys.argv[1], float(sys.argv[3])
LOG = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
RANDOM = random.Random(sys.argv[4])
signal.signal(signal.SIGUSR1, recover)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.handle_error = lambda *_: None  # a client that leaves
server.serve_forever()
