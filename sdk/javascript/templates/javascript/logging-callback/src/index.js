import { definePlugin, HostError, http, Reject, Retry } from "sluice-plugin";

/** Posts each batch of records to an endpoint, as one JSON array. */
class MyCallback {
  static manifest = {
    name: "my-callback",
    version: "0.1.0",
    summary: "Posts records to an endpoint as a JSON array.",
    settingsSchema: {
      type: "object",
      additionalProperties: false,
      required: ["endpoint"],
      properties: {
        endpoint: { type: "string", pattern: "^https?://", description: "Where records are posted." },
      },
    },
    // A wish for whatever host the operator allows under `sluice.plugins.my-callback.outbound`: the endpoint is a setting.
    outbound: ["*"],
  };

  #endpoint;

  constructor({ endpoint }) {
    this.#endpoint = endpoint;
  }

  deliver(records) {
    // The records are JSON already.
    const { ok, status } = this.#post(`[${records.join(",")}]`);
    if (ok) return;
    if (status === 429 || status >= 500) throw new Retry(`the endpoint answered ${status}`);
    throw new Reject(`the endpoint answered ${status}`);
  }

  #post(body) {
    const headers = { "content-type": "application/json" };
    try {
      return http.send({ method: "POST", url: this.#endpoint, headers, body, timeoutMs: 5_000 });
    } catch (error) {
      // Later tries do not help where the operator does not allow the host.
      if (!(error instanceof HostError)) throw error;
      if (error.code === "access-denied" || error.code === "invalid") throw new Reject(`the endpoint cannot be used: ${error.message}`);
      throw new Retry(`the endpoint cannot be reached: ${error.message}`);
    }
  }
}

export default definePlugin(MyCallback);
