//! Words in a text that may go on. ASCII letters match in both cases.

/// A list of words.
pub struct Words(Vec<String>);

/// What stands in a masked word's place.
const MASK: &str = "***";

impl Words {
    pub fn new(words: Vec<String>) -> Self {
        Self(words.into_iter().filter(|word| !word.is_empty()).collect())
    }

    /// Whether one of them is in the text.
    pub fn are_in(&self, text: &str) -> bool {
        let mut places = text.char_indices();
        places.any(|(at, _)| self.at(&text[at..]).is_some())
    }

    /// The text with a mask in the place of each.
    pub fn masked(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let length = match self.at(rest) {
                Some(length) => {
                    masked.push_str(MASK);
                    length
                }
                None => {
                    masked.push(letter);
                    letter.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        masked
    }

    /// Bytes at the end of the text that may be the beginning of one.
    pub fn begun_at_end(&self, text: &str) -> usize {
        let ends = text.char_indices().map(|(at, _)| &text[at..]);
        let is_begun = |end: &&str| self.0.iter().any(|word| end.len() < word.len() && begins(word, end));
        ends.filter(is_begun).map(str::len).max().unwrap_or(0)
    }

    /// The length of the longest that the text begins with.
    fn at(&self, text: &str) -> Option<usize> {
        let found = self.0.iter().filter(|word| begins(text, word));
        found.map(String::len).max()
    }
}

fn begins(text: &str, with: &str) -> bool {
    let start = text.as_bytes().get(..with.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
}
