/* my-task: fetches a document again and again, and leaves it in the state, where the plugin's other kinds find it.
 *
 * A strategy or a guardrail of the same component reads it by sluice_state_get(S("latest"), &document): add its kind to
 * plugin.yaml and its macro at the end of this file. */
#include "sluice.h"

#define SCHEMA                                                                                                         \
    SLUICE_JSON({                                                                                                      \
        "type": "object",                                                                                              \
        "additionalProperties": false,                                                                                 \
        "required": ["url"],                                                                                           \
        "properties": {                                                                                                \
            "url": {"type": "string", "pattern": "^https?://", "description": "What is fetched."},                     \
            "every_seconds": {"type": "integer", "minimum": 1, "maximum": 86400, "default": 300}                       \
        }                                                                                                              \
    })

static const sluice_manifest manifest = {
    .name = "my-task",
    .version = "0.1.0",
    .summary = "Fetches a document from time to time and keeps the latest.",
    .settings_schema = SCHEMA,
    .outbound = (const char *const[]){"*", NULL},
};

typedef struct my_task {
    sluice_str url;
    uint32_t every_ms;
} my_task;

static sluice_error create(my_task *self, const sluice_json *settings)
{
    self->url = sluice_json_string(sluice_json_get(settings, "url"), SLUICE_NONE);
    if (!self->url.ptr) return sluice_fail(SLUICE_BAD_SETTINGS, "settings: `url` is missing");
    self->every_ms = (uint32_t)(1000 * sluice_json_number(sluice_json_get(settings, "every_seconds"), 300));
    return SLUICE_OK;
}

static sluice_error tick(my_task *self, uint32_t *wait_ms)
{
    sluice_http_request request = {.method = S("GET"), .url = self->url, .timeout_ms = 10000};
    sluice_http_response response;
    SLUICE_TRY(sluice_http_send(&request, &response));
    if (response.status != 200) return sluice_fail(SLUICE_UNAVAILABLE, "the document's host answered %u", response.status);
    SLUICE_TRY(sluice_state_set(S("latest"), response.body, 0));
    SLUICE_TRY(sluice_state_increment(S("rounds"), 1, 0, NULL));
    *wait_ms = self->every_ms;
    return SLUICE_OK;
}

SLUICE_PLUGIN(my_task, manifest, create)
SLUICE_PERIODIC(tick)
