//! A value that expires, renewed ahead of that.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::IdentityError;
use crate::moment::Moment;

/// A value is renewed when so little is left of its time.
const AHEAD: Duration = Duration::from_secs(300);

/// A value with so little time left is not used any more: the upstream must still find it valid.
const TOO_LATE: Duration = Duration::from_secs(10);

/// After a failure nobody asks again for so long.
const PAUSE: Duration = Duration::from_secs(2);

/// Fetches a value.
pub trait Source<T>: Send + Sync {
    fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease<T>, IdentityError>> + Send + '_>>;
}

/// A value and for how long it is valid.
pub struct Lease<T> {
    pub value: T,
    /// `None`: for ever.
    pub lasts: Option<Duration>,
}

/// What is in use.
struct Held<T> {
    value: Arc<T>,
    until: Option<Moment>,
    /// When it is renewed.
    renew_at: Option<Moment>,
}

/// A value that is fetched when it is first needed and renewed ahead of its end. One fetch is under way at a time.
pub struct Renewed<T>(Arc<Inner<T>>);

struct Inner<T> {
    source: Box<dyn Source<T>>,
    background: Handle,
    held: ArcSwapOption<Held<T>>,
    /// Held while a fetch is under way; what failed last, and when.
    fetching: Mutex<Option<(Moment, IdentityError)>>,
}

impl<T: Send + Sync + 'static> Renewed<T> {
    pub fn new(source: Box<dyn Source<T>>, background: Handle) -> Self {
        Self(Arc::new(Inner {
            source,
            background,
            held: ArcSwapOption::empty(),
            fetching: Mutex::default(),
        }))
    }

    /// The value. Waits only where there is none that is still valid.
    ///
    /// # Errors
    /// It cannot be fetched, or could not a moment ago.
    pub async fn get(&self) -> Result<Arc<T>, IdentityError> {
        let now = Moment::now();
        if let Some(held) = self.0.valid(now) {
            if held.renew_at.is_some_and(|at| at <= now) && self.0.fetching.try_lock().is_ok() {
                let inner = Arc::clone(&self.0);
                self.0.background.spawn(async move { inner.renew().await });
            }
            return Ok(Arc::clone(&held.value));
        }
        let inner = Arc::clone(&self.0);
        // In a task of its own: a client that hangs up must not end what others wait for.
        let fetched = self.0.background.spawn(async move { inner.fetch().await });
        fetched
            .await
            .unwrap_or_else(|_| Err(IdentityError::Unusable("the gateway is stopping".into())))
    }
}

impl<T> Inner<T> {
    fn valid(&self, now: Moment) -> Option<Arc<Held<T>>> {
        let held = self.held.load_full()?;
        held.until.is_none_or(|until| now + TOO_LATE < until).then_some(held)
    }

    /// Fetches for those who have nothing valid. Who waited for another's fetch takes what that one brought.
    async fn fetch(&self) -> Result<Arc<T>, IdentityError> {
        let mut failed = self.fetching.lock().await;
        let now = Moment::now();
        if let Some(held) = self.valid(now) {
            return Ok(Arc::clone(&held.value));
        }
        if let Some((at, error)) = failed.as_ref()
            && now < *at + PAUSE
        {
            return Err(error.clone());
        }
        let fetched = self.take().await;
        *failed = fetched.as_ref().err().map(|error| (Moment::now(), error.clone()));
        fetched
    }

    /// Fetches while the old value is still in use.
    async fn renew(&self) {
        let Ok(mut failed) = self.fetching.try_lock() else {
            return;
        };
        let now = Moment::now();
        let is_paused = failed.as_ref().is_some_and(|(at, _)| now < *at + PAUSE);
        let is_new = self
            .held
            .load()
            .as_ref()
            .is_some_and(|held| held.renew_at.is_none_or(|at| now < at));
        if is_paused || is_new {
            return;
        }
        let fetched = self.take().await;
        if let Err(error) = &fetched {
            tracing::warn!(%error, "a token is not renewed: the one in use is used until it expires");
        }
        *failed = fetched.err().map(|error| (Moment::now(), error));
    }

    async fn take(&self) -> Result<Arc<T>, IdentityError> {
        let Lease { value, lasts } = self.source.fetch().await?;
        let now = Moment::now();
        let value = Arc::new(value);
        self.held.store(Some(Arc::new(Held {
            value: Arc::clone(&value),
            until: lasts.map(|lasts| now + lasts),
            // Of a token that is short-lived, half of its time.
            renew_at: lasts.map(|lasts| now + lasts.saturating_sub(AHEAD.min(lasts / 2))),
        })));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Counts what it is asked for.
    struct Counting {
        asked: Arc<AtomicU32>,
        lasts: Option<Duration>,
        fails: bool,
    }

    impl Source<u32> for Counting {
        fn fetch(&self) -> Pin<Box<dyn Future<Output = Result<Lease<u32>, IdentityError>> + Send + '_>> {
            Box::pin(async {
                let value = self.asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                match self.fails {
                    true => Err(IdentityError::Unusable("no".into())),
                    false => Ok(Lease {
                        value,
                        lasts: self.lasts,
                    }),
                }
            })
        }
    }

    fn renewed(lasts: Option<u64>, fails: bool) -> (Arc<Renewed<u32>>, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let lasts = lasts.map(Duration::from_secs);
        let source = Counting {
            asked: Arc::clone(&asked),
            lasts,
            fails,
        };
        (Arc::new(Renewed::new(Box::new(source), Handle::current())), asked)
    }

    #[tokio::test]
    async fn many_who_wait_cause_one_fetch() {
        for lasts in [None, Some(3600)] {
            let (renewed, asked) = renewed(lasts, false);
            let waiting = (0..50).map(|_| {
                tokio::spawn({
                    let renewed = Arc::clone(&renewed);
                    async move { *renewed.get().await.unwrap() }
                })
            });
            for value in waiting.collect::<Vec<_>>() {
                assert_eq!(value.await.unwrap(), 0);
            }
            assert_eq!(asked.load(Ordering::Relaxed), 1, "{lasts:?}");
        }
    }

    #[tokio::test]
    async fn a_value_near_its_end_is_not_used() {
        let (renewed, asked) = renewed(Some(5), false);
        assert_eq!((*renewed.get().await.unwrap(), *renewed.get().await.unwrap()), (0, 1));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_refusal_is_remembered_for_a_moment() {
        let (renewed, asked) = renewed(None, true);
        for _ in 0..20 {
            renewed.get().await.unwrap_err();
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
