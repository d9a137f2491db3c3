//! `probe-strategy`: does what its settings (`router_settings.routing_strategy_args`) say.
//!
//! `{"do": "loop"}` and the other misdeeds; otherwise it answers as [`Ranking`] says.

use std::sync::Mutex;

use guest_misdeeds::Misdeed;
use serde::Deserialize;
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy, candidates, exchange};

/// The strategy.
pub struct Probe {
    settings: Settings,
}

/// What to do, and then what to answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default, rename = "do")]
    misdeed: Option<Misdeed>,
    #[serde(default)]
    rank: Ranking,
}

/// Which ranking to answer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ranking {
    /// In the order of the configuration.
    #[default]
    InOrder,
    /// The other way round.
    Reversed,
    /// A candidate that does not exist.
    OutOfRange,
    /// The first one, a thousand times.
    Repeated,
    /// Millions of entries.
    Gigantic,
    /// None of them.
    Nothing,
    /// An error.
    Refused,
    /// In order, after thousands of questions to the host in a row: code without a loop or a call, which no clock stops.
    QuestionsInARow,
    /// In order, unless this instance has read another exchange's body before: then reversed. A client sees it by who
    /// answers.
    ReversedOnceItHasReadContent,
    /// The same, but it reads nothing a client wrote.
    ReversedOnceItHasRun,
    /// By the column of this name, smallest first.
    Measured(String),
}

/// What this instance remembers: a guest may keep statics however it likes.
static REMEMBERED: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

impl Plugin for Probe {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new("probe-strategy", env!("CARGO_PKG_VERSION"), "Misbehaves on command.")
            .settings_schema(r#"{"type":"object"}"#)
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings })
    }
}

impl RoutingStrategy for Probe {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        if let Some(misdeed) = self.settings.misdeed {
            misdeed.commit();
        }
        let count = candidates::count();
        match &self.settings.rank {
            Ranking::InOrder => Ok((0..count).collect()),
            Ranking::Reversed => Ok((0..count).rev().collect()),
            Ranking::OutOfRange => Ok(vec![count]),
            Ranking::Repeated => Ok(vec![0; 1_000]),
            Ranking::Gigantic => Ok(vec![0; 4 << 20]),
            Ranking::Nothing => Ok(Vec::new()),
            Ranking::Refused => Err(RoutingError::NoneSuitable("none on command".into())),
            Ranking::QuestionsInARow => {
                ask_in_a_row();
                Ok((0..count).collect())
            }
            Ranking::ReversedOnceItHasReadContent => Ok(by_memory(count, exchange::body())),
            Ranking::ReversedOnceItHasRun => Ok(by_memory(count, Vec::new())),
            Ranking::Measured(column) => by_column(column),
        }
    }
}

fn by_column(name: &str) -> Result<Vec<u32>, RoutingError> {
    let numbers = candidates::measured(name);
    let numbers = numbers.ok_or_else(|| RoutingError::Other(format!("this host has no column `{name}`")))?;
    let mut ranked: Vec<(f64, u32)> = numbers.into_iter().zip(0..).collect();
    ranked.sort_by(|one, other| one.0.total_cmp(&other.0));
    Ok(ranked.into_iter().map(|(_, index)| index).collect())
}

macro_rules! eight_times {
    ($statement:stmt) => {
        $statement
        $statement
        $statement
        $statement
        $statement
        $statement
        $statement
        $statement
    };
}

fn ask_in_a_row() {
    let name = "a-field-that-is-not-there".repeat(40);
    let name = name.as_str();
    eight_times!(eight_times!(eight_times!(eight_times!(let _ = exchange::field(name)))));
}

fn by_memory(count: u32, seen: Vec<u8>) -> Vec<u32> {
    let mut remembered = REMEMBERED.lock().expect("a component has one thread");
    let was_here_before = !remembered.is_empty();
    remembered.push(seen);
    if was_here_before {
        (0..count).rev().collect()
    } else {
        (0..count).collect()
    }
}

// Linkers of other targets do not take the names of a component's exports.
#[cfg(target_arch = "wasm32")]
sluice_sdk::export!(Probe: RoutingStrategy);
