//! JSON strings: finding their end, reading their escapes, writing them.

use std::borrow::Cow;

use memchr::memchr;

/// How many bytes at the front of `bytes` may stand in a JSON string as they are: up to the first `"`, `\` or control
/// character, or to the end.
///
/// Keys and short words end within the first eight bytes; long strings (prompts, base64 images) go sixteen bytes a step,
/// in a shape that compiles to vector instructions.
#[inline]
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    let Some(word) = bytes.first_chunk() else {
        return plain_tail(bytes);
    };
    match first_special(u64::from_le_bytes(*word)) {
        Some(length) => length,
        None => word.len() + plain_run_long(&bytes[word.len()..]),
    }
}

fn plain_run_long(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<16>() {
        if block.iter().fold(false, |found, &byte| found | is_special(byte)) {
            break;
        }
        at += block.len();
    }
    while let Some(word) = bytes[at..].first_chunk() {
        match first_special(u64::from_le_bytes(*word)) {
            Some(length) => return at + length,
            None => at += word.len(),
        }
    }
    at + plain_tail(&bytes[at..])
}

fn plain_tail(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| is_special(byte)).unwrap_or(bytes.len())
}

/// Control characters and `"` in one comparison: flipping the second bit moves `"` (0x22) to 0x20, next to the control
/// characters, which change places among themselves, and nothing else below 0x21.
fn is_special(byte: u8) -> bool {
    byte ^ 0x02 < 0x21 || byte == b'\\'
}

/// Where in eight bytes, read as a little-endian number, the first special one stands.
///
/// The same two tests on eight bytes at once. `x - n` in each byte borrows into its high bit where `x < n`. A borrow
/// can also mark the byte *above* a match, never one below, so the lowest mark is right.
#[inline]
fn first_special(word: u64) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let below = |x: u64, bound: u64| x.wrapping_sub(ONES * bound) & !x;
    let marks = (below(word ^ (ONES * 0x02), 0x21) | below(word ^ (ONES * b'\\' as u64), 1)) & HIGHS;
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

/// The text of a JSON string from the bytes between its quotes, borrowed when there is nothing to resolve. `None` when
/// they are not UTF-8 or hold a broken escape, which a scanned document cannot.
///
/// RFC 8259 §8.2 lets `\ud83d` stand without its other half and warns that readers differ. Real clients send such
/// strings (a text cut in the middle of an emoji), upstreams take them, so the scan does too; as text the half reads as
/// U+FFFD, the replacement character.
pub fn unescape(inside: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(inside).ok()?;
    let Some(first) = memchr(b'\\', inside) else {
        return Some(Cow::Borrowed(text));
    };
    let mut out = String::with_capacity(text.len());
    let (plain, mut rest) = text.split_at(first);
    out.push_str(plain);
    while let Some(escape) = rest.strip_prefix('\\') {
        let (character, after) = read_escape(escape)?;
        out.push(character);
        let run = memchr(b'\\', after.as_bytes()).unwrap_or(after.len());
        out.push_str(&after[..run]);
        rest = &after[run..];
    }
    Some(Cow::Owned(out))
}

/// What an escape stands for and what comes after it, given what follows its backslash.
fn read_escape(escape: &str) -> Option<(char, &str)> {
    let mut characters = escape.chars();
    let character = match characters.next()? {
        plain @ ('"' | '\\' | '/') => plain,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return read_unicode_escape(characters.as_str()),
        _ => return None,
    };
    Some((character, characters.as_str()))
}

/// Four hexadecimal digits, and four more when the first are the high half of a surrogate pair.
fn read_unicode_escape(digits: &str) -> Option<(char, &str)> {
    let (unit, after) = read_hex4(digits)?;
    if let Some(character) = char::from_u32(unit) {
        return Some((character, after));
    }
    let low = after.strip_prefix("\\u").and_then(read_hex4);
    match low {
        Some((low @ 0xdc00..=0xdfff, after)) if unit < 0xdc00 => {
            let scalar = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            Some((char::from_u32(scalar)?, after))
        }
        _ => Some((char::REPLACEMENT_CHARACTER, after)),
    }
}

fn read_hex4(digits: &str) -> Option<(u32, &str)> {
    let (four, after) = digits.split_at_checked(4)?;
    // `from_str_radix` takes a sign, which JSON does not.
    let all_hex = four.bytes().all(|byte| byte.is_ascii_hexdigit());
    all_hex
        .then(|| u32::from_str_radix(four, 16).ok())
        .flatten()
        .map(|unit| (unit, after))
}

/// JSON text with its escapes resolved, but for those that JSON demands (`\\"`, `\\\\` and control characters): the same
/// document, written so that a search finds the words in it. The second value is an escape that the text breaks off in,
/// for whoever gets the text in pieces.
pub fn plain_escapes(json: &str) -> (String, &str) {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(at);
        out.push_str(plain);
        if is_cut_off(escape) {
            return (out, escape);
        }
        match read_escape(&escape[1..]) {
            Some((character, after)) if is_plain(character) => {
                out.push(character);
                rest = after;
            }
            // An escape that must stay, or is none.
            _ => {
                let end = escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end);
                out.push_str(&escape[..end]);
                rest = &escape[end..];
            }
        }
    }
    out.push_str(rest);
    (out, "")
}

fn is_plain(character: char) -> bool {
    !matches!(character, '"' | '\\' | '\u{0}'..='\u{1f}' | char::REPLACEMENT_CHARACTER)
}

/// Whether more text could make another escape of it.
fn is_cut_off(escape: &str) -> bool {
    let bytes = escape.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take(4).all(u8::is_ascii_hexdigit);
    let is_high = || {
        matches!(
            bytes.get(2..4),
            Some([b'd' | b'D', b'8' | b'9' | b'a'..=b'b' | b'A'..=b'B'])
        )
    };
    match bytes {
        [_] => true,
        [_, b'u', ..] if bytes.len() < 6 => digits(2),
        [_, b'u', _, _, _, _] => is_high(),
        [_, b'u', _, _, _, _, b'\\'] => is_high(),
        [_, b'u', _, _, _, _, b'\\', b'u', ..] if bytes.len() < 12 => is_high() && digits(8),
        _ => false,
    }
}

/// Appends `text` as a JSON string, quotes included. Only what RFC 8259 §7 demands is escaped.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    out.reserve(rest.len() + 2);
    out.push(b'"');
    loop {
        let (plain, special) = rest.split_at(plain_run(rest));
        out.extend_from_slice(plain);
        let Some((&byte, after)) = special.split_first() else {
            break;
        };
        write_escape(out, byte);
        rest = after;
    }
    out.push(b'"');
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 0xf)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// `text` as a JSON string, quotes included.
pub fn quote(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::Dice;
    use super::*;

    /// Every length around the steps of the search, with every special byte at every place and none before it.
    #[test]
    fn the_run_ends_at_the_first_special_byte() {
        for length in 0..150 {
            let plain: Vec<u8> = (0..length)
                .map(|i| [b'a', 0x7f, 0xc3, 0xff, b'!', b'#', b'[', b']'][i % 8])
                .collect();
            assert_eq!(plain_run(&plain), length);
            for place in 0..length {
                for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
                    let mut bytes = plain.clone();
                    bytes[place] = special;
                    if place + 1 < length {
                        bytes[length - 1] = b'"';
                    }
                    assert_eq!(plain_run(&bytes), place, "{special:#x} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn escapes_read_as_what_they_stand_for() {
        let written = r#"\"\\\/\b\f\n\r\tA\u0041\u00e9\ud83d\ude00z"#;
        assert_eq!(unescape(written.as_bytes()).unwrap(), "\"\\/\u{8}\u{c}\n\r\tAAé😀z");
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(unescape("né".as_bytes()), Some(Cow::Borrowed("né"))));
    }

    #[test]
    fn half_a_surrogate_pair_reads_as_the_replacement_character() {
        for (written, text) in [
            (r"\ud83d", "\u{fffd}"),
            (r"\ude00", "\u{fffd}"),
            (r"\ud83dx", "\u{fffd}x"),
            (r"\ud83d\n", "\u{fffd}\n"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        ] {
            assert_eq!(unescape(written.as_bytes()).unwrap(), text, "{written}");
        }
    }

    #[test]
    fn broken_escapes_are_refused() {
        for written in [
            r"\",
            r"\x",
            r"\u",
            r"\u12",
            r"\u12g4",
            r"\u+123",
            r"a\ud83d\u12",
            "\\u12é",
        ] {
            let read = unescape(written.as_bytes());
            // A high half before a broken escape is lone, and the broken escape is refused in its own turn.
            assert_eq!(read, None, "{written}");
        }
        assert_eq!(unescape(b"\xff"), None);
    }

    #[test]
    fn json_text_is_read_with_the_escapes_that_it_needs_and_no_others() {
        for (json, plain) in [
            (r#"{"a":"\u00dcber\/\u0041\ud83d\ude00"}"#, r#"{"a":"Über/A😀"}"#),
            (
                r#"{"a":"\"\\\n\u0022\u005c\u000a\\u0041"}"#,
                r#"{"a":"\"\\\n\u0022\u005c\u000a\\u0041"}"#,
            ),
            (r#"\ud83d!\x \é"#, r#"\ud83d!\x \é"#),
        ] {
            assert_eq!(plain_escapes(json), (plain.to_owned(), ""), "{json}");
        }
    }

    /// Wherever a text is cut, its pieces come to what the whole comes to.
    #[test]
    fn an_escape_that_is_cut_off_waits_for_its_rest() {
        let json = r#"{"a":"x\u00dcb\ud83d\ude00\\u0041\n\ud83dz"}"#;
        let (whole, _) = plain_escapes(json);
        for cut in json.char_indices().map(|(at, _)| at) {
            let (first, rest) = plain_escapes(&json[..cut]);
            let (second, left) = plain_escapes(&json[cut - rest.len()..]);
            assert_eq!((first + &second, left), (whole.clone(), ""), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_written_reads_back_and_is_what_serde_json_writes() {
        let mut dice = Dice::new(7);
        for _ in 0..3_000 {
            let text: String = (0..dice.below(90)).map(|_| dice.character()).collect();
            let quoted = quote(&text);
            assert_eq!(
                String::from_utf8(quoted.clone()).unwrap(),
                serde_json::to_string(&text).unwrap()
            );
            assert_eq!(unescape(&quoted[1..quoted.len() - 1]).unwrap(), text);
        }
    }
}
