//! Rounds of calls, and what they come to.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use sluice::config::settings::Isolation;
use sluice::metrics::PluginCounters;
use tokio::runtime::{Builder, Runtime};

/// Odd, so that there is a median; enough that a neighbour on the machine spoils the worst round and not the median.
pub const ROUNDS: u32 = 7;

/// How long a round's calls take together: long beside the clock's resolution, short beside a machine's changes of mood.
const ROUND: Duration = Duration::from_millis(50);

/// Makes a call so many times, and says how long that took.
pub type Repeat = Box<dyn FnMut(u32) -> Duration>;

/// Repeats a call from beginning to end, dropping what it answers.
pub fn each<R>(mut call: impl FnMut() -> R + 'static) -> Repeat {
    Box::new(move |count| {
        let begun = Instant::now();
        for _ in 0..count {
            drop(black_box(call()));
        }
        begun.elapsed()
    })
}

/// A runtime like a worker's.
pub fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime on this thread takes nothing but a few file descriptors")
}

/// The same as [`each`] for a call that may wait.
pub fn each_waiting<R>(runtime: Runtime, mut call: impl AsyncFnMut() -> R + 'static) -> Repeat {
    Box::new(move |count| {
        runtime.block_on(async {
            let begun = Instant::now();
            for _ in 0..count {
                drop(black_box(call().await));
            }
            begun.elapsed()
        })
    })
}

/// Repeats a call that each time needs something else done before it, which is left out of the time.
pub fn each_after<P, R>(
    mut before: impl FnMut() -> P + 'static,
    mut call: impl FnMut(&mut P) -> R + 'static,
) -> Repeat {
    Box::new(move |count| {
        let one = |_| {
            let mut prepared = before();
            let begun = Instant::now();
            drop(black_box(call(&mut prepared)));
            begun.elapsed()
        };
        (0..count).map(one).sum()
    })
}

/// Nanoseconds of one call, over all rounds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Spread {
    pub median_ns: f64,
    pub min_ns: f64,
    pub max_ns: f64,
    /// Calls in each round.
    pub iterations: u32,
}

/// Rounds of one call made in one way.
pub struct Series {
    repeat: Repeat,
    isolation: Isolation,
    counters: Arc<PluginCounters>,
    iterations: u32,
    /// Nanoseconds of one call, a round each.
    rounds: Vec<f64>,
}

impl Series {
    /// Finds out how many calls fill a round, which warms everything up. `counters` are those of the plugin: they show
    /// whether its instances are made anew or used again, as `isolation` says.
    pub fn new(repeat: Repeat, isolation: Isolation, counters: Arc<PluginCounters>) -> Self {
        let mut series = Self {
            repeat,
            isolation,
            counters,
            iterations: 1,
            rounds: Vec::new(),
        };
        let mut took = series.time();
        while took < ROUND / 2 {
            series.iterations *= 2;
            took = series.time();
        }
        let fitting = f64::from(series.iterations) * ROUND.as_secs_f64() / took.as_secs_f64();
        series.iterations = (fitting as u32).max(1);
        series
    }

    /// Runs one round.
    pub fn round(&mut self) {
        let took = self.time();
        self.rounds.push(took.as_secs_f64() * 1e9 / f64::from(self.iterations));
    }

    /// What all rounds come to, for calls that each do `parts` of the same.
    pub fn spread(mut self, parts: u32) -> Spread {
        self.rounds.sort_by(f64::total_cmp);
        let part = |round: usize| self.rounds[round] / f64::from(parts);
        Spread {
            median_ns: part(self.rounds.len() / 2),
            min_ns: part(0),
            max_ns: part(self.rounds.len() - 1),
            iterations: self.iterations,
        }
    }

    fn time(&mut self) -> Duration {
        let made_before = self.counters.instances.get();
        let took = (self.repeat)(self.iterations);
        let made = self.counters.instances.get() - made_before;
        let calls = u64::from(self.iterations);
        let is_as_said = match self.isolation {
            Isolation::Call => made == calls,
            // A pool replaces an instance after some thousands of calls.
            Isolation::Exchange | Isolation::Shared => made <= 1 + calls / 1_000,
        };
        assert!(
            is_as_said,
            "{made} instances for {calls} calls under {:?}",
            self.isolation
        );
        took
    }
}
