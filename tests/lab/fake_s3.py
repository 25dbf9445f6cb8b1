#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""fake_s3.py DIR [CERTIFICATES]: a small strict S3 for the faults that a real one cannot be told to
have. README.md says how to drive it.

It listens on free ports of 127.0.0.1, writes what a client needs to DIR/env when it is ready, keeps
objects below DIR/objects, and logs each PUT to DIR/put.log as a line of JSON.
"""
import email.utils
import hashlib
import json
import os
import random
import select
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

import fake_sigv4
from fake_sigv4 import Refused

STATUS = {
    "AccessDenied": 403, "AuthorizationHeaderMalformed": 400, "BadDigest": 400,
    "BadGateway": 502, "ConditionalRequestConflict": 409, "EntityTooLarge": 400,
    "ExpiredToken": 400, "GatewayTimeout": 504, "IncompleteBody": 400, "InternalError": 500,
    "InvalidAccessKeyId": 403, "InvalidArgument": 400, "InvalidToken": 400, "MethodNotAllowed": 405,
    "MissingContentLength": 411, "MissingSecurityHeader": 400, "NoSuchBucket": 404,
    "NoSuchCORSConfiguration": 404, "NoSuchKey": 404, "NoSuchLifecycleConfiguration": 404,
    "NotImplemented": 501, "OK": 200, "OperationAborted": 409,
    "PermanentRedirect": 301, "PreconditionFailed": 412, "RequestTimeTooSkewed": 403,
    "RequestEntityTooLarge": 413, "RequestTimeout": 400, "ServiceUnavailable": 503, "SignatureDoesNotMatch": 403,
    "SlowDown": 503, "TemporaryRedirect": 307, "TokenRefreshRequired": 400,
    "TooManyRequests": 429, "XAmzContentSHA256Mismatch": 400,
}
PHASES = ("connect", "tls", "head", "body", "answer", "after")
# what servers make of S3: headers they refuse, listings in no order, pages of so many keys, tokens
# that stay the same or lead to nowhere, if-none-match that does not count
QUIRKS = {"refused_headers", "unsorted", "page_keys", "token", "overwrites"}
WAYS = ("silence", "reset", "close", "garbage", "slow", "certificate")


class Gone(Exception):
    """The connection is to be broken off, with what it was."""


class World:
    """What all connections share."""

    def __init__(self, folder, certificates):
        self.folder, self.lock = folder, threading.Lock()
        self.keys = {"AKIAS3HLSFAKE0000001": {"secret": "fake/secret+key/of/s3hls/0123456789"}}
        self.region, self.clock_s, self.faults, self.fired = "us-east-1", 0, [], {}
        self.quirks, self.requests = {}, {}
        self.listeners, self.open = [], set()
        self.context = self.load(certificates, "server")
        self.foreign = self.load(certificates, "other")
        self.log = open(f"{folder}/put.log", "a", buffering=1)

    @staticmethod
    def load(certificates, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{certificates}/{name}.pem", f"{certificates}/{name}.key")
        return context

    def now_s(self):
        return time.time() + self.clock_s

    def fault(self, wanted, method=None):
        """The first fault that is of this kind and whose turn it is, or None."""
        with self.lock:
            for fault in self.faults:
                if (wanted(fault) and method in fault.get("methods", [method])
                        and fault.get("count", 1) > 0 and random.random() < fault.get("share", 1)):
                    fault["count"] = fault.get("count", sys.maxsize) - 1
                    self.fired[fault["do"]] = self.fired.get(fault["do"], 0) + 1
                    return fault
        return None

    def control(self, orders):
        for fault in orders.get("faults", []):
            if fault["do"] not in STATUS and fault["do"] not in WAYS:
                raise ValueError(f"no such fault: {fault['do']}")
            if fault.get("phase", "head") not in PHASES:
                raise ValueError(f"no such phase: {fault['phase']}")
        with self.lock:
            if orders.get("quirks", {}).keys() - QUIRKS:
                raise ValueError(f"no such quirk: {orders['quirks'].keys() - QUIRKS}")
            for name in ("keys", "region", "clock_s", "faults", "quirks"):
                setattr(self, name, orders.get(name, getattr(self, name)))
        for listener in self.listeners if "refuse" in orders else ():
            listener.refuse(orders["refuse"])
        with self.lock:
            new_ones_fail = orders.get("refuse") or any(
                fault["do"] == "certificate" or fault.get("phase") in ("connect", "tls")
                for fault in self.faults)
            for connection in self.open if new_ones_fail else ():
                connection.end()
            return {"fired": self.fired, "faults": self.faults, "requests": self.requests}

    def path(self, bucket, key=""):
        path = os.path.normpath(f"{self.folder}/objects/{bucket}/{key}")
        if not path.startswith(f"{self.folder}/objects/"):
            raise Refused("InvalidArgument")
        return path


class Request:
    def __init__(self, head):
        line, *fields = head.decode("latin-1").split("\r\n")
        self.method, target, _ = line.split(" ")
        self.path, _, self.query = target.partition("?")
        self.headers = {}
        for field in fields:
            name, _, value = field.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        bucket, _, key = urllib.parse.unquote(self.path).lstrip("/").partition("/")
        self.bucket, self.key = bucket, key


class Connection:
    """One connection, from accept to its end, on a thread of its own."""

    def __init__(self, world, sock, tls, calm):
        self.world, self.sock, self.tls, self.calm = world, sock, tls, calm
        self.buffer, self.fault, self.request = b"", None, None

    def run(self):
        self.keep(not self.calm)
        try:
            self.sock.settimeout(60)
            self.take_fault(lambda f: f.get("phase") in ("connect", "tls"))
            self.at("connect")
            if self.tls:
                self.shake_hands()
            while self.serve():
                pass
        except (Gone, OSError, ValueError):
            pass
        finally:
            self.keep(False)
            self.sock.close()

    def keep(self, is_open):
        with self.world.lock:
            (self.world.open.add if is_open else self.world.open.discard)(self)

    def end(self):
        """From another thread: as if the cable were pulled, so not through TLS."""
        try:
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
        except OSError:
            pass

    # ---- faults

    def take_fault(self, wanted, method=None):
        self.fault = None if self.calm else self.world.fault(wanted, method)

    def at(self, phase):
        """Do what is to happen in this phase, if anything is."""
        fault = self.fault
        if not fault or fault.get("phase") != phase:
            return
        if fault["do"] == "silence":
            self.be_silent(fault.get("seconds", 3600))
            if fault.get("then") == "on":
                return
        if fault["do"] in ("silence", "reset"):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if fault["do"] in ("silence", "reset", "close"):
            raise Gone(fault["do"])
        if fault["do"] in STATUS:
            self.answer(fault["do"], end=True)
            raise Gone(fault["do"])

    def be_silent(self, seconds):
        """Read nothing, but end with the client."""
        end = time.monotonic() + seconds
        watch = select.poll()
        watch.register(self.sock.fileno(), select.POLLRDHUP)
        while (left := end - time.monotonic()) > 0 and not watch.poll(left * 1000):
            pass

    def shake_hands(self):
        if self.fault and self.fault.get("phase") == "tls":
            self.sock.recv(16384)  # the client's hello
            self.at("tls")
        self.take_fault(lambda f: f["do"] == "certificate")
        context = self.world.foreign if self.fault else self.world.context
        self.sock = context.wrap_socket(self.sock, server_side=True, suppress_ragged_eofs=False)

    # ---- a request

    def read(self, size):
        data = self.sock.recv(size)
        if not data:
            raise Gone("client")
        return data

    def serve(self):
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.read(65536)
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.request = request = Request(head)
        self.take_fault(lambda f: f.get("phase") not in ("connect", "tls")
                        and f["do"] != "certificate", request.method)
        if not self.fault or self.fault["do"] not in STATUS or "phase" in self.fault:
            self.at("head")
        if request.headers.get("expect") == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body, stored, said = b"", False, "none"
        try:
            body = self.read_body(int(request.headers.get("content-length", 0)))
            self.at("answer")
            stored, code, content = self.decide(body)
            self.at("after")
            said = code
            self.answer(code, **content)
        finally:
            if request.method == "PUT":
                self.note(body, stored, said)
        return "close" not in request.headers.get("connection", "")

    def read_body(self, size):
        fault = self.fault or {}
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        stop = size // 2 if fault.get("phase") == "body" else size
        piece = max(1, fault["bytes_per_s"] // 20) if fault.get("do") == "slow" else 65536
        while len(body) < size:
            if len(body) >= stop:
                self.at("body")
                stop = size
            body += self.read(min(piece, stop - len(body)))
            if fault.get("do") == "slow":
                time.sleep(0.05)
        return body

    def decide(self, body):
        """@return whether it was stored, the code, and what else the answer has."""
        try:
            fault = self.fault["do"] if self.fault else "OK"
            if fault != "OK" and fault in STATUS:
                raise Refused(fault, **self.elements(fault))
            fake_sigv4.check_head(self.request, self.world.keys, self.world.region,
                                  self.world.now_s())
            fake_sigv4.check_body(self.request, body, self.tls)
            method = getattr(self, "do_" + self.request.method, None)
            if not method:
                raise Refused("MethodNotAllowed")
            if not os.path.isdir(self.world.path(self.request.bucket)):
                raise Refused("NoSuchBucket")
            return self.request.method == "PUT", "OK", method(body)
        except Refused as refused:
            return False, refused.code, {"elements": refused.elements}

    def elements(self, code):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.world.now_s()))
        other = f"127.0.0.1:{self.world.other_port}"
        return {"PermanentRedirect": {"Endpoint": other, "Bucket": self.request.bucket},
                "TemporaryRedirect": {"Endpoint": other, "Bucket": self.request.bucket},
                "AuthorizationHeaderMalformed": {"Region": self.world.region},
                "RequestTimeTooSkewed": {"ServerTime": now,
                                         "MaxAllowedSkewMilliseconds": 900000}}.get(code, {})

    def note(self, body, stored, said):
        line = {"unix_s": round(time.time(), 3), "key": self.request.key, "bytes": len(body),
                "sha256": hashlib.sha256(body).hexdigest(), "answer": said, "stored": stored,
                "fault": self.fault and self.fault["do"]}
        with self.world.lock:
            self.world.log.write(json.dumps(line) + "\n")

    # ---- answers

    def answer(self, code, body=b"", headers=(), elements=None, end=False):
        status, fault = STATUS[code], (self.fault or {}).get("do")
        if status >= 300:
            inner = "".join(f"<{n}>{escape(str(v))}</{n}>" for n, v in (elements or {}).items())
            body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>as the '
                    f"test wants it</Message>{inner}<RequestId>FAKE1</RequestId></Error>").encode()
        head = [f"HTTP/1.1 {status} {code}", "Server: fake", "x-amz-request-id: FAKE1",
                f"Date: {email.utils.formatdate(self.world.now_s(), usegmt=True)}",
                *headers, f"Content-Length: {len(body)}", *(["Connection: close"] if end else [])]
        if status == 301:
            head.append(f"x-amz-bucket-region: {self.world.region}")
        if status == 307:
            head.append(f"Location: https://127.0.0.1:{self.world.other_port}{self.request.path}")
        if self.request.method == "HEAD":
            body = b""
        data = "\r\n".join([*head, "", ""]).encode() + body
        if fault == "garbage":
            data = b"\x15\x03\x01 this is no HTTP\n\n"
        cut = self.fault and self.fault.get("cut")
        if cut:
            data = data[:-(len(body) or len(data)) // 2]
        self.sock.sendall(data)
        if cut or fault == "garbage":
            raise Gone(fault)

    # ---- what S3 does

    def do_PUT(self, body):
        path = self.world.path(self.request.bucket, self.request.key)
        quirks = self.world.quirks
        for name in quirks.get("refused_headers", ()):
            if name in self.request.headers:
                raise Refused("NotImplemented", Header=name)
        if (self.request.headers.get("if-none-match") == "*" and os.path.exists(path)
                and not quirks.get("overwrites")):
            raise Refused("PreconditionFailed")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        part = f"{self.world.folder}/part-{threading.get_ident()}"
        with open(part, "wb") as file:
            file.write(body)
        os.rename(part, path)
        return {"headers": [f'ETag: "{hashlib.md5(body).hexdigest()}"']}

    def do_GET(self, _):
        if not self.request.key:
            return self.setting() or self.list()
        try:
            with open(self.world.path(self.request.bucket, self.request.key), "rb") as file:
                body = file.read()
        except OSError:
            raise Refused("NoSuchKey") from None
        return {"body": body, "headers": [f'ETag: "{hashlib.md5(body).hexdigest()}"']}

    do_HEAD = do_GET

    def do_DELETE(self, _):
        try:
            os.remove(self.world.path(self.request.bucket, self.request.key))
        except OSError:
            pass
        return {}

    def setting(self):
        setting = self.request.query.partition("=")[0]
        if setting == "location":
            return {"body": f"<LocationConstraint>{self.world.region}</LocationConstraint>".encode()}
        if setting in ("lifecycle", "cors"):
            raise Refused({"cors": "NoSuchCORSConfiguration",
                           "lifecycle": "NoSuchLifecycleConfiguration"}[setting])
        return None

    def list(self):
        query = dict(urllib.parse.parse_qsl(self.request.query))
        quirks = self.world.quirks
        with self.world.lock:
            self.world.requests["list"] = self.world.requests.get("list", 0) + 1
        root = self.world.path(self.request.bucket)
        after = query.get("start-after", "")
        names = sorted(os.path.relpath(f"{folder}/{name}", root)
                       for folder, _, files in os.walk(root) for name in files)
        names = [n for n in names if n.startswith(query.get("prefix", "")) and n > after]
        if quirks.get("unsorted"):
            names.sort(key=lambda name: hashlib.md5(name.encode()).hexdigest())
        token = query.get("continuation-token")
        if token:
            names = names[names.index(token) + 1:] if token in names else []
        page = names[:min(quirks.get("page_keys", 1000), int(query.get("max-keys", 1000)))]
        items = "".join(f"<Contents><Key>{urllib.parse.quote(name)}</Key><LastModified>"
                        f"2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;&quot;</ETag><Size>"
                        f"{os.path.getsize(f'{root}/{name}')}</Size></Contents>" for name in page)
        cut = len(page) < len(names)
        token = {"same": names[:1] and names[0], "nowhere": "nothing/of/that/name"}.get(
            quirks.get("token"), page and page[-1])
        token = f"<NextContinuationToken>{escape(token)}</NextContinuationToken>" if cut else ""
        return {"body": (f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult><Name>'
                         f"{self.request.bucket}</Name><EncodingType>url</EncodingType><KeyCount>"
                         f"{len(page)}</KeyCount><IsTruncated>{str(cut).lower()}</IsTruncated>"
                         f"{token}{items}</ListBucketResult>").encode()}


class Control(Connection):
    """PUT or POST of JSON, from this machine: what is to happen from now on."""

    def serve(self):
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.read(65536)
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.request = Request(head)
        body = self.read_body(int(self.request.headers.get("content-length", 0)))
        try:
            said = json.dumps(self.world.control(json.loads(body or b"{}"))).encode()
            self.answer("OK", body=said, end=True)
        except (ValueError, KeyError, TypeError) as error:
            self.answer("InvalidArgument", elements={"Why": error}, end=True)
        return False


class Listener:
    def __init__(self, world, tls, calm=False, kind=Connection):
        self.world, self.tls, self.calm, self.kind = world, tls, calm, kind
        self.refusing = False
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        # one that was asked for by its number is kept by a socket that is shut down
        self.sock = socket.create_server(("127.0.0.1", port), backlog=64)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)  # uploads feel a stop soon
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def refuse(self, refuse):
        """A listening socket that is shut down keeps its port and refuses."""
        if refuse != self.refusing:
            self.refusing = refuse
            if refuse:
                self.sock.shutdown(socket.SHUT_RDWR)
            else:
                self.sock.listen(64)

    def listen(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                time.sleep(0.02)
                continue
            connection = self.kind(self.world, sock, self.tls, self.calm)
            threading.Thread(target=connection.run, daemon=True).start()


def main():
    parent = os.getppid()  # ends with the one that began it
    folder = os.path.realpath(sys.argv[1])
    certificates = sys.argv[2] if len(sys.argv) > 2 else f"{folder}/tls"
    here = os.path.dirname(os.path.realpath(__file__))
    os.makedirs(f"{folder}/objects/recordings", exist_ok=True)
    subprocess.run([f"{here}/certificates.sh", certificates], check=True)
    world = World(folder, certificates)
    http, https = Listener(world, tls=False), Listener(world, tls=True)
    world.listeners = [http, https]
    world.other_port = Listener(world, tls=True, calm=True).port
    control = Listener(world, tls=False, calm=True, kind=Control)
    access_key, key = next(iter(world.keys.items()))
    env = {"S3HLS_LAB_ENDPOINT": f"http://127.0.0.1:{http.port}",
           "S3HLS_LAB_ENDPOINT_TLS": f"https://127.0.0.1:{https.port}",
           "S3HLS_LAB_ENDPOINT_CALM": f"https://127.0.0.1:{world.other_port}",
           "S3HLS_LAB_CONTROL": f"http://127.0.0.1:{control.port}/_control",
           "S3HLS_LAB_CA": f"{certificates}/ca.pem", "S3HLS_LAB_BUCKET": "recordings",
           "S3HLS_LAB_REGION": world.region, "AWS_DEFAULT_REGION": world.region,
           "AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": key["secret"]}
    with open(f"{folder}/env.part", "w") as file:
        file.writelines(f"export {name}={value}\n" for name, value in env.items())
    os.rename(f"{folder}/env.part", f"{folder}/env")
    while os.getppid() == parent:
        time.sleep(0.5)


if __name__ == "__main__":
    main()
