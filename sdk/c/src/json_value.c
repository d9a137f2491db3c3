/* Looking into a tree of JSON, and writing JSON. */
#include "sluice/json.h"
#include "memory.h"

const sluice_json *sluice_json_first(const sluice_json *list)
{
    return list ? list->first : NULL;
}

const sluice_json *sluice_json_member(const sluice_json *object, sluice_str name)
{
    const sluice_json *found = NULL;
    if (!sluice_json_is(object, SLUICE_JSON_OBJECT)) return NULL;
    SLUICE_EACH(member, object)
        if (sluice_equal(member->name, name)) found = member;
    return found;
}

const sluice_json *sluice_json_get(const sluice_json *object, const char *name)
{
    return sluice_json_member(object, sluice_text(name));
}

bool sluice_json_is(const sluice_json *value, sluice_json_type type)
{
    return value && value->type == type;
}

sluice_str sluice_json_string(const sluice_json *value, sluice_str otherwise)
{
    return sluice_json_is(value, SLUICE_JSON_STRING) ? value->string : otherwise;
}

double sluice_json_number(const sluice_json *value, double otherwise)
{
    return sluice_json_is(value, SLUICE_JSON_NUMBER) ? value->number : otherwise;
}

bool sluice_json_boolean(const sluice_json *value, bool otherwise)
{
    return sluice_json_is(value, SLUICE_JSON_BOOLEAN) ? value->boolean : otherwise;
}

void sluice_add_quoted(sluice_buf *buf, sluice_str text)
{
    static const char digits[] = "0123456789abcdef";
    sluice_add_byte(buf, '"');
    while (text.len) {
        const char *from = text.ptr;
        uint32_t value = sluice_next_char(&text);
        if (value == '"' || value == '\\') {
            sluice_add_byte(buf, '\\');
            sluice_add_byte(buf, (char)value);
        } else if (value < 0x20) {
            sluice_add(buf, S("\\u00"));
            sluice_add_byte(buf, digits[value >> 4]);
            sluice_add_byte(buf, digits[value & 15]);
        } else if (value == 0xFFFD) {
            sluice_add(buf, S("\xEF\xBF\xBD"));
        } else {
            sluice_add(buf, (sluice_str){from, (size_t)(text.ptr - from)});
        }
    }
    sluice_add_byte(buf, '"');
}

sluice_str sluice_quoted(sluice_str text)
{
    sluice_buf buf = {0};
    sluice_add_quoted(&buf, text);
    return sluice_built(&buf);
}

sluice_str sluice_pointer(sluice_str name)
{
    sluice_buf buf = {0};
    sluice_add_byte(&buf, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '~') sluice_add(&buf, S("~0"));
        else if (name.ptr[i] == '/') sluice_add(&buf, S("~1"));
        else sluice_add_byte(&buf, name.ptr[i]);
    }
    return sluice_built(&buf);
}
