//! Plugin calls alone, in this process and without a socket: what it costs that plugins are components.
//!
//! The bundled plugins are loaded as the gateway loads them, with its engine, pools and limits, and called through the
//! same typed calls as in an exchange, one call at a time on one thread. Each is measured in two ways, a round of the one
//! after a round of the other:
//! - *fresh*: an instance is made for the call and dropped after it. So it is by default for plugins that read what a
//!   client wrote, and with `isolation: call` for all.
//! - *reused*: the call is made in an instance that is there already. [`Reuse`] says when the contract allows it.
//!
//! A figure is the median round's time of one call, in brackets the best and the worst round's. Fresh figures hold the
//! making and the dropping of the instance, but for `whole`: it comes after an `open`, whose figure holds them. A figure
//! of events is one event's, whatever the batch.
//!
//! In reading order: [`calls`] (what is measured), [`loaded`] (the plugins, ready to be called), [`samples`] and
//! [`providers`] (what they are given), [`measure`] (rounds and medians).

mod calls;
mod loaded;
mod measure;
mod providers;
mod samples;

use clap::Parser;
use serde::Serialize;

pub use calls::Reuse;
pub use measure::Spread;

use calls::Call;
use loaded::Loaded;
use measure::Series;

/// What one call costs.
#[derive(Debug, Clone, Serialize)]
struct Figure {
    /// `plugin: what it does`.
    name: String,
    /// In an instance of its own; `None` where the call is never an instance's first.
    fresh: Option<Spread>,
    /// In an instance that is there already.
    reused: Spread,
    /// When that may be.
    reuse: Reuse,
}

/// The gateway's own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Measures plugin calls alone.
#[derive(Debug, Parser)]
#[command(name = "plugin-calls")]
struct Cli {
    /// Only calls whose names contain this
    only: Option<String>,
    /// Prints the figures as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> serde_json::Result<()> {
    let cli = Cli::parse();
    let figures = measure_all(cli.only.as_deref());
    if cli.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        print(&figures);
    }
    Ok(())
}

/// A plugin that fails, or answers something else than it should, ends the program: what is broken is not timed.
fn measure_all(only: Option<&str>) -> Vec<Figure> {
    eprintln!("compiling the bundled plugins");
    let loaded = Loaded::new();
    let is_wanted = |call: &Call| only.is_none_or(|only| call.name().contains(only));
    let wanted = calls::all().into_iter().filter(is_wanted);
    wanted.map(|call| figure(&call, &loaded)).collect()
}

fn figure(call: &Call, loaded: &Loaded) -> Figure {
    eprintln!("{}", call.name());
    let series = |isolation| {
        let counters = loaded.metrics.plugin(call.plugin);
        let snapshot = loaded.under(isolation, call.strategy());
        Series::new(call.prepare(&snapshot), isolation, counters)
    };
    let mut fresh = call.fresh().map(series);
    let mut reused = series(call.reused());
    for _ in 0..measure::ROUNDS {
        if let Some(fresh) = &mut fresh {
            fresh.round();
        }
        reused.round();
    }
    Figure {
        name: call.name(),
        fresh: fresh.map(|series| series.spread(call.events)),
        reused: reused.spread(call.events),
        reuse: call.reuse,
    }
}

/// Prints figures as a table.
fn print(figures: &[Figure]) {
    let width = figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
    println!(
        "{:width$}  {:>32}  {:>32}",
        "µs a call", "fresh (best–worst)", "reused (best–worst)"
    );
    for figure in figures {
        let fresh = figure.fresh.map_or_else(String::new, cell);
        let mark = if figure.reuse == Reuse::IfShared { " *" } else { "" };
        println!("{:width$}  {fresh:>32}  {:>32}{mark}", figure.name, cell(figure.reused));
    }
    if figures.iter().any(|figure| figure.reuse == Reuse::IfShared) {
        println!("* with `isolation: shared`; by default the instance has read what a client wrote, and is dropped");
    }
}

/// Microseconds: the median round's, then the best and the worst round's.
fn cell(spread: Spread) -> String {
    let micros = |ns: f64| format!("{:.2}", ns / 1e3);
    let Spread {
        median_ns,
        min_ns,
        max_ns,
        ..
    } = spread;
    format!(
        "{} {:>21}",
        micros(median_ns),
        format!("({}–{})", micros(min_ns), micros(max_ns))
    )
}
