//! `sluice.server`: limits toward clients.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::keys::{AMOUNT, BYTES, Key, MILLISECONDS, SHARE, Section, Shape, TEXT, TEXTS, Unknown, on};
use super::super::tree::Node;
use super::health_checks;
use super::read::{milliseconds, number, path, seconds, texts, whole};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const OWN: &[Key] = &[
    on("server", Shape::Section(&SERVER), "Limits toward clients."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const GENERAL: &[Key] = &[
    on("max_request_size_mb", Shape::Number(0.001), "Largest request body, MiB; default 50."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const LITELLM: &[Key] = &[
    on("sse_keepalive_ping_interval_seconds", SHARE, "Silence after which a client that waits for a stream gets a comment, seconds; `sluice.server.heartbeat_ms` takes precedence. Default 5."),
];

pub(in crate::config) static SERVER: Section = Section {
    name: "sluice.server",
    keys: &[KEYS, health_checks::SERVER],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
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
    on("drain_delay_ms", Shape::Integer(0, 60_000), "How long connections are still taken after SIGTERM, while `/health/readiness` says no; default 3000."),
    on("shutdown_timeout_ms", MILLISECONDS, "How long streams may go on after a stop is asked for; default 30000."),
    on("cors_origins", TEXTS, "Web pages that may call from browsers, by origin such as `https://chat.example.com`, where a master key is set; `*` for all, `[]` for none. Default `[\"*\"]`."),
    on("tls_certificate", TEXT, "PEM file of the certificate chain, relative to this file; TLS is on when `tls_key` is given too."),
    on("tls_key", TEXT, "PEM file of the private key, relative to this file."),
];

/// `sluice.server`: limits toward clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Default: `--workers`, else one a core.
    pub workers: Option<usize>,
    /// Request line and headers together; default 64 KiB.
    pub header_bytes_max: usize,
    /// Default 50 MiB; `general_settings.max_request_size_mb` where given.
    pub body_bytes_max: usize,
    /// Nesting of a JSON body; default 128.
    pub json_depth_max: usize,
    /// Open client connections; further ones wait. Default 20,000.
    pub connections_max: usize,
    /// From connection (or the end of the exchange before) to the end of the headers; default 30 s.
    pub header_timeout: Duration,
    /// From the headers to the end of the request's body; default 60 s.
    pub body_timeout: Duration,
    /// Silence after which a client that waits for a stream gets the head of its answer, then a comment each time it lasts
    /// as long again; default 5 s.
    pub heartbeat: Option<Duration>,
    /// From a stop that an orchestrator asks for to the end of accepting connections: readiness says no meanwhile. Default 3 s.
    pub drain_delay: Duration,
    /// How long streams may go on after a stop is asked for; default 30 s.
    pub shutdown_timeout: Duration,
    /// `cors_origins`: pages that browsers may call from, where a master key is set; `*` stands for all, which is the default.
    pub cors_origins: Vec<String>,
    /// PEM files; TLS is on when both are given.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// `--host`; may also be set by `sluice.server.host`. Default 127.0.0.1 without a master key, else 0.0.0.0.
    pub host: Option<IpAddr>,
    pub port: Option<u16>,
}

impl Server {
    pub(super) fn read(root: &Node, directory: &Path) -> Self {
        let own = |key| root.find(&["sluice", "server", key]);
        let size = |key, default| own(key).and_then(whole).unwrap_or(default);
        let milliseconds = |key, default| {
            own(key)
                .and_then(milliseconds)
                .unwrap_or(Duration::from_millis(default))
        };
        let megabytes = number(root, &["general_settings", "max_request_size_mb"]);
        let origins = own("cors_origins").filter(|node| node.list().is_some());
        Self {
            workers: own("workers").and_then(whole),
            header_bytes_max: size("header_bytes_max", 64 << 10),
            body_bytes_max: size(
                "body_bytes_max",
                megabytes.map_or(50 << 20, |mb| (mb * 1_048_576.0) as usize),
            ),
            json_depth_max: size("json_depth_max", 128),
            connections_max: size("connections_max", 20_000),
            header_timeout: milliseconds("header_timeout_ms", 30_000),
            body_timeout: milliseconds("body_timeout_ms", 60_000),
            heartbeat: heartbeat(root),
            drain_delay: milliseconds("drain_delay_ms", 3_000),
            shutdown_timeout: milliseconds("shutdown_timeout_ms", 30_000),
            cors_origins: origins.map_or_else(|| vec!["*".to_owned()], texts),
            tls_certificate: path(own("tls_certificate"), directory),
            tls_key: path(own("tls_key"), directory),
            host: own("host").and_then(|node| node.text()?.parse().ok()),
            port: own("port").and_then(whole),
        }
    }
}

/// Zero is none.
fn heartbeat(root: &Node) -> Option<Duration> {
    let own = || root.find(&["sluice", "server", "heartbeat_ms"]).and_then(milliseconds);
    let shared = || {
        root.find(&["litellm_settings", "sse_keepalive_ping_interval_seconds"])
            .and_then(seconds)
    };
    let interval = own().or_else(shared).unwrap_or(Duration::from_secs(5));
    (!interval.is_zero()).then_some(interval)
}
