//! If a stream breaks after content has been sent, another deployment continues the answer, if that is possible.
//!
//! The other model gets the delivered text, and is asked to continue it. This is possible for plain text, with models
//! whose adapter says that they can do it, and never in the middle of a tool call or of reasoning.
//! The client sees one answer; the usage of both deployments counts. If no deployment of the model group can continue,
//! its fallbacks are tried in the same way as before the first content.

use std::sync::Arc;
use std::time::Instant;

use super::answer::Answer;
use super::fallback::Onward;
use super::history::Event;
use super::refusal::Refusal;
use super::state::Exchange;
use super::stream::Stream;
use super::{attempt, blame, route};
use crate::canonical::{Canonical, Opening, Seam};
use crate::deployment::{Candidate, Deployment};
use crate::plugin::kinds::adapter::Continuation;
use crate::usage::Usage;
use crate::worker;

/// Continues a broken stream with another deployment's answer. The usage of the broken attempt is added to the history.
///
/// # Errors
/// `refusal`, if no deployment can continue.
pub async fn resume(exchange: &mut Exchange, stream: &mut Stream, refusal: Refusal) -> Result<(), Refusal> {
    let (Some(delivered), Some(canonical)) = (delivered(stream), exchange.canonical.clone()) else {
        return Err(refusal);
    };
    // Otherwise, deployments that break each time at the same place would be tried for ever.
    let is_enough = !exchange.has_attempts_left();
    if !refusal.cause.may_try_again() || stream.reader.is_finished() || is_enough {
        return Err(refusal);
    }
    let Some(attempt) = exchange.history.last_attempt() else {
        return Err(refusal);
    };
    let candidate = attempt.candidate.clone();
    exchange.history.add(Event::Failed {
        at: Instant::now(),
        refusal: Box::new(refusal.clone()),
    });
    let broken = Arc::clone(&candidate.deployment);
    blame::failed(exchange, &candidate, &refusal, None);
    let used = Usage::of_text(u64::from(canonical.prompt_tokens()), stream.reader.events);
    let id = candidate.deployment.settings.id.clone();
    exchange.history.add(Event::CutOff { usage: used });

    let events = std::mem::take(&mut stream.reader.events);
    let without = [broken];
    let mut next = ask_another(exchange, &canonical, &delivered, events, &without).await;
    let mut onward = Onward::new(exchange, &canonical, &refusal);
    while next.is_none()
        && let Some(hop) = onward.next(exchange).await
    {
        next = ask_another(exchange, &hop, &delivered, events, &without).await;
    }
    let Some(next) = next else {
        exchange.canonical = Some(canonical);
        return Err(refusal);
    };
    tracing::info!(
        exchange = %exchange.id, from = id, delivered_characters = delivered.chars().count(), cause = ?refusal.cause,
        "a broken stream goes on at another deployment"
    );
    let seam = match stream.seam.take() {
        Some(seam) => {
            stream.reader.transcript = seam.transcript;
            Seam::new(seam.opening, delivered, seam.earlier + used)
        }
        None => Seam::new(opening(stream), delivered, used),
    };
    stream.take_up(*next, seam);
    Ok(())
}

/// The text that the client has received; `None` if it was not plain text only.
fn delivered(stream: &Stream) -> Option<String> {
    let text = stream.reader.delivered.as_ref()?.text()?;
    Some(stream.seam.as_ref().map_or(text, |seam| seam.sent().to_owned()))
}

/// The id, time and model that the client read in the first chunks.
fn opening(stream: &mut Stream) -> Opening {
    let seen = stream.reader.delivered.take().map(|delivered| delivered.opening);
    let mut opening = seen.unwrap_or_default();
    opening.model = stream.reader.model.take().or(opening.model);
    opening
}

async fn ask_another(
    exchange: &mut Exchange,
    canonical: &Arc<Canonical>,
    delivered: &str,
    tokens: u64,
    without: &[Arc<Deployment>],
) -> Option<Box<Stream>> {
    let (canonical, delivered) = (Arc::clone(canonical), delivered.to_owned());
    let continued = worker::offload(canonical.body.len(), move || canonical.continued(&delivered, tokens)).await;
    let continued = Arc::new(continued?);
    let mut ranked = route::rank(exchange, &continued, without).ok()?;
    ranked.retain(can_continue);
    let answer = match ranked.is_empty() {
        true => None,
        false => attempt::until_one_answers(exchange, &continued, ranked, without)
            .await
            .ok(),
    };
    match answer? {
        Answer::Stream(next) => Some(next),
        Answer::Whole(_) | Answer::Bytes(_) => None,
    }
}

fn can_continue(candidate: &Candidate) -> bool {
    let upstream = candidate.deployment.upstream.as_ref();
    upstream.is_some_and(|upstream| upstream.provider.continuation == Continuation::Instructed)
}
