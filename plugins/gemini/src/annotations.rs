//! Sources of an answer's text, as OpenAI's annotations (<https://platform.openai.com/docs/guides/tools-web-search>).

use sluice_sdk::canonical::{Object, Text};

use crate::wire::{Grounding, GroundingSupport};

/// A range of the text and its source, as OpenAI's `url_citation`.
pub struct Annotation<'a> {
    start: u64,
    end: u64,
    url: Text<'a>,
    title: Option<Text<'a>>,
}

impl<'a> Annotation<'a> {
    /// One annotation for each grounding support whose source has an address. As in LiteLLM, the source is the first
    /// chunk that the support names.
    pub fn all_of(grounding: &Grounding<'a>) -> Vec<Self> {
        let chunks = grounding.chunks.as_deref().unwrap_or_default();
        let supports = grounding.supports.as_deref().unwrap_or_default();
        let of_support = |support: &GroundingSupport| {
            let segment = support.segment.as_ref()?;
            let number = usize::try_from(*support.chunks.as_ref()?.first()?).ok()?;
            let chunk = chunks.get(number)?;
            let source = chunk
                .web
                .as_ref()
                .or(chunk.maps.as_ref())
                .or(chunk.retrieved.as_ref())?;
            Some(Annotation {
                start: segment.start.unwrap_or(0),
                end: segment.end?,
                url: source.uri.clone()?,
                title: source.title.clone(),
            })
        };
        supports.iter().filter_map(of_support).collect()
    }
}

/// Writes the field `annotations`, if there are any.
pub fn write_annotations(to: &mut Object, annotations: &[Annotation]) {
    if annotations.is_empty() {
        return;
    }
    let mut list = to.list("annotations");
    for annotation in annotations {
        let mut object = list.object();
        object.string("type", "url_citation");
        let mut citation = object.object("url_citation");
        citation
            .number("start_index", annotation.start)
            .number("end_index", annotation.end);
        citation.text("url", &annotation.url);
        if let Some(title) = &annotation.title {
            citation.text("title", title);
        }
    }
}
