/* Cases of strategies, callbacks, hooks and periodic tasks. */
#include "case.h"

/* What a call answered where a case expects an error, or did not. */
__attribute__((unused)) static sluice_str of_error(sluice_error error)
{
    return difference("the error", of_case("error"), sluice_quoted(error.message));
}

#ifdef SLUICE_ROUTING_STRATEGY
sluice_str run_strategy(void)
{
    size_t count = sluice_candidates_count();
    sluice_ranking ranking = {SLUICE_NEW(uint32_t, count), count};
    sluice_buf buf = {0};
    sluice_error error;
    for (size_t i = 0; i < count; i++) ranking.at[i] = (uint32_t)i;
    error = sluice_plugin_rank(&ranking);
    if (error.kind != SLUICE_NO_ERROR) return of_error(error);
    sluice_add_byte(&buf, '[');
    for (size_t i = 0; i < ranking.count; i++) sluice_add(&buf, sluice_format(i ? ", %u" : "%u", ranking.at[i]));
    sluice_add_byte(&buf, ']');
    return difference("the rank", of_case("rank"), sluice_built(&buf));
}
#endif

#ifdef SLUICE_LOGGING_CALLBACK
sluice_str run_callback(void)
{
    const sluice_json *given = of_case("records");
    sluice_str *records = SLUICE_NEW(sluice_str, given->count);
    size_t count = 0;
    sluice_error error;
    sluice_str outcome = S("\"ok\"");
    SLUICE_EACH(record, given) records[count++] = record->raw;
    error = sluice_plugin_deliver(records, count);
    if (sluice_is_final(error.kind)) outcome = json_pair("reject", error.message);
    else if (error.kind != SLUICE_NO_ERROR) outcome = json_pair("retry", error.message);
    return difference("the outcome", of_case("outcome"), outcome);
}
#endif

#ifdef SLUICE_REQUEST_HOOK
static sluice_str written_edit(const sluice_request_edit *edit)
{
    sluice_str place = sluice_quoted(edit->place);
    switch (edit->kind) {
    case SLUICE_EDIT_SET: return sluice_format("{\"set\": %.*s, \"to\": %.*s}", SLUICE_FMT(place), SLUICE_FMT(edit->json));
    case SLUICE_EDIT_INSERT:
        return sluice_format("{\"insert\": %.*s, \"value\": %.*s}", SLUICE_FMT(place), SLUICE_FMT(edit->json));
    case SLUICE_EDIT_REMOVE: break;
    }
    return sluice_format("{\"remove\": %.*s}", SLUICE_FMT(place));
}

static sluice_str written_changes(const sluice_decision *decision)
{
    sluice_buf buf = {0};
    sluice_add(&buf, S("{\"change\": ["));
    for (size_t i = 0; i < decision->count; i++) {
        sluice_add(&buf, i ? S(", ") : S(""));
        sluice_add(&buf, written_edit(&decision->edits[i]));
    }
    sluice_add_byte(&buf, ']');
    if (decision->model_group.ptr) {
        sluice_add(&buf, S(", \"ask\": "));
        sluice_add_quoted(&buf, decision->model_group);
    }
    sluice_add_byte(&buf, '}');
    return sluice_built(&buf);
}

static sluice_str written_refusal(const sluice_refusal *refusal)
{
    sluice_str code = sluice_quoted(refusal->code), message = sluice_quoted(refusal->message);
    return sluice_format("{\"refuse\": [%u, %.*s, %.*s, %u]}", refusal->status, SLUICE_FMT(code), SLUICE_FMT(message),
                         refusal->retry_after_ms);
}

static sluice_str written_decision(const sluice_decision *decision)
{
    switch (decision->kind) {
    case SLUICE_DECIDE_PROCEED: break;
    case SLUICE_DECIDE_CHANGE: return written_changes(decision);
    case SLUICE_DECIDE_ANSWER: return json_pair("answer", decision->answer);
    case SLUICE_DECIDE_REFUSE: return written_refusal(&decision->refusal);
    }
    return S("\"proceed\"");
}

sluice_str run_hook(void)
{
    static const sluice_json nothing = {.type = SLUICE_JSON_OBJECT, .raw = {"{}", 2}};
    sluice_decision decision = {0};
    sluice_error error = sluice_plugin_prepare(&decision);
    sluice_str problem;
    if (error.kind != SLUICE_NO_ERROR) return of_error(error);
    problem = difference("the decision", of_case("decision"), written_decision(&decision));
    if (problem.ptr) return problem;
    return difference("what was noted", of_case("notes") ? of_case("notes") : &nothing, host_published()->raw);
}
#endif

#ifdef SLUICE_PERIODIC_TASK
sluice_str run_periodic(void)
{
    uint32_t wait_ms = 60000;
    sluice_error error = sluice_plugin_tick(&wait_ms);
    sluice_str problem = error.kind != SLUICE_NO_ERROR
                             ? of_error(error)
                             : difference("the wait", of_case("wait_ms"), sluice_format("%u", wait_ms));
    if (problem.ptr || !of_case("state")) return problem;
    return difference("the state", of_case("state"), host_state()->raw);
}
#endif
