#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""netns_delay.py MILLISECONDS: hold each packet of netfilter's queue 0 for so long, in order.

netns.sh runs it in a namespace, for kernels without netem. Layouts: linux/netfilter/nfnetlink_queue.h.
"""
import collections
import os
import select
import socket
import struct
import sys
import time

NETLINK_NETFILTER, SUBSYSTEM_QUEUE = 12, 3
PACKET, VERDICT, CONFIG = (SUBSYSTEM_QUEUE << 8 | kind for kind in range(3))
NLMSG_ERROR, NLM_F_REQUEST, NLM_F_ACK, NF_ACCEPT = 2, 1, 4, 1


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def message(kind, flags, attributes):
    body = struct.pack(">BBH", socket.AF_UNSPEC, 0, 0) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags, 0, 0) + body


def configure(queue, attributes):
    queue.send(message(CONFIG, NLM_F_ACK, attributes))
    error, = struct.unpack_from("=i", queue.recv(65536), 16)
    if error:
        raise OSError(-error, os.strerror(-error))


def packet_ids(data):
    """The number of each packet that a datagram of netlink tells of: the first attribute's."""
    at = 0
    while at + 16 <= len(data):
        size, kind = struct.unpack_from("=IH", data, at)
        if kind == PACKET:
            yield struct.unpack_from(">I", data, at + 16 + 4 + 4)[0]
        at += size + 3 & ~3


def main():
    delay_s = float(sys.argv[1]) / 1000
    queue = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    queue.bind((0, 0))
    configure(queue, attribute(1, struct.pack(">BBH", 1, 0, 0)))  # bind to queue 0
    configure(queue, attribute(2, struct.pack(">IB", 0, 1)))  # of a packet, its number alone
    configure(queue, attribute(3, struct.pack(">I", 65536)))  # may hold so many
    queue.setblocking(False)
    print("ready", flush=True)
    held = collections.deque()
    while True:
        wait_s = max(0, held[0][0] - time.monotonic()) if held else None
        if select.select([queue], [], [], wait_s)[0]:
            due = time.monotonic() + delay_s
            held.extend((due, number) for number in packet_ids(queue.recv(65536)))
        while held and held[0][0] <= time.monotonic():
            verdict = struct.pack(">II", NF_ACCEPT, held.popleft()[1])
            queue.send(message(VERDICT, 0, attribute(2, verdict)))


if __name__ == "__main__":
    main()
