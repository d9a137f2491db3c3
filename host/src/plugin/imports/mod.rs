//! The functions that guests may call: one file per interface of `wit/`, each with its state.
//!
//! An import is a permission. [`link`] alone decides which kinds are linked to which interfaces.

pub mod candidates;
pub mod deployment;
mod exchange;
pub mod http;
pub mod log;
mod settings;
pub mod state;

use wasmtime::component::{HasSelf, Linker};

use super::guest::Guest;
use super::{Kind, bindings};

type Whole = HasSelf<Guest>;

/// Links exactly what the kind's world in `wit/0.2/worlds.wit` imports.
///
/// # Errors
/// Never, if none of these are in the linker yet.
pub fn link(kind: Kind, linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    bindings::types::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::settings::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::log::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    if kind != Kind::Adapter {
        bindings::state::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    }
    if kind != Kind::Callback {
        bindings::exchange::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    }
    match kind {
        Kind::Strategy => bindings::candidates::add_to_linker::<Guest, Whole>(linker, |guest| guest),
        Kind::Adapter => bindings::deployment::add_to_linker::<Guest, Whole>(linker, |guest| guest),
        Kind::Guardrail | Kind::Callback => bindings::http::add_to_linker::<Guest, Whole>(linker, |guest| guest),
    }
}

impl bindings::types::Host for Guest {}
