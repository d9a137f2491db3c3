/* my-strategy: the cheapest deployment first, among those that have room in this minute.
 *
 * Of two that cost the same, the one with fewer attempts under way comes first. One whose price is not known comes after those
 * whose price is, and one without room after all others. Everything that it reads is neutral. */
#include "sluice.h"

#define SCHEMA                                                                                                         \
    SLUICE_JSON({                                                                                                      \
        "type": "object",                                                                                              \
        "additionalProperties": false,                                                                                 \
        "properties": {                                                                                                \
            "output_weight": {"type": "number", "minimum": 0, "default": 1,                                            \
                "description": "How much the price of a token of the answer counts, where one of the prompt counts 1."} \
        }                                                                                                              \
    })

static const sluice_manifest manifest = {
    .name = "my-strategy",
    .version = "0.1.0",
    .summary = "Prefers the cheapest deployment that has room, and of equals the least busy.",
    .settings_schema = SCHEMA,
};

typedef struct my_strategy {
    double output_weight;
} my_strategy;

static sluice_error create(my_strategy *self, const sluice_json *settings)
{
    self->output_weight = sluice_json_number(sluice_json_get(settings, "output_weight"), 1);
    return SLUICE_OK;
}

static sluice_error rank(my_strategy *self, sluice_ranking *ranking)
{
    const double *inputs = sluice_candidates_numbers(SLUICE_INPUT_PRICES);
    const double *outputs = sluice_candidates_numbers(SLUICE_OUTPUT_PRICES);
    double *prices = SLUICE_NEW(double, ranking->count);
    for (size_t i = 0; i < ranking->count; i++) prices[i] = inputs[i] + self->output_weight * outputs[i];
    /* What counts least is sorted first: a sort keeps the order of equals. */
    sluice_sort(ranking, sluice_candidates_numbers(SLUICE_IN_FLIGHT));
    sluice_sort(ranking, prices);
    sluice_put_last(ranking, sluice_candidates_exhausted());
    return SLUICE_OK;
}

SLUICE_PLUGIN(my_strategy, manifest, create)
SLUICE_STRATEGY(rank)
