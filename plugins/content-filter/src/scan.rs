//! One pass over a text for all rules at once. It finds the places where something may begin that a rule needs: a word,
//! a literal without which an expression cannot match, or a row of digits. In most texts there are few such places, so
//! the rules inspect little of the text.
//!
//! What is searched for is distributed over eight buckets, one bit each. Four tables say for each byte which buckets
//! have it as their first, second, third and fourth byte. The four entries for a place are combined, and the remaining
//! bits are the buckets that may begin there. A place without bits begins nothing; a place with bits is checked
//! exactly. In a component, [`vector`] processes sixteen places at once.

use crate::words::Words;

#[cfg(target_arch = "wasm32")]
mod vector;

/// Number of bytes that decide about a place.
const DEPTH: usize = 4;

/// Number of places that are combined before the first branch, so that the processor can work on several at a time.
const BLOCK: usize = 8;

const DIGIT: u8 = 1;
/// Buckets of literals of one or two bytes, and of three. Any byte may follow these, so a bucket with such literals
/// matches many places.
const SHORT_LITERALS: [u8; 2] = [1 << 1, 1 << 2];
/// Buckets of longer literals. Each literal goes to the bucket where it adds the fewest other places.
const LITERALS: [u8; 3] = [1 << 3, 1 << 4, 1 << 5];
/// Buckets of words, by the parity of their first letter: two buckets are more selective than one.
const WORDS: [u8; 2] = [1 << 6, 1 << 7];

/// The buckets that may begin at a place.
#[derive(Clone, Copy)]
pub struct Place(u8);

impl Place {
    pub fn may_be_digit(self) -> bool {
        self.0 & DIGIT != 0
    }

    pub fn may_be_literal(self) -> bool {
        let [one_or_two, three] = SHORT_LITERALS;
        let [first, second, third] = LITERALS;
        self.0 & (one_or_two | three | first | second | third) != 0
    }

    pub fn may_be_word(self) -> bool {
        self.0 & (WORDS[0] | WORDS[1]) != 0
    }
}

/// The tables, and the literals that are searched for.
pub struct Scan {
    tables: [[u8; 256]; DEPTH],
    literals: Vec<Literal>,
    /// For each byte, the last literal that was added and begins with that byte; each literal refers to the previous
    /// one.
    chains: [Option<u16>; 256],
    /// The bytes that match each bucket of [`LITERALS`].
    spreads: [Spread; LITERALS.len()],
}

/// For each depth, the half bytes that match a bucket: one bit for each low half and one for each high half.
#[derive(Clone, Copy, Default)]
struct Spread([[u16; 2]; DEPTH]);

impl Spread {
    /// The spread with one more literal, which must have a byte for each depth.
    fn with(mut self, literal: &[u8]) -> Self {
        for ([low, high], byte) in self.0.iter_mut().zip(literal) {
            *low |= 1 << (byte & 15);
            *high |= 1 << (byte >> 4);
        }
        self
    }

    /// The number of different byte sequences that match.
    fn size(&self) -> u32 {
        self.0.iter().flatten().map(|halves| halves.count_ones()).product()
    }
}

struct Literal {
    bytes: Box<[u8]>,
    /// The previous literal that begins with the same byte.
    next: Option<u16>,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            tables: [[0; 256]; DEPTH],
            literals: Vec::new(),
            chains: [None; 256],
            spreads: [Spread::default(); LITERALS.len()],
        }
    }
}

impl Scan {
    pub fn add_digits(&mut self) {
        self.add(DIGIT, 0, |byte| byte.is_ascii_digit());
        (1..DEPTH).for_each(|depth| self.add(DIGIT, depth, |_| true));
    }

    /// Adds a literal, which must not be empty; returns its number.
    pub fn add_literal(&mut self, literal: &[u8]) -> usize {
        let first = usize::from(literal[0]);
        if let Some(known) = self.beginning_with(literal[0]).find(|(_, known)| *known == literal) {
            return known.0;
        }
        let bucket = match literal.len() {
            1 | 2 => SHORT_LITERALS[0],
            3 => SHORT_LITERALS[1],
            _ => self.bucket_for(literal),
        };
        for depth in 0..DEPTH {
            match literal.get(depth) {
                Some(&byte) => self.tables[depth][usize::from(byte)] |= bucket,
                None => self.add(bucket, depth, |_| true),
            }
        }
        let number = self.literals.len();
        self.literals.push(Literal {
            bytes: literal.into(),
            next: self.chains[first],
        });
        self.chains[first] = u16::try_from(number).ok();
        number
    }

    /// The bucket for a literal that has a byte for each depth.
    fn bucket_for(&mut self, literal: &[u8]) -> u8 {
        let growth = |spread: &Spread| spread.with(literal).size() - spread.size();
        let buckets = LITERALS.iter().zip(&mut self.spreads);
        let (bucket, spread) = buckets
            .min_by_key(|(_, spread)| growth(spread))
            .expect("there are buckets");
        *spread = spread.with(literal);
        *bucket
    }

    /// The literals that begin with a byte, and their numbers.
    fn beginning_with(&self, byte: u8) -> impl Iterator<Item = (usize, &[u8])> {
        let numbers = std::iter::successors(self.chains[usize::from(byte)], |&number| {
            self.literals[usize::from(number)].next
        });
        numbers.map(|number| (usize::from(number), &*self.literals[usize::from(number)].bytes))
    }

    pub fn add_words(&mut self, words: &Words) {
        for letters in words.letters() {
            let bucket = WORDS[letters.first().map_or(0, |&first| first as usize % 2)];
            for depth in 0..DEPTH {
                self.add_letter(bucket, letters, depth);
            }
        }
    }

    /// Adds a letter at a depth. After a letter with several spellings of different length, the place of what follows
    /// is unknown.
    fn add_letter(&mut self, bucket: u8, letters: &[char], depth: usize) {
        let Some(&letter) = letters
            .get(depth)
            .filter(|_| letters[..depth].iter().all(char::is_ascii))
        else {
            return self.add(bucket, depth, |_| true);
        };
        match letter {
            ' ' => self.add(bucket, depth, |byte| byte.is_ascii_whitespace()),
            _ if letter.is_ascii() => {
                let byte = letter as u8;
                self.tables[depth][usize::from(byte)] |= bucket;
                self.tables[depth][usize::from(byte.to_ascii_uppercase())] |= bucket;
            }
            _ => {}
        }
        // The kelvin sign folds to k, and some white space is not ASCII. Such a character begins with a byte from 0xC0
        // on, and its further bytes stand where the next letters are searched for.
        if depth > 0 {
            self.add(bucket, depth, |byte| !byte.is_ascii());
        } else if !letter.is_ascii() || matches!(letter, 'k' | ' ') {
            self.add(bucket, depth, |byte| byte >= 0xC0);
        }
    }

    fn add(&mut self, bucket: u8, depth: usize, has: impl Fn(u8) -> bool) {
        for (byte, buckets) in (0..=u8::MAX).zip(&mut self.tables[depth]) {
            if has(byte) {
                *buckets |= bucket;
            }
        }
    }

    /// Calls `found` for each place from `from` on where something may begin.
    pub fn places(&self, text: &[u8], from: usize, mut found: impl FnMut(usize, Place)) {
        #[cfg(target_arch = "wasm32")]
        let from = vector::places(&self.tables, text, from, |at| self.place(text, at, &mut found));
        let mut at = from;
        let [first, second, third, fourth] = &self.tables;
        while let Some(block) = text
            .get(at..)
            .and_then(|rest| rest.first_chunk::<{ BLOCK + DEPTH - 1 }>())
        {
            let mut buckets = [0; BLOCK];
            for (place, buckets) in buckets.iter_mut().enumerate() {
                *buckets = first[usize::from(block[place])]
                    & second[usize::from(block[place + 1])]
                    & third[usize::from(block[place + 2])]
                    & fourth[usize::from(block[place + 3])];
            }
            if u64::from_ne_bytes(buckets) != 0 {
                for (place, &buckets) in buckets.iter().enumerate().filter(|(_, buckets)| **buckets != 0) {
                    found(at + place, Place(buckets));
                }
            }
            at += BLOCK;
        }
        (at..text.len()).for_each(|at| self.place(text, at, &mut found));
    }

    /// Looks up one place. Beyond the end of the text, every bucket matches.
    fn place(&self, text: &[u8], at: usize, found: &mut impl FnMut(usize, Place)) {
        let fits = |depth: usize| {
            text.get(at + depth)
                .map_or(u8::MAX, |&byte| self.tables[depth][usize::from(byte)])
        };
        let buckets = (0..DEPTH).map(fits).fold(u8::MAX, |all, buckets| all & buckets);
        if buckets != 0 {
            found(at, Place(buckets));
        }
    }

    /// Marks the literals that begin at a place.
    pub fn literals_at(&self, text: &[u8], at: usize, seen: &mut [bool]) {
        let text = &text[at..];
        for (number, literal) in self.beginning_with(text[0]) {
            seen[number] |= text.starts_with(literal);
        }
    }

    /// A mark for each literal, all unset.
    pub fn none_seen(&self) -> Vec<bool> {
        vec![false; self.literals.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Word;

    fn words(keywords: &[&str]) -> Words {
        let word = |keyword: &&str| Word {
            keyword: (*keyword).into(),
            description: String::new(),
            whole: false,
        };
        Words::new(keywords.iter().map(word).collect())
    }

    #[track_caller]
    fn check(scan: &Scan, text: &str, expected: &[usize]) {
        let mut found = Vec::new();
        scan.places(text.as_bytes(), 0, |at, _| found.push(at));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_place_is_found_wherever_it_stands_in_a_block() {
        let mut scan = Scan::default();
        scan.add_literal(b"key-");
        for at in 0..40 {
            let text = format!("{}key-{}", " ".repeat(at), ".".repeat(40 - at));
            check(&scan, &text, &[at]);
            // A match may continue after the end of the text.
            check(&scan, &text[..at + 2], &[at]);
        }
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        let mut scan = Scan::default();
        scan.add_words(&words(&["kelvin", "a b", "über", "x"]));
        for (text, at) in [
            ("Kelvin", 0),
            ("\u{212A}elvin", 0),
            ("a\u{3000}b", 0),
            ("A\tb", 0),
            ("ÜBER", 0),
            ("X", 0),
        ] {
            let mut found = Vec::new();
            scan.places(text.as_bytes(), 0, |at, place| {
                assert!(place.may_be_word() && !place.may_be_literal());
                found.push(at);
            });
            assert_eq!(found.first(), Some(&at), "{text}");
        }
        check(&scan, "holder of lemons", &[]);
    }
}
