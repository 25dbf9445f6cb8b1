/* SPDX-License-Identifier: MIT-0 */
/* Pictures that a container hides: if an edit list (MP4) begins within a GOP, the pictures before
 * it are decoded but not shown. A transport stream cannot express this.
 *
 *   as given:     K  h  h  h  h │ s  s  s  │ h  h      K: hidden keyframe, h: hidden, s: shown
 *   handed on:                Khhhh s  s  hh
 *
 * Hidden pictures that a shown picture requires are moved before the first shown picture, or after
 * the last one, and shortened to an instant. The others are omitted. The times of shown pictures
 * are unchanged. Pure. */
#ifndef S3HLS_INPUT_EDIT_LIST_H
#define S3HLS_INPUT_EDIT_LIST_H

#include "input/timestamps.h"

typedef struct s3hls__input_edit_list {
    void (*drop)(void *packet); /* called for a picture that is omitted */

    s3hls__input_picture *held; /* capacity; entries from next on are output, from ready on wait */
    size_t next, ready, count, capacity;
    bool leads;               /* the waiting pictures begin with a hidden keyframe */
    size_t first_shown;       /* index of the first shown picture among them; SIZE_MAX: none yet */
    int64_t last_dts;         /* of the pictures that do not wait */
    int64_t earliest, latest; /* PTS of the pictures shown since then; INT64_MAX: none */
} s3hls__input_edit_list;

void s3hls__input_edit_list_init(s3hls__input_edit_list *h, void (*drop)(void *packet));
/* Frees the held pictures, and drops their packets. */
void s3hls__input_edit_list_deinit(s3hls__input_edit_list *h);

/* Add the next picture in decoding order. It has both times if it or an earlier one is hidden.
 * @return false: out of memory. */
bool s3hls__input_edit_list_push(s3hls__input_edit_list *h, const s3hls__input_picture *x);
/* No more pictures follow. */
void s3hls__input_edit_list_end(s3hls__input_edit_list *h);
bool s3hls__input_edit_list_pop(s3hls__input_edit_list *h, s3hls__input_picture *out);

#endif
