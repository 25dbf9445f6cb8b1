/* SPDX-License-Identifier: MIT-0 */
#include "unit.h"

#include "s3/bucket.h"
#include <stdio.h>

/* Memory that ends where the answer does. */
static char *fence(const char *xml) {
    size_t size = strlen(xml);
    char *copy = malloc(size ? size : 1);
    memcpy(copy, xml, size);
    return copy;
}

static int read_location(const char *xml, char region[64]) {
    char *copy = fence(xml);
    int rc = s3hls__s3_read_location(copy, strlen(xml), region, 64);
    free(copy);
    return rc;
}

#define NS "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

static void a_location_has_three_spellings(void **state) {
    (void)state;
    char region[64];
    assert_int_equal(
        read_location("<LocationConstraint " NS ">eu-north-1</LocationConstraint>", region), 0);
    assert_string_equal(region, "eu-north-1");
    assert_int_equal(read_location("<LocationConstraint " NS "/>", region), 0);
    assert_string_equal(region, "us-east-1");
    assert_int_equal(read_location("<LocationConstraint>EU</LocationConstraint>", region), 0);
    assert_string_equal(region, "eu-west-1");
    assert_int_equal(read_location("<Location>EU</Location>", region), S3HLS_E_PROTOCOL);
    assert_int_equal(read_location("", region), S3HLS_E_PROTOCOL);
    assert_int_equal(
        read_location(
            "<!DOCTYPE a [<!ENTITY e \"x\">]><LocationConstraint>&e;</LocationConstraint>", region),
        S3HLS_E_PROTOCOL);
}

static s3hls_s3_lifecycle lifecycle_of(const char *rules, const char *prefix) {
    char xml[4096];
    s3hls_s3_lifecycle out;
    snprintf(xml, sizeof xml, "<LifecycleConfiguration " NS ">%s</LifecycleConfiguration>", rules);
    char *copy = fence(xml);
    assert_int_equal(s3hls__s3_read_lifecycle(copy, strlen(xml), prefix, &out), S3HLS_OK);
    free(copy);
    return out;
}

#define RULE(status, filter, what) "<Rule><Status>" status "</Status>" filter what "</Rule>"
#define EXPIRE(days)               "<Expiration><Days>" days "</Days></Expiration>"

static int change_lifecycle(const char *xml, const char *prefix, uint32_t days, char **text,
                            size_t *rules) {
    s3hls_env env = s3hls_env_default();
    s3hls__strbuf b;
    s3hls__strbuf_init(&b, &env, 1 << 20);
    char *copy = xml ? fence(xml) : NULL;
    int rc = s3hls__s3_change_lifecycle(copy, xml ? strlen(xml) : 0, prefix, days, &b, rules);
    free(copy);
    *text = NULL;
    if (rc)
        s3hls__strbuf_deinit(&b);
    else
        assert_int_equal(s3hls__strbuf_take(&b, text), S3HLS_OK);
    return rc;
}

#define OTHER                                                                                      \
    "<Rule><ID>up &amp; away</ID><Prefix/> <!-- as it is --><Status>Enabled</Status></Rule>"
#define OURS "<Rule><ID>s3hls-cam/2</ID><Status>Enabled</Status></Rule>"

static void one_lifecycle_rule_changes_and_others_stay(void **state) {
    (void)state;
    static const char begin[] =
        "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    static const char before[] = "<?xml version=\"1.0\"?>\n<LifecycleConfiguration " NS ">" OTHER
                                 "\n" OURS "</LifecycleConfiguration>";
    char *text, want[1024];
    size_t rules;
    assert_int_equal(change_lifecycle(before, "cam/2", 0, &text, &rules), S3HLS_OK);
    snprintf(want, sizeof want, "%s" OTHER "</LifecycleConfiguration>", begin);
    assert_string_equal(text, want);
    assert_int_equal(rules, 1);
    free(text);
    assert_int_equal(change_lifecycle(before, "cam/2", 7, &text, &rules), S3HLS_OK);
    assert_int_equal(rules, 2);
    assert_non_null(strstr(text, OTHER));
    assert_null(strstr(text, OURS));
    assert_non_null(strstr(text, "<Days>7</Days>"));
    free(text);
    assert_int_equal(change_lifecycle(NULL, "a<&>b/2", 1, &text, &rules), S3HLS_OK);
    assert_non_null(strstr(text, "<Prefix>a&#60;&#38;&#62;b/2</Prefix>"));
    free(text);
    assert_int_equal(change_lifecycle("<Other/>", "", 1, &text, &rules), S3HLS_E_PROTOCOL);
    assert_int_equal(change_lifecycle("<Lifecycle", "", 1, &text, &rules), S3HLS_E_PROTOCOL);
    char prefix[251];
    memset(prefix, 'a', sizeof prefix);
    prefix[250] = 0;
    assert_int_equal(change_lifecycle(NULL, prefix, 1, &text, &rules), S3HLS_E_TOO_LARGE);
    assert_int_equal(change_lifecycle(NULL, prefix + 1, 1, &text, &rules), S3HLS_OK);
    free(text);
}

static void a_lifecycle_rule_has_to_cover_the_prefix(void **state) {
    (void)state;
    static const struct {
        const char *rules;
        uint32_t days, conditional;
    } cases[] = {
        {"", 0, 0},
        {RULE("Enabled", "", EXPIRE("30")), 30, 0},
        {RULE("Enabled", "<Filter/>", EXPIRE("30")), 30, 0},
        {RULE("Enabled", "<Filter><Prefix>cam-1/</Prefix></Filter>", EXPIRE("7")), 7, 0},
        {RULE("Enabled", "<Prefix>cam</Prefix>", EXPIRE("7")), 7, 0},
        {RULE("Enabled", "<Prefix>cam-2/</Prefix>", EXPIRE("7")), 0, 0},
        {RULE("Enabled", "<Prefix>cam-1/2026/</Prefix>", EXPIRE("7")), 0, 0},
        {RULE("Disabled", "", EXPIRE("7")), 0, 0},
        {RULE("Enabled", "", "<Transition><Days>3</Days></Transition>"), 0, 0},
        {RULE("Enabled", "",
              "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>"
              "</AbortIncompleteMultipartUpload>"),
         0, 0},
        {RULE("Enabled", "", EXPIRE("30") "<Transition><Days>3</Days></Transition>"), 30, 0},
        {RULE("Enabled", "", EXPIRE("30")) RULE("Enabled", "", EXPIRE("9")), 9, 0},
        {RULE("Enabled",
              "<Filter><And><Prefix>cam-1/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And>"
              "</Filter>",
              EXPIRE("7")),
         0, 1},
        {RULE("Enabled", "<Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter>",
              EXPIRE("7")),
         0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls_s3_lifecycle got = lifecycle_of(cases[i].rules, "cam-1/");
        if (got.expire_days != cases[i].days || got.conditional != cases[i].conditional)
            print_message("%s\n", cases[i].rules);
        assert_int_equal(got.expire_days, cases[i].days);
        assert_int_equal(got.conditional, cases[i].conditional);
    }
}

static s3hls_s3_cors cors_of(const char *rules) {
    char xml[4096];
    s3hls_s3_cors out;
    snprintf(xml, sizeof xml, "<CORSConfiguration>%s</CORSConfiguration>", rules);
    char *copy = fence(xml);
    assert_int_equal(s3hls__s3_read_cors(copy, strlen(xml), "https://player.example", &out),
                     S3HLS_OK);
    free(copy);
    return out;
}

#define CORS(rest)     "<CORSRule>" rest "</CORSRule>"
#define ORIGIN(origin) "<AllowedOrigin>" origin "</AllowedOrigin>"
#define GET            "<AllowedMethod>GET</AllowedMethod>"
#define HEAD           "<AllowedMethod>HEAD</AllowedMethod>"
#define HEADER(name)   "<AllowedHeader>" name "</AllowedHeader>"
#define ETAG           "<ExposeHeader>ETag</ExposeHeader>"

static void cors_rules_are_for_an_origin(void **state) {
    (void)state;
    static const struct {
        const char *rules;
        s3hls_s3_cors want;
    } cases[] = {
        {"", {0, 0, 0, 0}},
        {CORS(ORIGIN("*") GET HEAD HEADER("*") ETAG), {1, 1, 1, 1}},
        {CORS(ORIGIN("https://player.example") GET), {1, 0, 0, 0}},
        {CORS(ORIGIN("https://other.example") GET), {0, 0, 0, 0}},
        {CORS(ORIGIN("https://other.example") ORIGIN("https://*.example") GET), {1, 0, 0, 0}},
        {CORS(ORIGIN("https://*.player.example") GET), {0, 0, 0, 0}},
        {CORS(ORIGIN("http*https://player.example") GET), {0, 0, 0, 0}},
        {CORS(ORIGIN("*") HEAD ETAG), {0, 1, 0, 0}},
        {CORS(ORIGIN("*") GET HEADER("Ra*")) CORS(ORIGIN("*") HEAD), {1, 1, 1, 0}},
        {CORS(ORIGIN("https://other.example") ETAG) CORS(GET ORIGIN("*")), {1, 0, 0, 0}},
        {CORS(ORIGIN("*") GET HEADER("content-type")), {1, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s3hls_s3_cors got = cors_of(cases[i].rules);
        if (memcmp(&got, &cases[i].want, sizeof got) != 0)
            print_message("%s\n", cases[i].rules);
        assert_memory_equal(&got, &cases[i].want, sizeof got);
    }
}

static void wrong_arguments_are_refused(void **state) {
    (void)state;
    char region[8];
    s3hls_s3_lifecycle lifecycle;
    s3hls_s3_cors cors;
    assert_int_equal(s3hls_s3_location(NULL, region, sizeof region, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_s3_get_lifecycle(NULL, "", &lifecycle, NULL), S3HLS_E_INVALID);
    assert_int_equal(s3hls_s3_get_cors(NULL, "*", &cors, NULL), S3HLS_E_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_location_has_three_spellings),
        cmocka_unit_test(one_lifecycle_rule_changes_and_others_stay),
        cmocka_unit_test(a_lifecycle_rule_has_to_cover_the_prefix),
        cmocka_unit_test(cors_rules_are_for_an_origin),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
