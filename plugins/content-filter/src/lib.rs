//! `content-filter`: finds words and regular expressions in requests and answers, and blocks or masks them.
//!
//! **Hook**: `inspect`, at every stage that the operator's `mode` names. Guardrails run in the order of the
//! configuration; put this one before guardrails that send text elsewhere, so that those get masked text.
//! **Changes**: a masked match is replaced by a tag. In a stream, only a possible beginning of a match is held back:
//! prose is sent word by word, unless an expression spans several words.
//! **Costs**: the settings are read once for each instance. One pass over a text, about 1 ns a byte, finds words and
//! tells which expressions may match. Those are compiled when they are first needed (10 to 30 µs, twice that for
//! streams), and search the text one by one. See README.md.
//!
//! In reading order: `settings` → `filter` (applies all rules to one text) → `normal` (normalized forms of a text) →
//! `scan` (finds the places where a match may begin) → `words` and `pattern` (one kind of rule each) → `needed`
//! (literals that a match must contain) → `opening` (finds unfinished matches at the end of a text) → `prebuilt` and
//! `check` (the prebuilt patterns).

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

/// The guardrail. One instance inspects one exchange from its request to the end of its answer, or a part of the
/// exchange.
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

/// Returns the cheapest verdict that is sufficient: most texts pass, and then nothing is copied.
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
