/* A request hook sees a request before guardrails and routing do. Errors: unavailable, bad-settings, other. */
#ifndef SLUICE_KIND_HOOK_H
#define SLUICE_KIND_HOOK_H

#include "manifest.h"

typedef enum sluice_edit_kind { SLUICE_EDIT_SET, SLUICE_EDIT_INSERT, SLUICE_EDIT_REMOVE } sluice_edit_kind;

typedef struct sluice_request_edit {
    sluice_edit_kind kind;
    sluice_str place, json;
} sluice_request_edit;

typedef struct sluice_refusal {
    /* 400, 401, 402, 403, 404, 409, 413, 422, 429, 451 or 503. */
    uint16_t status;
    /* Short and stable, such as `quota.daily`. */
    sluice_str code;
    sluice_str message;
    /* 0 says nothing. */
    uint32_t retry_after_ms;
} sluice_refusal;

typedef enum sluice_decision_kind {
    SLUICE_DECIDE_PROCEED,
    SLUICE_DECIDE_CHANGE,
    SLUICE_DECIDE_ANSWER,
    SLUICE_DECIDE_REFUSE,
} sluice_decision_kind;

/* Filled by the functions below. Changes add up; an answer or a refusal takes the place of what was said before. */
typedef struct sluice_decision {
    sluice_decision_kind kind;
    sluice_request_edit *edits;
    size_t count, room;
    sluice_str model_group;
    sluice_str answer;
    sluice_refusal refusal;
} sluice_decision;

/* A place is a JSON Pointer, such as S("/messages/0/content") or sluice_pointer(name); a value is JSON text. */
void sluice_set(sluice_decision *decision, sluice_str place, sluice_str json);
/* Before the element at the place; `-` for its index means the end. */
void sluice_insert(sluice_decision *decision, sluice_str place, sluice_str json);
void sluice_remove(sluice_decision *decision, sluice_str place);
/* Asks another model group. */
void sluice_ask(sluice_decision *decision, sluice_str model_group);
/* The client gets this text, and no deployment is asked. */
void sluice_answer(sluice_decision *decision, sluice_str text);
void sluice_refuse(sluice_decision *decision, sluice_refusal refusal);

#ifdef SLUICE_REQUEST_HOOK
/* Exports: static sluice_error prepare(my_plugin *self, sluice_decision *decision) */
#define SLUICE_HOOK(function)                                                                                          \
    sluice_error sluice_plugin_prepare(sluice_decision *decision) { return function(&sluice_self, decision); }

sluice_error sluice_plugin_prepare(sluice_decision *decision);
#else
#define SLUICE_HOOK(function) _Static_assert(0, "add request-hook to `kinds` in plugin.yaml");
#endif

#endif
