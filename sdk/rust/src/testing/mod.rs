//! A host for tests: set what the imports return, then call the plugin as plain Rust.
//!
//! ```
//! use sluice_sdk::testing::Host;
//!
//! Host { body: br#"{"model":"m"}"#.to_vec(), ..Host::default() }.install();
//! assert_eq!(sluice_sdk::exchange::field("model").as_deref(), Some(r#""m""#));
//! ```

pub mod callbacks;
pub mod cases;
pub mod guardrails;
pub mod hooks;
pub mod rankings;
pub mod sparse;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::imports::sluice::plugin as wire;

/// What the imports return on the current thread.
pub struct Host {
    /// The plugin's settings as JSON.
    pub settings: String,
    /// The canonical request.
    pub body: Vec<u8>,
    /// The operation, such as `chat-completions`.
    pub operation: String,
    /// The result of [`crate::exchange::seed`].
    pub seed: u32,
    /// The result of [`crate::exchange::started_ms`], in milliseconds.
    pub started_ms: u64,
    /// The results of [`crate::exchange::attribute`] by name.
    pub attributes: BTreeMap<String, String>,
    /// The deployment's parameters: JSON text by name.
    pub parameters: BTreeMap<String, String>,
    /// Names of parameters that are set to credentials.
    pub credentials: Vec<String>,
    /// Headers of the upstream's answer, by name in lower case.
    pub response_headers: BTreeMap<String, String>,
    /// Columns of numbers, one number for each candidate, by name in kebab-case, such as `weights`. One that is not given is
    /// all zeros, and `None` if it is asked for by its name ([`crate::candidates::measured`]).
    pub columns: BTreeMap<String, Vec<f64>>,
    /// Columns of texts, one for each candidate: `ids`, `providers`, `models` and `regions`; `tags` as `a,b`;
    /// `info.<name>`. If a column is not given, its texts are generated (`deployment-0` and so on) or empty.
    pub words: BTreeMap<String, Vec<String>>,
    /// The number of candidates.
    pub candidates: u32,
    /// Answers outbound requests.
    #[allow(clippy::type_complexity, reason = "named once, here")]
    pub http: Box<dyn FnMut(crate::http::Request) -> Result<crate::http::Response, crate::http::Error>>,
    /// The shared key-value store.
    pub state: BTreeMap<String, Vec<u8>>,
    /// The notes of the exchange.
    pub notes: BTreeMap<String, Vec<u8>>,
    /// What the plugin published: JSON text by name.
    pub published: BTreeMap<String, String>,
    /// The lines that the plugin logged.
    pub log: Vec<String>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            settings: "{}".into(),
            body: b"{}".to_vec(),
            operation: "chat-completions".into(),
            seed: 1,
            started_ms: 0,
            attributes: BTreeMap::new(),
            parameters: BTreeMap::new(),
            credentials: Vec::new(),
            response_headers: BTreeMap::new(),
            columns: BTreeMap::new(),
            words: BTreeMap::new(),
            candidates: 0,
            http: Box::new(|_| Err(crate::http::Error::AccessDenied)),
            state: BTreeMap::new(),
            notes: BTreeMap::new(),
            published: BTreeMap::new(),
            log: Vec::new(),
        }
    }
}

thread_local! {
    static HOST: RefCell<Host> = RefCell::default();
}

impl Host {
    /// Makes this the host of the current thread.
    pub fn install(self) {
        HOST.set(self);
    }

    /// What was published so far on the current thread: JSON text by name.
    #[must_use]
    pub fn published() -> BTreeMap<String, String> {
        HOST.with_borrow(|host| host.published.clone())
    }

    /// The lines logged so far on the current thread.
    #[must_use]
    pub fn logged() -> Vec<String> {
        HOST.with_borrow(|host| host.log.clone())
    }
}

/// Runs a list of cases. `run` returns what a case is about, what came out, and what should have.
#[track_caller]
fn run_cases<Case: DeserializeOwned>(file: &str, run: impl Fn(Case) -> (String, Value, Value)) {
    let cases: Vec<Case> = serde_json::from_str(file).unwrap_or_else(|error| panic!("not a list of cases: {error}"));
    assert!(!cases.is_empty(), "no case in the file");
    let failed: Vec<String> = cases
        .into_iter()
        .map(run)
        .filter(|(_, got, expected)| got != expected)
        .map(|(about, got, expected)| format!("{about}:\n  got      {got}\n  expected {expected}"))
        .collect();
    assert!(
        failed.is_empty(),
        "{} cases do not hold\n{}",
        failed.len(),
        failed.join("\n")
    );
}

/// The functions of the component's imports.
pub(crate) mod host {
    use super::{HOST, Host, wire};

    fn with<R>(read: impl FnOnce(&mut Host) -> R) -> R {
        HOST.with_borrow_mut(read)
    }

    fn column(name: &str) -> Vec<f64> {
        with(|host| {
            let count = host.candidates as usize;
            host.columns.get(name).cloned().unwrap_or_else(|| vec![0.0; count])
        })
    }

    pub mod settings {
        pub fn get() -> String {
            super::with(|host| host.settings.clone())
        }
    }

    pub mod log {
        /// Keeps the line for [`super::super::Host::logged`].
        pub fn write(_level: super::wire::log::Level, message: &str) {
            super::with(|host| host.log.push(message.to_owned()));
        }
    }

    pub mod exchange {
        use std::collections::BTreeMap;

        use serde_json::value::RawValue;

        use super::with;

        /// Opaque id of the exchange.
        pub fn id() -> String {
            "test".into()
        }
        /// The operation, such as `chat-completions`.
        pub fn operation() -> String {
            with(|host| host.operation.clone())
        }
        /// The model group the client asked for.
        pub fn model_group() -> String {
            field("model")
                .and_then(|json| serde_json::from_str(&json).ok())
                .unwrap_or_default()
        }
        /// Whether the request has `stream: true`.
        pub fn is_streaming() -> bool {
            field("stream").as_deref() == Some("true")
        }
        /// JSON text of one top-level field.
        pub fn field(name: &str) -> Option<String> {
            with(|host| {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(&host.body).ok()?;
                fields.get(name).map(|value| value.get().to_owned())
            })
        }
        /// The whole canonical request.
        pub fn body() -> Vec<u8> {
            with(|host| host.body.clone())
        }
        /// Estimated tokens of the prompt: a quarter of the body's bytes.
        pub fn prompt_tokens() -> u32 {
            with(|host| u32::try_from(host.body.len() / 4).unwrap_or(u32::MAX))
        }
        /// One attribute of the exchange.
        pub fn attribute(name: &str) -> Option<String> {
            with(|host| host.attributes.get(name).cloned())
        }
        /// When the exchange began, in milliseconds.
        pub fn started_ms() -> u64 {
            with(|host| host.started_ms)
        }
        /// The exchange's random seed.
        pub fn seed() -> u32 {
            with(|host| host.seed)
        }
    }

    pub mod deployment {
        use super::with;

        /// One parameter as JSON text.
        pub fn parameter(name: &str) -> Option<String> {
            with(|host| host.parameters.get(name).cloned())
        }
        /// Whether a parameter is given, credentials included.
        pub fn has_parameter(name: &str) -> bool {
            with(|host| host.parameters.contains_key(name) || host.credentials.iter().any(|given| given == name))
        }
        /// A header of the upstream's answer.
        pub fn response_header(name: &str) -> Option<String> {
            with(|host| host.response_headers.get(&name.to_ascii_lowercase()).cloned())
        }
    }

    pub mod candidates {
        use super::wire::candidates::{Fact, NumberColumn, TextColumn};
        use super::with;

        /// The number of candidates.
        pub fn count() -> u32 {
            with(|host| host.candidates)
        }
        fn words(name: &str, unless: impl Fn(u32) -> String) -> Vec<String> {
            let given = with(|host| host.words.get(name).cloned());
            given.unwrap_or_else(|| (0..count()).map(unless).collect())
        }
        /// The tags of each candidate.
        pub fn tags() -> Vec<Vec<String>> {
            let split = |listed: String| {
                let tags = listed.split(',').filter(|tag| !tag.is_empty());
                tags.map(str::to_owned).collect()
            };
            words("tags", |_| String::new()).into_iter().map(split).collect()
        }
        /// For each candidate, whether `fact` matches `word`. A region also matches its prefix: `eu-west-1` matches
        /// `eu`.
        pub fn having(fact: Fact, word: &str) -> Vec<bool> {
            let fits = |own: &String| match word.strip_suffix('*') {
                Some(start) => own.starts_with(start),
                None => own == word,
            };
            let each = |column: Vec<String>| column.iter().map(fits).collect();
            match fact {
                Fact::Id => each(texts(TextColumn::Ids)),
                Fact::Provider => each(texts(TextColumn::Providers)),
                Fact::Model => each(texts(TextColumn::Models)),
                Fact::Tag => tags().iter().map(|tags| tags.iter().any(fits)).collect(),
                Fact::Region => {
                    let is_there = |own: String| own == word || own.starts_with(&format!("{word}-"));
                    texts(TextColumn::Regions).into_iter().map(is_there).collect()
                }
            }
        }
        /// A column of numbers by its name; `None` if the test gives no such column.
        pub fn measured(name: &str) -> Option<Vec<f64>> {
            with(|host| host.columns.get(name).cloned())
        }
        /// For each candidate, whether it has no capacity left in the current minute.
        pub fn exhausted() -> Vec<bool> {
            use NumberColumn::{RequestLimits, RequestsThisMinute, TokenLimits, TokensThisMinute};
            let over = |limits, used, more: u32| {
                let is_over = move |(limit, used): (f64, f64)| limit > 0.0 && used + f64::from(more) > limit;
                numbers(limits).into_iter().zip(numbers(used)).map(is_over)
            };
            let requests = over(RequestLimits, RequestsThisMinute, 1);
            let tokens = over(TokenLimits, TokensThisMinute, super::exchange::prompt_tokens());
            requests
                .zip(tokens)
                .map(|(requests, tokens)| requests || tokens)
                .collect()
        }
        /// One attribute of `model_info`, as JSON text.
        pub fn info(name: &str) -> Vec<String> {
            words(&format!("info.{name}"), |_| String::new())
        }
        /// A column of numbers.
        pub fn numbers(column: NumberColumn) -> Vec<f64> {
            super::column(&name(&column))
        }
        /// A column of texts.
        pub fn texts(column: TextColumn) -> Vec<String> {
            words(&name(&column), |index| match column {
                TextColumn::Ids => format!("deployment-{index}"),
                TextColumn::Providers => format!("provider-{index}"),
                TextColumn::Models => format!("model-{index}"),
                TextColumn::Regions => String::new(),
            })
        }
        /// The name in WIT: `NumberColumn::InFlight` is `in-flight`.
        fn name(column: &impl std::fmt::Debug) -> String {
            let mut name = String::new();
            let debugged = format!("{column:?}");
            for letter in debugged.rsplit("::").next().unwrap_or_default().chars() {
                if letter.is_ascii_uppercase() && !name.is_empty() {
                    name.push('-');
                }
                name.push(letter.to_ascii_lowercase());
            }
            name
        }
    }

    pub mod state {
        use super::{wire::state::Error, with};

        /// Reads a key.
        ///
        /// # Errors
        /// Never.
        pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
            Ok(with(|host| host.state.get(key).cloned()))
        }
        /// Writes a key. The time to live is ignored.
        ///
        /// # Errors
        /// Never.
        pub fn set(key: &str, value: &[u8], _ttl_ms: u32) -> Result<(), Error> {
            with(|host| host.state.insert(key.to_owned(), value.to_vec()));
            Ok(())
        }
        /// Adds to the number stored under a key, and returns the sum. The time to live is ignored.
        ///
        /// # Errors
        /// Never.
        pub fn increment(key: &str, delta: f64, _ttl_ms: u32) -> Result<f64, Error> {
            with(|host| {
                let before = host
                    .state
                    .get(key)
                    .and_then(|bytes| Some(f64::from_le_bytes(bytes.as_slice().try_into().ok()?)));
                let after = before.unwrap_or(0.0) + delta;
                host.state.insert(key.to_owned(), after.to_le_bytes().to_vec());
                Ok(after)
            })
        }
    }

    pub mod notes {
        use super::{wire::notes::Error, with};

        /// Reads a note.
        pub fn get(key: &str) -> Option<Vec<u8>> {
            with(|host| host.notes.get(key).cloned())
        }
        /// Leaves a note.
        ///
        /// # Errors
        /// Never.
        pub fn put(key: &str, value: &[u8]) -> Result<(), Error> {
            with(|host| host.notes.insert(key.to_owned(), value.to_vec()));
            Ok(())
        }
        /// Adds a fact to the record of the exchange. `json` is JSON text.
        ///
        /// # Errors
        /// Never.
        pub fn publish(name: &str, json: &str) -> Result<(), Error> {
            with(|host| host.published.insert(name.to_owned(), json.to_owned()));
            Ok(())
        }
    }

    pub mod http {
        use super::wire::http::{Error, Request, Response};

        /// Answers from [`super::super::Host::http`].
        ///
        /// # Errors
        /// Those that the test's closure returns.
        pub fn send(request: &Request) -> Result<Response, Error> {
            let mut answer = super::with(|host| std::mem::replace(&mut host.http, Box::new(|_| Err(Error::Timeout))));
            let response = answer(request.clone());
            super::with(|host| host.http = answer);
            response
        }
    }
}
