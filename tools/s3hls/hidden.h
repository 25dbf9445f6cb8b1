/* SPDX-License-Identifier: MIT-0 */
/* Pictures that a container hides: an edit list (MP4) that begins within a GOP leaves those before
 * it to be decoded and not shown. A transport stream cannot say so.
 *
 *   as given:     K  h  h  h  h │ s  s  s  │ h  h      K: hidden keyframe, h: hidden, s: shown
 *   handed on:                Khhhh s  s  hh
 *
 * Those that a shown picture needs are moved: before the first that is shown, or behind the last,
 * all within an instant. The others are left out. The times of pictures that are shown stay what
 * they are. Pure. */
#ifndef TOOL_HIDDEN_H
#define TOOL_HIDDEN_H

#include "pictures.h"

typedef struct hidden {
    void (*drop)(void *packet); /* of a picture that is left out */

    picture *held; /* capacity of them: from next on they are handed on, from ready on they wait */
    size_t next, ready, count, capacity;
    bool leads;               /* those that wait begin with a hidden keyframe */
    size_t first_shown;       /* of them; SIZE_MAX: none yet */
    int64_t last_dts;         /* of those that do not wait */
    int64_t earliest, latest; /* PTS of those that were shown since then; INT64_MAX: none */
} hidden;

void hidden_init(hidden *h, void (*drop)(void *packet));
/* Frees what is held, and drops its packets. */
void hidden_deinit(hidden *h);

/* The next picture in decoding order, with both of its times where it or one before it is hidden.
 * @return false: out of memory. */
bool hidden_push(hidden *h, const picture *x);
/* No more will come. */
void hidden_end(hidden *h);
bool hidden_pop(hidden *h, picture *out);

#endif
