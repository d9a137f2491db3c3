import { deepStrictEqual } from "node:assert";
import { test } from "node:test";

import { Words } from "../src/words.js";

const TEXT = "A falcon is top secret, falconry is not; a top 😀 cat, Falcon";
const words = new Words(["Falcon", "top", "top secret", "😀 cat", "is top"], []);

/** What a client gets, when the upstream sends these pieces: the gateway hands back what is held with what arrives next. */
function streamed(pieces) {
  let sent = "";
  let waiting = "";
  pieces.forEach((piece, at) => {
    const window = waiting + piece;
    const { text, hold } = words.scan(sent, window, at === pieces.length - 1);
    sent += text;
    waiting = hold === 0 ? "" : [...window].slice(-hold).join("");
  });
  return sent;
}

test("a stream says the same as a whole answer, wherever it is cut in three", () => {
  const signs = [...TEXT];
  const whole = words.scan("", TEXT, true).text;
  for (let first = 0; first <= signs.length; first++) {
    for (let second = first; second <= signs.length; second++) {
      const pieces = [signs.slice(0, first), signs.slice(first, second), signs.slice(second)].map((part) => part.join(""));
      deepStrictEqual(streamed(pieces), whole, `cut after ${first} and ${second}`);
    }
  }
});

test("a stream says the same, sign by sign", () => {
  deepStrictEqual(streamed([...TEXT]), words.scan("", TEXT, true).text);
});
