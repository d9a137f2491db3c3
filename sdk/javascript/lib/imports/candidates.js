import { ofU32, parse, toArray, toText } from "../bytes.js";
import { host } from "../host.js";

const of = () => host("candidates");

const indexes = () => Array.from({ length: of().count() }, (_, index) => index);

/** NaN after all numbers, so that what is not known comes last. */
function compare(a, b) {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

export const candidates = {
  count: () => ofU32(of().count()),
  indexes,
  numbers: (column) => toArray(of().numbers(column)),
  measured(name) {
    const column = of().measured(toText(name, "the name"));
    return column === undefined || column === null ? undefined : toArray(column);
  },
  texts: (column) => toArray(of().texts(column)),
  tags: () => toArray(of().tags()).map(toArray),
  info: (name) => toArray(of().info(toText(name, "the name"))).map(parse),
  having: (fact, word) => toArray(of().having(fact, toText(word, "the word"))),
  exhausted: () => toArray(of().exhausted()),
  by(...columns) {
    const differ = (a, b) => columns.reduce((order, column) => order || compare(column[a], column[b]), 0);
    return indexes().sort(differ);
  },
};
