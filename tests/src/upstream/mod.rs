//! A provider on loopback: follows a script, misbehaves on command, notes what it was asked.
//!
//! It speaks HTTP/1.1 by hand, because a proper server would not send half an answer. [`script`] says what it answers,
//! [`http`] reads what it is asked.

mod http;
mod script;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use http::Reader;
pub use http::Request;
use script::Step;
pub use script::{Event, Gate, Script, aws_message};

use crate::wait::within;

/// A running upstream; it stops when dropped.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Something in the state changed.
    changed: Notify,
}

/// Chooses a script for a request.
type Decide = Arc<dyn Fn(&Request) -> Script + Send + Sync>;

#[derive(Default)]
struct State {
    /// One script a request, in order.
    queue: VecDeque<Script>,
    /// What answers when the queue is empty.
    standing: Option<Decide>,
    requests: Vec<Request>,
    /// Clients that went away before their answer had ended.
    disconnects: usize,
    /// Connections accepted.
    connections: usize,
}

impl Upstream {
    /// Listens on a free port. Until it has a script it answers 500.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        Self::listen(listener)
    }

    /// An upstream that answers every request with this script.
    pub async fn that_answers(script: Script) -> Self {
        let upstream = Self::start().await;
        upstream.always(script);
        upstream
    }

    fn listen(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let listening = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            address,
            shared,
            listening,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base, such as `http://127.0.0.1:4242`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next request that has no script yet.
    pub fn then(&self, script: Script) {
        self.shared.state().queue.push_back(script);
    }

    /// Answers every request for which [`Self::then`] has nothing.
    pub fn always(&self, script: Script) {
        self.decides(move |_| script.clone());
    }

    /// Answers every request for which [`Self::then`] has nothing, by what it asks.
    pub fn decides(&self, decide: impl Fn(&Request) -> Script + Send + Sync + 'static) {
        self.shared.state().standing = Some(Arc::new(decide));
    }

    /// What it was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// How often it was asked.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.state().requests.len()
    }

    /// How many connections it has accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// The last request, waited for.
    ///
    /// # Panics
    /// When none comes.
    pub async fn request(&self) -> Request {
        self.asked(1).await;
        self.shared.state().requests.last().cloned().expect("it was asked")
    }

    /// Waits until it was asked so often.
    pub async fn asked(&self, count: usize) {
        self.reaches("a request to the upstream", |state| state.requests.len() >= count)
            .await;
    }

    /// Waits until so many clients have gone away before their answer had ended.
    pub async fn abandoned(&self, count: usize) {
        self.reaches("the gateway to drop its upstream connection", |state| {
            state.disconnects >= count
        })
        .await;
    }

    async fn reaches(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        within(what, async {
            loop {
                let changed = self.shared.changed.notified();
                if is_so(&self.shared.state()) {
                    return;
                }
                changed.await;
            }
        })
        .await;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_waiters();
    }

    fn script(&self, request: &Request) -> Script {
        let (queued, standing) = {
            let mut state = self.state();
            (state.queue.pop_front(), state.standing.clone())
        };
        let script = queued.or_else(|| standing.map(|decide| decide(request)));
        let none = || Script::text(500, "text/plain", "the test gave this upstream no script");
        script.unwrap_or_else(none).for_request(request)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.change(|state| state.connections += 1);
        connections.spawn(serve(stream, Arc::clone(&shared)));
        // Finished ones are forgotten, so that a long test does not gather them.
        while connections.try_join_next().is_some() {}
    }
}

/// One connection: request, script, and again, until either side closes.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    stream.set_nodelay(true).expect("loopback takes the option");
    let (read, mut write) = stream.into_split();
    let mut reader = Reader::new(read);
    while let Some(request) = reader.request().await {
        let script = shared.script(&request);
        shared.change(|state| state.requests.push(request));
        match follow(&script, &mut reader, &mut write).await {
            Ended::Whole => {}
            Ended::Closed => return,
            Ended::Reset => return reset(reader.into_inner(), write),
            Ended::Abandoned => return shared.change(|state| state.disconnects += 1),
        }
    }
}

/// How a script ended.
enum Ended {
    Whole,
    /// The script closed the connection.
    Closed,
    /// The script resets it.
    Reset,
    /// The client went away.
    Abandoned,
}

async fn follow(script: &Script, reader: &mut Reader, write: &mut OwnedWriteHalf) -> Ended {
    for step in &script.steps() {
        let done = async {
            match step {
                Step::Send(bytes) => write.write_all(bytes).await.is_ok() && write.flush().await.is_ok(),
                Step::Hold(gate) => {
                    gate.passed().await;
                    true
                }
                Step::Repeat(bytes) => {
                    while write.write_all(bytes).await.is_ok() {}
                    false
                }
                Step::Close | Step::Reset => true,
            }
        };
        let went_on = tokio::select! {
            // What is there to be sent goes out before a disconnect is looked at.
            biased;
            done = done => done,
            () = reader.closed() => false,
        };
        match step {
            _ if !went_on => return Ended::Abandoned,
            Step::Close => return Ended::Closed,
            Step::Reset => return Ended::Reset,
            Step::Send(_) | Step::Hold(_) | Step::Repeat(_) => {}
        }
        // A turn for the gateway, so that it may see each segment by itself.
        tokio::task::yield_now().await;
    }
    Ended::Whole
}

/// Closes so that the other side sees a reset (RST), not an orderly end.
fn reset(read: OwnedReadHalf, write: OwnedWriteHalf) {
    let stream = read.reunite(write).expect("both halves are of one stream");
    stream.set_zero_linger().expect("loopback takes the option");
    drop(stream);
}
