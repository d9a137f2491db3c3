//! What adapters that translate have in common: parameters that a provider does not support, media in messages,
//! defaults for fields that an answer lacks, translation of streams in batches, what Claude and Cohere's embedding
//! models support, what Bedrock and Vertex AI ask of all makers' models, and `extra_body`.
//!
//! An adapter reads the request with [`crate::canonical`] and the answer with [`crate::wire`]; this module has the
//! rest.

pub mod aws;
pub mod base64;
mod batches;
pub mod bedrock;
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
pub use extra_body::{lay_extra_bodies_over, lay_over, lay_sorted_over};
pub use media::Media;
pub use origin::Origin;
pub use parameters::{Parameters, changes_nothing, is_for_gateway, is_openais_own};
pub use path::push_encoded;
