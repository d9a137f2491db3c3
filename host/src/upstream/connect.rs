//! Opening one connection: name lookup, TCP, TLS, and the protocol that the upstream chose.
//!
//! An HTTP/1.1 connection is driven by the exchange that uses it, an HTTP/2 connection by a task of its own, which ends
//! when the connection does.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use rustls::ClientConfig;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::driver::Driver;
use super::origin::Origin;
use super::outgoing::Outgoing;
use super::send_error::{SendError, Stage};

/// Addresses of one name that are tried: with more, each one's share of the time grows too small to connect in.
const ADDRESSES_MAX: usize = 8;

/// A peer that vanished without a word is noticed after this and three probes, `TCP_KEEPALIVE_PROBE` apart. Below the
/// 350 s after which the common load balancers and NAT forget a silent connection.
const TCP_KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const TCP_KEEPALIVE_PROBE: Duration = Duration::from_secs(15);

/// HTTP/2 asks a peer that has open streams and says nothing whether it still lives; one connection carries many
/// exchanges, so its death must not wait for each one's own clock.
const PING_AFTER: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// All the headers of one HTTP/2 answer. hyper's default, 16 KiB, is less than it takes over HTTP/1.1.
const HTTP2_HEADER_BYTES_MAX: u32 = 64 * 1024;

/// An HTTP/1.1 connection: one exchange at a time. Dropped, it closes at once, whatever is under way: the upstream sees
/// that nobody waits for its answer any more.
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Outgoing>,
    pub(super) driver: Driver,
}

impl Http1 {
    /// Whether it can take an exchange now.
    pub(super) fn is_ready(&mut self) -> bool {
        if self.driver.is_behind() || !self.sender.is_ready() {
            self.driver.catch_up();
        }
        self.sender.is_ready()
    }
}

/// An HTTP/2 connection: many exchanges at a time. It closes when the last sender and stream are gone.
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<Outgoing>,
    /// Its task holds the other end; gone, the connection takes no more exchanges.
    driver: Weak<Mutex<Http2Connection>>,
}

type Http2Connection = http2::Connection<TokioIo<TlsStream<TcpStream>>, Outgoing, TokioExecutor>;

impl Http2 {
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.driver.strong_count() == 0
    }

    /// Streams that the peer lets us open at a time (`SETTINGS_MAX_CONCURRENT_STREAMS`), as far as it has said so yet.
    /// Beyond it, hyper keeps a request back until a stream ends.
    pub(super) fn peer_streams_max(&self) -> usize {
        self.driver
            .upgrade()
            .map_or(0, |driver| driver.lock().current_max_send_streams())
    }
}

/// What the upstream speaks.
pub(super) enum Opened {
    Http1(Http1),
    Http2(Http2),
}

/// Opens a connection to `origin`, before `deadline`. `stage` says how far it came, for the message when it doesn't.
pub(super) async fn open(
    origin: &Arc<Origin>,
    tls: &Arc<ClientConfig>,
    deadline: Instant,
    stage: &mut Stage,
) -> Result<Opened, SendError> {
    *stage = Stage::Lookup;
    let addresses = lookup(origin).await?;
    *stage = Stage::Tcp;
    let tcp = connect_any(origin, &addresses, deadline).await?;
    let Some(name) = origin.server_name() else {
        return Ok(Opened::Http1(http1(origin, tcp).await?));
    };
    *stage = Stage::Tls;
    let stream = TlsConnector::from(tls.clone())
        .connect(name.clone(), tcp)
        .await
        .map_err(|source| SendError::Tls {
            upstream: origin.clone(),
            source,
        })?;
    *stage = Stage::Http;
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Ok(Opened::Http2(http2(origin, stream).await?)),
        _ => Ok(Opened::Http1(http1(origin, stream).await?)),
    }
}

async fn lookup(origin: &Arc<Origin>) -> Result<Vec<SocketAddr>, SendError> {
    if let Ok(address) = origin.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, origin.port)]);
    }
    let found = tokio::net::lookup_host((origin.host.as_str(), origin.port)).await;
    let addresses: Vec<_> = found
        .map_err(|error| SendError::lookup(origin, error))?
        .take(ADDRESSES_MAX)
        .collect();
    match addresses.is_empty() {
        true => Err(SendError::lookup(
            origin,
            io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
        )),
        false => Ok(addresses),
    }
}

/// Tries the addresses in the resolver's order (RFC 6724: the likeliest first). Each but the last gets an even share of
/// the time left, so that one that swallows packets leaves some to the others; the last is bounded by the caller.
async fn connect_any(
    origin: &Arc<Origin>,
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<TcpStream, SendError> {
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for (tried, address) in addresses.iter().enumerate() {
        let connected = match addresses.len() - tried {
            1 => connect_to(address).await,
            untried => {
                let share = deadline.saturating_duration_since(Instant::now()) / untried as u32;
                timeout(share, connect_to(address))
                    .await
                    .unwrap_or_else(|late| Err(late.into()))
            }
        };
        match connected {
            Ok(tcp) => return Ok(tcp),
            Err(error) => failure = error,
        }
    }
    Err(SendError::connect(origin, failure))
}

/// Without delay: a request is written whole, and waiting to fill a segment would only add to the time to first token.
async fn connect_to(address: &SocketAddr) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(TCP_KEEPALIVE_AFTER)
        .with_interval(TCP_KEEPALIVE_PROBE);
    SockRef::from(&tcp).set_tcp_keepalive(&keepalive)?;
    Ok(tcp)
}

/// HTTP/1.1 on an open stream.
pub(super) async fn http1<T>(origin: &Arc<Origin>, stream: T) -> Result<Http1, SendError>
where
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| SendError::exchange(origin, false, error))?;
    let driver = Driver::new(async move { drop(connection.await) });
    Ok(Http1 { sender, driver })
}

/// HTTP/2 on an open stream, driven by a task.
async fn http2(origin: &Arc<Origin>, stream: TlsStream<TcpStream>) -> Result<Http2, SendError> {
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_header_list_size(HTTP2_HEADER_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| SendError::exchange(origin, false, error))?;
    // Only the connection itself can say how many streams its peer allows; hence the lock, which the task holds while it
    // is polled and no longer.
    let connection = Arc::new(Mutex::new(connection));
    let driver = Arc::downgrade(&connection);
    tokio::spawn(async move { drop(poll_fn(|cx| Pin::new(&mut *connection.lock()).poll(cx)).await) });
    Ok(Http2 { sender, driver })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn origin() -> Arc<Origin> {
        Origin::parse("http://upstream.example").unwrap().0
    }

    fn listener(backlog: i32) -> (TcpListener, SocketAddr) {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        socket.listen(backlog).unwrap();
        let listener = TcpListener::from(socket);
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// An address that swallows packets: its queue is full, so the kernel answers no further connection.
    fn hole() -> (impl Sized, SocketAddr) {
        let (listener, address) = listener(0);
        let filling = std::net::TcpStream::connect(address).unwrap();
        ((listener, filling), address)
    }

    fn in_ten_seconds() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let (closed, refusing) = listener(1);
        drop(closed);
        let (_open, good) = listener(1);
        let tcp = connect_any(&origin(), &[refusing, good], in_ten_seconds())
            .await
            .unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), good);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_swallows_packets_leaves_time_to_the_next() {
        let (_held, silent) = hole();
        let (_open, good) = listener(1);
        let deadline = in_ten_seconds();
        let tcp = connect_any(&origin(), &[silent, good], deadline).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), good);
        assert!(Instant::now() < deadline);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sole_address_that_swallows_packets_takes_all_the_time() {
        let (_held, silent) = hole();
        let (origin, addresses, deadline) = (origin(), [silent], in_ten_seconds());
        let connected = tokio::time::timeout_at(deadline, connect_any(&origin, &addresses, deadline));
        assert!(connected.await.is_err(), "it gave up before its time");
    }

    #[tokio::test]
    async fn a_connection_sends_without_delay_and_notices_a_vanished_peer() {
        let (_open, address) = listener(1);
        let tcp = connect_to(&address).await.unwrap();
        assert!(tcp.nodelay().unwrap());
        assert!(SockRef::from(&tcp).keepalive().unwrap());
    }
}
