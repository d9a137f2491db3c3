/* A reader of JSON by recursive descent, as RFC 8259 has it and no more lenient. */
#include "sluice/json.h"
#include "memory.h"

#include <math.h>

typedef struct reader {
    sluice_str text;
    size_t at;
    int depth;
    /* The first problem, and where it is. */
    const char *problem;
    size_t problem_at;
} reader;

static sluice_json *read_value(reader *in);

static void *failed(reader *in, const char *problem)
{
    if (!in->problem) {
        in->problem = problem;
        in->problem_at = in->at;
    }
    return NULL;
}

/* The byte at this place; -1 at the end. */
static int peek(const reader *in)
{
    return in->at < in->text.len ? (unsigned char)in->text.ptr[in->at] : -1;
}

static bool take(reader *in, char byte)
{
    if (peek(in) != (unsigned char)byte) return false;
    in->at++;
    return true;
}

static void skip_space(reader *in)
{
    while (take(in, ' ') || take(in, '\n') || take(in, '\r') || take(in, '\t')) {}
}

static sluice_json *made(sluice_json_type type)
{
    sluice_json *value = SLUICE_NEW(sluice_json, 1);
    value->type = type;
    return value;
}

/* A number of digits and a power of ten. Exact where the digits are less than 2^53 and the power is at most 22 (Clinger, 1990),
 * which is nearly every number that people write; otherwise the last digit or two of a double may differ. `raw` has them all. */
static double scaled(uint64_t digits, long power)
{
    double value = (double)digits, step = 1;
    long left = power < 0 ? -power : power;
    if (digits == 0) return 0;
    while (left > 0 && value != 0 && !isinf(value)) {
        long times = left > 22 ? 22 : left;
        step = 1;
        for (long i = 0; i < times; i++) step *= 10;
        value = power < 0 ? value / step : value * step;
        left -= times;
    }
    return value;
}

/* Takes digits into `digits` as long as they fit, and counts in `power` what that moves the point by. */
static bool take_digits_into(reader *in, uint64_t *digits, long *power, bool is_fraction)
{
    size_t from = in->at;
    for (; peek(in) >= '0' && peek(in) <= '9'; in->at++) {
        bool fits = *digits < UINT64_MAX / 10 - 1;
        if (fits) *digits = *digits * 10 + (uint64_t)(peek(in) - '0');
        *power += (is_fraction ? -1 : 0) + (fits ? 0 : 1);
    }
    return in->at > from;
}

static bool take_exponent(reader *in, long *power)
{
    bool is_negative = take(in, '-');
    size_t from = in->at;
    long exponent = 0;
    if (!is_negative) take(in, '+');
    for (from = in->at; peek(in) >= '0' && peek(in) <= '9'; in->at++)
        if (exponent < 100000) exponent = exponent * 10 + (peek(in) - '0');
    *power += is_negative ? -exponent : exponent;
    return in->at > from;
}

static sluice_json *read_number(reader *in)
{
    bool is_negative = take(in, '-');
    uint64_t digits = 0;
    long power = 0;
    sluice_json *value;
    if (!take(in, '0') && !take_digits_into(in, &digits, &power, false)) return failed(in, "expected a value");
    if (take(in, '.') && !take_digits_into(in, &digits, &power, true)) return failed(in, "expected a digit");
    if ((take(in, 'e') || take(in, 'E')) && !take_exponent(in, &power)) return failed(in, "expected a digit");
    value = made(SLUICE_JSON_NUMBER);
    value->number = is_negative ? -scaled(digits, power) : scaled(digits, power);
    return value;
}

/* The four digits of \uXXXX; -1 if they are none. */
static long read_hex(reader *in)
{
    long value = 0;
    for (int i = 0; i < 4; i++) {
        int byte = peek(in);
        int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                    : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                    : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
        in->at++;
    }
    return value;
}

static void add_char(sluice_buf *buf, uint32_t value)
{
    if (value < 0x80) {
        sluice_add_byte(buf, (char)value);
        return;
    }
    if (value < 0x800) {
        sluice_add_byte(buf, (char)(0xC0 | value >> 6));
    } else {
        if (value < 0x10000) {
            sluice_add_byte(buf, (char)(0xE0 | value >> 12));
        } else {
            sluice_add_byte(buf, (char)(0xF0 | value >> 18));
            sluice_add_byte(buf, (char)(0x80 | (value >> 12 & 0x3F)));
        }
        sluice_add_byte(buf, (char)(0x80 | (value >> 6 & 0x3F)));
    }
    sluice_add_byte(buf, (char)(0x80 | (value & 0x3F)));
}

static bool read_unicode_escape(reader *in, sluice_buf *buf)
{
    long high = read_hex(in), low;
    size_t after = in->at;
    if (high < 0) return failed(in, "expected four hexadecimal digits");
    if (high < 0xD800 || high > 0xDFFF) {
        add_char(buf, (uint32_t)high);
        return true;
    }
    low = high < 0xDC00 && take(in, '\\') && take(in, 'u') ? read_hex(in) : -1;
    if (low >= 0xDC00 && low <= 0xDFFF) {
        add_char(buf, 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00));
    } else {
        in->at = after;
        add_char(buf, 0xFFFD);
    }
    return true;
}

static bool read_escape(reader *in, sluice_buf *buf)
{
    static const char escapes[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    const char *found = peek(in) > 0 ? strchr(escapes, peek(in)) : NULL;
    if (take(in, 'u')) return read_unicode_escape(in, buf);
    if (!found) return failed(in, "unknown escape");
    in->at++;
    sluice_add_byte(buf, means[found - escapes]);
    return true;
}

/* Most strings have no escape: those are views of the text. SLUICE_NONE on a mistake. */
static sluice_str read_string(reader *in)
{
    sluice_buf buf = {0};
    size_t from;
    if (!take(in, '"')) {
        failed(in, "expected a string");
        return SLUICE_NONE;
    }
    from = in->at;
    for (;;) {
        int byte = peek(in);
        if (byte < 0x20) {
            failed(in, byte < 0 ? "the string does not end" : "a control character in a string");
            return SLUICE_NONE;
        }
        if (byte == '"' || byte == '\\') {
            sluice_str plain = sluice_slice(in->text, from, in->at++);
            if (byte == '"' && !buf.ptr) return plain;
            sluice_add(&buf, plain);
            if (byte == '"') return sluice_built(&buf);
            if (!read_escape(in, &buf)) return SLUICE_NONE;
            from = in->at;
        } else {
            in->at++;
        }
    }
}

static sluice_json *read_member(reader *in)
{
    sluice_json *value;
    sluice_str name = read_string(in);
    if (!name.ptr) return NULL;
    skip_space(in);
    if (!take(in, ':')) return failed(in, "expected `:`");
    value = read_value(in);
    if (value) value->name = name;
    return value;
}

static sluice_json *read_list(reader *in, sluice_json_type type, char end)
{
    sluice_json *list = made(type);
    const sluice_json **next = &list->first;
    in->at++;
    skip_space(in);
    if (take(in, end)) return list;
    for (;;) {
        sluice_json *item;
        skip_space(in);
        item = type == SLUICE_JSON_OBJECT ? read_member(in) : read_value(in);
        if (!item) return NULL;
        *next = item;
        next = &item->next;
        list->count++;
        skip_space(in);
        if (take(in, end)) return list;
        if (!take(in, ',')) return failed(in, type == SLUICE_JSON_OBJECT ? "expected `,` or `}`" : "expected `,` or `]`");
    }
}

static sluice_json *read_word(reader *in, sluice_str word, sluice_json_type type, bool boolean)
{
    sluice_json *value;
    if (!sluice_starts_with(sluice_slice(in->text, in->at, in->text.len), word)) return failed(in, "expected a value");
    in->at += word.len;
    value = made(type);
    value->boolean = boolean;
    return value;
}

static sluice_json *read_string_value(reader *in)
{
    sluice_str string = read_string(in);
    sluice_json *value = string.ptr ? made(SLUICE_JSON_STRING) : NULL;
    if (value) value->string = string;
    return value;
}

static sluice_json *read_bare(reader *in)
{
    switch (peek(in)) {
    case '{': return read_list(in, SLUICE_JSON_OBJECT, '}');
    case '[': return read_list(in, SLUICE_JSON_ARRAY, ']');
    case '"': return read_string_value(in);
    case 't': return read_word(in, S("true"), SLUICE_JSON_BOOLEAN, true);
    case 'f': return read_word(in, S("false"), SLUICE_JSON_BOOLEAN, false);
    case 'n': return read_word(in, S("null"), SLUICE_JSON_NULL, false);
    default: return read_number(in);
    }
}

static sluice_json *read_value(reader *in)
{
    sluice_json *value;
    size_t from;
    skip_space(in);
    /* The guest's stack is small, and its end is the end of the call. */
    if (in->depth == SLUICE_JSON_DEPTH_MAX) return failed(in, "nested too deeply");
    from = in->at;
    in->depth++;
    value = read_bare(in);
    in->depth--;
    if (value) value->raw = sluice_slice(in->text, from, in->at);
    return value;
}

const sluice_json *sluice_json_parse(sluice_str text, sluice_str *problem)
{
    reader in = {.text = text};
    const sluice_json *value = read_value(&in);
    skip_space(&in);
    if (value && in.at < text.len) value = failed(&in, "text after the value");
    if (problem) *problem = value ? SLUICE_NONE : sluice_format("%s at byte %zu", in.problem, in.problem_at);
    return value;
}
