//! Tests of the case runner with a tiny adapter: correct cases pass, and wrong ones are reported.

use serde_json::json;

use super::*;
use crate::{Fault, Framing, Header, Manifest, NoSettings, ProviderInfo};

/// Returns what the upstream answers, refuses the model `bad`, and ends streams with the number of their events.
struct Echo {
    events: usize,
}

impl Plugin for Echo {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new("echo", "0.0.0", "answers what it is told")
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self { events: 0 })
    }
}

impl ProviderAdapter for Echo {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        Vec::new()
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        if target.model == "bad" {
            return Err(Failure::new(Fault::Unsupported, "no").parameter("model"));
        }
        let streaming = crate::exchange::is_streaming();
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: "/echo".into(),
            headers: vec![Header {
                name: "X-Key".into(),
                value: crate::deployment::has_parameter("api_key").to_string(),
            }],
            body: RequestBody::MergePatch(br#"{"model":"m","n":null}"#.to_vec()),
            reading: if streaming {
                Reading::Events(Framing::ServerSentEvents)
            } else {
                Reading::Whole
            },
            auth: None,
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Ok(body)
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        self.events += batch.len();
        Ok(batch
            .iter()
            .flat_map(|event| [b"data: ", event.data.as_slice(), b"\n\n"].concat())
            .collect())
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        Ok(format!("data: {}\n\n", self.events).into_bytes())
    }
}

fn run(case: Value) -> Checked {
    serde_json::from_value::<Case>(case).unwrap().run::<Echo>()
}

fn whole_case() -> Value {
    json!({
        "about": "whole",
        "deployment": { "model": "echo/m", "api_key": "sk" },
        "request": { "model": "group", "n": 1, "messages": [] },
        "upstream_request": {
            "method": "POST", "path": "/echo", "headers": { "x-key": "true" }, "body": { "model": "m", "messages": [] },
        },
        "upstream_answer": { "body": { "id": "a", "n": 1 } },
        "answer": { "body": { "id": "<any>", "n": 1.0 } },
    })
}

fn stream_case() -> Value {
    json!({
        "about": "stream",
        "deployment": { "model": "echo/m" },
        "request": { "stream": true },
        "upstream_request": {},
        "upstream_answer": { "text": ": hello\nevent: a\ndata: 1\n\ndata: 2\r\n\r\ndata: [DONE]\n\ndata: 3\n\n" },
        "answer": { "chunks": [1, 2, 2] },
    })
}

#[test]
fn a_case_that_holds_passes() {
    assert_eq!(run(whole_case()), Ok(()));
    assert_eq!(run(stream_case()), Ok(()));
}

#[test]
fn differences_name_the_place() {
    let mut case = whole_case();
    case["upstream_request"]["body"]["n"] = json!(1);
    assert_eq!(
        run(case),
        Err(vec!["upstream_request.body.n: missing, expected 1".to_owned()])
    );

    let mut case = whole_case();
    case["answer"]["body"] = json!({ "id": "b", "n": 1 });
    assert_eq!(
        run(case),
        Err(vec![r#"answer.body.id: expected "b", got "a""#.to_owned()])
    );

    let mut case = stream_case();
    case["answer"]["chunks"] = json!([1, 2]);
    assert_eq!(run(case), Err(vec!["answer.chunks[2]: not expected, got 2".to_owned()]));
}

#[test]
fn refusals_compare_the_fields_given() {
    let mut case = whole_case();
    case["upstream_answer"] = json!({ "status": 429, "body": { "error": { "message": "slow down" } } });
    case["answer"] = json!({ "error": { "fault": "rate-limited", "message": "slow down", "code": null } });
    assert_eq!(run(case.clone()), Ok(()));
    case["answer"] = json!({ "error": { "fault": "overloaded" } });
    assert_eq!(
        run(case),
        Err(vec![
            r#"answer.error.fault: expected "overloaded", got "rate-limited""#.to_owned()
        ])
    );
}

#[test]
fn a_refused_open_needs_no_upstream() {
    let case = json!({
        "about": "refused",
        "deployment": { "model": "echo/bad" },
        "request": {},
        "answer": { "error": { "fault": "unsupported", "parameter": "model" } },
    });
    assert_eq!(run(case), Ok(()));
}

#[test]
#[should_panic(expected = "no case in")]
fn an_empty_folder_is_no_success() {
    run_adapter::<Echo>(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
}
