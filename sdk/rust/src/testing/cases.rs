//! Adapter cases as data: a folder of JSON files. Each file is one exchange: the client's request, the adapter's output
//! and the upstream's answer. The whole-gateway tests run the same files through the component and real HTTP.
//!
//! ```json
//! {
//!   "about": "one sentence",
//!   "operation": "chat-completions",
//!   "deployment": { "model": "anthropic/claude-sonnet-4-5", "api_key": "sk-test" },
//!   "request": { "model": "any group", "messages": [] },
//!   "upstream_request": { "method": "POST", "path": "/v1/messages", "headers": { "lower-case": "a subset" }, "body": {} },
//!   "upstream_answer": { "status": 200, "headers": {}, "body": {} },
//!   "answer": { "body": {} }
//! }
//! ```
//!
//! - `model_info` is the deployment's `model_info` in the configuration. Of its fields an adapter sees `base_model` and
//!   `max_output_tokens`; the gateway fills in the latter for many models.
//! - `operation` defaults to `chat-completions`. Leave `upstream_request` out if `open` refuses the request.
//! - The `body` of `upstream_request` is `{"upload": "file"}` if the file of a form is sent without the form.
//! - `upstream_answer` has a `body`, or a `text` that is sent unchanged, or `events`
//!   (`{"event": "name", "data": {…}}`).
//! - `answer` has a `body`, or `chunks`, or an `error`, of which only the given fields are compared (`fault`,
//!   `message`, `code`, `parameter`). `chunks` together with an `error` are the chunks before the error. If the adapter
//!   relays, `answer` may be left out.
//! - The string `<any>` in an expected document matches every value. Numbers are compared by value, objects without
//!   regard to order.
//!
//! Each case starts with a new plugin ([`Plugin::new`] with the settings of a default [`Host`]). Event streams run
//! twice, in one batch and one event at a time, and both runs must give the same result.

mod compare;
pub mod mutations;
mod outcome;
mod stream;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::{HOST, Host};
use crate::{Event, Failure, Plugin, ProviderAdapter, Reading, RequestBody, Target, UpstreamRequest};
use compare::{compare, merge};
use outcome::{Outcome, compare_outcome, describe, outcome_of_whole, settle};

/// Parameters whose values the adapter never gets: it only learns that they are set.
const CREDENTIALS: [&str; 8] = [
    "api_key",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "azure_ad_token",
    "azure_password",
    "client_secret",
    "vertex_credentials",
];

/// The fields of `model_info` that the host gives to adapters.
const OF_MODEL_INFO: [&str; 2] = ["base_model", "max_output_tokens"];

/// Runs every `*.json` file of the folder through the adapter.
///
/// # Panics
/// If a case fails, after all cases have run, with the file name and the differences of each failed case. Also if the
/// folder has no case, or a case that cannot be read.
pub fn run_adapter<P: ProviderAdapter>(folder: impl AsRef<Path>) {
    let files = case_files(folder.as_ref());
    assert!(!files.is_empty(), "no case in {}", folder.as_ref().display());
    let failed: Vec<String> = files.iter().filter_map(|file| report::<P>(file)).collect();
    assert!(
        failed.is_empty(),
        "{} of {} cases do not hold\n\n{}",
        failed.len(),
        files.len(),
        failed.join("\n")
    );
}

fn case_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder that opened can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

/// Runs one case; returns what is wrong with it, if anything.
fn report<P: ProviderAdapter>(file: &Path) -> Option<String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: not a case: {error}"));
    let outcome = catch_unwind(AssertUnwindSafe(|| case.run::<P>()));
    let differences = outcome.unwrap_or_else(|_| Err(vec!["the adapter panicked; its message stands above".into()]));
    let lines = differences.err()?;
    Some(format!("{name}: {}\n  {}\n", case.about, lines.join("\n  ")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    #[serde(default = "chat_completions")]
    operation: String,
    deployment: BTreeMap<String, Value>,
    #[serde(default)]
    model_info: BTreeMap<String, Value>,
    request: Value,
    upstream_request: Option<ExpectedRequest>,
    upstream_answer: Option<Answer>,
    answer: Option<Expected>,
}

fn chat_completions() -> String {
    "chat-completions".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedRequest {
    method: Option<String>,
    path: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
}

/// The upstream's answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    text: Option<String>,
    events: Option<Vec<AnswerEvent>>,
}

fn ok() -> u16 {
    200
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerEvent {
    #[serde(default)]
    event: String,
    data: Value,
}

/// The expected answer to the client.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    body: Option<Value>,
    chunks: Option<Vec<Value>>,
    error: Option<BTreeMap<String, Value>>,
}

type Checked = Result<(), Vec<String>>;

impl Case {
    fn run<P: ProviderAdapter>(&self) -> Checked {
        let opened = self.open::<P>();
        let Some(answer) = &self.upstream_answer else {
            let failure = opened
                .err()
                .ok_or_else(|| vec!["`open` succeeded, and there is no upstream_answer".into()])?;
            return self.check(&Outcome {
                failure: Some(describe(&failure)),
                ..Outcome::default()
            });
        };
        let (mut adapter, sent) = opened.map_err(|failure| vec![format!("`open` failed: {}", describe(&failure))])?;
        self.check_sent(&sent)?;
        HOST.with_borrow_mut(|host| host.response_headers.clone_from(&answer.headers));
        if !(200..300).contains(&answer.status) {
            return self.check(&self.refused(&mut adapter, answer)?);
        }
        match &sent.reading {
            Reading::Relay => self.check_relayed(answer),
            Reading::Events(framing) if answer.body.is_none() => {
                let events = stream::events_of(answer, *framing)?;
                let at_once = stream::hand_over(&mut adapter, vec![events.clone()])?;
                let (mut again, _) = self
                    .open::<P>()
                    .map_err(|_| vec!["a second `open` failed".to_string()])?;
                let one_by_one = stream::hand_over(&mut again, events.into_iter().map(|event| vec![event]).collect())?;
                self.check_agree(at_once, one_by_one)
            }
            Reading::Whole | Reading::Events(_) => self.check(&outcome_of_whole(adapter.whole(answer.bytes()))?),
        }
    }

    /// A new plugin on a new host, after `open`.
    fn open<P: ProviderAdapter>(&self) -> Result<(P, UpstreamRequest), Failure> {
        self.host().install();
        let mut adapter = fresh::<P>();
        adapter.open(&self.target()).map(|sent| (adapter, sent))
    }

    fn host(&self) -> Host {
        let (credentials, parameters): (Vec<_>, Vec<_>) = self
            .deployment
            .iter()
            .chain(
                self.model_info
                    .iter()
                    .filter(|(name, _)| OF_MODEL_INFO.contains(&name.as_str())),
            )
            .partition(|(name, _)| CREDENTIALS.contains(&name.as_str()));
        Host {
            body: self.request.to_string().into_bytes(),
            operation: self.operation.clone(),
            parameters: parameters
                .into_iter()
                .map(|(name, value)| (name.clone(), value.to_string()))
                .collect(),
            credentials: credentials.into_iter().map(|(name, _)| name.clone()).collect(),
            ..Host::default()
        }
    }

    fn target(&self) -> Target {
        let model = self
            .deployment
            .get("model")
            .and_then(Value::as_str)
            .expect("a deployment names its model");
        let (provider, model) = model.split_once('/').expect("a case's model is `provider/name`");
        Target {
            provider: provider.into(),
            model: model.into(),
        }
    }

    fn check_sent(&self, sent: &UpstreamRequest) -> Checked {
        let Some(expected) = &self.upstream_request else {
            return Err(vec![
                "`open` succeeded, and there is no upstream_request to compare with".into(),
            ]);
        };
        let mut differences = Vec::new();
        let mut text = |at: &str, expected: Option<&str>, got: Option<&str>| {
            if expected.is_some() && expected != got {
                differences.push(format!("upstream_request.{at}: expected {expected:?}, got {got:?}"));
            }
        };
        text("method", expected.method.as_deref(), Some(&sent.method));
        text("path", expected.path.as_deref(), Some(&sent.path_and_query));
        for (name, value) in &expected.headers {
            let got = sent
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name));
            text(
                &format!("headers.{name}"),
                Some(value),
                got.map(|header| header.value.as_str()),
            );
        }
        if let Some(body) = &expected.body {
            compare(
                "upstream_request.body",
                body,
                &self.sent_body(&sent.body)?,
                &mut differences,
            );
        }
        settle(differences)
    }

    /// The body as the host would send it.
    fn sent_body(&self, body: &RequestBody) -> Result<Value, Vec<String>> {
        let parse = |bytes: &[u8]| {
            serde_json::from_slice(bytes).map_err(|error| {
                vec![format!(
                    "upstream_request.body is no JSON: {error}\n  {}",
                    String::from_utf8_lossy(bytes)
                )]
            })
        };
        match body {
            RequestBody::Empty => Ok(Value::Null),
            RequestBody::Unchanged => Ok(self.request.clone()),
            RequestBody::MergePatch(patch) => Ok(merge(self.request.clone(), parse(patch)?)),
            RequestBody::Bytes(bytes) => parse(bytes),
            RequestBody::Upload(field) => Ok(serde_json::json!({ "upload": field })),
        }
    }

    /// Calls `refuse` on an instance that has seen `open` and on one that has not: the host may use either.
    fn refused<P: ProviderAdapter>(&self, adapter: &mut P, answer: &Answer) -> Result<Outcome, Vec<String>> {
        let opened = describe(&adapter.refuse(&self.target(), answer.status, answer.bytes()));
        let unopened = describe(&fresh::<P>().refuse(&self.target(), answer.status, answer.bytes()));
        if opened != unopened {
            return Err(vec![format!(
                "`refuse` says {opened} after `open`, and {unopened} without"
            )]);
        }
        Ok(Outcome {
            failure: Some(opened),
            ..Outcome::default()
        })
    }

    fn check_relayed(&self, answer: &Answer) -> Checked {
        let Some(expected) = &self.answer else { return Ok(()) };
        let chunks = match &expected.chunks {
            Some(_) => Some(stream::relayed_chunks(answer)?),
            None => None,
        };
        let body = serde_json::from_slice(&answer.bytes()).ok();
        compare_outcome(
            expected,
            &Outcome {
                body,
                chunks,
                failure: None,
            },
        )
    }

    /// The result must not depend on how the events are batched. Only chunks that came in the same batch as a failure
    /// may be missing.
    fn check_agree(&self, at_once: Outcome, one_by_one: Outcome) -> Checked {
        let agree = at_once.without_time() == one_by_one.without_time()
            || (at_once.failure.is_some() && at_once.failure == one_by_one.failure);
        self.check(&one_by_one)?;
        if agree {
            Ok(())
        } else {
            self.check(&at_once)
                .and(Err(vec!["batches change what the stream says".into()]))
        }
    }

    fn check(&self, outcome: &Outcome) -> Checked {
        let Some(expected) = &self.answer else {
            return Err(vec!["the adapter does not relay, so the case needs an `answer`".into()]);
        };
        compare_outcome(expected, outcome)
    }
}

impl Answer {
    /// The body of the answer as bytes; events are framed as server-sent events.
    fn bytes(&self) -> Vec<u8> {
        match (&self.body, &self.text, &self.events) {
            (Some(body), ..) => body.to_string().into_bytes(),
            (None, Some(text), _) => text.clone().into_bytes(),
            (None, None, Some(events)) => stream::framed(events),
            (None, None, None) => Vec::new(),
        }
    }
}

fn fresh<P: ProviderAdapter>() -> P {
    let settings = serde_json::from_str(&crate::import::settings()).expect("the default settings fit every adapter");
    <P as Plugin>::new(settings).expect("the default settings make sense")
}

#[cfg(test)]
mod tests;
