//! Conditions of rules, written in CEL (<https://cel.dev>). An instance parses each condition once.

mod exchange;
mod time;

use std::sync::Arc;

use cel::common::types::CelBool;
use cel::parser::{Expression, PrattParser};
use cel::{Context, Env, ExecutionError, ParseErrors, Value};

use exchange::{Source, VARIABLES};

/// CEL with its standard functions.
pub struct Language(Arc<Env>);

impl Language {
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Env::stdlib()))
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::new()
    }
}

/// An expression that is true or false for an exchange.
pub struct Condition {
    expression: Expression,
}

impl Condition {
    /// Parses the expression, and evaluates it once for an exchange without any data.
    ///
    /// # Errors
    /// The text is not CEL, names an unknown variable or function, or is neither true nor false. The message has the
    /// expression and how to fix it.
    pub fn new(source: &str, language: &Language) -> Result<Self, String> {
        let wrong = |reason: String| format!("`{source}`: {reason}");
        let expression = PrattParser::new()
            .parse(source)
            .map_err(|errors| wrong(first(&errors)))?;
        if let Some(name) = unknown_variable(&expression, source) {
            let known = VARIABLES.join("`, `");
            return Err(wrong(format!("there is no variable `{name}`: take one of `{known}`")));
        }
        let condition = Self { expression };
        match condition.evaluate(Source::Blank, language) {
            Err(Failure::Mistake(reason)) => Err(wrong(reason)),
            // A value may be missing here that an actual exchange has, such as the digits of a number.
            Ok(_) | Err(Failure::Value(_)) => Ok(condition),
        }
    }

    /// Evaluates the condition for the current exchange.
    ///
    /// # Errors
    /// The condition cannot be evaluated. The message says why, without the client's data.
    pub fn holds(&self, language: &Language) -> Result<bool, String> {
        self.evaluate(Source::Present, language)
            .map_err(|failure| match failure {
                Failure::Mistake(reason) | Failure::Value(reason) => reason,
            })
    }

    fn evaluate(&self, source: Source, Language(env): &Language) -> Result<bool, Failure> {
        let mut context = Context::with_env(Arc::clone(env));
        context.set_variable_resolver(&source);
        let value = Value::resolve_val(&self.expression, &context).map_err(Failure::of)?;
        match value.downcast_ref::<CelBool>() {
            Some(truth) => Ok(*truth.inner()),
            None => Err(Failure::Mistake(format!(
                "it is a {}, not true or false: compare it with something",
                value.get_type().name()
            ))),
        }
    }
}

enum Failure {
    /// The expression would fail with other values too.
    Mistake(String),
    Value(String),
}

impl Failure {
    /// The message must not contain the values: they are a client's data.
    fn of(error: ExecutionError) -> Self {
        match error {
            ExecutionError::NoSuchOverload(error) => Self::Mistake(error.to_string()),
            ExecutionError::UndeclaredReference(name) => {
                Self::Mistake(format!("there is no function or variable `{name}`"))
            }
            ExecutionError::FunctionError { function, .. } => {
                Self::Value(format!("`{function}` does not take this value"))
            }
            _ => Self::Value("it cannot be worked out with the values of this exchange".into()),
        }
    }
}

/// The parser's first error, with its line and column.
fn first(errors: &ParseErrors) -> String {
    match errors.errors.first() {
        Some(error) => format!("line {}, column {}: {}", error.pos.0, error.pos.1, error.msg),
        None => "it is no CEL expression (cel.dev)".into(),
    }
}

/// A variable that does not exist. A variable that a macro binds does: `t` in `tags.exists(t, t == "eu")`.
fn unknown_variable(expression: &Expression, source: &str) -> Option<String> {
    let is_bound = |name: &str| {
        let mut arguments = source.split('(').map(str::trim_start);
        arguments.any(|after| {
            after
                .strip_prefix(name)
                .is_some_and(|rest| rest.trim_start().starts_with(','))
        })
    };
    let references = expression.references();
    let unknown = references
        .variables()
        .into_iter()
        .filter(|name| !VARIABLES.contains(name) && !is_bound(name));
    unknown.min().map(str::to_owned)
}
