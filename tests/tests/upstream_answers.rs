//! What an upstream can answer, and what follows: status, body, shape of a stream and the place where it breaks, row by row,
//! whole and streamed, for each dialect.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use sluice_tests::dialect::anthropic;
use sluice_tests::prelude::*;

/// What becomes of an exchange whose first deployment answers so. There is a second one that answers well.
#[derive(Debug, Clone, Copy)]
enum Follows {
    /// The answer is the client's.
    Answered(&'static str),
    /// The second deployment answers, and the client does not notice.
    Next,
    /// Nobody else is asked.
    Refused(u16),
    /// What came is the client's, then an error and `[DONE]`.
    Broken(&'static str),
}
use Follows::{Answered, Broken, Next, Refused};

/// A row: what it is, what the upstream does, what follows.
type Row = (&'static str, Script, Follows);

fn text(body: &str) -> Script {
    Script::text(200, "application/json", body)
}

fn status(status: u16) -> Script {
    Script::json(status, &openai::error("some_error", "some_code", "it says why"))
}

fn event_stream(status: u16, body: &str) -> Script {
    Script::text(status, "text/event-stream", body)
}

fn data(chunk: Value) -> Event {
    Event::data(&chunk)
}

fn said(text: &str, finish_reason: Option<&str>) -> Event {
    data(openai::chunk(&json!({ "content": text }), finish_reason))
}

/// Statuses mean the same for every dialect, with whatever body.
fn statuses() -> Vec<Row> {
    let follow = |code: u16| match code {
        400 | 422 => Refused(code),
        _ => Next,
    };
    let codes = [400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 504, 529];
    let mut rows: Vec<Row> = Vec::new();
    for code in codes {
        let follows = if code == 409 { Refused(400) } else { follow(code) };
        rows.push(("a status with an error object", status(code), follows));
        rows.push((
            "a status with a page",
            Script::text(code, "text/html", "<html>"),
            follows,
        ));
        rows.push((
            "a status with nothing",
            Script::text(code, "application/json", ""),
            follows,
        ));
        let event = format!("data: {}\n\n", openai::error("e", "c", "it says why"));
        rows.push(("a status with an event stream", event_stream(code, &event), follows));
    }
    rows
}

/// Errors that come with status 200, and answers that hold none.
fn empty_answers() -> Vec<(&'static str, Value)> {
    vec![
        ("an error", json!({ "error": { "message": "m", "code": 502 } })),
        ("an error without a code", json!({ "error": { "message": "m" } })),
        ("an error that is a text", json!({ "error": "m" })),
        (
            "an error object",
            json!({ "object": "error", "message": "m", "code": 500 }),
        ),
        (
            "a choice's error",
            json!({ "choices": [{ "index": 0, "error": { "message": "m", "code": 502 } }] }),
        ),
    ]
}

/// In a whole answer's list: what is none of what was asked for.
fn hollow_items() -> [Value; 4] {
    [
        json!({}),
        json!(null),
        json!({ "index": 0 }),
        json!({ "message": null, "text": null, "embedding": null }),
    ]
}

fn whole_openai() -> Vec<Row> {
    let mut rows = statuses();
    for (what, body) in empty_answers() {
        rows.push((what, Script::json(200, &body), Next));
    }
    let mut without = openai::answer("x");
    for (what, choices) in [("no choice", json!([])), ("null choices", json!(null))] {
        without["choices"] = choices;
        rows.push((what, Script::json(200, &without), Next));
    }
    for choice in hollow_items() {
        without["choices"] = json!([choice]);
        rows.push(("a choice without a message", Script::json(200, &without), Next));
    }
    let mut none_named = openai::answer("fine");
    for none in [json!(null), json!(false), json!(""), json!({})] {
        none_named["error"] = none;
        rows.push((
            "an error that is none",
            Script::json(200, &none_named),
            Answered("fine"),
        ));
    }
    without.as_object_mut().unwrap().remove("choices");
    let streamed = |events: Vec<Event>| events.iter().map(|event| event.framed("\n")).collect::<String>();
    let good = streamed(openai::stream(&["fi", "ne"]));
    let broken = streamed(openai::pieces(&["fi"]));
    let failed = streamed(vec![data(json!({ "error": { "message": "m" } }))]);
    rows.extend([
        ("absent choices", Script::json(200, &without), Next),
        ("a good answer", openai::says("fine"), Answered("fine")),
        ("nothing", text(""), Next),
        ("no status of content", Script::text(204, "application/json", ""), Next),
        ("null", text("null"), Next),
        ("a list", text("[]"), Next),
        ("a page", Script::text(200, "text/html", "<html>login</html>"), Next),
        ("half an answer", text(r#"{"choices":[{"message":{"content":"x"#), Next),
        (
            "an answer that breaks off",
            openai::says("fine").then_breaks_off(),
            Next,
        ),
        ("no answer", Script::hangs_up(), Next),
        ("a reset", Script::resets(), Next),
        ("a stream", event_stream(200, &good), Answered("fine")),
        ("a stream that breaks off", event_stream(200, &broken), Next),
        ("a stream with an error", event_stream(200, &failed), Next),
        ("an empty stream", event_stream(200, ""), Next),
    ]);
    let json = "application/json";
    rows.extend(compressed(json, &openai::answer("fine").to_string()));
    rows
}

/// A text that comes compressed, whole and not, and in ways that the gateway does not read.
fn compressed(content_type: &str, text: &str) -> [Row; 4] {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let sent = encoder.finish().unwrap();
    let encoded = |encoding: &str, data: &[u8]| {
        Script::text(200, content_type, "")
            .header("content-encoding", encoding)
            .then_segments(data.chunks(16))
    };
    [
        ("gzip", encoded("gzip", &sent), Answered("fine")),
        ("gzip that ends too early", encoded("gzip", &sent[..20]), Next),
        (
            "no gzip, whatever the head says",
            encoded("gzip", text.as_bytes()),
            Next,
        ),
        ("an encoding that nobody asked for", encoded("br", &sent), Next),
    ]
}

fn streamed_openai(after_content: &Gate) -> Vec<Row> {
    // What comes after content comes when the client has read it.
    let first = |event: Event| Script::events([event]).then_holds(after_content);
    let mut rows = statuses();
    for (what, body) in empty_answers() {
        rows.push((what, Script::events([data(body.clone())]), Next));
        rows.push((what, Script::json(200, &body), Next));
        let after_role = [
            data(openai::chunk(&json!({ "role": "assistant" }), None)),
            data(body.clone()),
        ];
        rows.push((what, Script::events(after_role), Next));
        rows.push((what, first(said("fi", None)).then_events([data(body)]), Broken("fi")));
    }
    let usage_only = [data(openai::usage_chunk()), Event::done()];
    let empty: [Event; 0] = [];
    rows.extend([
        ("a good stream", openai::streams(&["fi", "ne"]), Answered("fine")),
        ("a whole answer", openai::says("fine"), Answered("fine")),
        (
            "a whole answer without choices",
            Script::json(200, &json!({ "choices": [] })),
            Next,
        ),
        ("nothing", Script::events(empty), Next),
        ("the end alone", Script::events([Event::done()]), Next),
        ("usage and the end", Script::events(usage_only), Next),
        ("a comment", Script::segments([": hi\n\n"]), Next),
        (
            "an empty reason, then nothing",
            Script::events([said("", Some(""))]),
            Next,
        ),
        (
            "content with empty reasons, then nothing",
            first(said("fi", Some(""))),
            Broken("fi"),
        ),
        (
            "no end, but a reason",
            Script::events([said("fine", Some("stop"))]),
            Answered("fine"),
        ),
        (
            "an end, but no reason",
            Script::events([said("fine", None), Event::done()]),
            Answered("fine"),
        ),
        ("neither end nor reason", first(said("fi", None)), Broken("fi")),
        (
            "a break after content",
            first(said("fi", None)).then_breaks_off(),
            Broken("fi"),
        ),
        (
            "a reset after content",
            first(said("fi", None)).then_resets(),
            Broken("fi"),
        ),
        (
            "a break after the reason",
            Script::events([said("fine", Some("stop"))]).then_breaks_off(),
            Answered("fine"),
        ),
        (
            "half an event",
            Script::segments(["data: {\"choices\":[{\"delta\":{\"content\":\"x"]),
            Next,
        ),
        ("no answer", Script::hangs_up(), Next),
    ]);
    let stream: String = openai::stream(&["fine"])
        .iter()
        .map(|event| event.framed("\n"))
        .collect();
    rows.extend(compressed("text/event-stream", &stream));
    rows
}

fn whole_anthropic() -> Vec<Row> {
    let mut rows = statuses();
    rows.extend([
        ("a good answer", anthropic::says("fine"), Answered("fine")),
        (
            "an error",
            Script::json(200, &anthropic::error("overloaded_error", "m")),
            Next,
        ),
        ("nothing", text(""), Next),
        ("an object", text("{}"), Next),
        ("no JSON object", text("[]"), Next),
        (
            "half an answer",
            text(r#"{"type":"message","content":[{"type":"text","text":"x"#),
            Next,
        ),
        ("no status of content", Script::text(204, "application/json", ""), Next),
        ("a page", Script::text(200, "text/html", "<html>"), Next),
        ("no answer", Script::hangs_up(), Next),
    ]);
    rows
}

fn streamed_anthropic(after_content: &Gate) -> Vec<Row> {
    let begun = || Script::events(anthropic::pieces(&["fi"])).then_holds(after_content);
    let failed = || Event::named("error", &anthropic::error("overloaded_error", "m"));
    let opened = || anthropic::stream(&["x"]).into_iter().take(1);
    let mut rows = statuses();
    rows.extend([
        ("a good stream", anthropic::streams(&["fi", "ne"]), Answered("fine")),
        ("an error", Script::events([failed()]), Next),
        (
            "an error after the opening",
            Script::events(opened().chain([failed()])),
            Next,
        ),
        ("the opening alone", Script::events(opened()), Next),
        ("an error after content", begun().then_events([failed()]), Broken("fi")),
        ("a break after content", begun().then_breaks_off(), Broken("fi")),
        ("no answer", Script::hangs_up(), Next),
    ]);
    rows
}

/// A gateway whose first deployment is of this dialect.
async fn check(dialect: &str, streams: bool, rows: Vec<Row>, after_content: &Gate) {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    second.always(match streams {
        true => openai::streams(&["second"]),
        false => openai::says("second"),
    });
    let config = match dialect {
        "anthropic" => Config::new().anthropic("chat", &first),
        "azure" => Config::new().azure("chat", &first),
        _ => Config::new().openai("chat", &first),
    };
    let config = config
        .openai("chat", &second)
        .strategy("probe-strategy", json!({ "rank": "in-order" }))
        .set(
            "router_settings",
            json!({ "enable_mid_stream_fallback_continuation": false }),
        )
        .retries(2)
        .without_cooldowns();
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    let mut question = openai::ask("chat", "hi");
    question["stream"] = streams.into();
    for (what, script, follows) in rows {
        let row = format!("{dialect}, streamed {streams}, {what}: {follows:?}");
        first.always(script);
        let asked = second.count();
        if let Broken(text) = follows {
            let mut stream = gateway.client().chat_stream(&question).await;
            assert_eq!(stream.text().await.as_deref(), Some(text), "{row}");
            after_content.open_once();
            let rest = stream.rest().await;
            let is_error = |data: &String| data.contains("\"error\"");
            assert!(
                rest.iter().any(is_error) && rest.last().is_some_and(|last| last == "[DONE]"),
                "{row}: {rest:?}"
            );
            continue;
        }
        let answer = gateway.client().chat(&question).await;
        let (read, error) = read(&answer, streams);
        let asked = second.count() - asked;
        match follows {
            Answered(text) => assert_eq!(
                (answer.status, read.as_str(), error, asked),
                (200, text, false, 0),
                "{row}"
            ),
            Next => assert_eq!(
                (answer.status, read.as_str(), error, asked),
                (200, "second", false, 1),
                "{row}"
            ),
            Refused(status) => assert_eq!((answer.status, asked), (status, 0), "{row}: {}", answer.text()),
            Broken(_) => {}
        }
    }
}

/// The text of an answer, and whether an error came in its stream.
fn read(answer: &Answer, streams: bool) -> (String, bool) {
    if answer.status != 200 || !streams {
        let content = answer.json()["choices"][0]["message"]["content"].clone();
        return (content.as_str().unwrap_or_default().to_owned(), false);
    }
    let body = answer.text();
    let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
    let chunks: Vec<Value> = data.filter_map(|data| serde_json::from_str(data).ok()).collect();
    let has_error = chunks.iter().any(|chunk| chunk.get("error").is_some());
    (openai::text_of(&chunks), has_error)
}

#[tokio::test]
async fn whole_answers_of_openai() {
    check("openai", false, whole_openai(), &Gate::new()).await;
}

#[tokio::test]
async fn streamed_answers_of_openai() {
    let gate = Gate::new();
    check("openai", true, streamed_openai(&gate), &gate).await;
}

#[tokio::test]
async fn whole_answers_of_azure() {
    check("azure", false, whole_openai(), &Gate::new()).await;
}

#[tokio::test]
async fn streamed_answers_of_azure() {
    let gate = Gate::new();
    check("azure", true, streamed_openai(&gate), &gate).await;
}

#[tokio::test]
async fn whole_answers_of_anthropic() {
    check("anthropic", false, whole_anthropic(), &Gate::new()).await;
}

#[tokio::test]
async fn streamed_answers_of_anthropic() {
    let gate = Gate::new();
    check("anthropic", true, streamed_anthropic(&gate), &gate).await;
}

/// The same of the other operations: what each must hold is its own.
#[tokio::test]
async fn whole_answers_of_other_operations() {
    let completion = json!({ "model": "chat", "prompt": "hi" });
    let embedding = json!({ "model": "chat", "input": "hi" });
    let operations = [
        ("/v1/completions", completion, "choices", openai::completion("fine")),
        ("/v1/embeddings", embedding, "data", openai::embeddings(1)),
    ];
    for (path, question, list, good) in operations {
        let (first, second) = (
            Upstream::start().await,
            Upstream::that_answers(Script::json(200, &good)).await,
        );
        let params = |upstream: &Upstream| json!({ "model": "text-completion-openai/m", "api_base": format!("{}/v1", upstream.base()) });
        let embeds =
            |upstream: &Upstream| json!({ "model": "openai/m", "api_base": format!("{}/v1", upstream.base()) });
        let config = match list {
            "choices" => Config::new()
                .deployment("chat", params(&first))
                .deployment("chat", params(&second)),
            _ => Config::new()
                .deployment("chat", embeds(&first))
                .deployment("chat", embeds(&second)),
        };
        let config = config
            .strategy("probe-strategy", json!({ "rank": "in-order" }))
            .retries(1)
            .without_cooldowns();
        let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
        let mut bad: Vec<Value> = empty_answers().into_iter().map(|(_, body)| body).collect();
        let lists = hollow_items().into_iter().map(|item| json!([item]));
        for items in lists.chain([json!([]), json!(null), json!("none")]) {
            let mut body = good.clone();
            body[list] = items;
            bad.push(body);
        }
        for body in bad {
            first.always(Script::json(200, &body));
            let asked = (first.count(), second.count());
            let answer = gateway.client().post(path, &question).await;
            let asked = (first.count() - asked.0, second.count() - asked.1);
            assert_eq!((answer.status, asked), (200, (1, 1)), "{path}: {body}");
            assert_eq!(answer.json()[list], good[list], "{path}: {body}");
        }
    }
}

/// A failure is told as it is, at once, where nobody is left who could answer.
#[tokio::test]
async fn those_that_cannot_answer_are_not_waited_for() {
    let (claude, gpt) = (Upstream::start().await, Upstream::start().await);
    gpt.always(status(401));
    let config = Config::new()
        .anthropic("chat", &claude)
        .openai("chat", &gpt)
        .retries(2)
        .without_cooldowns();
    let gateway = Gateway::start(&config).await;
    let question = json!({ "model": "chat", "input": "hi" });
    let refused = gateway.client().post("/v1/embeddings", &question).await;
    assert!(refused.message(401).contains("it says why"), "{}", refused.text());
    assert_eq!((claude.count(), gpt.count()), (0, 1));
}

/// A firewall answers 403 to a text, so that it says nothing of the deployment.
#[tokio::test]
async fn a_forbidden_text_takes_no_deployment_out() {
    let upstream = Upstream::that_answers(Script::text(403, "text/html", "<html>blocked</html>")).await;
    let other = Upstream::that_answers(openai::says("fine")).await;
    let config = Config::new()
        .openai("chat", &upstream)
        .openai("chat", &other)
        .retries(1);
    let gateway = Gateway::start(&config).await;
    for _ in 0..20 {
        assert_eq!(gateway.ask("chat", "forbidden").await.content(), "fine");
    }
    let cooldowns = gateway.metric("litellm_deployment_cooled_down_total", &[]).await;
    assert!((cooldowns - 0.0).abs() < f64::EPSILON, "{cooldowns}");
    assert!(upstream.count() > 1, "one that was left out shows nothing");
}

/// 307 and 308 are followed within the origin, with the body, and not for ever.
#[tokio::test]
async fn a_redirect_within_the_origin_is_followed() {
    for code in [307, 308] {
        let upstream = Upstream::start().await;
        upstream.decides(move |request| match request.path.starts_with("/v1/moved") {
            true => openai::says("fine"),
            false => Script::text(code, "text/plain", "").header("location", "/v1/moved"),
        });
        let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
        assert_eq!(gateway.ask("chat", "the question").await.content(), "fine");
        let moved = upstream.requests().pop().unwrap();
        assert_eq!(moved.json()["messages"][0]["content"], "the question");
    }
    let upstream = Upstream::that_answers(Script::text(307, "text/plain", "").header("location", "/v1/again")).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream).retries(0)).await;
    let _ = gateway.ask("chat", "hi").await.error(500);
    assert_eq!(upstream.count(), 4);
    let elsewhere = Upstream::that_answers(openai::says("stolen")).await;
    let location = format!("{}/v1/chat/completions", elsewhere.base());
    upstream.always(Script::text(307, "text/plain", "").header("location", &location));
    let answer = gateway.ask("chat", "hi").await;
    assert_ne!(answer.status, 200);
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn answers_are_asked_for_as_they_are() {
    let upstream = Upstream::that_answers(openai::says("fine")).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    gateway.ask("chat", "hi").await;
    assert_eq!(upstream.request().await.header("accept-encoding"), Some("identity"));
}

/// What one adapter does not support is tried at another, whatever the retries say.
#[tokio::test]
async fn in_a_mixed_group_those_answer_that_can() {
    let (claude, gpt) = (Upstream::start().await, Upstream::start().await);
    claude.always(anthropic::says("claude"));
    gpt.decides(|request| match request.path.ends_with("embeddings") {
        true => Script::json(200, &openai::embeddings(1)),
        false => openai::says("gpt"),
    });
    let config = Config::new()
        .anthropic("chat", &claude)
        .openai("chat", &gpt)
        .strategy("probe-strategy", json!({ "rank": "in-order" }))
        .retries(0);
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    let client = gateway.client();
    let embeddings = client
        .post("/v1/embeddings", &json!({ "model": "chat", "input": "hi" }))
        .await;
    assert_eq!(embeddings.status, 200, "{}", embeddings.text());
    let mut question = openai::ask("chat", "hi");
    question["n"] = 2.into();
    assert_eq!(client.chat(&question).await.content(), "gpt");
    assert_eq!(client.chat(&openai::ask("chat", "hi")).await.content(), "claude");
    let only = Gateway::start(&Config::new().anthropic("chat", &claude)).await;
    let refused = only
        .client()
        .post("/v1/embeddings", &json!({ "model": "chat", "input": "hi" }))
        .await;
    assert!(
        refused.message(400).contains("does not serve embeddings"),
        "{}",
        refused.text()
    );
}

/// A lower order is gone through, then the next, whatever the retries say.
#[tokio::test]
async fn a_later_order_is_there_for_when_the_first_fails() {
    let (first, second) = (
        Upstream::start().await,
        Upstream::that_answers(openai::says("second")).await,
    );
    let params = |upstream: &Upstream, order: u32| json!({ "model": "openai/m", "api_base": format!("{}/v1", upstream.base()), "order": order });
    let config = Config::new()
        .deployment("chat", params(&first, 1))
        .deployment("chat", params(&second, 2))
        .retries(0)
        .without_cooldowns();
    let gateway = Gateway::start(&config).await;
    for code in [404, 429, 500] {
        first.always(status(code));
        assert_eq!(gateway.ask("chat", "hi").await.content(), "second", "{code}");
    }
    first.always(status(400));
    let _ = gateway.ask("chat", "hi").await.error(400);
}

/// A client that reads 401 takes its own key for wrong; addresses and names of variables are the operator's.
#[tokio::test]
async fn what_is_the_operators_is_not_told_to_clients() {
    let config = Config::new().entry(
        json!({ "model_name": "chat", "litellm_params": { "model": "openai/m", "api_base": "http://127.0.0.1:9/v1" } }),
    );
    let gateway = Gateway::start(&config.retries(0)).await;
    let message = gateway.ask("chat", "hi").await.message(500);
    assert!(
        !message.contains("OPENAI_API_KEY") && !message.contains("127.0.0.1"),
        "{message}"
    );
    let config = Config::new().deployment(
        "chat",
        json!({ "model": "openai/m", "api_base": "http://127.0.0.1:9/v1" }),
    );
    let gateway = Gateway::start(&config.retries(0)).await;
    let message = gateway.ask("chat", "hi").await.message(500);
    assert!(
        !message.contains("127.0.0.1") && !message.contains("api_base"),
        "{message}"
    );
}

/// An adapter has time by the size of what it is handed, and its failures are none of the deployment's.
#[tokio::test]
async fn a_large_image_is_translated_and_takes_no_deployment_out() {
    let upstream = Upstream::that_answers(anthropic::says("a cat")).await;
    let gateway = Gateway::start(&Config::new().anthropic("chat", &upstream).retries(0)).await;
    let image = format!("data:image/png;base64,{}", "A".repeat(7_000_000));
    let mut question = openai::ask("chat", "");
    question["messages"][0]["content"] =
        json!([{ "type": "text", "text": "what is it?" }, { "type": "image_url", "image_url": { "url": image } }]);
    for _ in 0..4 {
        assert_eq!(gateway.client().chat(&question).await.content(), "a cat");
    }
}
