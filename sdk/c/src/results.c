/* What a plugin function answers: errors, verdicts and decisions. */
#include "sluice/guardrail.h"
#include "sluice/hook.h"
#include "memory.h"

bool sluice_is_final(sluice_error_kind kind)
{
    return kind == SLUICE_REJECT || kind == SLUICE_ACCESS_DENIED || kind == SLUICE_TOO_LARGE || kind == SLUICE_INVALID ||
           kind == SLUICE_BAD_SETTINGS;
}

#ifdef SLUICE_GUARDRAIL_CHECK
sluice_edit *sluice_rewrite(sluice_verdict *verdict)
{
    const sluice_inspected *inspected = verdict->inspected;
    verdict->kind = SLUICE_REWRITE;
    verdict->edits = SLUICE_NEW(sluice_edit, inspected->count);
    for (size_t i = 0; i < inspected->count; i++) verdict->edits[i].text = inspected->passages[i].text;
    return verdict->edits;
}

uint32_t *sluice_hold(sluice_verdict *verdict)
{
    verdict->kind = SLUICE_HOLD;
    verdict->holds = SLUICE_NEW(uint32_t, verdict->inspected->count);
    return verdict->holds;
}

void sluice_block(sluice_verdict *verdict, sluice_str code, sluice_str message, sluice_str detail)
{
    verdict->kind = SLUICE_BLOCK;
    verdict->code = code;
    verdict->message = message;
    verdict->detail = detail;
}
#endif

#ifdef SLUICE_REQUEST_HOOK
static void change(sluice_decision *decision, sluice_edit_kind kind, sluice_str place, sluice_str json)
{
    if (decision->count == decision->room) {
        size_t room = decision->room ? 2 * decision->room : 8;
        decision->edits = sluice_take(decision->edits, decision->room * sizeof *decision->edits,
                                      _Alignof(sluice_request_edit), room * sizeof *decision->edits);
        decision->room = room;
    }
    decision->kind = SLUICE_DECIDE_CHANGE;
    decision->edits[decision->count++] = (sluice_request_edit){.kind = kind, .place = place, .json = json};
}

void sluice_set(sluice_decision *decision, sluice_str place, sluice_str json)
{
    change(decision, SLUICE_EDIT_SET, place, json);
}

void sluice_insert(sluice_decision *decision, sluice_str place, sluice_str json)
{
    change(decision, SLUICE_EDIT_INSERT, place, json);
}

void sluice_remove(sluice_decision *decision, sluice_str place)
{
    change(decision, SLUICE_EDIT_REMOVE, place, SLUICE_NONE);
}

void sluice_ask(sluice_decision *decision, sluice_str model_group)
{
    decision->kind = SLUICE_DECIDE_CHANGE;
    decision->model_group = model_group;
}

void sluice_answer(sluice_decision *decision, sluice_str text)
{
    decision->kind = SLUICE_DECIDE_ANSWER;
    decision->answer = text;
}

void sluice_refuse(sluice_decision *decision, sluice_refusal refusal)
{
    decision->kind = SLUICE_DECIDE_REFUSE;
    decision->refusal = refusal;
}
#endif
