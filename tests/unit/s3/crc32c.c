/* SPDX-License-Identifier: MIT-0 */
/* CRC-32C by the CPU's instruction and by tables: the vectors of the specification, and the same
 * result for every size, alignment and division of the data. */
#include "unit.h"

#include "s3/crc32c.h"
#include <stdio.h>
#include <stdlib.h>

enum { BYTES = 4096 };

static s3hls__crc32c_table by_cpu, by_tables;

static int set_up(void **state) {
    (void)state;
    s3hls__crc32c_init(&by_cpu);
    s3hls__crc32c_init_tables(&by_tables);
    printf("# with the CPU's instruction: %s\n", by_cpu.by_instruction ? "yes" : "no");
    return 0;
}

static void expect(const uint8_t *data, size_t size, uint32_t crc) {
    assert_int_equal(s3hls__crc32c(&by_cpu, 0, data, size), crc);
    assert_int_equal(s3hls__crc32c(&by_tables, 0, data, size), crc);
}

static void the_instruction_is_used(void **state) {
    (void)state;
#if defined(__x86_64__)
    assert_int_equal(by_cpu.by_instruction, __builtin_cpu_supports("sse4.2") != 0);
#endif
    assert_false(by_tables.by_instruction);
}

/* RFC 3720 B.4; "123456789" from the catalogue of parametrised CRC algorithms. */
static void crc32c_of_the_specification(void **state) {
    (void)state;
    static const uint8_t command[48] = {
        0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
        0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0};
    uint8_t data[32];
    memset(data, 0, sizeof data);
    expect(data, sizeof data, 0x8a9136aa);
    memset(data, 0xff, sizeof data);
    expect(data, sizeof data, 0x62a8ab43);
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    expect(data, sizeof data, 0x46dd794e);
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(31 - i);
    expect(data, sizeof data, 0x113fdb5c);
    expect(command, sizeof command, 0xd9963a56);
    expect((const uint8_t *)"123456789", 9, 0xe3069283);
    expect(NULL, 0, 0);
}

static void both_are_equal(void **state) {
    (void)state;
    static uint8_t data[BYTES + 16];
    srandom(1);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)random();
    for (size_t size = 0; size <= BYTES; size = size < 80 ? size + 1 : size * 2 - 3)
        for (size_t at = 0; at < 16; at++) {
            uint32_t whole = s3hls__crc32c(&by_tables, 0, data + at, size);
            size_t first = (size_t)random() % (size + 1);
            uint32_t crc = s3hls__crc32c(&by_cpu, 0, data + at, first);
            assert_int_equal(s3hls__crc32c(&by_cpu, crc, data + at + first, size - first), whole);
            assert_int_equal(s3hls__crc32c(&by_cpu, 0, data + at, size), whole);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_instruction_is_used),
        cmocka_unit_test(crc32c_of_the_specification),
        cmocka_unit_test(both_are_equal),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
