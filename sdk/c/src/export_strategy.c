/* The export of a routing strategy. */
#include "sluice/host.h"
#include "sluice/strategy.h"
#include "layout.h"
#include "memory.h"

AFTER(routing, rank)

static void routing_error(sluice_error from, exports_sluice_plugin_routing_error_t *error)
{
    error->tag = from.kind == SLUICE_NONE_SUITABLE  ? EXPORTS_SLUICE_PLUGIN_ROUTING_ERROR_NONE_SUITABLE
                 : from.kind == SLUICE_BAD_SETTINGS ? EXPORTS_SLUICE_PLUGIN_ROUTING_ERROR_BAD_SETTINGS
                                                    : EXPORTS_SLUICE_PLUGIN_ROUTING_ERROR_OTHER;
    error->val.other = string_of(from.message);
}

bool exports_sluice_plugin_routing_rank(plugin_list_u32_t *result, exports_sluice_plugin_routing_error_t *error)
{
    sluice_error outcome = make();
    if (outcome.kind == SLUICE_NO_ERROR) {
        size_t count = sluice_candidates_count();
        sluice_ranking ranking = {SLUICE_NEW(uint32_t, count), count};
        for (size_t i = 0; i < count; i++) ranking.at[i] = (uint32_t)i;
        outcome = sluice_plugin_rank(&ranking);
        *result = (plugin_list_u32_t){ranking.at, ranking.count};
    }
    if (outcome.kind != SLUICE_NO_ERROR) routing_error(outcome, error);
    return outcome.kind == SLUICE_NO_ERROR;
}
