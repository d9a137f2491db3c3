//! What Claude models support, whoever serves them: rules that the adapters for Anthropic's own API and for Bedrock
//! share. They follow Anthropic's model pages (<https://docs.anthropic.com/en/docs/about-claude/models>) and LiteLLM's
//! model map (1.109). They are given by version, so that a new model of a known generation needs no new adapter.

pub mod betas;
mod effort;
mod thinking;

pub use betas::Betas;
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

/// The family and the version in a model's name, whoever serves it: `claude-opus-4.1` → (`opus`, (4, 1)),
/// `us.anthropic.claude-sonnet-4-5-20250929-v1:0` → (`sonnet`, (4, 5)), `anthropic.claude-v2:1` → (``, (2, 1)).
#[must_use]
pub fn family_and_version(name: &str) -> Option<(&str, (u32, u32))> {
    let (_, name) = name.split_once("claude-")?;
    let is_family = |word: &&str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let family = words(name).find(is_family).unwrap_or_default();
    let generation = name
        .strip_prefix('v')
        .filter(|rest| rest.starts_with(|it: char| it.is_ascii_digit()));
    // `claude-instant-v1`.
    let unnumbered = (family == "instant").then_some((1, 0));
    let version = version(family, words(generation.unwrap_or(name))).or(unnumbered)?;
    Some((family, version))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '.', '_', '@', ':'])
}

/// Finds the version in the words of a model name: the first number, and the number directly after it, or 0 if there is
/// none. Numbers of more than two digits are dates.
fn version<'n>(family: &str, words: impl Iterator<Item = &'n str>) -> Option<(u32, u32)> {
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
    fn names_say_family_and_version() {
        for (name, said) in [
            ("claude-sonnet-4-5-20250929", Some(("sonnet", (4, 5)))),
            ("claude-3-7-sonnet-latest", Some(("sonnet", (3, 7)))),
            ("claude-opus-4@20250514", Some(("opus", (4, 0)))),
            ("claude-opus-4.1", Some(("opus", (4, 1)))),
            ("claude-mythos-preview", Some(("mythos", (5, 0)))),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Some(("sonnet", (4, 5)))),
            ("anthropic.claude-v2:1", Some(("", (2, 1)))),
            ("anthropic.claude-instant-v1", Some(("instant", (1, 0)))),
            ("anthropic.claude-", None),
            ("MiniMax-M2", None),
        ] {
            assert_eq!(family_and_version(name), said, "{name}");
        }
    }
}
