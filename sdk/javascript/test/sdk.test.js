import { deepStrictEqual, match, strictEqual, throws } from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { BadSettings, candidates, Changes, definePlugin, DONE, exchange, Failure, HostError, http, notes, randomNumbers, Retry, state } from "../index.js";
import { countScalars, decode, encode, toU32 } from "../lib/bytes.js";
import { exportsOf } from "../lib/component-exports.js";
import { KINDS } from "../lib/kinds/index.js";
import { check } from "../lib/manifest.js";
import { installHost } from "../testing/index.js";

const manifest = { name: "sample", version: "1.0.0", summary: "For tests." };

/** The exports of a plugin with these methods, of one kind. */
function exported(kind, methods, settings = {}) {
  const left = installHost({ settings, request: { model: "m" }, candidates: 2 }, [kind]);
  class Sample {
    static manifest = manifest;
  }
  Object.assign(Sample.prototype, methods);
  return { of: exportsOf(Sample, [kind])[KINDS[kind].interface], left };
}

function thrownBy(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test("the kinds may import what the contract says", () => {
  const text = readFileSync(new URL("../../../wit/0.2.1/worlds.wit", import.meta.url), "utf8");
  for (const [kind, { imports, interface: exportedInterface }] of Object.entries(KINDS)) {
    const world = new RegExp(`world ${kind} \\{([^}]*)\\}`).exec(text)[1];
    deepStrictEqual([...world.matchAll(/import (\S+);/g)].map(([, name]) => name), imports);
    match(world, new RegExp(`export ${exportedInterface};`));
  }
});

test("a bug is logged with its stack, and is the error `other`", () => {
  const { of, left } = exported("guardrail-check", { inspect: () => null.text });
  deepStrictEqual(thrownBy(() => of.inspect("request", [])).tag, "other");
  match(left.logged[0].message, /TypeError[^]*at /);
});

test("what the constructor throws is about the settings", () => {
  installHost({}, ["routing-strategy"]);
  class Picky {
    static manifest = manifest;
    constructor() {
      throw new Error("`limit` must be positive");
    }
    rank() {}
  }
  const { routing } = exportsOf(Picky, ["routing-strategy"]);
  deepStrictEqual(thrownBy(routing.rank), { tag: "bad-settings", val: "`limit` must be positive" });
  strictEqual(new BadSettings("x").name, "BadSettings");
});

test("async methods are refused when they are built, and promises when they are called", () => {
  class Later {
    static manifest = manifest;
    async rank() {
      return [];
    }
  }
  throws(() => check(Later, ["routing-strategy"]), /must not be async/);
  const { of } = exported("routing-strategy", { rank: () => Promise.resolve([]) });
  match(thrownBy(of.rank).val, /must not be async/);
});

test("mistakes of a manifest are told together", () => {
  class Wrong {
    static manifest = { name: "x", settings: {} };
  }
  throws(() => definePlugin(Wrong), /`version`[^]*`summary`[^]*`settings`, which is none of/);
  throws(() => check(undefined, []), /default export/);
  throws(() => check(class { static manifest = manifest; }, ["request-hook"]), /has a method `prepare`/);
});

test("a kind finds only what it may import", () => {
  const { of } = exported("routing-strategy", { rank: () => http.send({ url: "https://a.example" }) });
  match(thrownBy(of.rank).val, /may not import it/);
});

test("errors of the host have a code", () => {
  const { of } = exported("logging-callback", {
    deliver() {
      try {
        http.send({ url: "https://a.example" });
      } catch (error) {
        strictEqual(error instanceof HostError && error.code, "access-denied");
        throw new Retry("later");
      }
    },
  });
  deepStrictEqual(thrownBy(() => of.deliver([])), { tag: "retry", val: "later" });
});

test("chunks before a failure of the same batch are not lost", () => {
  const { of } = exported("provider-adapter", {
    providers: () => [],
    open: () => ({ path: "/", reading: "server-sent-events" }),
    *events(batch) {
      for (const event of batch) yield event.json().ok ? { a: 1 } : DONE;
      throw new Failure("overloaded", "no");
    },
  });
  of.open({ provider: "p", model: "m" });
  strictEqual(decode(of.events([{ name: "", data: encode('{"ok":true}') }])), 'data: {"a":1}\n\n');
  deepStrictEqual(thrownBy(of.finish).fault, "overloaded");
});

test("a bug of an adapter tells the client nothing", () => {
  const { of, left } = exported("provider-adapter", { providers: () => [], open: () => undefined.x });
  const { fault, message } = thrownBy(() => of.open({ provider: "p", model: "m" }));
  deepStrictEqual([fault, message], ["upstream-error", "the provider's adapter failed"]);
  strictEqual(left.logged.length, 1);
});

test("halves of surrogate pairs never reach the host", () => {
  const { of } = exported("request-hook", { prepare: () => ({ tag: "proceed" }) });
  of.prepare();
  const left = installHost();
  state.set("k", "a\ud800");
  notes.publish("n", "b\udc00");
  notes.publish("literally", "\\ud800");
  deepStrictEqual([left.state, left.published], [{ k: "a\ufffd" }, { n: "b\ufffd", literally: "\\ud800" }]);
  deepStrictEqual(new Changes().ask("\ud83d").toDecision().val.modelGroup, "\ufffd");
});

test("stores keep texts, bytes and JSON", () => {
  installHost({ state: { a: "1" } });
  state.setJson("b", { c: [1] });
  deepStrictEqual([state.text("a"), state.json("b"), state.get("none"), state.text("none"), state.json("none")], ["1", { c: [1] }, undefined, undefined, undefined]);
  deepStrictEqual([state.increment("n"), state.increment("n", 2)], [1, 3]);
  throws(() => state.set("k", 5), /string or a Uint8Array/);
});

test("columns, their order and what is not known", () => {
  installHost({ candidates: 3, columns: { "input-prices": ["NaN", 2, 1] }, words: { regions: ["eu-west-1", "", "us"] } });
  deepStrictEqual(candidates.by(candidates.numbers("input-prices")), [2, 1, 0]);
  deepStrictEqual(candidates.having("region", "eu"), [true, false, false]);
  deepStrictEqual([candidates.measured("none"), candidates.indexes()], [undefined, [0, 1, 2]]);
});

test("the exchange as its client wrote it", () => {
  installHost({ request: { model: "m", n: 2 }, attributes: { "tag.0": "a", "tag.1": "b", "header.x-team": "red" } });
  deepStrictEqual([exchange.field("n"), exchange.field("top_p"), exchange.tags(), exchange.header("X-Team")], [2, undefined, ["a", "b"], "red"]);
});

test("random numbers repeat for the same seed", () => {
  const [first, second] = [randomNumbers(7), randomNumbers(7)];
  const drawn = Array.from({ length: 1000 }, first);
  deepStrictEqual(drawn, Array.from({ length: 1000 }, second));
  const mean = drawn.reduce((sum, number) => sum + number) / drawn.length;
  strictEqual(Math.abs(mean - 0.5) < 0.03 && drawn.every((number) => number >= 0 && number < 1), true);
});

test("whole numbers from 2^31 survive QuickJS", () => {
  // As QuickJS hands over 4,000,000,000, and as it must get it.
  installHost({ seed: 4e9 | 0 });
  globalThis.__cqjs = {};
  deepStrictEqual([exchange.seed(), toU32(4e9, "it")], [4e9, 4e9 | 0]);
  delete globalThis.__cqjs;
  deepStrictEqual([toU32(4e9, "it"), toU32(1e12, "it"), toU32(-5, "it")], [4e9, 0xffffffff, 0]);
});

test("scalar values are counted, not UTF-16 units", () => {
  deepStrictEqual(["", "abc", "é", "😀a"].map(countScalars), [0, 3, 1, 2]);
});
