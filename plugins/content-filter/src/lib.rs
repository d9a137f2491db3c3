//! `content-filter`: looks for words and regular expressions in what goes in and comes out, and blocks or masks them.
//!
//! **Hook**: `inspect`, at every stage the operator's `mode` names. Guardrails run in the order of the configuration;
//! put this one before those that send text elsewhere, so that they see it masked.
//! **Changes**: masked text is replaced by a tag. A stream is held back by what may be the beginning of a match, and no
//! more: prose flows word by word, unless an expression spans words.
//! **Costs**: the settings are read once an instance. One pass over a text, about 1 ns a byte, finds words and tells which
//! expressions may match; those are compiled when they are first needed (10 to 30 µs, twice that for streams) and read the
//! text by themselves. See README.md.
//!
//! In reading order: `settings` → `filter` (all rules over one text) → `normal` (the
//! text as a reader sees it) → `scan` (where something may begin) → `words`,
//! `pattern` (one rule each) → `needed` (what a text must hold for an expression) → `opening` (where a match may begin that
//! is not over yet) → `prebuilt` and `check` (patterns that come with it).

mod check;
mod filter;
mod needed;
mod normal;
mod opening;
mod pattern;
mod prebuilt;
mod scan;
mod settings;
mod words;

use sluice_sdk::{Edit, Guardrail, GuardrailError, Manifest, Passage, Plugin, Stage, Verdict};

use filter::{Filter, Outcome, Stop};
pub use prebuilt::names as prebuilt_names;
pub use settings::Settings;

/// The guardrail; the same instance sees one exchange from its request to the end of its answer, or a part of it.
pub struct ContentFilter {
    filter: Filter,
}

impl Plugin for ContentFilter {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "content-filter",
            env!("CARGO_PKG_VERSION"),
            "Blocks or masks words and regular expressions in requests, answers and streams.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self {
            filter: settings.into_filter()?,
        })
    }
}

impl Guardrail for ContentFilter {
    fn inspect(&mut self, stage: Stage, passages: Vec<Passage>) -> Result<Verdict, GuardrailError> {
        let more = stage == Stage::StreamWindow;
        let outcomes: Result<Vec<Outcome>, Stop> = passages
            .iter()
            .map(|passage| self.filter.read(&passage.before, &passage.text, more))
            .collect();
        match outcomes {
            Ok(outcomes) => Ok(verdict(passages, outcomes)),
            Err(Stop::Block(violation)) => Ok(Verdict::Block(violation)),
            Err(Stop::Settings(error)) => Err(GuardrailError::BadSettings(error)),
        }
    }
}

/// The lightest verdict that says it all: most text passes, and then nothing is copied.
fn verdict(passages: Vec<Passage>, outcomes: Vec<Outcome>) -> Verdict {
    if outcomes.iter().any(|outcome| outcome.masked.is_some()) {
        let edit = |(passage, outcome): (Passage, Outcome)| Edit {
            hold: outcome.hold,
            text: outcome.sent(passage.text),
        };
        Verdict::Rewrite(passages.into_iter().zip(outcomes).map(edit).collect())
    } else if outcomes.iter().any(|outcome| outcome.hold > 0) {
        Verdict::Hold(outcomes.into_iter().map(|outcome| outcome.hold).collect())
    } else {
        Verdict::Pass
    }
}

sluice_sdk::export!(ContentFilter: Guardrail);
