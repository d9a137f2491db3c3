//! Pools of instances. Each pool serves one use of a plugin and reuses instances that have read no content.
//!
//! No instance that has read one client's content serves another exchange, unless the operator shares its instances or
//! it is a callback. The host knows what an instance has read, because content reaches a guest only through the host's
//! imports and calls. An instance that has read no content goes back to its pool, which is limited in the number, age
//! and memory of its instances. An instance that has read content is dropped when its exchange ends. Each call first
//! marks its instance unfit, and marks it fit again only after it has returned normally. After a trap, an exceeded
//! limit or a dropped future the instance stays unfit and is never called again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::{Engine, Store, Trap};

use super::clock::Ticking;
use super::engine::INSTANCES_PER_PLUGIN_MAX;
use super::grants::Grants;
use super::guest::Guest;
use super::idle::{Idle, Made};
use super::kinds::Exports;
use super::limits::Limits;
use super::load::chain;
use super::parameters::Parameters;
use super::{CallError, Identity, crossing};
use crate::config::settings::Isolation;
use crate::worker;

/// An idle instance that has grown by more than this is dropped, so that the memory of one large request is not kept
/// forever. What it began with is not counted: a language's runtime alone may be larger.
const IDLE_GROWTH_BYTES_MAX: usize = 8 << 20;

/// Identifies a use of a plugin: uses with equal keys share a pool.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub sha256: String,
    pub settings: Box<str>,
    pub grants: Grants,
    pub parameters: Parameters,
    pub may_attribute: bool,
    pub limits: Limits,
    pub isolation: Isolation,
}

/// A pool of instances.
pub struct Pool<E: Exports> {
    pre: E::Pre,
    identity: Arc<Identity>,
    limits: Limits,
    isolation: Isolation,
    /// One list per worker, so that exchanges never wait for a lock.
    idle: Box<[Mutex<Idle<Instance<E>>>]>,
}

struct Instance<E> {
    store: Store<Guest>,
    exports: E,
    made: Instant,
    /// Memory that it began with.
    memory_bytes: usize,
    calls: u32,
    /// Part of the plugin's share of instances. It is given back last.
    _permit: OwnedSemaphorePermit,
}

impl<E> Made for Instance<E> {
    fn made(&self) -> Instant {
        self.made
    }
}

/// An instance taken from a pool. When the lease is dropped, the instance goes back to the pool or is dropped.
pub struct Lease<E: Exports> {
    pool: Arc<Pool<E>>,
    instance: Option<Instance<E>>,
    /// False while a call runs, and for good after a call that did not return normally.
    is_fit: bool,
}

impl<E: Exports> Pool<E> {
    pub fn new(pre: E::Pre, identity: Arc<Identity>, limits: Limits, isolation: Isolation) -> Arc<Self> {
        let idle = (0..worker::COUNT_MAX).map(|_| Mutex::default()).collect();
        Arc::new(Self {
            pre,
            identity,
            limits,
            isolation,
            idle,
        })
    }

    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Drops idle instances that are too old to be used again. It unmaps memory, which is slow: workers must not call
    /// it.
    pub fn drop_old(&self) {
        let now = Instant::now();
        for idle in &self.idle {
            // The lock is released before the instances are dropped.
            let old = idle.lock().take_old(now);
            drop(old);
        }
    }

    /// An idle instance, or else a fresh one, for a kind that is called synchronously.
    ///
    /// # Errors
    /// No room for another instance, or its start function trapped.
    pub fn lease(self: &Arc<Self>) -> Result<Lease<E>, CallError> {
        if let Some(idle) = self.take_idle() {
            return Ok(self.leased(idle));
        }
        let permit = Arc::clone(&self.identity.instances).try_acquire_owned();
        let permit = permit.map_err(|_| self.no_room())?;
        let _ticking = Ticking::begin();
        let mut store = self.store();
        crossing::stop_at_limit(&mut store);
        let made = E::instantiate(&self.pre, &mut store);
        self.made(permit, store, made)
    }

    /// The same for a kind that may wait; it also waits for room for another instance.
    ///
    /// # Errors
    /// As [`Self::lease`].
    pub async fn lease_waiting(self: &Arc<Self>) -> Result<Lease<E>, CallError> {
        if let Some(idle) = self.take_idle() {
            return Ok(self.leased(idle));
        }
        let permit = Arc::clone(&self.identity.instances).acquire_owned().await;
        let permit = permit.map_err(|_| self.no_room())?;
        let _ticking = Ticking::begin();
        let mut store = self.store();
        crossing::yield_until_limit(&mut store);
        let made = E::instantiate_waiting(&self.pre, &mut store).await;
        self.made(permit, store, made)
    }

    fn no_room(&self) -> CallError {
        let error = CallError::Instance {
            plugin: self.identity.name.clone(),
            reason: format!("{INSTANCES_PER_PLUGIN_MAX} of its instances are in use, which is a plugin's share"),
        };
        self.identity.failed(&error);
        error
    }

    fn store(&self) -> Store<Guest> {
        let mut store = new_store(E::engine(&self.pre), Arc::clone(&self.identity), &self.limits);
        store.data_mut().may_keep_content = self.isolation == Isolation::Shared;
        store.data_mut().begin_call(self.limits.time, 0);
        store
    }

    fn made(
        self: &Arc<Self>,
        permit: OwnedSemaphorePermit,
        store: Store<Guest>,
        exports: wasmtime::Result<E>,
    ) -> Result<Lease<E>, CallError> {
        match exports {
            Ok(exports) => {
                self.identity.counters.instances.inc();
                Ok(self.leased(Instance {
                    memory_bytes: store.data().limiter.memory_bytes(),
                    store,
                    exports,
                    made: Instant::now(),
                    calls: 0,
                    _permit: permit,
                }))
            }
            Err(error) => {
                let error = CallError::Instance {
                    plugin: self.identity.name.clone(),
                    reason: chain(&error),
                };
                self.identity.failed(&error);
                Err(error)
            }
        }
    }

    fn leased(self: &Arc<Self>, instance: Instance<E>) -> Lease<E> {
        Lease {
            pool: Arc::clone(self),
            instance: Some(instance),
            is_fit: true,
        }
    }

    fn take_idle(&self) -> Option<Instance<E>> {
        self.idle[worker::index()].lock().take(Instant::now())
    }

    /// Keeps an instance for the next exchange, if it may serve one.
    fn give_back(&self, mut instance: Instance<E>) {
        let guest = instance.store.data_mut();
        guest.end();
        let may_serve_others = match self.isolation {
            Isolation::Exchange => !guest.has_read_content,
            Isolation::Shared => true,
            Isolation::Call => false,
        };
        let memory_bytes = guest.limiter.memory_bytes();
        let is_small = memory_bytes - instance.memory_bytes <= IDLE_GROWTH_BYTES_MAX;
        self.identity.counters.saw_memory(memory_bytes);
        guest.has_read_content = false;
        // Someone may wait for room, and would not notice an idle instance.
        let has_room = self.identity.instances.available_permits() > 0;
        if may_serve_others && is_small && has_room && instance.calls < self.limits.calls_max {
            self.idle[worker::index()].lock().put(instance);
        }
    }
}

/// A store with its limits. The caller must say what happens when its time is up ([`crossing`]).
pub(super) fn new_store(engine: &Engine, identity: Arc<Identity>, limits: &Limits) -> Store<Guest> {
    let mut store = Store::new(engine, Guest::new(identity, limits));
    store.limiter(|guest| &mut guest.limiter);
    store.set_hostcall_fuel(limits.output_bytes);
    crossing::watch(&mut store);
    store
}

impl<E: Exports> Lease<E> {
    /// The host's state of the instance, between calls.
    pub(super) fn guest(&mut self) -> &mut Guest {
        self.instance
            .as_mut()
            .expect("a lease holds its instance until it is dropped")
            .store
            .data_mut()
    }

    pub(super) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.pool.identity)
    }

    /// One call of a kind that is called synchronously, with `bytes` bytes of input.
    ///
    /// # Errors
    /// The guest trapped or exceeded a limit; the instance is not used again.
    pub(super) fn call<R>(
        &mut self,
        bytes: usize,
        call: impl FnOnce(&mut Store<Guest>, &E) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        self.call_within(self.pool.limits.time_for(bytes), bytes, call)
    }

    /// The same with a time limit of its own, for calls that do not belong to an exchange.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(super) fn call_within<R>(
        &mut self,
        time: Duration,
        bytes: usize,
        call: impl FnOnce(&mut Store<Guest>, &E) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let (instance, begun) = self.begin(time, bytes)?;
        let answer = call(&mut instance.store, &instance.exports);
        self.finish(begun, answer)
    }

    /// One call of a kind that may wait. Dropping the future leaves the instance unfit.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub(super) async fn call_waiting<R>(
        &mut self,
        bytes: usize,
        call: impl AsyncFnOnce(&mut Store<Guest>, &E) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let (instance, begun) = self.begin(self.pool.limits.time_for(bytes), bytes)?;
        let answer = call(&mut instance.store, &instance.exports).await;
        self.finish(begun, answer)
    }

    fn begin(&mut self, time: Duration, bytes: usize) -> Result<(&mut Instance<E>, Begun), CallError> {
        let Self { pool, instance, is_fit } = self;
        let instance = instance
            .as_mut()
            .filter(|_| *is_fit)
            .ok_or_else(|| CallError::Instance {
                plugin: pool.identity.name.clone(),
                reason: "its earlier call in this exchange failed".into(),
            })?;
        *is_fit = false;
        instance.calls += 1;
        instance.store.data_mut().begin_call(time, bytes);
        instance.store.set_epoch_deadline(1);
        let at = Instant::now();
        let _ticking = Ticking::begin();
        Ok((instance, Begun { at, time, _ticking }))
    }

    fn finish<R>(&mut self, begun: Begun, answer: wasmtime::Result<R>) -> Result<R, CallError> {
        let counters = &self.pool.identity.counters;
        counters.called(begun.at.elapsed());
        match answer {
            Ok(answer) => {
                self.is_fit = true;
                Ok(answer)
            }
            Err(error) => {
                let error = self.explain(&error, begun.time);
                self.pool.identity.failed(&error);
                tracing::warn!(%error, "plugin call failed");
                Err(error)
            }
        }
    }

    /// Converts wasmtime's error into one that names the exceeded limit.
    fn explain(&mut self, error: &wasmtime::Error, time: Duration) -> CallError {
        let plugin = self.pool.identity.name.clone();
        let limits = self.pool.limits;
        let refused_growth = self.guest().limiter.refused_growth;
        match error.downcast_ref::<Trap>() {
            Some(Trap::Interrupt) => CallError::Time {
                plugin,
                limit_ms: time.as_millis(),
            },
            Some(_) if refused_growth => CallError::Memory {
                plugin,
                limit_mib: limits.memory_bytes >> 20,
            },
            _ => {
                let reason = chain(error);
                if reason.contains("fuel allocated for hostcalls") {
                    return CallError::Output {
                        plugin,
                        limit_mib: limits.output_bytes >> 20,
                    };
                }
                CallError::Trap {
                    plugin,
                    reason: reason.chars().take(1_000).collect(),
                }
            }
        }
    }
}

struct Begun {
    at: Instant,
    time: Duration,
    _ticking: Ticking,
}

impl<E: Exports> Drop for Lease<E> {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take().filter(|_| self.is_fit) {
            self.pool.give_back(instance);
        }
    }
}
