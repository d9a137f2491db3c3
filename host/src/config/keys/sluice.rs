//! `sluice:`, what LiteLLM has no key for. Unknown keys are refused: nothing here is anyone else's.

use super::super::settings::{cooldowns, decisions, general, log, plugins, retries, server, upstream};
use super::{Section, Unknown};

pub static SECTION: Section = Section {
    name: "sluice",
    keys: &[
        plugins::OWN,
        general::OWN,
        server::OWN,
        upstream::OWN,
        retries::OWN,
        cooldowns::OWN,
        decisions::OWN,
        log::OWN,
    ],
    required: &[],
    unknown: Unknown::Refused,
};
