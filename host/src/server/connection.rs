//! One client connection: TLS if it is configured, HTTP/1.1 or HTTP/2, its limits, and its end.

use std::convert::Infallible;
use std::fmt::Display;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Core;
use super::answers::{Answers, Watching};
use super::{Acceptor, Stage, routes};
use crate::body::Body;
use crate::latch::Seldom;

/// A client that does not read data for this long is disconnected. On Linux, the kernel measures this, so it needs no
/// timer. For HTTP/2, answers that are not read for this long are dropped.
const STUCK_MAX: Duration = Duration::from_secs(120);

/// How long a client of HTTP/2 may take to close a connection that was idle.
const GOODBYE_MAX: Duration = Duration::from_secs(5);

/// Time limit of a TLS handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Exchanges that one HTTP/2 connection may have in progress.
const HTTP2_STREAMS_MAX: u32 = 250;

/// Limits of a connection, from `sluice.server`.
#[derive(Debug, Clone)]
pub struct Options {
    pub header_bytes_max: usize,
    pub header_timeout: Duration,
    /// `SERVER_ROOT_PATH`: the prefix of every path, without a final slash.
    pub root_path: Arc<str>,
}

/// Serves one connection to its end.
pub async fn serve(core: Arc<Core>, stream: TcpStream, peer: SocketAddr, acceptor: Acceptor) {
    let connections = core.gateway.metrics.connections.clone();
    connections.inc();
    prepare(&stream);
    // Boxed, so that a connection does not reserve memory for the futures of both kinds.
    match &acceptor.tls {
        None => Box::pin(plain(core, stream, peer, &acceptor)).await,
        Some(tls) => Box::pin(encrypted(core, tls, stream, peer, &acceptor)).await,
    }
    connections.dec();
}

/// Sets socket options: small answers are sent at once (else each may take 40 ms longer), and a client that does not
/// read is disconnected.
fn prepare(stream: &TcpStream) {
    let prepared = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let prepared = prepared.and_then(|()| SockRef::from(stream).set_tcp_user_timeout(Some(STUCK_MAX)));
    if let Err(error) = prepared {
        tracing::debug!(%error, "a socket option could not be set");
    }
}

/// Without TLS, the first bytes decide between HTTP/1.1 and HTTP/2 (RFC 9113 §3.3).
async fn plain(core: Arc<Core>, stream: TcpStream, peer: SocketAddr, acceptor: &Acceptor) {
    let mut stage = acceptor.stage.clone();
    let is_http2 = tokio::select! {
        is_http2 = begins_http2(&stream) => is_http2,
        () = tokio::time::sleep(acceptor.options.header_timeout) => return said_nothing(peer),
        _ = stage.wait_for(|stage| *stage >= Stage::Stopping) => return,
    };
    match is_http2 {
        true => http2(core, stream, peer, acceptor).await,
        false => http1(core, stream, peer, acceptor).await,
    }
}

/// Looks at the first segment without consuming it. No method of HTTP/1.1 begins like HTTP/2's preface.
async fn begins_http2(stream: &TcpStream) -> bool {
    const PREFACE: &[u8; 4] = b"PRI ";
    let mut first = [0; PREFACE.len()];
    matches!(stream.peek(&mut first).await, Ok(length) if length > 2 && PREFACE.starts_with(&first[..length]))
}

/// With TLS, the handshake negotiates the version of HTTP (RFC 7301).
async fn encrypted(core: Arc<Core>, tls: &TlsAcceptor, stream: TcpStream, peer: SocketAddr, acceptor: &Acceptor) {
    match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
        Ok(Ok(stream)) => match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => http2(core, stream, peer, acceptor).await,
            _ => http1(core, stream, peer, acceptor).await,
        },
        Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
}

async fn http1<S>(core: Arc<Core>, stream: S, peer: SocketAddr, acceptor: &Acceptor)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(acceptor.options.header_timeout)
        // hyper requires at least 8 KiB. Larger headers are answered with 431.
        .max_buf_size(acceptor.options.header_bytes_max.max(8 << 10));
    let exchanges = Exchanges::new(core, peer, acceptor);
    let connection = builder.serve_connection(TokioIo::new(stream), exchanges.clone());
    // There is no idle timeout: hyper itself limits the time between two exchanges.
    to_its_end(connection, &exchanges, acceptor, std::future::pending()).await;
}

async fn http2<S>(core: Arc<Core>, stream: S, peer: SocketAddr, acceptor: &Acceptor)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(acceptor.options.header_bytes_max).unwrap_or(u32::MAX))
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .keep_alive_interval(Duration::from_secs(30));
    let exchanges = Exchanges::new(core, peer, acceptor);
    let answers = Answers::default();
    let watched = Watching(exchanges.clone(), answers.clone());
    let connection = builder.serve_connection(TokioIo::new(stream), watched);
    let idle = answers.until_idle(acceptor.options.header_timeout, STUCK_MAX);
    to_its_end(connection, &exchanges, acceptor, idle).await;
}

/// The service that handles the exchanges of one connection.
#[derive(Clone)]
struct Exchanges(Arc<Common>);

/// The data that the exchanges of a connection share.
struct Common {
    core: Arc<Core>,
    root_path: Arc<str>,
    peer: SocketAddr,
    has_asked: AtomicBool,
}

impl Exchanges {
    fn new(core: Arc<Core>, peer: SocketAddr, acceptor: &Acceptor) -> Self {
        Self(Arc::new(Common {
            core,
            root_path: Arc::clone(&acceptor.options.root_path),
            peer,
            has_asked: AtomicBool::new(false),
        }))
    }
}

impl Service<Request<Incoming>> for Exchanges {
    type Response = Response<Body>;
    type Error = Infallible;
    /// Boxed, so that a connection does not reserve memory for an exchange while it has none, or only streams its
    /// answer.
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let common = &self.0;
        common.has_asked.store(true, Ordering::Relaxed);
        let (core, root_path) = (Arc::clone(&common.core), Arc::clone(&common.root_path));
        Box::pin(routes::answer(core, root_path, common.peer, request))
    }
}

async fn to_its_end<C>(connection: C, exchanges: &Exchanges, acceptor: &Acceptor, idle: impl Future<Output = ()>)
where
    C: GracefulConnection,
    C::Error: Display,
{
    let peer = exchanges.0.peer;
    let mut connection = pin!(connection);
    let mut stage = acceptor.stage.clone();
    // A timeout for clients that send nothing: hyper's own begins with the first byte.
    let silence = pin!(async {
        tokio::time::sleep(acceptor.options.header_timeout).await;
        if exchanges.0.has_asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    });
    let stopping = pin!(async { drop(stage.wait_for(|stage| *stage >= Stage::Stopping).await) });
    let idle = pin!(idle);
    let (mut silence, mut stopping, mut idle) = (Seldom::new(silence), Seldom::new(stopping), Seldom::new(idle));
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = &mut silence => return said_nothing(peer),
        () = &mut idle => {
            connection.as_mut().graceful_shutdown();
            // A timeout, since streams whose answers were dropped never end.
            return drop(tokio::time::timeout(GOODBYE_MAX, connection).await);
        }
        () = &mut stopping => {
            // Exchanges in progress continue to their end; no new ones begin.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

fn said_nothing(peer: SocketAddr) {
    tracing::debug!(%peer, "connection closed: it asked nothing in time");
}
