/* A periodic task works beside exchanges, again and again. Its error is a sentence for the operator. */
#ifndef SLUICE_KIND_PERIODIC_H
#define SLUICE_KIND_PERIODIC_H

#include "manifest.h"

#ifdef SLUICE_PERIODIC_TASK
/* Exports: static sluice_error tick(my_plugin *self, uint32_t *wait_ms)
 * `*wait_ms`, until the next round, begins with a minute; the host waits at least a second and at most a day. */
#define SLUICE_PERIODIC(function)                                                                                      \
    sluice_error sluice_plugin_tick(uint32_t *wait_ms) { return function(&sluice_self, wait_ms); }

sluice_error sluice_plugin_tick(uint32_t *wait_ms);
#else
#define SLUICE_PERIODIC(function) _Static_assert(0, "add periodic-task to `kinds` in plugin.yaml");
#endif

#endif
