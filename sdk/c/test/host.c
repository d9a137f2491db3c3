/* Fakes of all imports, which answer from the case. Columns that a case does not have are as in the SDK for Rust. */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>

/* Texts by name, in the order in which they were put. They live as long as the instance. */
typedef struct store {
    struct entry {
        sluice_str name, value;
    } at[64];
    size_t count;
} store;

static store notes, published, state;

sluice_str host_keeps(sluice_str text)
{
    sluice_str copy;
    sluice_enter(SLUICE_LIFE_OF_INSTANCE);
    copy = sluice_copy(text);
    sluice_enter(SLUICE_LIFE_OF_CALL);
    return copy;
}

static sluice_str found(const store *in, sluice_str name)
{
    for (size_t i = 0; i < in->count; i++)
        if (sluice_equal(in->at[i].name, name)) return in->at[i].value;
    return SLUICE_NONE;
}

static void put(store *in, sluice_str name, sluice_str value)
{
    size_t i = 0;
    while (i < in->count && !sluice_equal(in->at[i].name, name)) i++;
    if (i == in->count && in->count == sizeof in->at / sizeof *in->at) {
        fputs("the test host keeps 64 names at most\n", stderr);
        exit(2);
    }
    if (i == in->count) in->at[in->count++].name = host_keeps(name);
    in->at[i].value = host_keeps(value);
}

static void put_all(store *in, const sluice_json *object)
{
    SLUICE_EACH(member, object) put(in, member->name, member->type == SLUICE_JSON_STRING ? member->string : member->raw);
}

/* The store as an object; values as strings, or as the JSON text that they are. */
static const sluice_json *object_of(const store *in, bool values_are_json)
{
    sluice_buf buf = {0};
    sluice_add_byte(&buf, '{');
    for (size_t i = 0; i < in->count; i++) {
        if (i) sluice_add_byte(&buf, ',');
        sluice_add_quoted(&buf, in->at[i].name);
        sluice_add_byte(&buf, ':');
        if (values_are_json) sluice_add(&buf, in->at[i].value);
        else sluice_add_quoted(&buf, in->at[i].value);
    }
    sluice_add_byte(&buf, '}');
    return sluice_json_parse(sluice_built(&buf), NULL);
}

void host_begins(void)
{
    notes = published = state = (store){0};
    host_http_begins();
    put_all(&state, of_case("state_before"));
    /* Of a hook, `notes` is what it must publish; of the others, what they find. */
    if (!of_case("decision")) put_all(&notes, of_case("notes"));
}

const sluice_json *host_published(void)
{
    return object_of(&published, true);
}

const sluice_json *host_state(void)
{
    return object_of(&state, false);
}

/* ---- log, settings, state ---- */

void sluice_log(sluice_level level, sluice_str line)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (getenv("SLUICE_TEST_LOG")) printf("  %s: %.*s\n", names[level], SLUICE_FMT(line));
}

sluice_str sluice_settings(void)
{
    const sluice_json *settings = of_case("settings");
    return settings ? settings->raw : S("{}");
}

sluice_error sluice_state_get(sluice_str key, sluice_str *value)
{
    *value = found(&state, key);
    return SLUICE_OK;
}

sluice_error sluice_state_set(sluice_str key, sluice_str value, uint32_t ttl_ms)
{
    (void)ttl_ms;
    put(&state, key, value);
    return SLUICE_OK;
}

sluice_error sluice_state_increment(sluice_str key, double delta, uint32_t ttl_ms, double *sum)
{
    sluice_str before = found(&state, key);
    sluice_buf buf = {0};
    double value = delta + (before.ptr ? strtod(before.ptr, NULL) : 0);
    (void)ttl_ms;
    sluice_add_number(&buf, value);
    put(&state, key, sluice_built(&buf));
    if (sum) *sum = value;
    return SLUICE_OK;
}

#ifdef SLUICE_CAN_NOTE
sluice_str sluice_note_get(sluice_str key)
{
    return found(&notes, key);
}

sluice_error sluice_note_put(sluice_str key, sluice_str value)
{
    put(&notes, key, value);
    return SLUICE_OK;
}

sluice_error sluice_note_publish(sluice_str name, sluice_str json)
{
    if (!sluice_json_parse(json, NULL)) return (sluice_error){SLUICE_ACCESS_DENIED, S("the value is not JSON")};
    put(&published, name, json);
    return SLUICE_OK;
}
#endif

/* ---- exchange ---- */

#ifdef SLUICE_CAN_READ_EXCHANGE
sluice_str sluice_exchange_id(void)
{
    return S("exchange-0");
}

sluice_str sluice_exchange_operation(void)
{
    return sluice_json_string(of_case("operation"), S("chat-completions"));
}

sluice_str sluice_exchange_model_group(void)
{
    return sluice_json_string(sluice_json_get(of_case("request"), "model"), S(""));
}

bool sluice_exchange_is_streaming(void)
{
    return sluice_json_boolean(sluice_json_get(of_case("request"), "stream"), false);
}

uint32_t sluice_exchange_prompt_tokens(void)
{
    return (uint32_t)(sluice_exchange_body().len / 4);
}

uint64_t sluice_exchange_started_ms(void)
{
    return (uint64_t)sluice_json_number(of_case("started_ms"), 0);
}

uint32_t sluice_exchange_seed(void)
{
    return (uint32_t)sluice_json_number(of_case("seed"), 0);
}

sluice_str sluice_exchange_field(sluice_str name)
{
    const sluice_json *field = sluice_json_member(of_case("request"), name);
    return field ? field->raw : SLUICE_NONE;
}

sluice_str sluice_exchange_body(void)
{
    const sluice_json *request = of_case("request");
    return request ? request->raw : S("{}");
}

sluice_str sluice_exchange_attribute(sluice_str name)
{
    return sluice_json_string(sluice_json_member(of_case("attributes"), name), SLUICE_NONE);
}
#endif
