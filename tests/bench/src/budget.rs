//! The budgets: what Sluice must reach and what it aims at, held against what was measured. Ratios are to the floor of the
//! same rounds, so that they hold on any machine.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::once::Start;
use crate::plans::Variant;
use crate::rounds::{Figure, median};
use crate::table::ratio;

/// All that one run came to.
pub struct Measured<'a> {
    /// Figures of a case (by name) at a gateway (by name).
    pub figures: &'a dyn Fn(&str, &str) -> Option<&'a [Figure]>,
    pub starts: &'a [(String, Result<Start, String>)],
}

/// The plain case at c=1.
const PLAIN: &str = "1 KB, c=1";

/// What is held against a budget.
enum Reading {
    /// CPU over the floor's.
    Cpu(&'static str),
    /// The same of a variant of Sluice.
    CpuOf(Variant, &'static str),
    /// A value of a variant over that of another.
    OfVariant(Variant, Variant, &'static str, fn(&Figure) -> f64),
    /// What a variant's switched part costs within its process, µs.
    Switched(Variant, &'static str),
    /// Exchanges a second over the floor's.
    Rate(&'static str),
    /// A value less the floor's, µs.
    Added(&'static str, fn(&Figure) -> f64),
    /// CPU over the same gateway's in another case; only where nothing failed.
    OverOwn(&'static str, &'static str),
    /// A value less the same gateway's in the plain case at c=1, µs; only where nothing failed.
    AddedToOwn(&'static str, fn(&Figure) -> f64),
    /// Of gateways that were just started.
    Started(fn(&Start) -> f64),
}

struct Budget {
    what: &'static str,
    reading: Reading,
    /// Infinite where none is set.
    must: f64,
    aim: f64,
    /// A figure over `must` keeps the budget; otherwise one under it.
    is_least: bool,
}

const fn at_most(what: &'static str, reading: Reading, must: f64, aim: f64) -> Budget {
    Budget {
        what,
        reading,
        must,
        aim,
        is_least: false,
    }
}

/// Without a budget.
const fn told(what: &'static str, reading: Reading) -> Budget {
    at_most(what, reading, f64::INFINITY, f64::INFINITY)
}

const BUDGETS: &[Budget] = &[
    at_most(
        "CPU an exchange, 1 KB, c=16, × floor",
        Reading::Cpu("1 KB, c=16"),
        2.5,
        1.5,
    ),
    at_most(
        "CPU an exchange, 1 KB, c=64, × floor",
        Reading::Cpu("1 KB, c=64"),
        2.5,
        1.5,
    ),
    at_most(
        "the same, every instance fresh, c=16",
        Reading::CpuOf(Variant::Fresh, "1 KB, c=16"),
        3.4,
        2.4,
    ),
    told("the same, log on, c=16", Reading::CpuOf(Variant::Logging, "1 KB, c=16")),
    at_most(
        "CPU that the log line adds, c=16, µs",
        Reading::Switched(Variant::Logging, "1 KB, c=16"),
        3.0,
        1.0,
    ),
    at_most(
        "p99 with all beside it blocked, c=16, × all on",
        Reading::OfVariant(Variant::Blocked, Variant::Recorded, "1 KB, c=16", |figure| figure.p99),
        1.5,
        1.1,
    ),
    Budget {
        what: "exchanges a second on one core, c=64, × floor",
        reading: Reading::Rate("1 KB, c=64"),
        must: 0.40,
        aim: 0.65,
        is_least: true,
    },
    at_most(
        "added at c=1, p50, µs",
        Reading::Added("1 KB, c=1", |figure| figure.p50),
        45.0,
        20.0,
    ),
    at_most(
        "added at c=1, p99, µs",
        Reading::Added("1 KB, c=1", |figure| figure.p99),
        100.0,
        20.0,
    ),
    at_most(
        "CPU a relayed chunk, own segment, × floor",
        Reading::Cpu("stream of 100, own segments, c=64"),
        1.15,
        0.86,
    ),
    at_most(
        "CPU a relayed chunk, 100 at once, × floor",
        Reading::Cpu("stream of 100, burst, c=16"),
        0.30,
        0.15,
    ),
    at_most(
        "CPU a translated exchange, × floor",
        Reading::Cpu("OpenAI → Anthropic, 1 KB, c=16"),
        4.0,
        3.0,
    ),
    at_most(
        "CPU an exchange translated to Gemini, × floor",
        Reading::Cpu("OpenAI → Gemini, 1 KB, c=16"),
        4.0,
        3.0,
    ),
    at_most(
        "CPU an exchange translated to Bedrock, × floor",
        Reading::Cpu("OpenAI → Bedrock, 1 KB, c=16"),
        4.0,
        3.0,
    ),
    at_most(
        "CPU a translated chunk, own segment, × floor",
        Reading::Cpu("OpenAI → Anthropic, stream, own segments, c=64"),
        1.8,
        1.3,
    ),
    at_most(
        "CPU an exchange, 100 KB, × floor",
        Reading::Cpu("100 KB, c=16"),
        2.0,
        1.3,
    ),
    at_most("CPU an exchange, 1 MB, × floor", Reading::Cpu("1 MB, c=4"), 2.0, 1.3),
    at_most(
        "time to first token added at 200 streams, p50, µs",
        Reading::Added("stream of 100 in 5 s, 43 a second", |figure| figure.first_token_p50),
        60.0,
        25.0,
    ),
    at_most(
        "resident memory, idle, MB",
        Reading::Started(|start| start.resident as f64 / 1e6),
        25.0,
        15.0,
    ),
    at_most(
        "memory an open stream, kB",
        Reading::Started(|start| start.stream / 1e3),
        45.0,
        30.0,
    ),
    at_most(
        "exec to first answer, ms",
        Reading::Started(|start| start.first_answer),
        40.0,
        15.0,
    ),
    at_most(
        "CPU with failover, × own plain exchange",
        Reading::OverOwn("failover, c=16", "1 KB, c=16"),
        1.4,
        1.1,
    ),
    told(
        "failover after a refused connection, added at c=1, p50, µs",
        Reading::AddedToOwn("failover each time, refused, c=1", |figure| figure.p50),
    ),
    at_most(
        "failover after a refused connection, added at c=1, p99, µs",
        Reading::AddedToOwn("failover each time, refused, c=1", |figure| figure.p99),
        1_000.0,
        f64::INFINITY,
    ),
    told(
        "failover after a 429, added at c=1, p50, µs",
        Reading::AddedToOwn("failover each time, 429, c=1", |figure| figure.p50),
    ),
    at_most(
        "failover after a 429, added at c=1, p99, µs",
        Reading::AddedToOwn("failover each time, 429, c=1", |figure| figure.p99),
        1_000.0,
        f64::INFINITY,
    ),
];

impl Reading {
    /// The cases that it is read from.
    fn cases(&self) -> Vec<&'static str> {
        match self {
            Self::Cpu(case)
            | Self::CpuOf(_, case)
            | Self::OfVariant(_, _, case, _)
            | Self::Switched(_, case)
            | Self::Rate(case)
            | Self::Added(case, _) => vec![case],
            Self::OverOwn(case, plain) => vec![case, plain],
            Self::AddedToOwn(case, _) => vec![case, PLAIN],
            Self::Started(_) => Vec::new(),
        }
    }

    /// Whether any figure that it is read from is to be doubted.
    fn is_doubted(&self, gateway: &str, measured: &Measured<'_>) -> bool {
        let figures = self
            .cases()
            .into_iter()
            .filter_map(|case| (measured.figures)(case, gateway));
        figures.flatten().any(|figure| !figure.doubts.is_empty())
    }

    fn of(&self, gateway: &str, measured: &Measured<'_>) -> Option<f64> {
        let figures = |case: &str, gateway: &str| (measured.figures)(case, gateway);
        let over_floor = |case: &str, gateway: &str, value: fn(&Figure) -> f64| {
            Some(ratio(figures(case, gateway)?, figures(case, "floor")?, value))
        };
        match self {
            Self::Cpu(case) => over_floor(case, gateway, |figure| figure.cpu),
            Self::CpuOf(variant, case) if gateway == Variant::AsItComes.name() => {
                over_floor(case, &variant.name(), |figure| figure.cpu)
            }
            Self::OfVariant(variant, other, case, value) if gateway == Variant::AsItComes.name() => Some(ratio(
                figures(case, &variant.name())?,
                figures(case, &other.name())?,
                *value,
            )),
            Self::Switched(variant, case) if gateway == Variant::AsItComes.name() => {
                let figures = figures(case, &variant.name())?;
                Some(median(figures.iter().filter_map(|figure| figure.switched)))
            }
            Self::CpuOf(..) | Self::OfVariant(..) | Self::Switched(..) => None,
            Self::Rate(case) => over_floor(case, gateway, |figure| figure.exchanges_per_second),
            Self::Added(case, value) => {
                let middle = |figures: &[Figure]| median(figures.iter().map(value));
                Some(middle(figures(case, gateway)?) - middle(figures(case, "floor")?))
            }
            Self::OverOwn(case, plain) => {
                let own = figures(case, gateway)?;
                let has_failed = own.iter().any(|figure| figure.failed > 0);
                let plain = figures(plain, gateway)?;
                (!has_failed).then(|| ratio(own, plain, |figure| figure.cpu))
            }
            Self::AddedToOwn(case, value) => {
                let own = figures(case, gateway)?;
                let has_failed = own.iter().any(|figure| figure.failed > 0);
                let plain = figures(PLAIN, gateway)?;
                (!has_failed).then(|| added(own, plain, *value))
            }
            Self::Started(value) => {
                let (_, start) = measured.starts.iter().find(|(name, _)| name == gateway)?;
                start.as_ref().ok().map(value)
            }
        }
    }
}

/// The middle of what the rounds of one are above those of another.
fn added(own: &[Figure], other: &[Figure], value: fn(&Figure) -> f64) -> f64 {
    median(own.iter().zip(other).map(|(own, other)| value(own) - value(other)))
}

/// The budgets as a table in Markdown, a column a gateway. What is over its budget is in bold, what is to be doubted has a `!`,
/// what was not measured is left out.
pub fn table(gateways: &[&str], measured: &Measured<'_>) -> String {
    let mut text = format!(
        "| | {} | must | aim |\n|---|{}---|---|\n",
        gateways.join(" | "),
        "---|".repeat(gateways.len())
    );
    for budget in BUDGETS {
        let cells: Vec<String> = gateways
            .iter()
            .map(|gateway| {
                let Some(value) = budget.reading.of(gateway, measured) else {
                    return "–".to_owned();
                };
                let mark = if budget.reading.is_doubted(gateway, measured) {
                    " !"
                } else {
                    ""
                };
                format!("{}{mark}", budget.cell(value))
            })
            .collect();
        if cells.iter().all(|cell| cell == "–") {
            continue;
        }
        let sign = if budget.is_least { "≥ " } else { "≤ " };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            budget.what,
            cells.join(" | "),
            bound(sign, budget.must),
            bound("", budget.aim)
        );
    }
    text
}

fn bound(sign: &str, value: f64) -> String {
    match value.is_finite() {
        true => format!("{sign}{value}"),
        false => "–".to_owned(),
    }
}

/// The same for programs.
pub fn raw(gateways: &[&str], measured: &Measured<'_>) -> Value {
    let told = |budget: &Budget| {
        let reached: Map<String, Value> = gateways
            .iter()
            .filter_map(|gateway| Some(((*gateway).to_owned(), budget.reading.of(gateway, measured)?.into())))
            .collect();
        // JSON knows no infinity: no bound is null.
        json!({ "what": budget.what, "reached": reached, "must": budget.must, "aim": budget.aim, "is_least": budget.is_least })
    };
    BUDGETS.iter().map(told).collect()
}

impl Budget {
    fn cell(&self, value: f64) -> String {
        let is_kept = if self.is_least {
            value >= self.must
        } else {
            value <= self.must
        };
        let shown = if self.must >= 10.0 {
            format!("{value:.0}")
        } else {
            format!("{value:.2}")
        };
        if is_kept { shown } else { format!("**{shown}**") }
    }
}
