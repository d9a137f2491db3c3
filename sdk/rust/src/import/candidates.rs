//! The deployments that a strategy may rank, as columns (`wit/0.2.1/candidates.wit`): entry i of each column is candidate
//! i.

use std::cell::RefCell;

use super::host::candidates as host;

pub use crate::bindings::imports::sluice::plugin::candidates::{Fact, NumberColumn, TextColumn};

thread_local! {
    /// Indexes of the candidates that are visible at present; `None` for all.
    static AMONG: RefCell<Option<Vec<u32>>> = const { RefCell::new(None) };
}

/// Runs `ask` such that only these candidates are visible: candidate i is then the one at `indexes[i]`. See
/// [`crate::ranking::among`].
pub(crate) fn narrowed<R>(indexes: Vec<u32>, ask: impl FnOnce() -> R) -> R {
    let before = AMONG.replace(Some(indexes));
    let answer = ask();
    AMONG.set(before);
    answer
}

fn narrow<T: Clone>(column: Vec<T>) -> Vec<T> {
    AMONG.with_borrow(|among| match among {
        None => column,
        Some(indexes) => indexes.iter().map(|&index| column[index as usize].clone()).collect(),
    })
}

/// The number of candidates.
#[must_use]
pub fn count() -> u32 {
    AMONG.with_borrow(|among| match among {
        None => host::count(),
        Some(indexes) => u32::try_from(indexes.len()).unwrap_or(u32::MAX),
    })
}

/// For each candidate, whether `fact` matches `word`. `word` may end in `*` for any suffix, except for a region.
#[must_use]
pub fn having(fact: Fact, word: &str) -> Vec<bool> {
    narrow(host::having(fact, word))
}

/// For each candidate, whether it has no capacity left in the current minute: one more request would exceed its `rpm`,
/// or this exchange's prompt its `tpm`.
#[must_use]
pub fn exhausted() -> Vec<bool> {
    narrow(host::exhausted())
}

/// One attribute of each deployment's `model_info`, as JSON text; empty if the deployment does not have it.
#[must_use]
pub fn info(name: &str) -> Vec<String> {
    narrow(host::info(name))
}

/// A column of numbers. [`NumberColumn`] documents the unit of each and the value for "unknown".
#[must_use]
pub fn numbers(column: NumberColumn) -> Vec<f64> {
    narrow(host::numbers(column))
}

/// A column of numbers by its name, as `wit/0.2.1/candidates.wit` lists them; `None` if this host does not have it.
#[must_use]
pub fn measured(name: &str) -> Option<Vec<f64>> {
    host::measured(name).map(narrow)
}

/// A column of texts. A text is empty if it is not known.
#[must_use]
pub fn texts(column: TextColumn) -> Vec<String> {
    narrow(host::texts(column))
}

/// The tags of each candidate, from `litellm_params.tags`.
#[must_use]
pub fn tags() -> Vec<Vec<String>> {
    narrow(host::tags())
}
