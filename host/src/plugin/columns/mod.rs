//! The candidates of a routing decision as columns: their present state, or the recorded state of a past decision.

mod recorded;

pub(super) use recorded::EXHAUSTED;
pub use recorded::{Recorded, Values, Written};

use super::bindings::candidates::{NumberColumn, TextColumn};
use crate::region::is_within;

/// The candidates of a decision: entry i of every list is candidate i.
pub trait Columns: Send + Sync {
    fn count(&self) -> usize;
    fn numbers(&self, column: Number) -> Vec<f64>;
    fn texts(&self, column: Text) -> Vec<String>;
    fn tags(&self) -> Vec<Vec<String>>;
    /// One attribute of each deployment's `model_info`, as JSON text.
    fn info(&self, name: &str) -> Vec<String>;
    /// For each candidate, whether `word` matches this property of it.
    fn having(&self, fact: Fact, word: &str) -> Vec<bool>;
    /// For each candidate, whether it has no room in this minute for a prompt of `prompt_tokens` tokens.
    fn exhausted(&self, prompt_tokens: u32) -> Vec<bool>;
}

/// Columns with the names under which strategies find them in the record of a decision. Those `by name` came after the
/// enum of the contract: strategies ask for them by `measured`.
macro_rules! columns {
    (
        $(#[$meta:meta])*
        $kind:ident of $wit:ident { $($column:ident $name:literal),* $(,)? }
        $(by name { $($later:ident $later_name:literal),* $(,)? })?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind { $($column,)* $($($later,)*)? }

        impl $kind {
            pub const ALL: &'static [Self] = &[$(Self::$column,)* $($(Self::$later,)*)?];

            /// The name in `wit/0.2.1/candidates.wit`, under which it is recorded.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$column => $name,)* $($(Self::$later => $later_name,)*)? }
            }
        }

        impl From<$wit> for $kind {
            fn from(column: $wit) -> Self {
                match column { $($wit::$column => Self::$column),* }
            }
        }
    };
}

columns! {
    /// Columns of numbers.
    Number of NumberColumn {
        Weights "weights",
        Orders "orders",
        InFlight "in-flight",
        LatencySeconds "latency-seconds",
        FirstTokenSeconds "first-token-seconds",
        TokensPerSecond "tokens-per-second",
        SampleAges "sample-ages",
        FailureRates "failure-rates",
        RequestsThisMinute "requests-this-minute",
        TokensThisMinute "tokens-this-minute",
        RequestLimits "request-limits",
        TokenLimits "token-limits",
        InputPrices "input-prices",
        OutputPrices "output-prices",
    }
    by name {
        ContextWindows "context-windows",
    }
}

columns! {
    /// Columns of text.
    Text of TextColumn {
        Ids "ids",
        Providers "providers",
        Models "models",
        Regions "regions",
    }
}

/// A property of a deployment that a strategy can test against a word: `fact` in `wit/0.2.1/candidates.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Id,
    Provider,
    Model,
    Tag,
    Region,
}

/// The properties of a deployment that [`Fact`] names.
pub struct Facts<'f> {
    pub id: &'f str,
    pub provider: &'f str,
    pub model: &'f str,
    pub tags: &'f [String],
    pub region: &'f str,
}

impl Facts<'_> {
    /// The word may end in `*` for any end, except for a region.
    #[must_use]
    pub fn has(&self, fact: Fact, word: &str) -> bool {
        let is = |own: &str| match word.strip_suffix('*') {
            Some(start) => own.starts_with(start),
            None => own == word,
        };
        match fact {
            Fact::Id => is(self.id),
            Fact::Provider => is(self.provider),
            Fact::Model => is(self.model),
            Fact::Tag => self.tags.iter().any(|tag| is(tag)),
            Fact::Region => is_within(self.region, word),
        }
    }
}

/// Whether `more` requests or tokens would exceed a limit. The limit 0 means no limit.
#[must_use]
pub fn is_over(limit: u32, used: u32, more: u32) -> bool {
    limit > 0 && used.saturating_add(more) > limit
}
