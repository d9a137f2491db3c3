//! `sluice.log`: what goes into the log.

use super::super::keys::{BOOL, Key, Section, Shape, Unknown, on};
use super::super::tree::Node;
use super::read::bool;

#[rustfmt::skip] // One key a row.
pub(in crate::config) const OWN: &[Key] = &[
    on("log", Shape::Section(&LOG), "What goes into the log, beside its level (`SLUICE_LOG`)."),
];

pub(in crate::config) static LOG: Section = Section {
    name: "sluice.log",
    keys: &[KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
    on("exchanges", BOOL, "Whether each exchange writes a line when it ends; default true."),
];

/// `sluice.log`: what goes into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Whether each exchange writes a line when it ends; default true.
    pub exchanges: bool,
}

impl Log {
    pub(super) fn read(root: &Node) -> Self {
        Self {
            exchanges: bool(root, &["sluice", "log", "exchanges"]).unwrap_or(true),
        }
    }
}
