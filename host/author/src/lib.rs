//! What plugin authors need of the `sluice` program: a new plugin from a template ([`new`]), its cases ([`test`]) and its component
//! ([`build`]) by the tools of its language.
//!
//! The contract, and the SDK and templates of each language, are part of the program ([`files`]). A language is a row of
//! [`language::Language`] and a file of [`build`].

pub mod build;
pub mod contract;
pub mod files;
#[allow(dead_code, reason = "the gateway uses all of it")]
#[path = "../../src/plugin/kind.rs"]
mod kind;
pub mod language;
pub mod manifest;
pub mod new;
pub mod test;

pub use kind::Kind;
pub use language::Language;
