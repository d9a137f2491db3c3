//! One client connection: TLS where configured, HTTP/1.1 or HTTP/2, its limits, and its end.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::{Door, Stage, routes};
use crate::gateway::Worker;
use crate::latch::Seldom;

/// Data that a client does not take for this long ends its connection: the kernel measures it, so it costs no timer.
const STUCK_MAX: Duration = Duration::from_secs(120);

/// A TLS handshake that takes longer is none.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Exchanges that one HTTP/2 connection may have under way.
const HTTP2_STREAMS_MAX: u32 = 250;

/// Limits of a connection, from `sluice.server`.
#[derive(Debug, Clone)]
pub struct Options {
    pub header_bytes_max: usize,
    pub header_timeout: Duration,
    /// `SERVER_ROOT_PATH`: in front of every path, without final slash.
    pub root_path: Arc<str>,
}

/// Serves one connection to its end.
pub async fn serve(worker: Arc<Worker>, stream: TcpStream, peer: SocketAddr, door: Door) {
    let connections = worker.gateway.metrics.connections.clone();
    connections.inc();
    prepare(&stream);
    // Boxed, so that a connection does not carry the room for both kinds.
    match &door.tls {
        None => Box::pin(exchanges(worker, stream, peer, &door)).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE_MAX, tls.accept(stream)).await {
            Ok(Ok(stream)) => Box::pin(exchanges(worker, stream, peer, &door)).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
            Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
        },
    }
    connections.dec();
}

/// Small answers go out at once (40 ms an answer without it), and a client that reads nothing is let go.
fn prepare(stream: &TcpStream) {
    let prepared = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let prepared = prepared.and_then(|()| SockRef::from(stream).set_tcp_user_timeout(Some(STUCK_MAX)));
    if let Err(error) = prepared {
        tracing::debug!(%error, "a socket option could not be set");
    }
}

async fn exchanges<S>(worker: Arc<Worker>, stream: S, peer: SocketAddr, door: &Door)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let options = &door.options;
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_timeout)
        // hyper's least is 8 KiB; headers beyond are answered with 431.
        .max_buf_size(options.header_bytes_max.max(8 << 10));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(options.header_bytes_max).unwrap_or(u32::MAX))
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .keep_alive_interval(Duration::from_secs(30));
    let root_path = Arc::clone(&options.root_path);
    let has_asked = AtomicBool::new(false);
    let service = service_fn(|request| {
        has_asked.store(true, Ordering::Relaxed);
        // Boxed, so that a connection does not keep the room for an exchange while it has none, or only streams its answer.
        Box::pin(routes::answer(
            Arc::clone(&worker),
            Arc::clone(&root_path),
            peer,
            request,
        ))
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut stage = door.stage.clone();
    // hyper's own limit begins with the first byte.
    let silence = pin!(async {
        tokio::time::sleep(options.header_timeout).await;
        if has_asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    });
    let stopping = pin!(async { drop(stage.wait_for(|stage| *stage >= Stage::Stopping).await) });
    let (mut silence, mut stopping) = (Seldom::new(silence), Seldom::new(stopping));
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = &mut silence => return tracing::debug!(%peer, "connection closed: it asked nothing in time"),
        () = &mut stopping => {
            // What is under way goes on to its end; nothing new begins.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}
