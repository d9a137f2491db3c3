//! A worker's connections to all upstreams, and the sending of one request.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::hash::{BuildHasherDefault, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::http::uri::{PathAndQuery, Uri};
use hyper::http::{HeaderMap, Request, Response, Version, header};
use parking_lot::Mutex;
use rustls::ClientConfig;
use tokio::time::Instant;

use super::answer::Answer;
use super::origin::Origin;
use super::outgoing::Outgoing;
use super::pool::{Lease, Pool};
use super::send_error::SendError;

/// The bounds of a worker's connections (`sluice.upstream` in the configuration).
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the wish for a connection to one that can carry a request: name lookup, TCP and TLS together. Default 10 s.
    pub connect_timeout: Duration,
    /// Idle connections kept for each origin; of more, the longest idle is closed. Each holds a socket here and at the
    /// upstream. Default 256; 0 keeps none.
    pub idle_connections_max: usize,
    /// How long a connection may be idle and still be used. Default 90 s; upstreams commonly close after 60 s or more.
    pub idle_timeout: Duration,
    /// Exchanges that share one HTTP/2 connection, where the peer allows as many; beyond, another is opened. More share
    /// one congestion window, and one lost packet delays them all. Default 100.
    pub http2_streams_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect_timeout: Duration::from_secs(10),
            idle_connections_max: 256,
            idle_timeout: Duration::from_secs(90),
            http2_streams_max: 100,
        }
    }
}

/// A worker's connections to all upstreams. Origins that are no longer used leave no trace once their connections are
/// idle too long.
pub struct Connections {
    tls: Arc<ClientConfig>,
    limits: Limits,
    pools: Mutex<HashMap<Arc<Origin>, Arc<Pool>, BuildHasherDefault<Precomputed>>>,
}

impl Connections {
    /// No connection is opened yet. `tls` comes from [`super::tls::client_config`], shared by all workers so that TLS
    /// sessions resume on any.
    pub fn new(tls: Arc<ClientConfig>, limits: Limits) -> Connections {
        Connections {
            tls,
            limits,
            pools: Mutex::default(),
        }
    }

    /// Sends a request and waits for the head of its answer, however long that takes: see [`super::Clock`] for limits.
    ///
    /// The request's URI is path and query only. `Host`, `Content-Length` and what else frames the message are set
    /// here; what came in of these is dropped.
    ///
    /// A connection that the upstream closed while it was idle is found out when it has not taken the request; then the
    /// request goes out once more, on a fresh one. Nothing that may have been read by the upstream is ever sent twice.
    ///
    /// Cancel safe: dropped before it is ready, it closes the connection (HTTP/2: resets the stream).
    ///
    /// # Errors
    ///
    /// [`SendError`]: no connection, or none that lasted until the answer.
    pub async fn send(&self, origin: &Arc<Origin>, request: Request<Outgoing>) -> Result<Response<Answer>, SendError> {
        let pool = self.pool(origin);
        let mut request = request;
        if let Some(lease) = pool.take() {
            match exchange(&pool, lease, request).await {
                Ok(answer) => return Ok(answer),
                Err(Unanswered {
                    unsent: Some(unsent), ..
                }) => request = *unsent,
                Err(Unanswered { error, .. }) => return Err(error),
            }
        }
        // Boxed, so that an exchange that needs no new connection doesn't carry the room for opening one.
        let lease = Box::pin(pool.connect(&self.tls)).await?;
        exchange(&pool, lease, request)
            .await
            .map_err(|unanswered| unanswered.error)
    }

    /// Closes what has been idle too long, and drops what the upstream has closed. Use of an origin does so for itself; this
    /// is for the others, and wants to be called now and then.
    pub fn sweep(&self) {
        sweep(&mut self.pools.lock());
    }

    fn pool(&self, origin: &Arc<Origin>) -> Arc<Pool> {
        let mut pools = self.pools.lock();
        if let Some(pool) = pools.get(origin) {
            return pool.clone();
        }
        // A new origin comes with a new configuration: the moment when others fall out of use.
        sweep(&mut pools);
        let pool = Arc::new(Pool::new(origin.clone(), self.limits));
        pools.insert(origin.clone(), pool.clone());
        pool
    }

    #[cfg(test)]
    pub(super) fn pool_of(&self, origin: &Arc<Origin>) -> Arc<Pool> {
        self.pool(origin)
    }

    #[cfg(test)]
    pub(super) fn pool_count(&self) -> usize {
        self.pools.lock().len()
    }
}

fn sweep<S>(pools: &mut HashMap<Arc<Origin>, Arc<Pool>, S>) {
    let now = Instant::now();
    // A pool that someone else holds has an exchange under way.
    pools.retain(|_, pool| pool.sweep(now) || Arc::strong_count(pool) > 1);
}

/// An exchange that got no answer.
struct Unanswered {
    error: SendError,
    /// The request, when no byte of it went out.
    unsent: Option<Box<Request<Outgoing>>>,
}

async fn exchange(pool: &Arc<Pool>, lease: Lease, request: Request<Outgoing>) -> Result<Response<Answer>, Unanswered> {
    let sent = match lease {
        Lease::Http1(mut connection) => {
            let request = address_http1(&pool.origin, request);
            let mut sending = pin!(connection.sender.try_send_request(request));
            poll_fn(|cx| connection.driver.poll(cx, |cx| sending.as_mut().poll(cx)))
                .await
                .map(|answer| answer.map(|body| Answer::over_http1(body, connection, pool.clone())))
        }
        Lease::Http2(mut stream) => {
            let request = address_http2(&pool.origin, request);
            match stream.sender.try_send_request(request).await {
                Ok(answer) => Ok(answer.map(|body| Answer::over_http2(body, stream))),
                Err(error) => {
                    if error.message().is_some() {
                        stream.condemn();
                    }
                    Err(error)
                }
            }
        }
    };
    sent.map_err(|mut failure| {
        let unsent = failure.take_message().map(Box::new);
        Unanswered {
            error: SendError::exchange(&pool.origin, unsent.is_none(), failure.into_error()),
            unsent,
        }
    })
}

/// Origin form and a `Host` (RFC 9112 §3.2).
fn address_http1(origin: &Origin, mut request: Request<Outgoing>) -> Request<Outgoing> {
    drop_framing(request.headers_mut());
    request.headers_mut().insert(header::HOST, origin.authority().clone());
    if request.uri().authority().is_some() {
        // It was addressed for HTTP/2, on a connection that didn't take it.
        *request.uri_mut() = Uri::from(path_of(request.uri()));
    }
    *request.version_mut() = Version::HTTP_11;
    request
}

/// Scheme and authority as pseudo-headers, no `Host` (RFC 9113 §8.3.1).
fn address_http2(origin: &Origin, mut request: Request<Outgoing>) -> Request<Outgoing> {
    drop_framing(request.headers_mut());
    let mut parts = hyper::http::uri::Parts::default();
    parts.scheme = Some(origin.scheme());
    parts.authority = Some(origin.uri_authority().clone());
    parts.path_and_query = Some(path_of(request.uri()));
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    *request.version_mut() = Version::HTTP_2;
    request
}

fn path_of(uri: &Uri) -> PathAndQuery {
    uri.path_and_query()
        .cloned()
        .unwrap_or_else(|| PathAndQuery::from_static("/"))
}

/// A length that came with the client's body would be believed rather than that of the body we send, which lets one
/// request be read as two.
fn drop_framing(headers: &mut HeaderMap) {
    for name in [
        header::HOST,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
    ] {
        headers.remove(name);
    }
}

/// Takes the hash that an [`Origin`] carries as it is.
#[derive(Default)]
struct Precomputed(u64);

impl Hasher for Precomputed {
    fn write(&mut self, bytes: &[u8]) {
        // Not used by `Origin`; kept right for whatever else may come.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
