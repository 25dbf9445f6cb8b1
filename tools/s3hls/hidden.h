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
#ifndef TOOL_HIDDEN_H
#define TOOL_HIDDEN_H

#include "pictures.h"

typedef struct hidden {
    void (*drop)(void *packet); /* called for a picture that is omitted */

    picture *held; /* capacity; entries from next on are output, from ready on wait */
    size_t next, ready, count, capacity;
    bool leads;               /* the waiting pictures begin with a hidden keyframe */
    size_t first_shown;       /* index of the first shown picture among them; SIZE_MAX: none yet */
    int64_t last_dts;         /* of the pictures that do not wait */
    int64_t earliest, latest; /* PTS of the pictures shown since then; INT64_MAX: none */
} hidden;

void hidden_init(hidden *h, void (*drop)(void *packet));
/* Frees the held pictures, and drops their packets. */
void hidden_deinit(hidden *h);

/* Add the next picture in decoding order. It has both times if it or an earlier one is hidden.
 * @return false: out of memory. */
bool hidden_push(hidden *h, const picture *x);
/* No more pictures follow. */
void hidden_end(hidden *h);
bool hidden_pop(hidden *h, picture *out);

#endif
