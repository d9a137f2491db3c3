//! A waker that remembers: whether something happened to a future since it was last polled.
//!
//! A client's connection is one task in which much is polled together. Each part that sits behind a latch is polled only
//! when it was woken itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::sync::{AtomicBool, Mutex, Ordering};

/// A waker that records wake-ups and forwards them only while the task is not polling this part.
pub struct Latch {
    /// The task polls what is behind the latch until no wake-up is left: none need be passed on.
    is_polling: AtomicBool,
    was_woken: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl Latch {
    /// Woken from the start: what is behind it has never been polled.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            is_polling: AtomicBool::new(false),
            was_woken: AtomicBool::new(true),
            task: Mutex::new(None),
        })
    }

    /// Passes wake-ups on to this task.
    pub fn listen(&self, waker: &Waker) {
        let mut task = self.task.lock();
        if !task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    /// Passes wake-ups on to nobody.
    pub fn listen_no_more(&self) {
        *self.task.lock() = None;
    }

    pub fn set_polling(&self, is_polling: bool) {
        self.is_polling.store(is_polling, Ordering::SeqCst);
    }

    pub fn was_woken(&self) -> bool {
        self.was_woken.load(Ordering::SeqCst)
    }

    /// Whether it was woken, which is then forgotten.
    pub fn take(&self) -> bool {
        self.was_woken() && self.was_woken.swap(false, Ordering::SeqCst)
    }
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

/// A future that is polled only when it was woken, beside others that are woken often.
pub struct Seldom<F> {
    future: F,
    latch: Arc<Latch>,
    waker: Waker,
}

impl<F: Future + Unpin> Seldom<F> {
    pub fn new(future: F) -> Self {
        let latch = Latch::new();
        Self {
            future,
            waker: Arc::clone(&latch).into(),
            latch,
        }
    }
}

impl<F: Future + Unpin> Future for Seldom<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.latch.listen(cx.waker());
        if !self.latch.take() {
            return Poll::Pending;
        }
        let Self { future, waker, .. } = &mut *self;
        Pin::new(future).poll(&mut Context::from_waker(waker))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;

    /// Counts how often it is polled.
    struct Counting<'c, F>(F, &'c AtomicUsize);

    impl<F: Future + Unpin> Future for Counting<'_, F> {
        type Output = F::Output;

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Pin::new(&mut self.0).poll(cx)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_polled_seldom_still_comes_in_time() {
        let polls = AtomicUsize::new(0);
        let sleep = Box::pin(tokio::time::sleep(Duration::from_secs(1)));
        let mut seldom = Seldom::new(Counting(sleep, &polls));
        let mut busy = tokio::time::interval(Duration::from_millis(1));
        loop {
            tokio::select! {
                biased;
                () = &mut seldom => break,
                _ = busy.tick() => {}
            }
        }
        assert_eq!(
            polls.load(Ordering::Relaxed),
            2,
            "once to begin with, once when it was due"
        );
    }
}
