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
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::driver::Driver;
use super::origin::Origin;
use super::outgoing::Outgoing;
use super::send_error::{SendError, Stage};

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// How long an address is tried before the next one is tried beside it (RFC 8305 §5).
const NEXT_AFTER: Duration = Duration::from_millis(250);

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

/// Opens a connection to `origin`. `stage` says how far it came, for the message when it doesn't.
pub(super) async fn open(
    origin: &Arc<Origin>,
    tls: &Arc<ClientConfig>,
    stage: &mut Stage,
) -> Result<Opened, SendError> {
    *stage = Stage::Lookup;
    let addresses = lookup(origin).await?;
    *stage = Stage::Tcp;
    let tcp = connect_any(origin, &addresses).await?;
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
    let found = found.map_err(|error| SendError::lookup(origin, error))?;
    let addresses = alternating(found.collect());
    match addresses.is_empty() {
        true => Err(SendError::lookup(
            origin,
            io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
        )),
        false => Ok(addresses),
    }
}

/// The resolver's order (RFC 6724: the likeliest first), with IPv6 and IPv4 taking turns (RFC 8305 §4): where one of them
/// leads nowhere, the second address works.
fn alternating(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let is_first_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let of_first = |address: &SocketAddr| address.is_ipv6() == is_first_ipv6;
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(of_first);
    let mut order = Vec::new();
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    while order.len() < ADDRESSES_MAX {
        let before = order.len();
        order.extend(first.next().into_iter().chain(second.next()));
        if order.len() == before {
            break;
        }
    }
    order
}

/// Happy Eyeballs (RFC 8305): an address is tried once the one before it has failed, or has been tried for [`NEXT_AFTER`].
/// The first connection is taken; the caller bounds the time. hyper-util's connector is not used, since it only tries the
/// two families at once: within one, an address that swallows packets holds up the next.
async fn connect_any(origin: &Arc<Origin>, addresses: &[SocketAddr]) -> Result<TcpStream, SendError> {
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut untried = addresses.iter();
    // Dropped, it ends the attempts that are still under way.
    let mut under_way = JoinSet::new();
    loop {
        if let Some(address) = untried.next() {
            under_way.spawn(connect_to(*address));
        }
        let ended = match untried.len() {
            0 => under_way.join_next().await,
            _ => match timeout(NEXT_AFTER, under_way.join_next()).await {
                Ok(ended) => ended,
                Err(_) => continue,
            },
        };
        match ended {
            Some(Ok(Ok(tcp))) => return Ok(tcp),
            Some(Ok(Err(error))) => failure = error,
            Some(Err(error)) => failure = error.into(),
            None => return Err(SendError::connect(origin, failure)),
        }
    }
}

/// Without delay: a request is written whole, and waiting to fill a segment would only add to the time to first token.
async fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
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

    use tokio::time::Instant;

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

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let (closed, refusing) = listener(1);
        drop(closed);
        let (_open, good) = listener(1);
        let tcp = connect_any(&origin(), &[refusing, good]).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), good);
    }

    #[tokio::test]
    async fn the_last_failure_is_told_when_all_refuse() {
        let (closed, refusing) = listener(1);
        drop(closed);
        let failed = connect_any(&origin(), &[refusing, refusing]).await.unwrap_err();
        assert!(failed.to_string().contains("refused"), "{failed}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_swallows_packets_costs_a_moment() {
        let (_held, silent) = hole();
        let (_open, good) = listener(1);
        let begun = Instant::now();
        let tcp = connect_any(&origin(), &[silent, silent, good]).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), good);
        assert!(begun.elapsed() < 3 * NEXT_AFTER, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_sole_address_that_swallows_packets_takes_all_the_time() {
        let (_held, silent) = hole();
        let (origin, addresses) = (origin(), [silent]);
        let connected = timeout(Duration::from_secs(10), connect_any(&origin, &addresses));
        assert!(connected.await.is_err(), "it gave up before its time");
    }

    #[test]
    fn the_families_take_turns() {
        let read = |addresses: &[&str]| -> Vec<SocketAddr> { addresses.iter().map(|a| a.parse().unwrap()).collect() };
        let found = read(&["[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "192.0.2.1:1"]);
        let expected = read(&["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "[2001:db8::3]:1"]);
        assert_eq!(alternating(found), expected);
        assert_eq!(alternating(vec![expected[0]; 20]).len(), ADDRESSES_MAX);
        assert_eq!(alternating(Vec::new()), Vec::new());
    }

    #[tokio::test]
    async fn a_connection_sends_without_delay_and_notices_a_vanished_peer() {
        let (_open, address) = listener(1);
        let tcp = connect_to(address).await.unwrap();
        assert!(tcp.nodelay().unwrap());
        assert!(SockRef::from(&tcp).keepalive().unwrap());
    }
}
