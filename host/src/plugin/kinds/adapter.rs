//! Provider adapters: plugins that translate requests and answers. They make no network call and see no credential.

use std::sync::{Arc, OnceLock};

use hyper::HeaderMap;

use super::{Exports, generated};
use crate::canonical::Canonical;
use crate::plugin::bindings::{Provider, ProviderPre};
use crate::plugin::crossing::{shapes, words};
use crate::plugin::grants::Grants;
use crate::plugin::guest::Guest;
use crate::plugin::imports::Import;
use crate::plugin::limits::Limits;
use crate::plugin::load::DESCRIBE_TIME;
use crate::plugin::parameters::Parameters;
use crate::plugin::pool::{Key, Lease, Pool};
use crate::plugin::{CallError, Component, Host, Identity, Kind};

pub use crate::plugin::attempted::Attempted;
pub use crate::plugin::bindings::provider_types::{
    Auth, Continuation, Event, Failure, Fault, Framing, ProviderInfo, Reading, RequestBody, Target, UpstreamRequest,
};

impl Exports for Provider {
    const KIND: Kind = Kind::Adapter;
    /// It translates bodies of many megabytes.
    const LIMITS: Limits = Limits::new(20, 64, 128);
    const WAITS: bool = false;
    const IMPORTS: &[Import] = &[Import::Exchange, Import::Deployment];

    generated!(ProviderPre);
}

/// One configured use of a provider adapter. Its code is linked at its first use: most bundled adapters serve no
/// deployment, and need no memory then.
pub struct Adapter {
    component: Arc<Component>,
    host: Arc<Host>,
    key: Key,
    identity: Arc<Identity>,
    pool: OnceLock<Arc<Pool<Provider>>>,
    providers: OnceLock<Vec<ProviderInfo>>,
}

/// Why an adapter gave no value: it refused the request, or the call failed.
#[derive(Debug)]
pub enum AdapterError {
    Call(CallError),
    Refused(Failure),
}

impl From<CallError> for AdapterError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl Adapter {
    /// The use of a component that is an adapter.
    pub(crate) fn new(component: &Arc<Component>, host: &Arc<Host>, key: Key) -> Self {
        Self {
            identity: host.identity(component, Kind::Adapter, &key),
            component: Arc::clone(component),
            host: Arc::clone(host),
            key,
            pool: OnceLock::new(),
            providers: OnceLock::new(),
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// The pool of its instances. The first call links the component, which takes milliseconds.
    ///
    /// # Errors
    /// The component is bundled, and the build is broken.
    pub fn pool(&self) -> Result<&Arc<Pool<Provider>>, CallError> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let identity = Arc::clone(&self.identity);
        let made = self.component.pool_of(&self.host, &self.key, identity);
        let made = made.ok_or_else(|| CallError::Instance {
            plugin: self.identity.name.clone(),
            reason: "its code does not load: see the log".into(),
        })?;
        Ok(self.pool.get_or_init(|| made))
    }

    /// Whether its code is linked.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.pool.get().is_some()
    }

    pub(crate) fn drop_old(&self) {
        if let Some(pool) = self.pool.get() {
            pool.drop_old();
        }
    }

    /// Its granted hosts. Its providers may be there without an entry in the configuration.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.identity.grants
    }

    /// The parameters of deployments that it may read.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.identity.parameters
    }

    /// The providers that it serves. It is asked once, and not by an exchange; a bundled one without settings was asked
    /// when it was built.
    ///
    /// # Errors
    /// The guest failed.
    pub fn providers(&self) -> Result<&[ProviderInfo], CallError> {
        if let Some(known) = self.providers.get() {
            return Ok(known);
        }
        let built = self.component.providers().filter(|_| &*self.key.settings == "{}");
        let said = match built {
            Some(said) => said,
            None => self.ask()?,
        };
        Ok(self.providers.get_or_init(|| said))
    }

    fn ask(&self) -> Result<Vec<ProviderInfo>, CallError> {
        let pool = self.pool()?;
        let mut lease = pool.lease()?;
        lease.guest().begin(None);
        let time = DESCRIBE_TIME.max(pool.limits().time);
        let said = lease.call_within(time, 0, |store, provider| {
            provider.sluice_plugin_provider().call_providers(store)
        })?;
        shapes::providers(&said).map_err(|reason| self.identity.broke_contract(reason))?;
        Ok(said)
    }

    /// Begins an attempt: calls `open`.
    ///
    /// # Errors
    /// The adapter refuses the request, or the guest failed.
    pub fn open(
        &self,
        exchange: &Arc<Canonical>,
        target: &Target,
        attempted: Box<dyn Attempted>,
    ) -> Result<(UpstreamRequest, Conversation), AdapterError> {
        let mut lease = self.pool()?.lease()?;
        let guest = lease.guest();
        guest.begin(Some(Arc::clone(exchange)));
        guest.attempted = Some(attempted);
        let bytes = exchange.body.len();
        let request = lease.call(bytes, |store, provider| {
            provider.sluice_plugin_provider().call_open(store, target)
        })?;
        let request = request.map_err(|failure| AdapterError::Refused(words::failure(failure)))?;
        shapes::request(&request).map_err(|reason| self.identity.broke_contract(reason))?;
        Ok((request, Conversation { lease }))
    }

    /// Translates an answer whose status is not 2xx into a failure. Any instance of the pool can do this.
    ///
    /// # Errors
    /// The guest failed.
    pub fn refuse(
        &self,
        exchange: &Arc<Canonical>,
        target: &Target,
        attempted: Box<dyn Attempted>,
        status: u16,
        headers: HeaderMap,
        body: &[u8],
    ) -> Result<Failure, CallError> {
        let mut lease = self.pool()?.lease()?;
        let guest = lease.guest();
        guest.begin(Some(Arc::clone(exchange)));
        guest.attempted = Some(attempted);
        guest.answer_headers = headers;
        // Providers repeat what the client wrote in their error messages.
        guest.has_read_content = true;
        let failure = lease.call(body.len(), |store, provider| {
            provider
                .sluice_plugin_provider()
                .call_refuse(store, target, status, body)
        })?;
        Ok(words::failure(failure))
    }
}

/// The instance that works on one attempt, after `open`.
pub struct Conversation {
    lease: Lease<Provider>,
}

impl Conversation {
    /// Gives the adapter the headers of the upstream's answer.
    pub fn answered(&mut self, headers: HeaderMap) {
        self.lease.guest().answer_headers = headers;
    }

    /// Translates a whole body into a canonical answer.
    ///
    /// # Errors
    /// The adapter cannot read it, or the guest failed.
    pub fn whole(&mut self, body: &[u8]) -> Result<Vec<u8>, AdapterError> {
        self.reads_content();
        let answer = self.lease.call(body.len(), |store, provider| {
            provider.sluice_plugin_provider().call_whole(store, body)
        })?;
        answer.map_err(|failure| AdapterError::Refused(words::failure(failure)))
    }

    /// Translates a batch of events into canonical chunks.
    ///
    /// # Errors
    /// The provider sent an error event, the adapter cannot read one, or the guest failed.
    pub fn events(&mut self, batch: &[Event]) -> Result<Vec<u8>, AdapterError> {
        self.reads_content();
        let bytes = batch.iter().map(|event| event.data.len()).sum();
        let answer = self.lease.call(bytes, |store, provider| {
            provider.sluice_plugin_provider().call_events(store, batch)
        })?;
        answer.map_err(|failure| AdapterError::Refused(words::failure(failure)))
    }

    /// The remaining chunks at the end of the upstream's stream.
    ///
    /// # Errors
    /// The stream broke off before its own end, or the guest failed.
    pub fn finish(&mut self) -> Result<Vec<u8>, AdapterError> {
        self.reads_content();
        let answer = self.lease.call(0, |store, provider| {
            provider.sluice_plugin_provider().call_finish(store)
        })?;
        answer.map_err(|failure| AdapterError::Refused(words::failure(failure)))
    }

    fn reads_content(&mut self) {
        let guest = self.lease.guest();
        guest.log_refill();
        guest.has_read_content = true;
    }
}
