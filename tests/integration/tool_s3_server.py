#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_s3_server.py DIR slow|busy|refuse: an S3 with one mood, on a free port that it prints.

slow takes 0.1 s for each object; busy answers the first two of them with 503 SlowDown; refuse
answers all with 403 AccessDenied. Objects lie below DIR; signatures are not looked at.
"""
import http.server
import os
import sys
import threading
import time

ERROR = "<Error><Code>{}</Code><Message>{}</Message><RequestId>1</RequestId></Error>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    requests = 0

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            Handler.requests += 1
            first = Handler.requests <= 2
        if MOOD == "slow":
            time.sleep(0.1)
        if MOOD == "refuse":
            return self.say(403, ERROR.format("AccessDenied", "not yours"))
        if MOOD == "busy" and first:
            return self.say(503, ERROR.format("SlowDown", "later, please"))
        path = os.path.join(DIR, self.path.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(body)
        self.say(200, "")

    def say(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("ETag", '"x-1"')
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


DIR, MOOD = sys.argv[1:]
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.handle_error = lambda *_: None  # a client that leaves
server.serve_forever()
