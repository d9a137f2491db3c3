//! What adapters that translate have in common: which parameters a provider cannot take, media in messages, what
//! stands in for what an answer leaves out, streams batch by batch,
//! what Claude and Cohere's
//! embedding models take, `extra_body`.
//!
//! An adapter for a wire format of its own reads the request with [`crate::canonical`], the answer with [`crate::wire`],
//! and finds the rest here.

pub mod aws;
pub mod base64;
mod batches;
pub mod claude;
pub mod cohere;
mod extra_body;
mod media;
pub mod media_type;
mod origin;
mod parameters;
mod path;
pub mod schema;
pub mod vertex;

pub use batches::Batches;
pub use extra_body::{lay_extra_bodies_over, lay_over};
pub use media::Media;
pub use origin::Origin;
pub use parameters::{Parameters, changes_nothing, is_for_gateway, is_openais_own};
pub use path::push_encoded;
