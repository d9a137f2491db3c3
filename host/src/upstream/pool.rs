//! The open connections to one origin: idle HTTP/1.1 connections as a stack, HTTP/2 connections with room for more
//! streams.
//!
//! The newest idle connection is used first, so that under less load the old ones age out. Nothing here runs on a
//! timer: what is too old is dropped when the origin is next used, or by [`Pool::sweep`].

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustls::ClientConfig;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout, timeout_at};

use super::connect::{self, Http1, Http2, Opened};
use super::connections::Limits;
use super::origin::Origin;
use super::send_error::{SendError, Stage};

/// How long a connection whose answer has ended may still be busy with its request before it is given up. It is busy
/// when the upstream answered without reading the whole request. Waiting longer would cost more than a new connection,
/// and might be in vain: hyper 1.12 doesn't report ready again when all that was left to do was to flush.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) struct Pool {
    pub(super) origin: Arc<Origin>,
    limits: Limits,
    open: Mutex<Open>,
    /// Held while a connection is opened that others may share. Without it, a burst on a cold origin would open a
    /// connection for each exchange before the first one is found to speak HTTP/2.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Open {
    protocol: Protocol,
    /// Oldest first.
    idle: VecDeque<Idle>,
    shared: Vec<Shared>,
    next_id: u64,
}

/// What the newest connection spoke.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    #[default]
    Unknown,
    Http1,
    Http2,
}

struct Idle {
    connection: Http1,
    since: Instant,
}

struct Shared {
    id: u64,
    connection: Http2,
    /// Streams in use.
    streams: usize,
    /// When the last stream ended.
    idle_since: Instant,
}

/// A connection that is ours for one exchange.
pub(super) enum Lease {
    Http1(Http1),
    Http2(Stream),
}

/// The right to one stream of a shared connection; given back when dropped.
pub(super) struct Stream {
    pub(super) sender: hyper::client::conn::http2::SendRequest<super::Outgoing>,
    id: u64,
    pool: Arc<Pool>,
}

impl Pool {
    pub(super) fn new(origin: Arc<Origin>, limits: Limits) -> Pool {
        // There is no TLS to choose HTTP/2 in, so exchanges needn't wait to learn that.
        let protocol = if origin.secure {
            Protocol::Unknown
        } else {
            Protocol::Http1
        };
        let open = Mutex::new(Open {
            protocol,
            ..Open::default()
        });
        Pool {
            origin,
            limits,
            open,
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// An open connection that can take an exchange now.
    pub(super) fn take(self: &Arc<Self>) -> Option<Lease> {
        let mut open = self.open.lock();
        match open.take_idle(self.limits.idle_timeout) {
            Some(connection) => Some(Lease::Http1(connection)),
            None => self.take_stream(&mut open).map(Lease::Http2),
        }
    }

    /// Opens a connection; or waits for one that another exchange is opening, when both can share it.
    ///
    /// # Errors
    ///
    /// [`SendError`] of a request that was not sent.
    pub(super) async fn connect(self: &Arc<Self>, tls: &Arc<ClientConfig>) -> Result<Lease, SendError> {
        let limit = self.limits.connect_timeout;
        let deadline = Instant::now() + limit;
        let mut stage = Stage::Turn;
        match timeout_at(deadline, self.connect_in_turn(tls, &mut stage)).await {
            Ok(opened) => opened,
            Err(_) => Err(SendError::ConnectTimeout {
                upstream: self.origin.clone(),
                stage,
                limit,
            }),
        }
    }

    async fn connect_in_turn(self: &Arc<Self>, tls: &Arc<ClientConfig>, stage: &mut Stage) -> Result<Lease, SendError> {
        if !self.may_share() {
            return self.open(tls, stage).await;
        }
        let turn = self.turn.lock().await;
        let shared = self.take_stream(&mut self.open.lock());
        if let Some(stream) = shared {
            return Ok(Lease::Http2(stream));
        }
        if !self.may_share() {
            drop(turn);
        }
        self.open(tls, stage).await
    }

    async fn open(self: &Arc<Self>, tls: &Arc<ClientConfig>, stage: &mut Stage) -> Result<Lease, SendError> {
        match connect::open(&self.origin, tls, stage).await? {
            Opened::Http1(connection) => {
                self.open.lock().protocol = Protocol::Http1;
                Ok(Lease::Http1(connection))
            }
            Opened::Http2(connection) => Ok(Lease::Http2(self.share(connection))),
        }
    }

    fn may_share(&self) -> bool {
        self.open.lock().protocol != Protocol::Http1
    }

    /// Takes in a new shared connection; its first stream is the opener's, whatever the peer's limit says.
    fn share(self: &Arc<Self>, connection: Http2) -> Stream {
        let mut open = self.open.lock();
        open.protocol = Protocol::Http2;
        let id = open.next_id;
        open.next_id += 1;
        let sender = connection.sender.clone();
        open.shared.push(Shared {
            id,
            connection,
            streams: 1,
            idle_since: Instant::now(),
        });
        Stream {
            sender,
            id,
            pool: self.clone(),
        }
    }

    /// The oldest connection with room is filled first, so that the others can fall idle.
    fn take_stream(self: &Arc<Self>, open: &mut Open) -> Option<Stream> {
        open.shared.retain(|shared| !shared.connection.is_closed());
        let shared = open
            .shared
            .iter_mut()
            .find(|shared| shared.has_room(self.limits.http2_streams_max))?;
        shared.streams += 1;
        Some(Stream {
            sender: shared.connection.sender.clone(),
            id: shared.id,
            pool: self.clone(),
        })
    }

    /// Takes back a connection whose answer has ended.
    pub(super) fn give_back(self: &Arc<Self>, mut connection: Http1) {
        if connection.is_ready() {
            self.put(connection);
        } else if connection.sender.is_closed() {
            // The upstream said `connection: close`, or simply did.
        } else if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(settle(self.clone(), connection));
        }
    }

    fn put(&self, connection: Http1) {
        if self.limits.idle_connections_max == 0 {
            return;
        }
        let now = Instant::now();
        let mut open = self.open.lock();
        open.drop_expired(now, self.limits.idle_timeout);
        if open.idle.len() >= self.limits.idle_connections_max {
            open.idle.pop_front();
        }
        open.idle.push_back(Idle { connection, since: now });
    }

    /// Drops what has been idle too long or has closed. Returns whether anything is left.
    pub(super) fn sweep(&self, now: Instant) -> bool {
        let mut open = self.open.lock();
        let idle_timeout = self.limits.idle_timeout;
        open.drop_expired(now, idle_timeout);
        open.idle.retain_mut(|idle| idle.connection.is_ready());
        open.shared.retain(|shared| !shared.is_done(now, idle_timeout));
        !open.idle.is_empty() || !open.shared.is_empty()
    }

    fn end_stream(&self, id: u64) {
        let now = Instant::now();
        let mut open = self.open.lock();
        if let Some(shared) = open.shared.iter_mut().find(|shared| shared.id == id) {
            shared.streams -= 1;
            shared.idle_since = now;
        }
        let idle = open.shared.iter().filter(|shared| shared.streams == 0).count();
        if idle > self.limits.idle_connections_max {
            open.shared.retain(|shared| shared.id != id || shared.streams > 0);
        }
        open.shared
            .retain(|shared| !shared.is_done(now, self.limits.idle_timeout));
    }

    #[cfg(test)]
    pub(super) fn idle_count(&self) -> usize {
        self.open.lock().idle.len()
    }

    #[cfg(test)]
    pub(super) fn shared_count(&self) -> usize {
        self.open.lock().shared.len()
    }
}

impl Open {
    fn take_idle(&mut self, idle_timeout: Duration) -> Option<Http1> {
        if self.idle.is_empty() {
            return None;
        }
        let now = Instant::now();
        while let Some(mut newest) = self.idle.pop_back() {
            if now.duration_since(newest.since) >= idle_timeout {
                // All others are older still.
                self.idle.clear();
            } else if newest.connection.is_ready() {
                return Some(newest.connection);
            }
        }
        None
    }

    fn drop_expired(&mut self, now: Instant, idle_timeout: Duration) {
        while self
            .idle
            .front()
            .is_some_and(|oldest| now.duration_since(oldest.since) >= idle_timeout)
        {
            self.idle.pop_front();
        }
    }
}

impl Shared {
    fn has_room(&self, streams_max: usize) -> bool {
        self.streams < streams_max && self.streams < self.connection.peer_streams_max()
    }

    fn is_done(&self, now: Instant, idle_timeout: Duration) -> bool {
        let expired = self.streams == 0 && now.duration_since(self.idle_since) >= idle_timeout;
        expired || self.connection.is_closed()
    }
}

impl Stream {
    /// Sees that no further exchange is put on this connection: it took none of ours.
    pub(super) fn condemn(&self) {
        self.pool.open.lock().shared.retain(|shared| shared.id != self.id);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.pool.end_stream(self.id);
    }
}

/// Waits until the connection is through with its request, then takes it back.
async fn settle(pool: Arc<Pool>, mut connection: Http1) {
    let Http1 { sender, driver } = &mut connection;
    let ready = poll_fn(|cx| driver.poll(cx, |cx| sender.poll_ready(cx)));
    if let Ok(Ok(())) = timeout(SETTLE_TIMEOUT, ready).await {
        pool.put(connection);
    }
}
