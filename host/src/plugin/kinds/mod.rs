//! What differs between the kinds of plugins: [`Exports`], implemented by each kind in its own file, and [`ROWS`], the
//! same as values.

pub mod adapter;
pub mod callback;
pub mod guardrail;
pub mod hook;
pub mod periodic;
pub mod strategy;

use std::any::Any;
use std::future::Future;

use wasmtime::component::InstancePre;
use wasmtime::{Engine, Store};

use super::Kind;
use super::bindings::{Callback, Guardrail, Hook, Periodic, Provider, Routing};
use super::guest::Guest;
use super::imports::Import;
use super::limits::Limits;

/// The typed exports of one kind.
pub trait Exports: Sized + Send + 'static {
    const KIND: Kind;
    /// Defaults for each call; the operator may set others.
    const LIMITS: Limits;
    /// Whether its calls may wait for I/O.
    const WAITS: bool;
    /// What its world imports (`wit/0.2.1/worlds.wit`), beside what all import: an import is a permission.
    const IMPORTS: &[Import];

    /// A component that is linked, and whose exports have been checked.
    type Pre: Clone + Send + Sync + 'static;

    /// Checks the exports.
    ///
    /// # Errors
    /// An export is missing, or has another type.
    fn pre(linked: InstancePre<Guest>) -> wasmtime::Result<Self::Pre>;

    fn engine(pre: &Self::Pre) -> &Engine;

    /// Makes an instance.
    ///
    /// # Errors
    /// No room for another instance, or its start function trapped.
    fn instantiate(pre: &Self::Pre, store: &mut Store<Guest>) -> wasmtime::Result<Self>;

    /// Makes an instance for a linker with asynchronous functions.
    ///
    /// # Errors
    /// As [`Self::instantiate`].
    fn instantiate_waiting(
        pre: &Self::Pre,
        store: &mut Store<Guest>,
    ) -> impl Future<Output = wasmtime::Result<Self>> + Send;
}

/// The functions of [`Exports`] that are the same for all generated types.
macro_rules! generated {
    ($pre:ident) => {
        type Pre = $pre<Guest>;

        fn pre(linked: wasmtime::component::InstancePre<Guest>) -> wasmtime::Result<Self::Pre> {
            $pre::new(linked)
        }

        fn engine(pre: &Self::Pre) -> &wasmtime::Engine {
            pre.engine()
        }

        fn instantiate(pre: &Self::Pre, store: &mut wasmtime::Store<Guest>) -> wasmtime::Result<Self> {
            pre.instantiate(store)
        }

        async fn instantiate_waiting(pre: &Self::Pre, store: &mut wasmtime::Store<Guest>) -> wasmtime::Result<Self> {
            pre.instantiate_async(store).await
        }
    };
}
use generated;

/// A component linked as one kind: the [`Exports::Pre`] of that kind.
pub(super) type Linked = Box<dyn Any + Send + Sync>;

/// A kind.
pub(super) struct Row {
    pub kind: Kind,
    pub limits: Limits,
    pub waits: bool,
    pub imports: &'static [Import],
    pub pre: fn(InstancePre<Guest>) -> wasmtime::Result<Linked>,
}

const fn row<E: Exports>() -> Row {
    Row {
        kind: E::KIND,
        limits: E::LIMITS,
        waits: E::WAITS,
        imports: E::IMPORTS,
        pre: |linked| Ok(Box::new(E::pre(linked)?)),
    }
}

/// All kinds, in the order of [`Kind::ALL`].
pub(super) static ROWS: [Row; Kind::ALL.len()] = [
    row::<Routing>(),
    row::<Provider>(),
    row::<Guardrail>(),
    row::<Callback>(),
    row::<Periodic>(),
    row::<Hook>(),
];

impl Kind {
    pub(super) fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_in_their_order() {
        assert_eq!(ROWS.each_ref().map(|row| row.kind), Kind::ALL);
    }

    #[test]
    fn an_interface_is_known_in_each_version_that_only_adds() {
        for (name, is_known) in [
            ("sluice:plugin/routing@0.2.0", true),
            ("sluice:plugin/routing@0.2.1", true),
            ("sluice:plugin/routing@0.2.17", true),
            ("sluice:plugin/routing@0.3.0", false),
            ("sluice:plugin/routing@0.20.0", false),
            ("sluice:plugin/routing@0.2.1-draft", false),
            ("sluice:plugin/routing@0.2.", false),
            ("sluice:plugin/routing", false),
            ("sluice:plugin/provider@0.2.0", false),
            ("routing", false),
        ] {
            assert_eq!(Kind::Strategy.is_export(name), is_known, "{name}");
        }
    }
}
