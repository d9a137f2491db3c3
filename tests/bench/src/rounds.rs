//! The rounds: within each, every case at every gateway in turn, so that what the machine does to one it does to all.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cases::{Case, Unit};
use crate::gateway::{Gateway, Make};
use crate::load::{self, Pattern, Seen, Span};
use crate::process::{self, Machine, Tree};
use crate::question::{self, Wanted};
use crate::reload;
use crate::wire::CHUNKS;

/// What one case at one gateway came to in one round.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    pub exchanges_per_second: f64,
    /// Of whole exchanges, µs.
    pub p50: f64,
    pub p99: f64,
    /// To the first text of a stream or the first byte of a whole body, µs.
    pub first_token_p50: f64,
    pub first_token_p99: f64,
    /// From the upstream's write of a chunk to the client's read, µs; of streams with segments of their own.
    pub chunk_p50: Option<f64>,
    pub chunk_p99: Option<f64>,
    /// CPU of the gateway for an exchange or a chunk, µs.
    pub cpu: f64,
    /// What of it goes when the gateway's switch is off, in the same process.
    pub switched: Option<f64>,
    /// Share of its cores that the gateway used.
    pub share: f64,
    /// Share of theirs that load and upstream used.
    pub rig_share: f64,
    /// Bytes, right after.
    pub resident: u64,
    pub exchanges: u64,
    pub failed: u64,
    /// Why the figure is to be doubted; empty for a clean one.
    pub doubts: Vec<String>,
}

/// Figures of all rounds, by case and gateway.
pub type Figures = BTreeMap<(usize, usize), Vec<Figure>>;

/// Which cores the gateway under measurement has, and which the load and the upstream.
#[derive(Debug, Clone)]
pub struct Layout {
    pub gateway: Vec<usize>,
    pub rig: Vec<usize>,
}

/// All that is up.
pub struct Stage<'a> {
    pub gateways: &'a [Gateway],
    pub upstream: Tree,
    pub layout: &'a Layout,
}

/// One round: measures each of these cases once, and adds what it came to.
pub async fn run(stage: &Stage<'_>, cases: &[&Case], seconds: f64, figures: &mut Figures) {
    for (case_index, case) in cases.iter().enumerate() {
        for (gateway_index, gateway) in stage.gateways.iter().enumerate() {
            if !case.is_for(gateway.make, &gateway.name) {
                continue;
            }
            crate::say(&format!("{}: {}", case.name, gateway.name));
            let span = span(seconds, case);
            let mut figure = measure(stage, case, gateway, span).await;
            if let Some(switch) = gateway.switch {
                figure.switched = switched(stage, case, gateway, span, switch).await;
            }
            figures.entry((case_index, gateway_index)).or_default().push(figure);
        }
    }
}

/// The CPU that the switched part costs, µs: off, on, on, off, so that a drift of the machine falls on both alike.
async fn switched(
    stage: &Stage<'_>,
    case: &Case,
    gateway: &Gateway,
    span: Span,
    (on, off): (&str, &str),
) -> Option<f64> {
    let text = std::fs::read_to_string(&gateway.configuration).ok()?;
    let without = text.replace(on, off);
    let mut added = 0.0;
    for is_on in [false, true, true, false] {
        reload::await_applied(gateway, if is_on { &text } else { &without }).await?;
        let cpu = measure(stage, case, gateway, span).await.cpu;
        added += if is_on { cpu } else { -cpu } / 2.0;
    }
    reload::await_applied(gateway, &text).await?;
    Some(added)
}

/// What was used at one moment.
struct Reading {
    at: Instant,
    gateway: u64,
    rig: u64,
    machine: Machine,
}

async fn measure(stage: &Stage<'_>, case: &Case, gateway: &Gateway, span: Span) -> Figure {
    let model = case.asked_model(gateway.make);
    let question = question::chat(gateway.address, model, case.wanted, case.bytes);
    let read = || Reading {
        at: Instant::now(),
        gateway: gateway.tree.cpu(),
        rig: process::own_cpu() + stage.upstream.cpu(),
        machine: Machine::now(),
    };
    let mut readings = Vec::with_capacity(2);
    let reloading = gateway
        .is_reloaded
        .then(|| tokio::task::spawn_local(reload::each_second(gateway.configuration.clone())));
    let seen = load::run(gateway.address, &question, case.pattern, span, || readings.push(read())).await;
    if let Some(reloading) = reloading {
        reloading.abort();
    }
    let [from, to] = readings.as_slice() else {
        unreachable!("a load tells of the two edges of its measured time")
    };
    figure(stage, case, gateway, &seen, from, to)
}

fn figure(stage: &Stage<'_>, case: &Case, gateway: &Gateway, seen: &Seen, from: &Reading, to: &Reading) -> Figure {
    let seconds = (to.at - from.at).as_secs_f64();
    let gateway_seconds = (to.gateway - from.gateway) as f64 / 1e9;
    let rig_seconds = (to.rig - from.rig) as f64 / 1e9;
    let share = gateway_seconds / seconds / stage.layout.gateway.len() as f64;
    let rig_share = rig_seconds / seconds / stage.layout.rig.len() as f64;
    let units = match case.unit {
        Unit::Exchange => seen.exchanges as f64,
        // Paced chunks are counted as they come, for streams do not end in step with the measured time. A guardrail may
        // cut the stamp that they are counted by.
        Unit::Chunk => seen.chunks().max(seen.exchanges * CHUNKS as u64) as f64,
    };
    let mut doubts = Vec::new();
    if seen.failed > 0 {
        doubts.push(format!(
            "{} failed: {}",
            seen.failed,
            seen.reason.as_deref().unwrap_or("no reason")
        ));
    }
    if units == 0.0 {
        doubts.push("nothing was answered".into());
    }
    if matches!(case.pattern, Pattern::Closed(count) if count > 1) && rig_share > 0.95 && share < 0.90 {
        doubts.push("load-bound: exchanges a second and latency are the load's own".into());
    }
    let used = gateway_seconds + rig_seconds;
    let others = (to.machine.busy - from.machine.busy) as f64 / 100.0 - used;
    if others > 0.06 * seconds {
        doubts.push(format!(
            "the machine was busy: others used {:.0} % of a core",
            others / seconds * 100.0
        ));
    }
    let stolen = (to.machine.stolen - from.machine.stolen) as f64 / 100.0;
    if stolen > 0.03 * seconds {
        doubts.push(format!(
            "the hypervisor took {:.0} % of a core",
            stolen / seconds * 100.0
        ));
    }
    let microseconds = |nanoseconds: u64| nanoseconds as f64 / 1e3;
    let chunk = |quantile: f64| {
        let delay = &seen.chunk_delay;
        (!delay.is_empty()).then(|| microseconds(delay.value_at_quantile(quantile)))
    };
    Figure {
        exchanges_per_second: seen.exchanges as f64 / seconds,
        p50: microseconds(seen.latency.value_at_quantile(0.50)),
        p99: microseconds(seen.latency.value_at_quantile(0.99)),
        first_token_p50: microseconds(seen.first_token.value_at_quantile(0.50)),
        first_token_p99: microseconds(seen.first_token.value_at_quantile(0.99)),
        chunk_p50: chunk(0.50),
        chunk_p99: chunk(0.99),
        cpu: gateway_seconds * 1e6 / units.max(1.0),
        switched: None,
        share,
        rig_share,
        resident: gateway.tree.resident(),
        exchanges: seen.exchanges,
        failed: seen.failed,
        doubts,
    }
}

/// The middle one of some figures' values; 0 when there is none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

/// Which gateway the others are held against: the floor.
pub fn floor(gateways: &[Gateway]) -> Option<usize> {
    gateways.iter().position(|gateway| gateway.make == Make::Floor)
}

/// The spans that fit a run. Streams at a fixed rate are measured once as many are open as there will be: none takes longer
/// than five seconds.
fn span(seconds: f64, case: &Case) -> Span {
    let least = match (case.pattern, case.wanted) {
        (Pattern::Open(_), Wanted::Stream) => 5.2,
        _ => 0.3,
    };
    Span {
        warmup: Duration::from_secs_f64((seconds / 4.0).max(least)),
        measured: Duration::from_secs_f64(seconds),
    }
}
