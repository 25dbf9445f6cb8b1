#!/usr/bin/env bash
# SPDX-License-Identifier: MIT-0
# gen_streams.sh OUTDIR: make camera-like test streams, the same bytes each time with the same
# ffmpeg. A second call with nothing changed does nothing.
set -euo pipefail
out=${1:?usage: gen_streams.sh OUTDIR}
self=$(realpath "${BASH_SOURCE[0]}")
mkdir -p "$out"
cd "$out"
stamp=$(cat "$self" <(ffmpeg -hide_banner -version | head -n 1) | sha256sum)
exec 9>.lock
flock 9
[ "$(cat .stamp 2>/dev/null)" = "$stamp" ] && exit 0
rm -f .stamp

# make FILE SIZE FPS SECONDS X264-PARAMS [ffmpeg options]: what a hardware encoder writes: no scene
# cuts, one fixed GOP, no B-frames unless asked for.
make() {
    local file=$1 size=$2 fps=$3 seconds=$4 params=$5
    shift 5
    ffmpeg -hide_banner -v error -nostdin -y -f lavfi -i "testsrc2=s=$size:r=$fps:d=$seconds" \
        -c:v libx264 -preset ultrafast -threads 1 -pix_fmt yuv420p -bf 0 -sc_threshold 0 \
        -fflags +bitexact -flags +bitexact "$@" -x264-params "threads=1:$params" "$file"
}

plain() { make plain.h264 1280x720 25 5 keyint=50:min-keyint=50; }
slices() { make slices4.h264 640x360 25 5 keyint=25:min-keyint=25:slices=4; }
aud() { make aud.h264 320x240 25 5 keyint=50:min-keyint=50:aud=1; }
filler() {
    make hrd_filler.h264 320x240 25 5 \
        keyint=25:min-keyint=25:nal-hrd=cbr:pic-struct=1:force-cfr=1 \
        -b:v 2000k -maxrate 2000k -bufsize 2000k
}
intra_refresh() { make intra_refresh.h264 320x240 25 6 intra-refresh=1:keyint=50; }
bframes() {
    make bframes.mp4 640x360 25 6 keyint=50:min-keyint=50:bframes=3:b-pyramid=normal:b-adapt=0 \
        -profile:v high
    ffmpeg -hide_banner -v error -nostdin -y -i bframes.mp4 -c copy -bsf:v h264_mp4toannexb bframes.h264
}
open_gop() { make open_gop.h264 320x240 25 6 keyint=25:min-keyint=25:bframes=2:b-adapt=0:open-gop=1; }
vfr() { # every other frame of the middle is missing, as at night, and the clock jitters
    make vfr.mp4 320x240 25 6 keyint=25:min-keyint=25 -video_track_timescale 90000 -fps_mode vfr -enc_time_base 1:90000 \
        -vf "select='not(between(n,40,100)*mod(n,2))',settb=1/90000,setpts='PTS+270*mod(N*7,5)'"
}
slow() { make fps1.h264 320x240 1 12 keyint=2:min-keyint=2; }
fast() { make fps60.h264 320x240 60 4 keyint=60:min-keyint=60; }
interlaced() { make interlaced.h264 640x576 25 4 keyint=25:min-keyint=25:tff=1 -flags +bitexact+ildct+ilme; }
audio_only() {
    ffmpeg -hide_banner -v error -nostdin -y -f lavfi -i "sine=duration=1" -c:a aac \
        -fflags +bitexact -flags +bitexact audio_only.mp4
}
# Pictures and sound of a camera: sound FILE VIDEO-CODEC AUDIO-CODEC RATE [OPTION...]
sound() {
    local file=$1 video=$2 audio=$3 rate=$4
    ffmpeg -hide_banner -v error -nostdin -y -f lavfi -i "testsrc2=s=320x240:r=25:d=6" \
        -f lavfi -i "sine=frequency=440:sample_rate=$rate:duration=6" \
        -c:v "$video" -preset ultrafast -threads 1 -pix_fmt yuv420p -g 25 -bf 2 \
        -x265-params "log-level=none:keyint=25:min-keyint=25:bframes=2:pools=none:frame-threads=1" \
        -c:a "$audio" -fflags +bitexact -flags +bitexact "${@:5}" "$file"
}
sounds() {
    sound h264_aac.mp4 libx264 aac 44100
    sound h264_aac8.ts libx264 aac 8000
    sound h265_aac.mp4 libx265 aac 48000 -tag:v hvc1
    sound h265_opus.mkv libx265 libopus 48000
    sound h264_opus.mp4 libx264 libopus 48000
    sound h264_flac.mp4 libx264 flac 16000 -strict -2
    sound h264_alaw.mkv libx264 pcm_alaw 8000
    sound h265_mulaw.mkv libx265 pcm_mulaw 8000
    sound h264_ac3.ts libx264 ac3 48000
    sound h264_mp2.ts libx264 mp2 48000
    sound h264_pcm.mkv libx264 pcm_s16le 16000
    ffmpeg -hide_banner -v error -nostdin -y -i h265_aac.mp4 -map 0:v -c copy -bsf:v hevc_mp4toannexb plain.h265
}
all_idr() { make all_idr.h264 160x120 25 6 keyint=1:min-keyint=1; }
small() { make small.h264 320x240 25 4 keyint=50:min-keyint=50; }

for stream in plain slices aud filler intra_refresh bframes open_gop vfr slow fast interlaced audio_only sounds all_idr small; do
    "$stream"
done

# What encoders do to the bytes, not to the pictures.
python3 - <<'PY'
import re
START = re.compile(b'\0\0\0?\1')

def nals(name):
    return [n for n in START.split(open(name, 'rb').read()) if n]

def write(name, units, start=b'\0\0\0\1', after=b''):
    open(name, 'wb').write(b''.join(start + n + after for n in units))

def kind(n):
    return n[0] & 31

def flipped(n, *places):
    n = bytearray(n)
    for place, bit in places:
        n[place] ^= bit
    return bytes(n)

write('startcode3.h264', nals('slices4.h264'), b'\0\0\1')
write('trailing_zeros.h264', nals('slices4.h264'), after=b'\0\0\0')

plain, small = nals('plain.h264'), nals('small.h264')
sets = [n for n in plain if kind(n) in (7, 8)][:2]
write('sets_once.h264', sets + [n for n in plain if kind(n) not in (7, 8)])
write('resolution_change.h264', small + plain)

first, second = [i for i, n in enumerate(plain) if kind(n) == 5][:2]
write('no_keyframe_start.h264', sets + plain[first + 1:])

whole = open('plain.h264', 'rb').read()
open('truncated.h264', 'wb').write(whole[:len(whole) // 2 + 777])

# Encoders that say the same in every header, and that number everything anew.
class Bits:
    def __init__(self, n):
        raw = re.sub(b'\0\0\3', b'\0\0', n[1:])
        self.bits, self.at, self.out = ''.join(f'{x:08b}' for x in raw), 0, f'{n[0]:08b}'

    def u(self, count):
        self.at += count
        return int(self.bits[self.at - count:self.at], 2)

    def ue(self):
        zeros = self.bits.index('1', self.at) - self.at
        self.at += zeros
        return self.u(zeros + 1) - 1

    def put_ue(self, value):
        code = f'{value + 1:b}'
        self.out += '0' * (len(code) - 1) + code

    def copy(self, count=None):
        self.out += self.bits[self.at:self.at + count] if count else self.bits[self.at:].rstrip('0')
        self.at += count or 0

    def nal(self):
        bits = self.out + '0' * (-len(self.out) % 8)
        raw = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
        return re.sub(b'\0\0(?=[\0-\3])', b'\0\0\3', raw)

def frame_num_bits(sps): # baseline: profile, constraints, level, id, log2_max_frame_num_minus4
    b = Bits(sps)
    b.u(24)
    b.ue()
    return b.ue() + 4

def same_idr_pic_id(n, width):
    b = Bits(n)
    for _ in range(3):
        b.put_ue(b.ue())
    b.copy(width)
    b.ue()
    b.put_ue(0)
    b.copy()
    return b.nal()

def numbered(n, i): # seq_parameter_set_id 0 to 31, pic_parameter_set_id 0 to 56
    b = Bits(n)
    if kind(n) == 7:
        b.copy(24)
    elif kind(n) != 8:
        b.put_ue(b.ue())
        b.put_ue(b.ue())
    b.ue()
    b.put_ue(i % 32 if kind(n) == 7 else i % 57)
    if kind(n) == 8:
        b.ue()
        b.put_ue(i % 32)
    b.copy()
    return b.nal()

idrs = [n for n in nals('all_idr.h264') if kind(n) in (5, 7, 8)]
width = frame_num_bits(idrs[0])
write('same_idr_pic_id.h264', idrs[:2] + [same_idr_pic_id(n, width) for n in idrs if kind(n) == 5])
write('new_ids.h264', [numbered(n, i // 3) for i, n in enumerate(idrs)])

# Radio noise: single bits inside slices, behind their headers; the pictures suffer, the units stand.
write('bit_flips.h264', [flipped(n, (len(n) // 2, 0x10)) if i % 17 == 16 and kind(n) == 1 else n
                         for i, n in enumerate(plain)])
# A NAL unit header that cannot be (forbidden_zero_bit): what follows cannot be decoded to the next keyframe.
write('bad_header.h264', [flipped(n, (0, 0x80)) if i == first + 30 else n for i, n in enumerate(plain)])
PY
echo "$stamp" >.stamp
