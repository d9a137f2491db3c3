/* Comparing JSON, for cases. */
#include "case.h"

static bool lists_are_alike(const sluice_json *expected, const sluice_json *got)
{
    const sluice_json *item = got->first;
    SLUICE_EACH(wanted, expected) {
        if (!is_like(wanted, item)) return false;
        item = item->next;
    }
    return true;
}

static bool objects_are_alike(const sluice_json *expected, const sluice_json *got)
{
    SLUICE_EACH(wanted, expected)
        if (!is_like(wanted, sluice_json_member(got, wanted->name))) return false;
    return true;
}

bool is_like(const sluice_json *expected, const sluice_json *got)
{
    if (!expected || !got) return expected == got;
    if (sluice_equal(sluice_json_string(expected, SLUICE_NONE), S("<any>"))) return true;
    if (expected->type != got->type || expected->count != got->count) return false;
    switch (expected->type) {
    case SLUICE_JSON_NULL: return true;
    case SLUICE_JSON_BOOLEAN: return expected->boolean == got->boolean;
    case SLUICE_JSON_NUMBER: return expected->number == got->number;
    case SLUICE_JSON_STRING: return sluice_equal(expected->string, got->string);
    case SLUICE_JSON_ARRAY: return lists_are_alike(expected, got);
    case SLUICE_JSON_OBJECT: return objects_are_alike(expected, got);
    }
    return false;
}

sluice_str difference(const char *what, const sluice_json *expected, sluice_str got_json)
{
    sluice_str wanted = expected ? expected->raw : S("nothing");
    if (is_like(expected, sluice_json_parse(got_json, NULL))) return SLUICE_NONE;
    return sluice_format("%s is %.*s and not %.*s", what, SLUICE_FMT(got_json), SLUICE_FMT(wanted));
}

sluice_str json_pair(const char *name, sluice_str text)
{
    sluice_str quoted = sluice_quoted(text);
    return sluice_format("{\"%s\": %.*s}", name, SLUICE_FMT(quoted));
}
