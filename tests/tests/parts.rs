//! Every part that holds text, by the table of parts: in requests, in whole answers and in streams, it is blocked, masked,
//! recorded and redacted. A part that is added to the table is walked by itself.

use std::collections::BTreeMap;

use sluice::canonical::fields::{FIELDS, Says};
use sluice::canonical::parts::{ANSWER, CHOICE, ENCODED, Holds, MESSAGE, PART, Part};
use sluice_tests::prelude::*;

/// A blocked word that JSON can write with an escape.
const WORD: &str = "Übergabe";
/// Its end, which no mask contains and no escape hides.
const END: &str = "bergabe";

/// One text in each of the forms in which a part can hold it.
struct Form {
    plain: &'static str,
    /// For a string that holds JSON.
    json: &'static str,
    /// For texts that no later chunk goes on with.
    complete: &'static str,
}

const WHOLE: Form = Form {
    plain: "the Übergabe plan",
    json: r#"{"note":"the \u00dcbergabe plan"}"#,
    complete: "the Übergabe plan",
};

/// The same in two chunks, cut inside the word and inside its escape.
const PIECES: [Form; 2] = [
    Form {
        plain: "the Über",
        json: r#"{"note":"the \u00d"#,
        complete: "the Übergabe plan",
    },
    Form {
        plain: "gabe plan",
        json: r#"cbergabe plan"}"#,
        complete: "",
    },
];

/// A value with the text at one of the places that the table names.
struct Sample {
    path: String,
    value: Value,
}

/// Content parts in content parts: a tool's result inside a message is as deep as providers go.
const DEPTH_MAX: usize = 6;

fn samples(holds: Holds, form: &Form, depth: usize) -> Vec<Sample> {
    let leaf = |text: &str| {
        vec![Sample {
            path: String::new(),
            value: text.into(),
        }]
    };
    if depth > DEPTH_MAX {
        return Vec::new();
    }
    match holds {
        Holds::Nothing | Holds::Media(_) | Holds::MediumOfType => Vec::new(),
        Holds::Text | Holds::TextOfType => leaf(form.plain),
        Holds::Complete if form.complete.is_empty() => vec![Sample {
            path: String::new(),
            value: Value::Null,
        }],
        Holds::Complete => leaf(form.complete),
        Holds::Json => leaf(form.json),
        Holds::Content | Holds::Input => {
            let mut samples = leaf(form.plain);
            let parts = members(PART, form, depth + 2);
            samples.extend(
                parts
                    .into_iter()
                    .map(|sample| sample.inside("[]", |part| json!([part]))),
            );
            samples
        }
        Holds::Object(parts) => members(parts, form, depth + 1),
        Holds::List(holds) => {
            let elements = samples(*holds, form, depth + 1);
            let listed = elements.into_iter().map(|sample| {
                sample.inside("[]", |mut element| {
                    element["index"] = 0.into();
                    json!([element])
                })
            });
            listed.collect()
        }
    }
}

/// Each member, and one that no table knows.
fn members(parts: &'static [Part], form: &Form, depth: usize) -> Vec<Sample> {
    let named = parts.iter().map(|part| (part.name, part.holds));
    let invented = [("invented", Holds::member(parts, "invented"))];
    let mut all = Vec::new();
    for (name, holds) in named.chain(invented) {
        for sample in samples(holds, form, depth) {
            all.push(sample.inside(name, |value| json!({ "type": "text", name: value })));
        }
    }
    all
}

impl Sample {
    fn inside(self, step: &str, wrap: impl FnOnce(Value) -> Value) -> Self {
        Self {
            path: format!("{step}.{}", self.path),
            value: wrap(self.value),
        }
    }
}

/// Something that a client sends, with the text in it.
struct Case {
    path: String,
    url: &'static str,
    request: Value,
}

fn requests() -> Vec<Case> {
    let fields = FIELDS.iter().filter_map(|(name, says)| match says {
        Says::Text(holds, _) => Some((*name, *holds)),
        _ => None,
    });
    let mut cases = Vec::new();
    for (name, holds) in fields.chain([("invented", Holds::Text)]) {
        for sample in samples(holds, &WHOLE, 0) {
            let (url, mut request) = match name {
                "prompt" | "suffix" => ("/v1/completions", json!({ "prompt": "hi" })),
                "input" => ("/v1/embeddings", json!({})),
                _ => ("/v1/chat/completions", openai::ask("chat", "hi")),
            };
            request["model"] = "chat".into();
            request[name] = sample.value;
            cases.push(Case {
                path: format!("{name} {}", sample.path),
                url,
                request,
            });
        }
    }
    cases
}

/// An upstream's answer, with the text in it.
struct Answered {
    path: String,
    script: Script,
    stream: bool,
}

fn whole_answers() -> Vec<Answered> {
    let message = samples(MESSAGE, &WHOLE, 0).into_iter().map(|sample| {
        let mut answer = openai::answer("fine");
        merge(&mut answer["choices"][0]["message"], sample.value);
        (format!("message {}", sample.path), answer)
    });
    let beside = |parts: &'static [Part], without: &[&str]| -> Vec<Sample> {
        let samples = members(parts, &WHOLE, DEPTH_MAX - 1).into_iter();
        samples
            .filter(|sample| !without.iter().any(|name| sample.path.starts_with(name)))
            .collect()
    };
    let choice = beside(CHOICE, &["message", "delta"]).into_iter().map(|sample| {
        let mut answer = openai::answer("fine");
        merge(&mut answer["choices"][0], sample.value);
        (format!("choice {}", sample.path), answer)
    });
    let answer = beside(ANSWER, &["choices"]).into_iter().map(|sample| {
        let mut answer = openai::answer("fine");
        merge(&mut answer, sample.value);
        (format!("answer {}", sample.path), answer)
    });
    let all = message.chain(choice).chain(answer);
    all.map(|(path, answer)| Answered {
        path,
        script: Script::json(200, &answer),
        stream: false,
    })
    .collect()
}

fn streams() -> Vec<Answered> {
    let pieces = PIECES.map(|form| samples(MESSAGE, &form, 0));
    let [first, second] = pieces;
    let streams = first.into_iter().zip(second).map(|(first, second)| {
        let deltas = [first.value, second.value].map(|delta| Event::data(&openai::chunk(&delta, None)));
        Answered {
            path: format!("delta {}", first.path),
            script: Script::events(deltas.into_iter().chain(openai::ending())),
            stream: true,
        }
    });
    streams.collect()
}

fn answers() -> Vec<Answered> {
    whole_answers().into_iter().chain(streams()).collect()
}

fn merge(into: &mut Value, from: Value) {
    for (name, value) in from.as_object().unwrap() {
        into[name] = value.clone();
    }
}

/// All texts of a document, JSON in strings read as such, one after the other.
fn texts(document: &Value) -> String {
    match document {
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inside) if inside.is_object() => texts(&inside),
            _ => text.clone(),
        },
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(fields) => fields.values().map(texts).collect(),
        _ => String::new(),
    }
}

struct Setup {
    gateway: Gateway,
    upstream: Upstream,
    receiver: Upstream,
}

impl Setup {
    /// A gateway that masks or blocks the word everywhere, or does neither; and records.
    async fn start(action: Option<&str>, redacts: bool) -> Self {
        let upstream = Upstream::start().await;
        upstream.decides(|request| match request.path.ends_with("embeddings") {
            true => Script::json(200, &openai::embeddings(1)),
            false if request.path.ends_with("chat/completions") => openai::says("fine"),
            false => Script::json(200, &openai::completion("fine")),
        });
        let receiver = Upstream::that_answers(Script::json(200, &json!({}))).await;
        let endpoint = json!({ "endpoint": format!("{}/in", receiver.base()) });
        let mut config = Config::new()
            .openai("chat", &upstream)
            .callback("webhook", endpoint, &receiver)
            .set("litellm_settings", json!({ "turn_off_message_logging": redacts }));
        if let Some(action) = action {
            let words = json!([{ "keyword": WORD, "action": action }]);
            let params =
                json!({ "guardrail": "content-filter", "mode": ["pre_call", "post_call"], "blocked_words": words });
            config = config.guardrail("words", params);
        }
        Self {
            gateway: Gateway::start(&config).await,
            upstream,
            receiver,
        }
    }

    /// What a client reads, and the exchange's id.
    async fn ask(&self, url: &str, request: &Value) -> (u16, String, String) {
        let answer = self.gateway.client().post(url, request).await;
        let id = answer.header("x-litellm-call-id").unwrap().to_owned();
        (answer.status, answer.text(), id)
    }

    async fn answered(&self, answered: &Answered) -> (u16, String, String) {
        self.upstream.always(answered.script.clone());
        let mut question = openai::ask("chat", "hi");
        question["stream"] = answered.stream.into();
        self.ask("/v1/chat/completions", &question).await
    }

    /// The records of these exchanges, in the same order.
    async fn records(&self, ids: &[String]) -> Vec<Value> {
        let records = eventually("the records to be delivered", async || {
            let batches = self.receiver.requests().into_iter().map(|request| request.json());
            let records = batches.flat_map(|batch| batch.as_array().cloned().unwrap_or_else(|| vec![batch]));
            let by_id = records.map(|record| {
                (
                    record["litellm_call_id"].as_str().unwrap_or_default().to_owned(),
                    record,
                )
            });
            let by_id: BTreeMap<String, Value> = by_id.collect();
            (by_id.len() == ids.len()).then_some(by_id)
        })
        .await;
        ids.iter().map(|id| records[id].clone()).collect()
    }
}

/// The documents of an answer: itself, or the data of its events.
fn documents(text: &str) -> Vec<Value> {
    match serde_json::from_str(text) {
        Ok(whole) => vec![whole],
        Err(_) => {
            let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
            data.filter_map(|data| serde_json::from_str(data).ok()).collect()
        }
    }
}

#[test]
fn the_walk_comes_to_every_part() {
    let paths: Vec<String> = requests().into_iter().map(|case| case.path).collect();
    for expected in [
        "messages [].content.",
        "prediction content.",
        "tools ",
        "suffix ",
        "invented ",
    ] {
        assert!(
            paths.iter().any(|path| path.starts_with(expected)),
            "{expected} in {paths:#?}"
        );
    }
    let paths: Vec<String> = streams().into_iter().map(|answered| answered.path).collect();
    for expected in [
        "reasoning.",
        "reasoning_details.",
        "function_call.arguments.",
        "tool_calls.",
        "content.[].thinking.",
    ] {
        let is_there = |path: &String| path.starts_with(&format!("delta {expected}"));
        assert!(paths.iter().any(is_there), "{expected} in {paths:#?}");
    }
    assert!(!ENCODED.is_empty());
}

#[tokio::test]
async fn every_part_of_a_request_is_blocked() {
    let setup = Setup::start(Some("BLOCK"), false).await;
    for case in requests() {
        let (status, text, _) = setup.ask(case.url, &case.request).await;
        assert_eq!((status, setup.upstream.count()), (400, 0), "{}: {text}", case.path);
    }
}

#[tokio::test]
async fn every_part_of_a_request_is_masked() {
    let setup = Setup::start(Some("MASK"), false).await;
    for case in requests() {
        let (status, text, _) = setup.ask(case.url, &case.request).await;
        assert_eq!(status, 200, "{}: {text}", case.path);
        let sent = texts(&setup.upstream.requests().pop().unwrap().json());
        assert!(!sent.contains(END) && sent.contains(" plan"), "{}: {sent}", case.path);
    }
}

#[tokio::test]
async fn every_part_of_an_answer_is_blocked() {
    let setup = Setup::start(Some("BLOCK"), false).await;
    for answered in answers() {
        let (status, text, _) = setup.answered(&answered).await;
        let path = &answered.path;
        let read: String = documents(&text).iter().map(texts).collect();
        assert!(!read.contains(END) && !read.contains(" plan"), "{path}: {read}");
        match answered.stream {
            true => assert!(
                text.contains("\"error\"") && text.ends_with("data: [DONE]\n\n"),
                "{path}: {text}"
            ),
            false => assert_eq!(status, 400, "{path}: {text}"),
        }
    }
}

#[tokio::test]
async fn every_part_of_an_answer_is_masked() {
    let setup = Setup::start(Some("MASK"), false).await;
    let (mut ids, all) = (Vec::new(), answers());
    for answered in &all {
        let (status, text, id) = setup.answered(answered).await;
        let path = &answered.path;
        assert_eq!(status, 200, "{path}: {text}");
        let read: String = documents(&text).iter().map(texts).collect();
        assert!(!read.contains(END) && read.contains(" plan"), "{path}: {read}");
        ids.push(id);
    }
    // The record has what the client got.
    for (record, answered) in setup.records(&ids).await.iter().zip(&all) {
        let recorded = texts(&record["response"]);
        assert!(
            !recorded.contains(END) && recorded.contains(" plan"),
            "{}: {recorded}",
            answered.path
        );
    }
}

#[tokio::test]
async fn every_part_is_recorded() {
    let setup = Setup::start(None, false).await;
    let (mut ids, requests, answers) = (Vec::new(), requests(), answers());
    for case in &requests {
        let (status, text, id) = setup.ask(case.url, &case.request).await;
        assert_eq!(status, 200, "{}: {text}", case.path);
        ids.push(id);
    }
    for answered in &answers {
        ids.push(setup.answered(answered).await.2);
    }
    let records = setup.records(&ids).await;
    for (case, record) in requests.iter().zip(&records) {
        let recorded = texts(record);
        assert!(recorded.contains(WHOLE.complete), "{}: {recorded}", case.path);
    }
    for (answered, record) in answers.iter().zip(&records[requests.len()..]) {
        let recorded = texts(&record["response"]);
        assert!(recorded.contains(WHOLE.complete), "{}: {recorded}", answered.path);
    }
}

#[tokio::test]
async fn no_part_is_recorded_where_messages_are_not_logged() {
    let setup = Setup::start(None, true).await;
    let (mut ids, mut paths) = (Vec::new(), Vec::new());
    for case in requests() {
        ids.push(setup.ask(case.url, &case.request).await.2);
        paths.push(case.path);
    }
    for answered in answers() {
        ids.push(setup.answered(&answered).await.2);
        paths.push(answered.path);
    }
    for (record, path) in setup.records(&ids).await.iter().zip(paths) {
        assert!(!texts(record).contains(END), "{path}: {record}");
    }
}

/// The table as data: an object's members by name, a list's elements in a list.
fn told(holds: Holds) -> Value {
    match holds {
        Holds::Nothing | Holds::Media(_) | Holds::MediumOfType => "nothing".into(),
        Holds::Text | Holds::Complete | Holds::TextOfType => "text".into(),
        Holds::Json => "json".into(),
        Holds::Content | Holds::Input => "content".into(),
        Holds::Object(parts) => told_parts(parts),
        Holds::List(holds) => json!([told(*holds)]),
    }
}

fn told_parts(parts: &[Part]) -> Value {
    parts
        .iter()
        .map(|part| (part.name.to_owned(), told(part.holds)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// `tests/sdk` compares it with the types of the official SDK. `UPDATE=1` writes it anew.
#[test]
fn the_table_that_the_sdk_is_compared_with_is_ours() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk/parts.json");
    let request: serde_json::Map<_, _> = FIELDS
        .iter()
        .map(|(name, says)| match says {
            Says::Text(holds, _) => ((*name).to_owned(), told(*holds)),
            _ => ((*name).to_owned(), "nothing".into()),
        })
        .collect();
    let table = json!({ "request": request, "message": told(MESSAGE), "part": told_parts(PART),
        "choice": told_parts(CHOICE), "answer": told_parts(ANSWER) });
    let table = serde_json::to_string_pretty(&table).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == table,
        "tests/sdk/parts.json is stale: run the tests with UPDATE=1"
    );
}
