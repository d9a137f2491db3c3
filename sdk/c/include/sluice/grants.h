/* Which imports the kinds of this plugin have. The build names the kinds by -D: see BUILD.md. A function that no kind of
 * the plugin may call is not declared, so that a compiler says it and not the gateway. */
#ifndef SLUICE_GRANTS_H
#define SLUICE_GRANTS_H

#if !defined(SLUICE_ROUTING_STRATEGY) && !defined(SLUICE_GUARDRAIL_CHECK) && !defined(SLUICE_LOGGING_CALLBACK) && \
    !defined(SLUICE_REQUEST_HOOK) && !defined(SLUICE_PERIODIC_TASK)
#error "name the kinds of the plugin for the compiler, such as -DSLUICE_GUARDRAIL_CHECK (the SDK's BUILD.md has the list)"
#endif

/* settings, log and state: every kind. */

#if defined(SLUICE_ROUTING_STRATEGY) || defined(SLUICE_REQUEST_HOOK) || defined(SLUICE_GUARDRAIL_CHECK)
#define SLUICE_CAN_READ_EXCHANGE
#define SLUICE_CAN_NOTE
#endif

#ifdef SLUICE_ROUTING_STRATEGY
#define SLUICE_CAN_READ_CANDIDATES
#endif

#if defined(SLUICE_REQUEST_HOOK) || defined(SLUICE_GUARDRAIL_CHECK) || defined(SLUICE_LOGGING_CALLBACK) || \
    defined(SLUICE_PERIODIC_TASK)
#define SLUICE_CAN_USE_HTTP
#endif

#endif
