/* What a plugin can ask the host for. Which kinds may ask for what is written above each part.
 *
 * Texts and columns that these functions answer are gone after the call (sluice_alloc in core.h says more).
 *
 * "Neutral" marks what holds no client's words. An instance that read anything else serves no other exchange, which costs a new
 * instance: read no more than you need. */
#ifndef SLUICE_HOST_H
#define SLUICE_HOST_H

#include "core.h"
#include "grants.h"

/* ---- log: every kind. Lines over 4 KiB are cut; lines over 64 in one call are dropped. ---- */

typedef enum sluice_level { SLUICE_DEBUG, SLUICE_INFO, SLUICE_WARN, SLUICE_ERROR } sluice_level;

void sluice_log(sluice_level level, sluice_str line);

/* ---- settings: every kind ---- */

/* The settings as JSON text. The function that makes the plugin gets them parsed; this is for the rest. */
sluice_str sluice_settings(void);

/* ---- state: every kind. A small store that the plugin's instances share, and that outlives the exchange. ---- */

/* `value` is SLUICE_NONE where the key was never set, has expired or was evicted. */
sluice_error sluice_state_get(sluice_str key, sluice_str *value);

/* `ttl_ms` 0 keeps the value until it is replaced. SLUICE_ACCESS_DENIED where this instance has read what a client wrote. */
sluice_error sluice_state_set(sluice_str key, sluice_str value, uint32_t ttl_ms);

/* Adds, and answers the new value in `sum`, which may be NULL. A missing key counts as 0. Whole numbers are exact up to 2^53. */
sluice_error sluice_state_increment(sluice_str key, double delta, uint32_t ttl_ms, double *sum);

#ifdef SLUICE_CAN_NOTE
/* ---- notes: strategy, guardrail, hook. What one call leaves, a later one of this plugin in the same exchange finds. ---- */

/* SLUICE_NONE where nothing was put under the key. Not neutral where there is a value. */
sluice_str sluice_note_get(sluice_str key);

sluice_error sluice_note_put(sluice_str key, sluice_str value);

/* Adds a fact to the record of the exchange, which callbacks get. `json` is JSON text. */
sluice_error sluice_note_publish(sluice_str name, sluice_str json);
#endif

#ifdef SLUICE_CAN_READ_EXCHANGE
/* ---- exchange: strategy, guardrail, hook ---- */

/* Neutral, all of these: the opaque id; `chat-completions`, `embeddings`, …; the model group that the client asked for;
 * whether a stream is asked for; estimated tokens of the prompt; milliseconds since 1970; a number for random choices. */
sluice_str sluice_exchange_id(void);
sluice_str sluice_exchange_operation(void);
sluice_str sluice_exchange_model_group(void);
bool sluice_exchange_is_streaming(void);
uint32_t sluice_exchange_prompt_tokens(void);
uint64_t sluice_exchange_started_ms(void);
uint32_t sluice_exchange_seed(void);

/* JSON text of one top-level field of the request; SLUICE_NONE where it is absent. Neutral for numbers, booleans, null and
 * `model`. */
sluice_str sluice_exchange_field(sluice_str name);

/* The request whole, as JSON. Not neutral. */
sluice_str sluice_exchange_body(void);

/* `header.<name>`, `tag.<n>`, `region`, `user`, `team`, `virtual-key`, `end-user`, `metadata.<name>`, `medium.<word>`;
 * SLUICE_NONE where absent. Neutral only for `medium.<word>` and `region`. */
sluice_str sluice_exchange_attribute(sluice_str name);
#endif

#ifdef SLUICE_CAN_READ_CANDIDATES
/* ---- candidates: strategy. All neutral. ---- */

/* Columns: entry i is candidate i, and each has sluice_candidates_count() entries. A column is fetched each time it is
 * asked for: ask once and keep the pointer for the call. */
size_t sluice_candidates_count(void);

typedef enum sluice_number_column {
    SLUICE_WEIGHTS,
    SLUICE_ORDERS,
    SLUICE_IN_FLIGHT,
    SLUICE_LATENCY_SECONDS,
    SLUICE_FIRST_TOKEN_SECONDS,
    SLUICE_TOKENS_PER_SECOND,
    SLUICE_SAMPLE_AGES,
    SLUICE_FAILURE_RATES,
    SLUICE_REQUESTS_THIS_MINUTE,
    SLUICE_TOKENS_THIS_MINUTE,
    SLUICE_REQUEST_LIMITS,
    SLUICE_TOKEN_LIMITS,
    SLUICE_INPUT_PRICES,
    SLUICE_OUTPUT_PRICES,
} sluice_number_column;

/* NaN where a number is not known. */
const double *sluice_candidates_numbers(sluice_number_column column);

/* A column of numbers by its name, such as `context-windows`; NULL where the host does not have it. */
const double *sluice_candidates_measured(sluice_str name);

typedef enum sluice_text_column { SLUICE_IDS, SLUICE_PROVIDERS, SLUICE_MODELS, SLUICE_REGIONS } sluice_text_column;

const sluice_str *sluice_candidates_texts(sluice_text_column column);

/* Which candidates have no room for this exchange in this minute. */
const bool *sluice_candidates_exhausted(void);

typedef enum sluice_fact {
    SLUICE_FACT_ID,
    SLUICE_FACT_PROVIDER,
    SLUICE_FACT_MODEL,
    SLUICE_FACT_TAG,
    SLUICE_FACT_REGION,
} sluice_fact;

/* Which candidates are such. The word may end in `*`, but for a region. */
const bool *sluice_candidates_having(sluice_fact fact, sluice_str word);

typedef struct sluice_tags {
    const sluice_str *at;
    size_t count;
} sluice_tags;

const sluice_tags *sluice_candidates_tags(void);

/* One attribute of each deployment's `model_info`, as JSON text; empty where it has none. */
const sluice_str *sluice_candidates_info(sluice_str name);
#endif

#ifdef SLUICE_CAN_USE_HTTP
/* ---- http: guardrail, hook, callback, periodic task. Only to hosts that the manifest asks for and the operator allows. ---- */

typedef struct sluice_header {
    sluice_str name, value;
} sluice_header;

typedef struct sluice_http_request {
    sluice_str method;
    sluice_str url;
    const sluice_header *headers;
    size_t header_count;
    sluice_str body;
    /* Up to the last byte of the answer. 0 means the host's own limit, which also applies where it is shorter. */
    uint32_t timeout_ms;
} sluice_http_request;

typedef struct sluice_http_response {
    uint16_t status;
    const sluice_header *headers;
    size_t header_count;
    sluice_str body;
} sluice_http_response;

/* One round trip. Any status is an answer, not an error. */
sluice_error sluice_http_send(const sluice_http_request *request, sluice_http_response *response);

/* The value of the first header with this name, whatever its case; SLUICE_NONE where there is none. */
sluice_str sluice_http_header(const sluice_http_response *response, sluice_str name);
#endif

#endif
