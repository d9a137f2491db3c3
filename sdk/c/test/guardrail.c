/* Cases of guardrails. */
#include "case.h"

static sluice_stage stage_of(sluice_str name)
{
    return sluice_equal(name, S("request"))         ? SLUICE_REQUEST
           : sluice_equal(name, S("response"))      ? SLUICE_RESPONSE
           : sluice_equal(name, S("stream-window")) ? SLUICE_STREAM_WINDOW
                                                    : SLUICE_STREAM_END;
}

static sluice_str written_rewrite(const sluice_verdict *verdict)
{
    sluice_buf buf = {0};
    sluice_add(&buf, S("{\"rewrite\": ["));
    for (size_t i = 0; i < verdict->inspected->count; i++) {
        const sluice_edit *edit = &verdict->edits[i];
        sluice_str text = sluice_quoted(edit->text);
        sluice_add(&buf, i ? S(", ") : S(""));
        sluice_add(&buf, edit->hold ? sluice_format("[%.*s, %u]", SLUICE_FMT(text), edit->hold) : text);
    }
    sluice_add(&buf, S("]}"));
    return sluice_built(&buf);
}

static sluice_str written_hold(const sluice_verdict *verdict)
{
    sluice_buf buf = {0};
    sluice_add(&buf, S("{\"hold\": ["));
    for (size_t i = 0; i < verdict->inspected->count; i++)
        sluice_add(&buf, sluice_format(i ? ", %u" : "%u", verdict->holds[i]));
    sluice_add(&buf, S("]}"));
    return sluice_built(&buf);
}

static sluice_str written(const sluice_verdict *verdict)
{
    sluice_str code, message;
    switch (verdict->kind) {
    case SLUICE_PASS: return S("\"pass\"");
    case SLUICE_REWRITE: return written_rewrite(verdict);
    case SLUICE_HOLD: return written_hold(verdict);
    case SLUICE_BLOCK: break;
    }
    code = sluice_quoted(verdict->code);
    message = sluice_quoted(verdict->message);
    return sluice_format("{\"block\": %.*s, \"message\": %.*s}", SLUICE_FMT(code), SLUICE_FMT(message));
}

static sluice_inspected inspected_of_case(void)
{
    const sluice_json *given = of_case("passages");
    sluice_passage *passages = SLUICE_NEW(sluice_passage, given ? given->count : 0);
    size_t count = 0;
    SLUICE_EACH(item, given)
        passages[count++] = (sluice_passage){
            .role = sluice_json_string(sluice_json_get(item, "role"), S("user")),
            .before = sluice_json_string(sluice_json_get(item, "before"), S("")),
            .text = sluice_json_string(sluice_json_get(item, "text"), S("")),
        };
    return (sluice_inspected){stage_of(sluice_json_string(of_case("stage"), S("request"))), passages, count};
}

sluice_str run_guardrail(void)
{
    sluice_inspected inspected = inspected_of_case();
    sluice_verdict verdict = {.inspected = &inspected};
    sluice_error error = sluice_plugin_inspect(&inspected, &verdict);
    if (error.kind != SLUICE_NO_ERROR) return difference("the error", of_case("error"), sluice_quoted(error.message));
    return difference("the verdict", of_case("verdict"), written(&verdict));
}

/* ---- Streams ---- */

/* A stream as the host sends it on. */
typedef struct stream {
    sluice_buf sent;
    /* What arrived and was not sent. */
    sluice_buf waiting;
    sluice_str role;
    bool is_blocked;
    /* A verdict that the host would not take. */
    const char *mistake;
} stream;

/* As much of what was sent as the host shows again (guardrail.wit). */
#define BEFORE_CHARS_MAX 256

static sluice_str end_of(sluice_str text, size_t chars)
{
    size_t surplus = sluice_chars(text);
    for (surplus = surplus > chars ? surplus - chars : 0; surplus > 0; surplus--) sluice_next_char(&text);
    return text;
}

/* Asks about what waits, and sends what the verdict says. */
static void ask(stream *flow, sluice_stage stage)
{
    sluice_str before = end_of(sluice_built(&flow->sent), BEFORE_CHARS_MAX), waiting = sluice_copy(sluice_built(&flow->waiting));
    sluice_passage passage = {flow->role, sluice_copy(before), waiting};
    sluice_inspected inspected = {stage, &passage, 1};
    sluice_verdict verdict = {.inspected = &inspected};
    size_t hold = 0;
    sluice_error error = sluice_plugin_inspect(&inspected, &verdict);
    if (error.kind != SLUICE_NO_ERROR) flow->mistake = "an error";
    if (verdict.kind == SLUICE_REWRITE) hold = verdict.edits[0].hold;
    if (verdict.kind == SLUICE_HOLD) hold = verdict.holds[0];
    flow->is_blocked = verdict.kind == SLUICE_BLOCK;
    if (hold > sluice_chars(waiting)) flow->mistake = "more is held back than there is";
    if (hold > 0 && stage == SLUICE_STREAM_END && verdict.kind == SLUICE_REWRITE) flow->mistake = "a hold at the end";
    if (flow->is_blocked || flow->mistake) return;
    if (stage == SLUICE_STREAM_END) hold = 0;
    sluice_str kept = end_of(waiting, hold);
    sluice_add(&flow->sent, verdict.kind == SLUICE_REWRITE ? verdict.edits[0].text
                                                           : sluice_slice(waiting, 0, waiting.len - kept.len));
    flow->waiting = (sluice_buf){0};
    sluice_add(&flow->waiting, kept);
}

static stream streamed(const sluice_passage *whole, size_t chars_at_once)
{
    stream flow = {.role = whole->role};
    sluice_str rest = whole->text;
    while (rest.len && !flow.is_blocked && !flow.mistake) {
        sluice_str from = rest;
        for (size_t i = 0; i < chars_at_once && rest.len; i++) sluice_next_char(&rest);
        sluice_add(&flow.waiting, sluice_slice(from, 0, from.len - rest.len));
        ask(&flow, SLUICE_STREAM_WINDOW);
    }
    if (!flow.is_blocked && !flow.mistake) ask(&flow, SLUICE_STREAM_END);
    return flow;
}

/* The first passage as a stream of pieces of 1, 2, 3 … characters: what is sent must be what the whole answer would be. */
sluice_str run_stream_cuts(void)
{
    sluice_inspected inspected = inspected_of_case();
    sluice_verdict verdict = {.inspected = &inspected};
    sluice_str wanted;
    inspected.count = inspected.count ? 1 : 0;
    if (!inspected.count) return SLUICE_NONE;
    if (sluice_plugin_inspect(&inspected, &verdict).kind != SLUICE_NO_ERROR) return SLUICE_NONE;
    wanted = verdict.kind == SLUICE_REWRITE ? verdict.edits[0].text : inspected.passages[0].text;
    for (size_t pieces = 1; pieces <= sluice_chars(inspected.passages[0].text); pieces++) {
        stream flow = streamed(&inspected.passages[0], pieces);
        sluice_str sent = sluice_built(&flow.sent);
        if (flow.mistake) return sluice_format("as a stream of %zu characters at once: %s", pieces, flow.mistake);
        if (flow.is_blocked != (verdict.kind == SLUICE_BLOCK) || (!flow.is_blocked && !sluice_equal(sent, wanted)))
            return sluice_format("as a stream of %zu characters at once it is %s%.*s and not %.*s", pieces,
                                 flow.is_blocked ? "blocked after " : "", SLUICE_FMT(sent), SLUICE_FMT(wanted));
    }
    return SLUICE_NONE;
}
