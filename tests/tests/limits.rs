//! Limits toward clients: slow ones, greedy ones, many of them.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::Request;
use hyper_util::rt::TokioIo;
use sluice_tests::prelude::*;
use sluice_tests::wait::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn limited(server: Value) -> Gateway {
    Gateway::start(
        &Config::new()
            .mock("demo", "hello")
            .set("sluice", json!({ "server": server })),
    )
    .await
}

/// Everything the gateway sends on a connection until it closes it.
async fn until_closed(mut stream: TcpStream) -> String {
    let mut read = Vec::new();
    // A reset is an end too.
    let _ = within("the gateway to close the connection", stream.read_to_end(&mut read)).await;
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn a_client_that_never_finishes_its_headers_is_let_go() {
    let gateway = limited(json!({ "header_timeout_ms": 200 })).await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    stream
        .write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n")
        .await
        .unwrap();
    until_closed(stream).await;
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let gateway = limited(json!({ "header_timeout_ms": 200 })).await;
    let stream = TcpStream::connect(gateway.address()).await.unwrap();
    assert_eq!(until_closed(stream).await, "");
}

#[tokio::test]
async fn a_client_that_never_finishes_its_body_is_told_so() {
    let gateway = limited(json!({ "body_timeout_ms": 200 })).await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
    stream.write_all(format!("{head}{{\"model\"").as_bytes()).await.unwrap();
    let said = until_closed(stream).await;
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("\"error\""), "{said}");
}

#[tokio::test]
async fn a_body_that_is_longer_than_it_may_be_is_refused_before_it_is_read() {
    let gateway = limited(json!({ "body_bytes_max": 10_000 })).await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
    stream
        .write_all(format!("{head}content-length: 1000000000\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let said = until_closed(stream).await;
    assert!(said.starts_with("HTTP/1.1 413") && said.contains("\"error\""), "{said}");
}

#[tokio::test]
async fn a_chunked_body_is_bounded_too() {
    let gateway = limited(json!({ "body_bytes_max": 10_000 })).await;
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    stream
        .write_all(format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}").as_bytes())
        .await
        .unwrap();
    let said = until_closed(stream).await;
    assert!(said.starts_with("HTTP/1.1 413"), "{said}");
}

#[tokio::test]
async fn a_request_has_so_many_fields_and_no_more() {
    let gateway = limited(json!({})).await;
    for (count, status) in [(900, 200), (60_000, 400)] {
        let mut question = openai::ask("demo", "hi");
        for number in 0..count {
            question[format!("field-{number}")] = number.into();
        }
        let answer = gateway.client().chat(&question).await;
        assert_eq!(answer.status, status, "{count}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_request_is_for_one_host() {
    let gateway = limited(json!({})).await;
    for (hosts, expected) in [
        ("", "400"),
        ("host: localhost\r\nhost: localhost\r\n", "400"),
        ("host: localhost\r\n", "200"),
        ("host: [::1]evil\r\n", "403"),
        ("host: localhost\r\nx-forwarded-for: 192.0.2.7\r\n", "403"),
    ] {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        let request = format!("GET /health/liveness HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = until_closed(stream).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{hosts:?}: {answer}"
        );
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let gateway = limited(json!({})).await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00".as_slice(),
        b"HELLO\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let said = until_closed(stream).await;
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 4") || said.starts_with("HTTP/1.0 4"),
            "{said}"
        );
    }
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
}

#[tokio::test]
async fn connections_over_the_limit_wait_for_their_turn() {
    let gateway = limited(json!({ "connections_max": 1, "workers": 1 })).await;
    let first = TcpStream::connect(gateway.address()).await.unwrap();
    let (mut first, connection) = hyper::client::conn::http1::handshake(TokioIo::new(first))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let alive = || {
        Request::get("/health/liveliness")
            .header("host", "x")
            .body(Empty::<Bytes>::new())
            .unwrap()
    };
    // An answer on it shows that the gateway has taken it.
    Answer::read(first.send_request(alive()).await.unwrap()).await;
    let client = gateway.client();
    let waiting = tokio::spawn(async move { client.get("/health/liveliness").await });
    for _ in 0..50 {
        // The one worker answers here, so it has had its chances to answer there.
        Answer::read(first.send_request(alive()).await.unwrap()).await;
    }
    assert!(!waiting.is_finished(), "there is no room for it");
    drop(first);
    connection.abort();
    assert_eq!(
        within("the second connection's turn", waiting).await.unwrap().status,
        200
    );
}

#[tokio::test]
async fn many_clients_at_once_are_all_served() {
    let gateway = limited(json!({})).await;
    let mut clients = tokio::task::JoinSet::new();
    for index in 0..200 {
        let client = gateway.client();
        clients.spawn(async move {
            if index % 2 == 0 {
                return client.chat(&openai::ask("demo", "hi")).await.content();
            }
            openai::text_of(
                &client
                    .chat_stream(&openai::ask_streamed("demo", "hi"))
                    .await
                    .chunks()
                    .await,
            )
        });
    }
    while let Some(text) = clients.join_next().await {
        assert_eq!(text.unwrap(), "hello");
    }
}

#[tokio::test]
async fn a_plugin_has_its_share_of_instances_and_no_more() {
    let params = json!({ "guardrail": "content-filter", "mode": "pre_call",
        "blocked_words": [{ "keyword": "zebra", "action": "BLOCK" }] });
    let gateway = Gateway::start(&Config::new().mock("demo", "hello").guardrail("guard", params)).await;
    let snapshot = gateway.inside().snapshot();
    let pool = snapshot.guardrails[0].plugin.as_ref().unwrap().pool();
    let instances = &pool.identity().instances;
    instances.forget_permits(instances.available_permits() - 1);
    let lease = pool.lease_waiting().await.unwrap();
    assert!(pool.lease().err().unwrap().to_string().contains("a plugin's share"));
    let mut waiting = std::pin::pin!(pool.lease_waiting());
    assert!(
        tokio::time::timeout(std::time::Duration::ZERO, waiting.as_mut())
            .await
            .is_err()
    );
    drop(lease);
    assert!(waiting.await.is_ok());
}
