/* The SDK as one source file to compile, in parts that can be read one by one. */
#include "sluice.h"

#include "memory.c"
#include "text.c"
#include "format.c"
#include "json.c"
#include "json_value.c"
#include "results.c"
#ifdef SLUICE_CAN_USE_HTTP
#include "http.c"
#endif
#ifdef SLUICE_ROUTING_STRATEGY
#include "ranking.c"
#endif

/* Tests on the author's own machine bring a host of their own (test/host.c). */
#ifdef __wasm__
#include "plugin.h"

#include "imports.c"
#include "exports.c"
#ifdef SLUICE_ROUTING_STRATEGY
#include "export_strategy.c"
#endif
#ifdef SLUICE_GUARDRAIL_CHECK
#include "export_guardrail.c"
#endif
#ifdef SLUICE_LOGGING_CALLBACK
#include "export_callback.c"
#endif
#ifdef SLUICE_REQUEST_HOOK
#include "export_hook.c"
#endif
#ifdef SLUICE_PERIODIC_TASK
#include "export_periodic.c"
#endif
#endif
