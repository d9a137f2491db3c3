//! A dialect of clients that is not OpenAI's: everything that a client reads passes it, and nothing inside knows of it.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sluice::canonical::Operation;
use sluice::exchange::dialect::Events;
use sluice::exchange::{self, Arrival, Cause, Dialect, Media, Refusal, Worker};
use sluice::plugin::egress::Egress;
use sluice::upstream::{Connections, Limits, tls};
use sluice_tests::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// Requests are `{"to": …, "say": …}`, answers are lines: `said: …`, `wrong: …`, `over`.
struct Lines;

/// The text in a canonical answer or chunk.
fn said(json: &str, part: &str) -> Option<String> {
    let json: Value = serde_json::from_str(json).ok()?;
    Some(json["choices"][0][part]["content"].as_str()?.to_owned())
}

impl Dialect for Lines {
    fn request(&self, body: Bytes) -> Result<Bytes, Refusal> {
        let no_line = |_| Refusal::new(Cause::BadRequest, "this is not what lines are made of");
        let asked: Value = serde_json::from_slice(&body).map_err(no_line)?;
        let messages = json!([{ "role": "user", "content": asked["say"] }]);
        let request = json!({ "model": asked["to"], "messages": messages, "stream": asked["slowly"] == true });
        Ok(request.to_string().into())
    }

    fn whole(&self, answer: Bytes) -> Result<Bytes, Refusal> {
        let text = said(std::str::from_utf8(&answer).unwrap_or_default(), "message");
        let text = text.ok_or_else(|| Refusal::new(Cause::Unsupported, "lines have no such thing"))?;
        Ok(format!("said: {text}\n").into())
    }

    fn refusal(&self, refusal: &Refusal) -> Bytes {
        format!("wrong: {}\n", refusal.message).into()
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(Self)
    }
}

impl Events for Lines {
    fn pass(&mut self, events: Bytes) -> Result<Bytes, Refusal> {
        let events = String::from_utf8_lossy(&events);
        let texts = events
            .lines()
            .filter_map(|line| said(line.strip_prefix("data: ")?, "delta"));
        let lines = texts
            .filter(|text| !text.is_empty())
            .map(|text| format!("said: {text}\n"));
        Ok(lines.collect::<String>().into())
    }

    fn refusal(&mut self, refusal: &Refusal) -> Bytes {
        Dialect::refusal(self, refusal)
    }

    fn end(&mut self) -> Bytes {
        Bytes::from_static(b"over\n")
    }
}

/// The status and the lines that a client gets.
async fn ask(gateway: &Gateway, asked: &str) -> (u16, Vec<String>) {
    let inside = gateway.inside();
    let worker = Arc::new(Worker {
        metrics: Arc::clone(&inside.metrics),
        connections: Connections::new(tls::client_config(None).unwrap(), Limits::default()),
        media: Media::new(Egress::new(tls::client_config(None).unwrap().as_ref().clone()).unwrap()),
    });
    let (mut client, server) = duplex(64 << 10);
    let length = asked.len();
    let request =
        format!("POST / HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{asked}");
    client.write_all(request.as_bytes()).await.unwrap();
    let service = service_fn(|request| {
        let arrival = Arrival {
            snapshot: inside.snapshot(),
            operation: Operation::ChatCompletions,
            dialect: Arc::new(Lines),
            path_model: None,
            request,
            peer: ([127, 0, 0, 1], 1).into(),
        };
        let worker = Arc::clone(&worker);
        async { Ok::<_, Infallible>(exchange::run(worker, arrival).await) }
    });
    let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
    served.await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let is_line = |line: &&str| ["said", "wrong", "over"].iter().any(|word| line.starts_with(word));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(!body.contains("choices") && !body.contains("[DONE]"), "{body}");
    (status, body.lines().filter(is_line).map(str::to_owned).collect())
}

#[tokio::test]
async fn requests_answers_streams_and_errors_pass_the_dialect() {
    let upstream = Upstream::start().await;
    let config = Config::new().mock("chat", "hello there").openai("broken", &upstream);
    let gateway = Gateway::start(&config).await;
    let line = |text: &str| vec![text.to_owned()];
    assert_eq!(
        ask(&gateway, r#"{"to": "chat", "say": "hi"}"#).await,
        (200, line("said: hello there"))
    );

    let (status, lines) = ask(&gateway, r#"{"to": "chat", "say": "hi", "slowly": true}"#).await;
    let told: String = lines.iter().filter_map(|line| line.strip_prefix("said: ")).collect();
    assert_eq!(
        (status, told.as_str(), lines.last().map(String::as_str)),
        (200, "hello there", Some("over"))
    );

    let (status, lines) = ask(&gateway, "hi").await;
    assert_eq!(
        (status, lines),
        (400, line("wrong: this is not what lines are made of"))
    );
    let (status, lines) = ask(&gateway, r#"{"to": "nobody", "say": "hi"}"#).await;
    assert!(
        status == 400 && lines[0].starts_with("wrong: no model group is called `nobody`"),
        "{lines:?}"
    );

    // A stream that breaks after its first content.
    upstream.always(Script::events(openai::pieces(&["Half of it", " and"])).then_breaks_off());
    let (status, lines) = ask(&gateway, r#"{"to": "broken", "say": "hi", "slowly": true}"#).await;
    assert_eq!(
        (status, lines.first().map(String::as_str)),
        (200, Some("said: Half of it"))
    );
    assert!(
        lines[lines.len() - 2].starts_with("wrong: ") && lines[lines.len() - 1] == "over",
        "{lines:?}"
    );
}
