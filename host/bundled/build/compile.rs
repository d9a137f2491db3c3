//! Compiles a bundled component, and asks it what it is: no start of the gateway has to.

use std::error::Error;

use serde_json::{Map, Value, json};
use wasmtime::component::{Component, Linker, Val};
use wasmtime::{Config, Engine, Store};

use crate::codegen;
use crate::kind::Kind;

/// The interface that tells of a plugin.
const ABOUT: &str = "sluice:plugin/about@0.2.1";
const SETTINGS: &str = "sluice:plugin/settings@0.2.1";

/// What x86-64-v3 adds to the first x86-64 (<https://gitlab.com/x86-psABIs/x86-64-ABI>): servers have it since 2013. The
/// gateway checks at load that its processor has it too, and otherwise compiles.
const X86_64_V3: [&str; 11] = [
    "has_sse3",
    "has_ssse3",
    "has_sse41",
    "has_sse42",
    "has_popcnt",
    "has_avx",
    "has_avx2",
    "has_fma",
    "has_bmi1",
    "has_bmi2",
    "has_lzcnt",
];

/// A component's code for this target, and as JSON its `About` (`src/plugin/about.rs`) and the providers that it serves,
/// if it is an adapter.
pub fn compiled(bytes: &[u8], target: &str) -> Result<(Vec<u8>, Value, Value), Box<dyn Error>> {
    let engine = Engine::new(&config(target)?)?;
    let component = Component::from_binary(&engine, bytes)?;
    let code = component.serialize()?;
    let facts = |component: &Component| -> Result<(Value, Value), Box<dyn Error>> {
        Ok((about(component)?, providers(component)?))
    };
    // A build for another target, or on an older processor, cannot run that code.
    let (about, providers) = facts(&component).or_else(|_| {
        let engine = Engine::new(&codegen::config())?;
        facts(&Component::from_binary(&engine, bytes)?)
    })?;
    Ok((code, about, providers))
}

fn config(target: &str) -> wasmtime::Result<Config> {
    let mut config = codegen::config();
    config.target(target)?;
    if target.starts_with("x86_64") {
        for flag in X86_64_V3 {
            #[allow(unsafe_code, reason = "code for another processor is refused where it is loaded")]
            // SAFETY: see the reason.
            unsafe {
                config.cranelift_flag_enable(flag)
            };
        }
    }
    Ok(config)
}

fn about(component: &Component) -> Result<Value, Box<dyn Error>> {
    let (engine, shape) = (component.engine(), component.component_type());
    let mut imports: Vec<&str> = shape.imports(engine).map(|(name, _)| name).collect();
    imports.sort_unstable();
    Ok(json!({
        "kinds": kinds(component),
        "imports": imports,
        "manifest": ask(component, ABOUT, "describe")?,
    }))
}

fn kinds(component: &Component) -> Vec<Kind> {
    let (engine, shape) = (component.engine(), component.component_type());
    let is_exported = |kind: &Kind| shape.exports(engine).any(|(name, _)| kind.is_export(name));
    Kind::ALL.into_iter().filter(is_exported).collect()
}

fn providers(component: &Component) -> Result<Value, Box<dyn Error>> {
    match kinds(component).contains(&Kind::Adapter) {
        true => ask(component, Kind::Adapter.interface(), "providers"),
        false => Ok(Value::Null),
    }
}

/// What a function without arguments answers where there are no settings.
fn ask(component: &Component, interface: &str, function: &str) -> Result<Value, Box<dyn Error>> {
    let engine = component.engine();
    let mut linker = Linker::<()>::new(engine);
    linker
        .instance(SETTINGS)?
        .func_wrap("get", |_, (): ()| Ok(("{}".to_owned(),)))?;
    // It calls nothing else.
    linker.define_unknown_imports_as_traps(component)?;
    let mut store = Store::new(engine, ());
    store.set_epoch_deadline(u64::MAX);
    let instance = linker.instantiate(&mut store, component)?;
    let found = instance.get_export_index(&mut store, None, interface);
    let found = found.and_then(|found| instance.get_export_index(&mut store, Some(&found), function));
    let found = found.and_then(|found| instance.get_func(&mut store, found));
    let mut answer = [Val::Bool(false)];
    found.ok_or(interface)?.call(&mut store, &[], &mut answer)?;
    let [answer] = answer;
    json_of(answer)
}

fn json_of(value: Val) -> Result<Value, Box<dyn Error>> {
    Ok(match value {
        Val::Bool(is) => is.into(),
        Val::String(text) => text.into(),
        Val::Enum(case) | Val::Variant(case, None) => camel(&case).into(),
        Val::Variant(case, Some(value)) => json!({ camel(&case): json_of(*value)? }),
        Val::List(values) | Val::Tuple(values) => values.into_iter().map(json_of).collect::<Result<_, _>>()?,
        Val::Record(fields) => fields
            .into_iter()
            // As the generated types call them.
            .map(|(name, value)| Ok((name.replace('-', "_"), json_of(value)?)))
            .collect::<Result<Map<_, _>, Box<dyn Error>>>()?
            .into(),
        other => return Err(format!("a description has no {other:?}").into()),
    })
}

/// A name in WIT as the generated types call it: `file-name` is `FileName`.
fn camel(name: &str) -> String {
    let words = name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect()
}
