//! Which deployments a request fits, before any is asked (`enable_pre_call_checks`): its prompt must have room in the context
//! window, and the minute must have room for it.

use super::{Cause, Exchange, Refusal};
use crate::canonical::Canonical;
use crate::deployment::Deployment;
use crate::moment::Moment;
use crate::snapshot::Found;

/// Why a deployment is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Misfit {
    Window { tokens_max: u64 },
    Requests,
    Tokens,
}

/// Leaves out the deployments that the request does not fit.
///
/// # Errors
/// It fits none: its prompt is too long for all of them, which leads on to `context_window_fallbacks`, or the others have
/// no room this minute.
pub fn check(exchange: &Exchange, canonical: &Canonical, found: &mut Found) -> Result<(), Refusal> {
    if !exchange.snapshot.settings.router.checks_fit {
        return Ok(());
    }
    let tokens = u64::from(canonical.prompt_tokens());
    let now = Moment::now();
    let mut misfits = Vec::new();
    found.retain(|candidate| {
        let misfit = misfit(&candidate.deployment, tokens, now);
        misfits.extend(misfit);
        misfit.is_none()
    });
    if !found.candidates.is_empty() || misfits.is_empty() {
        return Ok(());
    }
    let windows = misfits.iter().map(|misfit| match misfit {
        Misfit::Window { tokens_max } => Some(*tokens_max),
        Misfit::Requests | Misfit::Tokens => None,
    });
    match windows.collect::<Option<Vec<u64>>>() {
        Some(windows) => {
            let most = windows.into_iter().max().unwrap_or_default();
            Err(Refusal::new(
                Cause::ContextWindowExceeded,
                format!("the prompt has about {tokens} tokens, and no deployment of the group takes more than {most}"),
            ))
        }
        None => Err(Refusal::new(
            Cause::RateLimited,
            "no deployments available for the selected model: try again in a minute",
        )
        .detail("`rpm` or `tpm` of every deployment are used up for this minute")),
    }
}

fn misfit(deployment: &Deployment, tokens: u64, now: Moment) -> Option<Misfit> {
    let (settings, health) = (&deployment.settings, &deployment.health);
    if let Some(tokens_max) = deployment.max_input_tokens.filter(|most| tokens > *most) {
        return Some(Misfit::Window { tokens_max });
    }
    if settings
        .rpm
        .is_some_and(|most| health.requests_this_minute(now) >= most)
    {
        return Some(Misfit::Requests);
    }
    let used = u64::from(health.tokens_this_minute(now));
    let is_over = settings.tpm.is_some_and(|most| used + tokens > u64::from(most));
    is_over.then_some(Misfit::Tokens)
}
