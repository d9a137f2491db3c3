//! Figures as text.

use std::fmt::Write;

use crate::cases::{Case, Unit};
use crate::gateway::Gateway;
use crate::once::Start;
use crate::rounds::{Figure, Figures, floor, median};

/// The table of all cases.
pub fn cases(cases: &[&Case], gateways: &[Gateway], figures: &Figures) -> String {
    let mut text = String::new();
    for (index, case) in cases.iter().enumerate() {
        let unit = match case.unit {
            Unit::Exchange => "exchange",
            Unit::Chunk => "chunk",
        };
        let _ = writeln!(
            text,
            "\n{}\n  {:<34} {:>9} {:>8} {:>8} {:>9} {:>9} {:>8} {:>7} {:>7}",
            case.name, "", "a second", "p50 µs", "p99 µs", "token p50", "chunk p50", "CPU µs", "× floor", "MB"
        );
        for (gateway_index, gateway) in gateways.iter().enumerate() {
            let Some(own) = figures.get(&(index, gateway_index)) else {
                continue;
            };
            let floor = floor(gateways).and_then(|floor| figures.get(&(index, floor)));
            text.push_str(&line(&gateway.name, own, floor.map(Vec::as_slice)));
        }
        let _ = writeln!(text, "  (CPU a {unit})");
    }
    text
}

fn line(name: &str, own: &[Figure], floor: Option<&[Figure]>) -> String {
    let middle = |value: fn(&Figure) -> f64| median(own.iter().map(value));
    let chunk = match own.iter().filter_map(|figure| figure.chunk_p50).collect::<Vec<_>>() {
        delays if delays.is_empty() => "–".to_owned(),
        delays => format!("{:.0}", median(delays)),
    };
    let ratio = floor.map_or_else(
        || "–".to_owned(),
        |floor| format!("{:.2}", ratio(own, floor, |figure| figure.cpu)),
    );
    let mut text = format!(
        "  {name:<34} {:>9.0} {:>8.0} {:>8.0} {:>9.0} {:>9} {:>8.2} {:>7} {:>7.1}",
        middle(|figure| figure.exchanges_per_second),
        middle(|figure| figure.p50),
        middle(|figure| figure.p99),
        middle(|figure| figure.first_token_p50),
        chunk,
        middle(|figure| figure.cpu),
        ratio,
        middle(|figure| figure.resident as f64 / 1e6),
    );
    let clean = own.iter().filter(|figure| figure.doubts.is_empty()).count();
    if let Some(doubt) = own.iter().flat_map(|figure| &figure.doubts).next() {
        let short: String = doubt.lines().next().unwrap_or_default().chars().take(160).collect();
        let _ = write!(text, "  ! {} of {} rounds: {short}", own.len() - clean, own.len());
    }
    text.push('\n');
    text
}

/// The middle of the rounds' ratios: each round is held against the floor of the same round.
pub fn ratio(own: &[Figure], floor: &[Figure], value: fn(&Figure) -> f64) -> f64 {
    median(own.iter().zip(floor).map(|(own, floor)| value(own) / value(floor)))
}

/// What just started gateways came to.
pub fn starts(starts: &[(String, Result<Start, String>)]) -> String {
    let mut text = format!(
        "\njust started\n  {:<34} {:>15} {:>8} {:>15} {:>17}\n",
        "", "first answer ms", "idle MB", "kB a stream", "the next 500"
    );
    for (name, start) in starts {
        let _ = match start {
            Ok(start) => writeln!(
                text,
                "  {name:<34} {:>15.1} {:>8.1} {:>15.1} {:>17.1}",
                start.first_answer,
                start.resident as f64 / 1e6,
                start.stream / 1e3,
                start.further_stream / 1e3
            ),
            Err(error) => writeln!(text, "  {name:<34} {error}"),
        };
    }
    text
}
