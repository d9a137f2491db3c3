//! `sluice.upstream`: limits toward upstreams.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::keys::{BYTES, Key, MILLISECONDS, Section, Shape, TEXT, Unknown, on};
use super::super::tree::Node;
use super::read::{self, path, whole};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const OWN: &[Key] = &[
    on("upstream", Shape::Section(&UPSTREAM), "Limits toward upstreams."),
];

pub(in crate::config) static UPSTREAM: Section = Section {
    name: "sluice.upstream",
    keys: &[KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
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

/// `sluice.upstream`: limits toward upstreams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// TCP and TLS together; default 10 s.
    pub connect_timeout: Duration,
    /// Silence of an upstream in the middle of a stream, where neither request nor deployment has a `timeout`; default
    /// 300 s.
    pub chunk_timeout: Duration,
    /// Idle connections kept for each upstream and worker; default 256.
    pub idle_connections_max: usize,
    /// Default 90 s.
    pub idle_timeout: Duration,
    /// One event of a stream; default 4 MiB.
    pub event_bytes_max: usize,
    /// A whole answer; default 100 MiB.
    pub answer_bytes_max: usize,
    /// Attempts of one exchange, whatever the retries say; default 16.
    pub attempts_max: u32,
    /// All attempts of one exchange and the waits between them, to the first content; default none.
    pub deadline: Option<Duration>,
    /// PEM file of further root certificates.
    pub ca_file: Option<PathBuf>,
}

impl Upstream {
    pub(super) fn read(root: &Node, directory: &Path) -> Self {
        let own = |key| root.find(&["sluice", "upstream", key]);
        let size = |key, default| own(key).and_then(whole).unwrap_or(default);
        let milliseconds = |key, default| {
            own(key)
                .and_then(read::milliseconds)
                .unwrap_or(Duration::from_millis(default))
        };
        Self {
            connect_timeout: milliseconds("connect_timeout_ms", 10_000),
            chunk_timeout: milliseconds("chunk_timeout_ms", 300_000),
            idle_connections_max: size("idle_connections_max", 256),
            idle_timeout: milliseconds("idle_timeout_ms", 90_000),
            event_bytes_max: size("event_bytes_max", 4 << 20),
            answer_bytes_max: size("answer_bytes_max", 100 << 20),
            attempts_max: own("attempts_max").and_then(whole).unwrap_or(16),
            deadline: own("deadline_ms").and_then(read::milliseconds),
            ca_file: path(own("ca_file"), directory),
        }
    }
}
