//! Upstreams that aren't there, don't speak, or speak nonsense: what the operator is told.

use std::error::Error;
use std::time::Duration;

use tokio::{join, time};

use super::*;

async fn refusal(connections: &Connections, origin: &Arc<Origin>) -> SendError {
    connections.send(origin, request("/")).await.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn nothing_listens_there() {
    let Upstream {
        listener,
        address,
        origin,
    } = Upstream::start().await;
    drop(listener);
    let refused = refusal(&connections(Limits::default()), &origin).await;
    assert_eq!(
        refused.to_string(),
        format!("cannot connect to {address} (refused): is the upstream running? check `api_base`")
    );
    assert_eq!((refused.kind(), refused.was_sent()), ("connect", false));
    assert!(refused.source().is_some());
}

#[tokio::test]
async fn the_name_has_no_address() {
    // No label may be longer than 63 bytes (RFC 1035 §2.3.4), so no resolver is asked.
    let name = format!("{}.invalid", "a".repeat(64));
    let (origin, _) = Origin::parse(&format!("http://{name}")).unwrap();
    let refused = refusal(&connections(Limits::default()), &origin).await;
    assert_eq!(
        refused.to_string(),
        format!(
            "cannot connect to {name}:80 (no such name): check the host of `api_base`, and this machine's name resolution"
        )
    );
}

#[tokio::test]
async fn an_upstream_silent_in_the_handshake_runs_out_the_connect_timeout() {
    let upstream = Upstream::start_secure().await;
    let connections = connections(Limits {
        connect_timeout: Duration::from_secs(10),
        ..Limits::default()
    });
    let (refused, _peer) = join!(refusal(&connections, &upstream.origin), async {
        let mut peer = upstream.accept().await;
        // The gateway has begun the handshake, and gets no answer.
        peer.stream.read_u8().await.unwrap();
        time::pause();
        time::advance(Duration::from_secs(10)).await;
        peer
    });
    assert_eq!(
        refused.to_string(),
        format!(
            "cannot connect to localhost:{} within 10 s (TLS took too long): does that port speak HTTPS? check `api_base`; see `sluice.upstream.connect_timeout`",
            upstream.address.port()
        )
    );
    assert_eq!((refused.kind(), refused.was_sent()), ("connect_timeout", false));
}

#[tokio::test]
async fn waiting_for_another_exchanges_connection_counts_as_connecting() {
    let upstream = Upstream::start_secure().await;
    let connections = connections(Limits::default());
    let (first, second, _peer) = join!(
        refusal(&connections, &upstream.origin),
        refusal(&connections, &upstream.origin),
        async {
            let mut peer = upstream.accept().await;
            peer.stream.read_u8().await.unwrap();
            time::pause();
            time::advance(Duration::from_secs(10)).await;
            peer
        }
    );
    for refused in [first, second] {
        assert!(matches!(refused, SendError::ConnectTimeout { .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let upstream = Upstream::start_secure().await;
    let identity = Identity::new("unknown-authority");
    let connections = connections(Limits::default());
    let (refused, accepted) = join!(refusal(&connections, &upstream.origin), async {
        identity.acceptor(b"h2").accept(upstream.accept().await.stream).await
    });
    assert!(accepted.is_err());
    assert_eq!(
        refused.to_string(),
        format!(
            "cannot speak TLS with localhost:{}: its certificate is signed by an unknown authority; name that authority's PEM file as `sluice.upstream.ca_file`",
            upstream.address.port()
        )
    );
    assert_eq!((refused.kind(), refused.was_sent()), ("tls", false));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let upstream = Upstream::start_as("https://127.0.0.1").await;
    let identity = Identity::new("another-name");
    let connections = identity.trusting(Limits::default());
    let (refused, accepted) = join!(refusal(&connections, &upstream.origin), async {
        identity.acceptor(b"h2").accept(upstream.accept().await.stream).await
    });
    assert!(accepted.is_err());
    assert_eq!(
        refused.to_string(),
        format!(
            "cannot speak TLS with {}: its certificate is for another name; check the host of `api_base`",
            upstream.address
        )
    );
}

#[tokio::test]
async fn https_to_a_port_that_speaks_http() {
    let upstream = Upstream::start_secure().await;
    let connections = connections(Limits::default());
    let (refused, _peer) = join!(refusal(&connections, &upstream.origin), async {
        let mut peer = upstream.accept().await;
        peer.write("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        peer
    });
    assert_eq!(
        refused.to_string(),
        format!(
            "cannot speak TLS with localhost:{}: does that port speak HTTPS? for plain HTTP write `http://` in `api_base`",
            upstream.address.port()
        )
    );
}

#[tokio::test]
async fn an_upstream_that_does_not_speak_http() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let (refused, _peer) = join!(refusal(&connections, &upstream.origin), async {
        let mut peer = upstream.accept().await;
        peer.request().await;
        peer.write("SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
        peer
    });
    assert_eq!(
        refused.to_string(),
        format!(
            "{} answered with something that is not HTTP: check the port and `http` or `https` of `api_base`",
            upstream.address
        )
    );
    assert_eq!((refused.kind(), refused.was_sent()), ("protocol", true));
}

#[tokio::test]
async fn an_upstream_that_closes_before_it_answers() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let (refused, ()) = join!(refusal(&connections, &upstream.origin), async {
        upstream.accept().await.request().await;
    });
    assert_eq!(
        refused.to_string(),
        format!(
            "{} closed the connection before it answered; it may have acted on the request",
            upstream.address
        )
    );
    assert_eq!((refused.kind(), refused.was_sent()), ("closed", true));
}

#[tokio::test]
async fn an_answer_cut_off_is_an_error_and_its_connection_is_not_kept() {
    let upstream = Upstream::start().await;
    let connections = connections(Limits::default());
    let (answer, ()) = join!(connections.send(&upstream.origin, request("/")), async {
        let mut peer = upstream.accept().await;
        peer.request().await;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    });
    let timed = Clock::start(TimeLimits::default()).time(answer.unwrap().into_body());
    let broken = timed.read_to_end(100).await.unwrap_err();
    assert_eq!(broken.to_string(), "the upstream broke off its answer");
    assert!(broken.source().is_some());
    assert_eq!(connections.pool_of(&upstream.origin).idle_count(), 0);
}

#[test]
fn a_ca_file_that_cannot_be_used_is_named() {
    let identity = Identity::new("ca-file");
    let file = identity.folder.join("roots.pem");
    let refused = || tls::client_config(Some(&file)).unwrap_err().to_string();

    assert_eq!(
        refused(),
        format!(
            "cannot read root certificates from {}; `sluice.upstream.ca_file` must be a readable PEM file",
            file.display()
        )
    );
    std::fs::write(&file, "nothing of use").unwrap();
    assert_eq!(
        refused(),
        format!(
            "{} holds no certificate; `sluice.upstream.ca_file` needs `BEGIN CERTIFICATE` blocks",
            file.display()
        )
    );
    std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert_eq!(
        refused(),
        format!(
            "{} holds a certificate that is none; export it again as PEM",
            file.display()
        )
    );
}
