//! `sluice.decisions`: choices are recorded.

use std::path::{Path, PathBuf};

use super::super::keys::{AMOUNT, Key, Section, Shape, TEXT, Unknown, on};
use super::super::tree::Node;
use super::read::{path, whole};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const OWN: &[Key] = &[
    on("decisions", Shape::Section(&DECISIONS), "Records every choice of a deployment, for `sluice explain` and `sluice replay`."),
];

pub(in crate::config) static DECISIONS: Section = Section {
    name: "sluice.decisions",
    keys: &[KEYS],
    required: &["file"],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
    on("file", TEXT, "Where choices are written, a line of JSON each; relative to this file. It names who asked only where a strategy read that."),
    on("file_mb_max", AMOUNT, "MiB after which the file begins anew; the one before it stays as `.1`. Default 1024."),
];

/// `sluice.decisions`: choices are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decisions {
    /// Relative to the configuration file.
    pub file: PathBuf,
    /// From there on the file begins anew, and the one before it is kept as `.1`; default 1 GiB.
    pub bytes_max: u64,
}

impl Decisions {
    pub(super) fn read(root: &Node, directory: &Path) -> Option<Self> {
        let own = root.find(&["sluice", "decisions"])?;
        let mb_max: u32 = own.get("file_mb_max").and_then(whole).unwrap_or(1024);
        Some(Self {
            file: path(own.get("file"), directory)?,
            bytes_max: u64::from(mb_max) << 20,
        })
    }
}
