import { block, definePlugin, hold, pass, rewrite } from "sluice-plugin";

import { Words } from "./words.js";

/** Masks words of one list and refuses texts with words of another, in requests and in answers, streamed or whole. */
class MyGuardrail {
  static manifest = {
    name: "my-guardrail",
    version: "0.1.0",
    summary: "Masks words of one list, and blocks on words of another.",
    settingsSchema: {
      type: "object",
      additionalProperties: false,
      properties: {
        mask: { type: "array", items: { type: "string", minLength: 1 }, description: "Words that become `***`." },
        block: { type: "array", items: { type: "string", minLength: 1 }, description: "Words that are refused." },
      },
    },
  };

  #words;

  constructor({ mask = [], block = [] }) {
    this.#words = new Words(mask, block);
  }

  inspect(stage, passages) {
    // A window of a stream may end within a word; all other texts are whole.
    const isWhole = stage !== "stream-window";
    const found = passages.map(({ before, text }) => this.#words.scan(before, text, isWhole));
    if (found.some(({ isBlocked }) => isBlocked)) {
      return block("my-guardrail.word", "The text has a word that is not allowed here.", { stage });
    }
    if (found.some(({ isMasked }) => isMasked)) return rewrite(found);
    return found.some((part) => part.hold > 0) ? hold(found.map((part) => part.hold)) : pass();
  }
}

export default definePlugin(MyGuardrail);
