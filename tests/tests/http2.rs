//! HTTP/2 from clients, in the clear with prior knowledge (RFC 9113 §3.3).

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sluice_tests::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn connect(gateway: &Gateway) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(gateway.address()).await.unwrap();
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

fn question(gateway: &Gateway, body: &Value) -> Request<Full<Bytes>> {
    let uri = format!("http://{}/v1/chat/completions", gateway.address());
    let request = Request::post(uri).header("content-type", "application/json");
    request.body(Full::new(Bytes::from(body.to_string()))).unwrap()
}

#[tokio::test]
async fn whole_and_streamed_answers_come_over_one_connection() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    let mut sender = connect(&gateway).await;
    let whole = sender
        .send_request(question(&gateway, &openai::ask("demo", "hi")))
        .await
        .unwrap();
    assert_eq!(whole.version(), Version::HTTP_2);
    assert_eq!(Answer::read(whole).await.content(), "hello");
    let streamed = sender
        .send_request(question(&gateway, &openai::ask_streamed("demo", "hi")))
        .await
        .unwrap();
    let text = Answer::read(streamed).await.text();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
}

#[tokio::test]
async fn many_exchanges_share_a_connection_at_once() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(openai::says("hello").held(&gate)).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream)).await;
    let sender = connect(&gateway).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut sender = sender.clone();
        let request = question(&gateway, &openai::ask("chat", "hi"));
        asked.spawn(async move {
            Answer::read(sender.send_request(request).await.unwrap())
                .await
                .content()
        });
    }
    upstream.asked(50).await;
    gate.open();
    while let Some(text) = asked.join_next().await {
        assert_eq!(text.unwrap(), "hello");
    }
}

#[tokio::test]
async fn a_stream_that_the_client_resets_cancels_the_upstream_and_nothing_else() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(Script::events(openai::pieces(&["one"])).then_holds(&gate)).await;
    let gateway = Gateway::start(&Config::new().openai("chat", &upstream).mock("demo", "hello")).await;
    let mut sender = connect(&gateway).await;
    let mut streamed = sender
        .send_request(question(&gateway, &openai::ask_streamed("chat", "hi")))
        .await
        .unwrap();
    streamed.body_mut().frame().await.unwrap().unwrap();
    drop(streamed);
    upstream.abandoned(1).await;
    let whole = sender
        .send_request(question(&gateway, &openai::ask("demo", "hi")))
        .await
        .unwrap();
    assert_eq!(Answer::read(whole).await.content(), "hello", "on the same connection");
}

#[tokio::test]
async fn a_connection_on_which_nothing_more_is_asked_is_closed() {
    let server = json!({ "server": { "header_timeout_ms": 200 } });
    let gateway = Gateway::start(&Config::new().mock("demo", "hello").set("sluice", server)).await;
    let stream = TcpStream::connect(gateway.address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let request = question(&gateway, &openai::ask("demo", "hi"));
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(Answer::read(answer).await.content(), "hello");
    let ended = sluice_tests::wait::within("the gateway to close the connection", connection).await;
    ended.unwrap().expect("it says good-bye");
}

#[tokio::test]
async fn pings_alone_do_not_keep_a_connection_open() {
    const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    let server = json!({ "server": { "header_timeout_ms": 200 } });
    let gateway = Gateway::start(&Config::new().set("sluice", server)).await;
    let stream = TcpStream::connect(gateway.address()).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(HELLO).await.unwrap();
    let pinging = tokio::spawn(async move {
        while writer.write_all(PING).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    // An end or a reset: either way it is closed.
    let _ = sluice_tests::wait::within(
        "the gateway to close the connection",
        reader.read_to_end(&mut Vec::new()),
    )
    .await;
    pinging.abort();
}
