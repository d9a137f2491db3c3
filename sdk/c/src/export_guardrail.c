/* The export of a guardrail. */
#include "sluice/guardrail.h"
#include "layout.h"
#include "memory.h"

AFTER(guardrail, inspect)

SAME_SIZE(sluice_passage, exports_sluice_plugin_guardrail_passage_t);
SAME_SIZE(sluice_edit, exports_sluice_plugin_guardrail_edit_t);
_Static_assert(EXPORTS_SLUICE_PLUGIN_GUARDRAIL_ERROR_UNAVAILABLE == 0 &&
                   EXPORTS_SLUICE_PLUGIN_GUARDRAIL_ERROR_BAD_SETTINGS == 1 &&
                   EXPORTS_SLUICE_PLUGIN_GUARDRAIL_ERROR_OTHER == 2,
               "error_of_check");

static void give_verdict(const sluice_verdict *verdict, exports_sluice_plugin_guardrail_verdict_t *result)
{
    size_t count = verdict->inspected->count;
    result->tag = (uint8_t)verdict->kind;
    switch (verdict->kind) {
    case SLUICE_PASS: break;
    case SLUICE_REWRITE:
        result->val.rewrite.ptr = (exports_sluice_plugin_guardrail_edit_t *)verdict->edits;
        result->val.rewrite.len = count;
        break;
    case SLUICE_HOLD: result->val.hold = (plugin_list_u32_t){verdict->holds, count}; break;
    case SLUICE_BLOCK:
        result->val.block.code = string_of(verdict->code);
        result->val.block.message = string_of(verdict->message);
        result->val.block.detail = string_of(verdict->detail);
        break;
    }
}

bool exports_sluice_plugin_guardrail_inspect(exports_sluice_plugin_guardrail_stage_t stage,
                                             exports_sluice_plugin_guardrail_list_passage_t *passages,
                                             exports_sluice_plugin_guardrail_verdict_t *result,
                                             exports_sluice_plugin_guardrail_error_t *error)
{
    sluice_error outcome = make();
    if (outcome.kind == SLUICE_NO_ERROR) {
        sluice_inspected inspected = {(sluice_stage)stage, (const sluice_passage *)passages->ptr, passages->len};
        sluice_verdict verdict = {.inspected = &inspected};
        outcome = sluice_plugin_inspect(&inspected, &verdict);
        give_verdict(&verdict, result);
    }
    if (outcome.kind != SLUICE_NO_ERROR) {
        error->tag = error_of_check(outcome.kind);
        error->val.other = string_of(outcome.message);
    }
    return outcome.kind == SLUICE_NO_ERROR;
}
