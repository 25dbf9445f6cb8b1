# SPDX-License-Identifier: MIT-0
"""serve_framing.py PORT [NGINX_PORT]: send requests whose begin or end may be read in two ways, as bytes. Each is refused
with 400 (413: a length beyond all) and the connection ended, whatever follows on it; nginx, where it is given, refuses the same."""
import re
import socket
import sys

HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
SECOND = HEAD + b"Connection: close\r\n\r\n"
REFUSED = {  # bytes, and whether nginx takes them all the same
    "the same Content-Length twice": HEAD + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "two Content-Lengths": HEAD + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
    "two Content-Lengths, the longer first": HEAD + b"Content-Length: 5\r\ncontent-length: 0\r\n\r\nhello",
    "a list of lengths": HEAD + b"Content-Length: 0, 0\r\n\r\n",
    "a signed length": HEAD + b"Content-Length: +0\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a hexadecimal length": HEAD + b"Content-Length: 0x0\r\n\r\n",
    "no length": HEAD + b"Content-Length:\r\n\r\n",
    "a length of 2^64": HEAD + b"Content-Length: 18446744073709551616\r\n\r\n",
    "length and coding": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
    "coding and length": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon of a length": HEAD + b"Content-Length : 5\r\n\r\nhello",
    "a space before the colon": HEAD + b"X-A : 0\r\n\r\n",
    "a tab before the colon": HEAD + b"X-A\t: 0\r\n\r\n",
    "a space in a name": HEAD + b"X A: 0\r\n\r\n",
    "an empty name": HEAD + b": x\r\n\r\n",
    "a control character in a name": HEAD + b"X\x01A: b\r\n\r\n",
    "NUL in a name": HEAD + b"X-A\0: b\r\n\r\n",
    "NUL in a value": HEAD + b"X-A: b\0c\r\n\r\n",
    "NUL at a value's end": HEAD + b"X-A: b\0\r\nX-B: c\r\n\r\n",
    "a continued value": HEAD + b"X-A: b\r\n c\r\n\r\n",
    "a continued value, by a tab": HEAD + b"X-A: b\r\n\tc\r\nX-B: d\r\n\r\n",
    "a continued length": HEAD + b"Content-Length:\r\n 5\r\n\r\nhello",
    "a first header that continues": b"GET /healthz HTTP/1.1\r\n X: a\r\nHost: localhost\r\n\r\n",
    "a lone CR in a value": HEAD + b"X-A: b\rX-B: c\r\n\r\n",
    "a lone CR before a length": HEAD + b"X-A: b\rContent-Length: 5\r\n\r\nhello",
    "two lone CR": HEAD + b"X-A: b\r\r" + SECOND,
    "a lone CR in the request line": b"GET /healthz HTTP/1.1\rHost: localhost\r\n\r\n",
    "NUL in the target": b"GET /healthz\0x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a control character in the target": b"GET /healthz?\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "DEL in the target": b"GET /healthz?\x7f HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a tab in the target": b"GET /healthz?\tz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no slash": b"GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "* of a server": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a method in lower case": b"get /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a method with another character": b"G@T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a method with a control character": b"G\x01T /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two Hosts": HEAD + b"Host: localhost\r\n\r\n",
    "no Host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "an empty Host": b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
    "a space in the Host": b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
    "a control character in the Host": b"GET /healthz HTTP/1.1\r\nHost: a\x01b\r\n\r\n",
    "a slash in the Host": b"GET /healthz HTTP/1.1\r\nHost: localhost/x\r\n\r\n",
}
STRICTER = {  # nginx takes these
    "a header without a colon": HEAD + b"XA\r\n\r\n",
    "lines that end with LF": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "a line that ends with LF": HEAD + b"X-A: b\nX-B: c\r\n\r\n",
}
TAKEN = {
    "a request": HEAD + b"\r\n",
    "an empty line before it": b"\r\n" + HEAD + b"\r\n",
    "an old one": b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n",
    "blanks around a value": HEAD + b"X-A:  \t b \t \r\nX-B:c\r\nX-C:\r\nX-D: \r\n\r\n",
    "a length of nothing": HEAD + b"Content-Length: 0\r\n\r\n",
    "a length of nothing in two digits": HEAD + b"Content-Length: 00\r\n\r\n",
    "other characters in a name": HEAD + b"X_(A: b\r\nX\xff: c\r\n\r\n",
    "other characters in a value": HEAD + b"X-A: b\x01\x7f\xff: c\r\n\r\n",
    "parameters": b"GET /healthz?a=b&c&=d%20 HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; c\r\n\r\n",
    "many headers": HEAD + b"".join(b"X-%d: %s\r\n" % (i, b"v" * i) for i in range(60)) + b"\r\n",
}


def ask(port, data, pieces=1):
    """Statuses of all answers, and whether the connection was ended."""
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        got, ended = b"", True
        for i in range(pieces):
            s.sendall(data[len(data) * i // pieces:len(data) * (i + 1) // pieces])
        try:
            s.settimeout(10)
            while True:
                more = s.recv(65536)
                if not more:
                    break
                got += more
                if b"\r\n\r\nok\n" in got:
                    s.settimeout(0.1)  # does another come?
        except socket.timeout:
            ended = False
        except ConnectionError:
            pass
        return [int(n) for n in re.findall(rb"(?m)^HTTP/1\.[01] (\d\d\d) [A-Z]", got)], ended


port = int(sys.argv[1])
nginx = int(sys.argv[2]) if len(sys.argv) > 2 else None
for what, data in {**REFUSED, **STRICTER}.items():
    # what comes behind it is not answered
    for sent, pieces in ((data, 1), (data + SECOND, 1), (data, 7)):
        got, ended = ask(port, sent, pieces)
        assert got and set(got) <= {400, 413} and ended, "%s: %s, %s" % (what, got, "ended" if ended else "open")
    if nginx and what in REFUSED:
        got, ended = ask(nginx, data)
        assert got and got[0] >= 400 and ended, "nginx takes %s: %s" % (what, got)
for what, data in TAKEN.items():
    for pieces in (1, 9):
        for server in filter(None, (port, nginx)):
            got, _ = ask(server, data, pieces)
            assert got == [200], "%s: %s" % (what, got)
print("ok: %d requests refused, %d taken%s" % (len(REFUSED) + len(STRICTER), len(TAKEN), ", as by nginx" if nginx else ""))
