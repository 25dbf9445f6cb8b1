/* SPDX-License-Identifier: MIT-0 */
#include "base/printable.h"
#include "s3hls/env.h"
#include <stdbool.h>
#include <string.h>

size_t s3hls__utf8_printable(const uint8_t *s, size_t size) {
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > size)
        return 0;
    uint32_t c = s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    static const uint32_t least[] = {[2] = 0xa0, [3] = 0x800, [4] = 0x10000};
    return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

/* U+2028 to U+202E and U+2066 to U+2069 end lines or change the text direction, so that the text
 * after them is displayed elsewhere. They have three bytes each. */
static bool is_layout_control(const uint8_t *s) {
    return s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
                            (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

void s3hls_printable(char *text) {
    size_t size = strlen(text), n;
    for (size_t i = 0; i < size; i += n) {
        const uint8_t *s = (const uint8_t *)text + i;
        n = s3hls__utf8_printable(s, size - i);
        if (n == 3 && is_layout_control(s))
            n = 0;
        if (n == 0)
            text[i] = strchr("\t\r\n", text[i]) ? ' ' : '?';
        n += n == 0;
    }
}
