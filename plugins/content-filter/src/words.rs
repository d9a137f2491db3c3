//! Words and phrases, found without regard to case at the places that the scan reports.
//!
//! The sorted words are the whole index: from a place in the text, each further character narrows the range of words
//! that still match. Nothing else is built, since most instances inspect one text only.

use sluice_sdk::{Violation, serde_json};

/// The code of violations.
pub const BLOCKED_WORD: &str = "blocked_word";

/// A word or phrase to look for.
pub struct Word {
    pub keyword: String,
    /// Shown to the client with a violation; may be empty.
    pub description: String,
    /// Whether the word matches only as a whole word.
    pub whole: bool,
}

/// Words that share an action.
#[derive(Default)]
pub struct Words {
    words: Vec<Word>,
    /// Sorted by letters; of equal letters, the entry that matches within words comes first.
    sorted: Vec<Entry>,
    /// Whether any word may begin within a longer word.
    inside: bool,
}

struct Entry {
    letters: Box<[char]>,
    whole: bool,
    word: usize,
}

/// What is known about the words of a text so far.
#[derive(Default)]
pub struct Progress {
    /// The end of the last word found; no other word begins before it.
    done: usize,
    /// The start of the first unfinished word.
    pub open: Option<usize>,
}

/// What begins at a place in a text.
enum Reach {
    Nothing,
    Match {
        end: usize,
        word: usize,
    },
    /// The text ends before the word does.
    Open,
}

impl Words {
    pub fn new(words: Vec<Word>) -> Self {
        let entry = |(word, it): (usize, &Word)| Entry {
            letters: it.keyword.chars().map(fold).collect(),
            whole: it.whole,
            word,
        };
        let mut sorted: Vec<Entry> = words.iter().enumerate().map(entry).collect();
        sorted.sort_by(|a, b| (&a.letters, a.whole).cmp(&(&b.letters, b.whole)));
        Self {
            inside: words.iter().any(|word| !word.whole),
            words,
            sorted,
        }
    }

    /// The folded letters of each word.
    pub fn letters(&self) -> impl Iterator<Item = &[char]> {
        self.sorted.iter().map(|entry| &*entry.letters)
    }

    /// Looks for a word at the place `at`. Calls `note` with start, end and number of the longest word there, unless
    /// `progress` says that the place is within another word or after an unfinished one.
    pub fn look(
        &self,
        text: &str,
        at: usize,
        more: bool,
        progress: &mut Progress,
        note: impl FnOnce(usize, usize, usize),
    ) {
        if at < progress.done || progress.open.is_some() {
            return;
        }
        let (before, rest) = text.split_at(at);
        let begins_in_word = rest.chars().next().is_some_and(is_letter);
        let inside = begins_in_word && before.chars().next_back().is_some_and(is_letter);
        match self.reach(text, at, inside, more) {
            Reach::Open => progress.open = Some(at),
            Reach::Match { end, word } => {
                note(at, end, word);
                progress.done = end;
            }
            Reach::Nothing => {}
        }
    }

    fn reach(&self, text: &str, at: usize, inside: bool, more: bool) -> Reach {
        if inside && !self.inside {
            return Reach::Nothing;
        }
        let (mut fitting, mut depth) = (&self.sorted[..], 0);
        let mut best = Reach::Nothing;
        let mut rest = text[at..].chars().peekable();
        let mut end = at;
        while let Some(char) = rest.next() {
            fitting = narrow(fitting, depth, fold(char));
            depth += 1;
            end += char.len_utf8();
            let Some(first) = fitting.first() else { return best };
            if first.letters.len() > depth || (first.whole && inside) {
                continue;
            }
            match rest.peek() {
                None if more && first.whole && is_letter(char) => return Reach::Open,
                Some(&next) if first.whole && is_letter(char) && is_letter(next) => {}
                _ => best = Reach::Match { end, word: first.word },
            }
        }
        // At the end of the text: if a longer word is still possible, the next text decides.
        let longer = fitting.last().is_some_and(|last| last.letters.len() > depth);
        if more && longer { Reach::Open } else { best }
    }

    /// The violation for a blocked word. The word itself is only in the detail, which goes to the log.
    pub fn violation(&self, word: usize) -> Violation {
        let Word {
            keyword, description, ..
        } = &self.words[word];
        let mut message = "content blocked: a blocked word was found".to_owned();
        if !description.is_empty() {
            message += &format!(" ({description})");
        }
        let detail = serde_json::json!({"type": BLOCKED_WORD, "keyword": keyword, "action": "BLOCK"}).to_string();
        Violation {
            code: BLOCKED_WORD.into(),
            message,
            detail,
        }
    }
}

/// The entries of `sorted` whose letter at `depth` is `char`. All entries must agree on the letters before.
fn narrow(sorted: &[Entry], depth: usize, char: char) -> &[Entry] {
    let low = sorted.partition_point(|entry| entry.letters.get(depth).is_none_or(|&letter| letter < char));
    let high = low + sorted[low..].partition_point(|entry| entry.letters.get(depth) == Some(&char));
    &sorted[low..high]
}

/// Folds one character to one character, so that places in the text do not change: lower case if that is a single
/// character, both small sigmas as one, and all white space as a space.
fn fold(char: char) -> char {
    match char {
        'a'..='z' | ' ' => char,
        _ if char.is_ascii() => {
            if char.is_ascii_whitespace() {
                ' '
            } else {
                char.to_ascii_lowercase()
            }
        }
        'ς' => 'σ',
        _ if char.is_whitespace() => ' ',
        _ => {
            let mut lower = char.to_lowercase();
            let first = lower.next().unwrap_or(char);
            if lower.next().is_none() { first } else { char }
        }
    }
}

/// Whether this character, next to another such one, belongs to the same word. Scripts that put no space between words
/// have no such characters: Thai to Myanmar, Khmer, kana, Han.
fn is_letter(char: char) -> bool {
    match char {
        '\u{0E00}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3040}'..='\u{30FF}' => false,
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => false,
        '_' => true,
        _ => char.is_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    /// The scan relies on this: no other character beyond ASCII folds to an ASCII letter.
    #[test]
    fn beyond_ascii_only_kelvin_and_white_space_fold_into_it() {
        let beyond = ('\u{80}'..=char::MAX).filter(|&char| fold(char).is_ascii() && !char.is_whitespace());
        assert_eq!(beyond.collect::<Vec<_>>(), ['\u{212A}']);
    }
}
