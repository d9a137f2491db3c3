/* Tests of the SDK's own parts: texts, numbers, JSON, ranking. `make test` in the SDK's folder runs them. */
#include "sluice.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>

static int failures;

static void check(bool holds, const char *what, int line)
{
    if (holds) return;
    printf("unit.c:%d: %s\n", line, what);
    failures++;
}
#define CHECK(holds) check((holds), #holds, __LINE__)

static bool is(sluice_str got, const char *wanted)
{
    if (sluice_equal(got, sluice_text(wanted))) return true;
    printf("got `%.*s`, not `%s`\n", SLUICE_FMT(got), wanted);
    return false;
}

static void texts(void)
{
    sluice_str text = S("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), bad = S("\xC3(\xED\xA0\x80\xFF");
    CHECK(sluice_chars(text) == 4);
    CHECK(sluice_next_char(&text) == 'a' && sluice_next_char(&text) == 0xE9);
    CHECK(sluice_next_char(&text) == 0x20AC && sluice_next_char(&text) == 0x1F600 && text.len == 0);
    CHECK(sluice_next_char(&bad) == 0xFFFD && sluice_next_char(&bad) == '(');
    while (bad.len) CHECK(sluice_next_char(&bad) == 0xFFFD);
    CHECK(sluice_find(S("abcabd"), S("abd"), 0) == 3 && sluice_find(S("abcab"), S("abd"), 0) == SLUICE_NOT_FOUND);
    CHECK(sluice_find(S("aa"), S("a"), 1) == 1 && sluice_find(S("aa"), S("a"), 2) == SLUICE_NOT_FOUND);
    CHECK(is(sluice_slice(S("abc"), 1, 99), "bc") && sluice_slice(S("abc"), 9, 1).len == 0);
    CHECK(sluice_starts_with(S("abc"), S("ab")) && !sluice_starts_with(S("a"), S("ab")));
    CHECK(SLUICE_NONE.ptr == NULL && sluice_equal(SLUICE_NONE, S("")));
}

static void formats(void)
{
    sluice_str name = S("name");
    CHECK(is(sluice_format("%s %.*s %d %u %zu %c%%", "a", SLUICE_FMT(name), -5, 7u, (size_t)9, 'x'), "a name -5 7 9 x%"));
    CHECK(is(sluice_format("%lld %llu %x", (long long)INT64_MIN, (unsigned long long)UINT64_MAX, 255u),
             "-9223372036854775808 18446744073709551615 ff"));
    CHECK(is(sluice_format("%g %g %g %g", 0.0, -2.5, 1e6, 0.1), "0 -2.5 1000000 0.1"));
    CHECK(is(sluice_format("%g %g %g %g", 9007199254740992.0, 1.5e300, 2.5e-7, 1234.000001),
             "9007199254740992 1.5e300 2.5e-7 1234.000001"));
    /* What was written can be read again. */
    for (double value = 1.2345e-300; value < 1e300; value *= 1234.5) {
        double again = sluice_json_number(sluice_json_parse(sluice_format("%g", value), NULL), 0);
        CHECK(fabs(again - value) <= fabs(value) * 1e-3);
    }
    CHECK(is(sluice_format("%g %g", NAN, INFINITY), "null null"));
}

static bool is_refused(sluice_str text)
{
    sluice_str problem;
    return sluice_json_parse(text, &problem) == NULL && problem.len > 0;
}

static void json_reads(void)
{
    sluice_str text = S(" {\"a\": [1, -2.5e2, true, null], \"b\": {\"\\u0063\": \"\\ud83d\\ude00\\n\"}, \"a\": 0.1} ");
    const sluice_json *value = sluice_json_parse(text, NULL);
    const sluice_json *list = sluice_json_first(value);
    CHECK(sluice_json_is(value, SLUICE_JSON_OBJECT) && value->count == 3);
    CHECK(list->count == 4 && list->first->number == 1 && list->first->next->number == -250);
    CHECK(is(list->raw, "[1, -2.5e2, true, null]") && is(list->first->next->raw, "-2.5e2"));
    CHECK(sluice_json_number(sluice_json_get(value, "a"), 0) == 0.1);
    CHECK(is(sluice_json_string(sluice_json_get(sluice_json_get(value, "b"), "c"), S("")), "\xF0\x9F\x98\x80\n"));
    CHECK(sluice_json_get(sluice_json_get(NULL, "x"), "y") == NULL && sluice_json_boolean(NULL, true));
    CHECK(is(sluice_json_parse(S("\"\\ud800x\""), NULL)->string, "\xEF\xBF\xBDx"));
    CHECK(sluice_json_parse(S("\"\""), NULL)->string.ptr != NULL);
    CHECK(sluice_json_parse(S("1e400"), NULL)->number == INFINITY && sluice_json_parse(S("1e-400"), NULL)->number == 0);
    CHECK(sluice_json_parse(S("123456789012345678901234567890"), NULL)->number == 123456789012345678901234567890.0);
}

static void json_refuses(void)
{
    sluice_buf deep = {0};
    static const char *const texts[] = {
        "", " ", "{", "[1,]", "{\"a\":1,}", "[1 2]", "01", "1.", ".5", "+1", "1e", "tru", "nul", "\"a", "\"\\x\"",
        "\"\\u12g4\"", "\"\n\"", "{a:1}", "{\"a\" 1}", "1 2", "'a'", "-", "[", "NaN",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check(is_refused(sluice_copy(sluice_text(texts[i]))), texts[i], __LINE__);
    for (int i = 0; i < 100000; i++) sluice_add_byte(&deep, '[');
    CHECK(is_refused(sluice_built(&deep)));
}

static void json_writes(void)
{
    CHECK(is(sluice_quoted(S("a\"\\\n\x01\xC3\xA9\xFF")), "\"a\\\"\\\\\\u000a\\u0001\xC3\xA9\xEF\xBF\xBD\""));
    CHECK(is(sluice_pointer(S("a/b~c")), "/a~1b~0c"));
    CHECK(is(sluice_text(SLUICE_JSON({"pattern": "^\\d+$", "n": [1, true]})), "{\"pattern\": \"^\\\\d+$\", \"n\": [1, true]}"));
}

/* The imports that ranking asks. */
size_t sluice_candidates_count(void)
{
    return 4;
}

uint32_t sluice_exchange_seed(void)
{
    return 7;
}

static bool ranks(const sluice_ranking *ranking, const char *wanted)
{
    sluice_buf buf = {0};
    for (size_t i = 0; i < ranking->count; i++) sluice_add(&buf, sluice_format("%u", ranking->at[i]));
    return is(sluice_built(&buf), wanted);
}

static void ranking(void)
{
    uint32_t at[] = {0, 1, 2, 3};
    sluice_ranking order = {at, 4};
    sluice_sort(&order, (const double[]){2, NAN, 1, 2});
    CHECK(ranks(&order, "2031"));
    sluice_put_last(&order, (const bool[]){true, false, true, false});
    CHECK(ranks(&order, "3120"));
    sluice_keep(&order, (const bool[]){true, false, true, false}, false);
    CHECK(ranks(&order, "31"));
    /* plugins/simple-shuffle and others rank so with this seed: the SDKs draw alike. */
    order = (sluice_ranking){(uint32_t[]){0, 1, 2, 3}, 4};
    sluice_shuffle(&order, NULL);
    CHECK(ranks(&order, "1032"));
    sluice_shuffle(&order, (const double[]){0, 0, 0, 1});
    CHECK(order.at[0] == 3);
}

int main(void)
{
    texts();
    formats();
    json_reads();
    json_refuses();
    json_writes();
    ranking();
    sluice_end(SLUICE_LIFE_OF_CALL);
    puts(failures ? "unit tests FAILED" : "unit tests hold");
    return failures != 0;
}
