//! Driving an HTTP/1.1 connection from within the exchange that uses it.
//!
//! hyper's connection is a future that moves bytes between the socket and whoever waits for them. In a task of its own it
//! would be woken, and wake the exchange in turn, for each piece of an answer; polled by the exchange itself, all that has
//! arrived is there in one poll, without a switch, and can go on in one write.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

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

/// Takes the wake-ups of connection and waiter. Those that come while the two are being polled are served in the same
/// poll; the others go on to the task.
#[derive(Default)]
struct Latch {
    is_polling: AtomicBool,
    was_woken: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Wake for Latch {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.was_woken.store(true, Ordering::SeqCst);
        if !self.is_polling.load(Ordering::SeqCst)
            && let Some(task) = self.task.lock().as_ref()
        {
            task.wake_by_ref();
        }
    }
}

impl Driver {
    pub(super) fn new(connection: impl Future<Output = ()> + Send + 'static) -> Driver {
        let latch = Arc::new(Latch {
            // It has never been polled.
            was_woken: AtomicBool::new(true),
            ..Latch::default()
        });
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
        self.listen(cx.waker());
        if self.is_settled && !self.is_behind() {
            return Poll::Pending;
        }
        let mut inner = Context::from_waker(&self.waker);
        self.latch.is_polling.store(true, Ordering::SeqCst);
        let mut turns = 0;
        let polled = loop {
            if self.latch.was_woken.swap(false, Ordering::SeqCst) {
                advance(&mut self.connection, &mut inner);
            }
            let polled = waiter(&mut inner);
            turns += 1;
            if polled.is_ready() || turns == TURNS_MAX || !self.is_behind() {
                break polled;
            }
        };
        self.is_settled = polled.is_pending();
        self.latch.is_polling.store(false, Ordering::SeqCst);
        // Its turns are used up, or a wake-up from another thread came after the last look.
        if self.is_settled && self.is_behind() {
            cx.waker().wake_by_ref();
        }
        polled
    }

    /// Whether something has happened to the connection since it was last polled.
    pub(super) fn is_behind(&self) -> bool {
        self.latch.was_woken.load(Ordering::SeqCst)
    }

    /// Polls the connection, which nobody waits for: it takes note of what has happened to it.
    pub(super) fn catch_up(&mut self) {
        self.is_settled = false;
        *self.latch.task.lock() = None;
        self.latch.was_woken.store(false, Ordering::SeqCst);
        advance(&mut self.connection, &mut Context::from_waker(&self.waker));
    }

    fn listen(&self, waker: &Waker) {
        let mut task = self.latch.task.lock();
        if !task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }
}

fn advance(connection: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>, cx: &mut Context<'_>) {
    // Its error is told to the exchange that is under way; with none, the closed sender says enough.
    if connection
        .as_mut()
        .is_some_and(|live| live.as_mut().poll(cx).is_ready())
    {
        *connection = None;
    }
}
