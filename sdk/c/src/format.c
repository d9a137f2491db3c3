/* A small printf: libc's writes to streams too, and so makes the component ask for WASI, which it does not need otherwise. */
#include "sluice/core.h"

#include <math.h>
#include <stdarg.h>

/* Enough for every whole number, and for a fraction of six digits. */
#define DIGITS_MAX 32

static void add_whole(sluice_buf *buf, uint64_t value, unsigned base)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    sluice_add(buf, (sluice_str){digits + at, sizeof digits - at});
}

static void add_signed(sluice_buf *buf, int64_t value)
{
    if (value < 0) sluice_add_byte(buf, '-');
    add_whole(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

/* The fraction with six digits at most, without zeros at its end. */
static void add_fraction(sluice_buf *buf, uint64_t millionths)
{
    char digits[] = ".000000";
    size_t len = sizeof digits - 1;
    for (size_t i = 6; i > 0; i--) {
        digits[i] = (char)('0' + millionths % 10);
        millionths /= 10;
    }
    while (len > 1 && digits[len - 1] == '0') len--;
    if (len > 1) sluice_add(buf, (sluice_str){digits, len});
}

/* Leaves a size from 1 up to 10, and answers the power of ten that is missing. */
static int take_exponent_off(double *size)
{
    int exponent = 0;
    for (; *size >= 10; exponent++) *size /= 10;
    for (; *size < 1; exponent--) *size *= 10;
    return exponent;
}

void sluice_add_number(sluice_buf *buf, double value)
{
    double size = fabs(value);
    int exponent = 0;
    uint64_t scaled;
    if (isnan(value) || isinf(value)) {
        sluice_add(buf, S("null"));
        return;
    }
    if (value < 0) sluice_add_byte(buf, '-');
    /* Whole numbers that a double holds exactly are written out. */
    if (size <= 9007199254740992.0 && size == floor(size)) {
        add_whole(buf, (uint64_t)size, 10);
        return;
    }
    if (size >= 1e13 || size < 1e-3) exponent = take_exponent_off(&size);
    scaled = (uint64_t)(size * 1e6 + 0.5);
    add_whole(buf, scaled / 1000000, 10);
    add_fraction(buf, scaled % 1000000);
    if (exponent) {
        sluice_add_byte(buf, 'e');
        add_signed(buf, exponent);
    }
}

typedef struct directive {
    bool has_length;
    int length;
    /* How many `l`; `z` counts as what a size is. */
    int longs;
} directive;

static int64_t signed_of(const directive *given, va_list *values)
{
    return given->longs > 1 ? va_arg(*values, long long) : given->longs ? va_arg(*values, long) : va_arg(*values, int);
}

static uint64_t unsigned_of(const directive *given, va_list *values)
{
    return given->longs > 1 ? va_arg(*values, unsigned long long)
           : given->longs   ? va_arg(*values, unsigned long)
                            : va_arg(*values, unsigned);
}

static void add_string(sluice_buf *buf, const directive *given, const char *string)
{
    size_t len = given->has_length ? (size_t)given->length : strlen(string);
    sluice_add(buf, (sluice_str){string, len});
}

/* One directive, from after its `%`; answers what follows it. */
static const char *add_directive(sluice_buf *buf, const char *at, va_list *values)
{
    directive given = {0};
    if (at[0] == '.' && at[1] == '*') {
        given.has_length = true;
        given.length = va_arg(*values, int);
        at += 2;
    }
    for (; *at == 'l' || *at == 'z'; at++) given.longs++;
    switch (*at) {
    case 's': add_string(buf, &given, va_arg(*values, const char *)); break;
    case 'd':
    case 'i': add_signed(buf, signed_of(&given, values)); break;
    case 'u': add_whole(buf, unsigned_of(&given, values), 10); break;
    case 'x': add_whole(buf, unsigned_of(&given, values), 16); break;
    case 'c': sluice_add_byte(buf, (char)va_arg(*values, int)); break;
    case 'f':
    case 'g': sluice_add_number(buf, va_arg(*values, double)); break;
    case '%': sluice_add_byte(buf, '%'); break;
    /* What it would read is not known, so nothing after it can be read either. */
    default: __builtin_trap();
    }
    return at + 1;
}

static sluice_str formatted(const char *format, va_list *values)
{
    sluice_buf buf = {0};
    while (*format) {
        const char *mark = strchr(format, '%');
        size_t plain = mark ? (size_t)(mark - format) : strlen(format);
        sluice_add(&buf, (sluice_str){format, plain});
        format += plain;
        if (mark) format = add_directive(&buf, mark + 1, values);
    }
    sluice_add_byte(&buf, 0);
    return (sluice_str){buf.ptr, buf.len - 1};
}

sluice_str sluice_format(const char *format, ...)
{
    va_list values;
    sluice_str text;
    va_start(values, format);
    text = formatted(format, &values);
    va_end(values);
    return text;
}

sluice_error sluice_fail(sluice_error_kind kind, const char *format, ...)
{
    sluice_error error = {.kind = kind};
    va_list values;
    va_start(values, format);
    error.message = formatted(format, &values);
    va_end(values);
    return error;
}
