//! Whether a single value is what a key takes, and how to say that it is not.

use std::borrow::Cow;
use std::net::IpAddr;

use super::super::keys::Shape;
use super::super::names;
use super::super::tree::{Node, Value};

/// More than a few years of seconds is a mistake of the unit; it also keeps `Duration` from overflowing.
pub const SECONDS_MAX: f64 = 1.0e8;

/// Whether the outer form of a value could be this shape: how one of several is chosen.
pub fn may_be(shape: &Shape, node: &Node) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Bool | Shape::Integer(..) | Shape::Number(_) | Shape::Seconds => fits(shape, node),
        Shape::Text
        | Shape::Url
        | Shape::Address
        | Shape::Outbound
        | Shape::AnyOutbound
        | Shape::Word(_)
        | Shape::Period => node.text().is_some(),
        Shape::Secret => node.text().is_some() || node.map().is_some(),
        Shape::List(_) => node.list().is_some(),
        Shape::Map(_) | Shape::Section(_) => node.map().is_some(),
        Shape::Either(shapes) => shapes.iter().any(|shape| may_be(shape, node)),
    }
}

/// Whether a value is of this shape; what lists and mappings hold is not looked at.
pub fn fits(shape: &Shape, node: &Node) -> bool {
    match shape {
        Shape::Bool => node.bool().is_some(),
        Shape::Integer(min, max) => node.integer().is_some_and(|value| (*min..=*max).contains(&value)),
        Shape::Number(min) => node.number().is_some_and(|value| value >= *min),
        Shape::Seconds => node.number().is_some_and(|value| value > 0.0 && value <= SECONDS_MAX),
        Shape::Period => node.text().is_some_and(is_period),
        Shape::Url => node.text().is_some_and(is_url),
        Shape::Address => node.text().is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        Shape::Outbound => node.text().is_some_and(is_outbound),
        Shape::AnyOutbound => node.text().is_some_and(|text| is_any(text) || is_outbound(text)),
        Shape::Word(words) => node.text().is_some_and(|text| words.contains(&text)),
        _ => may_be(shape, node),
    }
}

/// What budgets call a period: a count and a unit, or a word.
fn is_period(text: &str) -> bool {
    let count = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    match &text[count.len()..] {
        "s" | "m" | "h" | "d" | "w" | "mo" => count.parse::<u32>().is_ok_and(|count| count > 0),
        word => count.is_empty() && matches!(word, "hourly" | "daily" | "weekly" | "monthly"),
    }
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty() && !host.starts_with(':') && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

fn is_outbound(text: &str) -> bool {
    let rest = text.strip_prefix("http://").unwrap_or(text);
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (rest, None),
    };
    let domain = host.strip_prefix("*.").unwrap_or(host);
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    domain.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Every host that has a name.
fn is_any(text: &str) -> bool {
    matches!(text, "*" | "http://*")
}

/// Whether a text is asked for and YAML has made something else of it.
pub fn is_text_unquoted(shape: &Shape, node: &Node) -> bool {
    let takes_text = match shape {
        Shape::Either(shapes) => shapes.iter().any(|shape| matches!(shape, Shape::Text | Shape::Secret)),
        shape => matches!(shape, Shape::Text | Shape::Secret),
    };
    takes_text && matches!(node.value, Value::Bool(_) | Value::Integer(_) | Value::Number(_))
}

/// What the shape asks for, after “must be”.
pub fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Any => "any value".to_owned(),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Integer(0, max) if *max >= i64::from(u32::MAX) => "a whole number of 0 or more".to_owned(),
        Shape::Integer(1, max) if *max >= i64::from(u32::MAX) => "a whole number of 1 or more".to_owned(),
        Shape::Integer(i64::MIN, i64::MAX) => "a whole number".to_owned(),
        Shape::Integer(min, max) => format!("a whole number from {min} to {max}"),
        Shape::Number(min) if *min < -1.0e9 => "a number".to_owned(),
        Shape::Number(min) => format!("a number of {min} or more"),
        Shape::Seconds => "a number of seconds greater than 0".to_owned(),
        Shape::Period => "a period such as `1h`, `30d` or `monthly`".to_owned(),
        Shape::Text | Shape::Secret => "text".to_owned(),
        Shape::Url => "an address such as `https://host/path`".to_owned(),
        Shape::Address => "an IP address".to_owned(),
        Shape::AnyOutbound => "`*`, or a host such as `files.example.com`, `host:8080` or `*.example.com`".to_owned(),
        Shape::Outbound => "a host such as `api.example.com`, `host:8080` or `*.example.com`".to_owned(),
        Shape::Word(words) => format!("one of {}", listed(words.iter().copied())),
        Shape::List(_) => "a list".to_owned(),
        Shape::Map(_) | Shape::Section(_) => "a mapping of keys".to_owned(),
        Shape::Either(shapes) => shapes.iter().map(expected).collect::<Vec<_>>().join(", or "),
    }
}

/// What a value is, after “not”. Credentials and values of environment variables are never quoted.
pub fn described(shape: &Shape, node: &Node) -> String {
    if let Some(name) = &node.variable {
        return format!("the value of environment variable `{name}`");
    }
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
        _ if matches!(shape, Shape::Secret) => "a number or truth value".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Integer(value) => format!("`{value}`"),
        Value::Number(value) => format!("`{value}`"),
        Value::Text(text) => format!("`{}`", shortened(text)),
    }
}

/// Enough of a text to find it by, without the user name and password of an address.
fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    let text = without_user(text);
    let line: String = text
        .chars()
        .take(CHARACTERS_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().count() > CHARACTERS_MAX {
        format!("{line}…")
    } else {
        line
    }
}

/// A password may hold any character, so everything up to the last `@` is masked.
fn without_user(text: &str) -> Cow<'_, str> {
    let start = text.find("//").map_or(0, |at| at + "//".len());
    match text[start..].rfind('@') {
        Some(at) => format!("{}****{}", &text[..start], &text[start + at..]).into(),
        None => text.into(),
    }
}

/// What to write instead, where that can be said.
pub fn mend(shape: &Shape, node: &Node) -> Option<String> {
    match (shape, &node.value) {
        (Shape::Text | Shape::Secret, Value::Bool(_) | Value::Integer(_) | Value::Number(_)) => {
            Some("Put it in quotes.".to_owned())
        }
        (Shape::Word(words), Value::Text(text)) if node.variable.is_none() => {
            names::did_you_mean(text, words.iter().copied())
        }
        (Shape::Url, Value::Text(text)) if !text.contains("://") && node.variable.is_none() => {
            Some(format!("Write `https://{}`.", shortened(text)))
        }
        (Shape::Address, Value::Text(text)) if text == "localhost" => Some("Write `127.0.0.1`.".to_owned()),
        (Shape::Outbound | Shape::AnyOutbound, Value::Text(text)) if text.starts_with("https://") => {
            Some("Leave `https://` out: it is meant wherever `http://` is not said.".to_owned())
        }
        (Shape::Seconds, Value::Text(text)) if text.ends_with('s') => Some("Write the number alone.".to_owned()),
        (Shape::List(_), Value::Text(_) | Value::Map(_)) => Some("Begin each entry with `- `.".to_owned()),
        (Shape::Map(_) | Shape::Section(_), Value::List(_)) => Some("Take the `- ` out.".to_owned()),
        _ => None,
    }
}

/// `` `a`, `b`, `c` ``.
pub fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_quoted_without_user_and_password() {
        for (text, quoted) in [
            ("https://me:hunter2@host/v1", "https://****@host/v1"),
            ("redis://:hunter2/@redis", "redis://****@redis"),
            ("me:hunter2@host", "****@host"),
            ("https://host/v1", "https://host/v1"),
            ("many", "many"),
        ] {
            assert_eq!(shortened(text), quoted);
        }
    }

    #[test]
    fn periods_are_counts_with_a_unit_or_words() {
        assert!(
            ["30s", "5m", "1h", "7d", "2w", "1mo", "daily", "monthly"]
                .iter()
                .all(|text| is_period(text))
        );
        assert!(
            !["", "d", "0d", "1y", "30", "3 d", "yearly", "1.5h", "30daily"]
                .iter()
                .any(|text| is_period(text))
        );
    }

    #[test]
    fn urls_need_scheme_and_host() {
        assert!(is_url("https://host/path") && is_url("http://127.0.0.1:8080"));
        assert!(
            ![
                "host",
                "https://",
                "https:///x",
                "ftp://host",
                "https://a b",
                "http://:80"
            ]
            .iter()
            .any(|u| is_url(u))
        );
    }

    #[test]
    fn outbound_hosts_have_no_path() {
        assert!(
            ["api.example.com", "host:8080", "*.example.com", "http://host:80"]
                .iter()
                .all(|h| is_outbound(h))
        );
        assert!(
            !["*", "https://host", "host/path", "host:0", "host:x", "a..b", ""]
                .iter()
                .any(|h| is_outbound(h))
        );
    }
}
