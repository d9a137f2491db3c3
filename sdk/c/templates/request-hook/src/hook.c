/* my-hook: house rules for requests. It refuses those without a header, fills in defaults for parameters, caps the length of
 * answers, and notes in the record whether it capped one.
 *
 * The operator must grant what it changes: `sluice.plugins.my-hook.may_change: [parameters]`. */
#include "sluice.h"

#define SCHEMA                                                                                                         \
    SLUICE_JSON({                                                                                                      \
        "type": "object",                                                                                              \
        "additionalProperties": false,                                                                                 \
        "properties": {                                                                                                \
            "required_header": {"type": "string", "minLength": 1, "maxLength": 256,                                    \
                                "description": "A header without which a request is refused."},                        \
            "defaults": {"type": "object", "maxProperties": 64,                                                        \
                         "description": "Parameters that a request gets where it does not have them."},                \
            "max_tokens": {"type": "integer", "minimum": 1, "description": "Most tokens of an answer."}                \
        }                                                                                                              \
    })

static const sluice_manifest manifest = {
    .name = "my-hook",
    .version = "0.1.0",
    .summary = "Requires a header, fills in defaults and caps max_tokens.",
    .settings_schema = SCHEMA,
};

typedef struct my_hook {
    /* The attribute to ask for, or none. */
    sluice_str required_attribute;
    const sluice_json *defaults;
    const sluice_json *max_tokens;
} my_hook;

static sluice_error create(my_hook *self, const sluice_json *settings)
{
    sluice_str header = sluice_json_string(sluice_json_get(settings, "required_header"), SLUICE_NONE);
    if (header.ptr) self->required_attribute = sluice_format("header.%.*s", SLUICE_FMT(header));
    self->defaults = sluice_json_get(settings, "defaults");
    self->max_tokens = sluice_json_get(settings, "max_tokens");
    return SLUICE_OK;
}

/* A field that is null counts as absent, as it does for OpenAI. */
static const sluice_json *given(sluice_str name)
{
    sluice_str json = sluice_exchange_field(name);
    const sluice_json *value = json.ptr ? sluice_json_parse(json, NULL) : NULL;
    return sluice_json_is(value, SLUICE_JSON_NULL) ? NULL : value;
}

/* Caps one of the two names that the limit has. */
static bool cap(const my_hook *self, sluice_decision *decision, sluice_str name, const sluice_json *asked)
{
    if (!asked || sluice_json_number(asked, 0) <= self->max_tokens->number) return false;
    sluice_set(decision, sluice_pointer(name), self->max_tokens->raw);
    return true;
}

/* Whether the answer may now be shorter than the client asked for. */
static bool cap_length(const my_hook *self, sluice_decision *decision)
{
    const sluice_json *older = given(S("max_tokens")), *newer = given(S("max_completion_tokens"));
    bool is_capped = cap(self, decision, S("max_tokens"), older);
    is_capped |= cap(self, decision, S("max_completion_tokens"), newer);
    if (older || newer) return is_capped;
    sluice_set(decision, S("/max_tokens"), self->max_tokens->raw);
    return true;
}

static sluice_error prepare(my_hook *self, sluice_decision *decision)
{
    sluice_str operation = sluice_exchange_operation();
    bool is_text = sluice_equal(operation, S("chat-completions")) || sluice_equal(operation, S("completions"));
    if (self->required_attribute.ptr && !sluice_exchange_attribute(self->required_attribute).ptr) {
        sluice_refuse(decision, (sluice_refusal){
                                    .status = 403,
                                    .code = S("header.missing"),
                                    .message = S("A header that this gateway requires is missing."),
                                });
        return SLUICE_OK;
    }
    if (!is_text) return SLUICE_OK;
    SLUICE_EACH(value, self->defaults)
        if (!given(value->name)) sluice_set(decision, sluice_pointer(value->name), value->raw);
    if (self->max_tokens)
        SLUICE_TRY(sluice_note_publish(S("capped"), cap_length(self, decision) ? S("true") : S("false")));
    return SLUICE_OK;
}

SLUICE_PLUGIN(my_hook, manifest, create)
SLUICE_HOOK(prepare)
