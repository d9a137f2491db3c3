//! Which deployments a request fits (`enable_pre_call_checks`), before any is tried: the operation, the region, the
//! model's capabilities, the context window, and the rate limits of this minute. The checks run in this order; if one
//! of them leaves no deployment, the error is that of this check.

use crate::canonical::Canonical;
use crate::deployment::{Capability, Deployment};
use crate::exchange::refusal::{Cause, Refusal};
use crate::moment::Moment;
use crate::region::is_within;
use crate::snapshot::Found;

/// Removes the deployments that the request does not fit at `now`. `checks_all`: `enable_pre_call_checks`. The operation, and a region that the request requires, are
/// always checked.
///
/// # Errors
/// The request fits no deployment. A prompt that is too long for all of them leads to `context_window_fallbacks`.
pub fn check(checks_all: bool, canonical: &Canonical, found: &mut Found, now: Moment) -> Result<(), Refusal> {
    if found.candidates.is_empty() {
        return Ok(());
    }
    serving(canonical, found)?;
    in_region(canonical, found)?;
    if !checks_all {
        return Ok(());
    }
    let tokens = u64::from(canonical.prompt_tokens());
    able(canonical, found)?;
    with_window(tokens, found)?;
    with_room(tokens, found, now)
}

/// An adapter lists the operations that it supports.
fn serving(canonical: &Canonical, found: &mut Found) -> Result<(), Refusal> {
    let operation = canonical.operation.row().name;
    let serves = |deployment: &Deployment| {
        // A deployment without an upstream answers by itself (`mock_response`).
        let upstream = deployment.upstream.as_ref();
        upstream.is_none_or(|upstream| upstream.provider.operations.iter().any(|name| name == operation))
    };
    if found.candidates.iter().all(|candidate| serves(&candidate.deployment)) {
        return Ok(());
    }
    keep(found, serves, |left_out| {
        let provider = left_out.candidates.first().map_or("", |one| &one.deployment.provider);
        let message = format!("provider `{provider}` does not serve {operation}: ask another model group");
        Refusal::new(Cause::Unsupported, message)
    })
}

fn in_region(canonical: &Canonical, found: &mut Found) -> Result<(), Refusal> {
    let Some(allowed) = canonical.region() else {
        return Ok(());
    };
    // A deployment whose region is not known does not count as being in the region.
    let is_there = |deployment: &Deployment| deployment.region.as_ref().is_some_and(|own| is_within(own, allowed));
    keep(found, is_there, |_| {
        let message = format!("no deployment of `{}` runs in the region `{allowed}`", canonical.group);
        Refusal::new(Cause::BadRequest, message)
            .parameter("allowed_model_region")
            .detail("`litellm_params.region_name` says where a deployment runs, where its provider's parameters do not")
    })
}

fn able(canonical: &Canonical, found: &mut Found) -> Result<(), Refusal> {
    let lacks_any = |found: &Found| found.candidates.iter().any(|one| !one.deployment.lacks.is_empty());
    if !lacks_any(found) {
        return Ok(());
    }
    for needed in Capability::needed_by(canonical) {
        let is_able = |deployment: &Deployment| !deployment.lacks.contains(&needed);
        keep(found, is_able, |_| {
            let (group, words, key) = (&canonical.group, needed.words(), needed.info_key());
            let message =
                format!("the request needs {words}, which no model of `{group}` has: ask another model group");
            Refusal::new(Cause::Unsupported, message)
                .parameter(needed.field())
                .detail(format!(
                    "where a model has it all the same, set `model_info.{key}: true`"
                ))
        })?;
    }
    Ok(())
}

fn with_window(tokens: u64, found: &mut Found) -> Result<(), Refusal> {
    let is_long_enough = |deployment: &Deployment| deployment.max_input_tokens.is_none_or(|most| tokens <= most);
    keep(found, is_long_enough, |left_out| {
        let windows = left_out
            .candidates
            .iter()
            .filter_map(|one| one.deployment.max_input_tokens);
        let most = windows.max().unwrap_or_default();
        Refusal::new(
            Cause::ContextWindowExceeded,
            format!("the prompt has about {tokens} tokens, and no deployment of the group takes more than {most}"),
        )
    })
}

fn with_room(tokens: u64, found: &mut Found, now: Moment) -> Result<(), Refusal> {
    let has_room = |deployment: &Deployment| {
        let (settings, health) = (&deployment.settings, &deployment.health);
        let used = u64::from(health.tokens_this_minute(now));
        settings.rpm.is_none_or(|most| health.requests_this_minute(now) < most)
            && settings.tpm.is_none_or(|most| used + tokens <= u64::from(most))
    };
    keep(found, has_room, |_| {
        Refusal::new(
            Cause::RateLimited,
            "no deployments available for the selected model: try again in a minute",
        )
        .detail("`rpm` or `tpm` of every deployment are used up for this minute")
    })
}

/// Removes the deployments that do not fit. If none would be left, returns the error for those that were there.
fn keep(
    found: &mut Found,
    fits: impl Fn(&Deployment) -> bool,
    refusal: impl FnOnce(&Found) -> Refusal,
) -> Result<(), Refusal> {
    if !found.candidates.iter().any(|candidate| fits(&candidate.deployment)) {
        return Err(refusal(found));
    }
    found.retain(|candidate| fits(&candidate.deployment));
    Ok(())
}
