/* SPDX-License-Identifier: MIT-0 */
/* The S3 client alone: put_object bucket key text, with AWS_... in the environment. */
#include <s3hls/s3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: put_object BUCKET KEY TEXT\n");
        return 2;
    }
    s3hls_s3 *s3;
    s3hls_s3_error error = {0};
    s3hls_s3_options options = {.region = getenv("AWS_REGION"),
                                .endpoint = getenv("AWS_ENDPOINT_URL_S3"),
                                .ca_file = getenv("AWS_CA_BUNDLE")};
    s3hls_span body = {(const uint8_t *)argv[3], strlen(argv[3])};
    int rc = s3hls_s3_open(&s3, argv[1], &options, NULL);
    if (!rc)
        rc = s3hls_s3_put(s3, argv[2], &body, 1, NULL, &error);
    printf("%s %s\n", s3hls_strerror(rc), error.message);
    s3hls_s3_close(&s3);
    return rc != S3HLS_OK;
}
