import { candidates, definePlugin, http, state, Unavailable } from "sluice-plugin";
import type { Manifest, PeriodicTask, RoutingStrategy } from "sluice-plugin";

interface Settings {
  service: string;
  every_seconds?: number;
}

/** Asks a service which region is best now, and prefers deployments there. */
class MyTask implements PeriodicTask, RoutingStrategy {
  static manifest: Manifest = {
    name: "my-task",
    version: "0.1.0",
    summary: "Prefers the region that a service names.",
    settingsSchema: {
      type: "object",
      additionalProperties: false,
      required: ["service"],
      properties: {
        service: { type: "string", pattern: "^https?://", description: "Answers the name of a region, such as eu-west-1." },
        every_seconds: { type: "number", minimum: 1, maximum: 86400, default: 300 },
      },
    },
    outbound: ["*"],
  };

  #settings: { service: string; everySeconds: number };

  constructor({ service, every_seconds: everySeconds = 300 }: Settings) {
    this.#settings = { service, everySeconds };
  }

  /** One round of the periodic task; returns how many milliseconds to wait until the next. */
  tick(): number {
    const { service, everySeconds } = this.#settings;
    const answer = http.send({ url: service, timeoutMs: 5_000 });
    if (!answer.ok) throw new Unavailable(`the service answered ${answer.status}`);
    state.set("region", answer.text().trim());
    return everySeconds * 1000;
  }

  /** The routing strategy. It has no `http`, and reads what the task has left. */
  rank(): number[] {
    const isThere = candidates.having("region", state.text("region") ?? "");
    return candidates.by(isThere.map((is) => !is));
  }
}

export default definePlugin(MyTask);
