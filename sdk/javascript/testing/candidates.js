// A fake of `candidates`: columns by name, as ranking cases write them.

/** JSON has neither NaN nor infinity, so cases write them as words. */
const WORDS = { NaN, inf: Infinity, "-inf": -Infinity };

const number = (value) => (typeof value === "string" ? WORDS[value] : value);

const GENERATED = {
  ids: (index) => `deployment-${index}`,
  providers: (index) => `provider-${index}`,
  models: (index) => `model-${index}`,
};

export function candidatesOf({ candidates: count, columns, words, info, request, promptTokens }) {
  const each = (make) => Array.from({ length: count }, (_, index) => make(index));
  const numbers = (name) => columns[name]?.map(number) ?? each(() => 0);
  const texts = (name) => words[name] ?? each(GENERATED[name] ?? (() => ""));
  const tags = () => texts("tags").map((listed) => listed.split(",").filter(Boolean));
  const tokens = promptTokens ?? Math.floor(JSON.stringify(request).length / 4);
  const isOver = (limit, used, more) => limit > 0 && used + more > limit;
  return {
    count: () => count,
    numbers,
    texts,
    tags,
    measured: (name) => columns[name]?.map(number),
    info: (name) => info[name]?.map((value) => (value === undefined ? "" : JSON.stringify(value))) ?? each(() => ""),
    having(fact, word) {
      if (fact === "tag") return tags().map((own) => own.some(fits(word)));
      const own = texts(`${fact}s`);
      return fact === "region" ? own.map((region) => region === word || region.startsWith(`${word}-`)) : own.map(fits(word));
    },
    exhausted() {
      const [requestLimits, requests] = [numbers("request-limits"), numbers("requests-this-minute")];
      const [tokenLimits, used] = [numbers("token-limits"), numbers("tokens-this-minute")];
      return each((at) => isOver(requestLimits[at], requests[at], 1) || isOver(tokenLimits[at], used[at], tokens));
    },
  };
}

const fits = (word) => (own) => (word.endsWith("*") ? own.startsWith(word.slice(0, -1)) : own === word);
