# SPDX-License-Identifier: MIT-0
"""serve_fuzz.py CORPUS OPEN CLOSED TOKEN KEY SEED SECONDS: send mutations of the requests in CORPUS/http, with words of
CORPUS/request in them, and hold every answer against what may be answered. TOKEN opens cam-2 of the server CLOSED, of
which there is nothing; KEY is a segment of cam-1."""
import asyncio
import pathlib
import random
import re
import sys
import time
import urllib.parse
import urllib.request

corpus, open_server, closed_server, token, key, seed, seconds = sys.argv[1:]
corpus = pathlib.Path(corpus)
CONNECTIONS = 32
WORDS = [
    b"%00", b"%2f", b"..", b"/", b"%0d%0aX-Injected: 1", b"\r\n", b"\r\n\r\n", b"\n", b"\0", b"\xff", b"%", b"?", b"&", b"=",
    b"-1", b"18446744073709551616", b"9" * 400, b"A" * 2048, b"A" * 20000, b"\r\nHost: a", b"\r\nContent-Length: 9",
    b"\r\nTransfer-Encoding: chunked", b"\r\nRange: bytes=-1,0-", b"\r\nX-Forwarded-For: ::1", b"HTTP/1.0", b"HTTP/9.9",
    b"cam-1", b"cam-2", b"9999-12-31T23:59:59Z", b"NaN", b"share=",
]
# By exchange.c and views.c; 414, 431 and 505 by libmicrohttpd too. 503: when as many clips are made as may be at once.
ALLOWED = {100, 200, 204, 206, 304, 400, 401, 403, 404, 405, 413, 414, 416, 421, 431, 503, 505}


def make_link():
    asked = urllib.request.Request(
        closed_server + "/api/cameras/cam-2/share?start=2026-01-02T03:04:00Z&end=2026-01-02T03:04:04Z&expires=600",
        method="POST", headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return re.search(rb'"share":"([^"]+)"', answer.read()).group(1)


filled = {b"@TOKEN@": token.encode(), b"@KEY@": key.encode(), b"@SHARE@": make_link()}
requests = []
for path in sorted((corpus / "http").iterdir()):
    data = path.read_bytes()
    for name, value in filled.items():
        data = data.replace(name, value)
    requests.append(data)
words = WORDS + [path.read_bytes() for path in sorted((corpus / "request").iterdir())]
chance = random.Random(int(seed))


def mutate(data):
    for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        to = min(len(data), at + chance.choice((1, 2, 8, 64)))
        kind = chance.randrange(7)
        if kind == 0:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1:]
        elif kind == 1:
            data = data[:at] + data[to:]
        elif kind == 2:
            data = data[:to] + data[at:to] * chance.choice((1, 3, 300)) + data[to:]
        elif kind == 3:
            data = data[:at] + chance.choice(words) + data[at:]
        elif kind == 4:
            data = data[:at] + chance.choice(words) + data[to:]
        elif kind == 5:
            data = data[:at] + chance.choice(requests)[at:]
        else:
            data = data + chance.choice(requests)
        data = data[:65536] or b"\n"
    return data


def wrong(server, got):
    """What an answer must not be, or None."""
    if not got:
        return None
    if not re.match(rb"HTTP/1\.[01] \d\d\d ", got):
        return "no HTTP"
    status = int(got[9:12])
    head, _, body = got.partition(b"\r\n\r\n")
    if status not in ALLOWED:
        return "the status"
    if re.search(rb"(?im)^x-injected", head):
        return "an injected header"
    if b"root:" in body:
        return "a file of the machine"
    if server == closed_server and (b"cam-1" in got or re.search(rb"(?i)\r\ncontent-type: video", head)):
        return "another camera's"
    return None


async def exchange(server, data, counts):
    """Send, in pieces now and then; read what comes soon; go, now and then by a reset."""
    netloc = urllib.parse.urlsplit(server)
    reader, writer = await asyncio.open_connection(netloc.hostname, netloc.port)
    got = b""
    try:
        cut = chance.randrange(len(data)) if chance.random() < 0.2 else len(data)
        writer.write(data[:cut])
        if cut < len(data):
            await asyncio.sleep(0.01)
            writer.write(data[cut:])
        if chance.random() < 0.9:
            got = await asyncio.wait_for(reader.read(65536), 0.4)
    except (asyncio.TimeoutError, ConnectionError):
        pass
    if chance.random() < 0.5:
        writer.transport.abort()
    writer.close()
    status = got[9:12].decode("latin-1") or "none"
    counts[status] = counts.get(status, 0) + 1
    return wrong(server, got), got


async def run(counts, until):
    while time.monotonic() < until:
        server, data = chance.choice((open_server, closed_server)), mutate(chance.choice(requests))
        fault, got = await exchange(server, data, counts)
        if fault:
            raise AssertionError("%s answers with %s: %r to %r" % (server, fault, got[:600], data))


async def main():
    counts = {}
    until = time.monotonic() + float(seconds)
    await asyncio.gather(*(run(counts, until) for _ in range(CONNECTIONS)))
    return counts


seen = asyncio.run(main())
print("seed %s, %d requests: %s" % (seed, sum(seen.values()), ", ".join("%s %d" % s for s in sorted(seen.items()))))
missing = {"200", "206", "400", "401", "403", "404", "405", "413", "414", "421", "431"} - set(seen)
sys.exit("never answered: %s" % missing if missing else 0)
