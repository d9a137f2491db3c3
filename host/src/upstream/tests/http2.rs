//! HTTP/2 over TLS: one connection for many exchanges, and when another is needed.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use hyper::body::{Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::{Notify, mpsc, watch};
use tokio::{join, time};

use super::*;

/// An upstream that speaks HTTP/2 and streams, to each exchange, what the test sends.
struct Streaming {
    upstream: Upstream,
    identity: Identity,
    /// Connections taken so far.
    accepted: Arc<AtomicUsize>,
    /// An exchange arrived: its request line, and the sender of its answer's body.
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    /// Tells all connections to end once their exchanges have.
    retire: watch::Sender<bool>,
    /// Tells all connections to end at once.
    cut: watch::Sender<bool>,
}

struct Arrival {
    head: String,
    body: String,
    answer: mpsc::UnboundedSender<&'static str>,
    /// Rung when the gateway no longer reads the answer.
    dropped: Arc<Notify>,
}

impl Streaming {
    async fn start(test: &str, streams_max: u32) -> Streaming {
        let (identity, upstream) = (Identity::new(test), Upstream::start_secure().await);
        let Upstream {
            listener,
            address,
            origin,
        } = upstream;
        let (accepted, (arrived, arrivals)) = (Arc::new(AtomicUsize::new(0)), mpsc::unbounded_channel());
        let ((retire, retiring), (cut, cutting)) = (watch::channel(false), watch::channel(false));
        let (acceptor, count) = (identity.acceptor(b"h2"), accepted.clone());
        let listening = TcpListener::from_std(listener.into_std().unwrap()).unwrap();
        let spare = TcpListener::bind("127.0.0.1:0").await.unwrap();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listening.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let stop = (retiring.clone(), cutting.clone());
                tokio::spawn(serve(tcp, acceptor.clone(), streams_max, arrived.clone(), stop));
            }
        });
        let upstream = Upstream {
            listener: spare,
            address,
            origin,
        };
        Streaming {
            upstream,
            identity,
            accepted,
            arrivals,
            retire,
            cut,
        }
    }

    async fn arrival(&mut self) -> Arrival {
        self.arrivals.recv().await.unwrap()
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

type Stop = (watch::Receiver<bool>, watch::Receiver<bool>);

async fn serve(
    tcp: TcpStream,
    acceptor: tokio_rustls::TlsAcceptor,
    streams_max: u32,
    arrived: mpsc::UnboundedSender<Arrival>,
    (mut retiring, mut cutting): Stop,
) {
    // What was said to connections before this one is not for it.
    retiring.mark_unchanged();
    cutting.mark_unchanged();
    let stream = acceptor.accept(tcp).await.unwrap();
    let service = service_fn(move |request: Request<Incoming>| answer(request, arrived.clone()));
    let connection = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(streams_max)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = cutting.changed() => return,
        _ = retiring.changed() => connection.as_mut().graceful_shutdown(),
    }
    connection.await.ok();
}

async fn answer(
    request: Request<Incoming>,
    arrived: mpsc::UnboundedSender<Arrival>,
) -> Result<Response<Streamed>, Infallible> {
    let head = format!(
        "{} {:?} host={:?}",
        request.method(),
        request.uri(),
        request.headers().get("host")
    );
    let body = String::from_utf8(request.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let (answer, chunks) = mpsc::unbounded_channel();
    let dropped = Arc::new(Notify::new());
    arrived
        .send(Arrival {
            head,
            body,
            answer,
            dropped: dropped.clone(),
        })
        .ok();
    Ok(Response::new(Streamed { chunks, dropped }))
}

struct Streamed {
    chunks: mpsc::UnboundedReceiver<&'static str>,
    dropped: Arc<Notify>,
}

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = std::task::ready!(self.chunks.poll_recv(cx));
        Poll::Ready(chunk.map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        self.dropped.notify_one();
    }
}

#[tokio::test]
async fn a_burst_on_a_cold_origin_shares_one_connection() {
    let mut streaming = Streaming::start("burst", 100).await;
    let connections = streaming.identity.trusting(Limits::default());
    let origin = streaming.upstream.origin.clone();
    let send = async || text(connections.send(&origin, request("/")).await.unwrap()).await;
    let (one, two, three, ()) = join!(send(), send(), send(), async {
        for _ in 0..3 {
            streaming.arrival().await.answer.send("ok").unwrap();
        }
    });
    assert_eq!([one, two, three], ["ok"; 3]);
    assert_eq!(streaming.accepted(), 1);
}

#[tokio::test]
async fn a_request_bears_the_authority_and_its_parts() {
    let mut streaming = Streaming::start("authority", 100).await;
    let connections = streaming.identity.trusting(Limits::default());
    let origin = streaming.upstream.origin.clone();
    let mut outgoing = post(
        "/v1/chat?x=1",
        Outgoing::parts(["one", "two"].map(Bytes::from).to_vec()),
    );
    outgoing
        .headers_mut()
        .insert("host", "gateway.example".parse().unwrap());
    let (answer, arrival) = join!(connections.send(&origin, outgoing), streaming.arrival());
    let port = streaming.upstream.address.port();
    assert_eq!(
        arrival.head,
        format!("POST https://localhost:{port}/v1/chat?x=1 host=None")
    );
    assert_eq!(arrival.body, "onetwo");
    drop(arrival.answer);
    assert_eq!(text(answer.unwrap()).await, "");
}

#[tokio::test]
async fn an_answer_dropped_early_resets_its_stream_and_the_connection_stays() {
    let mut streaming = Streaming::start("reset", 100).await;
    let connections = streaming.identity.trusting(Limits::default());
    let origin = streaming.upstream.origin.clone();
    let (answer, arrival) = join!(connections.send(&origin, request("/")), streaming.arrival());
    let mut body = answer.unwrap().into_body();
    arrival.answer.send("begun").unwrap();
    body.frame().await.unwrap().unwrap();
    drop(body);
    arrival.dropped.notified().await;

    let (answer, ()) = join!(connections.send(&origin, request("/")), async {
        streaming.arrival().await.answer.send("next").unwrap();
    });
    assert_eq!(text(answer.unwrap()).await, "next");
    assert_eq!(streaming.accepted(), 1);
}

#[tokio::test]
async fn another_connection_is_opened_when_the_peer_allows_no_more_streams() {
    let mut streaming = Streaming::start("limit", 1).await;
    let connections = streaming.identity.trusting(Limits::default());
    let origin = streaming.upstream.origin.clone();
    let (first, holding) = join!(connections.send(&origin, request("/")), streaming.arrival());
    let (second, ()) = join!(connections.send(&origin, request("/")), async {
        streaming.arrival().await.answer.send("beside").unwrap();
    });
    assert_eq!(text(second.unwrap()).await, "beside");
    assert_eq!(streaming.accepted(), 2);
    holding.answer.send("held").unwrap();
    drop(holding.answer);
    assert_eq!(text(first.unwrap()).await, "held");
}

#[tokio::test]
async fn another_connection_is_opened_past_our_own_limit_and_ages_out() {
    let mut streaming = Streaming::start("own-limit", 100).await;
    let limits = Limits {
        http2_streams_max: 1,
        idle_connections_max: 1,
        ..Limits::default()
    };
    let connections = streaming.identity.trusting(limits);
    let origin = streaming.upstream.origin.clone();
    let (first, one) = join!(connections.send(&origin, request("/")), streaming.arrival());
    let (second, two) = join!(connections.send(&origin, request("/")), streaming.arrival());
    assert_eq!(streaming.accepted(), 2);
    assert_eq!(connections.pool_of(&origin).shared_count(), 2);
    drop((one.answer, two.answer));
    text(first.unwrap()).await;
    text(second.unwrap()).await;
    assert_eq!(connections.pool_of(&origin).shared_count(), 1);

    time::pause();
    time::advance(Duration::from_secs(90)).await;
    time::resume();
    connections.sweep();
    assert_eq!(connections.pool_count(), 0);
}

#[tokio::test]
async fn a_connection_that_died_is_replaced() {
    let mut streaming = Streaming::start("died", 100).await;
    let connections = streaming.identity.trusting(Limits::default());
    let origin = streaming.upstream.origin.clone();
    let (first, _arrival) = join!(connections.send(&origin, request("/")), streaming.arrival());
    streaming.cut.send(true).unwrap();
    let broken = first.unwrap().into_body().collect().await;
    assert!(broken.is_err());

    let (second, ()) = join!(connections.send(&origin, request("/")), async {
        streaming.arrival().await.answer.send("again").unwrap();
    });
    assert_eq!(text(second.unwrap()).await, "again");
    assert_eq!(streaming.accepted(), 2);
    assert_eq!(connections.pool_of(&origin).shared_count(), 1);
}

#[tokio::test]
async fn a_connection_that_is_retiring_ends_its_exchanges_and_takes_no_more() {
    let mut streaming = Streaming::start("retiring", 100).await;
    let connections = streaming.identity.trusting(Limits::default());
    let origin = streaming.upstream.origin.clone();
    let (first, begun) = join!(connections.send(&origin, request("/")), streaming.arrival());
    let mut first = first.unwrap().into_body();
    streaming.retire.send(true).unwrap();
    // The farewell goes out before this chunk, on the same connection.
    begun.answer.send("last").unwrap();
    assert_eq!(first.frame().await.unwrap().unwrap().into_data().unwrap(), "last");

    let (second, ()) = join!(connections.send(&origin, request("/")), async {
        streaming.arrival().await.answer.send("first here").unwrap();
    });
    assert_eq!(text(second.unwrap()).await, "first here");
    assert_eq!(streaming.accepted(), 2);
    drop(begun.answer);
    assert_eq!(first.collect().await.unwrap().to_bytes(), "");
}

#[tokio::test]
async fn http1_is_spoken_where_the_upstream_offers_no_more() {
    let upstream = Upstream::start_secure().await;
    let identity = Identity::new("alpn-http1");
    let connections = identity.trusting(Limits::default());
    let acceptor = identity.acceptor(b"http/1.1");
    let exchange = async || text(connections.send(&upstream.origin, request("/")).await.unwrap()).await;
    let (one, two, _peers) = join!(exchange(), exchange(), async {
        let mut peers = Vec::new();
        for _ in 0..2 {
            let tcp = upstream.accept().await.stream;
            let mut peer = Peer {
                stream: acceptor.accept(tcp).await.unwrap(),
                read: Vec::new(),
            };
            peer.serve("secure").await;
            peers.push(peer);
        }
        peers
    });
    assert_eq!([one, two], ["secure"; 2]);
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 2);
}
