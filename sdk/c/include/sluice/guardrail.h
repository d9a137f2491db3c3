/* A guardrail inspects the text of requests and answers. Errors: unavailable, bad-settings, other. */
#ifndef SLUICE_KIND_GUARDRAIL_H
#define SLUICE_KIND_GUARDRAIL_H

#include "manifest.h"

typedef enum sluice_stage {
    SLUICE_REQUEST,
    SLUICE_RESPONSE,
    /* What arrived of a streamed answer and was not sent. More will come. */
    SLUICE_STREAM_WINDOW,
    /* The same, and nothing more will come. */
    SLUICE_STREAM_END,
} sluice_stage;

typedef struct sluice_passage {
    /* `system`, `user`, `assistant`, `tool`, `input`, …, or the word of a medium. */
    sluice_str role;
    /* On a stream: the end of what was sent already. Empty at the other stages. */
    sluice_str before;
    sluice_str text;
} sluice_passage;

typedef struct sluice_inspected {
    sluice_stage stage;
    const sluice_passage *passages;
    size_t count;
} sluice_inspected;

/* On a stream: send `text` in place of all but the last `hold` scalar values of the passage, and hand those back with what
 * arrives next. At the other stages `hold` is 0. */
typedef struct sluice_edit {
    sluice_str text;
    uint32_t hold;
} sluice_edit;

typedef enum sluice_verdict_kind { SLUICE_PASS, SLUICE_REWRITE, SLUICE_HOLD, SLUICE_BLOCK } sluice_verdict_kind;

/* Filled by the functions below; the last one that was called counts. */
typedef struct sluice_verdict {
    sluice_verdict_kind kind;
    const sluice_inspected *inspected;
    sluice_edit *edits;
    uint32_t *holds;
    sluice_str code, message, detail;
} sluice_verdict;

/* An edit for each passage, which leave the passages as they are until you change them. */
sluice_edit *sluice_rewrite(sluice_verdict *verdict);

/* Stream only: how many scalar values at the end of each passage to keep back, 0 until you change them. */
uint32_t *sluice_hold(sluice_verdict *verdict);

/* `code` is short and stable, such as `pii.email`; `message` is for the client; `detail` is JSON for the log, or SLUICE_NONE. */
void sluice_block(sluice_verdict *verdict, sluice_str code, sluice_str message, sluice_str detail);

#ifdef SLUICE_GUARDRAIL_CHECK
/* Exports: static sluice_error inspect(my_plugin *self, const sluice_inspected *inspected, sluice_verdict *verdict) */
#define SLUICE_GUARDRAIL(function)                                                                                     \
    sluice_error sluice_plugin_inspect(const sluice_inspected *inspected, sluice_verdict *verdict)                     \
    {                                                                                                                  \
        return function(&sluice_self, inspected, verdict);                                                             \
    }

sluice_error sluice_plugin_inspect(const sluice_inspected *inspected, sluice_verdict *verdict);
#else
#define SLUICE_GUARDRAIL(function) _Static_assert(0, "add guardrail-check to `kinds` in plugin.yaml");
#endif

#endif
