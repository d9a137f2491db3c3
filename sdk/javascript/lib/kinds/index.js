// The kinds of plugin: the interface of each in the contract, the methods that its class has, how they
// are exported, and what a test lets it import. (A build reads that from the contract.)

import { callback } from "./callback.js";
import { guardrail } from "./guardrail.js";
import { hook } from "./hook.js";
import { periodic } from "./periodic.js";
import { provider } from "./provider.js";
import { routing } from "./routing.js";

export const KINDS = {
  "routing-strategy": {
    interface: "routing",
    methods: ["rank"],
    exported: routing,
    imports: ["settings", "log", "state", "notes", "exchange", "candidates"],
  },
  "guardrail-check": {
    interface: "guardrail",
    methods: ["inspect"],
    exported: guardrail,
    imports: ["settings", "log", "state", "notes", "http", "exchange"],
  },
  "logging-callback": {
    interface: "callback",
    methods: ["deliver"],
    exported: callback,
    imports: ["settings", "log", "state", "http"],
  },
  "request-hook": {
    interface: "hook",
    methods: ["prepare"],
    exported: hook,
    imports: ["settings", "log", "state", "notes", "http", "exchange"],
  },
  "periodic-task": {
    interface: "periodic",
    methods: ["tick"],
    exported: periodic,
    imports: ["settings", "log", "state", "http"],
  },
  "provider-adapter": {
    interface: "provider",
    methods: ["providers", "open"],
    exported: provider,
    imports: ["settings", "log", "exchange", "deployment"],
  },
};
