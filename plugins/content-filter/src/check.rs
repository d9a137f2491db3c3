//! Conditions of a prebuilt pattern that its expression cannot express: required digits and words in the text, words
//! shortly before a match, and check digits.

use std::net::Ipv6Addr;
use std::ops::Range;

/// Maximum distance in bytes between a word of `near` and the match after it.
const NEAR_BYTES: usize = 48;

/// Conditions of a prebuilt pattern in addition to its expression. The default has none.
#[derive(Default)]
pub struct Check {
    /// Number of digits in a row, as [`row_of_digits`] counts, without which a text has no match.
    pub digits: usize,
    /// Literals of which a text must contain one to have a match; empty if there are none.
    pub has: Vec<&'static str>,
    /// Words in lower case of which one must be shortly before a match; empty if none is required.
    pub near: Vec<String>,
    pub proof: Proof,
}

/// Arithmetic check of a match.
#[derive(Clone, Copy, Default)]
pub enum Proof {
    #[default]
    None,
    /// The check digit of payment cards (ISO/IEC 7812-1 annex B).
    Luhn,
    /// The check digits of IBANs (ISO 13616, ISO/IEC 7064 mod 97-10).
    Mod97,
    /// A valid IPv6 address (RFC 4291 §2.2) that is not part of something longer.
    Ipv6,
}

/// Counts the ASCII digits at the beginning of `text`, where spaces and punctuation that groups digits may stand
/// between them. Returns the count and the end of the row. Prose has rows of four digits (years), so for most texts no
/// expression for long numbers is compiled.
pub fn row_of_digits(text: &[u8]) -> (usize, usize) {
    let groups = |byte: u8| matches!(byte, b'0'..=b'9' | b' ' | b'-' | b'.' | b'/' | b'(' | b')' | b'+');
    let end = text.iter().position(|&byte| !groups(byte)).unwrap_or(text.len());
    let digits = text[..end].iter().filter(|byte| byte.is_ascii_digit()).count();
    (digits, end)
}

impl Check {
    /// The end of the match; `None` if the match does not meet the conditions.
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

/// The Luhn algorithm: from the right, every second digit is doubled and its digits are added; the sum must end in 0.
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

/// The length in bytes of the IBAN at the beginning of `text`. The expression matches groups of four, and so may have
/// matched the next word too: the longest prefix up to a space with valid check digits is the IBAN.
fn iban_len(text: &str) -> Option<usize> {
    let ends = std::iter::once(text.len()).chain(text.rmatch_indices(' ').map(|(at, _)| at));
    ends.into_iter().find(|&end| mod_97(&text[..end]) == Some(1))
}

/// The remainder modulo 97 of an IBAN: letters count from 10, and the first four characters are moved to the end.
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
    // `::` alone is a valid address, but also an operator in many languages.
    found.len() > 2
        && !before.ends_with(continues)
        && !after.starts_with(continues)
        && text[found.clone()].parse::<Ipv6Addr>().is_ok()
}
