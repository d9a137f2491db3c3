//! Cases of logging callbacks as data, a list of cases in each file: records, the requests that they cause, and the outcome.
//!
//! ```json
//! [
//!   {
//!     "about": "one sentence",
//!     "settings": { "endpoint": "https://logs.example/in" },
//!     "records": [{ "id": "1" }],
//!     "http": [
//!       { "request": { "method": "POST", "url": "https://logs.example/in", "body": [{ "id": "1" }] }, "response": { "status": 204 } }
//!     ],
//!     "outcome": "ok"
//!   }
//! ]
//! ```
//!
//! - `http` is what is sent, in order; of a request the given fields are compared. A `response` has a `status` and may have a
//!   `body`.
//! - `outcome` is `"ok"`, `{"retry": "…"}` or `{"reject": "…"}`.

use std::cell::RefCell;
use std::rc::Rc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Host, run_cases};
use crate::http::{Error, Request, Response};
use crate::{DeliveryError, LoggingCallback};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    #[serde(default)]
    settings: Value,
    records: Vec<Value>,
    #[serde(default)]
    http: Vec<Exchange>,
    outcome: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    request: Value,
    response: Answer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    #[serde(default)]
    body: Value,
}

/// Runs every case in the text of a file.
///
/// # Panics
/// If a case fails, after all cases have run. Also if there is no case, or one that cannot be read.
#[track_caller]
pub fn run<P: LoggingCallback>(file: &str) {
    run_cases(file, |case: Case| {
        let requests: Vec<Value> = case.http.iter().map(|exchange| exchange.request.clone()).collect();
        let expected = json!([requests, case.outcome]);
        (case.about.clone(), delivered::<P>(case), expected)
    });
}

/// What was sent, as far as the case says something of it, and the outcome.
fn delivered<P: LoggingCallback>(case: Case) -> Value {
    let sent = Rc::new(RefCell::new(Vec::new()));
    let settings = if case.settings.is_null() {
        json!({})
    } else {
        case.settings
    };
    let host = Host {
        settings: settings.to_string(),
        http: {
            let (sent, mut expected) = (Rc::clone(&sent), case.http.into_iter());
            Box::new(move |request| answer(&request, expected.next(), &mut sent.borrow_mut()))
        },
        ..Host::default()
    };
    host.install();
    let records = case.records.iter().map(Value::to_string).collect();
    let plugin = serde_json::from_value(settings)
        .map_err(|error| format!("settings: {error}"))
        .and_then(P::new);
    let outcome = match plugin.map(|mut plugin| plugin.deliver(records)) {
        Ok(Ok(())) => json!("ok"),
        Ok(Err(DeliveryError::Retry(reason))) => json!({ "retry": reason }),
        Ok(Err(DeliveryError::Reject(reason))) | Err(reason) => json!({ "reject": reason }),
    };
    let sent = sent.take();
    json!([sent, outcome])
}

fn answer(request: &Request, expected: Option<Exchange>, sent: &mut Vec<Value>) -> Result<Response, Error> {
    let text = || String::from_utf8_lossy(&request.body).into();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_else(|_| text());
    let whole = json!({ "method": request.method, "url": request.url, "body": body });
    let Some(Exchange { request, response }) = expected else {
        sent.push(whole);
        return Err(Error::Other("the case expects no further request".into()));
    };
    let Value::Object(mut shown) = whole else {
        return Err(Error::Timeout);
    };
    shown.retain(|name, _| request.get(name).is_some());
    sent.push(shown.into());
    Ok(Response {
        status: response.status,
        headers: Vec::new(),
        body: if response.body.is_null() {
            Vec::new()
        } else {
            response.body.to_string().into()
        },
    })
}
