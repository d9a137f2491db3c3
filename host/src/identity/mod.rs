//! Who the gateway is at a cloud: access tokens and temporary keys that are fetched, kept and renewed before they expire.
//!
//! A deployment finds its [`Identity`] when it is made, so that a credential that cannot be read is told at once. What
//! was fetched is shared by all deployments that use the same credential, and outlives reloads while one of them does.
//! Fetching runs in the background and once at a time, however many exchanges wait for it.

pub mod aws;
mod azure;
mod google;
mod http;
mod jwt;
pub mod percent;
mod renewed;
mod signed_token;
mod token_exchange;

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use crate::config::Secret;

pub use azure::is_asked_for as azure_is_asked_for;
pub use google::project as google_project;
use http::Http;
pub use renewed::Renewed;
pub use signed_token::{Claim, SignedToken};
pub use token_exchange::{Form, TokenExchange};

/// Why there is no token. Each sentence names what to mend and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// What is configured makes no sense.
    #[error("{0}")]
    Unusable(String),
    /// The service that gives tokens says no.
    #[error("{at} refuses our credential with status {status}: {sentence}")]
    Refused { at: String, status: u16, sentence: String },
    #[error("{at} cannot be reached for a token: {reason}")]
    Unreachable { at: String, reason: String },
    #[error("{at} answers without a token that can be read: {reason}")]
    Malformed { at: String, reason: String },
}

/// What is configured of a deployment, and the environment of the gateway.
pub trait Configured {
    /// A parameter that is text.
    fn text(&self, name: &str) -> Option<String>;
    fn secret(&self, name: &str) -> Option<Secret>;
    /// Of the environment; an empty one is none.
    fn variable(&self, name: &str) -> Option<String>;
}

/// How a deployment proves who we are beyond keys that are sent as they are.
#[derive(Clone, Default)]
pub enum Identity {
    /// By the keys that are configured.
    #[default]
    Keys,
    Google(Arc<Renewed<Secret>>),
    Azure(Arc<Renewed<Secret>>),
    /// A token that a service gave for the configured keys, or that was signed with one.
    Exchanged(Arc<Renewed<Secret>>),
    Aws(Arc<Renewed<aws::Keys>>),
}

/// All identities of a gateway.
#[derive(Clone)]
pub struct Identities {
    http: Http,
    background: Handle,
    known: Arc<Mutex<Known>>,
}

/// Each [`Renewed`], by a hash of the credential and what is asked for with it.
type Known = HashMap<[u8; 32], Weak<dyn Any + Send + Sync>>;

impl Identities {
    /// `tls`: whom the gateway trusts; `background`: the runtime on which tokens are fetched.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(tls: rustls::ClientConfig, background: Handle) -> reqwest::Result<Self> {
        Ok(Self {
            http: Http::new(tls)?,
            background,
            known: Arc::default(),
        })
    }

    /// Google's, by OAuth for this scope.
    ///
    /// # Errors
    /// [`IdentityError::Unusable`]
    pub fn google(&self, configured: &dyn Configured, scope: &str) -> Result<Identity, IdentityError> {
        let credential = google::Credential::find(configured)?;
        let key = key(&["google", scope, credential.fingerprint()]);
        let make = || google::Source::new(credential, scope, self.http.clone());
        Ok(Identity::Google(self.get(key, make)))
    }

    /// Microsoft's Entra ID, for Azure.
    ///
    /// # Errors
    /// [`IdentityError::Unusable`]
    pub fn azure(&self, configured: &dyn Configured) -> Result<Identity, IdentityError> {
        let grant = azure::Grant::find(configured)?;
        let key = key(&["azure", &grant.fingerprint()]);
        let make = || azure::Source::new(grant, self.http.clone());
        Ok(Identity::Azure(self.get(key, make)))
    }

    /// Whatever service gives tokens for a form.
    #[must_use]
    pub fn exchanged(&self, form: Form) -> Identity {
        let key = key(&["form", &form.fingerprint()]);
        let make = || token_exchange::Source::new(form, self.http.clone());
        Identity::Exchanged(self.get(key, make))
    }

    /// A token that is signed here.
    #[must_use]
    pub fn signed(&self, claim: Claim) -> Identity {
        let key = key(&["signed", &claim.fingerprint()]);
        Identity::Exchanged(self.get(key, || claim))
    }

    /// AWS's.
    ///
    /// # Errors
    /// [`IdentityError::Unusable`]
    pub fn aws(&self, configured: &dyn Configured) -> Result<Identity, IdentityError> {
        let chain = aws::Chain::find(configured)?;
        let key = key(&["aws", &chain.fingerprint()]);
        let make = || aws::Source::new(chain, self.http.clone());
        Ok(Identity::Aws(self.get(key, make)))
    }

    /// What is known by this key, or made now.
    fn get<T, S>(&self, key: [u8; 32], make: impl FnOnce() -> S) -> Arc<Renewed<T>>
    where
        T: Send + Sync + 'static,
        S: renewed::Source<T> + 'static,
    {
        let mut known = self.known.lock();
        known.retain(|_, identity| identity.strong_count() > 0);
        let found = known.get(&key).and_then(Weak::upgrade);
        if let Some(found) = found.and_then(|found| found.downcast().ok()) {
            return found;
        }
        let made = Arc::new(Renewed::new(Box::new(make()), self.background.clone()));
        let any: Arc<dyn Any + Send + Sync> = Arc::clone(&made) as _;
        known.insert(key, Arc::downgrade(&any));
        made
    }
}

/// A hash, so that no credential is kept as a key.
fn key(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A file that a credential is kept in. It is read anew each time, since those who rotate credentials replace it.
fn read_file(path: &str) -> Result<String, IdentityError> {
    /// Larger than any credential.
    const BYTES_MAX: u64 = 1 << 20;
    let unusable =
        |reason: String| IdentityError::Unusable(format!("the credential file `{path}` cannot be read: {reason}"));
    // Where there is no such file, the text may be a credential that is not in the form expected: it is not repeated.
    let missing = |error: std::io::Error| {
        IdentityError::Unusable(format!(
            "a credential is neither in a form that is known nor the path of a file: {error}"
        ))
    };
    let about = std::fs::metadata(path).map_err(missing)?;
    if !about.is_file() || about.len() > BYTES_MAX {
        return Err(unusable("it is no file of at most 1 MiB".into()));
    }
    std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))
}
