/* A logging callback gets the records of finished exchanges, in batches, beside them. Errors: reject where
 * sluice_is_final(kind), and retry for every other one. */
#ifndef SLUICE_KIND_CALLBACK_H
#define SLUICE_KIND_CALLBACK_H

#include "manifest.h"

#ifdef SLUICE_LOGGING_CALLBACK
/* Exports: static sluice_error deliver(my_plugin *self, const sluice_str *records, size_t count)
 * Each record is a JSON document; the oldest comes first. */
#define SLUICE_CALLBACK(function)                                                                                      \
    sluice_error sluice_plugin_deliver(const sluice_str *records, size_t count)                                        \
    {                                                                                                                  \
        return function(&sluice_self, records, count);                                                                 \
    }

sluice_error sluice_plugin_deliver(const sluice_str *records, size_t count);
#else
#define SLUICE_CALLBACK(function) _Static_assert(0, "add logging-callback to `kinds` in plugin.yaml");
#endif

#endif
