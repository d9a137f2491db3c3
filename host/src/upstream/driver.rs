//! Driving an HTTP/1.1 connection from within the exchange that uses it.
//!
//! hyper's connection is a future that moves bytes between the socket and whoever waits for them. In a task of its own it
//! would be woken, and wake the exchange in turn, for each piece of an answer; polled by the exchange itself, all that has
//! arrived is there in one poll, without a switch, and can go on in one write.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::latch::Latch;

/// Turns that connection and waiter may take within one poll. More than any answer's head takes; beyond, other exchanges
/// of the worker come first (a connection whose share of the worker is used up wakes itself at once, for ever).
const TURNS_MAX: usize = 32;

/// A connection's other end, polled together with what waits for it.
pub(super) struct Driver {
    /// `None` once it has ended; the socket is closed then.
    connection: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    latch: Arc<Latch>,
    waker: Waker,
    /// When they were last polled, neither connection nor waiter got any further.
    is_settled: bool,
}

impl Driver {
    pub(super) fn new(connection: impl Future<Output = ()> + Send + 'static) -> Driver {
        let latch = Latch::new();
        Driver {
            is_settled: false,
            connection: Some(Box::pin(connection)),
            waker: latch.clone().into(),
            latch,
        }
    }

    /// Polls the connection and `waiter` in turn until `waiter` is ready or neither gets any further.
    ///
    /// Where nothing has happened since neither got any further, neither is polled: a client's connection is polled for
    /// many reasons, and an upstream's bytes are only one of them.
    pub(super) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut waiter: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.latch.listen(cx.waker());
        if self.is_settled && !self.is_behind() {
            return Poll::Pending;
        }
        let mut inner = Context::from_waker(&self.waker);
        self.latch.set_polling(true);
        let mut turns = 0;
        let polled = loop {
            if self.latch.take() {
                advance(&mut self.connection, &mut inner);
            }
            let polled = waiter(&mut inner);
            turns += 1;
            if polled.is_ready() || turns == TURNS_MAX || !self.is_behind() {
                break polled;
            }
        };
        self.is_settled = polled.is_pending();
        self.latch.set_polling(false);
        // Its turns are used up, or a wake-up from another thread came after the last look.
        if self.is_settled && self.is_behind() {
            cx.waker().wake_by_ref();
        }
        polled
    }

    /// Whether something has happened to the connection since it was last polled.
    pub(super) fn is_behind(&self) -> bool {
        self.latch.was_woken()
    }

    /// Polls the connection, which nobody waits for: it takes note of what has happened to it.
    pub(super) fn catch_up(&mut self) {
        self.is_settled = false;
        self.latch.listen_no_more();
        self.latch.take();
        advance(&mut self.connection, &mut Context::from_waker(&self.waker));
    }
}

fn advance(connection: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>, cx: &mut Context<'_>) {
    // The exchange in progress gets its error; without one, the closed sender is enough.
    if connection
        .as_mut()
        .is_some_and(|live| live.as_mut().poll(cx).is_ready())
    {
        *connection = None;
    }
}
