//! HTTP/1.1: reuse, its bounds, cancellation, and what may be sent again.

use std::time::Duration;

use tokio::join;
use tokio::time;

use super::*;

#[tokio::test]
async fn an_idle_connection_is_used_again() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let client = async {
        for expected in ["one", "two", ""] {
            let answer = connections.send(&upstream.origin, request("/")).await.unwrap();
            assert_eq!(text(answer).await, expected);
        }
    };
    let server = async {
        let mut peer = upstream.accept().await;
        for body in ["one", "two", ""] {
            peer.serve(body).await;
        }
    };
    join!(client, server);
    assert!(upstream.is_left_alone());
}

#[tokio::test]
async fn a_reader_that_stops_at_the_announced_end_gives_the_connection_back() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let (answer, _peer) = join!(connections.send(&upstream.origin, request("/")), async {
        let mut peer = upstream.accept().await;
        peer.serve("all").await;
        peer
    });
    let mut body = answer.unwrap().into_body();
    let frame = body.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "all");
    assert!(hyper::body::Body::is_end_stream(&body));
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 1);
}

#[tokio::test]
async fn the_connection_used_last_is_used_next() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let send = || connections.send(&upstream.origin, request("/"));
    let (one, other, (mut first, mut second)) = join!(send(), send(), async {
        let (mut first, mut second) = (upstream.accept().await, upstream.accept().await);
        first.serve("first").await;
        second.serve("second").await;
        (first, second)
    });
    let (mut one, mut other) = (text(one.unwrap()).await, text(other.unwrap()).await);
    if one == "second" {
        // Which of the two is accepted first is the kernel's choice; the one whose answer is read last is the newest.
        std::mem::swap(&mut one, &mut other);
        std::mem::swap(&mut first, &mut second);
    }
    let (answer, ()) = join!(send(), second.serve("again"));
    assert_eq!(text(answer.unwrap()).await, "again");
    drop(first);
}

#[tokio::test]
async fn parts_arrive_as_one_body_under_the_length_that_is_theirs() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let parts = ["{\"model\":", "\"m\"", "}"].map(Bytes::from_static_str);
    let mut outgoing = post("/v1/chat?x=1", Outgoing::parts(parts.to_vec()));
    outgoing.headers_mut().insert("content-length", "999".parse().unwrap());
    outgoing
        .headers_mut()
        .insert("transfer-encoding", "chunked".parse().unwrap());
    outgoing
        .headers_mut()
        .insert("host", "gateway.example".parse().unwrap());
    let (answer, (head, body)) = join!(connections.send(&upstream.origin, outgoing), async {
        let mut peer = upstream.accept().await;
        let request = peer.request().await;
        peer.write("HTTP/1.1 204 No Content\r\n\r\n").await;
        request
    });
    assert_eq!(answer.unwrap().status(), 204);
    assert_eq!(body, "{\"model\":\"m\"}");
    let mut lines: Vec<_> = head.trim_end().lines().collect();
    lines.sort_unstable();
    let host = format!("host: {}", upstream.address);
    assert_eq!(
        lines,
        ["content-length: 13", host.as_str(), "post /v1/chat?x=1 http/1.1"]
    );
}

trait FromStaticStr {
    fn from_static_str(text: &'static str) -> Bytes;
}

impl FromStaticStr for Bytes {
    fn from_static_str(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }
}

#[tokio::test]
async fn chunks_and_trailers_pass_as_they_come() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let (answer, mut peer) = join!(connections.send(&upstream.origin, request("/")), async {
        let mut peer = upstream.accept().await;
        peer.request().await;
        peer.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n")
            .await;
        peer
    });
    let mut body = answer.unwrap().into_body();
    for chunk in ["a", "bc"] {
        peer.write(&format!("{}\r\n{chunk}\r\n", chunk.len())).await;
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), chunk);
    }
    peer.write("0\r\nx-end: yes\r\n\r\n").await;
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_trailers().unwrap()["x-end"],
        "yes"
    );
    assert!(body.frame().await.is_none());
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 1);
}

#[tokio::test]
async fn an_answer_dropped_early_closes_its_connection() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let (answer, mut peer) = join!(connections.send(&upstream.origin, request("/")), async {
        let mut peer = upstream.accept().await;
        peer.request().await;
        peer.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await;
        peer
    });
    let mut body = answer.unwrap().into_body();
    peer.write("5\r\nhello\r\n").await;
    body.frame().await.unwrap().unwrap();
    drop(body);
    peer.closed().await;
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 0);
}

#[tokio::test]
async fn a_request_given_up_before_its_answer_closes_its_connection() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let peer = {
        let mut sending = std::pin::pin!(connections.send(&upstream.origin, request("/")));
        tokio::select! {
            _ = &mut sending => panic!("nobody answered"),
            peer = async {
                let mut peer = upstream.accept().await;
                peer.request().await;
                peer
            } => peer,
        }
    };
    peer.closed().await;
}

#[tokio::test]
async fn a_connection_that_the_upstream_closes_with_its_answer_is_not_kept() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    for _ in 0..2 {
        let (answer, ()) = join!(connections.send(&upstream.origin, request("/")), async {
            let mut peer = upstream.accept().await;
            peer.request().await;
            peer.write("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok")
                .await;
        });
        assert_eq!(text(answer.unwrap()).await, "ok");
    }
}

#[tokio::test]
async fn no_more_idle_connections_are_kept_than_allowed() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits {
        idle_connections_max: 1,
        ..Limits::default()
    });
    let exchange = async || text(connections.send(&upstream.origin, request("/")).await.unwrap()).await;
    let (_, _, (first, second)) = join!(exchange(), exchange(), async {
        let (mut first, mut second) = (upstream.accept().await, upstream.accept().await);
        first.serve("").await;
        second.serve("").await;
        (first, second)
    });
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 1);
    tokio::select! {
        () = first.closed() => {}
        () = second.closed() => {}
    }
}

#[tokio::test]
async fn a_connection_idle_too_long_is_closed_rather_than_used() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits {
        idle_timeout: Duration::from_secs(60),
        ..Limits::default()
    });
    let mut idle = None;
    for _ in 0..2 {
        let (answer, peer) = join!(connections.send(&upstream.origin, request("/")), async {
            let mut peer = upstream.accept().await;
            peer.serve("").await;
            peer
        });
        assert_eq!(text(answer.unwrap()).await, "");
        if let Some(expired) = idle.replace(peer) {
            Peer::closed(expired).await;
        }
        time::pause();
        time::advance(Duration::from_secs(60)).await;
        time::resume();
    }
}

#[tokio::test]
async fn a_sweep_drops_what_the_upstream_has_closed() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let peer = lay_idle(&connections, &upstream.origin).await;
    connections.sweep();
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 1);
    drop(peer);
    connections.sweep();
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 0);
}

#[tokio::test]
async fn a_sweep_closes_what_is_idle_too_long_and_forgets_the_origin() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits {
        idle_timeout: Duration::from_secs(60),
        ..Limits::default()
    });
    let (answer, peer) = join!(connections.send(&upstream.origin, request("/")), async {
        let mut peer = upstream.accept().await;
        peer.serve("").await;
        peer
    });
    drop(answer);
    connections.sweep();
    assert_eq!(connections.pool_count(), 1);
    time::pause();
    time::advance(Duration::from_secs(60)).await;
    time::resume();
    connections.sweep();
    assert_eq!(connections.pool_count(), 0);
    peer.closed().await;
}

/// An idle connection whose other end is in hand: it can be closed between two polls of the gateway's side, as happens
/// when the upstream closes just as a request is about to go out.
async fn lay_idle(connections: &Connections, origin: &Arc<Origin>) -> Peer<tokio::io::DuplexStream> {
    let (ours, theirs) = tokio::io::duplex(1024);
    let connection = super::super::connect::http1(origin, ours).await.unwrap();
    connections.pool_of(origin).give_back(connection);
    Peer {
        stream: theirs,
        read: Vec::new(),
    }
}

/// Far more, in all, than [`lay_idle`]'s pipe and hyper's buffer take in.
const LARGE: usize = 16 * PART.len();
const PART: &[u8] = &[b' '; 1 << 16];

/// An upstream that answers without having read the body it was sent.
async fn answered_early(upstream: &Upstream, connections: &Connections) -> Peer<tokio::io::DuplexStream> {
    let mut peer = lay_idle(connections, &upstream.origin).await;
    let outgoing = post("/", Outgoing::parts(vec![Bytes::from_static(PART); 16]));
    let (answer, ()) = join!(connections.send(&upstream.origin, outgoing), async {
        while !peer.read.ends_with(b"  ") {
            peer.stream.read_buf(&mut peer.read).await.unwrap();
        }
        peer.write("HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno")
            .await;
    });
    assert_eq!(text(answer.unwrap()).await, "no");
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 0);
    peer
}

#[tokio::test]
async fn a_connection_still_sending_after_its_answer_is_kept_once_it_is_through() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let mut peer = answered_early(&upstream, &connections).await;
    let (_, body) = peer.request().await;
    assert_eq!(body.len(), LARGE);
    let kept = async {
        while connections.pool_of(&upstream.origin).idle_count() == 0 {
            tokio::task::yield_now().await;
        }
    };
    assert!(time::timeout(Duration::from_secs(10), kept).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_get_through_with_its_request_is_closed() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let mut peer = answered_early(&upstream, &connections).await;
    time::sleep(Duration::from_secs(2)).await;
    while peer.read.len() < LARGE {
        match peer.stream.read_buf(&mut peer.read).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    panic!("the whole request was sent, long after its answer");
}

#[tokio::test]
async fn a_request_that_a_stale_connection_did_not_take_goes_out_on_a_fresh_one() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let stale = lay_idle(&connections, &upstream.origin).await;
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 1);
    drop(stale);

    let (answer, (_, body)) = join!(connections.send(&upstream.origin, request("/")), async {
        let mut peer = upstream.accept().await;
        let request = peer.request().await;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        request
    });
    assert_eq!(text(answer.unwrap()).await, "ok");
    assert_eq!(body, "{}");
    assert!(upstream.is_left_alone());
}

#[tokio::test]
async fn a_request_that_may_have_been_read_is_not_sent_again() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let mut used = lay_idle(&connections, &upstream.origin).await;

    let (refused, ()) = join!(connections.send(&upstream.origin, request("/")), async {
        used.request().await;
        drop(used);
    });
    let refused = refused.unwrap_err();
    assert!(matches!(refused, SendError::Closed { sent: true, .. }), "{refused:?}");
    assert!(refused.was_sent());
    assert!(upstream.is_left_alone());
}

#[test]
fn all_of_it_may_move_between_threads() {
    fn movable<T: Send>(_: &T) {}
    fn shared<T: Send + Sync>() {}
    shared::<Connections>();
    shared::<Outgoing>();
    let connections = connections(Limits::default());
    let (origin, _) = Origin::parse("http://127.0.0.1:1").unwrap();
    movable(&connections.send(&origin, request("/")));
    fn answers<T: Send>() {}
    answers::<Answer>();
    answers::<Timed<Answer>>();
}
