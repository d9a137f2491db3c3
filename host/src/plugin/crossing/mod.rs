//! The boundary between guests and the host: what a guest may cost the host in one call, and how long each text and
//! list may be that crosses.
//!
//! - [`watch`] is passed by every call of the host, whichever function it calls: calls are counted, and the guest's time
//!   is looked at.
//! - [`shapes`] bounds the names in arguments of imports, requests, and what exports say of a plugin, [`words`] the texts
//!   for people; `state` and `log` have bounds of their own, by their meaning. For all else, answers above all,
//!   [`super::limits::Limits::output_bytes`] is the bound.
//!
//! A test reads the WIT files, and fails for a text or a list without a bound ([`tests`]).

pub(super) mod shapes;
#[cfg(test)]
mod tests;
pub(super) mod words;

use wasmtime::{CallHook, Store, Trap, UpdateDeadline};

use super::guest::Guest;
use super::limits::HOST_CALLS_MAX;

/// Stops a guest that calls the host too often or after its time is up.
///
/// The guest's own code is stopped by the engine's clock. Without this, a guest that spends its time in the host would
/// not be: the clock stops guest code only.
pub(super) fn watch(store: &mut Store<Guest>) {
    store.call_hook(|mut context, hook| {
        let guest = context.data_mut();
        if matches!(hook, CallHook::CallingHost) && !guest.asks.may_call() {
            let reason = format!("it called the host more than {HOST_CALLS_MAX} times in one call");
            return Err(wasmtime::Error::msg(reason));
        }
        let crosses = matches!(hook, CallHook::CallingHost | CallHook::ReturningFromHost);
        match crosses && !guest.time.may_cross() {
            true => Err(Trap::Interrupt.into()),
            false => Ok(()),
        }
    });
}

/// Stops guest code when its time is up.
pub(super) fn stop_at_limit(store: &mut Store<Guest>) {
    store.epoch_deadline_callback(|mut context| {
        Ok(match context.data_mut().time.may_cross() {
            true => UpdateDeadline::Continue(1),
            false => UpdateDeadline::Interrupt,
        })
    });
    store.set_epoch_deadline(1);
}

/// The same for a guest on a fibre: until its time is up, others run on its thread at each tick.
pub(super) fn yield_until_limit(store: &mut Store<Guest>) {
    store.epoch_deadline_callback(|mut context| {
        let time = &mut context.data_mut().time;
        if !time.may_cross() {
            return Ok(UpdateDeadline::Interrupt);
        }
        time.leave();
        // wasmtime's own yield wakes its task at once and starves the worker (issue 10667).
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    store.set_epoch_deadline(1);
}
