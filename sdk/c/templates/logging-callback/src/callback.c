/* my-callback: posts the records of finished exchanges as one JSON array to an endpoint.
 *
 * 2xx is success. 429 and 5xx, and an endpoint that cannot be reached, are tried again by the host; any other status means
 * that the endpoint will never take these records. */
#include "sluice.h"

#define SCHEMA                                                                                                         \
    SLUICE_JSON({                                                                                                      \
        "type": "object",                                                                                              \
        "additionalProperties": false,                                                                                 \
        "required": ["endpoint"],                                                                                      \
        "properties": {                                                                                                \
            "endpoint": {"type": "string", "pattern": "^https?://", "description": "Where the records are posted."},   \
            "timeout_ms": {"type": "integer", "minimum": 1, "maximum": 60000, "default": 5000,                         \
                           "description": "Up to the last byte of the answer."}                                        \
        }                                                                                                              \
    })

static const sluice_manifest manifest = {
    .name = "my-callback",
    .version = "0.1.0",
    .summary = "Posts the records of finished exchanges to an endpoint.",
    .settings_schema = SCHEMA,
    /* The settings name the host, so the manifest asks for what the operator allows. Name yours here if it is always the same. */
    .outbound = (const char *const[]){"*", NULL},
};

typedef struct my_callback {
    sluice_str endpoint;
    uint32_t timeout_ms;
} my_callback;

static sluice_error create(my_callback *self, const sluice_json *settings)
{
    self->endpoint = sluice_json_string(sluice_json_get(settings, "endpoint"), SLUICE_NONE);
    if (!self->endpoint.ptr) return sluice_fail(SLUICE_BAD_SETTINGS, "settings: `endpoint` is missing");
    self->timeout_ms = (uint32_t)sluice_json_number(sluice_json_get(settings, "timeout_ms"), 5000);
    return SLUICE_OK;
}

/* The records are JSON already. */
static sluice_str array_of(const sluice_str *records, size_t count)
{
    sluice_buf buf = {0};
    sluice_add_byte(&buf, '[');
    for (size_t i = 0; i < count; i++) {
        if (i) sluice_add_byte(&buf, ',');
        sluice_add(&buf, records[i]);
    }
    sluice_add_byte(&buf, ']');
    return sluice_built(&buf);
}

static sluice_error deliver(my_callback *self, const sluice_str *records, size_t count)
{
    const sluice_header headers[] = {{S("content-type"), S("application/json")}};
    sluice_http_request request = {
        .method = S("POST"),
        .url = self->endpoint,
        .headers = headers,
        .header_count = 1,
        .body = array_of(records, count),
        .timeout_ms = self->timeout_ms,
    };
    sluice_http_response response;
    /* Of these errors the SDK retries those that may pass: timeout, unreachable. */
    SLUICE_TRY(sluice_http_send(&request, &response));
    if (response.status >= 200 && response.status < 300) return SLUICE_OK;
    return sluice_fail(response.status == 429 || response.status >= 500 ? SLUICE_RETRY : SLUICE_REJECT,
                       "the endpoint answered %u", response.status);
}

SLUICE_PLUGIN(my_callback, manifest, create)
SLUICE_CALLBACK(deliver)
