/* Texts: views, UTF-8, and what is made anew. */
#include "sluice/core.h"
#include "memory.h"

sluice_str sluice_slice(sluice_str text, size_t from, size_t to)
{
    if (to > text.len) to = text.len;
    if (from > to) from = to;
    return (sluice_str){text.ptr + from, to - from};
}

bool sluice_starts_with(sluice_str text, sluice_str start)
{
    return sluice_equal(sluice_slice(text, 0, start.len), start);
}

size_t sluice_find(sluice_str text, sluice_str needle, size_t from)
{
    if (needle.len == 0) return from <= text.len ? from : SLUICE_NOT_FOUND;
    while (from < text.len && text.len - from >= needle.len) {
        const char *found = memchr(text.ptr + from, needle.ptr[0], text.len - from - needle.len + 1);
        if (!found) break;
        from = (size_t)(found - text.ptr);
        if (memcmp(found, needle.ptr, needle.len) == 0) return from;
        from++;
    }
    return SLUICE_NOT_FOUND;
}

size_t sluice_chars(sluice_str text)
{
    size_t count = 0;
    /* Every byte but those that continue a scalar value begins one. */
    for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return count;
}

uint32_t sluice_next_char(sluice_str *text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text->ptr[0];
    size_t more = first < 0x80 ? 0 : first < 0xC0 ? 4 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF8 ? 3 : 4;
    uint32_t value = more == 0 ? first : first & (0x3Fu >> more);
    bool is_good = more < 4 && text->len > more;
    for (size_t i = 1; is_good && i <= more; i++) {
        unsigned char byte = (unsigned char)text->ptr[i];
        is_good = (byte & 0xC0) == 0x80;
        value = value << 6 | (byte & 0x3F);
    }
    /* Overlong forms, surrogates and what is past Unicode are not UTF-8 (RFC 3629, section 3). */
    if (is_good && (value < least[more] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))) is_good = false;
    if (!is_good) {
        value = 0xFFFD;
        more = 0;
    }
    text->ptr += more + 1;
    text->len -= more + 1;
    return value;
}

sluice_str sluice_copy(sluice_str text)
{
    char *copy = sluice_take(NULL, 0, 1, text.len + 1);
    if (text.len) memcpy(copy, text.ptr, text.len);
    copy[text.len] = 0;
    return (sluice_str){copy, text.len};
}

static char *room_for(sluice_buf *buf, size_t more)
{
    char *end;
    if (more > buf->room - buf->len) {
        size_t room = buf->len + more < 64 ? 64 : (buf->len + more) * 2;
        buf->ptr = sluice_take(buf->ptr, buf->room, 1, room);
        buf->room = room;
    }
    end = buf->ptr + buf->len;
    buf->len += more;
    return end;
}

void sluice_add(sluice_buf *buf, sluice_str text)
{
    if (text.len) memcpy(room_for(buf, text.len), text.ptr, text.len);
}

void sluice_add_byte(sluice_buf *buf, char byte)
{
    *room_for(buf, 1) = byte;
}
