//! Loading of components: from bytes to a component that is checked, compiled, linked and described.
//!
//! Every fault of a plugin that can be found in advance is found here, before the plugin is called for an exchange.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jsonschema::error::ValidationErrorKind;
use sha2::{Digest, Sha256};
use wasmtime::Store;
use wasmtime::component::types::ComponentItem;

use super::bindings::{
    AboutPre, Callback, CallbackPre, Guardrail, GuardrailPre, Manifest, Provider, ProviderPre, Routing, RoutingPre,
};
use super::cache::About;
use super::clock::{self, Ticking};
use super::guest::Guest;
use super::limits::Limits;
use super::pool::{Key, Pool, new_store};
use super::{Host, Kind};

/// Components from Python and JavaScript reach 20 MB. Nothing useful is larger, and compiling needs memory.
pub(super) const BYTES_MAX: usize = 64 << 20;

/// The origin of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Embedded in the binary.
    Bundled,
    /// A file of the plugins directory.
    File(PathBuf),
}

/// A component ready to be instantiated.
pub struct Component {
    pub manifest: Manifest,
    pub source: Source,
    /// Hash of the file's bytes, in hex.
    pub sha256: String,
    pub kinds: Vec<Kind>,
    /// Interfaces that it imports, sorted.
    pub imports: Vec<String>,
    linked: OnceLock<Linked>,
    /// The bytes of a bundled component that is linked only at its first use, so that a component that is not used
    /// needs no memory.
    embedded: &'static [u8],
}

/// A component's code, linked to what its kinds may import.
#[derive(Default)]
struct Linked {
    strategy: Option<RoutingPre<Guest>>,
    adapter: Option<ProviderPre<Guest>>,
    guardrail: Option<GuardrailPre<Guest>>,
    callback: Option<CallbackPre<Guest>>,
}

impl Component {
    /// Whether deployments that the strategy leaves out must not be tried (`constrains` in `wit/routing.wit`).
    pub fn constrains(&self) -> bool {
        let mut extras = self.manifest.extras.iter();
        extras.any(|(name, value)| (name.as_str(), value.as_str()) == ("constrains", "true"))
    }

    /// Validates settings against the manifest's schema.
    ///
    /// # Errors
    /// What does not match, and where in the settings.
    pub fn check_settings(&self, settings: &str) -> Result<(), String> {
        let schema = &self.manifest.settings_schema;
        let is_empty = settings.trim() == "{}";
        if schema.is_empty() {
            return if is_empty {
                Ok(())
            } else {
                Err("the plugin takes no settings".into())
            };
        }
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).map_err(|error| error.to_string());
        let schema = parse(schema)?;
        if is_empty && takes_nothing(&schema) {
            return Ok(());
        }
        let validator = jsonschema::validator_for(&schema).map_err(|error| format!("its schema: {error}"))?;
        let settings = parse(settings)?;
        if let Some(names) = none_of_required(&schema, &settings) {
            return Err(format!("`{}` is missing", names.join("` or `")));
        }
        let errors: Vec<String> = validator
            .iter_errors(&settings)
            .take(5)
            .map(|error| {
                // Values are masked, because settings contain keys.
                let place = error.instance_path().to_string();
                if matches!(
                    error.kind(),
                    ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. }
                ) {
                    return format!("at `{place}`: it has none of the forms that the plugin takes");
                }
                let error = error.masked();
                if place.is_empty() {
                    error.to_string()
                } else {
                    format!("at `{place}`: {error}")
                }
            })
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors.join("; "))
        }
    }

    /// Whether it can serve as this kind.
    #[must_use]
    pub fn is(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    fn linked(&self, host: &Host) -> Option<&Linked> {
        if let Some(linked) = self.linked.get() {
            return Some(linked);
        }
        let compiled = host.compile(self.embedded, &self.sha256);
        match compiled.and_then(|compiled| host.link(&compiled, &self.kinds)) {
            Ok(linked) => Some(self.linked.get_or_init(|| linked)),
            Err(error) => {
                tracing::error!(plugin = self.manifest.name, %error, "a bundled plugin does not load: the build is broken");
                None
            }
        }
    }
}

/// Whether a schema accepts `{}`, judged by its keywords alone: the validator is a large piece of code, which most
/// gateways never need. Schemas that might require something are left to the validator.
fn takes_nothing(schema: &serde_json::Value) -> bool {
    const HARMLESS: [&str; 8] = [
        "$defs",
        "$schema",
        "$comment",
        "title",
        "description",
        "type",
        "properties",
        "additionalProperties",
    ];
    let keywords = schema.as_object();
    keywords.is_some_and(|keywords| {
        keywords.keys().all(|keyword| HARMLESS.contains(&keyword.as_str()))
            && keywords.get("type").is_none_or(|given| given == "object")
    })
}

/// One function per kind that makes a pool for one use of a component; `None` if the component is not of the kind.
macro_rules! pools {
    ($($function:ident $field:ident $kind:ident $exports:ty;)*) => {
        impl Component {
            $(
                pub fn $function(&self, host: &Host, key: Key) -> Option<Arc<Pool<$exports>>> {
                    let pre = self.linked(host)?.$field.clone()?;
                    let identity = host.identity(self, Kind::$kind, key.settings, key.grants);
                    Some(Pool::new(pre, identity, key.limits, key.isolation))
                }
            )*
        }
    };
}

pools! {
    strategy_pool strategy Strategy Routing;
    adapter_pool adapter Adapter Provider;
    guardrail_pool guardrail Guardrail Guardrail;
    callback_pool callback Callback Callback;
}

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
    #[error("it exports none of {}: see wit/worlds.wit", list_interfaces())]
    NoKind,
    #[error(
        "as a {kind} it cannot be linked: {reason}. A {kind} may import what wit/worlds.wit lists for it, and nothing else"
    )]
    Link { kind: &'static str, reason: String },
    #[error("`describe` failed: {0}")]
    Describe(String),
    #[error("its manifest is unusable: {0}")]
    Manifest(String),
}

fn list_interfaces() -> String {
    Kind::ALL.map(|kind| format!("`{}`", kind.interface())).join(", ")
}

impl Host {
    /// Loads a component. This is slow (it compiles, unless the cache has the code) and never part of an exchange.
    ///
    /// # Errors
    /// What is wrong with the file, and how to correct it.
    pub fn load(&self, bytes: &[u8], source: Source) -> Result<Component, LoadError> {
        check_preamble(bytes)?;
        self.load_hashed(bytes, format!("{:x}", Sha256::digest(bytes)), source)
    }

    /// Loads a component of the binary itself. Its description is stored beside its compiled code.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(super) fn load_embedded(&self, bytes: &'static [u8], sha256: &str) -> Result<Component, LoadError> {
        if let Some(about) = self.cache.as_ref().and_then(|cache| cache.about(sha256)) {
            return Ok(Component {
                manifest: about.manifest.into(),
                source: Source::Bundled,
                sha256: sha256.to_owned(),
                kinds: about.kinds,
                imports: about.imports,
                linked: OnceLock::new(),
                embedded: bytes,
            });
        }
        let component = self.load_hashed(bytes, sha256.to_owned(), Source::Bundled)?;
        if let Some(cache) = &self.cache {
            cache.put_about(&About::of(&component), sha256);
        }
        Ok(component)
    }

    fn load_hashed(&self, bytes: &[u8], sha256: String, source: Source) -> Result<Component, LoadError> {
        let compiled = self.compile(bytes, &sha256)?;
        let shape = compiled.component_type();
        let kinds: Vec<Kind> = Kind::ALL
            .into_iter()
            .filter(|kind| exports(&shape, &self.engine, kind.interface()))
            .collect();
        if kinds.is_empty() {
            return Err(LoadError::NoKind);
        }
        let mut imports: Vec<String> = shape.imports(&self.engine).map(|(name, _)| name.to_owned()).collect();
        imports.sort();
        Ok(Component {
            manifest: self.describe(&compiled, kinds[0])?,
            source,
            sha256,
            linked: OnceLock::from(self.link(&compiled, &kinds)?),
            kinds,
            imports,
            embedded: &[],
        })
    }

    fn compile(&self, bytes: &[u8], sha256: &str) -> Result<wasmtime::component::Component, LoadError> {
        if let Some(known) = self.cache.as_ref().and_then(|cache| cache.get(&self.engine, sha256)) {
            return Ok(known);
        }
        let compiled = wasmtime::component::Component::from_binary(&self.engine, bytes)
            .map_err(|error| LoadError::Invalid(chain(&error)))?;
        if let Some(cache) = &self.cache {
            cache.put(&compiled, sha256);
        }
        Ok(compiled)
    }

    /// Checks imports and exports of each kind against the contract, without running the guest.
    fn link(&self, compiled: &wasmtime::component::Component, kinds: &[Kind]) -> Result<Linked, LoadError> {
        let mut linked = Linked::default();
        for &kind in kinds {
            let failed = |error: wasmtime::Error| LoadError::Link {
                kind: kind.as_str(),
                reason: chain(&error),
            };
            let linker = self.linker(kind);
            let pre = linker.instantiate_pre(compiled).map_err(failed)?;
            match kind {
                Kind::Strategy => linked.strategy = Some(RoutingPre::new(pre).map_err(failed)?),
                Kind::Adapter => linked.adapter = Some(ProviderPre::new(pre).map_err(failed)?),
                Kind::Guardrail => linked.guardrail = Some(GuardrailPre::new(pre).map_err(failed)?),
                Kind::Callback => linked.callback = Some(CallbackPre::new(pre).map_err(failed)?),
            }
        }
        Ok(linked)
    }

    /// Asks the component for its manifest, in an instance without any grant.
    fn describe(&self, compiled: &wasmtime::component::Component, kind: Kind) -> Result<Manifest, LoadError> {
        let pre = self
            .linker(kind)
            .instantiate_pre(compiled)
            .map_err(|error| LoadError::Link {
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
        check_manifest(&manifest)?;
        Ok(manifest)
    }

    /// A store for a component whose name is not known yet: no settings, no grants.
    fn nobody(&self) -> Store<Guest> {
        // The operator's own limit cannot be used: it is found by the name, which is not known yet.
        let limits = Limits {
            memory_bytes: DESCRIBE_MEMORY_BYTES,
            ..Limits::of(Kind::Guardrail)
        };
        let identity = self.unnamed_identity();
        let mut store = new_store(&self.engine, identity, &limits);
        store.set_epoch_deadline(clock::ticks(DESCRIBE_TIME));
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

/// Checks the lengths and forms of the manifest. Names are used in settings, metrics and logs.
fn check_manifest(manifest: &Manifest) -> Result<(), LoadError> {
    let name = &manifest.name;
    let is_kebab = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if name.is_empty() || name.len() > 64 || !is_kebab {
        return Err(LoadError::Manifest(format!(
            "name `{}` is not kebab-case of at most 64 characters (a-z, 0-9, -)",
            name.chars().take(80).collect::<String>().escape_debug()
        )));
    }
    let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let hosts = longest(&mut manifest.outbound.iter().map(String::len));
    let extras = manifest.extras.iter();
    let extras = longest(&mut extras.flat_map(|(name, value)| [name.len(), value.len()]));
    for (what, size, most) in [
        ("bytes of `version`", manifest.version.len(), 64),
        ("bytes of `summary`", manifest.summary.len(), 1_000),
        ("bytes of `settings-schema`", manifest.settings_schema.len(), 256 << 10),
        ("entries of `outbound`", manifest.outbound.len(), 256),
        ("bytes of one host of `outbound`", hosts, 300),
        ("entries of `extras`", manifest.extras.len(), 64),
        ("bytes of one text of `extras`", extras, 4_096),
    ] {
        if size > most {
            return Err(LoadError::Manifest(format!("{size} {what}, and {most} is the most")));
        }
    }
    let schema = &manifest.settings_schema;
    if !schema.is_empty() && serde_json::from_str::<serde_json::Value>(schema).is_err() {
        return Err(LoadError::Manifest("settings-schema is not JSON".into()));
    }
    Ok(())
}

fn exports(shape: &wasmtime::component::types::Component, engine: &wasmtime::Engine, interface: &str) -> bool {
    matches!(shape.get_export(engine, interface), Some(item) if matches!(item.ty, ComponentItem::ComponentInstance(_)))
}

/// The whole chain of a wasmtime error: `Display` prints only the outermost one, and the cause is further inside.
pub(super) fn chain(error: &wasmtime::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The members of which a schema requires at least one (`anyOf` with a `required` in each branch), if none of them is
/// there.
fn none_of_required<'s>(schema: &'s serde_json::Value, settings: &serde_json::Value) -> Option<Vec<&'s str>> {
    let branches = schema.get("anyOf")?.as_array()?;
    let names: Option<Vec<&str>> = branches
        .iter()
        .map(|branch| branch.get("required")?.as_array()?.first()?.as_str())
        .collect();
    names.filter(|names| names.iter().all(|name| settings.get(name).is_none()))
}

#[cfg(test)]
mod tests {
    use super::takes_nothing;

    #[test]
    fn only_a_schema_that_can_demand_nothing_is_known_to_take_nothing() {
        let takes = |schema: &str| takes_nothing(&serde_json::from_str(schema).unwrap());
        assert!(takes(
            r#"{"type": "object", "properties": {"a": {"minLength": 1}}, "additionalProperties": false}"#
        ));
        assert!(takes("{}"));
        for demanding in [
            r#"{"type": "object", "required": ["a"]}"#,
            r#"{"minProperties": 1}"#,
            r##"{"$ref": "#/$defs/a", "$defs": {"a": {"required": ["b"]}}}"##,
            r#"{"type": ["string"]}"#,
            "false",
        ] {
            assert!(!takes(demanding), "{demanding}");
        }
    }
}
