/* Runs case files: each is a list of cases, and a case is of the kind whose result it has.
 *
 *     test [--streams] FILE...
 *
 * --streams: each case of a guardrail's whole answer is also run as a stream, cut in every way that matters (guardrail.c). */
#include "case.h"

#include <stdio.h>
#include <stdlib.h>

const sluice_json *the_case;

static bool as_streams;
static int failures, cases;

sluice_error make_plugin(void)
{
    const sluice_json *settings;
    sluice_str problem;
    sluice_error error;
    sluice_enter(SLUICE_LIFE_OF_INSTANCE);
    settings = sluice_json_parse(sluice_settings(), &problem);
    error = settings ? sluice_plugin_create(settings) : (sluice_error){SLUICE_BAD_SETTINGS, problem};
    sluice_enter(SLUICE_LIFE_OF_CALL);
    return error;
}

/* A plugin that could not be made answers every call with the reason; a callback rejects. */
static sluice_str of_settings(sluice_error error)
{
    if (of_case("outcome")) return difference("the outcome", of_case("outcome"), json_pair("reject", error.message));
    return difference("the error", of_case("error"), sluice_quoted(error.message));
}

/* Runs one function on a new instance. */
static void run(sluice_str (*function)(void))
{
    sluice_error error;
    sluice_str problem;
    host_begins();
    error = make_plugin();
    problem = error.kind == SLUICE_NO_ERROR ? function() : of_settings(error);
    if (!problem.ptr) problem = host_http_problem();
    if (problem.ptr) {
        sluice_str about = sluice_json_string(of_case("about"), S("a case"));
        printf("  FAILED %.*s: %.*s\n", SLUICE_FMT(about), SLUICE_FMT(problem));
        failures++;
    }
    sluice_end(SLUICE_LIFE_OF_CALL);
    sluice_end(SLUICE_LIFE_OF_INSTANCE);
    cases++;
}

static sluice_str no_kind(void)
{
    return S("the case has no result of a kind that this plugin is");
}

static void run_case(void)
{
#ifdef SLUICE_GUARDRAIL_CHECK
    if (of_case("stage")) {
        run(run_guardrail);
        if (as_streams && sluice_equal(sluice_json_string(of_case("stage"), S("")), S("response"))) run(run_stream_cuts);
        return;
    }
#endif
#ifdef SLUICE_ROUTING_STRATEGY
    if (of_case("candidates")) {
        run(run_strategy);
        return;
    }
#endif
#ifdef SLUICE_LOGGING_CALLBACK
    if (of_case("records")) {
        run(run_callback);
        return;
    }
#endif
#ifdef SLUICE_REQUEST_HOOK
    if (of_case("request")) {
        run(run_hook);
        return;
    }
#endif
#ifdef SLUICE_PERIODIC_TASK
    if (of_case("wait_ms") || of_case("error")) {
        run(run_periodic);
        return;
    }
#endif
    run(no_kind);
}

static sluice_str content_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    sluice_buf buf = {0};
    int byte;
    if (!file) {
        perror(path);
        exit(2);
    }
    while ((byte = getc(file)) != EOF) sluice_add_byte(&buf, (char)byte);
    fclose(file);
    return sluice_built(&buf);
}

static void run_file(const char *path)
{
    sluice_str problem;
    const sluice_json *list;
    sluice_enter(SLUICE_LIFE_OF_TESTS);
    list = sluice_json_parse(content_of(path), &problem);
    sluice_enter(SLUICE_LIFE_OF_CALL);
    if (!sluice_json_is(list, SLUICE_JSON_ARRAY)) {
        printf("%s: not a list of cases: %.*s\n", path, SLUICE_FMT(problem));
        failures++;
        return;
    }
    printf("%s\n", path);
    SLUICE_EACH(item, list) {
        the_case = item;
        run_case();
    }
}

int main(int count, char **arguments)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--streams") == 0) as_streams = true;
        else run_file(arguments[i]);
    }
    printf("%d of %d cases hold\n", cases - failures, cases);
    sluice_end(SLUICE_LIFE_OF_TESTS);
    return failures || !cases;
}
