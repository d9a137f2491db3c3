import type { Changes, Decision, Verdict } from "./results.js";

/** What is not text. */
export type Medium = "image" | "audio" | "video" | "file" | "tokens";

/** What a plugin says of itself. `wit/0.2.1/about.wit` has the limits. */
export interface Manifest {
  /** Kebab-case name that the configuration refers to, such as `least-busy`. */
  name: string;
  /** Semantic version of the plugin. */
  version: string;
  /** One sentence for listings. */
  summary: string;
  /** JSON Schema (draft 2020-12) of the settings. The host checks settings before the plugin gets them. */
  settingsSchema?: object;
  /** Hosts that it asks to reach: `host`, `host:port`, `*.domain`, or `*` for whatever the operator names. */
  outbound?: string[];
  /** Of a routing strategy: what it leaves out must not be tried. */
  constrains?: boolean;
  /** Of a guardrail: what it is shown beside text. */
  looksAt?: Medium[];
  /** Facts by name; a host ignores names it does not know. */
  extras?: Record<string, string>;
}

/**
 * The class of a plugin. The constructor takes the settings, `{}` when none are given, and may throw: the settings then cannot be used.
 * An instance serves one call or thousands. Keep nothing in it that a later call must find.
 */
export interface PluginClass<Instance = object> {
  new (settings: any): Instance;
  manifest: Manifest;
}

/** Marks a class as the plugin of its module: `export default definePlugin(MyPlugin);`. Throws if the manifest lacks something. */
export function definePlugin<Class extends PluginClass>(plugin: Class): Class;

/** Ranks deployments. `routing-strategy` */
export interface RoutingStrategy {
  /**
   * Candidate indexes, best first; those left out are not tried. Called before the first attempt, within 5 ms. Take random numbers from
   * `randomNumbers(exchange.seed())` only, so that a choice can be replayed.
   *
   * May throw `NoneSuitable` or `BadSettings`. On any error the host ranks as `simple-shuffle` does.
   */
  rank(): number[];
}

/** Where in an exchange a guardrail is asked. */
export type Stage =
  /** The whole request, before a deployment is chosen. */
  | "request"
  /** The whole answer, before the client sees it. */
  | "response"
  /** What arrived of a streamed answer and has not been sent: one passage a choice. More will come. */
  | "stream-window"
  /** The same, and nothing more will come. */
  | "stream-end";

export interface Passage {
  /** `system`, `developer`, `user`, `assistant`, `tool`, `input`, or the word of a medium. */
  role: string;
  /** On a stream: the end of what was sent already. It cannot be changed any more. Empty at the other stages. */
  before: string;
  text: string;
}

/** Looks at text going in or coming out. `guardrail-check` */
export interface GuardrailCheck {
  /**
   * Judges the passages of one stage, within 50 ms. Nothing (`undefined`) is `pass()`.
   *
   * May throw `Unavailable` or `BadSettings`. On any error the exchange is refused, unless the operator says `fail: open`.
   */
  inspect(stage: Stage, passages: Passage[]): Verdict | undefined | void;
}

/** Sees a request before guardrails and routing do. `request-hook` */
export interface RequestHook {
  /**
   * Decides about the request (`exchange`), within 20 ms. Nothing (`undefined`) is `proceed()`, and so are `Changes` without a change.
   * What may be changed is what the operator grants by `sluice.plugins.<name>.may_change`.
   *
   * May throw `Unavailable` or `BadSettings`. On any error the exchange is refused, unless the operator says `fail_on_error: false`.
   */
  prepare(): Decision | Changes | undefined | void;
}

/** Receives the records of finished exchanges. `logging-callback` */
export interface LoggingCallback {
  /**
   * Takes a batch, oldest first, within 100 ms. Each record is the text of a JSON document after `config/record.schema.json`.
   *
   * Throw `Retry` to get the same batch again after a pause, `Reject` to drop it. Any other error counts as `Retry`.
   */
  deliver(records: string[]): void;
}

/** Works beside exchanges. `periodic-task` */
export interface PeriodicTask {
  /**
   * One round of work, within 100 ms. Returns how many milliseconds to wait until the next: at least a second, at most a day.
   *
   * Throw `Unavailable` with a sentence for the operator; the next round then follows after a minute.
   */
  tick(): number;
}
