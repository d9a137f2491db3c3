//! Phases `guard`: guardrails check the request, and the answer as a whole or in windows of its stream.
//!
//! If a guardrail is missing, fails or takes too long, the exchange is refused, unless the guardrail's entry says
//! otherwise. Several guardrails run one after the other, in the order of the configuration; each of them gets the text
//! as the ones before it have changed it.

mod shown;

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use super::answer::Answer;
use super::history::{Event, GuardrailReport};
use super::inspect::{self, Windows, status};
use super::refusal::{Cause, Refusal};
use super::state::Exchange;
use crate::canonical::Canonical;
use crate::canonical::texts::{self, Shown};
use crate::config::settings::Mode;
use crate::metrics::Metrics;
use crate::plugin::kinds::guardrail::{Guardrail, InspectError, Passage, Stage, Verdict};
use crate::snapshot::{ConfiguredGuardrail, Snapshot};
use crate::worker;

/// Runs the guardrails of the request: they may refuse it, or change its text.
///
/// # Errors
/// A guardrail blocks the request or cannot be run, or the client names a guardrail that is not configured.
pub async fn request(exchange: &mut Exchange, canonical: Arc<Canonical>) -> Result<Arc<Canonical>, Refusal> {
    let snapshot = Arc::clone(&exchange.snapshot);
    check_asked(&snapshot, &canonical)?;
    let mut canonical = canonical;
    for guardrail in applying(&snapshot, &canonical, Mode::PreCall) {
        let shown = shown::of_request(&canonical, guardrail).await?;
        let (report, verdict) = ask(
            &exchange.worker.metrics,
            guardrail,
            &canonical,
            Stage::Request,
            "pre_call",
            &shown,
        )
        .await;
        exchange.history.add(Event::Guarded(Box::new(report)));
        if let Outcome::Rewrite(texts) = verdict?
            && let Some(changed) = shown::put_into_request(&canonical, &shown, texts).await?
        {
            canonical = changed;
            exchange.canonical = Some(Arc::clone(&canonical));
        }
    }
    Ok(canonical)
}

/// Makes the attempts, and at the same time runs the guardrails that check the request while the upstream works on it.
/// These may refuse the request, but not change it; an error of either side ends both.
pub async fn beside(
    snapshot: &Snapshot,
    metrics: &Metrics,
    canonical: &Arc<Canonical>,
    attempted: impl Future<Output = Result<Answer, Refusal>>,
) -> (Result<Answer, Refusal>, Vec<GuardrailReport>) {
    if applying(snapshot, canonical, Mode::DuringCall).next().is_none() {
        return (attempted.await, Vec::new());
    }
    let attempted = async { attempted.await.map_err(|refusal| (refusal, Vec::new())) };
    match tokio::try_join!(attempted, Box::pin(during(snapshot, metrics, canonical))) {
        Ok((answer, reports)) => (Ok(answer), reports),
        Err((refusal, reports)) => (Err(refusal), reports),
    }
}

async fn during(
    snapshot: &Snapshot,
    metrics: &Metrics,
    canonical: &Arc<Canonical>,
) -> Result<Vec<GuardrailReport>, (Refusal, Vec<GuardrailReport>)> {
    let mut reports = Vec::new();
    for guardrail in applying(snapshot, canonical, Mode::DuringCall) {
        let shown = match shown::of_request(canonical, guardrail).await {
            Ok(shown) => shown,
            Err(refusal) => return Err((refusal, reports)),
        };
        let (report, verdict) = ask(metrics, guardrail, canonical, Stage::Request, "during_call", &shown).await;
        reports.push(report);
        if let Err(refusal) = verdict {
            return Err((refusal, reports));
        }
    }
    Ok(reports)
}

/// Runs the guardrails of the answer. A stream gets windows, through which it passes later.
///
/// # Errors
/// A guardrail blocks the answer, or cannot be run.
pub async fn answer(exchange: &mut Exchange, canonical: &Arc<Canonical>, answer: Answer) -> Result<Answer, Refusal> {
    let snapshot = Arc::clone(&exchange.snapshot);
    let general = &snapshot.settings.general;
    match answer {
        Answer::Whole(mut whole) => {
            for guardrail in applying(&snapshot, canonical, Mode::PostCall) {
                let (body, looks_at) = (whole.body.clone(), guardrail.looks_at().to_vec());
                let shown = worker::offload(body.len(), move || Arc::new(texts::of_answer(&body, &looks_at))).await;
                let metrics = &exchange.worker.metrics;
                let (report, verdict) = ask(metrics, guardrail, canonical, Stage::Response, "post_call", &shown).await;
                exchange.history.add(Event::Guarded(Box::new(report)));
                if let Outcome::Rewrite(texts) = verdict? {
                    whole = worker::offload(whole.body.len(), move || shown::put_into_answer(whole, &shown, &texts))
                        .await?;
                }
            }
            if general.restamp_model {
                whole.restamp(&canonical.group);
            }
            Ok(Answer::Whole(whole))
        }
        Answer::Bytes(mut binary) => {
            for guardrail in applying(&snapshot, canonical, Mode::PostCall) {
                let bytes_max = snapshot.settings.upstream.answer_bytes_max;
                let shown = shown::of_bytes(&mut binary, guardrail, bytes_max).await?;
                let metrics = &exchange.worker.metrics;
                let (report, verdict) = ask(metrics, guardrail, canonical, Stage::Response, "post_call", &shown).await;
                exchange.history.add(Event::Guarded(Box::new(report)));
                if let Outcome::Rewrite(texts) = verdict? {
                    shown::put_into_bytes(&mut binary, &shown, texts).await?;
                }
            }
            Ok(Answer::Bytes(binary))
        }
        Answer::Stream(mut stream) => {
            let guardrails: Vec<_> = applying(&snapshot, canonical, Mode::PostCall).collect();
            if !guardrails.is_empty() {
                let windows = Windows::begin(canonical, &guardrails, &exchange.worker.metrics).await?;
                for guardrail in windows.guardrails() {
                    exchange.history.add(Event::Watched { guardrail });
                }
                stream.windows = Some(windows);
            }
            if general.restamp_model {
                stream.restamp(&canonical.group);
            }
            if !snapshot.callbacks.is_empty() && !general.redact_messages {
                stream.transcribe();
            }
            Ok(Answer::Stream(stream))
        }
    }
}

/// The guardrails that run in this mode for this exchange: those that always run, and those that the client asks for.
/// Of several guardrails with the same name one runs, chosen at random: LiteLLM spreads their load in this way.
fn applying<'s>(
    snapshot: &'s Snapshot,
    canonical: &Canonical,
    mode: Mode,
) -> impl Iterator<Item = &'s ConfiguredGuardrail> + use<'s> {
    let asked = if snapshot.guardrails.is_empty() {
        Vec::new()
    } else {
        asked(canonical)
    };
    let seed = canonical.seed as usize;
    let in_turn = move |guardrail: &&ConfiguredGuardrail| {
        let name = &guardrail.settings.name;
        let twins = snapshot
            .guardrails
            .iter()
            .filter(|other| other.settings.name == *name && other.looks(mode));
        let twins: Vec<&ConfiguredGuardrail> = twins.collect();
        twins.len() < 2 || std::ptr::eq(twins[seed % twins.len()], *guardrail)
    };
    let looking = snapshot.guardrails.iter().filter(move |guardrail| {
        guardrail.looks(mode) && (guardrail.settings.default_on || asked.contains(&guardrail.settings.name))
    });
    looking.filter(in_turn)
}

/// `guardrails` of the request: names, or objects whose keys are names.
fn asked(canonical: &Canonical) -> Vec<String> {
    let Some(field) = canonical.field("guardrails") else {
        return Vec::new();
    };
    let Ok(serde_json::Value::Array(items)) = serde_json::from_str(field.json) else {
        return Vec::new();
    };
    let names = items.into_iter().flat_map(|item| match item {
        serde_json::Value::String(name) => vec![name],
        serde_json::Value::Object(named) => named.keys().cloned().collect(),
        _ => Vec::new(),
    });
    names.collect()
}

/// Fails if the client names a guardrail that is not configured: the client relies on it, so it must not be skipped.
fn check_asked(snapshot: &Snapshot, canonical: &Canonical) -> Result<(), Refusal> {
    let unknown = asked(canonical).into_iter().find(|name| {
        !snapshot
            .guardrails
            .iter()
            .any(|guardrail| guardrail.settings.name == *name)
    });
    match unknown {
        None => Ok(()),
        Some(name) => {
            let name: String = name.chars().take(100).collect();
            let message = format!("no guardrail is called `{name}`: the configuration names none of that name");
            Err(Refusal::new(Cause::BadRequest, message).parameter("guardrails"))
        }
    }
}

/// What follows from a guardrail's check.
enum Outcome {
    Pass,
    Rewrite(Vec<String>),
}

async fn ask(
    metrics: &Metrics,
    guardrail: &ConfiguredGuardrail,
    canonical: &Arc<Canonical>,
    stage: Stage,
    mode: &'static str,
    shown: &Arc<Shown>,
) -> (GuardrailReport, Result<Outcome, Refusal>) {
    let begun = Instant::now();
    let inspected = match (&guardrail.plugin, shown.unseen.first()) {
        (_, Some(medium)) if guardrail.settings.blocks_unseen => Ok(Verdict::Block(inspect::unseen(*medium))),
        (Some(_), _) if shown.found.is_empty() && shown.encoded.is_empty() => Ok(Verdict::Pass),
        (Some(plugin), _) => {
            let texts = shown.found.iter().map(|found| found.text.len());
            let bytes = texts
                .chain(shown.encoded.iter().map(|encoded| encoded.text.len()))
                .sum();
            let looking = inspect(Arc::clone(plugin), Arc::clone(canonical), stage, Arc::clone(shown));
            // Boxed, so that an exchange without guardrails does not reserve memory for this future.
            Box::pin(worker::offload_waiting(bytes, looking)).await.map_err(Some)
        }
        (None, _) => Err(None),
    };
    let (status, code, outcome) = judge(guardrail, inspected);
    let took = begun.elapsed();
    metrics.guarded(&guardrail.settings.name, mode, status, took.as_secs_f64());
    let report = GuardrailReport {
        name: guardrail.settings.name.as_str().into(),
        mode,
        status,
        took,
        code,
    };
    (report, outcome)
}

async fn inspect(
    plugin: Arc<Guardrail>,
    canonical: Arc<Canonical>,
    stage: Stage,
    shown: Arc<Shown>,
) -> Result<Verdict, InspectError> {
    let texts = shown.found.iter().map(|found| passage(&found.role, &found.text));
    let media = shown
        .encoded
        .iter()
        .map(|encoded| passage(encoded.medium.word(), &encoded.text));
    let passages: Vec<Passage> = texts.chain(media).collect();
    plugin.begin(&canonical).await?.inspect(stage, &passages).await
}

/// `inspected` is `Err(None)` if there is no plugin.
fn judge(
    guardrail: &ConfiguredGuardrail,
    inspected: Result<Verdict, Option<InspectError>>,
) -> (&'static str, Option<String>, Result<Outcome, Refusal>) {
    use status::{FAILED, INTERVENED, SUCCESS};
    let name = &guardrail.settings.name;
    match inspected {
        Ok(Verdict::Pass | Verdict::Hold(_)) => (SUCCESS, None, Ok(Outcome::Pass)),
        Ok(Verdict::Rewrite(edits)) => (
            INTERVENED,
            None,
            Ok(Outcome::Rewrite(edits.into_iter().map(|edit| edit.text).collect())),
        ),
        Ok(Verdict::Block(violation)) => (
            INTERVENED,
            Some(violation.code.clone()),
            Err(inspect::blocked(name, violation)),
        ),
        Err(error) if guardrail.settings.fail_open => {
            let reason = error.map_or_else(|| "its plugin is not loaded".to_owned(), |error| error.to_string());
            tracing::warn!(guardrail = name, reason, "guardrail failed open, as configured");
            (FAILED, None, Ok(Outcome::Pass))
        }
        Err(error) => (
            FAILED,
            None,
            Err(inspect::unavailable(name, &guardrail.settings.plugin, error)),
        ),
    }
}

/// A text in the form that guardrails get.
fn passage(role: &str, text: &str) -> Passage {
    Passage {
        role: role.to_owned(),
        before: String::new(),
        text: text.to_owned(),
    }
}
