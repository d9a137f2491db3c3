//! Names and ids that Bedrock takes: letters, digits, `_` and `-`, at most 64 of them
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html>). OpenAI's clients send
//! others, so those are mended on the way out. The client's own names are put back in the answer.

use std::borrow::Cow;

use sluice_sdk::canonical::Text;

/// Most characters of a tool's name or a call's id.
const LENGTH_MAX: usize = 64;

/// `_` and eight hexadecimal digits: what tells two apart that are alike when mended.
const MARK_LENGTH: usize = 9;

/// The names of a request's tools that had to be mended.
#[derive(Debug, Default)]
pub struct Names(Vec<Mended>);

#[derive(Debug)]
struct Mended {
    original: String,
    sent: String,
}

impl Names {
    /// Mends the names of these tools, so that no two become one.
    pub fn of<'n>(names: impl Iterator<Item = &'n Text<'n>> + Clone) -> Self {
        let mut mended: Vec<Mended> = Vec::new();
        for name in names.clone().filter(|name| !is_valid(name.escaped())) {
            let original = name.decoded();
            if mended.iter().any(|known| known.original == original) {
                continue;
            }
            let plain = mend(&original);
            let is_taken =
                mended.iter().any(|known| known.sent == plain) || names.clone().any(|name| name.escaped() == plain);
            let sent = if is_taken { marked(&plain, &original) } else { plain };
            mended.push(Mended {
                original: original.into_owned(),
                sent,
            });
        }
        Self(mended)
    }

    /// The name as it is sent: of a tool, a call in the history, a choice.
    pub fn sent<'n>(&'n self, name: &'n Text) -> Cow<'n, str> {
        if is_valid(name.escaped()) {
            return Cow::Borrowed(name.escaped());
        }
        let name = name.decoded();
        match self.0.iter().find(|mended| mended.original == name) {
            Some(mended) => Cow::Borrowed(&mended.sent),
            // A tool of earlier turns that is no longer offered.
            None => Cow::Owned(mend(&name)),
        }
    }

    /// The client's own name for what an answer calls.
    pub fn original<'n>(&self, sent: &Text<'n>) -> Text<'n> {
        let mended = self.0.iter().find(|mended| *sent == *mended.sent);
        mended.map_or_else(|| sent.clone(), |mended| Text::from_decoded(&mended.original))
    }
}

/// A call's id as it is sent; the same for a call and its result.
pub fn call_id<'n>(id: &'n Text) -> Cow<'n, str> {
    if is_valid(id.escaped()) {
        return Cow::Borrowed(id.escaped());
    }
    let id = id.decoded();
    Cow::Owned(marked(&mend(&id), &id))
}

fn is_valid(name: &str) -> bool {
    (1..=LENGTH_MAX).contains(&name.len()) && name.chars().all(is_plain)
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

fn mend(name: &str) -> String {
    let plain = |letter| if is_plain(letter) { letter } else { '_' };
    let mended: String = name.chars().map(plain).take(LENGTH_MAX + 1).collect();
    match mended.len() {
        0 => "_".into(),
        1..=LENGTH_MAX => mended,
        _ => marked(&mended, name),
    }
}

/// A mended name with a mark of the original one (FNV-1a).
fn marked(mended: &str, original: &str) -> String {
    let mark = original.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let start: String = mended.chars().take(LENGTH_MAX - MARK_LENGTH).collect();
    format!("{start}_{mark:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Names {
        let texts: Vec<Text> = names.iter().map(|name| Text::from_decoded(name)).collect();
        Names::of(texts.iter())
    }

    #[test]
    fn names_are_mended_and_mapped_back() {
        let names = names(&["plain-1", "get weather.now"]);
        let original = Text::from_decoded("get weather.now");
        assert_eq!(names.sent(&original), "get_weather_now");
        assert!(names.original(&Text::from_decoded("get_weather_now")) == *"get weather.now");
        assert!(names.original(&Text::from_decoded("plain-1")) == *"plain-1");
    }

    #[test]
    fn no_two_names_become_one() {
        let names = names(&["a.b", "a_b", "a/b", "a.b"]);
        let sent: Vec<String> = ["a.b", "a_b", "a/b"]
            .iter()
            .map(|name| names.sent(&Text::from_decoded(name)).into_owned())
            .collect();
        assert_eq!(sent[1], "a_b");
        assert!(
            sent[0] != sent[1] && sent[2] != sent[1] && sent[0] != sent[2],
            "{sent:?}"
        );
    }

    #[test]
    fn long_names_stay_apart() {
        let (one, other) = (format!("{}1", "é".repeat(90)), format!("{}2", "é".repeat(90)));
        let names = names(&[&one, &other]);
        let (one, other) = (Text::from_decoded(&one), Text::from_decoded(&other));
        assert!(names.sent(&one) != names.sent(&other));
        assert!(
            is_valid(&names.sent(&one)) && is_valid(&call_id(&one)),
            "{}",
            call_id(&one)
        );
        assert_eq!(call_id(&Text::from_decoded("toolu_1")), "toolu_1");
        assert!(is_valid(&call_id(&Text::from_decoded(""))));
    }
}
