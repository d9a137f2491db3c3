//! The answer of embeddings: vectors, wherever each maker puts them, become one list.

use sluice_sdk::adapter::{Origin, base64};
use sluice_sdk::canonical::{Fields, List, Object, RawValue};
use sluice_sdk::{Failure, deployment, wire};

/// Where Bedrock counts for models that do not.
const TOKENS_HEADER: &str = "x-amzn-bedrock-input-token-count";

sluice_sdk::wire! {
    Answer {
        /// Titan's vector.
        "embedding" embedding: &'a RawValue,
        /// Titan's vectors by their types.
        "embeddingsByType" by_type: &'a RawValue,
        /// Cohere's vectors, or lists of them by their types; Nova's vectors, each in an object.
        "embeddings" embeddings: &'a RawValue,
        "inputTextTokenCount" tokens: u64,
    }

    NovaEmbedding {
        "embedding" embedding: &'a RawValue,
    }
}

/// Makes the canonical answer. Vectors are copied as they stand, unless the client wants them as base64.
///
/// # Errors
/// The document holds no embeddings.
pub fn translate(body: &[u8], as_base64: bool, origin: &Origin) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + 256);
    let mut to = Object::begin(&mut out);
    to.string("object", "list");
    let mut data = Data {
        list: to.list("data"),
        as_base64,
    };
    match (answer.by_type, answer.embedding, answer.embeddings) {
        (Some(by_type), embedding, _) => data.of_titan(by_type, embedding)?,
        (None, Some(embedding), _) => data.write(0, embedding, None),
        (None, None, Some(embeddings)) => data.of_list(embeddings)?,
        (None, None, None) => return Err(Failure::malformed("it has no embeddings")),
    }
    drop(data);
    to.text("model", &origin.model(None));
    let counted = || deployment::response_header(TOKENS_HEADER)?.parse().ok();
    if let Some(tokens) = answer.tokens.or_else(counted) {
        to.object("usage")
            .number("prompt_tokens", tokens)
            .number("total_tokens", tokens);
    }
    drop(to);
    Ok(out)
}

struct Data<'o> {
    list: List<'o>,
    as_base64: bool,
}

impl Data<'_> {
    /// One entry a type, which says which it is where there are several.
    fn of_titan(&mut self, by_type: &RawValue, embedding: Option<&RawValue>) -> Result<(), Failure> {
        let Fields(types) = serde_json::from_str(by_type.get()).map_err(Failure::malformed)?;
        if let (Some(embedding), 0 | 1) = (embedding, types.len()) {
            self.write(0, embedding, None);
            return Ok(());
        }
        if types.is_empty() {
            return Err(Failure::malformed("it has no embeddings"));
        }
        for (name, vector) in &types {
            self.write(0, vector, Some(&**name).filter(|_| types.len() > 1));
        }
        Ok(())
    }

    fn of_list(&mut self, embeddings: &RawValue) -> Result<(), Failure> {
        if !embeddings.get().starts_with('{') {
            return self.vectors(embeddings, None);
        }
        let Fields(types) = serde_json::from_str(embeddings.get()).map_err(Failure::malformed)?;
        for (name, vectors) in &types {
            self.vectors(vectors, Some(&**name).filter(|_| types.len() > 1))?;
        }
        Ok(())
    }

    fn vectors(&mut self, vectors: &RawValue, kind: Option<&str>) -> Result<(), Failure> {
        let vectors: Vec<&RawValue> = serde_json::from_str(vectors.get()).map_err(Failure::malformed)?;
        for (index, vector) in vectors.into_iter().enumerate() {
            if vector.get().starts_with('{') {
                let nova: NovaEmbedding = wire::read(vector.get()).map_err(Failure::malformed)?;
                let missing = || Failure::malformed("an embedding without its vector");
                self.write(index, nova.embedding.ok_or_else(missing)?, kind);
            } else {
                self.write(index, vector, kind);
            }
        }
        Ok(())
    }

    fn write(&mut self, index: usize, vector: &RawValue, kind: Option<&str>) {
        let as_base64 = self.as_base64;
        let mut entry = self.list.object();
        entry.string("object", "embedding").number("index", index as u64);
        let floats = || serde_json::from_str::<Vec<f32>>(vector.get()).ok();
        match as_base64.then(floats).flatten() {
            Some(floats) => write_base64(entry.field("embedding"), &floats),
            None => {
                entry.raw("embedding", vector);
            }
        }
        if let Some(kind) = kind {
            entry.string("type", kind);
        }
    }
}

/// As OpenAI writes it: 32-bit floats, the least byte first.
fn write_base64(out: &mut Vec<u8>, floats: &[f32]) {
    let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
    out.push(b'"');
    base64::encode(&bytes, out);
    out.push(b'"');
}
