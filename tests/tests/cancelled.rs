//! A client may hang up at any time. Wherever an exchange is dropped, it ends once: it is counted and recorded, and holds nothing.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sluice::canonical::Operation;
use sluice::exchange::Worker;
use sluice::exchange::dialect::openai::OpenAi;
use sluice::exchange::{self, Arrival, Media};
use sluice::plugin::egress::Egress;
use sluice::snapshot::Snapshot;
use sluice::upstream::{Connections, Limits, tls};
use sluice_tests::prelude::*;
use sluice_tests::wait::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// More often than any of these exchanges is polled.
const POLLS_MAX: usize = 2_000;

/// Runs the same exchange again and again, each time dropped one poll later, until it is not dropped any more.
async fn ends_once(config: Config, question: Value) {
    let gateway = Gateway::start(&config).await;
    let inside = gateway.inside();
    let worker = Arc::new(Worker {
        metrics: Arc::clone(&inside.metrics),
        connections: Connections::new(tls::client_config(None).unwrap(), Limits::default()),
        media: Media::new(Egress::new(tls::client_config(None).unwrap().as_ref().clone()).unwrap()),
    });
    let begun = AtomicU32::new(0);
    let mut whole = None;
    for polls in 0..POLLS_MAX {
        let answer = within(
            "an exchange",
            cut_after(polls, &worker, inside.snapshot(), &begun, &question),
        )
        .await;
        assert_eq!(inside.metrics.in_flight.get(), 0, "after {polls} polls");
        if answer.is_some() {
            whole = answer;
            break;
        }
    }
    let whole = whole.expect("an exchange needs fewer polls");
    assert!(whole.starts_with("HTTP/1.1 200"), "{whole}");
    let begun = begun.into_inner();
    assert!(begun > 5, "{begun} exchanges");
    let counted = gateway.metric("litellm_proxy_total_requests_metric_total", &[]).await;
    assert_eq!(counted, f64::from(begun));
    for deployment in inside.snapshot().groups.deployments() {
        assert_eq!(deployment.health.in_flight(), 0, "{}", deployment.settings.id);
    }
}

/// One exchange on a connection that is dropped after so many polls. Returns the answer if it ends before.
async fn cut_after(
    polls: usize,
    worker: &Arc<Worker>,
    snapshot: Arc<Snapshot>,
    begun: &AtomicU32,
    question: &Value,
) -> Option<String> {
    let (mut client, server) = duplex(64 << 10);
    let body = question.to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let service = service_fn(|request| {
        let worker = Arc::clone(worker);
        let arrival = Arrival {
            snapshot: Arc::clone(&snapshot),
            operation: Operation::ChatCompletions,
            dialect: Arc::new(OpenAi),
            path_model: None,
            request,
            peer: ([127, 0, 0, 1], 1).into(),
        };
        async {
            begun.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(exchange::run(worker, arrival).await)
        }
    });
    {
        let mut connection =
            pin!(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service));
        let mut left = polls;
        let ended = poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(false);
            }
            left -= 1;
            connection.as_mut().poll(cx).map(|_| true)
        });
        if !ended.await {
            return None;
        }
    }
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    Some(answer)
}

#[tokio::test]
async fn a_whole_answer() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    ends_once(Config::new().openai("chat", &upstream), openai::ask("chat", "hi")).await;
}

#[tokio::test]
async fn a_stream() {
    let upstream = Upstream::that_answers(openai::streams(&["a", "b", "c"])).await;
    ends_once(
        Config::new().openai("chat", &upstream),
        openai::ask_streamed("chat", "hi"),
    )
    .await;
}

#[tokio::test]
async fn a_translated_stream() {
    let upstream = Upstream::that_answers(anthropic::streams(&["a", "b", "c"])).await;
    ends_once(
        Config::new().anthropic("chat", &upstream),
        openai::ask_streamed("chat", "hi"),
    )
    .await;
}

#[tokio::test]
async fn a_stream_under_a_guardrail() {
    let upstream = Upstream::that_answers(openai::streams(&["a", "b", "c"])).await;
    let config = Config::new().openai("chat", &upstream).guardrail(
        "filter",
        json!({ "guardrail": "content-filter", "mode": ["pre_call", "post_call"], "blocked_words": [{ "keyword": "zebra", "action": "BLOCK" }] }),
    );
    ends_once(config, openai::ask_streamed("chat", "hi")).await;
}

#[tokio::test]
async fn a_stream_with_a_heartbeat() {
    let upstream = Upstream::that_answers(openai::streams(&["a", "b", "c"])).await;
    let config = Config::new()
        .openai("chat", &upstream)
        .set("sluice", json!({ "server": { "heartbeat_ms": 1 } }));
    ends_once(config, openai::ask_streamed("chat", "hi")).await;
}

#[tokio::test]
async fn an_attempt_after_others() {
    let failing = Upstream::that_answers(Script::json(500, &openai::error("server_error", "x", "no"))).await;
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let config = Config::new()
        .openai("first", &failing)
        .openai("second", &upstream)
        .retries(1)
        .without_cooldowns()
        .set("sluice", json!({ "retry_waits_ms": [1] }))
        .set("router_settings", json!({ "fallbacks": [{ "first": ["second"] }] }));
    ends_once(config, openai::ask("first", "hi")).await;
}

#[tokio::test]
async fn a_stream_that_goes_on_elsewhere() {
    let upstream = Upstream::start().await;
    upstream.decides(|request| {
        let goes_on = request.json()["messages"]
            .as_array()
            .is_some_and(|messages| messages.len() > 1);
        match goes_on {
            true => openai::streams(&["and ", "on"]),
            false => Script::events(openai::pieces(&["once "])).then_breaks_off(),
        }
    });
    let config = Config::new()
        .openai("chat", &upstream)
        .openai("chat", &upstream)
        .retries(1)
        .without_cooldowns();
    ends_once(config, openai::ask_streamed("chat", "hi")).await;
}
