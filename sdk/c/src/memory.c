/* Memory in chunks. What the host writes into the guest is taken from here too (exports.c), so that one function gives all of
 * a call back. */
#include "memory.h"

#include <stdlib.h>

typedef struct chunk {
    struct chunk *next;
    size_t size, used;
} chunk;

/* Most calls of small plugins fit into one small chunk, which is kept between calls. Those that need more get chunks of the
 * larger size, or of the size of a larger piece.
 * In tests (SLUICE_TEST) each piece has a chunk of its own: a sanitizer then sees each write past an end, and each use
 * after the call. */
#define FIRST_CHUNK_SIZE 8192
#define NEXT_CHUNK_SIZE 65536

/* The newest first. */
static chunk *chunks[SLUICE_LIVES];
static sluice_life life = SLUICE_LIFE_OF_CALL;

static size_t aligned(size_t at, size_t align)
{
    return (at + align - 1) & ~(align - 1);
}

static char *start_of(chunk *piece)
{
    return (char *)piece + aligned(sizeof(chunk), 16);
}

static chunk *add_chunk(size_t size)
{
    chunk *made;
#ifndef SLUICE_TEST
    size_t least = chunks[life] ? NEXT_CHUNK_SIZE : FIRST_CHUNK_SIZE;
    if (size < least) size = least;
#endif
    made = size < SIZE_MAX / 2 ? malloc(aligned(sizeof(chunk), 16) + size) : NULL;
    /* More than the plugin's limit of memory: the call ends, as at every other limit. */
    if (!made) __builtin_trap();
    *made = (chunk){.next = chunks[life], .size = size, .used = 0};
    chunks[life] = made;
    return made;
}

/* Grows the piece that was taken last where it stands. */
static bool grows_in_place(chunk *last, const char *old, size_t old_size, size_t size)
{
    if (!last || !old || old + old_size != start_of(last) + last->used) return false;
    if (size > last->size - (size_t)(old - start_of(last))) return false;
    last->used = (size_t)(old - start_of(last)) + size;
    return true;
}

void *sluice_take(void *old, size_t old_size, size_t align, size_t size)
{
    chunk *last = chunks[life];
    size_t at;
    if (grows_in_place(last, old, old_size, size)) return old;
    at = last ? aligned(last->used, align) : 0;
    if (!last || at > last->size || size > last->size - at) {
        last = add_chunk(size);
        at = 0;
    }
    last->used = at + size;
    if (old) memcpy(start_of(last) + at, old, old_size < size ? old_size : size);
    return start_of(last) + at;
}

void sluice_enter(sluice_life entered)
{
    life = entered;
}

/* The chunk that a life keeps: the first, which is nearly always the small one. */
static chunk *kept(chunk *piece)
{
#ifdef SLUICE_TEST
    (void)piece;
    return NULL;
#else
    while (piece && piece->next) piece = piece->next;
    return piece;
#endif
}

void sluice_end(sluice_life ended)
{
    chunk *last = kept(chunks[ended]);
    while (chunks[ended] != last) {
        chunk *next = chunks[ended]->next;
        free(chunks[ended]);
        chunks[ended] = next;
    }
    if (last) last->used = 0;
}

void *sluice_alloc(size_t size)
{
    return memset(sluice_take(NULL, 0, 16, size), 0, size);
}

void *sluice_alloc_items(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size) __builtin_trap();
    return sluice_alloc(count * size);
}
