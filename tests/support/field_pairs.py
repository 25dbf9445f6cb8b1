#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
# field_pairs.py FRAMES [GOP]: H.264 coded in fields (PAFF) on standard output: each frame is two pictures, of I_PCM
# macroblocks, which any decoder shows exactly. 32x32 pixels; an IDR picture each GOP frames. Rec. ITU-T H.264 7.3.
import sys


class Bits:
    def __init__(self):
        self.bits = []

    def u(self, value, count):
        self.bits += [value >> i & 1 for i in reversed(range(count))]

    def ue(self, value):
        length = (value + 1).bit_length()
        self.u(0, length - 1)
        self.u(value + 1, length)

    def align(self):
        self.bits += [0] * (-len(self.bits) % 8)

    def rbsp(self):
        self.u(1, 1)
        self.align()
        return bytes(int("".join(map(str, self.bits[i : i + 8])), 2) for i in range(0, len(self.bits), 8))


def nal(header, bits):
    out, zeros = bytearray(), 0
    for byte in bits.rbsp():
        if zeros == 2 and byte <= 3:  # emulation_prevention_three_byte
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes([header]) + bytes(out)


def sps():
    b = Bits()
    b.u(77, 8), b.u(0, 8), b.u(30, 8)  # main profile
    b.ue(0), b.ue(0), b.ue(0), b.ue(4)  # id, frame_num of 4 bits, order counts of 8
    b.ue(1), b.u(0, 1), b.ue(1), b.ue(0)  # 2 x 2 macroblocks
    b.u(0, 1), b.u(0, 1), b.u(1, 1), b.u(0, 1), b.u(0, 1)  # frame_mbs_only_flag 0
    return nal(0x67, b)


def pps():
    b = Bits()
    b.ue(0), b.ue(0), b.u(0, 2), b.ue(0), b.ue(0), b.ue(0), b.u(0, 3)
    b.ue(0), b.ue(0), b.ue(0), b.u(0, 3)
    return nal(0x68, b)


def field(frame, gop, bottom):
    place, idr = frame % gop, frame % gop == 0 and not bottom
    b = Bits()
    b.ue(0), b.ue(7), b.ue(0), b.u(place % 16, 4), b.u(1, 1), b.u(bottom, 1)
    if idr:
        b.ue(frame // gop % 2)
    b.u((2 * place + bottom) % 256, 8)
    b.u(0, 2 if idr else 1)  # dec_ref_pic_marking
    b.ue(0)  # slice_qp_delta
    for macroblock in range(2):
        b.ue(25)  # I_PCM
        b.align()
        for i in range(384):
            b.u(16 + (frame * 7 + bottom * 3 + macroblock + i // 8) % 200, 8)
    return nal(0x65 if idr else 0x61, b)


def main():
    frames, gop = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 25
    for frame in range(frames):
        if frame % gop == 0:
            sys.stdout.buffer.write(sps() + pps())
        sys.stdout.buffer.write(field(frame, gop, 0) + field(frame, gop, 1))


main()
