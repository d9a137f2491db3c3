//! What a model can do, by its name. Anthropic's API says it only by refusing; the rules here follow its model pages
//! (<https://docs.anthropic.com/en/docs/about-claude/models>) and LiteLLM's model map (1.109), version by version, so
//! that a new model of a known generation needs no new adapter.

/// How a model is told to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// Not at all: before Claude 3.7.
    Never,
    /// By a budget of tokens: 3.7 to 4.5.
    Budget,
    /// By a word (`output_config.effort`), and still by a budget: 4.6.
    Either,
    /// By a word only: 4.7 and later.
    Adaptive,
}

/// What a model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    pub thinking: Thinking,
    /// It thinks whether asked or not, and refuses to be told not to.
    pub always_thinks: bool,
    /// `output_config.format` (<https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs>).
    pub native_structure: bool,
    /// `temperature` other than 1, `top_p`, `top_k`: gone since 4.7.
    pub sampling: bool,
    /// `tool_choice` of `any` or `tool`.
    pub forced_tools: bool,
    /// Tokens of an answer at most, or fewer: later models are not told apart. `None` where nothing is known.
    pub max_output: Option<u64>,
}

/// A server that speaks the protocol with a model of its own: what Claude 4 could do is what they implement.
const FOREIGN: Model = Model {
    thinking: Thinking::Budget,
    always_thinks: false,
    native_structure: false,
    sampling: true,
    forced_tools: true,
    max_output: None,
};

impl Model {
    pub fn named(name: &str) -> Self {
        let Some(name) = Name::parse(name) else { return FOREIGN };
        let newest_of_family = match name.family {
            "fable" | "mythos" => name.version >= (5, 1),
            "opus" | "sonnet" => name.version >= (5, 5),
            _ => false,
        };
        Self {
            thinking: match name.version {
                (..3, _) | (3, ..7) => Thinking::Never,
                (3, _) | (4, ..6) => Thinking::Budget,
                (4, 6) => Thinking::Either,
                _ => Thinking::Adaptive,
            },
            always_thinks: newest_of_family || matches!(name.family, "fable" | "mythos"),
            native_structure: name.version >= (4, 5),
            sampling: name.version < (4, 7),
            forced_tools: !newest_of_family,
            max_output: Some(match name.version {
                (..3, _) | (3, ..5) => 4096,
                (3, 5 | 6) => 8192,
                (4, ..5) if name.family == "opus" => 32_000,
                _ => 64_000,
            }),
        }
    }
}

/// `claude-sonnet-4-5-20250929`, `claude-3-7-sonnet-latest`, `claude-opus-4.1`, `claude-mythos-preview`.
struct Name<'a> {
    family: &'a str,
    version: (u32, u32),
}

impl<'a> Name<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let (_, name) = name.split_once("claude-")?;
        let words = || name.split(['-', '.', '_', '@']);
        let family = words()
            .find(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()))
            .unwrap_or_default();
        let mut numbers = words()
            .skip_while(|word| version_number(word).is_none())
            .map_while(version_number);
        let version = match (numbers.next(), numbers.next()) {
            (Some(major), minor) => (major, minor.unwrap_or(0)),
            // The one family that was named before it was numbered.
            (None, _) if family == "mythos" => (5, 0),
            (None, _) => return None,
        };
        Some(Self { family, version })
    }
}

/// At most two digits: longer ones are dates.
fn version_number(word: &str) -> Option<u32> {
    if word.len() > 2 { None } else { word.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, thinking: Thinking, native_structure: bool, sampling: bool, forced_tools: bool) {
        let model = Model::named(name);
        let found = (
            model.thinking,
            model.native_structure,
            model.sampling,
            model.forced_tools,
        );
        assert_eq!(found, (thinking, native_structure, sampling, forced_tools), "{name}");
    }

    #[test]
    fn generations_are_told_apart_by_name() {
        check("claude-3-haiku-20240307", Thinking::Never, false, true, true);
        check("claude-3-5-sonnet-latest", Thinking::Never, false, true, true);
        check("claude-3-7-sonnet-20250219", Thinking::Budget, false, true, true);
        check("claude-opus-4-20250514", Thinking::Budget, false, true, true);
        check("claude-opus-4.1", Thinking::Budget, false, true, true);
        check("claude-sonnet-4-5-20250929", Thinking::Budget, true, true, true);
        check("claude-sonnet-4-6", Thinking::Either, true, true, true);
        check("claude-opus-4-7", Thinking::Adaptive, true, false, true);
        check("claude-sonnet-5", Thinking::Adaptive, true, false, true);
        check("claude-opus-5-5", Thinking::Adaptive, true, false, false);
        check("claude-haiku-5-5", Thinking::Adaptive, true, false, true);
        check("claude-mythos-preview", Thinking::Adaptive, true, false, true);
        check("claude-fable-5-1", Thinking::Adaptive, true, false, false);
        check("MiniMax-M2", Thinking::Budget, false, true, true);
    }

    #[test]
    fn limits_of_answers_grew() {
        for (name, tokens) in [
            ("claude-3-haiku-20240307", Some(4096)),
            ("claude-3-5-sonnet-latest", Some(8192)),
            ("claude-3-7-sonnet-latest", Some(64_000)),
            ("claude-opus-4-1", Some(32_000)),
            ("claude-sonnet-4-20250514", Some(64_000)),
            ("claude-opus-5", Some(64_000)),
            ("MiniMax-M2", None),
        ] {
            assert_eq!(Model::named(name).max_output, tokens, "{name}");
        }
    }

    #[test]
    fn some_think_whether_asked_or_not() {
        assert!(Model::named("claude-fable-5").always_thinks && Model::named("claude-opus-5-5").always_thinks);
        assert!(!Model::named("claude-opus-5").always_thinks && !Model::named("claude-haiku-5-5").always_thinks);
    }
}
