//! Waiting for something to become so. Tests wait for what they can observe, never for a time they guess.

use std::time::{Duration, Instant};

/// The longest a test waits: far more than anything takes, so that only a fault meets it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(5);

/// Looks again and again until there is an answer.
///
/// # Panics
/// After [`PATIENCE`], with what was waited for.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut interval = tokio::time::interval(INTERVAL);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "waited {} s, and still not: {what}",
            PATIENCE.as_secs()
        );
        interval.tick().await;
    }
}

/// Bounds a wait for something that announces itself.
///
/// # Panics
/// After [`PATIENCE`], with what was waited for.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {} s for {what}", PATIENCE.as_secs()),
    }
}
