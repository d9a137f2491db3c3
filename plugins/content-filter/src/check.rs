//! What an expression cannot say: whether a text is worth compiling it for, check digits, and words that must stand near.

use std::net::Ipv6Addr;
use std::ops::Range;

/// How far before a match a word of `near` may stand, in bytes.
const NEAR_BYTES: usize = 48;

/// Conditions of a prebuilt pattern beside its expression. The default has none.
#[derive(Default)]
pub struct Check {
    /// A text without as many digits in a row, as [`row_of_digits`] counts, holds no match.
    pub digits: usize,
    /// A text with none of these holds no match.
    pub has: Vec<&'static str>,
    /// One of these, in lower case, must stand shortly before a match.
    pub near: Vec<String>,
    pub proof: Proof,
}

/// Arithmetic that a match must pass.
#[derive(Clone, Copy, Default)]
pub enum Proof {
    #[default]
    None,
    /// ISO/IEC 7812-1 annex B, of payment cards.
    Luhn,
    /// ISO 13616 by ISO/IEC 7064 mod 97-10, of IBANs.
    Mod97,
    /// RFC 4291 §2.2, an address and not a part of something longer.
    Ipv6,
}

/// How many ASCII digits follow each other from the beginning of `text` on, with nothing between but spaces and the signs
/// that group digits, and where the row ends. Prose has four, of its years, and so most texts need no expression for long
/// numbers compiled.
pub fn row_of_digits(text: &[u8]) -> (usize, usize) {
    let groups = |byte: u8| matches!(byte, b'0'..=b'9' | b' ' | b'-' | b'.' | b'/' | b'(' | b')' | b'+');
    let end = text.iter().position(|&byte| !groups(byte)).unwrap_or(text.len());
    let digits = text[..end].iter().filter(|byte| byte.is_ascii_digit()).count();
    (digits, end)
}

impl Check {
    /// The end of what is really meant of a match; `None` when it only looks like one.
    pub fn accept(&self, text: &str, found: Range<usize>) -> Option<usize> {
        if !self.near.is_empty() && !self.is_near(&text[..found.start]) {
            return None;
        }
        let matched = &text[found.clone()];
        match self.proof {
            Proof::None => Some(found.end),
            Proof::Luhn => luhn(matched).then_some(found.end),
            Proof::Mod97 => iban_len(matched).map(|len| found.start + len),
            Proof::Ipv6 => is_ipv6(text, &found).then_some(found.end),
        }
    }

    fn is_near(&self, before: &str) -> bool {
        let tail = before[before.ceil_char_boundary(before.len().saturating_sub(NEAR_BYTES))..].to_ascii_lowercase();
        self.near.iter().any(|word| {
            tail.match_indices(word.as_str()).any(|(at, _)| {
                let (left, right) = (&tail[..at], &tail[at + word.len()..]);
                !left.ends_with(char::is_alphanumeric) && !right.starts_with(char::is_alphanumeric)
            })
        })
    }
}

/// From the right, every second digit doubled and its digits added: the sum ends in 0.
fn luhn(text: &str) -> bool {
    let digits = text
        .bytes()
        .rev()
        .filter(u8::is_ascii_digit)
        .map(|digit| u32::from(digit - b'0'));
    let weigh = |(place, digit): (usize, u32)| match (place % 2, digit) {
        (0, _) => digit,
        (_, 5..) => 2 * digit - 9,
        _ => 2 * digit,
    };
    digits.enumerate().map(weigh).sum::<u32>() % 10 == 0
}

/// How many bytes of `text` are an IBAN. The expression takes groups of four for as long as they come, and so may have
/// taken the next word of the sentence too: the longest part up to a space that proves right is meant.
fn iban_len(text: &str) -> Option<usize> {
    let ends = std::iter::once(text.len()).chain(text.rmatch_indices(' ').map(|(at, _)| at));
    ends.into_iter().find(|&end| mod_97(&text[..end]) == Some(1))
}

/// Letters count from 10, and the first four characters come last.
fn mod_97(text: &str) -> Option<u32> {
    let characters: Vec<u32> = text
        .chars()
        .filter(|&char| char != ' ')
        .map(|char| char.to_digit(36))
        .collect::<Option<_>>()?;
    let (head, tail) = characters.split_at_checked(4)?;
    let add = |rest: u32, &value: &u32| (rest * if value < 10 { 10 } else { 100 } + value) % 97;
    Some(tail.iter().chain(head).fold(0, add))
}

fn is_ipv6(text: &str, found: &Range<usize>) -> bool {
    let continues = |char: char| char.is_alphanumeric() || char == ':' || char == '_';
    let (before, after) = (&text[..found.start], &text[found.end..]);
    // `::` alone is an address too, and an operator in too many languages.
    found.len() > 2
        && !before.ends_with(continues)
        && !after.starts_with(continues)
        && text[found.clone()].parse::<Ipv6Addr>().is_ok()
}
