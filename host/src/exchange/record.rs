//! Phase `record`: writes one line to the log, updates the metrics, and makes a document for each logging callback.
//!
//! The document has the fields of LiteLLM's StandardLoggingPayload that apply, under its names
//! (`config/record.schema.json`), and further fields that only this gateway has. Money is written as an exact decimal.

mod document;

use std::time::{Duration, Instant};

use super::history;
use super::history::Ending;
use super::state::Exchange;
use crate::callbacks::{Sink, Unserialized};
use crate::decisions::{AttemptLine, ExchangeLine};
use crate::metrics::labels::Requested;
use crate::moment::Moment;

pub use document::{Ended, Record, schema};

/// Runs the phase. It runs once, whatever the outcome of the exchange.
pub fn write(exchange: &mut Exchange) {
    let Some(ending) = exchange.history.ending() else {
        return;
    };
    count(exchange, ending);
    if exchange.snapshot.settings.log.exchanges {
        log(exchange, ending);
    }
    if let Some(recorder) = &exchange.snapshot.decisions {
        recorder.exchange(end(exchange, ending));
    }
    let failed = ending.failure().is_some();
    let sinks = exchange.snapshot.callbacks.iter();
    let wanting = sinks.filter(|sink| if failed { sink.on_failure } else { sink.on_success });
    let sinks: Vec<_> = wanting.cloned().collect();
    if sinks.is_empty() {
        return;
    }
    let ended = Ended::of(exchange);
    Sink::record(Unserialized {
        bytes: ended.bytes(),
        make: Box::new(move || serde_json::to_string(&Record::of(&ended))),
        sinks,
    });
}

fn count(exchange: &Exchange, ending: &Ending) {
    let metrics = &exchange.worker.metrics;
    let history = &exchange.history;
    // Only names of the configuration become labels: the names that clients write are unbounded.
    let group = history.group().unwrap_or("");
    let deployment = history.last_attempt().map(|attempt| &attempt.candidate.deployment);
    let id = deployment.map_or("", |deployment| deployment.settings.id.as_str());
    let provider = deployment.map_or("", |deployment| deployment.provider.as_ref());
    let route = exchange.operation.row().route;
    let asked = Requested {
        requested_model: group,
        model_id: id,
        api_provider: provider,
        route,
        ..Requested::default()
    };
    let class = ending.failure().map(|refusal| refusal.cause.class());
    metrics.answered(asked, ending.status(), class);
}

/// The last line of the exchange in the recorded decisions, for `sluice explain` and `sluice replay`.
fn end(exchange: &Exchange, ending: &Ending) -> ExchangeLine {
    let history = &exchange.history;
    let millis = |at: Instant| at.saturating_duration_since(history.started).as_secs_f64() * 1e3;
    let usage = history.usage();
    let attempts = history.attempts().map(|attempt| AttemptLine {
        deployment: attempt.candidate.deployment.settings.id.clone(),
        begun_ms: millis(attempt.begun),
        error: attempt
            .failure
            .map(|refusal| format!("{}: {}", refusal.cause.class(), refusal.message)),
    });
    ExchangeLine {
        exchange: exchange.id.to_string(),
        at_ms: Moment::now().millis(),
        group: history.group().map(str::to_owned),
        status: ending.status(),
        took_ms: history.took().as_secs_f64() * 1e3,
        first_content_ms: history.first_content().map(millis),
        prompt_tokens: usage.map_or(0, |usage| usage.prompt_tokens),
        completion_tokens: usage.map_or(0, |usage| usage.completion_tokens),
        cost_usd: history.cost().and_then(|cost| cost.total.to_string().parse().ok()),
        attempts: attempts.collect(),
        fallbacks: history.fallbacks(),
        error: ending.failure().map(|refusal| refusal.message.clone()),
    }
}

/// Writes one line per exchange, without messages and answers. An error may quote the beginning of a page of markup that
/// an upstream sent in place of an answer.
fn log(exchange: &Exchange, ending: &Ending) {
    let history = &exchange.history;
    let deployment = history
        .last_attempt()
        .map(|attempt| attempt.candidate.deployment.settings.id.as_str());
    let usage = history.usage();
    let failure = ending.failure();
    let error = failure.map(|refusal| refusal.detail.as_deref().unwrap_or(&refusal.message));
    // To the microsecond.
    let millis = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    tracing::info!(
        target: "sluice::exchange",
        id = &*exchange.id,
        operation = exchange.operation.row().name,
        group = history.group(),
        deployment,
        status = ending.status(),
        error_class = failure.map(|refusal| refusal.cause.class()),
        blame = failure.map(|refusal| refusal.cause.row().blame.as_str()),
        error,
        attempts = history.attempts_made(),
        prompt_tokens = usage.map(|usage| usage.prompt_tokens),
        completion_tokens = usage.map(|usage| usage.completion_tokens),
        cost_usd = history.cost().map(|cost| tracing::field::display(cost.total)),
        took_ms = millis(history.took()),
        first_content_ms = history.first_content().map(|at| millis(at.duration_since(history.started))),
        client = %history::ip(exchange.peer),
        "exchange"
    );
}
