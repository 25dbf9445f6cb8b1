# SPDX-License-Identifier: MIT-0
"""serve_load.py PORT PID KIB N PATH: N connections from 127.0.0.2 and on that send nothing, half a request with a byte
more now and then, or do not read their answer; meanwhile a viewer from 127.0.0.1 polls a playlist. Prints how long it
waited, and the memory that each connection takes of process PID: KIB at most."""
import resource
import selectors
import socket
import sys
import time
import urllib.request

port, server, memory_max, wanted = (int(a) for a in sys.argv[1:5])
path = sys.argv[5]
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
words = [
    b"",
    b"GET /hls/cam-1/live.m3u8 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    b"G",
    b"GET " + path.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
]


def connect(number):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.bind(("127.0.0.%d" % (2 + number % 8), 0))
    s.settimeout(5)
    s.connect(("127.0.0.1", port))
    s.setblocking(False)
    s.send(words[number % len(words)] or b"")
    return s


def trickle():
    for s in slow[1 :: len(words)]:
        try:
            s.send(b"a")
        except OSError:
            pass


def memory():
    with open("/proc/%d/status" % server, encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def watch(seconds):
    """A viewer that connects anew for each list. Returns how long it waited for each, ascending, in ms."""
    waits = []
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        trickle()
        at = time.monotonic()
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path), timeout=5) as answer:
            assert answer.status == 200 and b"#EXTM3U" in answer.read()
        waits.append(1e3 * (time.monotonic() - at))
        time.sleep(0.05)
    return sorted(waits)


slow = []
alone = watch(2)
memory_before = memory()
begin = time.monotonic()
slow = [connect(n) for n in range(wanted)]
waits = watch(5)
each = (memory() - memory_before) / wanted
for words_of, ms in (("alone", alone), ("beside %d idle and slow connections" % wanted, waits)):
    print("a viewer %s waited %.1f ms (median), %.1f ms (longest)" % (words_of, ms[len(ms) // 2], ms[-1]))
print("%.1f KiB of the server's memory for each connection" % each)

# Those that never send a whole request are ended after 15 s, whatever they trickle.
open_still = selectors.DefaultSelector()
for s in (s for n, s in enumerate(slow) if n % len(words) != 3):
    open_still.register(s, selectors.EVENT_READ)
while open_still.get_map() and time.monotonic() - begin < 25:
    trickle()
    for key, _ in open_still.select(1):
        try:
            if key.fileobj.recv(4096) == b"":
                open_still.unregister(key.fileobj)
        except OSError:
            open_still.unregister(key.fileobj)
left = len(open_still.get_map())
print("%d slow ones are left after %.0f s" % (left, time.monotonic() - begin))
sys.exit(1 if left or waits[-1] > 2000 or each > memory_max else 0)
