//! One rule: its condition, and what follows if it is true.

use std::time::Duration;

use conditions::{Condition, Language};
use serde_json::json;
use sluice_sdk::{Changes, Decision, Refusal, exchange, notes};

use crate::settings;

/// A rule whose condition has been parsed.
pub(crate) struct Rule {
    /// The rule's number and name, for messages.
    name: String,
    /// `None`: the rule is always true.
    condition: Option<Condition>,
    then: settings::Rule,
}

/// What follows from a rule that is true.
pub(crate) enum Then {
    /// The next rule, with the changes so far.
    GoOn(Changes),
    Decide(Decision),
}

impl Rule {
    /// # Errors
    /// The condition is wrong, or nothing follows from it. The message says what to write.
    pub fn new(number: u32, mut rule: settings::Rule, language: &Language) -> Result<Self, String> {
        let name = match &rule.name {
            Some(name) => format!("rule {number} (`{name}`)"),
            None => format!("rule {number}"),
        };
        let wrong = |reason: String| format!("settings: {name}: {reason}");
        if rule.answer.is_some() && rule.refuse.is_some() {
            return Err(wrong("it cannot `answer` and `refuse` too: keep one of them".into()));
        }
        if !rule.does_something() {
            let words = "`system`, `set`, `default`, `at_most`, `remove`, `ask`, `note`, `answer` or `refuse`";
            return Err(wrong(format!("nothing follows from it: add {words}")));
        }
        let condition = rule.condition.take().map(|source| Condition::new(&source, language));
        let condition = condition.transpose().map_err(wrong)?;
        Ok(Self {
            name,
            condition,
            then: rule,
        })
    }

    /// # Errors
    /// The condition cannot be evaluated for this exchange.
    pub fn holds(&self, language: &Language) -> Result<bool, String> {
        let holds = self.condition.as_ref().map_or(Ok(true), |it| it.holds(language));
        holds.map_err(|reason| format!("{}: {reason}", self.name))
    }

    /// Adds what this rule changes.
    ///
    /// # Errors
    /// A fact may not be noted.
    pub fn apply(&self, mut changes: Changes) -> Result<Then, String> {
        let settings::Rule {
            name: _,
            condition: _,
            system,
            set,
            default,
            at_most,
            remove,
            ask,
            note,
            answer,
            refuse,
        } = &self.then;
        for (name, value) in note {
            let published = notes::publish(name, &value.to_string());
            published.map_err(|error| format!("{}: `{name}` cannot be noted: {error:?}", self.name))?;
        }
        if let Some(refuse) = refuse {
            return Ok(Then::Decide(Decision::Refuse(refusal(refuse))));
        }
        if let Some(answer) = answer {
            return Ok(Then::Decide(Decision::Answer(answer.clone())));
        }
        if let Some(system) = system
            && exchange::operation() == "chat-completions"
        {
            changes = changes.insert("/messages/0", &json!({ "role": "system", "content": system }));
        }
        for (name, value) in set {
            changes = changes.set(&place(name), value);
        }
        for (name, value) in default {
            if exchange::field(name).is_none_or(|given| given == "null") {
                changes = changes.set(&place(name), value);
            }
        }
        for (name, most) in at_most {
            let given = exchange::field(name).and_then(|json| json.parse::<f64>().ok());
            if given.is_some_and(|given| given > *most) {
                changes = changes.set(&place(name), &number(*most));
            }
        }
        for name in remove {
            changes = changes.remove(&place(name));
        }
        if let Some(group) = ask {
            changes = changes.ask(group);
        }
        Ok(Then::GoOn(changes))
    }
}

impl settings::Rule {
    /// Whether there is more than a name and a condition.
    fn does_something(&self) -> bool {
        let nothing = Self {
            name: self.name.clone(),
            condition: self.condition.clone(),
            ..Self::default()
        };
        *self != nothing
    }
}

/// The place of a top-level field (RFC 6901 §3).
fn place(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A whole number without a fraction: providers refuse `100.0` tokens.
fn number(number: f64) -> serde_json::Value {
    match number.fract() == 0.0 && number.abs() < 2f64.powi(53) {
        true => json!(number as i64),
        false => json!(number),
    }
}

fn refusal(refuse: &settings::Refuse) -> Refusal {
    let settings::Refuse {
        status,
        code,
        message,
        retry_after,
    } = refuse;
    let wait = Duration::try_from_secs_f64(*retry_after).unwrap_or_default();
    Refusal::new(*status, code, message).retry_after(wait)
}
