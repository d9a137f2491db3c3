//! The bundled plugins: components of `plugins/`, which the build script builds, compiles for the gateway's target and asks
//! what they are.
//!
//! A package of its own, so that the gateway does not wait for the plugins when it is built.

use sluice::plugin::component::Bundled;

/// All bundled plugins.
pub static PLUGINS: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/bundled.rs"));
