//! The candidates of one choice as columns: as they are now, or as a choice of the past saw them.

mod live;
mod recorded;

pub use live::Live;
pub(super) use recorded::EXHAUSTED;
pub use recorded::{Recorded, Values, Written};

use crate::deployment::is_within;

/// The candidates of one choice: entry i of every list is candidate i.
pub trait Columns: Send + Sync {
    fn count(&self) -> usize;
    fn numbers(&self, column: Number) -> Vec<f64>;
    fn counts(&self, column: Count) -> Vec<u32>;
    fn texts(&self, column: Text) -> Vec<String>;
    fn tags(&self) -> Vec<Vec<String>>;
    /// One attribute of each deployment's `model_info`, as JSON text.
    fn info(&self, name: &str) -> Vec<String>;
    /// Which candidates are such.
    fn having(&self, fact: Fact, word: &str) -> Vec<bool>;
    /// Which candidates have no room in this minute for a prompt of so many tokens.
    fn exhausted(&self, prompt_tokens: u32) -> Vec<bool>;
}

macro_rules! columns {
    ($(#[$meta:meta])* $kind:ident { $($column:ident $name:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind { $($column),* }

        impl $kind {
            pub const ALL: [Self; [$(Self::$column),*].len()] = [$(Self::$column),*];

            /// As in `wit/candidates.wit`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$column => $name),* }
            }
        }
    };
}

columns! {
    /// Columns of numbers.
    Number {
        Weights "weights",
        LatencySeconds "latency-seconds",
        FirstTokenSeconds "first-token-seconds",
        TokensPerSecond "tokens-per-second",
        SampleAges "sample-ages",
        FailureRates "failure-rates",
        InputPrices "input-prices",
        OutputPrices "output-prices",
    }
}

columns! {
    /// Columns of whole numbers.
    Count {
        Orders "orders",
        InFlight "in-flight",
        RequestsThisMinute "requests-this-minute",
        TokensThisMinute "tokens-this-minute",
        RequestLimits "request-limits",
        TokenLimits "token-limits",
    }
}

columns! {
    /// Columns of text.
    Text {
        Ids "ids",
        Providers "providers",
        Models "models",
        Regions "regions",
    }
}

/// What can be asked of a deployment with a word: `fact` in `wit/candidates.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    Id,
    Provider,
    Model,
    Tag,
    Region,
}

/// What [`Fact`] is asked of.
struct Facts<'f> {
    id: &'f str,
    provider: &'f str,
    model: &'f str,
    tags: &'f [String],
    region: &'f str,
}

impl Facts<'_> {
    /// But for a region, a word may end in `*`.
    fn has(&self, fact: Fact, word: &str) -> bool {
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

/// Whether one more request, or so many tokens more, would pass a limit; 0 is none.
fn is_over(limit: u32, used: u32, more: u32) -> bool {
    limit > 0 && used.saturating_add(more) > limit
}
