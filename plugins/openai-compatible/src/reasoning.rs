//! Adapts requests to OpenAI's reasoning models, which refuse some parameters that its other models accept, and vice
//! versa.
//!
//! `max_tokens` is sent as `max_completion_tokens`. Other parameters are left to the upstream to refuse, unless
//! `drop_params` is set. <https://platform.openai.com/docs/guides/reasoning>

use sluice_sdk::deployment;

use crate::entry::Entry;
use crate::patch::Patch;
use crate::quirks::{self, DropParams};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// o1, o3, o4: these always reason.
    OSeries,
    /// gpt-5 and later, by version.
    Gpt { version: (u32, u32), specialised: bool },
    /// `gpt-5-chat`: named like a reasoning model, but it does not reason.
    Chat,
    /// gpt-3.5, gpt-4 and similar.
    Older,
}

/// Parameters that only reasoning models accept.
const REASONING: [&str; 2] = ["reasoning_effort", "verbosity"];

/// Parameters that are accepted only while the model does not reason.
const SAMPLING: [&str; 4] = ["temperature", "top_p", "logprobs", "top_logprobs"];
/// Parameters that reasoning models never accept.
const PENALTIES: [&str; 2] = ["presence_penalty", "frequency_penalty"];
/// Parameters that gpt-5 and later never accept.
const NOT_BY_GPT: [&str; 5] = ["stop", "logit_bias", "modalities", "prediction", "audio"];

/// Adapts the request if the provider is OpenAI or Azure and the model's name is known.
pub fn apply<'a>(entry: &Entry, model: &str, patch: &mut Patch<'a>) {
    // An operator's entry that renames fields belongs to another server under OpenAI's name.
    if !is_openai(&entry.name) || !entry.rename.0.is_empty() {
        return;
    }
    let named = base_model(&entry.name);
    let Some(family) = family(named.as_deref().unwrap_or(model)) else {
        return;
    };
    if family != Family::Older {
        quirks::move_field(patch, "max_tokens", "max_completion_tokens");
    }
    if let Some(drop_params) = DropParams::of_attempt() {
        drop_refused(family, &drop_params, patch);
    }
}

/// The parameters of the Responses API that the model refuses; empty if its name is not known. A `temperature` of 1 is
/// accepted anyway.
pub fn refused_fields(entry: &Entry, model: &str, effort: Option<&str>) -> &'static [&'static str] {
    if !is_openai(&entry.name) {
        return &[];
    }
    let named = base_model(&entry.name);
    match family(named.as_deref().unwrap_or(model)) {
        Some(Family::Chat | Family::Older) => &REASONING,
        Some(family) if family.reasons(effort) => &SAMPLING,
        _ => &[],
    }
}

/// Whether the model can either reason or call functions in chat completions, but not both. This is not for models on
/// Foundry (`azure_ai`), which has other rules.
pub fn reasons_without_functions(model: &str) -> bool {
    let is_late = matches!(family(model), Some(Family::Gpt { version, .. }) if version >= (5, 4));
    is_late && !model.contains("-search")
}

fn is_openai(provider: &str) -> bool {
    matches!(provider, "openai" | "azure" | "azure_ai")
}

/// The value of `base_model`, since an Azure deployment may have any name. `None` for OpenAI.
pub fn base_model(provider: &str) -> Option<String> {
    if provider == "openai" {
        None
    } else {
        deployment::text("base_model")
    }
}

fn family(model: &str) -> Option<Family> {
    if model.starts_with("o_series/") {
        return Some(Family::OSeries);
    }
    let name = model.rsplit('/').next().unwrap_or(model);
    for (series, major) in [("gpt-5", 5), ("gpt-6", 6)] {
        if let Some((_, rest)) = name.split_once(series) {
            return Some(gpt(major, rest));
        }
    }
    if model.starts_with("gpt5_series/") {
        return Some(gpt(5, ""));
    }
    if ["gpt-3", "gpt-4", "chatgpt-4"]
        .iter()
        .any(|older| name.starts_with(older))
    {
        return Some(Family::Older);
    }
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .any(|word| matches!(word, "o1" | "o3" | "o4"))
        .then_some(Family::OSeries)
}

/// The family for what follows the major version in a name: `.1-mini`, `-nano`, `-chat-latest`.
fn gpt(major: u32, rest: &str) -> Family {
    if rest.starts_with("-chat") {
        return Family::Chat;
    }
    let digits = rest.strip_prefix('.').unwrap_or_default();
    let end = digits
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(digits.len());
    let minor = digits[..end].parse().unwrap_or(0);
    let specialised = ["-pro", "-codex", "-chat", "-cyber"]
        .iter()
        .any(|kind| rest.contains(kind));
    Family::Gpt {
        version: (major, minor),
        specialised,
    }
}

fn drop_refused(family: Family, drop_params: &DropParams, patch: &mut Patch<'_>) {
    if matches!(family, Family::Chat | Family::Older) {
        for field in REASONING {
            drop_params.remove(field, patch);
        }
        return;
    }
    for field in PENALTIES {
        drop_params.remove(field, patch);
    }
    if matches!(family, Family::Gpt { .. }) {
        for field in NOT_BY_GPT {
            drop_params.remove(field, patch);
        }
    }
    let given: Vec<&str> = SAMPLING.into_iter().filter(|field| is_refused(field, patch)).collect();
    if !given.is_empty() && family.reasons(patch.value("reasoning_effort").as_deref()) {
        for field in given {
            drop_params.remove(field, patch);
        }
    }
}

/// Whether the request has the field. A temperature of 1 is the reasoning models' own, so it is accepted.
fn is_refused(field: &str, patch: &Patch<'_>) -> bool {
    let Some(value) = patch.value(field) else { return false };
    field != "temperature" || value.parse::<f64>().is_ok_and(|temperature| temperature != 1.0)
}

impl Family {
    /// Whether a request with this `reasoning_effort` (JSON text or the bare word) makes the model reason.
    fn reasons(self, effort: Option<&str>) -> bool {
        let Self::Gpt {
            version: version @ (5, 1..) | version @ (6.., _),
            specialised,
        } = self
        else {
            return true;
        };
        match effort {
            Some(effort) => effort.trim_matches('"') != "none",
            // Versions 5.1, 5.2 and 5.4 do not reason by default; other versions do.
            None => specialised || !matches!(version, (5, 1 | 2 | 4)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_name() {
        let plain = |major, minor| {
            Some(Family::Gpt {
                version: (major, minor),
                specialised: false,
            })
        };
        for (model, expected) in [
            ("o1", Some(Family::OSeries)),
            ("o3-mini-2025-01-31", Some(Family::OSeries)),
            ("my-o4-mini", Some(Family::OSeries)),
            ("o_series/any-name", Some(Family::OSeries)),
            ("gpt-5", plain(5, 0)),
            ("gpt-5-mini", plain(5, 0)),
            ("gpt5_series/any-name", plain(5, 0)),
            ("gpt-5.1", plain(5, 1)),
            ("team-gpt-5.4-nano", plain(5, 4)),
            ("gpt-6.1-sol", plain(6, 1)),
            (
                "gpt-5.2-pro",
                Some(Family::Gpt {
                    version: (5, 2),
                    specialised: true,
                }),
            ),
            ("gpt-5-chat-latest", Some(Family::Chat)),
            ("gpt-4o", Some(Family::Older)),
            ("gpt-35-turbo", Some(Family::Older)),
            ("foo1", None),
            ("chatgpt-4o-latest", Some(Family::Older)),
        ] {
            assert_eq!(family(model), expected, "{model}");
        }
    }
}
