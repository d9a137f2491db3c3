//! The host's side of one instance: what its imports answer from, what it has used, and whether it has read content.

use std::sync::Arc;
use std::time::Duration;

use hyper::HeaderMap;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::clock::{self, GuestTime};
use super::columns::Columns;
use super::limits::{Limiter, Limits};
use super::reads::Reads;
use super::wasi;
use crate::canonical::Canonical;
use crate::deployment::Candidate;

/// Handles a guest may hold at once (streams, pollables): nothing a plugin does needs more.
const HANDLES_MAX: usize = 1_000;

/// The data of a store.
pub struct Guest {
    pub(super) wasi: WasiCtx,
    pub(super) table: ResourceTable,
    pub(super) limiter: Limiter,
    pub(super) log: super::imports::log::Budget,
    /// Which use of which plugin this is.
    pub(super) identity: Arc<super::Identity>,
    /// What it works on; taken away after the call.
    pub(super) exchange: Option<Arc<Canonical>>,
    /// The deployment being attempted, and the model that is asked of it.
    pub(super) candidate: Option<Candidate>,
    /// Of the upstream's answer; empty before there is one.
    pub(super) answer_headers: HeaderMap,
    pub(super) candidates: Option<Arc<dyn Columns>>,
    /// What is read in this call, where someone wants to know.
    pub(super) reads: Option<Reads>,
    /// Set as soon as something crosses that a client wrote. Such an instance serves no other exchange.
    pub(super) has_read_content: bool,
    /// The operator shares its instances between clients, so that what it has read may stay.
    pub(super) may_keep_content: bool,
    /// What it has had of this call's time.
    pub(super) time: GuestTime,
    /// HTTP requests of this call.
    pub(super) requests: u32,
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
            candidate: None,
            answer_headers: HeaderMap::new(),
            candidates: None,
            reads: None,
            has_read_content: false,
            may_keep_content: false,
            time: GuestTime::default(),
            requests: 0,
        }
    }

    /// Makes ready for a call about this exchange.
    pub fn begin(&mut self, exchange: Option<Arc<Canonical>>) {
        self.exchange = exchange;
        self.log.refill();
    }

    /// Before each call: what is counted by the call, which may take so long and is handed so many bytes.
    pub fn begin_call(&mut self, time: Duration, bytes: usize) {
        self.time.begin(time);
        self.limiter.make_room(bytes);
        self.requests = 0;
    }

    /// The clock has ticked while guest code ran: whether it may go on.
    pub fn may_go_on(&mut self) -> bool {
        self.time.may_go_on(clock::thread_time())
    }

    /// Before a further call about the same exchange.
    pub fn log_refill(&mut self) {
        self.log.refill();
    }

    /// Takes the exchange away, so that nothing of it can be read by a later call.
    pub fn end(&mut self) {
        self.exchange = None;
        self.candidate = None;
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
