/* SPDX-License-Identifier: MIT-0 */
/* Fixed blocks of a whole number of TS packets, all allocated at open, taken and given back by any
 * thread without a lock. Blocks are known by index and chained into lists by it. */
#ifndef S3HLS_BASE_POOL_H
#define S3HLS_BASE_POOL_H

#include "base/env.h"

#define S3HLS__TS_PACKET_BYTES 188
#define S3HLS__BLOCK_BYTES     ((size_t)174 * S3HLS__TS_PACKET_BYTES) /* 32,712 */
#define S3HLS__NO_BLOCK        UINT32_MAX

typedef struct s3hls__pool s3hls__pool;

/* As many whole blocks as fit into bytes, at least 8. */
int s3hls__pool_open(s3hls__pool **out, size_t bytes, const s3hls_env *env);
void s3hls__pool_close(s3hls__pool **pool);

/* Take one block; S3HLS__NO_BLOCK where none is free. Its link is S3HLS__NO_BLOCK. Lock-free. */
uint32_t s3hls__pool_take(s3hls__pool *pool);
/* Give back a whole list, from first along the links. Takes S3HLS__NO_BLOCK. Lock-free. */
void s3hls__pool_give(s3hls__pool *pool, uint32_t first);

uint8_t *s3hls__pool_data(s3hls__pool *pool, uint32_t block);
uint32_t s3hls__pool_next(const s3hls__pool *pool, uint32_t block);
void s3hls__pool_link(s3hls__pool *pool, uint32_t block, uint32_t next);

uint32_t s3hls__pool_count(const s3hls__pool *pool);
uint32_t s3hls__pool_used(const s3hls__pool *pool);

#endif
