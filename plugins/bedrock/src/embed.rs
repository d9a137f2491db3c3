//! Embeddings, which `InvokeModel` makes in each model's own words
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-mm.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html>,
//! <https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html>).

pub mod answer;
pub mod request;

use sluice_sdk::{Failure, Fault};

/// Whose words a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// Amazon Titan text embeddings of the first version, which take nothing but text.
    TitanFirst,
    /// Amazon Titan text embeddings.
    Titan,
    /// Amazon Titan multimodal embeddings.
    TitanMultimodal,
    Nova,
    Cohere,
}

impl Maker {
    /// # Errors
    /// None that makes embeddings.
    pub fn of(name: &str) -> Result<Self, Failure> {
        let has = |part: &str| name.contains(part);
        match () {
            () if has("titan-embed-image") || has("titan-embed-g1-image") => Ok(Self::TitanMultimodal),
            () if has("titan-embed-text-v1") || has("titan-embed-g1-text") => Ok(Self::TitanFirst),
            () if has("titan-embed") => Ok(Self::Titan),
            () if has("cohere.embed") => Ok(Self::Cohere),
            () if has("nova") && has("embed") => Ok(Self::Nova),
            () => {
                let message = format!("`{name}` is none of the models that make embeddings: Titan, Nova and Cohere");
                Err(Failure::new(Fault::Unsupported, message).parameter("model"))
            }
        }
    }
}
