//! Thoughts within the text. If Ollama does not know that a model thinks, or was not asked to separate the thoughts,
//! the text begins with the thoughts between tags. As in LiteLLM, they are taken out of the text.

use sluice_sdk::canonical::Text;

/// The tags around thoughts. No opening tag is the beginning of another one.
const TAGS: [(&str, &str); 3] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<budget:thinking>", "</budget:thinking>"),
];

/// The state of the reader.
#[derive(Default)]
pub enum Tags {
    /// No text has come yet.
    #[default]
    Beginning,
    /// The text so far, which may be the beginning of a tag.
    Held(String),
    /// Within thoughts, which end with this tag; `held` may be the beginning of the tag.
    Inside { end: &'static str, held: String },
    /// After the thoughts, or in an answer without any.
    Text,
}

/// The thoughts and the text in a piece of an answer.
#[derive(Default)]
pub struct Pieces<'a> {
    pub thoughts: Option<Text<'a>>,
    pub text: Option<Text<'a>>,
}

impl<'a> Pieces<'a> {
    fn text(text: &Text<'a>) -> Self {
        Self {
            thoughts: None,
            text: Some(text.clone()),
        }
    }
}

impl Tags {
    /// Reads the next piece of the text. After the thoughts, nothing is decoded.
    pub fn take<'a>(&mut self, text: &Text<'a>) -> Pieces<'a> {
        match self {
            _ if text.is_empty() => Pieces::default(),
            Self::Text => Pieces::text(text),
            Self::Beginning if !may_begin_tag(text) => {
                *self = Self::Text;
                Pieces::text(text)
            }
            Self::Beginning => self.begin(text.decoded().into_owned()),
            Self::Held(held) => {
                let all = format!("{held}{}", text.decoded());
                self.begin(all)
            }
            Self::Inside { end, held } => {
                let (end, all) = (*end, format!("{held}{}", text.decoded()));
                self.inside(end, &all)
            }
        }
    }

    /// Returns what is still held. Called when the text has ended, or when thoughts came in a field of their own, so
    /// that the text has none.
    pub fn finish(&mut self) -> Pieces<'static> {
        match std::mem::replace(self, Self::Text) {
            Self::Held(held) => pieces("", &held),
            Self::Inside { held, .. } => pieces(&held, ""),
            Self::Beginning | Self::Text => Pieces::default(),
        }
    }

    fn begin(&mut self, all: String) -> Pieces<'static> {
        for (tag, end) in TAGS {
            if let Some(rest) = all.strip_prefix(tag) {
                return self.inside(end, rest);
            }
        }
        if TAGS.iter().any(|(tag, _)| tag.starts_with(&all)) {
            *self = Self::Held(all);
            return Pieces::default();
        }
        *self = Self::Text;
        pieces("", &all)
    }

    fn inside(&mut self, end: &'static str, all: &str) -> Pieces<'static> {
        if let Some((thoughts, text)) = all.split_once(end) {
            *self = Self::Text;
            return pieces(thoughts, text);
        }
        let is_beginning = |at: &usize| all.get(*at..).is_some_and(|rest| end.starts_with(rest));
        let earliest = all.len().saturating_sub(end.len());
        let held_from = (earliest..all.len()).find(is_beginning).unwrap_or(all.len());
        let (thoughts, held) = all.split_at(held_from);
        *self = Self::Inside {
            end,
            held: held.to_owned(),
        };
        pieces(thoughts, "")
    }
}

/// Whether the text may begin with a tag. Go's JSON encoder escapes `<`.
fn may_begin_tag(text: &Text) -> bool {
    let escaped = text.escaped();
    escaped.starts_with('<') || escaped.starts_with('\\')
}

fn pieces(thoughts: &str, text: &str) -> Pieces<'static> {
    let piece = |piece: &str| (!piece.is_empty()).then(|| Text::from_decoded(piece));
    Pieces {
        thoughts: piece(thoughts),
        text: piece(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The thoughts and the text of an answer that comes in these pieces.
    fn split(pieces: &[&str]) -> (String, String) {
        let (mut thoughts, mut text) = (String::new(), String::new());
        let mut add = |pieces: Pieces| {
            thoughts.push_str(&pieces.thoughts.map(|it| it.decoded().into_owned()).unwrap_or_default());
            text.push_str(&pieces.text.map(|it| it.decoded().into_owned()).unwrap_or_default());
        };
        let mut tags = Tags::default();
        for piece in pieces {
            add(tags.take(&Text::from_decoded(piece)));
        }
        add(tags.finish());
        (thoughts, text)
    }

    #[test]
    fn every_cut_says_the_same() {
        for (whole, thoughts, text) in [
            ("<think>hm</think>yes", "hm", "yes"),
            ("<thinking>\nä</x</thinking>\n\nyes", "\nä</x", "\n\nyes"),
            ("<budget:thinking></budget:thinking>yes", "", "yes"),
            ("<think>never ends</thin", "never ends</thin", ""),
            ("<thin", "", "<thin"),
            ("<b>bold</b>", "", "<b>bold</b>"),
            ("a<think>hm</think>yes", "", "a<think>hm</think>yes"),
            (" <think>hm</think>yes", "", " <think>hm</think>yes"),
            ("", "", ""),
        ] {
            let expected = (thoughts.to_owned(), text.to_owned());
            assert_eq!(split(&[whole]), expected, "{whole}");
            let letters: Vec<String> = whole.chars().map(String::from).collect();
            let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
            assert_eq!(split(&letters), expected, "{whole}, letter by letter");
            for (at, _) in whole.char_indices() {
                assert_eq!(split(&[&whole[..at], &whole[at..]]), expected, "{whole} cut at {at}");
            }
        }
    }
}
