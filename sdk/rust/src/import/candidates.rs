//! The deployments a strategy may choose among, as columns (`wit/candidates.wit`).

use std::cell::RefCell;

use super::host::candidates as host;

pub use crate::bindings::imports::sluice::plugin::candidates::Fact;

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

macro_rules! columns {
    ($($name:ident $type:ty, $doc:literal;)*) => {
        $(#[doc = $doc]
        #[must_use]
        pub fn $name() -> Vec<$type> {
            narrow(host::$name())
        })*
    };
}

columns! {
    ids String, "Deployment ids, stable across reloads.";
    providers String, "Provider prefixes, such as `azure`.";
    models String, "Model names without their provider prefix.";
    regions String, "Where each runs; empty when not known.";
    tags Vec<String>, "`litellm_params.tags`.";
    weights f64, "`litellm_params.weight`; 0 when not given.";
    orders u32, "`litellm_params.order`, lower first; 0 when not given.";
    in_flight u32, "Attempts under way now, from this process.";
    latency_seconds f64, "Moving average of seconds to the whole answer; NaN when not measured yet.";
    first_token_seconds f64, "Moving average of seconds to the first token; NaN when not measured yet.";
    tokens_per_second f64, "Moving average of completion tokens a second; NaN when not measured yet.";
    sample_ages f64, "Seconds since the latest measured answer; NaN when there was none.";
    failure_rates f64, "Share of recent attempts that failed by the upstream's fault, 0 to 1.";
    requests_this_minute u32, "Requests of this minute.";
    tokens_this_minute u32, "Tokens of this minute.";
    request_limits u32, "`litellm_params.rpm`; 0 when unlimited.";
    token_limits u32, "`litellm_params.tpm`; 0 when unlimited.";
    input_prices f64, "USD per million tokens; NaN when unknown.";
    output_prices f64, "USD per million tokens; NaN when unknown.";
}
