#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""tool_s3_server.py DIR good|slow|busy|refuse|odd|echo|expired [PORT [CERTIFICATE]]:
an S3 with one mood, on a free port that it prints.

slow takes 0.1 s for each object; busy answers the first two of them with 503 SlowDown; refuse
answers all with 403 AccessDenied, odd with a code and a message that no format expects, echo and expired
with all that was sent. Objects lie below DIR; signatures are not looked at.
"""
import html
import http.server
import os
import ssl
import sys
import threading
import time
import urllib.parse

ERROR = "<Error><Code>{}</Code><Message>{}</Message><RequestId>1</RequestId></Error>"

ODD = ERROR.format('O"d\\d\n\xe9', "not\xff \x85\x1b[31m yours \xc2\x9b31m \x7f").replace(">1<", ">1\x1b]0;1\x07<")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    requests = 0

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if MOOD in ("echo", "expired"):
            return self.echo()
        with self.lock:
            Handler.requests += 1
            first = Handler.requests <= 2
        if MOOD == "slow":
            time.sleep(0.1)
        if MOOD == "refuse":
            return self.say(403, ERROR.format("AccessDenied", "not yours"))
        if MOOD == "odd":
            return self.say(403, ODD)
        if MOOD == "busy" and first:
            return self.say(503, ERROR.format("SlowDown", "later, please"))
        path = os.path.join(DIR, self.path.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(body)
        self.say(200, "")

    def do_HEAD(self):
        self.read()

    def do_DELETE(self):
        self.read()

    def do_GET(self):
        self.read()

    def read(self):
        if MOOD in ("echo", "expired"):
            return self.echo()
        if MOOD == "odd":
            return self.say(403, ODD)
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if "list-type" in query:
            return self.list(url.path.strip("/"), *(query.get(k, [""])[0] for k in ("prefix", "start-after", "delimiter")))
        path = os.path.join(DIR, urllib.parse.unquote(url.path).lstrip("/"))
        if not os.path.isfile(path):
            return self.say(404, ERROR.format("NoSuchKey", "not here"))
        with open(path, "rb") as file:
            self.say(200, file.read().decode("latin-1"))

    def list(self, bucket, prefix, after, delimiter):
        root = os.path.join(DIR, bucket)
        keys = [os.path.relpath(os.path.join(d, f), root) for d, _, files in os.walk(root) for f in files]
        folders = {k[:k.index("/", len(prefix)) + 1] for k in keys if k.startswith(prefix) and "/" in k[len(prefix):]}
        if not delimiter:
            folders = ()
        found = "".join(
            f"<Contents><Key>{k}</Key><Size>{os.path.getsize(os.path.join(root, k))}</Size>"
            "<LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>"
            for k in sorted(keys)
            if k.startswith(prefix) and k > after and not (delimiter and "/" in k[len(prefix):])
        )
        found += "".join(f"<CommonPrefixes><Prefix>{f}</Prefix></CommonPrefixes>" for f in sorted(folders))
        self.say(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>")

    def echo(self):
        """As S3 does, and what a careless server might do besides."""
        sent = html.escape(f"{self.command} {self.path}\n{self.headers}")
        parts = "StringToSign", "CanonicalRequest", "SignatureProvided", "Token-0"
        body = "".join(f"<{part}>{sent}</{part}>" for part in parts)
        code = "ExpiredToken" if MOOD == "expired" else "SignatureDoesNotMatch"
        self.say(403, f"<Error><Code>{code}</Code><Message>No: {sent}</Message>{body}<RequestId>1</RequestId></Error>")

    def say(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("ETag", '"x-1"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode("latin-1"))

    def log_message(self, *_):
        pass


DIR, MOOD = sys.argv[1:3]
PORT = int(sys.argv[3]) if len(sys.argv) > 3 else 0
server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
server.handle_error = lambda *_: None  # a client that leaves
server.serve_forever()
