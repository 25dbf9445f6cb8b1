/* SPDX-License-Identifier: MIT-0 */
/* Tables of settings: each row is a key of the file, the member of a struct that receives its
 * value, and which values are valid. */
#ifndef S3HLS_SITE_SETTINGS_H
#define S3HLS_SITE_SETTINGS_H

#include "site/reader.h"

typedef enum s3hls__site_kind {
    S3HLS__SITE_TEXT,     /* const char * */
    S3HLS__SITE_STORE,    /* const char *: the URL of a store */
    S3HLS__SITE_INPUT,    /* const char *: an address; never printed */
    S3HLS__SITE_FOLDER,   /* const char *: an absolute path */
    S3HLS__SITE_FILE,     /* the same, of a file that can be read */
    S3HLS__SITE_CHOICE,   /* int or an enum */
    S3HLS__SITE_COUNT,    /* uint32_t */
    S3HLS__SITE_PERCENT,  /* uint32_t */
    S3HLS__SITE_DURATION, /* uint32_t, milliseconds */
    S3HLS__SITE_DAYS,     /* uint32_t; "off": 0 */
    S3HLS__SITE_MODE,     /* uint32_t, permissions of files */
    S3HLS__SITE_SIZE,     /* uint64_t */
    S3HLS__SITE_MEMORY,   /* size_t */
    S3HLS__SITE_PAIRS,    /* s3hls__site_pairs: a mapping of names and values */
    S3HLS__SITE_GROUP,    /* a mapping with settings of its own, of the same struct */
    S3HLS__SITE_NODE      /* reader.nodes[offset]: read later */
} s3hls__site_kind;

typedef struct s3hls__site_choice {
    const char *name;
    int value;
} s3hls__site_choice;

/* As in s3hls_object_options: tags and tag_count, metadata and metadata_count. */
typedef struct s3hls__site_pairs {
    const s3hls_pair *pairs;
    size_t count;
} s3hls__site_pairs;

typedef struct s3hls__site_setting {
    const char *key;
    size_t offset;
    const char *is;                          /* what a valid value is, for messages */
    uint64_t min, max;                       /* of numbers; of pairs: max */
    const s3hls__site_choice *choices;       /* of a choice; ended by a NULL name */
    const struct s3hls__site_setting *group; /* of a group; ended by a NULL key */
    bool (*valid)(const char *value);        /* of a text; NULL: any that is not empty */
    size_t given;                            /* offset of a bool that becomes true; 0: none */
    s3hls__site_kind kind;
    bool secret; /* never printed */
} s3hls__site_setting;

enum { S3HLS__SITE_ROWS_MAX = 24 }; /* of one table */

/* tables.c; ended by a NULL key */
extern const s3hls__site_setting s3hls__site_top[]; /* of s3hls__site */
extern const s3hls__site_setting
    s3hls__site_camera_input[]; /* of s3hls__site_camera: the input, then ... */
extern const s3hls__site_setting
    *const s3hls__site_camera_common; /* ... those that "defaults" has too */

/* Read a mapping into target. Faults become errors; the members of faulty settings keep their
 * values. */
void s3hls__site_read_settings(s3hls__site_reader *r, const s3hls__site_setting *rows, void *target,
                               const yaml_node_t *node);

/* value.c: read one value. @param member  in target */
void s3hls__site_read_value(s3hls__site_reader *r, const s3hls__site_setting *row, void *member,
                            const yaml_node_t *node);

/* @return the key of the first setting that differs; NULL: none. That of a group stands for those
 * in it. */
const char *s3hls__site_settings_difference(const s3hls__site_setting *rows, const void *a,
                                            const void *b);

/* Find a key of a mapping.
 * @param at  receives its position, else that of the mapping; NULL: not wanted
 * @return false: it is not stated */
bool s3hls__site_key(s3hls__site_reader *r, const yaml_node_t *mapping, const char *key,
                     s3hls__site_mark *at);

/* A scalar that has no value ("key:", "key: ~"). */
bool s3hls__site_is_null(const yaml_node_t *node);

#endif
