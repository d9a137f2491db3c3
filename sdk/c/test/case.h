/* What the parts of the test runner share. */
#ifndef SLUICE_CASE_H
#define SLUICE_CASE_H

#include "sluice.h"
#include "memory.h"

/* The case that runs: the fakes of the imports (host.c) answer from it. */
extern const sluice_json *the_case;

/* Begins a case: forgets what the last one put into state and notes, and begins the script of http. */
void host_begins(void);

void host_http_begins(void);

/* A copy that lives as long as the instance. */
sluice_str host_keeps(sluice_str text);

/* What the plugin published, as a JSON object. */
const sluice_json *host_published(void);

/* What stands in the state, as a JSON object of texts. */
const sluice_json *host_state(void);

/* What the plugin asked over http that the case does not say, as a sentence; SLUICE_NONE if all was as said. */
sluice_str host_http_problem(void);

/* Makes the plugin from the case's settings, after which calls may follow. */
sluice_error make_plugin(void);

/* Whether two JSON values are the same: numbers by value, objects without regard to order. "<any>" in `expected` is like any
 * value. */
bool is_like(const sluice_json *expected, const sluice_json *got);

/* Compares, and says what is wrong: SLUICE_NONE if nothing is. */
sluice_str difference(const char *what, const sluice_json *expected, sluice_str got_json);

/* {"name": "text"} */
sluice_str json_pair(const char *name, sluice_str text);

/* One case of each kind: what is wrong with it, SLUICE_NONE if nothing is. */
sluice_str run_guardrail(void);
sluice_str run_stream_cuts(void);
sluice_str run_strategy(void);
sluice_str run_callback(void);
sluice_str run_hook(void);
sluice_str run_periodic(void);

/* The member of the case. */
static inline const sluice_json *of_case(const char *name)
{
    return sluice_json_get(the_case, name);
}

#endif
