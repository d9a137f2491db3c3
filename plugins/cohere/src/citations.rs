//! Citations (<https://docs.cohere.com/docs/rag-citations>). As in LiteLLM, those whose source is a document become
//! OpenAI's annotations; all are copied to `provider_specific_fields`.

use sluice_sdk::canonical::{List, Object, RawValue, Text};
use sluice_sdk::wire;

sluice_sdk::wire! {
    Citation {
        "start" start: u64,
        "end" end: u64,
        "sources" sources: Vec<Source<'a>>,
    }

    Source {
        "type" kind: Text<'a>,
        "id" id: Text<'a>,
        "url" url: Text<'a>,
        "document" document: Document<'a>,
    }

    Document {
        "title" title: Text<'a>,
    }
}

/// Writes `annotations` into a message or a delta: one for each source that is a document. Writes nothing if there is
/// none.
pub fn write_annotations(to: &mut Object, citations: &[&RawValue]) {
    let read = |raw: &&'_ RawValue| {
        wire::read::<Citation>(raw.get())
            .ok()
            .is_some_and(|it| it.has_document())
    };
    if !citations.iter().any(read) {
        return;
    }
    let mut list = to.list("annotations");
    for citation in citations
        .iter()
        .filter_map(|raw| wire::read::<Citation>(raw.get()).ok())
    {
        for source in citation.sources.iter().flatten() {
            write_annotation(&mut list, &citation, source);
        }
    }
}

impl Citation<'_> {
    fn has_document(&self) -> bool {
        self.sources.iter().flatten().any(|source| source.document().is_some())
    }
}

impl<'a> Source<'a> {
    fn document(&self) -> Option<&Document<'a>> {
        let is_document = self.kind.as_ref().is_some_and(|kind| kind.escaped() == "document");
        self.document.as_ref().filter(|_| is_document)
    }
}

fn write_annotation(list: &mut List, citation: &Citation, source: &Source) {
    let Some(document) = source.document() else { return };
    let mut annotation = list.object();
    annotation.string("type", "url_citation");
    let mut url_citation = annotation.object("url_citation");
    url_citation
        .number("start_index", citation.start.unwrap_or(0))
        .number("end_index", citation.end.unwrap_or(0));
    match &document.title {
        Some(title) => url_citation.text("title", title),
        None => url_citation.string("title", ""),
    };
    match (&source.url, &source.id) {
        (Some(url), _) if !url.is_empty() => url_citation.text("url", url),
        (_, Some(id)) => url_citation.string("url", &format!("source:{}", id.decoded())),
        (_, None) => url_citation.string("url", "source:unknown"),
    };
}
