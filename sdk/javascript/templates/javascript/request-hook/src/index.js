import { Changes, definePlugin, exchange, notes, pointer, refuse } from "sluice-plugin";

/** Fills in a parameter, caps the tokens of answers, and refuses requests without a header. */
class MyHook {
  static manifest = {
    name: "my-hook",
    version: "0.1.0",
    summary: "Fills in a parameter, caps max_tokens, and asks for a header.",
    settingsSchema: {
      type: "object",
      additionalProperties: false,
      properties: {
        header: { type: "string", minLength: 1, default: "x-team", description: "A request without this header is refused." },
        defaults: {
          type: "object",
          default: { temperature: 0.2 },
          description: "Parameters and the values that requests get which lack them.",
        },
        max_tokens: { type: "integer", minimum: 1, default: 1000, description: "The most tokens that a request may ask for." },
      },
    },
  };

  #settings;

  constructor({ header = "x-team", defaults = { temperature: 0.2 }, max_tokens: maxTokens = 1000 }) {
    this.#settings = { header, defaults, maxTokens };
  }

  prepare() {
    const { header, defaults, maxTokens } = this.#settings;
    const team = exchange.header(header);
    if (!team) return refuse(403, "my-hook.header", `Say which team you are with the header ${header}.`);
    // A fact for the record of the exchange, which callbacks get.
    notes.publish("team", team);
    const changes = new Changes();
    for (const [name, value] of Object.entries(defaults)) {
      if ((exchange.field(name) ?? null) === null) changes.set(pointer(name), value);
    }
    for (const name of ["max_tokens", "max_completion_tokens"]) {
      if (exchange.field(name) > maxTokens) changes.set(pointer(name), maxTokens);
    }
    return changes;
  }
}

export default definePlugin(MyHook);
