//! Content that is no text: a guardrail is shown what its manifest asks for, and what it does not look at passes or is refused.

use sluice_tests::prelude::*;

/// A place in which a request may hold a medium.
struct Sent {
    medium: &'static str,
    url: &'static str,
    request: Value,
    /// Where the medium is.
    at: &'static str,
}

fn message(medium: &'static str, part: Value, at: &'static str) -> Sent {
    let words = json!({ "type": "text", "text": "what is this?" });
    Sent {
        medium,
        url: "/v1/chat/completions",
        request: json!({ "model": "chat", "messages": [{ "role": "user", "content": [words, part] }] }),
        at,
    }
}

fn tokens(url: &'static str, field: &str, tokens: Value, at: &'static str) -> Sent {
    let mut request = json!({ "model": "chat" });
    request[field] = tokens;
    Sent {
        medium: "tokens",
        url,
        request,
        at,
    }
}

/// The forms of <https://platform.openai.com/docs/api-reference/chat/create>, `…/completions/create` and `…/embeddings/create`, and
/// Anthropic's.
fn sent() -> Vec<Sent> {
    let image = "data:image/png;base64,iVBORw0KGgo=";
    let source = |kind: &str, source: Value| json!({ "type": kind, "source": source });
    vec![
        message(
            "image",
            json!({ "type": "image_url", "image_url": { "url": image, "detail": "low" } }),
            "/messages/0/content/1/image_url/url",
        ),
        message(
            "image",
            json!({ "type": "image_url", "image_url": "https://pictures.example/1.png" }),
            "/messages/0/content/1/image_url",
        ),
        message(
            "image",
            source(
                "image",
                json!({ "type": "url", "url": "https://pictures.example/1.png" }),
            ),
            "/messages/0/content/1/source/url",
        ),
        message(
            "image",
            source(
                "image",
                json!({ "type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo=" }),
            ),
            "/messages/0/content/1/source/data",
        ),
        message(
            "audio",
            json!({ "type": "input_audio", "input_audio": { "data": "UklGRg==", "format": "wav" } }),
            "/messages/0/content/1/input_audio/data",
        ),
        message(
            "video",
            json!({ "type": "video_url", "video_url": { "url": "https://pictures.example/1.mp4" } }),
            "/messages/0/content/1/video_url/url",
        ),
        message(
            "file",
            json!({ "type": "file", "file": { "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0=" } }),
            "/messages/0/content/1/file/file_data",
        ),
        message(
            "file",
            source(
                "document",
                json!({ "type": "base64", "media_type": "application/pdf", "data": "JVBERi0=" }),
            ),
            "/messages/0/content/1/source/data",
        ),
        tokens("/v1/completions", "prompt", json!([1, 2, 3]), "/prompt"),
        tokens("/v1/completions", "prompt", json!([[1, 2], [3]]), "/prompt/0"),
        tokens("/v1/embeddings", "input", json!([1, 2, 3]), "/input"),
        tokens("/v1/embeddings", "input", json!([[1, 2], [3]]), "/input/1"),
    ]
}

/// Answers with media, whole and as a chunk.
fn answered() -> Vec<(&'static str, Value)> {
    vec![
        (
            "image",
            json!({ "role": "assistant", "content": "here",
                "images": [{ "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0KGgo=" } }] }),
        ),
        (
            "audio",
            json!({ "role": "assistant", "content": "", "audio": { "id": "a", "data": "UklGRg==", "transcript": "here" } }),
        ),
    ]
}

fn whole(message: &Value) -> Value {
    let mut answer = openai::answer("");
    answer["choices"][0]["message"] = message.clone();
    answer
}

async fn guarded(upstream: &Upstream, params: Value) -> Gateway {
    let config = Config::new().openai("chat", upstream).guardrail("guard", params);
    Setup::new(&config).plugin(guests::GUARDRAIL).start().await
}

async fn filtered(upstream: &Upstream, unseen: &str) -> Gateway {
    let params = json!({ "guardrail": "content-filter", "mode": ["pre_call", "post_call"], "unseen": unseen,
        "blocked_words": [{ "keyword": "zebra", "action": "BLOCK" }] });
    guarded(upstream, params).await
}

fn upstream_answer(url: &str) -> Script {
    match url {
        "/v1/completions" => Script::json(200, &openai::completion("hello")),
        "/v1/embeddings" => Script::json(200, &openai::embeddings(1)),
        _ => openai::says("hello"),
    }
}

#[tokio::test]
async fn a_guardrail_is_shown_the_media_that_its_manifest_asks_for() {
    let upstream = Upstream::start().await;
    let marks = json!({ "guardrail": "probe-guardrail", "mode": "pre_call", "judge": "mark" });
    let gateway = guarded(&upstream, marks).await;
    for (number, sent) in sent().into_iter().enumerate() {
        upstream.then(upstream_answer(sent.url));
        let answer = gateway.client().post(sent.url, &sent.request).await;
        assert_eq!(answer.status, 200, "{}: {}", sent.request, answer.text());
        let arrived = upstream.requests()[number].json();
        let arrived = arrived.pointer(sent.at).unwrap();
        let before = sent.request.pointer(sent.at).unwrap();
        if sent.medium == "video" {
            assert_eq!(arrived, before, "it does not ask for videos");
            continue;
        }
        let text = before.as_str().map_or_else(|| before.to_string(), str::to_owned);
        assert_eq!(
            arrived.as_str(),
            Some(format!("[seen] {text}").as_str()),
            "{}",
            sent.request
        );
    }
}

#[tokio::test]
async fn what_a_guardrail_does_not_look_at_passes_unless_the_operator_says_otherwise() {
    let upstream = Upstream::start().await;
    let (open, closed) = (filtered(&upstream, "pass").await, filtered(&upstream, "block").await);
    for (number, sent) in sent().into_iter().enumerate() {
        upstream.then(upstream_answer(sent.url));
        assert_eq!(
            open.client().post(sent.url, &sent.request).await.status,
            200,
            "{}",
            sent.request
        );
        let message = closed.client().post(sent.url, &sent.request).await.message(400);
        assert!(
            message.contains(sent.medium) && message.contains("cannot look at"),
            "{message}: {}",
            sent.request
        );
        assert_eq!(upstream.count(), number + 1, "{}", sent.request);
    }
    upstream.then(openai::says("hello"));
    assert_eq!(closed.ask("chat", "text alone").await.content(), "hello");
}

#[tokio::test]
async fn media_of_answers_are_refused_too() {
    let upstream = Upstream::start().await;
    let gateway = filtered(&upstream, "block").await;
    for (medium, message) in answered() {
        upstream.then(Script::json(200, &whole(&message)));
        let refused = gateway.ask("chat", "draw").await.message(400);
        assert!(
            refused.contains(medium) && refused.contains("cannot look at"),
            "{refused}"
        );
        let chunks = [
            Event::data(&openai::chunk(&message, None)),
            Event::data(&openai::chunk(&json!({}), Some("stop"))),
        ];
        upstream.then(Script::events(chunks));
        let answer = gateway.client().chat(&openai::ask_streamed("chat", "draw")).await;
        let text = answer.text();
        assert!(text.contains(medium) && text.contains("cannot look at"), "{text}");
        assert!(!text.contains("iVBORw0KGgo=") && !text.contains("UklGRg=="), "{text}");
    }
}
