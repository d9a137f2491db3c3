//! `http`: outbound requests of guardrails and callbacks, as far as the operator allows.

use std::sync::Arc;

use super::Guest;
use super::bindings::http::{Error, Host, Request, Response};
use crate::plugin::limits::REQUESTS_MAX;

impl Host for Guest {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        if !self.asks.may_send() {
            let reason = format!("one call may send {REQUESTS_MAX} requests: put what is left into the next");
            return Ok(Err(Error::Other(reason)));
        }
        let identity = Arc::clone(&self.identity);
        self.time.leave();
        let answer = identity.egress.send(&identity.grants, request).await;
        if matches!(answer, Err(Error::AccessDenied)) {
            identity.counters.access_denied.inc();
        }
        Ok(answer)
    }
}
