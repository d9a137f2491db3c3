//! What a model supports, derived from its name, since Anthropic's API reports it only by refusing requests.

use sluice_sdk::adapter::claude;

use crate::place::Place;

/// What one model supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// What all Claude models of its generation support.
    pub claude: claude::Model,
    /// Maximum number of tokens of an answer, or a lower value, since later models are not distinguished. `None` if
    /// nothing is known.
    pub max_output: Option<u64>,
    /// Where it is served: not all of the API is to be had everywhere.
    pub place: Place,
}

impl Model {
    pub fn named(name: &str, place: Place) -> Self {
        let Some((family, version)) = claude::family_and_version(name) else {
            // A server that speaks the protocol with a model of its own: such servers support about what Claude 4 does.
            return Self {
                claude: claude::Model::of("", (4, 0)),
                max_output: None,
                place,
            };
        };
        Self {
            claude: claude::Model::of(family, version),
            max_output: Some(match version {
                (..3, _) | (3, ..5) => 4096,
                (3, 5 | 6) => 8192,
                (4, ..5) if family == "opus" => 32_000,
                _ => 64_000,
            }),
            place,
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_sdk::adapter::claude::Ability as Thinking;

    use super::*;

    #[track_caller]
    fn check(name: &str, thinking: Thinking, native_structure: bool, sampling: bool, forced_tools: bool) {
        let model = Model::named(name, Place::Anthropic).claude;
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
            assert_eq!(Model::named(name, Place::Anthropic).max_output, tokens, "{name}");
        }
    }

    #[test]
    fn some_think_whether_asked_or_not() {
        let always_thinks = |name| Model::named(name, Place::Anthropic).claude.always_thinks;
        assert!(always_thinks("claude-fable-5") && always_thinks("claude-opus-5-5"));
        assert!(!always_thinks("claude-opus-5") && !always_thinks("claude-haiku-5-5"));
    }
}
