//! A component that is ready to be instantiated, and how it comes to be: from a file, or from the binary itself.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jsonschema::error::ValidationErrorKind;
use sha2::{Digest, Sha256};
use wasmtime::component::Component as Compiled;

use super::about::About;
use super::apart::Patience;
use super::bindings::provider_types::ProviderInfo;
use super::bindings::{Manifest, types};
use super::kinds::{Exports, Linked};
use super::load::{BYTES_MAX, LoadError, chain};
use super::pool::{Key, Pool};
use super::{Host, Identity, Kind};
use crate::canonical::parts::Medium;

/// A component embedded in the program (`host/bundled/`).
pub struct Bundled {
    /// Its folder in `plugins/`.
    pub name: &'static str,
    /// Hash of `bytes` in hex.
    pub sha256: &'static str,
    pub bytes: &'static [u8],
    /// `bytes`, compiled for the processors that `host/bundled/build/compile.rs` names.
    pub code: &'static [u8],
    /// Hash of `code` in hex.
    pub code_sha256: &'static str,
    /// Its [`About`], JSON.
    pub about: &'static str,
    /// As an adapter without settings, the providers that it serves, JSON; `null` if it is none.
    pub providers: &'static str,
}

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
    /// Its code, linked to what each of its kinds may import.
    linked: OnceLock<Vec<(Kind, Linked)>>,
    /// A bundled component is linked only at its first use, so that a component that is not used needs no memory.
    bundled: Option<&'static Bundled>,
}

impl Component {
    fn new(about: About, source: Source, sha256: String) -> Self {
        Self {
            manifest: about.manifest,
            source,
            sha256,
            kinds: about.kinds,
            imports: about.imports,
            linked: OnceLock::new(),
            bundled: None,
        }
    }

    /// A component of the binary itself.
    ///
    /// # Errors
    /// The build is broken.
    pub(super) fn of(bundled: &'static Bundled) -> Result<Self, LoadError> {
        let about = serde_json::from_str(bundled.about).map_err(|error| LoadError::Manifest(error.to_string()))?;
        Ok(Self {
            bundled: Some(bundled),
            ..Self::new(about, Source::Bundled, bundled.sha256.to_owned())
        })
    }

    /// Whether deployments that the strategy leaves out must not be tried.
    pub fn constrains(&self) -> bool {
        self.manifest.constrains
    }

    /// What it looks at beside text, as a guardrail.
    pub fn looks_at(&self) -> Vec<Medium> {
        self.manifest.looks_at.iter().copied().map(Medium::from).collect()
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

    fn linked(&self, host: &Host) -> Option<&[(Kind, Linked)]> {
        if let Some(linked) = self.linked.get() {
            return Some(linked);
        }
        let compiled = host.compiled(self.bundled?);
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

impl Component {
    /// Makes a pool for one use; `None` if the component is not of the kind.
    pub fn pool<E: Exports>(&self, host: &Host, key: &Key) -> Option<Arc<Pool<E>>> {
        self.pool_of(host, key, host.identity(self, E::KIND, key))
    }

    /// The same for a use whose identity is there already.
    pub fn pool_of<E: Exports>(&self, host: &Host, key: &Key, identity: Arc<Identity>) -> Option<Arc<Pool<E>>> {
        let (_, linked) = self.linked(host)?.iter().find(|(kind, _)| *kind == E::KIND)?;
        let pre = linked.downcast_ref::<E::Pre>()?.clone();
        Some(Pool::new(pre, identity, key.limits, key.isolation))
    }

    /// What a bundled adapter without settings serves; `None` if that is not known.
    pub fn providers(&self) -> Option<Vec<ProviderInfo>> {
        serde_json::from_str(self.bundled?.providers).ok()?
    }
}

impl Host {
    /// The code of a component of the binary itself.
    fn compiled(&self, bundled: &Bundled) -> Result<Compiled, LoadError> {
        self.take_up(bundled.code, bundled.code_sha256).or_else(|error| {
            tracing::debug!(%error, plugin = bundled.name, "compiled here: the code in the binary is for another processor");
            match self.cache.as_ref().and_then(|cache| cache.get(&self.engine, bundled.sha256)) {
                Some(known) => Ok(known),
                None => {
                    let (_, compiled) = self.examine(bundled.bytes)?;
                    if let (Some(cache), Ok(code)) = (&self.cache, compiled.serialize()) {
                        cache.put(&code, bundled.sha256);
                    }
                    Ok(compiled)
                }
            }
        })
    }

    /// Loads a component from a file. This is slow, unless the cache has its code.
    ///
    /// # Errors
    /// What is wrong with the file, and how to correct it.
    pub fn load_file(&self, path: &Path, patience: Patience) -> Result<Component, LoadError> {
        let mut file = File::open(path).map_err(LoadError::Unreadable)?;
        let sha256 = hash(&mut file)?;
        let known = self
            .cache
            .as_ref()
            .and_then(|cache| Some((cache.about(&sha256)?, cache.get(&self.engine, &sha256)?)));
        let (about, compiled) = match known {
            Some(known) => known,
            None => {
                let loaded = self.loader.load(file, patience)?;
                if loaded.sha256 != sha256 {
                    return Err(LoadError::Unsettled);
                }
                let compiled = self.take_up(&loaded.code, &sha256)?;
                if let Some(cache) = &self.cache {
                    cache.put_about(&loaded.about, &sha256);
                }
                (loaded.about, compiled)
            }
        };
        let linked = self.link(&compiled, &about.kinds)?;
        let component = Component::new(about, Source::File(path.to_owned()), sha256);
        Ok(Component {
            linked: OnceLock::from(linked),
            ..component
        })
    }

    /// Takes up code that a build of this program has compiled: from the cache, where it is mapped, or else as it is.
    fn take_up(&self, code: &[u8], sha256: &str) -> Result<Compiled, LoadError> {
        let kept = || self.cache.as_ref()?.get(&self.engine, sha256);
        if let Some(kept) = kept() {
            return Ok(kept);
        }
        #[allow(unsafe_code, reason = "wasmtime cannot check native code")]
        // SAFETY: the code was compiled by this program: by its build script, or by its own process for loading.
        let compiled = unsafe { Compiled::deserialize(&self.engine, code) };
        let compiled = compiled.map_err(|error| LoadError::Invalid(chain(&error)))?;
        if let Some(cache) = &self.cache {
            cache.put(code, sha256);
        }
        Ok(kept().unwrap_or(compiled))
    }
}

/// Hashes a file and rewinds it. A file that is too large for a component is not read: a sparse file may claim any size.
fn hash(file: &mut File) -> Result<String, LoadError> {
    let bytes = file.metadata().map_err(LoadError::Unreadable)?.len();
    if bytes > BYTES_MAX as u64 {
        return Err(LoadError::TooLarge(bytes));
    }
    let mut digest = Sha256::new();
    std::io::copy(&mut file.take(BYTES_MAX as u64), &mut digest).map_err(LoadError::Unreadable)?;
    file.rewind().map_err(LoadError::Unreadable)?;
    Ok(format!("{:x}", digest.finalize()))
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

impl From<types::Medium> for Medium {
    fn from(medium: types::Medium) -> Self {
        match medium {
            types::Medium::Image => Self::Image,
            types::Medium::Audio => Self::Audio,
            types::Medium::Video => Self::Video,
            types::Medium::File => Self::File,
            types::Medium::Tokens => Self::Tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let path = std::env::temp_dir().join(format!("sluice-sparse-{:016x}.wasm", fastrand::u64(..)));
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let refused = hash(&mut File::open(&path).unwrap()).unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(refused.contains("1099511627776 bytes"), "{refused}");
    }

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
