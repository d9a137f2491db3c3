//! What guests may ask of the host: one file an interface of `wit/`, each with the state it needs.
//!
//! An import is a grant. Which kinds are linked to which interfaces stands in [`link_sync`] and [`link_async`], and
//! nowhere else.

pub mod candidates;
pub mod deployment;
mod exchange;
pub mod http;
pub mod log;
mod settings;
pub mod state;

use wasmtime::component::{HasSelf, Linker};

use super::bindings;
use super::guest::Guest;

type Whole = HasSelf<Guest>;

/// Strategies and adapters: they compute, and never wait.
///
/// # Errors
/// Never, in a linker that holds none of these yet.
pub fn link_sync(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    link_shared(linker)?;
    bindings::candidates::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::deployment::add_to_linker::<Guest, Whole>(linker, |guest| guest)
}

/// Guardrails and callbacks: they may ask another service.
///
/// # Errors
/// Never, in a linker that holds none of these yet.
pub fn link_async(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    link_shared(linker)?;
    bindings::http::add_to_linker::<Guest, Whole>(linker, |guest| guest)
}

fn link_shared(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    bindings::types::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::settings::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::log::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::state::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::exchange::add_to_linker::<Guest, Whole>(linker, |guest| guest)
}

impl bindings::types::Host for Guest {}
