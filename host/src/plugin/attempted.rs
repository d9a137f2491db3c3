//! [`Attempted`]: the deployment that an adapter works for.

use std::borrow::Cow;

/// The deployment that is being tried, as far as an adapter may ask about it.
pub trait Attempted: Send + Sync {
    /// A parameter as JSON text. Credentials are never among these.
    fn parameter(&self, name: &str) -> Option<Cow<'_, str>>;
    fn has_credential(&self, name: &str) -> bool;
}
