/* SPDX-License-Identifier: MIT-0 */
/* rtsp_cameras CLIP.h264 FPS: any number of live cameras in one thread, for load and soak tests.
 * RTSP (RFC 2326) with RTP inside the connection (RFC 6184). Prints its port, and serves until it
 * is ended. The clip repeats; it begins with SPS, PPS and a keyframe, and each picture is one
 * slice. The path selects how a camera behaves: live     as a camera does flood    ten times as
 * fast stall    silent after five seconds, in the middle of a picture drop     ends the connection
 * every second damage   one packet in 200 is missing chaos    any of these, for seconds each, from
 * the seed in the path ("chaos17") */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MTU = 1400,
    CAMERAS = 512,
    PICTURES_MAX = 10000,
    OUT_BYTES = 1 << 20,
    IN_BYTES = 4096,
    TICK_MS = 10
};
enum { LIVE, FLOOD, STALL, DROP, DAMAGE, KINDS, CHAOS = KINDS };

typedef struct picture {
    const uint8_t
        *packets; /* RTP packets in frames of RFC 2326 10.12; sequence and time are filled in */
    size_t size;
} picture;

static picture pictures[PICTURES_MAX];
static size_t picture_count;
static double fps;
static char description[1024];

/* ---- the clip */

static size_t put_packet(uint8_t *to, bool last, const uint8_t *head, size_t head_size,
                         const uint8_t *data, size_t size) {
    size_t all = 12 + head_size + size;
    const uint8_t header[16] = {
        '$', 0, (uint8_t)(all >> 8), (uint8_t)all, 0x80, (uint8_t)(96 | last << 7), [15] = 1};
    memcpy(to, header, sizeof header);
    memcpy(to + 16, head, head_size);
    memcpy(to + 16 + head_size, data, size);
    return 16 + head_size + size;
}

/* A NAL unit as it is, or in fragments (FU-A). */
static size_t put_nal(uint8_t *to, const uint8_t *nal, size_t size, bool last) {
    uint8_t *at = to;
    if (size <= MTU)
        return put_packet(to, last, nal, 0, nal, size);
    for (size_t done = 1; done < size;) {
        size_t n = size - done < MTU ? size - done : MTU;
        bool begins = done == 1, ends = done + n == size;
        uint8_t head[2] = {(uint8_t)((nal[0] & 0xE0) | 28),
                           (uint8_t)((nal[0] & 31) | begins << 7 | ends << 6)};
        at += put_packet(at, last && ends, head, 2, nal + done, n);
        done += n;
    }
    return (size_t)(at - to);
}

static void base64(char *to, const uint8_t *from, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t v = (uint32_t)from[i] << 16 | (i + 1 < size ? from[i + 1] << 8 : 0) |
                     (i + 2 < size ? from[i + 2] : 0);
        for (int k = 0; k < 4; k++)
            *to++ = i + (size_t)k > size ? '=' : digits[v >> (18 - 6 * k) & 63];
    }
    *to = 0;
}

static const uint8_t *next_code(const uint8_t *at, const uint8_t *end) {
    while (end - at > 3 && !(at[0] == 0 && at[1] == 0 && at[2] == 1))
        at++;
    return end - at > 3 ? at : end;
}

static bool read_clip(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(64 << 20), *packets = malloc(96 << 20), *begin = packets;
    char sets[2][256] = {"", ""};
    size_t size = file && data && packets ? fread(data, 1, 64 << 20, file) : 0;
    const uint8_t *end = data + size, *at = next_code(data, end);
    while (at < end && picture_count < PICTURES_MAX) {
        const uint8_t *nal = at + 3, *next = next_code(nal, end), *stop = next;
        while (stop > nal && stop[-1] == 0)
            stop--;
        int type = nal[0] & 31;
        bool slice = type == 1 || type == 5;
        if ((type == 7 || type == 8) && stop - nal < 150)
            base64(sets[type - 7], nal, (size_t)(stop - nal));
        packets += put_nal(packets, nal, (size_t)(stop - nal), slice);
        if (slice) {
            pictures[picture_count++] = (picture){begin, (size_t)(packets - begin)};
            begin = packets;
        }
        at = next;
    }
    snprintf(description, sizeof description,
             "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 127.0.0.1\r\nt=0 "
             "0\r\nm=video 0 RTP/AVP 96\r\n"
             "a=rtpmap:96 H264/90000\r\na=fmtp:96 "
             "packetization-mode=1;sprop-parameter-sets=%s,%s\r\na=control:track1\r\n",
             sets[0], sets[1]);
    return picture_count > 0;
}

/* ---- one camera */

typedef struct camera {
    int fd; /* -1: free */
    int kind, behaves;
    uint32_t seed;
    bool plays;
    double begin_s, until_s; /* of playing; of a behaviour of chaos */
    uint64_t pictures;       /* sent */
    uint16_t sequence;
    size_t used, in_used;
    char in[IN_BYTES];
    uint8_t *out;
} camera;

static camera cameras[CAMERAS];

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t chance(camera *c) {
    return c->seed = c->seed * 1664525 + 1013904223;
}

static void leave(camera *c) {
    close(c->fd);
    free(c->out);
    *c = (camera){.fd = -1};
}

static void add(camera *c, const void *data, size_t size) {
    if (c->used + size <= OUT_BYTES) {
        memcpy(c->out + c->used, data, size);
        c->used += size;
    }
}

static void add_picture(camera *c) {
    const picture *p = &pictures[c->pictures % picture_count];
    uint32_t stamp = (uint32_t)((double)c->pictures * 90000 / fps);
    if (c->used + p->size > OUT_BYTES) /* the viewer is slow: a picture is lost, as by a camera */
        return;
    for (size_t at = 0; at < p->size;) {
        size_t size = 4 + ((size_t)p->packets[at + 2] << 8 | p->packets[at + 3]);
        uint8_t *to = c->out + c->used;
        memcpy(to, p->packets + at, size);
        to[6] = (uint8_t)(c->sequence >> 8);
        to[7] = (uint8_t)c->sequence++;
        for (int i = 0; i < 4; i++)
            to[8 + i] = (uint8_t)(stamp >> (24 - 8 * i));
        if (c->behaves != DAMAGE || (chance(c) >> 8) % 200)
            c->used += size;
        at += size;
        if (c->behaves == STALL && now_s() - c->begin_s > 5)
            return; /* in the middle of a picture */
    }
}

static void play(camera *c) {
    double now = now_s(), age = now - c->begin_s;
    if (c->kind == CHAOS && now > c->until_s) {
        c->behaves = (chance(c) >> 8) % 4 ? LIVE : (int)((chance(c) >> 8) % KINDS);
        c->until_s = now + 1 + (chance(c) >> 8) % 10;
        if (c->behaves == FLOOD) /* its lead is not caught up with afterwards */
            c->behaves = DAMAGE;
    }
    if ((c->behaves == STALL && age > 5) || (c->behaves == DROP && age > 1)) {
        if (c->behaves == DROP)
            leave(c);
        return;
    }
    uint64_t due = (uint64_t)(age * fps * (c->behaves == FLOOD ? 10 : 1));
    for (; c->pictures < due; c->pictures++)
        add_picture(c);
}

static void answer(camera *c, char *request) {
    char text[2048], *cseq = strcasestr(request, "CSeq:"),
                     *channel = strcasestr(request, "interleaved=");
    char *host = strstr(request, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    static const char *const kinds[] = {"live", "flood", "stall", "drop", "damage", "chaos"};
    for (int i = 0; path && i <= CHAOS; i++)
        if (strncmp(path + 1, kinds[i], strlen(kinds[i])) == 0) {
            c->kind = c->behaves = i;
            c->seed = (uint32_t)strtoul(path + 1 + strlen(kinds[i]), NULL, 10) * 2654435761u + 1;
        }
    int n =
        snprintf(text, sizeof text, "RTSP/1.0 200 OK\r\nCSeq: %d\r\n", cseq ? atoi(cseq + 5) : 0);
    if (strncmp(request, "DESCRIBE", 8) == 0)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
                      strlen(description), description);
    else if (strncmp(request, "SETUP", 5) == 0)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "Transport: RTP/AVP/TCP;unicast;interleaved=%.3s\r\nSession: 1\r\n\r\n",
                      channel ? channel + 12 : "0-1");
    else
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\nSession: 1\r\n\r\n");
    add(c, text, (size_t)n);
    if (strncmp(request, "PLAY", 4) == 0) {
        c->plays = true;
        c->begin_s = now_s();
    }
}

/* @return false: the viewer has left */
static bool receive(camera *c) {
    char *end;
    ssize_t n = recv(c->fd, c->in + c->in_used, IN_BYTES - 1 - c->in_used, 0);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    c->in_used += (size_t)n;
    c->in[c->in_used] = 0;
    if (c->plays) { /* RTCP, TEARDOWN */
        bool ends = memmem(c->in, c->in_used, "TEARDOWN", 8) != NULL;
        c->in_used = 0;
        return !ends;
    }
    while ((end = strstr(c->in, "\r\n\r\n"))) {
        *end = 0;
        answer(c, c->in);
        c->in_used -= (size_t)(end + 4 - c->in);
        memmove(c->in, end + 4, c->in_used + 1);
    }
    return true;
}

static bool transmit(camera *c) {
    ssize_t n = c->used ? send(c->fd, c->out, c->used, MSG_NOSIGNAL) : 0;
    if (n < 0)
        return errno == EAGAIN;
    c->used -= (size_t)n;
    memmove(c->out, c->out + n, c->used);
    return true;
}

static void welcome(int listening) {
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    for (int i = 0; fd >= 0 && i < CAMERAS; i++)
        if (cameras[i].fd < 0) {
            cameras[i] = (camera){.fd = fd, .out = malloc(OUT_BYTES)};
            return;
        }
    if (fd >= 0)
        close(fd);
}

static void turn(int listening) {
    static struct pollfd polled[CAMERAS + 1];
    static camera *of[CAMERAS + 1];
    nfds_t count = 1;
    polled[0] = (struct pollfd){.fd = listening, .events = POLLIN};
    for (int i = 0; i < CAMERAS; i++)
        if (cameras[i].fd >= 0) {
            of[count] = &cameras[i];
            polled[count++] = (struct pollfd){.fd = cameras[i].fd, .events = POLLIN};
        }
    poll(polled, count, TICK_MS);
    if (polled[0].revents)
        welcome(listening);
    for (nfds_t i = 1; i < count; i++) {
        camera *c = of[i];
        bool here = !polled[i].revents || receive(c);
        if (here && c->plays)
            play(c);
        if (c->fd >= 0 && (!here || !transmit(c)))
            leave(c);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (argc != 3 || !read_clip(argv[1]) || (fps = atof(argv[2])) <= 0 ||
        bind(listening, (struct sockaddr *)&at, size) || listen(listening, CAMERAS) ||
        getsockname(listening, (struct sockaddr *)&at, &size)) {
        fprintf(stderr, "usage: rtsp_cameras CLIP.h264 FPS\n");
        return 2;
    }
    for (int i = 0; i < CAMERAS; i++)
        cameras[i].fd = -1;
    printf("%u\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;)
        turn(listening);
}
