//! Of `host/src/upstream/`: a wake-up from another thread is never lost, whenever it comes. A lost one is a deadlock, which the
//! scheduler finds.

#[path = "../../../host/src/upstream/driver.rs"]
mod driver;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use shuttle::future::block_on;
use shuttle::thread;

use self::driver::Driver;
use crate::latch::Seldom;
use crate::sync::{AtomicU32, Mutex, Ordering};

/// Pieces that arrive from another thread, as bytes do at a socket.
#[derive(Default)]
struct Arrivals {
    count: AtomicU32,
    waiting: Mutex<Option<Waker>>,
}

impl Arrivals {
    fn arrive(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        let waker = self.waiting.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, count: u32, cx: &mut Context<'_>) -> Poll<()> {
        *self.waiting.lock() = Some(cx.waker().clone());
        match self.count.load(Ordering::SeqCst) >= count {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// Bytes arrive while a connection is driven, and while nobody polls it.
pub fn at_a_driven_connection() {
    const PIECES: u32 = 3;
    let arrivals = Arc::new(Arrivals::default());
    let passed_on = Arc::new(Arrivals::default());
    let connection = {
        let (arrivals, passed_on) = (Arc::clone(&arrivals), Arc::clone(&passed_on));
        async move {
            for piece in 1..=PIECES {
                poll_fn(|cx| arrivals.poll(piece, cx)).await;
                passed_on.arrive();
            }
        }
    };
    let sender = thread::spawn(move || (0..PIECES).for_each(|_| arrivals.arrive()));
    let mut driver = Driver::new(connection);
    for piece in 1..=PIECES {
        block_on(poll_fn(|cx| driver.poll(cx, |cx| passed_on.poll(piece, cx))));
    }
    sender.join().expect("the sender ends");
}

/// Something that is polled seldom, beside something else, is polled when it was woken.
pub fn at_what_is_polled_seldom() {
    let (arrivals, others) = (Arc::new(Arrivals::default()), Arc::new(Arrivals::default()));
    let sender = {
        let (arrivals, others) = (Arc::clone(&arrivals), Arc::clone(&others));
        thread::spawn(move || {
            others.arrive();
            arrivals.arrive();
        })
    };
    let mut seldom = Seldom::new(Box::pin(poll_fn(move |cx| arrivals.poll(1, cx))));
    block_on(poll_fn(|cx| {
        let _ = others.poll(1, cx);
        Pin::new(&mut seldom).poll(cx)
    }));
    sender.join().expect("the sender ends");
}
