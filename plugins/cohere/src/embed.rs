//! Embeddings (<https://docs.cohere.com/reference/embed>).

pub mod answer;
pub mod request;
