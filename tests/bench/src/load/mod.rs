//! The load: closed (each connection asks again as soon as it is answered) or open (questions come at their time, whether
//! or not the earlier ones are answered). Latencies go into histograms; an exchange that fails is counted and its reason
//! kept.

mod connection;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use connection::{Connection, Proof, Watch};

/// What is asked, again and again.
#[derive(Debug, Clone)]
pub struct Question {
    /// Head and body, as they go out.
    pub request: Rc<[u8]>,
    pub proof: Proof,
}

/// What was seen within the measured time.
pub struct Seen {
    pub exchanges: u64,
    /// Of exchanges, nanoseconds.
    pub latency: Histogram<u64>,
    /// To the first text of a stream or the first byte of a whole body, nanoseconds.
    pub first_token: Histogram<u64>,
    /// From the upstream's write to the client's read, nanoseconds; of stamped chunks.
    pub chunk_delay: Histogram<u64>,
    pub failed: u64,
    /// Why the first of them failed.
    pub reason: Option<String>,
}

impl Seen {
    fn new() -> Self {
        // Three digits, from 1 ns to a minute.
        let histogram = || Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are in order");
        Self {
            exchanges: 0,
            latency: histogram(),
            first_token: histogram(),
            chunk_delay: histogram(),
            failed: 0,
            reason: None,
        }
    }

    pub fn chunks(&self) -> u64 {
        self.chunk_delay.len()
    }
}

/// Takes what connections see, from when it is told to.
#[derive(Clone)]
struct Tally {
    seen: Rc<RefCell<Seen>>,
    is_on: Rc<Cell<bool>>,
}

impl Tally {
    fn new() -> Self {
        Self {
            seen: Rc::new(RefCell::new(Seen::new())),
            is_on: Rc::default(),
        }
    }

    fn turn(&self, on: bool) {
        self.is_on.set(on);
    }

    fn take(&self) -> Seen {
        self.seen.replace(Seen::new())
    }

    fn add(&self, outcome: Result<Duration, String>) {
        let mut seen = self.seen.borrow_mut();
        match outcome {
            // What fails before the measured time has failed all the same.
            Err(reason) => {
                seen.failed += 1;
                seen.reason.get_or_insert(reason);
            }
            Ok(took) if self.is_on.get() => {
                seen.exchanges += 1;
                seen.latency.saturating_record(nanoseconds(took));
            }
            Ok(_) => {}
        }
    }
}

impl Watch for Tally {
    fn first_token(&mut self, after: Duration) {
        if self.is_on.get() {
            self.seen.borrow_mut().first_token.saturating_record(nanoseconds(after));
        }
    }

    fn chunk(&mut self, delay: Duration) {
        if self.is_on.get() {
            self.seen.borrow_mut().chunk_delay.saturating_record(nanoseconds(delay));
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// How the questions come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pattern {
    /// So many connections, each asking as soon as it is answered.
    Closed(usize),
    /// So many questions a second, over as many connections as that takes. Latency counts from when a question was due, the
    /// time to the first token from when it was sent.
    Open(u32),
}

/// How long the load goes on: unmeasured first, then measured.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub warmup: Duration,
    pub measured: Duration,
}

/// Runs a load. `at_edges` is called when the measured time begins and when it ends.
pub async fn run(
    address: SocketAddr,
    question: &Question,
    pattern: Pattern,
    span: Span,
    mut at_edges: impl FnMut(),
) -> Seen {
    let tally = Tally::new();
    let mut connections = JoinSet::new();
    match pattern {
        Pattern::Closed(count) => {
            for index in 0..count {
                // Streams that all begin at the same moment would end and begin anew at the same moment ever after.
                let delay = span.warmup.mul_f64(0.7 * index as f64 / count as f64);
                connections.spawn_local(ask_again_and_again(address, question.clone(), delay, tally.clone()));
            }
        }
        Pattern::Open(rate) => {
            connections.spawn_local(ask_at_rate(address, question.clone(), rate, tally.clone()));
        }
    }
    tokio::time::sleep(span.warmup).await;
    tally.turn(true);
    at_edges();
    tokio::time::sleep(span.measured).await;
    at_edges();
    tally.turn(false);
    let seen = tally.take();
    // Exchanges under way are given up: their connections close.
    connections.shutdown().await;
    seen
}

async fn ask_again_and_again(address: SocketAddr, question: Question, delay: Duration, mut tally: Tally) {
    tokio::time::sleep(delay).await;
    let mut connection = Connection::to(address);
    loop {
        let outcome = connection
            .exchange(&question.request, &question.proof, &mut tally)
            .await;
        let has_failed = outcome.is_err();
        tally.add(outcome);
        if has_failed {
            // A gateway that is down is not asked a million times a second whether it still is.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A gateway that falls so far behind does not keep the rate.
const UNDER_WAY_MAX: usize = 2_000;

async fn ask_at_rate(address: SocketAddr, question: Question, rate: u32, tally: Tally) {
    let between = Duration::from_secs(1) / rate;
    let idle: Rc<RefCell<Vec<Connection>>> = Rc::default();
    let mut under_way = JoinSet::new();
    let mut due = Instant::now();
    loop {
        if under_way.len() > UNDER_WAY_MAX {
            tally.add(Err(format!("more than {UNDER_WAY_MAX} questions wait for an answer")));
            due = Instant::now();
            under_way.join_next().await;
            continue;
        }
        // The timer is exact to a millisecond: all questions due by now are asked together, each late by its own share.
        while due <= Instant::now() {
            let (idle, question, mut tally) = (Rc::clone(&idle), question.clone(), tally.clone());
            let asked_at = due;
            under_way.spawn_local(async move {
                let free = idle.borrow_mut().pop();
                let mut connection = free.unwrap_or_else(|| Connection::to(address));
                let late = asked_at.elapsed();
                let outcome = connection
                    .exchange(&question.request, &question.proof, &mut tally)
                    .await;
                tally.add(outcome.map(|took| took + late));
                idle.borrow_mut().push(connection);
            });
            due += between;
        }
        while under_way.try_join_next().is_some() {}
        tokio::time::sleep_until(due).await;
    }
}
