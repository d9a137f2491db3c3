//! Normalized forms of a text: without invisible characters, with letters of one width and style, and with Cyrillic and
//! Greek letters replaced by the Latin ones that they look like. Models understand such disguised words as people do,
//! so rules must find them.
//!
//! Rules are first applied to the original text. A normalized form is made only if it differs, and never for pure
//! ASCII.

/// A normalized form of a text, and the mapping of its places to the text.
pub struct Form {
    pub text: String,
    /// Number of bytes of the form that were sent before.
    pub from: usize,
    /// Places from which on the distance between form and text changes: (in the form, in the text).
    moves: Vec<(usize, usize)>,
}

impl Form {
    /// Converts the end of a match from the form to the text. Invisible characters after the match do not belong to it.
    pub fn end(&self, at: usize) -> usize {
        let index = self.moves.partition_point(|&(own, _)| own < at);
        match self.moves.get(index) {
            Some(&(own, origin)) if own == at => origin,
            _ => self.origin(at),
        }
    }

    /// Converts the start of a match from the form to the text.
    pub fn origin(&self, at: usize) -> usize {
        let next = self.moves.partition_point(|&(own, _)| own <= at);
        let (own, origin) = next.checked_sub(1).map_or((0, 0), |index| self.moves[index]);
        origin + (at - own)
    }

    /// The form that results from replacing each character by `read` of it; `None` if nothing changes.
    fn of(text: &str, from: usize, read: impl Fn(char) -> Option<char>) -> Option<Self> {
        let mut form = Self {
            text: String::with_capacity(text.len()),
            from: 0,
            moves: Vec::new(),
        };
        for (at, char) in text.char_indices() {
            if at == from {
                form.from = form.text.len();
            }
            let read = read(char);
            if read == Some(char) {
                form.text.push(char);
                continue;
            }
            form.moves.push((form.text.len(), at));
            form.text.extend(read);
            form.moves.push((form.text.len(), at + char.len_utf8()));
        }
        if from >= text.len() {
            form.from = form.text.len();
        }
        (!form.moves.is_empty()).then_some(form)
    }
}

/// The forms of a text that differ from it. `from` is the number of bytes that were sent before.
pub fn forms(text: &str, from: usize) -> impl Iterator<Item = Form> {
    let is_plain = text.is_ascii();
    let visible = (!is_plain).then(|| Form::of(text, from, visible)).flatten();
    // If no letter looks like another one, both forms are equal.
    let has_look_alikes = !is_plain && text.chars().any(|char| look_alike(char) != char);
    let latin = has_look_alikes.then(|| Form::of(text, from, visible_latin)).flatten();
    visible.into_iter().chain(latin)
}

fn visible_latin(char: char) -> Option<char> {
    visible(char).map(look_alike)
}

/// The usual form of a character; `None` for an invisible one.
fn visible(char: char) -> Option<char> {
    if char.is_ascii() || is_shown_as_it_is(char) {
        return Some(char);
    }
    let shifted = |first: u32, to: u8, count: u32| letter((char as u32 - first) % count, to);
    Some(match char {
        // Unicode's Default_Ignorable_Code_Point
        // (<https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt>), and controls of direction.
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => return None,
        '\u{3000}' => ' ',
        // Full width: <https://www.unicode.org/charts/PDF/UFF00.pdf>.
        '\u{FF01}'..='\u{FF5E}' => shifted(0xFF01, b'!', 0x5E),
        // In a circle: <https://www.unicode.org/charts/PDF/U2460.pdf>.
        '\u{24B6}'..='\u{24CF}' => shifted(0x24B6, b'A', 26),
        '\u{24D0}'..='\u{24E9}' => shifted(0x24D0, b'a', 26),
        // Mathematical styles, alphabet by alphabet: <https://www.unicode.org/charts/PDF/U1D400.pdf>.
        '\u{1D400}'..='\u{1D6A3}' => match (char as u32 - 0x1D400) % 52 {
            capital @ 0..26 => letter(capital, b'A'),
            small => letter(small - 26, b'a'),
        },
        '\u{1D7CE}'..='\u{1D7FF}' => shifted(0x1D7CE, b'0', 10),
        _ => char,
    })
}

/// Blocks without characters to replace, which most text beyond ASCII consists of: Latin, Greek, Cyrillic and
/// neighbouring scripts, and Chinese.
fn is_shown_as_it_is(char: char) -> bool {
    matches!(char, '\u{AE}'..'\u{34F}' | '\u{370}'..'\u{61C}' | '\u{3400}'..='\u{D7FF}')
}

fn letter(number: u32, first: u8) -> char {
    u8::try_from(number).map_or(char::REPLACEMENT_CHARACTER, |number| char::from(first + number))
}

/// The Latin letter that a Cyrillic or Greek letter looks like in usual fonts
/// (<https://www.unicode.org/Public/security/latest/confusables.txt>).
fn look_alike(char: char) -> char {
    match char {
        'а' | 'α' => 'a',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'с' | 'ϲ' => 'c',
        'С' | 'Ϲ' => 'C',
        'ԁ' => 'd',
        'е' | 'ҽ' => 'e',
        'Е' | 'Ε' => 'E',
        'ɡ' => 'g',
        'һ' => 'h',
        'Н' | 'Η' => 'H',
        'і' | 'ι' | 'ı' => 'i',
        'І' | 'Ι' | 'Ӏ' => 'I',
        'ј' | 'ϳ' => 'j',
        'Ј' => 'J',
        'к' | 'κ' => 'k',
        'К' | 'Κ' => 'K',
        'ӏ' => 'l',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'о' | 'ο' => 'o',
        'О' | 'Ο' => 'O',
        'р' | 'ρ' => 'p',
        'Р' | 'Ρ' => 'P',
        'ԛ' => 'q',
        'ѕ' => 's',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'υ' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'Х' | 'Χ' => 'X',
        'у' | 'γ' => 'y',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        forms(text, 0).map(|form| form.text).collect()
    }

    #[test]
    fn a_text_without_disguise_has_no_other_form() {
        for text in ["", "plain", "Grüße, naïve café", "秘密", "日本語のテキスト"] {
            assert!(read(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn disguises_are_seen_through() {
        assert_eq!(read("se\u{AD}cr\u{200B}et"), ["secret"]);
        assert_eq!(read("ｓｅｃｒｅｔ\u{3000}４"), ["secret 4"]);
        assert_eq!(read("𝐬𝓮𝖈𝗿𝘦𝚝 𝟺 Ⓢⓔⓒⓡⓔⓣ"), ["secret 4 Secret"]);
        // Cyrillic letters in a Latin word.
        assert_eq!(read("ѕесret"), ["secret"]);
        assert_eq!(read("ѕ\u{200B}есret"), ["ѕесret", "secret"]);
    }

    #[test]
    fn each_place_in_a_form_is_known_in_the_text() {
        let text = "a\u{200B}ｂс\u{AD}";
        let form = forms(text, "a\u{200B}".len()).last().unwrap();
        assert_eq!((form.text.as_str(), form.from), ("abc", 1));
        assert_eq!([0, 1, 2, 3].map(|at| form.origin(at)), [0, 4, 7, text.len()]);
        assert_eq!([1, 2, 3].map(|at| form.end(at)), [1, 7, 9]);
    }
}
