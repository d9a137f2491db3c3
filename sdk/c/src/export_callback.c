/* The export of a logging callback. */
#include "sluice/callback.h"
#include "layout.h"
#include "memory.h"

AFTER(callback, deliver)

bool exports_sluice_plugin_callback_deliver(plugin_list_string_t *records,
                                            exports_sluice_plugin_callback_delivery_error_t *error)
{
    sluice_error outcome = make();
    if (outcome.kind == SLUICE_NO_ERROR)
        outcome = sluice_plugin_deliver((const sluice_str *)records->ptr, records->len);
    if (outcome.kind != SLUICE_NO_ERROR) {
        error->tag = sluice_is_final(outcome.kind) ? EXPORTS_SLUICE_PLUGIN_CALLBACK_DELIVERY_ERROR_REJECT
                                            : EXPORTS_SLUICE_PLUGIN_CALLBACK_DELIVERY_ERROR_RETRY;
        error->val.reject = string_of(outcome.message);
    }
    return outcome.kind == SLUICE_NO_ERROR;
}
