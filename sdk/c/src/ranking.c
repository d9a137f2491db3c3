/* What strategies share: stable sorting, filtering and reproducible chance. */
#include "sluice/host.h"
#include "sluice/strategy.h"
#include "memory.h"

#include <math.h>

/* Whether a candidate with `a` stands before one with `b`: lowest first, NaN last. */
static bool is_before(double a, double b)
{
    return !isnan(a) && (isnan(b) || a < b);
}

/* Merges two sorted runs; where they tie, the left one goes first, which keeps the order. */
static void merge(const uint32_t *from, uint32_t *to, size_t middle, size_t end, const double *column)
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < end; i++) {
        bool take_right = left == middle || (right < end && is_before(column[from[right]], column[from[left]]));
        to[i] = from[take_right ? right++ : left++];
    }
}

/* From the bottom up, so that a thousand candidates need no stack. libc's qsort is neither stable nor takes the column. */
void sluice_sort(sluice_ranking *ranking, const double *column)
{
    uint32_t *from = ranking->at, *to = SLUICE_NEW(uint32_t, ranking->count);
    for (size_t width = 1; width < ranking->count; width *= 2) {
        for (size_t start = 0; start < ranking->count; start += 2 * width) {
            size_t left = ranking->count - start;
            merge(from + start, to + start, left < width ? left : width, left < 2 * width ? left : 2 * width, column);
        }
        uint32_t *swapped = from;
        from = to;
        to = swapped;
    }
    ranking->at = from;
}

void sluice_keep(sluice_ranking *ranking, const bool *column, bool keep)
{
    size_t count = 0;
    for (size_t i = 0; i < ranking->count; i++)
        if (column[ranking->at[i]] == keep) ranking->at[count++] = ranking->at[i];
    ranking->count = count;
}

void sluice_put_last(sluice_ranking *ranking, const bool *column)
{
    uint32_t *last = SLUICE_NEW(uint32_t, ranking->count);
    size_t first_count = 0, last_count = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        uint32_t candidate = ranking->at[i];
        if (column[candidate]) last[last_count++] = candidate;
        else ranking->at[first_count++] = candidate;
    }
    memcpy(ranking->at + first_count, last, last_count * sizeof *last);
}

/* The number at this place of the seed's sequence: SplitMix64 (Steele, Lea and Flood, 2014), as in the SDK for Rust. */
static uint64_t drawn(uint32_t seed, uint32_t place)
{
    uint64_t bits = seed + 0x9E3779B97F4A7C15u * ((uint64_t)place + 1);
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
    return bits ^ (bits >> 31);
}

/* Weighted sampling without replacement: candidate i waits for a random time of mean 1/share, and the order of arrival is the
 * result (Efraimidis and Spirakis, 2006). */
void sluice_shuffle(sluice_ranking *ranking, const double *shares)
{
    size_t count = sluice_candidates_count();
    uint32_t seed = sluice_exchange_seed();
    double *draws = SLUICE_NEW(double, count), *waits = SLUICE_NEW(double, count);
    for (uint32_t i = 0; i < count; i++) {
        /* In (0, 1]: never 0, whose logarithm is infinite. */
        draws[i] = (double)((drawn(seed, i) >> 11) + 1) / (double)(UINT64_C(1) << 53);
        waits[i] = shares && shares[i] > 0 ? -log(draws[i]) / shares[i] : INFINITY;
    }
    sluice_sort(ranking, draws);
    if (shares) sluice_sort(ranking, waits);
}
