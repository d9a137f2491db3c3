/* Texts, memory and errors. */
#ifndef SLUICE_CORE_H
#define SLUICE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- Texts ---- */

/* A text or a sequence of bytes that somebody else owns. Texts from the host are UTF-8. One with `ptr == NULL` is no
 * text at all, as where the contract says `none`; an empty text has another `ptr`. Do not rely on a NUL after the end. */
typedef struct sluice_str {
    const char *ptr;
    size_t len;
} sluice_str;

/* The text of a string literal: S("model"). */
#define SLUICE_STR(literal) ((sluice_str){"" literal, sizeof(literal) - 1})
#ifndef S
#define S SLUICE_STR
#endif

/* No text. */
#define SLUICE_NONE ((sluice_str){NULL, 0})

/* For printf and its like: sluice_format("hello %.*s", SLUICE_FMT(name)). The format is "%.*s". */
#define SLUICE_FMT(str) (int)(str).len, (str).ptr

/* What sluice_find answers when there is nothing to find. */
#define SLUICE_NOT_FOUND SIZE_MAX

/* The text of a string that ends with NUL; SLUICE_NONE for NULL. */
static inline sluice_str sluice_text(const char *string)
{
    return string ? (sluice_str){string, strlen(string)} : SLUICE_NONE;
}

static inline bool sluice_equal(sluice_str a, sluice_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The bytes from `from` up to `to`, which is left out; both are cut to the length of the text. */
sluice_str sluice_slice(sluice_str text, size_t from, size_t to);

bool sluice_starts_with(sluice_str text, sluice_str start);

/* The place of the first `needle` at or after the byte `from`, or SLUICE_NOT_FOUND. */
size_t sluice_find(sluice_str text, sluice_str needle, size_t from);

/* The number of Unicode scalar values of UTF-8: the contract counts these where it says characters, such as for `hold`. */
size_t sluice_chars(sluice_str text);

/* Takes the first Unicode scalar value off the text and answers it; 0xFFFD for bytes that are no UTF-8. The text must not
 * be empty. */
uint32_t sluice_next_char(sluice_str *text);

/* ---- Memory ---- */

/* Zeroed memory for any type. What is taken inside the function that makes the plugin lives as long as the instance; what is
 * taken later is given back after the call, with everything that the host handed over. So nothing is freed, and no
 * pointer to what a call took may be kept for a later call. Does not answer when there is no memory: the call ends. */
void *sluice_alloc(size_t size);

/* `count` zeroed items of a type: double *load = SLUICE_NEW(double, count). */
#define SLUICE_NEW(type, count) ((type *)sluice_alloc_items((count), sizeof(type)))
void *sluice_alloc_items(size_t count, size_t size);

/* A copy, with a NUL after its end. */
sluice_str sluice_copy(sluice_str text);

/* A text as by printf, with a NUL after its end. Of printf's directives it has %s, %.*s, %c, %d, %i, %u, %x, the same with l, ll
 * and z, and %g and %f, which write a number as sluice_add_number does. Another one ends the call. */
__attribute__((format(printf, 1, 2))) sluice_str sluice_format(const char *format, ...);

/* A text that grows. Begin with `sluice_buf buf = {0};`; `sluice_built(&buf)` is what stands in it so far. */
typedef struct sluice_buf {
    char *ptr;
    size_t len, room;
} sluice_buf;

void sluice_add(sluice_buf *buf, sluice_str text);
void sluice_add_byte(sluice_buf *buf, char byte);

/* A number as JSON has it: whole numbers up to 2^53 exactly, others with six digits after the point. `null` for NaN and
 * infinity. */
void sluice_add_number(sluice_buf *buf, double value);

static inline sluice_str sluice_built(const sluice_buf *buf)
{
    return (sluice_str){buf->ptr ? buf->ptr : "", buf->len};
}

/* ---- Errors ---- */

/* What went wrong. Imports and plugin functions share these, so that an error may be handed on as it is: at the end of the
 * call the SDK makes of it the nearest error that the kind has. */
typedef enum sluice_error_kind {
    SLUICE_NO_ERROR,
    /* A service is away; try again later. */
    SLUICE_UNAVAILABLE,
    SLUICE_TIMEOUT,
    SLUICE_UNREACHABLE,
    /* Not granted: a host, a write after content was read, a name. */
    SLUICE_ACCESS_DENIED,
    SLUICE_TOO_LARGE,
    /* A request that cannot be sent. */
    SLUICE_INVALID,
    SLUICE_BAD_SETTINGS,
    /* Of a routing strategy: no candidate should be tried. */
    SLUICE_NONE_SUITABLE,
    /* Of a callback: try these records again later. */
    SLUICE_RETRY,
    /* Of a callback: they will never be taken. */
    SLUICE_REJECT,
    SLUICE_OTHER,
} sluice_error_kind;

typedef struct sluice_error {
    sluice_error_kind kind;
    /* A sentence for the log. */
    sluice_str message;
} sluice_error;

#define SLUICE_OK ((sluice_error){SLUICE_NO_ERROR, {NULL, 0}})

/* Whether another try would not mend it: a callback rejects then, and asks for another try otherwise. */
bool sluice_is_final(sluice_error_kind kind);

/* An error with a sentence as by printf. */
__attribute__((format(printf, 2, 3))) sluice_error sluice_fail(sluice_error_kind kind, const char *format, ...);

/* Hands an error on: SLUICE_TRY(sluice_state_set(key, value, 0)); */
#define SLUICE_TRY(call)                                                                                               \
    do {                                                                                                               \
        sluice_error sluice_tried = (call);                                                                            \
        if (sluice_tried.kind != SLUICE_NO_ERROR) return sluice_tried;                                                 \
    } while (0)

#endif
