/* host.h over the generated imports. */
#include "sluice/host.h"
#include "layout.h"
#include "memory.h"

/* ---- log, settings ---- */

void sluice_log(sluice_level level, sluice_str line)
{
    plugin_string_t message = string_of(line);
    sluice_plugin_log_write((sluice_plugin_log_level_t)level, &message);
}

sluice_str sluice_settings(void)
{
    plugin_string_t json;
    sluice_plugin_settings_get(&json);
    return str_of(json);
}

/* ---- state ---- */

static sluice_error state_error(const sluice_plugin_state_error_t *error)
{
    switch (error->tag) {
    case SLUICE_PLUGIN_STATE_ERROR_ACCESS_DENIED:
        return (sluice_error){SLUICE_ACCESS_DENIED, S("this instance has read content and may not write state")};
    case SLUICE_PLUGIN_STATE_ERROR_TOO_LARGE:
        return (sluice_error){SLUICE_TOO_LARGE, S("the key or the value is too large for the state, or the state is full")};
    case SLUICE_PLUGIN_STATE_ERROR_UNAVAILABLE: return (sluice_error){SLUICE_UNAVAILABLE, str_of(error->val.unavailable)};
    default: return (sluice_error){SLUICE_OTHER, str_of(error->val.other)};
    }
}

sluice_error sluice_state_get(sluice_str key, sluice_str *value)
{
    plugin_string_t name = string_of(key);
    plugin_option_list_u8_t found;
    sluice_plugin_state_error_t error;
    *value = SLUICE_NONE;
    if (!sluice_plugin_state_get(&name, &found, &error)) return state_error(&error);
    if (found.is_some) *value = str_of_bytes(found.val);
    return SLUICE_OK;
}

sluice_error sluice_state_set(sluice_str key, sluice_str value, uint32_t ttl_ms)
{
    plugin_string_t name = string_of(key);
    plugin_list_u8_t bytes = bytes_of(value);
    sluice_plugin_state_error_t error;
    return sluice_plugin_state_set(&name, &bytes, ttl_ms, &error) ? SLUICE_OK : state_error(&error);
}

sluice_error sluice_state_increment(sluice_str key, double delta, uint32_t ttl_ms, double *sum)
{
    plugin_string_t name = string_of(key);
    double value;
    sluice_plugin_state_error_t error;
    if (!sluice_plugin_state_increment(&name, delta, ttl_ms, &value, &error)) return state_error(&error);
    if (sum) *sum = value;
    return SLUICE_OK;
}

/* ---- notes ---- */

#ifdef SLUICE_CAN_NOTE
static sluice_error notes_error(const sluice_plugin_notes_error_t *error)
{
    if (error->tag == SLUICE_PLUGIN_NOTES_ERROR_ACCESS_DENIED)
        return (sluice_error){SLUICE_ACCESS_DENIED, str_of(error->val.access_denied)};
    return (sluice_error){SLUICE_TOO_LARGE, S("the key is too large for a note, or there is no room for it")};
}

sluice_str sluice_note_get(sluice_str key)
{
    plugin_string_t name = string_of(key);
    plugin_list_u8_t value;
    return sluice_plugin_notes_get(&name, &value) ? str_of_bytes(value) : SLUICE_NONE;
}

sluice_error sluice_note_put(sluice_str key, sluice_str value)
{
    plugin_string_t name = string_of(key);
    plugin_list_u8_t bytes = bytes_of(value);
    sluice_plugin_notes_error_t error;
    return sluice_plugin_notes_put(&name, &bytes, &error) ? SLUICE_OK : notes_error(&error);
}

sluice_error sluice_note_publish(sluice_str name, sluice_str json)
{
    plugin_string_t called = string_of(name), text = string_of(json);
    sluice_plugin_notes_error_t error;
    return sluice_plugin_notes_publish(&called, &text, &error) ? SLUICE_OK : notes_error(&error);
}
#endif

/* ---- exchange ---- */

#ifdef SLUICE_CAN_READ_EXCHANGE
sluice_str sluice_exchange_id(void)
{
    plugin_string_t text;
    sluice_plugin_exchange_id(&text);
    return str_of(text);
}

sluice_str sluice_exchange_operation(void)
{
    plugin_string_t text;
    sluice_plugin_exchange_operation(&text);
    return str_of(text);
}

sluice_str sluice_exchange_model_group(void)
{
    plugin_string_t text;
    sluice_plugin_exchange_model_group(&text);
    return str_of(text);
}

bool sluice_exchange_is_streaming(void)
{
    return sluice_plugin_exchange_is_streaming();
}

uint32_t sluice_exchange_prompt_tokens(void)
{
    return sluice_plugin_exchange_prompt_tokens();
}

uint64_t sluice_exchange_started_ms(void)
{
    return sluice_plugin_exchange_started_ms();
}

uint32_t sluice_exchange_seed(void)
{
    return sluice_plugin_exchange_seed();
}

sluice_str sluice_exchange_field(sluice_str name)
{
    plugin_string_t called = string_of(name), json;
    return sluice_plugin_exchange_field(&called, &json) ? str_of(json) : SLUICE_NONE;
}

sluice_str sluice_exchange_body(void)
{
    plugin_list_u8_t body;
    sluice_plugin_exchange_body(&body);
    return str_of_bytes(body);
}

sluice_str sluice_exchange_attribute(sluice_str name)
{
    plugin_string_t called = string_of(name), value;
    return sluice_plugin_exchange_attribute(&called, &value) ? str_of(value) : SLUICE_NONE;
}
#endif

/* ---- candidates ---- */

#ifdef SLUICE_CAN_READ_CANDIDATES
size_t sluice_candidates_count(void)
{
    return sluice_plugin_candidates_count();
}

const double *sluice_candidates_numbers(sluice_number_column column)
{
    plugin_list_f64_t numbers;
    sluice_plugin_candidates_numbers((sluice_plugin_candidates_number_column_t)column, &numbers);
    return numbers.ptr;
}

const double *sluice_candidates_measured(sluice_str name)
{
    plugin_string_t called = string_of(name);
    plugin_list_f64_t numbers;
    return sluice_plugin_candidates_measured(&called, &numbers) ? numbers.ptr : NULL;
}

const sluice_str *sluice_candidates_texts(sluice_text_column column)
{
    plugin_list_string_t texts;
    sluice_plugin_candidates_texts((sluice_plugin_candidates_text_column_t)column, &texts);
    return (const sluice_str *)texts.ptr;
}

const bool *sluice_candidates_exhausted(void)
{
    plugin_list_bool_t column;
    sluice_plugin_candidates_exhausted(&column);
    return column.ptr;
}

const bool *sluice_candidates_having(sluice_fact fact, sluice_str word)
{
    plugin_string_t asked = string_of(word);
    plugin_list_bool_t column;
    sluice_plugin_candidates_having((sluice_plugin_candidates_fact_t)fact, &asked, &column);
    return column.ptr;
}

SAME_SIZE(sluice_tags, plugin_list_string_t);

const sluice_tags *sluice_candidates_tags(void)
{
    plugin_list_list_string_t tags;
    sluice_plugin_candidates_tags(&tags);
    return (const sluice_tags *)tags.ptr;
}

const sluice_str *sluice_candidates_info(sluice_str name)
{
    plugin_string_t called = string_of(name);
    plugin_list_string_t texts;
    sluice_plugin_candidates_info(&called, &texts);
    return (const sluice_str *)texts.ptr;
}
#endif

/* ---- http ---- */

#ifdef SLUICE_CAN_USE_HTTP
SAME_SIZE(sluice_header, sluice_plugin_http_header_t);

static sluice_error http_error(const sluice_plugin_http_error_t *error)
{
    switch (error->tag) {
    case SLUICE_PLUGIN_HTTP_ERROR_ACCESS_DENIED:
        return (sluice_error){SLUICE_ACCESS_DENIED, S("this address is not granted to the plugin")};
    case SLUICE_PLUGIN_HTTP_ERROR_TIMEOUT: return (sluice_error){SLUICE_TIMEOUT, S("no answer in time")};
    case SLUICE_PLUGIN_HTTP_ERROR_UNREACHABLE: return (sluice_error){SLUICE_UNREACHABLE, str_of(error->val.unreachable)};
    case SLUICE_PLUGIN_HTTP_ERROR_TOO_LARGE:
        return (sluice_error){SLUICE_TOO_LARGE, S("the answer is longer than the host allows")};
    case SLUICE_PLUGIN_HTTP_ERROR_INVALID: return (sluice_error){SLUICE_INVALID, str_of(error->val.invalid)};
    default: return (sluice_error){SLUICE_OTHER, str_of(error->val.other)};
    }
}

sluice_error sluice_http_send(const sluice_http_request *request, sluice_http_response *response)
{
    sluice_plugin_http_request_t sent = {
        .method = string_of(request->method),
        .url = string_of(request->url),
        .headers = {(sluice_plugin_http_header_t *)request->headers, request->header_count},
        .body = bytes_of(request->body),
        .timeout_ms = request->timeout_ms,
    };
    sluice_plugin_http_response_t got;
    sluice_plugin_http_error_t error;
    *response = (sluice_http_response){0};
    if (!sluice_plugin_http_send(&sent, &got, &error)) return http_error(&error);
    response->status = got.status;
    response->headers = (const sluice_header *)got.headers.ptr;
    response->header_count = got.headers.len;
    response->body = str_of_bytes(got.body);
    return SLUICE_OK;
}
#endif
