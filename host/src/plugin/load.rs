//! From bytes to compiled code and a description: every fault of a plugin that can be found in advance is found here.
//!
//! A component of the plugins directory is examined in a process of its own ([`super::apart`]).

use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::Component as Compiled;
use wasmtime::component::types::ComponentItem;

use super::about::About;
use super::bindings::{AboutPre, Manifest};
use super::clock::Ticking;
use super::crossing::{self, shapes};
use super::guest::Guest;
use super::kinds::Linked;
use super::limits::Limits;
use super::pool::new_store;
use super::{Host, Kind};

/// Components from Python and JavaScript reach 20 MB. Nothing useful is larger, and compiling needs memory.
pub(super) const BYTES_MAX: usize = 64 << 20;

/// Why a file is not a plugin.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("it has {0} bytes, and {BYTES_MAX} is the most")]
    TooLarge(u64),
    #[error("it is empty: copy it whole, best under another name and renamed")]
    Empty,
    #[error("it is not WebAssembly: a plugin is a component, built for example with `--target wasm32-wasip2`")]
    NotWasm,
    #[error(
        "it is a core module, not a component: build it with `--target wasm32-wasip2`, or turn it into one with `wasm-tools component new`"
    )]
    CoreModule,
    #[error("it is not a valid component (copied in part?): {0}")]
    Invalid(String),
    #[error("it exports none of {}: see wit/0.2.1/worlds.wit", list_interfaces())]
    NoKind,
    #[error(
        "as a {kind} it cannot be linked: {reason}. A {kind} may import what wit/0.2.1/worlds.wit lists for it, and nothing else"
    )]
    Link { kind: &'static str, reason: String },
    #[error("`describe` failed: {0}")]
    Describe(String),
    #[error("its manifest is unusable: {0}")]
    Manifest(String),
    /// What was found by the process that loaded it.
    #[error("{0}")]
    Apart(String),
    #[error("compiling it takes more than {0} s of CPU time, which is far more than a component of its size needs")]
    Slow(u64),
    #[error("the process that compiles it could not be started: {0}")]
    NoProcess(std::io::Error),
    #[error("it is still being written")]
    Unsettled,
    #[error("{0}")]
    Unreadable(std::io::Error),
}

fn list_interfaces() -> String {
    Kind::ALL.map(|kind| format!("`{}`", kind.interface())).join(", ")
}

impl Host {
    /// Compiles a component and checks all that can be checked before it is called for an exchange. This is slow.
    ///
    /// # Errors
    /// What is wrong with it, and how to correct it.
    pub(super) fn examine(&self, bytes: &[u8]) -> Result<(About, Compiled), LoadError> {
        check_preamble(bytes)?;
        let compiled = Compiled::from_binary(&self.engine, bytes).map_err(|error| LoadError::Invalid(chain(&error)))?;
        let about = self.about(&compiled)?;
        self.link(&compiled, &about.kinds)?;
        Ok((about, compiled))
    }

    /// What a component says of itself, and what its type says of it.
    pub(super) fn about(&self, compiled: &Compiled) -> Result<About, LoadError> {
        let shape = compiled.component_type();
        let kinds: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| exports(&shape, &self.engine, *kind))
            .collect();
        if kinds.is_empty() {
            return Err(LoadError::NoKind);
        }
        let mut imports: Vec<String> = shape.imports(&self.engine).map(|(name, _)| name.to_owned()).collect();
        imports.sort();
        Ok(About {
            manifest: self.describe(compiled, &kinds)?,
            kinds,
            imports,
        })
    }

    /// Checks imports and exports of each kind against the contract, without running the guest.
    pub(super) fn link(&self, compiled: &Compiled, kinds: &[Kind]) -> Result<Vec<(Kind, Linked)>, LoadError> {
        let link = |kind: Kind| {
            let linked = self.link_as(kind, kinds, compiled);
            linked.and_then(kind.row().pre).map_err(|error| LoadError::Link {
                kind: kind.as_str(),
                reason: chain(&error),
            })
        };
        kinds.iter().map(|kind| Ok((*kind, link(*kind)?))).collect()
    }

    /// Asks the component for its manifest, in an instance without any grant.
    fn describe(&self, compiled: &Compiled, kinds: &[Kind]) -> Result<Manifest, LoadError> {
        let kind = kinds[0];
        let pre = self.link_as(kind, kinds, compiled).map_err(|error| LoadError::Link {
            kind: kind.as_str(),
            reason: chain(&error),
        })?;
        let failed = |error: wasmtime::Error| LoadError::Describe(chain(&error));
        let about = AboutPre::new(pre).map_err(failed)?;
        // A guardrail's linker has asynchronous functions, so its instances must be made on a fibre. `describe` itself
        // never waits, and this is not a worker's thread.
        let _ticking = Ticking::begin();
        let described = wait(async {
            let mut store = self.nobody();
            let instance = about.instantiate_async(&mut store).await?;
            instance.sluice_plugin_about().call_describe(&mut store).await
        });
        let manifest = described.map_err(failed)?;
        shapes::manifest(&manifest).map_err(LoadError::Manifest)?;
        Ok(manifest)
    }

    /// A store for a component whose name is not known yet: no settings, no grants.
    fn nobody(&self) -> Store<Guest> {
        // The operator's own limit cannot be used: it is found by the name, which is not known yet.
        let limits = Limits {
            memory_bytes: DESCRIBE_MEMORY_BYTES,
            ..Limits::of(Kind::Guardrail)
        };
        let mut store = new_store(&self.engine, self.unnamed_identity(), &limits);
        store.data_mut().begin_call(DESCRIBE_TIME, 0);
        crossing::stop_at_limit(&mut store);
        store
    }
}

/// CPU time of `describe`, and the minimum for `providers`: interpreters initialize themselves in their first call.
pub(super) const DESCRIBE_TIME: Duration = Duration::from_secs(2);

/// Memory limit of `describe`. Only one instance runs at a time, outside of any exchange.
const DESCRIBE_MEMORY_BYTES: usize = 512 << 20;

/// Runs a future to its end, with a time limit: the engine's clock stops only guest code that runs, not a guest that
/// waits.
fn wait<T>(future: impl Future<Output = wasmtime::Result<T>>) -> wasmtime::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let bounded = async { tokio::time::timeout(DESCRIBE_TIME * 2, future).await };
    runtime
        .block_on(bounded)
        .unwrap_or_else(|_| Err(wasmtime::Error::msg("it took too long")))
}

/// Recognizes common mistakes, for which the compiler has one error only.
fn check_preamble(bytes: &[u8]) -> Result<(), LoadError> {
    // https://webassembly.github.io/spec/core/binary/modules.html#binary-module; a component has layer 1.
    const MAGIC: &[u8] = b"\0asm";
    match bytes {
        [] => Err(LoadError::Empty),
        _ if bytes.len() > BYTES_MAX => Err(LoadError::TooLarge(bytes.len() as u64)),
        _ if !bytes.starts_with(MAGIC) => Err(LoadError::NotWasm),
        [_, _, _, _, 1, 0, 0, 0, ..] => Err(LoadError::CoreModule),
        _ => Ok(()),
    }
}

fn exports(shape: &wasmtime::component::types::Component, engine: &wasmtime::Engine, kind: Kind) -> bool {
    let mut instances = shape
        .exports(engine)
        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentInstance(_)));
    instances.any(|(name, _)| kind.is_export(name))
}

/// The whole chain of a wasmtime error: `Display` prints only the outermost one, and the cause is further inside.
pub(super) fn chain(error: &wasmtime::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
