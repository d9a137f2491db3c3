/* Columns of candidates, as the case gives them. One that it does not have is as in the SDK for Rust. */
#include "case.h"

#include <math.h>

size_t sluice_candidates_count(void)
{
    return (size_t)sluice_json_number(of_case("candidates"), 0);
}

/* JSON has no NaN and no infinity: cases write them as words. */
static double number_of(const sluice_json *value)
{
    sluice_str word = sluice_json_string(value, SLUICE_NONE);
    if (!word.ptr) return sluice_json_number(value, 0);
    return sluice_equal(word, S("inf")) ? INFINITY : sluice_equal(word, S("-inf")) ? -INFINITY : NAN;
}

const double *sluice_candidates_measured(sluice_str name)
{
    const sluice_json *column = sluice_json_member(of_case("columns"), name);
    double *numbers = SLUICE_NEW(double, sluice_candidates_count());
    size_t i = 0;
    if (!column) return NULL;
    SLUICE_EACH(value, column)
        if (i < sluice_candidates_count()) numbers[i++] = number_of(value);
    return numbers;
}

const double *sluice_candidates_numbers(sluice_number_column column)
{
    static const char *const names[] = {
        "weights",       "orders",          "in-flight",     "latency-seconds", "first-token-seconds",
        "tokens-per-second", "sample-ages", "failure-rates", "requests-this-minute", "tokens-this-minute",
        "request-limits", "token-limits",   "input-prices",  "output-prices",
    };
    const double *given = sluice_candidates_measured(sluice_text(names[column]));
    return given ? given : SLUICE_NEW(double, sluice_candidates_count());
}

/* A column of `words`; where there is none, `made` with the number of the candidate, or empty texts. */
static const sluice_str *words(sluice_str name, const char *made)
{
    const sluice_json *word = sluice_json_first(sluice_json_member(of_case("words"), name));
    sluice_str *texts = SLUICE_NEW(sluice_str, sluice_candidates_count());
    bool is_given = word != NULL;
    for (size_t i = 0; i < sluice_candidates_count(); i++) {
        texts[i] = is_given ? sluice_json_string(word, S("")) : made ? sluice_format("%s-%zu", made, i) : S("");
        if (word) word = word->next;
    }
    return texts;
}

const sluice_str *sluice_candidates_texts(sluice_text_column column)
{
    switch (column) {
    case SLUICE_IDS: return words(S("ids"), "deployment");
    case SLUICE_PROVIDERS: return words(S("providers"), "provider");
    case SLUICE_MODELS: return words(S("models"), "model");
    default: return words(S("regions"), NULL);
    }
}

const sluice_str *sluice_candidates_info(sluice_str name)
{
    return words(sluice_format("info.%.*s", SLUICE_FMT(name)), NULL);
}

const sluice_tags *sluice_candidates_tags(void)
{
    const sluice_str *joined = words(S("tags"), NULL);
    sluice_tags *tags = SLUICE_NEW(sluice_tags, sluice_candidates_count());
    for (size_t i = 0; i < sluice_candidates_count(); i++) {
        sluice_str *parts = SLUICE_NEW(sluice_str, joined[i].len + 1), rest = joined[i];
        while (rest.len) {
            size_t comma = sluice_find(rest, S(","), 0);
            size_t end = comma == SLUICE_NOT_FOUND ? rest.len : comma;
            parts[tags[i].count++] = sluice_slice(rest, 0, end);
            rest = sluice_slice(rest, end + 1, rest.len);
        }
        tags[i].at = parts;
    }
    return tags;
}

const bool *sluice_candidates_exhausted(void)
{
    const double *request_limits = sluice_candidates_numbers(SLUICE_REQUEST_LIMITS);
    const double *token_limits = sluice_candidates_numbers(SLUICE_TOKEN_LIMITS);
    const double *requests = sluice_candidates_numbers(SLUICE_REQUESTS_THIS_MINUTE);
    const double *tokens = sluice_candidates_numbers(SLUICE_TOKENS_THIS_MINUTE);
    bool *exhausted = SLUICE_NEW(bool, sluice_candidates_count());
    for (size_t i = 0; i < sluice_candidates_count(); i++)
        exhausted[i] = (request_limits[i] > 0 && requests[i] + 1 > request_limits[i]) ||
                       (token_limits[i] > 0 && tokens[i] + sluice_exchange_prompt_tokens() > token_limits[i]);
    return exhausted;
}

static bool fits(sluice_str own, sluice_str word)
{
    bool is_start = word.len > 0 && word.ptr[word.len - 1] == '*';
    return is_start ? sluice_starts_with(own, sluice_slice(word, 0, word.len - 1)) : sluice_equal(own, word);
}

static bool is_such(size_t i, sluice_fact fact, sluice_str word)
{
    const sluice_tags *tags;
    switch (fact) {
    case SLUICE_FACT_ID: return fits(sluice_candidates_texts(SLUICE_IDS)[i], word);
    case SLUICE_FACT_PROVIDER: return fits(sluice_candidates_texts(SLUICE_PROVIDERS)[i], word);
    case SLUICE_FACT_MODEL: return fits(sluice_candidates_texts(SLUICE_MODELS)[i], word);
    case SLUICE_FACT_REGION: {
        sluice_str own = sluice_candidates_texts(SLUICE_REGIONS)[i];
        return sluice_equal(own, word) || sluice_starts_with(own, sluice_format("%.*s-", SLUICE_FMT(word)));
    }
    case SLUICE_FACT_TAG: break;
    }
    tags = sluice_candidates_tags();
    for (size_t tag = 0; tag < tags[i].count; tag++)
        if (fits(tags[i].at[tag], word)) return true;
    return false;
}

const bool *sluice_candidates_having(sluice_fact fact, sluice_str word)
{
    bool *having = SLUICE_NEW(bool, sluice_candidates_count());
    for (size_t i = 0; i < sluice_candidates_count(); i++) having[i] = is_such(i, fact, word);
    return having;
}
