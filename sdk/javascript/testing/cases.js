// Cases as data: JSON files whose formats the README describes. Each case is a test of `node --test`.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { check, manifestOf } from "../lib/manifest.js";
import { runAdapter } from "./kinds/adapter.js";
import { runCallback, runGuardrail, runHook, runPeriodic, runStrategy } from "./kinds/simple.js";

const RUNNERS = {
  "routing-strategy": runStrategy,
  "guardrail-check": runGuardrail,
  "logging-callback": runCallback,
  "request-hook": runHook,
  "periodic-task": runPeriodic,
  "provider-adapter": runAdapter,
};

/** Registers a test for each case of a file, or of all files of a folder. */
export function runCases(Plugin, kind, place) {
  check(Plugin, [kind]);
  test(`${manifestOf(Plugin).name} describes itself`, () => void JSON.parse(manifestOf(Plugin).settingsSchema || "{}"));
  const files = filesOf(place instanceof URL ? fileURLToPath(place) : place);
  if (files.length === 0) throw new Error(`no case in ${place}`);
  for (const file of files) {
    const read = JSON.parse(readFileSync(file, "utf8"));
    for (const item of Array.isArray(read) ? read : [read]) {
      test(`${basename(file)}: ${item.about}`, () => RUNNERS[kind](Plugin, item));
    }
  }
}

function filesOf(place) {
  if (!statSync(place).isDirectory()) return [place];
  const names = readdirSync(place).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => join(place, name));
}

