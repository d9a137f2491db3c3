//! Requests of Cohere's embedding models, whoever serves them. OpenAI's `input` holds texts; as in LiteLLM, a `data:`
//! URI of an image is sent as an image.

use crate::canonical::{Object, RawValue, Text};
use crate::{Failure, Fault};

/// The default of `input_type`, which Cohere's models require. It is LiteLLM's default.
const INPUT_TYPE: &str = "search_document";

/// The request's `input`: one text or a list of texts.
#[derive(Debug, Default)]
pub struct Inputs<'a>(Vec<Text<'a>>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Texts,
    Images,
    Mixed,
}

impl<'a> Inputs<'a> {
    /// Reads the field `input`.
    ///
    /// # Errors
    /// The field is neither a text nor a list of texts. If it holds tokens, `no_tokens` is the message for the client.
    pub fn read(raw: &'a RawValue, no_tokens: &str) -> Result<Self, Failure> {
        if let Some(text) = Text::of(raw) {
            return Ok(Self(vec![text]));
        }
        let items: Vec<&RawValue> = serde_json::from_str(raw.get())
            .map_err(|_| Failure::bad_request("input", "`input` is a text or a list of texts"))?;
        let text = |raw| Text::of(raw).ok_or_else(|| Failure::new(Fault::Unsupported, no_tokens).parameter("input"));
        items.into_iter().map(text).collect::<Result<_, _>>().map(Self)
    }

    /// The texts in order; some may be `data:` URIs of images.
    #[must_use]
    pub fn texts(&self) -> &[Text<'a>] {
        &self.0
    }

    /// The `input_type` to send if the client gives none.
    #[must_use]
    pub fn default_type(&self) -> &'static str {
        match self.kind() {
            Kind::Images => "image",
            Kind::Texts | Kind::Mixed => INPUT_TYPE,
        }
    }

    /// Writes the field `texts`, `images`, or `inputs` if there are both; nothing if the input is empty.
    pub fn write(&self, to: &mut Object) {
        let kind = self.kind();
        let name = match kind {
            _ if self.0.is_empty() => return,
            Kind::Texts => "texts",
            Kind::Images => "images",
            Kind::Mixed => "inputs",
        };
        let mut list = to.list(name);
        for input in &self.0 {
            if kind != Kind::Mixed {
                let out = list.item();
                out.push(b'"');
                out.extend_from_slice(input.escaped().as_bytes());
                out.push(b'"');
                continue;
            }
            let mut item = list.object();
            let mut content = item.list("content");
            let mut part = content.object();
            if is_image(input) {
                part.string("type", "image_url").object("image_url").text("url", input);
            } else {
                part.string("type", "text").text("text", input);
            }
        }
    }

    fn kind(&self) -> Kind {
        match self.0.iter().filter(|input| is_image(input)).count() {
            0 => Kind::Texts,
            all if all == self.0.len() => Kind::Images,
            _ => Kind::Mixed,
        }
    }
}

/// Whether `input` is the `data:` URI of an image.
#[must_use]
pub fn is_image(input: &Text) -> bool {
    let start = "data:image/";
    // In JSON, `/` may be escaped as `\/`.
    let head = input.escaped().get(..start.len() + 1);
    head.unwrap_or_default().replace('\\', "").starts_with(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(input: &str) -> Result<(String, &'static str), Failure> {
        let inputs = Inputs::read(serde_json::from_str(input).unwrap(), "no tokens")?;
        let mut out = Vec::new();
        inputs.write(&mut Object::begin(&mut out));
        Ok((String::from_utf8(out).unwrap(), inputs.default_type()))
    }

    #[test]
    fn texts_and_images_go_by_their_own_names() {
        let image = r#""data:image\/png;base64,AA==""#;
        let check = |input: &str, body: &str, kind: &str| {
            assert_eq!(written(input).unwrap(), (body.to_owned(), kind), "{input}");
        };
        check(r#""a""#, r#"{"texts":["a"]}"#, INPUT_TYPE);
        check(r#"["a","b"]"#, r#"{"texts":["a","b"]}"#, INPUT_TYPE);
        check(image, &format!(r#"{{"images":[{image}]}}"#), "image");
        let mixed = format!(
            r#"{{"inputs":[{{"content":[{{"type":"text","text":"a"}}]}},{{"content":[{{"type":"image_url","image_url":{{"url":{image}}}}}]}}]}}"#
        );
        check(&format!(r#"["a",{image}]"#), &mixed, INPUT_TYPE);
        check("[]", "{}", INPUT_TYPE);
    }

    #[test]
    fn tokens_are_refused() {
        assert_eq!(written("[1,2]").unwrap_err().message, "no tokens");
        assert_eq!(
            written("5").unwrap_err().message,
            "`input` is a text or a list of texts"
        );
    }
}
