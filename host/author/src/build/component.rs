//! What `wasm-tools component embed` and `new` do.

use std::path::Path;

use wit_bindgen_core::wit_parser::{Resolve, WorldId};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use super::BuildError;

/// The name and the bytes of the adapter of a module for preview 1 of WASI.
pub type Adapter<'a> = (&'a str, &'a [u8]);

/// The world of this name of a folder of WIT files.
pub fn world(wit: &Path, name: &str) -> Result<(Resolve, WorldId), BuildError> {
    let mut resolve = Resolve::default();
    let found = resolve
        .push_path(wit)
        .and_then(|(package, _)| resolve.select_world(&[package], Some(name)));
    let world = found.map_err(|error| BuildError::Component(format!("{error:#}")))?;
    Ok((resolve, world))
}

/// Says in a module which world it is for.
pub fn embed(module: &mut Vec<u8>, wit: &Path, name: &str) -> Result<(), BuildError> {
    let (resolve, world) = world(wit, name)?;
    embed_component_metadata(module, &resolve, world, StringEncoding::UTF8)
        .map_err(|error| BuildError::Component(format!("{error:#}")))
}

/// Makes a component of a module that says which world it is for.
pub fn encode(module: &[u8], adapter: Option<Adapter<'_>>) -> Result<Vec<u8>, BuildError> {
    let encoded = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| match adapter {
            Some((name, bytes)) => encoder.adapter(name, bytes),
            None => Ok(encoder),
        })
        .and_then(|encoder| encoder.encode());
    encoded.map_err(|error| BuildError::Component(format!("{error:#}")))
}
