/* The export of a request hook. */
#include "sluice/hook.h"
#include "layout.h"
#include "memory.h"

AFTER(hook, prepare)

_Static_assert(EXPORTS_SLUICE_PLUGIN_HOOK_ERROR_UNAVAILABLE == 0 && EXPORTS_SLUICE_PLUGIN_HOOK_ERROR_BAD_SETTINGS == 1 &&
                   EXPORTS_SLUICE_PLUGIN_HOOK_ERROR_OTHER == 2,
               "error_of_check");

static exports_sluice_plugin_hook_list_edit_t edits_of(const sluice_decision *decision)
{
    exports_sluice_plugin_hook_list_edit_t list = {SLUICE_NEW(exports_sluice_plugin_hook_edit_t, decision->count),
                                                   decision->count};
    for (size_t i = 0; i < list.len; i++) {
        const sluice_request_edit *edit = &decision->edits[i];
        list.ptr[i].tag = (uint8_t)edit->kind;
        if (edit->kind == SLUICE_EDIT_REMOVE)
            list.ptr[i].val.remove = string_of(edit->place);
        else
            list.ptr[i].val.set = (plugin_tuple2_string_string_t){string_of(edit->place), string_of(edit->json)};
    }
    return list;
}

static void give_decision(const sluice_decision *decision, exports_sluice_plugin_hook_decision_t *result)
{
    const sluice_refusal *refusal = &decision->refusal;
    result->tag = (uint8_t)decision->kind;
    switch (decision->kind) {
    case SLUICE_DECIDE_PROCEED: break;
    case SLUICE_DECIDE_CHANGE:
        result->val.change.edits = edits_of(decision);
        result->val.change.model_group.is_some = decision->model_group.ptr != NULL;
        result->val.change.model_group.val = string_of(decision->model_group);
        break;
    case SLUICE_DECIDE_ANSWER: result->val.answer = string_of(decision->answer); break;
    case SLUICE_DECIDE_REFUSE:
        result->val.refuse.status = refusal->status;
        result->val.refuse.code = string_of(refusal->code);
        result->val.refuse.message = string_of(refusal->message);
        result->val.refuse.retry_after_ms = refusal->retry_after_ms;
        break;
    }
}

bool exports_sluice_plugin_hook_prepare(exports_sluice_plugin_hook_decision_t *result,
                                        exports_sluice_plugin_hook_error_t *error)
{
    sluice_error outcome = make();
    if (outcome.kind == SLUICE_NO_ERROR) {
        sluice_decision decision = {0};
        outcome = sluice_plugin_prepare(&decision);
        give_decision(&decision, result);
    }
    if (outcome.kind != SLUICE_NO_ERROR) {
        error->tag = error_of_check(outcome.kind);
        error->val.other = string_of(outcome.message);
    }
    return outcome.kind == SLUICE_NO_ERROR;
}
