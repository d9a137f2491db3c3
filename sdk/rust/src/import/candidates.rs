//! The deployments a strategy may choose among, as columns (`wit/0.2/candidates.wit`).

use std::cell::RefCell;

use super::host::candidates as host;

pub use crate::bindings::imports::sluice::plugin::candidates::{Fact, NumberColumn, TextColumn};

thread_local! {
    /// Indexes of those that count at present; `None` for all.
    static AMONG: RefCell<Option<Vec<u32>>> = const { RefCell::new(None) };
}

/// Asks as if there were only these candidates: candidate i is then the one at `indexes[i]`. See
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

/// How many there are.
#[must_use]
pub fn count() -> u32 {
    AMONG.with_borrow(|among| match among {
        None => host::count(),
        Some(indexes) => u32::try_from(indexes.len()).unwrap_or(u32::MAX),
    })
}

/// Which candidates are such. But for a region, a word may end in `*`.
#[must_use]
pub fn having(fact: Fact, word: &str) -> Vec<bool> {
    narrow(host::having(fact, word))
}

/// Which candidates have no room for this exchange in this minute: one more request would pass their `rpm`, or its prompt
/// their `tpm`.
#[must_use]
pub fn exhausted() -> Vec<bool> {
    narrow(host::exhausted())
}

/// One attribute of each deployment's `model_info`, as JSON text; empty where it has none.
#[must_use]
pub fn info(name: &str) -> Vec<String> {
    narrow(host::info(name))
}

/// A column of numbers.
#[must_use]
pub fn numbers(column: NumberColumn) -> Vec<f64> {
    narrow(host::numbers(column))
}

/// A column of texts.
#[must_use]
pub fn texts(column: TextColumn) -> Vec<String> {
    narrow(host::texts(column))
}

/// `litellm_params.tags`.
#[must_use]
pub fn tags() -> Vec<Vec<String>> {
    narrow(host::tags())
}
