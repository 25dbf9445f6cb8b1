/* SPDX-License-Identifier: MIT-0 */
/* A pool of blocks of one size. All are allocated at open; any thread takes and returns them
 * without a lock. Blocks are identified by index and linked into lists; each carries the number of
 * its bytes that are in use. A share of a pool is a pool whose blocks are another's: one thread
 * takes up to a fixed number of them, any thread returns them. */
#ifndef S3HLS_BASE_POOL_H
#define S3HLS_BASE_POOL_H

#include "base/env.h"

#define S3HLS__BLOCK_BYTES ((size_t)16 * 1024)
#define S3HLS__NO_BLOCK    UINT32_MAX

typedef struct s3hls__pool s3hls__pool;

/* Allocate as many blocks as fit into bytes, at least 16.
 * @return S3HLS_OK
 *   S3HLS_E_INVALID: bytes is too large
 *   S3HLS_E_NOMEM: out of memory */
int s3hls__pool_open(s3hls__pool **out, size_t bytes, const s3hls_env *env);
/* Open a share, as above.
 * @param whole  outlives it; has no fewer blocks than the share, which is reduced to its number */
int s3hls__pool_open_share(s3hls__pool **out, s3hls__pool *whole, size_t bytes,
                           const s3hls_env *env);
void s3hls__pool_close(s3hls__pool **pool);

/* Take one block, whose link is S3HLS__NO_BLOCK and whose bytes are all in use. Lock-free.
 * @return S3HLS__NO_BLOCK: none is free, in the share or in the whole pool */
uint32_t s3hls__pool_take(s3hls__pool *pool);
/* Return a whole list, from first along the links. Accepts S3HLS__NO_BLOCK. Lock-free. */
void s3hls__pool_give(s3hls__pool *pool, uint32_t first);

uint8_t *s3hls__pool_data(s3hls__pool *pool, uint32_t block);
uint32_t s3hls__pool_next(const s3hls__pool *pool, uint32_t block);
void s3hls__pool_link(s3hls__pool *pool, uint32_t block, uint32_t next);
/* Bytes in use. Its holder's. */
uint32_t s3hls__pool_bytes(const s3hls__pool *pool, uint32_t block);
void s3hls__pool_set_bytes(s3hls__pool *pool, uint32_t block, uint32_t bytes);

uint32_t s3hls__pool_count(const s3hls__pool *pool);
/* Blocks in use. Sequentially consistent with taking and returning, so that two threads can rely on
 * one of them seeing the other's change. */
uint32_t s3hls__pool_used(const s3hls__pool *pool);

#endif
