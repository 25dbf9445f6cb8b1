/* SPDX-License-Identifier: MIT-0 */
/* The parameter sets of a stream, kept unchanged, and where each must be written. There is an entry
 * for every id; when their bytes exceed the memory, the least recently used sets are dropped.
 *
 * A PPS refers to an SPS, and an H.265 SPS to a VPS: each is the parent of the set that refers to
 * it.
 *
 * A keyframe gets the sets that its group of pictures uses, as far as that is known when it begins:
 * those of its first slice, those that arrived with it, and those that slices inside pictures have
 * used before (H.264 7.4.1.2.3: no set may be between the slices of a picture). A set that a later
 * picture uses first is written before that picture. */
#ifndef S3HLS_CODEC_PARAMETER_SETS_H
#define S3HLS_CODEC_PARAMETER_SETS_H

#include "media/media.h"
#include "s3hls/status.h"
#include <stddef.h>

typedef struct s3hls__codec s3hls__codec;

enum { S3HLS__SETS_BYTES = 8 * 1024, S3HLS__SETS_MAX = 32 + 256 };

typedef struct s3hls__set_key {
    uint8_t kind;   /* s3hls__nal_kind: VPS, SPS or PPS */
    uint8_t id;     /* counted for each kind */
    uint8_t parent; /* id of its parent; 0: it has none */
} s3hls__set_key;

typedef struct s3hls__parameter_set {
    s3hls__set_key key;
    bool came;             /* since the newest picture began */
    bool written;          /* as it is now, since the newest keyframe */
    bool inside;           /* slices behind the first of a picture have used it */
    uint16_t offset, size; /* in bytes[] */
    uint32_t used;         /* when it was used or came last, by clock */
} s3hls__parameter_set;

typedef struct s3hls__parameter_sets {
    uint32_t count;
    uint32_t bytes_used;
    uint32_t generation;                        /* changes with every set that does */
    uint32_t clock;                             /* counts uses */
    s3hls__parameter_set sets[S3HLS__SETS_MAX]; /* VPS, SPS, PPS, each kind by id */
    uint8_t bytes[S3HLS__SETS_BYTES];
} s3hls__parameter_sets;

/* Keep a parameter set and replace the one of its kind and id. On failure the old one remains.
 * @return S3HLS_OK
 *   S3HLS_E_MALFORMED, S3HLS_E_UNSUPPORTED: as the codec's read_set()
 *   S3HLS_E_TOO_LARGE: it exceeds the memory */
int s3hls__sets_keep(s3hls__parameter_sets *s, const s3hls__codec *codec, const uint8_t *nal,
                     size_t size);

/* @return NULL: there is none */
const s3hls__parameter_set *s3hls__sets_find(const s3hls__parameter_sets *s, s3hls__nal_kind kind,
                                             uint8_t id);

typedef void s3hls__set_write(void *ctx, const uint8_t *nal, size_t size, s3hls__nal_kind kind);

/* Begin a picture whose first slice refers to this PPS. Calls write for each set that must precede
 * it, parents first, each kind by id. */
void s3hls__sets_begin_picture(s3hls__parameter_sets *s, uint8_t pps_id, bool keyframe,
                               s3hls__set_write *write, void *ctx);

/* Note that a further slice of the picture refers to this PPS. Calls write as above. */
void s3hls__sets_use_inside(s3hls__parameter_sets *s, uint8_t pps_id, s3hls__set_write *write,
                            void *ctx);

/* A decoder configuration record that is being written. */
typedef struct s3hls__record {
    uint8_t *data;
    size_t size, used; /* bytes */
    bool failed;       /* it does not fit */
} s3hls__record;

void s3hls__record_add(s3hls__record *r, const void *data, size_t size);
/* A set after its size in two bytes. */
void s3hls__record_add_set(s3hls__record *r, const s3hls__parameter_sets *s,
                           const s3hls__parameter_set *set);
/* All sets of a kind with this parent, after their number in so many bytes. */
void s3hls__record_add_sets(s3hls__record *r, const s3hls__parameter_sets *s, s3hls__nal_kind kind,
                            uint8_t parent, unsigned number_bytes);

#endif
