/* A routing strategy ranks the deployments that may take an exchange. Errors: none-suitable, bad-settings, other. */
#ifndef SLUICE_KIND_STRATEGY_H
#define SLUICE_KIND_STRATEGY_H

#include "manifest.h"

/* Candidates, best first; those that are left out are not tried. It begins with all of them, in the order of the
 * configuration; `at` has room for as many. */
typedef struct sluice_ranking {
    uint32_t *at;
    size_t count;
} sluice_ranking;

/* Sorts by a column, lowest first, NaN last. Candidates with the same number stay as they stand: so sort by what counts
 * least first, and by what counts most last. */
void sluice_sort(sluice_ranking *ranking, const double *column);

/* Keeps those candidates alone for which the column says `keep`. */
void sluice_keep(sluice_ranking *ranking, const bool *column, bool keep);

/* Moves the candidates for which the column says true after all others. */
void sluice_put_last(sluice_ranking *ranking, const bool *column);

/* Random order, the same for the same exchange: candidate i is first with a probability in proportion to its share. NULL:
 * all are alike. One without a positive share comes after all that have one. */
void sluice_shuffle(sluice_ranking *ranking, const double *shares);

#ifdef SLUICE_ROUTING_STRATEGY
/* Exports: static sluice_error rank(my_plugin *self, sluice_ranking *ranking) */
#define SLUICE_STRATEGY(function)                                                                                      \
    sluice_error sluice_plugin_rank(sluice_ranking *ranking) { return function(&sluice_self, ranking); }

sluice_error sluice_plugin_rank(sluice_ranking *ranking);
#else
#define SLUICE_STRATEGY(function) _Static_assert(0, "add routing-strategy to `kinds` in plugin.yaml");
#endif

#endif
