//! `request-rules`: applies the rules of the configuration to each request, in order. A rule that is true may change the
//! request, ask another model group, note facts for the record, answer in place of a model, or refuse.
//!
//! **Hook**: `prepare`, once for each exchange, before guardrails and routing.
//! **Reads**: the variables of the rules, and the fields that `default` and `at_most` name. If one of them is not neutral, the
//! instance serves no other exchange: see README.md.
//! **Changes**: what the rules say, as far as the operator grants it (`may_change`). **Costs**: about a microsecond for each
//! rule, and some ten microseconds to parse the rules in each new instance.

mod rule;
mod settings;

use conditions::Language;
use sluice_sdk::{Changes, Decision, HookError, Manifest, Plugin, RequestHook};

use rule::{Rule, Then};
pub use settings::Settings;

/// The hook. It keeps only its parsed rules between exchanges.
pub struct RequestRules {
    language: Language,
    rules: Vec<Rule>,
}

impl Plugin for RequestRules {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "request-rules",
            env!("CARGO_PKG_VERSION"),
            "Rules over a request change it, answer it or refuse it.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn new(settings: Settings) -> Result<Self, String> {
        let language = Language::new();
        let rules = (1..).zip(settings.rules);
        let rules = rules.map(|(number, rule)| Rule::new(number, rule, &language));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
            language,
        })
    }
}

impl RequestHook for RequestRules {
    fn prepare(&mut self) -> Result<Decision, HookError> {
        let mut changes = Changes::new();
        for rule in &self.rules {
            if !rule.holds(&self.language).map_err(HookError::Other)? {
                continue;
            }
            match rule.apply(changes).map_err(HookError::Other)? {
                Then::GoOn(changed) => changes = changed,
                Then::Decide(decision) => return Ok(decision),
            }
        }
        Ok(changes.into())
    }
}

sluice_sdk::export!(RequestRules: RequestHook);
