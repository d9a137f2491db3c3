//! What Claude models support, whoever serves them: rules that the adapters for Anthropic's own API and for Bedrock
//! share. They follow Anthropic's model pages (<https://docs.anthropic.com/en/docs/about-claude/models>) and LiteLLM's
//! model map (1.109). They are given by version, so that a new model of a known generation needs no new adapter.

mod effort;
mod thinking;

pub use effort::Effort;
pub use thinking::{Ability, Asked, Thinking, Thought, thinks_in_content};

/// What one model supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// In which form the model is asked to think.
    pub thinking: Ability,
    /// The model always thinks, and refuses requests that turn thinking off.
    pub always_thinks: bool,
    /// The model accepts a JSON schema for its answer
    /// (<https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs>): since 4.5.
    pub native_structure: bool,
    /// The model accepts `temperature` other than 1, `top_p` and `top_k`: before 4.7.
    pub sampling: bool,
    /// The model can be forced to call a tool.
    pub forced_tools: bool,
}

impl Model {
    /// The model of a family, such as `sonnet`, and a version (major, minor).
    #[must_use]
    pub fn of(family: &str, version: (u32, u32)) -> Self {
        let newest_of_family = match family {
            "fable" | "mythos" => version >= (5, 1),
            "opus" | "sonnet" => version >= (5, 5),
            _ => false,
        };
        Self {
            thinking: match version {
                (..3, _) | (3, ..7) => Ability::Never,
                (3, _) | (4, ..6) => Ability::Budget,
                (4, 6) => Ability::Either,
                _ => Ability::Adaptive,
            },
            always_thinks: newest_of_family || matches!(family, "fable" | "mythos"),
            native_structure: version >= (4, 5),
            sampling: version < (4, 7),
            forced_tools: !newest_of_family,
        }
    }
}

/// Finds the version in the words of a model name: the first number, and the number directly after it, or 0 if there is
/// none. Numbers of more than two digits are dates.
pub fn version<'n>(family: &str, words: impl Iterator<Item = &'n str>) -> Option<(u32, u32)> {
    let number = |word: &str| if word.len() > 2 { None } else { word.parse().ok() };
    let mut numbers = words.skip_while(|word| number(word).is_none()).map_while(number);
    match (numbers.next(), numbers.next()) {
        (Some(major), minor) => Some((major, minor.unwrap_or(0))),
        // The preview model of this family has a name without a version.
        (None, _) if family == "mythos" => Some((5, 0)),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_think_in_their_own_ways() {
        let of = |version| Model::of("sonnet", version);
        assert_eq!(of((3, 5)).thinking, Ability::Never);
        assert_eq!(of((3, 7)).thinking, Ability::Budget);
        assert_eq!(of((4, 5)).thinking, Ability::Budget);
        assert_eq!(of((4, 6)).thinking, Ability::Either);
        assert_eq!(of((4, 7)).thinking, Ability::Adaptive);
        assert!(of((4, 5)).native_structure && !of((4, 4)).native_structure);
        assert!(of((4, 6)).sampling && !of((4, 7)).sampling);
        assert!(!of((5, 5)).forced_tools && of((5, 5)).always_thinks && of((5, 4)).forced_tools);
    }

    #[test]
    fn a_version_is_no_date() {
        let version = |family, name: &str| version(family, name.split('-'));
        assert_eq!(version("sonnet", "sonnet-4-5-20250929"), Some((4, 5)));
        assert_eq!(version("sonnet", "3-7-sonnet-latest"), Some((3, 7)));
        assert_eq!(version("opus", "opus-4-20250514"), Some((4, 0)));
        assert_eq!(version("mythos", "mythos-preview"), Some((5, 0)));
        assert_eq!(version("instant", "instant-v1"), None);
    }
}
