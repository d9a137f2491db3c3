//! The sources of an answer. Perplexity lists them next to the choices; clients of OpenAI expect annotations.
//! <https://docs.perplexity.ai/api-reference/chat-completions-post>,
//! <https://platform.openai.com/docs/guides/tools-web-search>

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, Object, Text};

use super::usage::count;

/// Maximum number of digits in a mark `[n]`: more than any list of citations needs.
const DIGITS_MAX: usize = 4;

pub struct Citations<'a> {
    addresses: Vec<Option<Text<'a>>>,
    /// Pairs of an address and its title.
    titles: Vec<(Text<'a>, Text<'a>)>,
    /// Number of web searches, if it is a field of its own and not in the usage.
    searches: Option<u64>,
}

impl<'a> Citations<'a> {
    pub fn of(answer: &Fields<'a>) -> Self {
        let list = |name: &str| -> Vec<&'a RawValue> {
            let raw = answer.get(name);
            raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
                .unwrap_or_default()
        };
        let title = |result: &'a RawValue| {
            let result: Fields<'a> = serde_json::from_str(result.get()).ok()?;
            Some((Text::of(result.get("url")?)?, Text::of(result.get("title")?)?))
        };
        Self {
            addresses: list("citations").into_iter().map(Text::of).collect(),
            titles: list("search_results").into_iter().filter_map(title).collect(),
            searches: count(answer, "num_search_queries"),
        }
    }

    /// The number of web searches; `None` if there were none.
    pub fn searches(&self, usage: &Fields) -> Option<u64> {
        count(usage, "num_search_queries")
            .or(self.searches)
            .filter(|searches| *searches > 0)
    }

    /// Writes `annotations`: one for each `[n]` in the text that refers to a citation. Positions are in characters.
    pub fn annotate(&self, content: &str, are_given: bool, to: &mut Object) {
        let marks: Vec<Mark> = Mark::all(content).filter(|mark| self.address(mark).is_some()).collect();
        if are_given || marks.is_empty() {
            return;
        }
        let mut list = to.list("annotations");
        for mark in &marks {
            let Some(address) = self.address(mark) else { continue };
            let mut annotation = list.object();
            annotation.string("type", "url_citation");
            let mut citation = annotation.object("url_citation");
            citation
                .number("start_index", mark.start)
                .number("end_index", mark.end)
                .text("url", address);
            let title = self.titles.iter().find(|(of, _)| of == address);
            match title {
                Some((_, title)) => citation.text("title", title),
                None => citation.string("title", ""),
            };
        }
    }

    fn address(&self, mark: &Mark) -> Option<&Text<'a>> {
        self.addresses.get(mark.number.checked_sub(1)?)?.as_ref()
    }
}

/// A mark `[n]` in a text.
struct Mark {
    number: usize,
    start: u64,
    end: u64,
}

impl Mark {
    fn all(content: &str) -> impl Iterator<Item = Self> {
        let mut letters = content.chars();
        let mut place = 0_u64;
        std::iter::from_fn(move || {
            loop {
                let letter = letters.next()?;
                place += 1;
                if letter != '[' {
                    continue;
                }
                let rest = letters.as_str();
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let is_closed = rest.as_bytes().get(digits) == Some(&b']');
                if !(1..=DIGITS_MAX).contains(&digits) || !is_closed {
                    continue;
                }
                let number = rest.get(..digits)?.parse().ok()?;
                let start = place - 1;
                return Some(Self {
                    number,
                    start,
                    end: start + digits as u64 + 2,
                });
            }
        })
    }
}
