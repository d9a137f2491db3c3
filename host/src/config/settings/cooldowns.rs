//! When a deployment is taken out of service for a while, and how it comes back.

use std::time::Duration;

use super::super::keys::{AMOUNT, BOOL, COUNT, Key, MILLISECONDS, SHARE, Section, Shape, Unknown, on};
use super::super::tree::Node;
use super::read::{bool, milliseconds, router, seconds, shared, whole};
use super::retries::{ByKind, by_kind};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const ROUTER: &[Key] = &[
    on("allowed_fails", COUNT, "Failures within `cooldown_time` that a deployment may have; default: half of at least five attempts in a minute."),
    on("allowed_fails_policy", Shape::Section(&ALLOWED_FAILS_POLICY), "The same, by kind of failure."),
    on("cooldown_time", SHARE, "Seconds of a cooldown; an answer's `Retry-After` takes precedence. Default 5; 0 disables cooldowns."),
    on("disable_cooldowns", BOOL, "Keeps failing deployments in service; default false."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const LITELLM: &[Key] = &[
    on("allowed_fails", COUNT, "As `router_settings.allowed_fails`, which takes precedence."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const OWN: &[Key] = &[
    on("cooldown", Shape::Section(&COOLDOWN), "What `router_settings` does not say of deployments that fail."),
];

pub(in crate::config) static ALLOWED_FAILS_POLICY: Section = Section {
    name: "allowed_fails_policy",
    keys: &[ALLOWED_FAILS],
    required: &[],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const ALLOWED_FAILS: &[Key] = &[
    on("BadRequestErrorAllowedFails", COUNT, "No effect on cooldowns: what a client did wrong never counts."),
    on("AuthenticationErrorAllowedFails", COUNT, "Refused credentials before a cooldown."),
    on("TimeoutErrorAllowedFails", COUNT, "Time limits before a cooldown."),
    on("RateLimitErrorAllowedFails", COUNT, "Rate limits before a cooldown."),
    on("ContentPolicyViolationErrorAllowedFails", COUNT, "No effect on cooldowns: what a client did wrong never counts."),
    on("InternalServerErrorAllowedFails", COUNT, "Failures of the provider itself, or of its connection, before a cooldown."),
];

pub(in crate::config) static COOLDOWN: Section = Section {
    name: "sluice.cooldown",
    keys: &[COOLDOWN_KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const COOLDOWN_KEYS: &[Key] = &[
    on("consecutive_failures", AMOUNT, "Failures in a row that pause a deployment; default none do."),
    on("pause_ms", MILLISECONDS, "How long `consecutive_failures` pause it; default 300000."),
    on("ramp_ms", Shape::Integer(0, 86_400_000), "From the first good answer after a cooldown to the full share of traffic; default 10000."),
    on("when_all_are_out", Shape::Word(&["try", "refuse"]), "Whether exchanges are tried where all deployments cool down, at the one that is due first, or refused; default `try`."),
];

/// When a deployment sits out, and how it comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Cooldowns {
    /// `disable_cooldowns`, default false.
    pub disabled: bool,
    /// `cooldown_time`, default 5 s. A deployment's own takes precedence over a failure's `Retry-After`, and that over this.
    pub time: Duration,
    /// `allowed_fails`: failures within a cooldown's time before one begins. `None`: LiteLLM's rule of half the attempts.
    pub allowed_fails: Option<u32>,
    /// `allowed_fails_policy`.
    pub policy: ByKind,
    /// `sluice.cooldown.consecutive_failures` and `pause_ms`; default none.
    pub breaker: Option<Breaker>,
    /// `sluice.cooldown.ramp_ms`: from a good probe to its full share of traffic; default 10 s.
    pub ramp: Duration,
    /// `sluice.cooldown.when_all_are_out: refuse`; default: the one that is due first is tried.
    pub refuse_when_all_are_out: bool,
}

/// So many failures in a row pause a deployment for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    pub failures: u32,
    pub pause: Duration,
}

impl Cooldowns {
    pub(super) fn read(root: &Node) -> Self {
        let own = |key| root.find(&["sluice", "cooldown", key]);
        let pause = own("pause_ms").and_then(milliseconds);
        let breaker = own("consecutive_failures").and_then(whole).map(|failures| Breaker {
            failures,
            pause: pause.unwrap_or(Duration::from_secs(300)),
        });
        Self {
            disabled: bool(root, &["router_settings", "disable_cooldowns"]).unwrap_or(false),
            time: router(root, "cooldown_time")
                .and_then(seconds)
                .unwrap_or(Duration::from_secs(5)),
            allowed_fails: shared(root, "allowed_fails").and_then(whole),
            policy: by_kind(router(root, "allowed_fails_policy"), "AllowedFails"),
            breaker,
            ramp: own("ramp_ms").and_then(milliseconds).unwrap_or(Duration::from_secs(10)),
            refuse_when_all_are_out: own("when_all_are_out").and_then(Node::text) == Some("refuse"),
        }
    }
}
