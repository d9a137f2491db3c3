//! Translates the answer to an embeddings request: one list for each type of vector becomes a single list.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Fields, List, Object, RawValue, Text};
use sluice_sdk::wire;

use crate::error::of_sentence;

sluice_sdk::wire! {
    Answer {
        /// Lists of vectors by the name of their type, or, from older models, one such list.
        "embeddings" embeddings: &'a RawValue,
        "meta" meta: Meta<'a>,
        /// Present instead of the other fields if the request failed: the error message.
        "message" message: Text<'a>,
    }

    Meta {
        "billed_units" billed_units: Billed<'a>,
    }

    Billed {
        "input_tokens" input_tokens: u64,
        "image_tokens" image_tokens: u64,
        "images" images: u64,
    }
}

/// Translates the answer to the canonical form. Vectors are copied.
///
/// # Errors
/// The document is an error, or has no embeddings.
pub fn translate(body: &[u8], origin: &Origin) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
    let Some(embeddings) = answer.embeddings else {
        return Err(answer.message.map_or_else(
            || Failure::malformed("it has no `embeddings`"),
            |message| of_sentence(message.decoded()),
        ));
    };
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + 256);
    let mut to = Object::begin(&mut out);
    to.string("object", "list");
    write_data(&mut to, embeddings)?;
    to.text("model", &origin.model(None));
    if let Some(billed) = answer.meta.and_then(|meta| meta.billed_units) {
        billed.write(&mut to);
    }
    drop(to);
    Ok(out)
}

/// Writes one entry for each vector. If there are several types, they follow each other, and each entry names its type.
fn write_data(to: &mut Object, embeddings: &RawValue) -> Result<(), Failure> {
    let mut data = to.list("data");
    if embeddings.get().starts_with('[') {
        return write_vectors(&mut data, embeddings, None);
    }
    let Fields(types) = serde_json::from_str(embeddings.get()).map_err(Failure::malformed)?;
    let is_given = |raw: &RawValue| raw.get() != "null";
    let several = types.iter().filter(|(_, raw)| is_given(raw)).count() > 1;
    for (name, vectors) in types.iter().filter(|(_, raw)| is_given(raw)) {
        write_vectors(&mut data, vectors, Some(&**name).filter(|_| several))?;
    }
    Ok(())
}

fn write_vectors(data: &mut List, vectors: &RawValue, kind: Option<&str>) -> Result<(), Failure> {
    let vectors: Vec<&RawValue> = serde_json::from_str(vectors.get()).map_err(Failure::malformed)?;
    for (index, vector) in vectors.into_iter().enumerate() {
        let mut entry = data.object();
        entry
            .string("object", "embedding")
            .number("index", index as u64)
            .raw("embedding", vector);
        if let Some(kind) = kind {
            entry.string("type", kind);
        }
    }
    Ok(())
}

impl Billed<'_> {
    /// Writes `usage` as LiteLLM does. If Cohere sent no counts, nothing is written, and the gateway estimates the
    /// usage.
    fn write(&self, to: &mut Object) {
        if self.input_tokens.or(self.image_tokens).or(self.images).is_none() {
            return;
        }
        let of_images = self.image_tokens.unwrap_or(0).saturating_add(self.images.unwrap_or(0));
        let prompt = self.input_tokens.unwrap_or(0).saturating_add(of_images);
        let mut usage = to.object("usage");
        usage.number("prompt_tokens", prompt).number("total_tokens", prompt);
        let mut details = usage.object("prompt_tokens_details");
        let counts = [
            ("text_tokens", self.input_tokens),
            ("image_tokens", Some(of_images).filter(|count| *count > 0)),
            ("image_count", self.images),
        ];
        for (name, count) in counts {
            if let Some(count) = count {
                details.number(name, count);
            }
        }
    }
}
