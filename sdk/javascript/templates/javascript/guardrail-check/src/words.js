import { countScalars } from "sluice-plugin";

const MASK = "***";

/** No letter, digit or underscore on this side, so that `cat` is not found in `category`. */
const BEGINS = String.raw`(?<![\p{L}\p{N}_])`;
const ENDS = String.raw`(?![\p{L}\p{N}_])`;

/** Finds words, without regard to case. */
export class Words {
  #any;
  #blocked;
  #begun;
  #lengthMax;

  constructor(mask, block) {
    // The longest first: of `top` and `top secret` the text has the longer one.
    const all = [...mask, ...block].sort((a, b) => b.length - a.length);
    const one = (words) => words.map(escape).join("|") || "(?!)";
    this.#any = new RegExp(`${BEGINS}(?:${one(all)})${ENDS}`, "giu");
    this.#blocked = new RegExp(`^(?:${one(block)})$`, "iu");
    this.#begun = new RegExp(`${BEGINS}(?:${all.map(anyStart).join("|") || "(?!)"})$`, "giu");
    this.#lengthMax = Math.max(0, ...all.map((word) => word.length));
  }

  /**
   * Reads a text. `before` is what was sent already: it shows whether the text begins within a word. Of a text that goes on, what may
   * become a word is not decided: `hold` is how many Unicode scalar values at its end must wait. So the outcome does not depend on
   * how a stream is cut.
   */
  scan(before, text, isWhole) {
    const all = before + text;
    let at = before.length;
    let begun = isWhole ? all.length : this.#findBegun(all, at);
    let out = "";
    let isMasked = false;
    for (let match; (match = this.#next(all, at)) && match.index < begun; ) {
      if (this.#blocked.test(match[0])) return { isBlocked: true };
      isMasked = true;
      out += all.slice(at, match.index) + MASK;
      at = match.index + match[0].length;
      // What is masked cannot begin another word.
      if (begun < at) begun = this.#findBegun(all, at);
    }
    out += all.slice(at, begun);
    return { isBlocked: false, isMasked, text: out, hold: countScalars(all.slice(begun)) };
  }

  #next(all, at) {
    this.#any.lastIndex = at;
    return this.#any.exec(all);
  }

  /** Where the end of the text may be the start of a word. A whole word counts too: a letter may follow. */
  #findBegun(all, at) {
    this.#begun.lastIndex = Math.max(at, all.length - this.#lengthMax);
    return this.#begun.exec(all)?.index ?? all.length;
  }
}

const escape = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, (sign) => `\\${sign}`);

/** `abc` is `a(?:b(?:c)?)?`. */
const anyStart = (word) => [...word].reduceRight((rest, sign) => escape(sign) + (rest && `(?:${rest})?`), "");
