//! `sluice:`, what LiteLLM has no key for. Unknown keys are refused: nothing here is anyone else's.

use super::{AMOUNT, BOOL, Key, MAP, MILLISECONDS, Section, Shape, TEXT, TEXTS, Unknown, on};

pub static SECTION: Section = Section {
    name: "sluice",
    keys: &[KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

const PLUGINS: Shape = Shape::Map(&Shape::Section(&PLUGIN));

/// Bytes: at least 1 KiB, at most 1 TiB.
const BYTES: Shape = Shape::Integer(1 << 10, 1 << 40);

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
    on("plugin_directory", TEXT, "Folder whose components add to the bundled plugins and replace them by name; relative to this file, default `plugins`."),
    on("plugin_cache_directory", TEXT, "Folder for compiled plugins; default `$XDG_CACHE_HOME/sluice` or `~/.cache/sluice`."),
    on("pagemap_scan", BOOL, "Faster fresh instances on Linux 6.7 or later; turn it off on machines that swap and serve hostile tenants. Default true."),
    on("restamp_model", BOOL, "Answers name the model group the client asked for, as LiteLLM's do; default true."),
    on("plugins", PLUGINS, "Grants and limits, by plugin name."),
    on("server", Shape::Section(&SERVER), "Limits toward clients."),
    on("upstream", Shape::Section(&UPSTREAM), "Limits toward upstreams."),
    on("retry_waits_ms", Shape::List(&MILLISECONDS), "Waits before the same deployments are tried again, the last one for all that follow; each up to 375 longer by chance. Default 500, doubled up to 8000."),
    on("cooldown", Shape::Section(&COOLDOWN), "What `router_settings` does not say of deployments that fail."),
    on("decisions", Shape::Section(&DECISIONS), "Records every choice of a deployment, for `sluice explain` and `sluice replay`."),
];

pub static PLUGIN: Section = Section {
    name: "sluice.plugins.*",
    keys: &[PLUGIN_KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const PLUGIN_KEYS: &[Key] = &[
    on("settings", MAP, "The plugin's settings; keys of a guardrail's or callback's own entry take precedence."),
    on("outbound", Shape::List(&Shape::Outbound), "Hosts it may reach if it asks for them: `host`, `host:port`, `*.domain`, with `http://` before it for plain text. Default none."),
    on("parameters", TEXTS, "Parameters of deployments that an adapter from a file may read, beside those that are known to be harmless. Default none."),
    on("isolation", Shape::Word(&["exchange", "shared", "call"]), "Which calls share an instance: those of one exchange once it has read a client's content, any, or none. Default `exchange`."),
    on("time_limit_ms", Shape::Integer(1, 60_000), "Guest time of one call, milliseconds; default by kind: strategy 5, adapter 20, guardrail 50, callback 100."),
    on("memory_limit_mb", Shape::Integer(1, 4_096), "Memory of one instance, MiB; default by kind: strategy 32, adapter 64, guardrail 128, callback 64."),
    on("calls_max", AMOUNT, "Calls an instance serves before it is replaced."),
    on("enabled", BOOL, "`false` leaves the plugin unloaded; default true."),
];

pub static SERVER: Section = Section {
    name: "sluice.server",
    keys: &[SERVER_KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const SERVER_KEYS: &[Key] = &[
    on("host", Shape::Address, "Address to listen on; default 127.0.0.1 without a master key, else 0.0.0.0."),
    on("port", Shape::Integer(0, 65_535), "Port to listen on, 0 for any free one; default 4000."),
    on("workers", Shape::Integer(1, 1_024), "Worker threads; default one a core."),
    on("header_bytes_max", Shape::Integer(1 << 10, 1 << 24), "Request line and headers together, bytes; default 65536."),
    on("body_bytes_max", BYTES, "A request's body, bytes; default `general_settings.max_request_size_mb`, else 52428800."),
    on("json_depth_max", Shape::Integer(8, 1_000), "Nesting of a JSON body; default 128."),
    on("connections_max", AMOUNT, "Open client connections; further ones wait. Default 20000."),
    on("header_timeout_ms", MILLISECONDS, "From connection, or the end of the exchange before, to the end of the headers; default 30000."),
    on("body_timeout_ms", MILLISECONDS, "From the headers to the end of the request's body; default 60000."),
    on("heartbeat_ms", Shape::Integer(0, 86_400_000), "Silence after which a client that waits for a stream gets the head of its answer, then a comment each time it lasts as long again; 0 for never. Default `litellm_settings.sse_keepalive_ping_interval_seconds`, else 5000."),
    on("health_max_age_ms", Shape::Integer(0, 86_400_000), "How long `/health` believes what was last heard of a deployment. Those of whom nothing newer is known are asked, which costs a few tokens each; 0: nobody is. Default 300000."),
    on("drain_delay_ms", Shape::Integer(0, 60_000), "How long connections are still taken after SIGTERM, while `/health/readiness` says no; default 3000."),
    on("shutdown_timeout_ms", MILLISECONDS, "How long streams may go on after a stop is asked for; default 30000."),
    on("cors_origins", TEXTS, "Web pages that may call from browsers, by origin such as `https://chat.example.com`, where a master key is set; `*` for all, `[]` for none. Default `[\"*\"]`."),
    on("tls_certificate", TEXT, "PEM file of the certificate chain, relative to this file; TLS is on when `tls_key` is given too."),
    on("tls_key", TEXT, "PEM file of the private key, relative to this file."),
];

pub static UPSTREAM: Section = Section {
    name: "sluice.upstream",
    keys: &[UPSTREAM_KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const UPSTREAM_KEYS: &[Key] = &[
    on("connect_timeout_ms", MILLISECONDS, "TCP and TLS together; default 10000."),
    on("chunk_timeout_ms", MILLISECONDS, "Silence of an upstream in the middle of a stream, where neither request nor deployment has a `timeout`; default 300000."),
    on("idle_connections_max", Shape::Integer(0, 100_000), "Idle connections kept for each upstream and worker; default 256."),
    on("idle_timeout_ms", MILLISECONDS, "How long an idle connection is kept; default 90000."),
    on("event_bytes_max", BYTES, "One event of a stream, bytes; default 4194304."),
    on("answer_bytes_max", BYTES, "A whole answer, bytes; default 104857600."),
    on("attempts_max", Shape::Integer(1, 1_000), "Attempts of one exchange, whatever the retries say; default 16."),
    on("deadline_ms", MILLISECONDS, "All attempts of one exchange and the waits between them, to the first content; default none."),
    on("ca_file", TEXT, "PEM file of further root certificates, relative to this file."),
];

pub static DECISIONS: Section = Section {
    name: "sluice.decisions",
    keys: &[DECISIONS_KEYS],
    required: &["file"],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const DECISIONS_KEYS: &[Key] = &[
    on("file", TEXT, "Where choices are written, a line of JSON each; relative to this file. It names who asked only where a strategy read that."),
    on("file_mb_max", AMOUNT, "MiB after which the file begins anew; the one before it stays as `.1`. Default 1024."),
];

pub static COOLDOWN: Section = Section {
    name: "sluice.cooldown",
    keys: &[COOLDOWN_KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const COOLDOWN_KEYS: &[Key] = &[
    on("consecutive_failures", AMOUNT, "Failures in a row that pause a deployment; default none do."),
    on("pause_ms", MILLISECONDS, "How long `consecutive_failures` pause it; default 300000."),
    on("ramp_ms", Shape::Integer(0, 86_400_000), "From the first good answer after a cooldown to the full share of traffic; default 10000."),
    on("when_all_are_out", Shape::Word(&["try", "refuse"]), "Whether exchanges are tried where all deployments cool down, at the one that is due first, or refused; default `try`."),
];
