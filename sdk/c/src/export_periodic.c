/* The export of a periodic task. */
#include "sluice/periodic.h"
#include "layout.h"
#include "memory.h"

AFTER(periodic, tick)

bool exports_sluice_plugin_periodic_tick(uint32_t *result, plugin_string_t *error)
{
    sluice_error outcome = make();
    *result = 60000;
    if (outcome.kind == SLUICE_NO_ERROR) outcome = sluice_plugin_tick(result);
    if (outcome.kind != SLUICE_NO_ERROR) *error = string_of(outcome.message);
    return outcome.kind == SLUICE_NO_ERROR;
}
