//! Each file in `cases/` is a list of cases: settings, the delivered records, the answers of a scripted endpoint, and
//! the expected requests and results. All deliveries of a case use one instance.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde::Deserialize;
use serde_json::Value;
use sluice_sdk::http::{Error, Request, Response};
use sluice_sdk::testing::Host;
use sluice_sdk::{DeliveryError, LoggingCallback, Plugin};
use webhook::Webhook;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    settings: Value,
    /// Batches; each is delivered by one call.
    #[serde(default)]
    deliveries: Vec<Vec<Value>>,
    /// For each request in turn, a status or the name of an error.
    #[serde(default)]
    answers: VecDeque<Value>,
    /// The expected requests, in order.
    #[serde(default)]
    requests: Vec<Expected>,
    /// For each delivery `ok`, `retry: …` or `reject: …`; or the one error that the settings cause.
    results: Vec<String>,
    #[serde(default)]
    logged: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    timeout_ms: Option<u32>,
    body: String,
}

/// All secrets in the cases contain this word, so that the test finds a leak anywhere.
const SECRET: &str = "hush";

#[test]
fn cases_deliver_as_written() {
    for file in [
        include_str!("../cases/formats.json"),
        include_str!("../cases/failures.json"),
    ] {
        let cases: Vec<Case> = serde_json::from_str(file).unwrap();
        assert!(!cases.is_empty());
        cases.into_iter().for_each(run);
    }
}

fn run(case: Case) {
    let sent = Rc::new(RefCell::new(Vec::new()));
    install(case.answers, Rc::clone(&sent));
    let results = deliver(&case.settings, &case.deliveries);
    assert_eq!(results, case.results, "{}", case.about);
    assert_eq!(Host::logged(), case.logged, "{}", case.about);
    assert!(
        !results.iter().chain(&Host::logged()).any(|text| text.contains(SECRET)),
        "{}",
        case.about
    );
    let sent = sent.borrow();
    assert_eq!(sent.len(), case.requests.len(), "{}", case.about);
    for (request, expected) in sent.iter().zip(case.requests) {
        compare(&case.about, request, expected);
    }
}

fn install(mut answers: VecDeque<Value>, sent: Rc<RefCell<Vec<Request>>>) {
    let http = move |request: Request| {
        sent.borrow_mut().push(request);
        answer(&answers.pop_front().expect("the case has an answer for each request"))
    };
    Host {
        http: Box::new(http),
        ..Host::default()
    }
    .install();
}

fn answer(script: &Value) -> Result<Response, Error> {
    match script.as_str() {
        None => Ok(Response {
            status: script.as_u64().unwrap() as u16,
            headers: Vec::new(),
            body: Vec::new(),
        }),
        Some("access-denied") => Err(Error::AccessDenied),
        Some("timeout") => Err(Error::Timeout),
        Some("too-large") => Err(Error::TooLarge),
        Some("unreachable") => Err(Error::Unreachable("connection refused".into())),
        Some("invalid") => Err(Error::Invalid(format!("bad value {SECRET}"))),
        Some(_) => Err(Error::Other(SECRET.into())),
    }
}

fn deliver(settings: &Value, deliveries: &[Vec<Value>]) -> Vec<String> {
    let settings = match serde_json::from_value(settings.clone()) {
        Ok(settings) => settings,
        Err(error) => return vec![error.to_string()],
    };
    let mut webhook = match Webhook::new(settings) {
        Ok(webhook) => webhook,
        Err(error) => return vec![error],
    };
    let told = |records: &Vec<Value>| match webhook.deliver(records.iter().map(Value::to_string).collect()) {
        Ok(()) => "ok".to_owned(),
        Err(DeliveryError::Retry(sentence)) => format!("retry: {sentence}"),
        Err(DeliveryError::Reject(sentence)) => format!("reject: {sentence}"),
    };
    deliveries.iter().map(told).collect()
}

fn compare(says: &str, request: &Request, expected: Expected) {
    assert_eq!(request.method, "POST", "{says}");
    assert_eq!(String::from_utf8_lossy(&request.body), expected.body, "{says}");
    if let Some(url) = expected.url {
        assert_eq!(request.url, url, "{says}");
    }
    if let Some(headers) = expected.headers {
        let sent: BTreeMap<_, _> = request
            .headers
            .iter()
            .map(|it| (it.name.clone(), it.value.clone()))
            .collect();
        assert_eq!(sent, headers, "{says}");
    }
    if let Some(timeout_ms) = expected.timeout_ms {
        assert_eq!(request.timeout_ms, timeout_ms, "{says}");
    }
}
