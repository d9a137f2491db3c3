/* HTTP by the script of the case: the requests that must come, in order, and what answers them. */
#include "case.h"

static size_t http_calls;
static sluice_str http_problem;

void host_http_begins(void)
{
    http_calls = 0;
    http_problem = SLUICE_NONE;
}

sluice_str host_http_problem(void)
{
    const sluice_json *script = of_case("http");
    if (!http_problem.ptr && script && http_calls < script->count)
        return sluice_format("only %zu of %zu requests were sent", http_calls, script->count);
    return http_problem;
}

#ifdef SLUICE_CAN_USE_HTTP
/* A case may write an error in place of a response, by its name in http.wit. */
static sluice_error http_error(sluice_str name)
{
    static const struct {
        const char *name;
        sluice_error_kind kind;
    } errors[] = {
        {"access-denied", SLUICE_ACCESS_DENIED}, {"timeout", SLUICE_TIMEOUT}, {"unreachable", SLUICE_UNREACHABLE},
        {"too-large", SLUICE_TOO_LARGE},         {"invalid", SLUICE_INVALID},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (sluice_equal(name, sluice_text(errors[i].name))) return (sluice_error){errors[i].kind, name};
    return (sluice_error){SLUICE_OTHER, name};
}

static bool body_is(const sluice_json *expected, sluice_str body)
{
    if (!expected) return true;
    if (expected->type == SLUICE_JSON_STRING && sluice_equal(expected->string, body)) return true;
    return is_like(expected, sluice_json_parse(body, NULL));
}

static const sluice_json *scripted(size_t place)
{
    const sluice_json *step = sluice_json_first(of_case("http"));
    while (step && place--) step = step->next;
    return step;
}

static bool is_as_scripted(const sluice_json *expected, const sluice_http_request *request)
{
    return sluice_equal(sluice_json_string(sluice_json_get(expected, "method"), request->method), request->method) &&
           sluice_equal(sluice_json_string(sluice_json_get(expected, "url"), request->url), request->url) &&
           body_is(sluice_json_get(expected, "body"), request->body);
}

sluice_error sluice_http_send(const sluice_http_request *request, sluice_http_response *response)
{
    const sluice_json *step = scripted(http_calls++), *answer = sluice_json_get(step, "response"), *body;
    *response = (sluice_http_response){0};
    if (!step || !is_as_scripted(sluice_json_get(step, "request"), request)) {
        http_problem = host_keeps(sluice_format("request %zu is not in the case: %.*s %.*s %.*s", http_calls,
                                          SLUICE_FMT(request->method), SLUICE_FMT(request->url), SLUICE_FMT(request->body)));
        return (sluice_error){SLUICE_OTHER, S("not in the case")};
    }
    if (sluice_json_is(answer, SLUICE_JSON_STRING)) return http_error(answer->string);
    body = sluice_json_get(answer, "body");
    response->status = (uint16_t)sluice_json_number(sluice_json_get(answer, "status"), 200);
    response->body = !body ? S("") : body->type == SLUICE_JSON_STRING ? body->string : body->raw;
    return SLUICE_OK;
}
#endif
