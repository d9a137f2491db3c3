//! A value that must not be seen: keys, tokens, passwords.

use std::fmt;

/// Text that prints as `****`, in logs and in `Debug` alike, and cannot be serialised. Only [`Secret::expose`] shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Without white space at its ends: keys from mounted files end in a line end, and no credential has any.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        let text: Box<str> = text.into();
        Self(text.trim().into())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself. Compare secrets from outside in constant time, not with `==` on what this returns.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("****")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("****")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_stars() {
        let secret = Secret::new("sk-very-secret");
        assert_eq!(format!("{secret} {secret:?}"), "**** ****");
        assert_eq!(secret.expose(), "sk-very-secret");
    }
}
