/** What `inspect` returns. Made by `pass`, `rewrite`, `hold` and `block`. */
export type Verdict =
  | { tag: "pass" }
  | { tag: "rewrite"; val: { text: string; hold: number }[] }
  | { tag: "hold"; val: number[] }
  | { tag: "block"; val: { code: string; message: string; detail: string } };

/** Nothing to object to. */
export function pass(): Verdict;

/**
 * An edit for each passage, in order and number the same. On a stream, `text` is sent in place of all but the last `hold` Unicode scalar
 * values of the passage, which come again with what arrives next.
 */
export function rewrite(edits: (string | { text: string; hold?: number })[]): Verdict;

/** Stream only: each passage unchanged but for its last n Unicode scalar values, which wait for what comes next. */
export function hold(counts: number[]): Verdict;

/** Refuses. The message is for the client and should not repeat the text; `detail` is for the log. */
export function block(code: string, message: string, detail?: unknown): Verdict;

/** What `prepare` returns. Made by `proceed`, `answer`, `refuse` and `Changes`. */
export type Decision =
  | { tag: "proceed" }
  | { tag: "change"; val: object }
  | { tag: "answer"; val: string }
  | { tag: "refuse"; val: { status: number; code: string; message: string; retryAfterMs: number } };

/** The request goes on as it is. */
export function proceed(): Decision;

/** The client gets this text as the answer, and no deployment is asked. */
export function answer(text: string): Decision;

/** The client gets this error. `status` is 400, 401, 402, 403, 404, 409, 413, 422, 429, 451 or 503; another one counts as 400. */
export function refuse(status: number, code: string, message: string, options?: { retryAfterMs?: number }): Decision;

/** Changes of a request, each applied to what those before it made. A place is a JSON Pointer, such as `/messages/0/content`. */
export class Changes {
  /** Gives the member or the element at the place this value. */
  set(place: string, value: unknown): this;
  /** Puts the value into an array before the element at the place; `-` for its index means the end. */
  insert(place: string, value: unknown): this;
  /** Removes the member or the element at the place, if it is there. */
  remove(place: string): this;
  /** Asks this model group in place of the one that the client asked for. */
  ask(group: string): this;
  readonly isEmpty: boolean;
  toDecision(): Decision;
}

/** The JSON Pointer to these names: `pointer("a/b", 0)` is `/a~1b/0`. */
export function pointer(...names: (string | number)[]): string;

/** Number of Unicode scalar values, in which `hold` counts. `length` counts an emoji twice. */
export function countScalars(text: string): number;

/** Numbers from 0 up to 1, the same for the same seed. `Math.random` repeats itself in every instance. */
export function randomNumbers(seed: number): () => number;
