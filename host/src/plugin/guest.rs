//! The host's state of one instance: the data for its imports, the resources that it has used, and whether it has read
//! content.

use std::sync::Arc;
use std::time::Duration;

use hyper::HeaderMap;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::attempted::Attempted;
use super::clock::GuestTime;
use super::columns::Columns;
use super::limits::{Asks, Limiter, Limits};
use super::reads::Reads;
use super::wasi;
use crate::canonical::Canonical;

/// Handles that a guest may hold at once (streams, pollables). No plugin needs more.
const HANDLES_MAX: usize = 1_000;

/// The data of a wasmtime store.
pub struct Guest {
    pub(super) wasi: WasiCtx,
    pub(super) table: ResourceTable,
    pub(super) limiter: Limiter,
    pub(super) log: super::imports::log::Budget,
    /// The use of a plugin that this instance serves.
    pub(super) identity: Arc<super::Identity>,
    /// The exchange that it works on. It is removed when the instance goes back to its pool.
    pub(super) exchange: Option<Arc<Canonical>>,
    /// The deployment that is being tried.
    pub(super) attempted: Option<Box<dyn Attempted>>,
    /// Headers of the upstream's answer; empty before there is one.
    pub(super) answer_headers: HeaderMap,
    pub(super) candidates: Option<Arc<dyn Columns>>,
    /// Records what the guest reads in this call, if someone wants to know.
    pub(super) reads: Option<Reads>,
    /// Set as soon as the guest receives something that a client wrote. Such an instance serves no other exchange.
    pub(super) has_read_content: bool,
    /// The operator shares its instances between clients, so it may keep what it has read.
    pub(super) may_keep_content: bool,
    /// The CPU time of this call.
    pub(super) time: GuestTime,
    /// What this call may still ask of the host.
    pub(super) asks: Asks,
}

impl Guest {
    pub fn new(identity: Arc<super::Identity>, limits: &Limits) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        Self {
            wasi: wasi::nothing(&identity),
            table,
            limiter: Limiter::new(limits.memory_bytes),
            log: super::imports::log::Budget::default(),
            identity,
            exchange: None,
            attempted: None,
            answer_headers: HeaderMap::new(),
            candidates: None,
            reads: None,
            has_read_content: false,
            may_keep_content: false,
            time: GuestTime::default(),
            asks: Asks::default(),
        }
    }

    /// Prepares the instance for a call about this exchange.
    pub fn begin(&mut self, exchange: Option<Arc<Canonical>>) {
        self.exchange = exchange;
        self.log.refill();
    }

    /// Resets what is counted per call. The call may use this CPU time, and gets `bytes` bytes of input.
    pub fn begin_call(&mut self, time: Duration, bytes: usize) {
        self.time.begin(time);
        self.limiter.make_room(bytes);
        self.asks = Asks::default();
    }

    /// Allows new log lines, before a further call about the same exchange.
    pub fn log_refill(&mut self) {
        self.log.refill();
    }

    /// Removes the exchange, so that a later call cannot read any of it.
    pub fn end(&mut self) {
        self.exchange = None;
        self.attempted = None;
        self.answer_headers = HeaderMap::new();
        self.candidates = None;
        self.reads = None;
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}
