//! Names of documents. Bedrock takes letters, digits, single spaces, hyphens, parentheses and square brackets, and no
//! name twice in a request
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html>).

use std::collections::HashMap;

/// Most characters of a name.
const LENGTH_MAX: usize = 200;

/// What a document without a name is called.
const NAMELESS: &str = "document";

/// The names given so far in a request, and the number that the next one of that name gets.
#[derive(Debug, Default)]
pub struct Documents(HashMap<String, usize>);

impl Documents {
    /// A name of Bedrock's for a file of this name: without its extension, which the format says.
    pub fn name(&mut self, file_name: Option<&str>) -> String {
        let stem = file_name.map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem));
        let name = stem.map(sanitized).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| NAMELESS.into());
        let mut number = self.0.get(&name).copied().unwrap_or(1);
        let mut unique = name.clone();
        while self.0.contains_key(&unique) {
            number += 1;
            unique = format!("{name} {number}");
        }
        self.0.insert(name, number);
        self.0.entry(unique.clone()).or_insert(1);
        unique
    }
}

fn sanitized(name: &str) -> String {
    let mut clean = String::with_capacity(name.len());
    // Room for the number that makes it unique.
    for letter in name.chars().take(LENGTH_MAX - 8) {
        let allowed = letter.is_ascii_alphanumeric() || "-()[]".contains(letter);
        if allowed {
            clean.push(letter);
        } else if !clean.is_empty() && !clean.ends_with(' ') {
            clean.push(' ');
        }
    }
    clean.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::Documents;

    #[test]
    fn names_are_sanitized_and_unique() {
        let mut documents = Documents::default();
        let mut name = |name| documents.name(name);
        assert_eq!(name(Some("my report_v1.2 (é).pdf")), "my report v1 2 ( )");
        assert_eq!(name(Some("a.pdf")), "a");
        assert_eq!(name(Some("a.csv")), "a 2");
        assert_eq!(name(Some("日本.pdf")), "document");
        assert_eq!(name(None), "document 2");
        assert!(name(Some(&"x".repeat(500))).len() <= 200);
    }
}
