//! Phase `hook`: request hooks see the request before everything else, one after the other, in the order of the
//! configuration. Each gets the request as those before it have changed it, and may change it, answer it or refuse it.

use std::sync::Arc;
use std::time::Instant;

use super::answer::Answer;
use super::history::{Event, HookReport};
use super::refusal::{Cause, Chosen, Refusal};
use super::state::Exchange;
use super::{canned, guard};
use crate::canonical::Canonical;
use crate::canonical::fields::Changeable;
use crate::canonical::operation::MockError;
use crate::config::settings::MayChange;
use crate::json::edit::{Change, Pointer, edit};
use crate::plugin::kinds::hook::{self, Changes, Decision, Edit};
use crate::snapshot::{ConfiguredHook, Snapshot};
use crate::worker;

/// What request hooks made of a request.
pub enum Prepared {
    Request(Arc<Canonical>),
    /// In place of a deployment's.
    Answer(Answer),
}

/// Runs the phase.
///
/// # Errors
/// A hook refuses the request, or fails and must not.
pub async fn prepare(exchange: &mut Exchange, canonical: Arc<Canonical>) -> Result<Prepared, Refusal> {
    let snapshot = Arc::clone(&exchange.snapshot);
    let mut canonical = canonical;
    for hook in &snapshot.hooks {
        let begun = Instant::now();
        // Boxed, so that an exchange without hooks does not reserve memory for this future.
        let outcome = Box::pin(ask(&snapshot, hook, &canonical)).await;
        exchange.history.add(Event::Hooked(Box::new(HookReport {
            name: hook.name.clone(),
            decision: word(&outcome),
            took: begun.elapsed(),
        })));
        match outcome {
            Ok(Outcome::Proceeds) => {}
            Ok(Outcome::Changed(changed)) => {
                exchange.canonical = Some(Arc::clone(&changed));
                canonical = changed;
            }
            Ok(Outcome::Answered(answer)) => {
                return guard::answer(exchange, &canonical, answer).await.map(Prepared::Answer);
            }
            Err(Stopped::Refused(refusal)) => return Err(refusal),
            Err(Stopped::Failed(reason)) if hook.fail_open => {
                tracing::warn!(hook = hook.name, reason, "request hook failed open, as configured");
            }
            Err(Stopped::Failed(reason)) => return Err(failed(&hook.name, reason)),
        }
    }
    Ok(Prepared::Request(canonical))
}

enum Outcome {
    Proceeds,
    Changed(Arc<Canonical>),
    Answered(Answer),
}

enum Stopped {
    Refused(Refusal),
    /// Why there is no outcome.
    Failed(String),
}

fn word(outcome: &Result<Outcome, Stopped>) -> &'static str {
    match outcome {
        Ok(Outcome::Proceeds) => "proceed",
        Ok(Outcome::Changed(_)) => "change",
        Ok(Outcome::Answered(_)) => "answer",
        Err(Stopped::Refused(_)) => "refuse",
        Err(Stopped::Failed(_)) => "failed",
    }
}

async fn ask(snapshot: &Snapshot, hook: &ConfiguredHook, canonical: &Arc<Canonical>) -> Result<Outcome, Stopped> {
    let Some(plugin) = &hook.plugin else {
        return Err(Stopped::Failed("its settings cannot be used".into()));
    };
    let (asked, request) = (Arc::clone(plugin), Arc::clone(canonical));
    let deciding = async move { asked.prepare(&request).await };
    let decision = worker::offload_waiting(canonical.body.len(), deciding).await;
    match decision.map_err(|error| Stopped::Failed(error.to_string()))? {
        Decision::Proceed => Ok(Outcome::Proceeds),
        Decision::Change(changes) => change(snapshot, hook, canonical, changes).await,
        Decision::Answer(text) => match canned::in_place_of_a_model(canonical, &text) {
            Ok(made) => {
                let answer = canned::answer(canonical, made);
                answer.map(Outcome::Answered).map_err(Stopped::Refused)
            }
            Err(MockError(what)) => {
                let operation = canonical.operation.row().name;
                Err(Stopped::Failed(format!("it answers {operation} with a text: {what}")))
            }
        },
        Decision::Refuse(refusal) => Err(Stopped::Refused(refused(&hook.name, refusal))),
    }
}

/// The request with a hook's changes, as far as it may make them.
async fn change(
    snapshot: &Snapshot,
    hook: &ConfiguredHook,
    canonical: &Arc<Canonical>,
    changes: Changes,
) -> Result<Outcome, Stopped> {
    if let Some(group) = &changes.model_group {
        if !hook.may_change.group {
            return Err(Stopped::Failed(not_granted("the model group", "group", hook)));
        }
        let groups = &snapshot.groups;
        if groups.find(group).is_none() && !groups.is_configured(group) {
            return Err(Stopped::Failed(format!(
                "it asks for model group `{group}`, which is not configured"
            )));
        }
    }
    for edit in &changes.edits {
        let (place, _) = place_of(edit);
        check_grant(hook, &pointer(place).map_err(Stopped::Failed)?).map_err(Stopped::Failed)?;
    }
    let request = Arc::clone(canonical);
    let changed = worker::offload(canonical.body.len(), move || changed(&request, &changes)).await;
    changed
        .map(|changed| Outcome::Changed(Arc::new(changed)))
        .map_err(Stopped::Failed)
}

fn pointer(place: &str) -> Result<Pointer, String> {
    Pointer::parse(place).ok_or_else(|| format!("`{place}` is no place in a request: `/messages/0` is one"))
}

fn check_grant(hook: &ConfiguredHook, place: &Pointer) -> Result<(), String> {
    let MayChange {
        parameters,
        messages,
        tools,
        group: _,
    } = hook.may_change;
    let field = place.field();
    let (is_granted, word) = match Changeable::of(field) {
        None => return Err(format!("it changes `{field}`, which no request hook may change")),
        Some(Changeable::Messages) => (messages, "messages"),
        Some(Changeable::Tools) => (tools, "tools"),
        Some(Changeable::Parameters) => (parameters, "parameters"),
    };
    match is_granted {
        true => Ok(()),
        false => Err(not_granted(&format!("`{field}`"), word, hook)),
    }
}

fn not_granted(what: &str, word: &str, hook: &ConfiguredHook) -> String {
    let plugin = hook.plugin.as_ref().map_or("", |plugin| plugin.plugin());
    format!(
        "it changes {what}, which it was not granted: add `{word}` to `sluice.plugins.{plugin}.may_change` if it may"
    )
}

fn place_of(edit: &Edit) -> (&str, Change<'_>) {
    match edit {
        Edit::Set((place, json)) => (place, Change::Set(json)),
        Edit::Insert((place, json)) => (place, Change::Insert(json)),
        Edit::Remove(place) => (place, Change::Remove),
    }
}

/// The changes in force. They have been granted.
fn changed(canonical: &Canonical, changes: &Changes) -> Result<Canonical, String> {
    let mut changed = canonical.clone();
    if !changes.edits.is_empty() {
        let mut body = canonical.body.to_vec();
        for change in &changes.edits {
            let (place, change) = place_of(change);
            body = edit(&body, &pointer(place)?, change)
                .map_err(|error| format!("it cannot change `{place}`: {error}"))?;
        }
        let unusable = |error| format!("its changes leave no usable request: {error}");
        changed = canonical.with_body(body.into()).map_err(unusable)?;
    }
    if let Some(group) = &changes.model_group {
        changed.group = group.as_str().into();
    }
    // For a short request, whoever asks first counts.
    Ok(match worker::is_long(changed.body.len()) {
        true => changed.counted(),
        false => changed,
    })
}

fn refused(name: &str, refusal: hook::Refusal) -> Refusal {
    let cause = Cause::Refused(Chosen::of_status(refusal.status));
    let wait = std::time::Duration::from_millis(refusal.retry_after_ms.into());
    let detail = format!("request hook `{name}` refused: {}", refusal.code);
    Refusal {
        provider_code: Some(refusal.code).filter(|code| !code.is_empty()),
        retry_after: Some(wait).filter(|wait| !wait.is_zero()),
        ..Refusal::new(cause, refusal.message).detail(detail)
    }
}

fn failed(name: &str, reason: String) -> Refusal {
    let message = format!("request hook `{name}` failed, and requests that it must see are refused");
    Refusal::new(Cause::PluginFailed, message).detail(format!("request hook `{name}`: {reason}"))
}
