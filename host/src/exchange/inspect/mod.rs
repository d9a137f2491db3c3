//! What guardrails say, as refusals and reports; and guardrails on streams ([`Windows`]).

mod windows;

pub use windows::Windows;

use super::refusal::{Cause, Refusal};
use crate::canonical::parts::Medium;
use crate::plugin::kinds::guardrail::{InspectError, Violation};

/// The result of a check, in LiteLLM's terms.
pub mod status {
    pub const SUCCESS: &str = "success";
    pub const INTERVENED: &str = "guardrail_intervened";
    pub const FAILED: &str = "guardrail_failed_to_respond";
}

/// What `unseen: block` says of a medium that a guardrail does not look at.
pub fn unseen(medium: Medium) -> Violation {
    Violation {
        code: format!("unseen.{}", medium.word()),
        message: format!(
            "{} are not allowed here: the guardrail cannot look at them",
            medium.described()
        ),
        detail: String::new(),
    }
}

pub fn blocked(name: &str, violation: Violation) -> Refusal {
    let mut refusal = Refusal::new(Cause::GuardrailBlocked, violation.message).detail(format!(
        "guardrail `{name}` blocked: {} {}",
        violation.code, violation.detail
    ));
    refusal.provider_code = Some(violation.code);
    refusal
}

pub fn unavailable(name: &str, plugin: &str, error: Option<InspectError>) -> Refusal {
    let message = format!("guardrail `{name}` is not available, and exchanges that need it are refused");
    let detail = match error {
        Some(error) => format!("guardrail `{name}`: {error}"),
        None => format!(
            "guardrail `{name}` needs plugin `{plugin}`, which is not loaded: put its component into the plugins directory, or set `fail_on_error: false`"
        ),
    };
    Refusal::new(Cause::GuardrailUnavailable, message).detail(detail)
}

pub fn not_applied(error: impl std::error::Error) -> Refusal {
    Refusal::new(Cause::Internal, "a guardrail's changes could not be applied").detail(error.to_string())
}
