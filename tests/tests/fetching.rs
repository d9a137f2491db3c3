//! Media that a request names by address, where the provider takes data only: the gateway fetches what the operator allows.

use sluice_tests::prelude::*;

/// The beginning of a PNG file, and the same in base64.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const PICTURE_BASE64: &str = "iVBORw0KGgo=";

/// Ollama at `upstream`, which fetches nothing, and the hosts from which the gateway may fetch.
fn ollama(upstream: &Upstream, hosts: &[String]) -> Config {
    Config::new()
        .deployment(
            "vision",
            json!({ "model": "ollama/llava", "api_base": upstream.base().trim_end_matches("/v1") }),
        )
        .set("litellm_settings", json!({ "user_url_allowed_hosts": hosts }))
}

fn says() -> Script {
    let message = json!({ "role": "assistant", "content": "a cat" });
    Script::json(
        200,
        &json!({ "model": "llava", "message": message, "done": true, "done_reason": "stop" }),
    )
}

fn picture() -> Script {
    Script::bytes(
        [
            b"HTTP/1.1 200 OK\r\ncontent-type: image/png; charset=binary\r\ncontent-length: 8\r\n\r\n".as_slice(),
            PICTURE,
        ]
        .concat(),
    )
}

/// `http://127.0.0.1:port`, as the operator writes it.
fn host(upstream: &Upstream) -> String {
    format!("http://{}", upstream.address())
}

fn question(group: &str, parts: &[Value]) -> Value {
    let text = json!({ "type": "text", "text": "What is this?" });
    let parts: Vec<_> = std::iter::once(text).chain(parts.iter().cloned()).collect();
    json!({ "model": group, "messages": [{ "role": "user", "content": parts }] })
}

fn image(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url, "detail": "low" } })
}

#[tokio::test]
async fn images_are_fetched_and_sent_as_data() {
    let (upstream, files) = (Upstream::that_answers(says()).await, Upstream::start().await);
    files.always(picture());
    let gateway = Gateway::start(&ollama(&upstream, &[host(&files)])).await;
    let url = format!("{}/a.png", host(&files));
    let parts = [
        image(&url),
        json!({ "type": "image_url", "image_url": url }),
        json!({ "type": "file", "file": { "file_id": url } }),
    ];
    let answer = gateway.client().chat(&question("vision", &parts)).await;
    assert_eq!((answer.status, answer.content()), (200, "a cat".to_owned()));
    assert_eq!(
        upstream.request().await.json()["messages"][0]["images"],
        json!([PICTURE_BASE64, PICTURE_BASE64, PICTURE_BASE64])
    );
    assert_eq!(files.count(), 1, "one address is fetched once");
    let asked = files.request().await;
    assert_eq!((asked.header("authorization"), asked.header("cookie")), (None, None));
}

#[tokio::test]
async fn streams_wait_for_what_is_fetched() {
    let (upstream, files) = (Upstream::start().await, Upstream::that_answers(picture()).await);
    let chunk = json!({ "message": { "content": "a cat" }, "done": false });
    let end = json!({ "message": { "content": "" }, "done": true, "done_reason": "stop" });
    let lines = format!("{chunk}\n{end}\n");
    upstream.always(Script::text(200, "application/x-ndjson", &lines));
    let gateway = Gateway::start(&ollama(&upstream, &[host(&files)])).await;
    let mut asked = question("vision", &[image(&format!("{}/a.png", host(&files)))]);
    asked["stream"] = true.into();
    let answer = gateway.client().chat(&asked).await;
    assert!(answer.text().contains("a cat"), "{}", answer.text());
    assert_eq!(
        upstream.request().await.json()["messages"][0]["images"],
        json!([PICTURE_BASE64])
    );
}

#[tokio::test]
async fn documents_are_fetched_for_bedrock() {
    let files = Upstream::start().await;
    let pdf = Script::text(200, "application/pdf", "%PDF-1.7");
    files.always(pdf);
    let upstream = Upstream::start().await;
    upstream.always(Script::json(
        200,
        &json!({
            "output": { "message": { "role": "assistant", "content": [{ "text": "a page" }] } },
            "stopReason": "end_turn",
            "usage": { "inputTokens": 1, "outputTokens": 1, "totalTokens": 2 },
        }),
    ));
    let params = json!({
        "model": "bedrock/anthropic.claude-sonnet-4-5-v1:0",
        "aws_bedrock_runtime_endpoint": upstream.base().trim_end_matches("/v1"),
        "aws_region_name": "us-east-1",
        "api_key": "sk-bedrock",
    });
    let config = Config::new()
        .deployment("pages", params)
        .set("litellm_settings", json!({ "user_url_allowed_hosts": [host(&files)] }));
    let gateway = Gateway::start(&config).await;
    let url = format!("{}/a.pdf", host(&files));
    let part = json!({ "type": "file", "file": { "file_id": url, "filename": "a.pdf" } });
    let answer = gateway.client().chat(&question("pages", &[part])).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = upstream.request().await.json();
    let document = &sent["messages"][0]["content"][1]["document"];
    assert_eq!(
        (&document["format"], &document["source"]["bytes"]),
        (&json!("pdf"), &json!("JVBERi0xLjc=")),
        "{sent}"
    );
}

/// What the client is told when its picture at `url` is not fetched. The provider is not asked.
async fn refused(hosts: &[String], url: &str) -> String {
    let upstream = Upstream::that_answers(says()).await;
    let gateway = Gateway::start(&ollama(&upstream, hosts)).await;
    let answer = gateway.client().chat(&question("vision", &[image(url)])).await;
    let error = answer.error(400);
    assert_eq!(error["param"], "messages[0].content[1].image_url", "{error}");
    assert_eq!(upstream.count(), 0);
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_is_fetched_from_hosts_that_the_operator_does_not_allow() {
    let files = Upstream::that_answers(picture()).await;
    let port = files.address().port();
    let url = format!("{}/a.png", host(&files));
    let other = "pictures.example".to_owned();
    for (hosts, url) in [
        (vec![], url.as_str()),
        (vec![other.clone()], &url),
        // Every host that has a name: neither an address nor this machine.
        (vec!["*".to_owned(), "http://*".to_owned()], &url),
        (vec!["http://*".to_owned()], &format!("http://localhost:{port}/a.png")),
        (vec!["http://*".to_owned()], &format!("http://[::1]:{port}/a.png")),
        // Without TLS only where the operator says so.
        (vec![files.address().to_string()], &url),
        (
            vec![host(&files)],
            &format!("http://user:word@{}/a.png", files.address()),
        ),
        (vec![host(&files)], "ftp://pictures.example/a.png"),
        (vec![host(&files)], "file:///etc/passwd"),
    ] {
        let said = refused(&hosts, url).await;
        assert_eq!(
            said, "Ollama does not take images by address; send the data as a `data:` URI",
            "{url}"
        );
    }
    assert_eq!(files.count(), 0);
}

#[tokio::test]
async fn what_cannot_be_fetched_is_the_clients_to_mend() {
    let files = Upstream::start().await;
    let elsewhere = Upstream::that_answers(picture()).await;
    let moved = |to: &str| Script::text(302, "text/plain", "").header("location", to);
    let url = format!("{}/a.png", host(&files));
    for script in [
        Script::text(404, "text/plain", "no"),
        Script::hangs_up(),
        moved(&format!("{}/a.png", host(&elsewhere))),
        moved("file:///etc/passwd"),
    ] {
        files.then(script);
        let said = refused(&[host(&files)], &url).await;
        assert!(said.starts_with("Ollama does not take images by address"), "{said}");
    }
    // In a circle.
    files.always(moved("/a.png"));
    let said = refused(&[host(&files)], &url).await;
    assert!(said.ends_with("the gateway could not fetch it"), "{said}");
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_kept() {
    let files = Upstream::start().await;
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 99999999999\r\n\r\n".to_vec();
    files.always(Script::bytes(head).then_repeats(vec![0; 64 << 10]));
    let said = refused(&[host(&files)], &format!("{}/a.png", host(&files))).await;
    assert!(said.ends_with("the gateway fetched more than it may"), "{said}");
}

#[tokio::test]
async fn a_request_names_sixteen_media_at_most() {
    let (upstream, files) = (Upstream::that_answers(says()).await, Upstream::start().await);
    files.always(picture());
    let gateway = Gateway::start(&ollama(&upstream, &[host(&files)])).await;
    let parts: Vec<_> = (0..17)
        .map(|number| image(&format!("{}/{number}.png", host(&files))))
        .collect();
    let answer = gateway.client().chat(&question("vision", &parts)).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!((files.count(), upstream.count()), (16, 0));
}

#[tokio::test]
async fn a_redirect_within_what_is_allowed_is_followed() {
    let (upstream, files) = (Upstream::that_answers(says()).await, Upstream::start().await);
    files.then(Script::text(301, "text/plain", "").header("location", "/b.png"));
    files.then(picture());
    let gateway = Gateway::start(&ollama(&upstream, &[host(&files)])).await;
    let url = format!("{}/a.png", host(&files));
    let answer = gateway.client().chat(&question("vision", &[image(&url)])).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn a_file_is_fetched_once_for_all_attempts() {
    let (broken, upstream) = (Upstream::start().await, Upstream::that_answers(says()).await);
    broken.always(Script::text(500, "text/plain", "no"));
    let files = Upstream::that_answers(picture()).await;
    let params = |upstream: &Upstream, order: u32| json!({ "model": "ollama/llava", "api_base": upstream.base().trim_end_matches("/v1"), "order": order });
    let config = Config::new()
        .deployment("vision", params(&broken, 1))
        .deployment("vision", params(&upstream, 2))
        .set("litellm_settings", json!({ "user_url_allowed_hosts": [host(&files)] }));
    let gateway = Gateway::start(&config).await;
    let url = format!("{}/a.png", host(&files));
    let answer = gateway.client().chat(&question("vision", &[image(&url)])).await;
    assert_eq!(answer.content(), "a cat", "{}", answer.text());
    assert_eq!((broken.count(), upstream.count(), files.count()), (1, 1, 1));
}

#[tokio::test]
async fn a_deployment_that_fetches_itself_is_given_the_address() {
    let (ollama_at, openai_at) = (
        Upstream::start().await,
        Upstream::that_answers(openai::says("a cat")).await,
    );
    let config = ollama(&ollama_at, &[]).openai("vision", &openai_at);
    let gateway = Gateway::start(&config).await;
    let url = "https://pictures.example/a.png";
    for _ in 0..8 {
        let answer = gateway.client().chat(&question("vision", &[image(url)])).await;
        assert_eq!(answer.content(), "a cat");
    }
    assert_eq!(ollama_at.count(), 0);
    let sent = openai_at.request().await.json();
    assert_eq!(sent["messages"][0]["content"][1]["image_url"]["url"], url);
}
