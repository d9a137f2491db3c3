//! The functions that guests may call: one file per interface of `wit/`, each with its state.
//!
//! An import is a permission: each kind says what its world imports (`Exports::IMPORTS`).

pub mod candidates;
pub mod deployment;
mod exchange;
pub mod http;
pub mod log;
mod notes;
mod settings;
pub mod state;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, HasSelf, Linker};

use super::guest::Guest;
use super::kind::is_interface;
use super::{Kind, bindings};

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

macro_rules! imports {
    ($($import:ident $interface:ident $name:literal;)*) => {
        /// An interface that some kinds of plugins may import, beside those that all may.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Import { $($import),* }

        impl Import {
            /// Links the interface.
            ///
            /// # Errors
            /// Never, if it is not in the linker yet.
            pub fn link(self, linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
                match self {
                    $(Self::$import => bindings::$interface::add_to_linker::<Guest, Whole>(linker, |guest| guest)),*
                }
            }

            fn interface(self) -> &'static str {
                match self { $(Self::$import => $name),* }
            }
        }
    };
}

imports! {
    State state "sluice:plugin/state@0.2.1";
    Notes notes "sluice:plugin/notes@0.2.1";
    Exchange exchange "sluice:plugin/exchange@0.2.1";
    Candidates candidates "sluice:plugin/candidates@0.2.1";
    Deployment deployment "sluice:plugin/deployment@0.2.1";
    Http http "sluice:plugin/http@0.2.1";
}

impl Import {
    /// Links functions in place of the interface that end the call of a component of several kinds: this kind may not
    /// import it, another of its kinds may.
    ///
    /// # Errors
    /// Never, if it is not in the linker yet.
    pub fn refuse(self, linker: &mut Linker<Guest>, compiled: &Component, kind: Kind) -> wasmtime::Result<()> {
        let (engine, shape) = (compiled.engine(), compiled.component_type());
        for (name, item) in shape.imports(engine) {
            let ComponentItem::ComponentInstance(instance) = item.ty else {
                continue;
            };
            if !is_interface(name, self.interface()) {
                continue;
            }
            let mut refused = linker.instance(name)?;
            let functions = instance.exports(engine);
            for (function, _) in functions.filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_))) {
                let sentence = format!("as a {} it may not call `{function}` of `{name}`", kind.as_str());
                refused.func_new(function, move |_, _, _, _| Err(wasmtime::Error::msg(sentence.clone())))?;
            }
        }
        Ok(())
    }
}

impl bindings::types::Host for Guest {}
