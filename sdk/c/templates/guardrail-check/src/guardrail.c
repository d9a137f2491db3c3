/* my-guardrail: masks words of one list, and blocks on words of another, in requests, answers and streams.
 *
 * A word counts where it stands by itself: "cat" is not in "category". Letters of ASCII compare without regard to case. On a
 * stream, what may be the beginning of a word is held back until it is known, so that a cut changes nothing. */
#include "sluice.h"

#define SCHEMA                                                                                                         \
    SLUICE_JSON({                                                                                                      \
        "type": "object",                                                                                              \
        "additionalProperties": false,                                                                                 \
        "properties": {                                                                                                \
            "mask": {"type": "array", "maxItems": 1000, "items": {"type": "string", "minLength": 1},                   \
                     "description": "Words that are replaced."},                                                       \
            "block": {"type": "array", "maxItems": 1000, "items": {"type": "string", "minLength": 1},                  \
                      "description": "Words on which the exchange is refused."},                                       \
            "replacement": {"type": "string", "default": "***", "description": "What stands in place of a masked word."} \
        }                                                                                                              \
    })

static const sluice_manifest manifest = {
    .name = "my-guardrail",
    .version = "0.1.0",
    .summary = "Masks words of one list and blocks on words of another.",
    .settings_schema = SCHEMA,
};

typedef struct word {
    sluice_str text;
    bool blocks;
    /* The next word that begins with the same byte. */
    const struct word *next;
} word;

typedef struct my_guardrail {
    /* The words by their first byte: most places of a text need no more than this look. */
    const word *words[256];
    sluice_str replacement;
} my_guardrail;

static unsigned char lower(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

/* Whether a byte belongs to a word: ASCII letters and digits, and every byte of a character beyond ASCII. */
static bool is_of_word(char byte)
{
    unsigned char folded = lower(byte);
    return (folded >= 'a' && folded <= 'z') || (folded >= '0' && folded <= '9') || folded >= 0x80;
}

static void add_words(my_guardrail *self, const sluice_json *list, bool blocks)
{
    SLUICE_EACH(item, list) {
        const struct word **first = &self->words[lower(item->string.ptr[0])];
        word *added = SLUICE_NEW(word, 1);
        *added = (word){item->string, blocks, *first};
        *first = added;
    }
}

static sluice_error create(my_guardrail *self, const sluice_json *settings)
{
    add_words(self, sluice_json_get(settings, "mask"), false);
    /* What is added last is looked at first: a word on both lists blocks. */
    add_words(self, sluice_json_get(settings, "block"), true);
    self->replacement = sluice_json_string(sluice_json_get(settings, "replacement"), S("***"));
    return SLUICE_OK;
}

/* What stands at one place of a text. */
typedef struct look {
    /* The longest word that stands there, or NULL. */
    const word *found;
    /* The text ends before it is clear. */
    bool is_open;
} look;

static look look_at(const my_guardrail *self, sluice_str rest, bool more_comes)
{
    look seen = {0};
    for (const word *word = self->words[lower(rest.ptr[0])]; word; word = word->next) {
        size_t same = 0;
        while (same < word->text.len && same < rest.len && lower(word->text.ptr[same]) == lower(rest.ptr[same])) same++;
        if (same == rest.len) {
            /* The text ended within the word, or with it: the next character may make it a longer one. */
            if (more_comes) seen.is_open = true;
            else if (same == word->text.len && (!seen.found || same > seen.found->text.len)) seen.found = word;
        } else if (same == word->text.len && !(is_of_word(rest.ptr[same]) && is_of_word(rest.ptr[same - 1]))) {
            if (!seen.found || same > seen.found->text.len) seen.found = word;
        }
    }
    return seen;
}

/* What becomes of a passage. */
typedef struct outcome {
    sluice_buf sent;
    bool is_masked;
    /* Where the part that is held back begins: the length of the text where nothing is. */
    size_t held_from;
    const word *blocked;
} outcome;

static outcome read_passage(const my_guardrail *self, const sluice_passage *passage, bool more_comes)
{
    sluice_str text = passage->text, before = passage->before;
    outcome result = {.held_from = text.len};
    size_t copied = 0, at = 0;
    while (at < text.len) {
        char previous = at > 0 ? text.ptr[at - 1] : before.len ? before.ptr[before.len - 1] : ' ';
        look seen = {0};
        if (self->words[lower(text.ptr[at])] && !(is_of_word(previous) && is_of_word(text.ptr[at])))
            seen = look_at(self, sluice_slice(text, at, text.len), more_comes);
        if (seen.is_open) {
            result.held_from = at;
            break;
        }
        if (!seen.found) {
            at++;
            continue;
        }
        if (seen.found->blocks) {
            result.blocked = seen.found;
            return result;
        }
        sluice_add(&result.sent, sluice_slice(text, copied, at));
        sluice_add(&result.sent, self->replacement);
        result.is_masked = true;
        at = copied = at + seen.found->text.len;
    }
    sluice_add(&result.sent, sluice_slice(text, copied, result.held_from));
    return result;
}

static sluice_error inspect(my_guardrail *self, const sluice_inspected *inspected, sluice_verdict *verdict)
{
    outcome *outcomes = SLUICE_NEW(outcome, inspected->count);
    uint32_t *holds = SLUICE_NEW(uint32_t, inspected->count);
    bool is_masked = false, is_held = false;
    for (size_t i = 0; i < inspected->count; i++) {
        const sluice_passage *passage = &inspected->passages[i];
        outcomes[i] = read_passage(self, passage, inspected->stage == SLUICE_STREAM_WINDOW);
        if (outcomes[i].blocked) {
            sluice_block(verdict, S("blocked_word"), S("A word that is not allowed here."), SLUICE_NONE);
            return SLUICE_OK;
        }
        holds[i] = (uint32_t)sluice_chars(sluice_slice(passage->text, outcomes[i].held_from, passage->text.len));
        is_masked |= outcomes[i].is_masked;
        is_held |= holds[i] > 0;
    }
    if (is_masked) {
        sluice_edit *edits = sluice_rewrite(verdict);
        for (size_t i = 0; i < inspected->count; i++) edits[i] = (sluice_edit){sluice_built(&outcomes[i].sent), holds[i]};
    } else if (is_held) {
        memcpy(sluice_hold(verdict), holds, inspected->count * sizeof *holds);
    }
    return SLUICE_OK;
}

SLUICE_PLUGIN(my_guardrail, manifest, create)
SLUICE_GUARDRAIL(inspect)
