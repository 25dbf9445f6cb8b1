/* SPDX-License-Identifier: MIT-0 */
/* One backend of the hashes: the vectors of their specifications, and OpenSSL's digests of random
 * data. */
#include "unit.h"

#include "s3/crypto.h"
#ifdef BESIDE_OPENSSL
#include <openssl/evp.h>
#include <openssl/hmac.h>
#endif

static char *repeat(char c, size_t n) {
    char *text = malloc(n + 1);
    assert_non_null(text);
    memset(text, c, n);
    text[n] = 0;
    return text;
}

static void expect(s3hls__hash_kind kind, const char *text, const char *hex) {
    uint8_t digest[S3HLS__HASH_BYTES_MAX];
    char said[2 * S3HLS__HASH_BYTES_MAX + 1];
    assert_true(s3hls__digest(kind, text, strlen(text), digest));
    s3hls__to_hex(digest, kind == S3HLS__MD5 ? S3HLS__MD5_BYTES : S3HLS__SHA256_BYTES, said);
    assert_string_equal(said, hex);
}

/* FIPS 180-2 B.1 to B.3, and two of 896 and no bits from NIST's examples. */
static void sha256_of_the_specification(void **state) {
    (void)state;
    expect(S3HLS__SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(S3HLS__SHA256, "abc",
           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(S3HLS__SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    expect(S3HLS__SHA256,
           "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
           "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
           "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
    char *million = repeat('a', 1000000);
    expect(S3HLS__SHA256, million,
           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

/* RFC 1321 A.5 */
static void md5_of_the_specification(void **state) {
    (void)state;
    expect(S3HLS__MD5, "", "d41d8cd98f00b204e9800998ecf8427e");
    expect(S3HLS__MD5, "a", "0cc175b9c0f1b6a831c399e269772661");
    expect(S3HLS__MD5, "abc", "900150983cd24fb0d6963f7d28e17f72");
    expect(S3HLS__MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0");
    expect(S3HLS__MD5, "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b");
    expect(S3HLS__MD5, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
           "d174ab98d277d9f5a5611c2c9f419d9f");
    expect(S3HLS__MD5,
           "1234567890123456789012345678901234567890"
           "1234567890123456789012345678901234567890",
           "57edf4a22be3c955ac49da2e2107b67a");
}

static void expect_hmac(const void *key, size_t key_size, const char *data, const char *hex) {
    uint8_t digest[S3HLS__SHA256_BYTES];
    char said[2 * S3HLS__SHA256_BYTES + 1];
    assert_true(s3hls__hmac_sha256(key, key_size, data, strlen(data), digest));
    s3hls__to_hex(digest, sizeof digest, said);
    assert_string_equal(said, hex);
}

/* RFC 4231 4.2, 4.3, 4.4, 4.7, 4.8 */
static void hmac_of_the_specification(void **state) {
    (void)state;
    char key[131], data[51] = "";
    memset(key, 0x0b, 20);
    expect_hmac(key, 20, "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    expect_hmac("Jefe", 4, "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, 50);
    expect_hmac(key, 20, data, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    expect_hmac(key, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    expect_hmac(key, 131,
                "This is a test using a larger than block-size key and a larger than block-size "
                "data. The key needs to be hashed before being used by the HMAC algorithm.",
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

/* RFC 4648 10 */
static void base64_of_the_specification(void **state) {
    (void)state;
    static const char *const expected[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                           "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    char text[16];
    for (size_t n = 0; n < 7; n++) {
        s3hls__to_base64((const uint8_t *)"foobar", n, text);
        assert_string_equal(text, expected[n]);
    }
    s3hls__to_base64((const uint8_t *)"\xfb\xff\xfe", 3, text);
    assert_string_equal(text, "+//+");
}

static uint32_t next_random(uint32_t *seed) {
    return *seed = *seed * 1664525u + 1013904223u, *seed >> 8;
}

/* Random lengths, each in random pieces: the same as at once, and as OpenSSL's. */
static void pieces_make_no_difference(void **state) {
    (void)state;
    uint8_t data[700], whole[S3HLS__HASH_BYTES_MAX], pieces[S3HLS__HASH_BYTES_MAX];
    uint32_t seed = 7;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)next_random(&seed);
    for (int round = 0; round < 2000; round++) {
        s3hls__hash_kind kind = round % 2 ? S3HLS__MD5 : S3HLS__SHA256;
        size_t bytes = kind == S3HLS__MD5 ? S3HLS__MD5_BYTES : S3HLS__SHA256_BYTES;
        size_t size = round < 512 ? (size_t)round / 2 : next_random(&seed) % sizeof data;
        s3hls__hash hash;
        s3hls__hash_begin(&hash, kind);
        for (size_t at = 0, n; at < size; at += n) {
            n = next_random(&seed) % (1 + (round % 3 ? 20 : 200));
            n = n < size - at ? n : size - at;
            s3hls__hash_add(&hash, data + at, n);
        }
        assert_true(s3hls__hash_end(&hash, pieces));
        assert_true(s3hls__digest(kind, data, size, whole));
        assert_memory_equal(pieces, whole, bytes);
#ifdef BESIDE_OPENSSL
        unsigned n = 0;
        assert_int_equal(
            EVP_Digest(data, size, pieces, &n, kind == S3HLS__MD5 ? EVP_md5() : EVP_sha256(), NULL),
            1);
        assert_memory_equal(pieces, whole, bytes);
        assert_true(s3hls__hmac_sha256(data + size / 2, size % 140, data, size, whole));
        assert_non_null(
            HMAC(EVP_sha256(), data + size / 2, (int)(size % 140), data, size, pieces, &n));
        assert_memory_equal(pieces, whole, S3HLS__SHA256_BYTES);
#endif
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_the_specification),
        cmocka_unit_test(md5_of_the_specification),
        cmocka_unit_test(hmac_of_the_specification),
        cmocka_unit_test(base64_of_the_specification),
        cmocka_unit_test(pieces_make_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
