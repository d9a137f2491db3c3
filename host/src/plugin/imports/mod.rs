//! The functions that guests may call: one file per interface of `wit/`, each with its state.
//!
//! An import is a permission: each kind links what its world imports (`Exports::link`).

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

/// Links what every world imports.
///
/// # Errors
/// Never, if none of these are in the linker yet. So for the others here.
pub fn link_common(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    bindings::types::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::settings::add_to_linker::<Guest, Whole>(linker, |guest| guest)?;
    bindings::log::add_to_linker::<Guest, Whole>(linker, |guest| guest)
}

macro_rules! links {
    ($($function:ident $interface:ident;)*) => {
        $(#[doc = concat!("Links `", stringify!($interface), "`.")]
        pub fn $function(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
            bindings::$interface::add_to_linker::<Guest, Whole>(linker, |guest| guest)
        })*
    };
}

links! {
    link_state state;
    link_exchange exchange;
    link_candidates candidates;
    link_deployment deployment;
    link_http http;
}

impl bindings::types::Host for Guest {}
