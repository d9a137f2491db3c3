//! What a model supports, derived from its name, since the API reports it only by refusing requests. The rules follow
//! Google's model pages (<https://ai.google.dev/gemini-api/docs/models>,
//! <https://ai.google.dev/gemini-api/docs/thinking>) and LiteLLM's model map (1.109). They are given by generation, so
//! that a new model of a known generation needs no new adapter.

/// In which form a model is asked to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// The model cannot think: before 2.5, and models that make images or speech.
    Never,
    /// By a budget in tokens, of at least `least`: 2.5.
    Budget { least: u64, may_be_off: bool },
    /// By a word, of which `least` is the lowest: 3 and later.
    Level { least: &'static str },
}

/// In which form a model accepts a schema for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structure {
    /// `responseJsonSchema`: an unchanged JSON Schema.
    JsonSchema,
    /// `responseSchema`: a schema in Google's own dialect.
    Dialect,
}

/// What one model supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    pub thinking: Thinking,
    pub structure: Structure,
    /// Whether calls have ids and signatures, each medium may have its own resolution, and results of tools may contain
    /// media: 3 and later.
    pub is_third_generation: bool,
    /// Whether the model accepts `systemInstruction`.
    pub takes_system: bool,
}

/// The version of names without one (`gemini-flash-latest`), which mean the newest model.
const NEWEST: (u32, u32) = (u32::MAX, 0);

impl Model {
    pub fn named(name: &str) -> Self {
        let name = name.rsplit('/').next().unwrap_or(name);
        let is_gemma = name.starts_with("gemma");
        let version = match version(name) {
            // The name of a tuned model is a number; tuning exists only for this generation.
            _ if name.bytes().all(|byte| byte.is_ascii_digit()) => (2, 5),
            version => version.unwrap_or(NEWEST),
        };
        Self {
            thinking: if is_gemma {
                Thinking::Never
            } else {
                thinking(name, version)
            },
            structure: if is_gemma || version < (2, 0) {
                Structure::Dialect
            } else {
                Structure::JsonSchema
            },
            is_third_generation: !is_gemma && version >= (3, 0),
            takes_system: !is_gemma || version >= (4, 0),
        }
    }
}

fn thinking(name: &str, version: (u32, u32)) -> Thinking {
    let has = |word: &str| name.contains(word);
    let is_flash = has("flash");
    if version >= (3, 0) {
        return Thinking::Level {
            least: if is_flash { "minimal" } else { "low" },
        };
    }
    if version < (2, 5) || has("image") || has("tts") || has("audio") || has("computer-use") {
        return Thinking::Never;
    }
    Thinking::Budget {
        least: if has("flash-lite") {
            512
        } else if is_flash {
            1
        } else {
            128
        },
        may_be_off: is_flash,
    }
}

/// The version in a name: the first word that is a number, as in `gemini-2.5-flash`, `gemini-3-pro-preview` or
/// `gemma-3-27b-it`.
fn version(name: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let is_short = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_short)
    };
    name.split('-').find_map(|word| match word.split_once('.') {
        Some((major, minor)) => Some((number(major)?, number(minor)?)),
        None => Some((number(word)?, 0)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLASH: Thinking = Thinking::Budget {
        least: 1,
        may_be_off: true,
    };
    const LOW: Thinking = Thinking::Level { least: "low" };
    const MINIMAL: Thinking = Thinking::Level { least: "minimal" };

    #[track_caller]
    fn check(name: &str, thinking: Thinking, structure: Structure, is_third_generation: bool) {
        let model = Model::named(name);
        let found = (model.thinking, model.structure, model.is_third_generation);
        assert_eq!(found, (thinking, structure, is_third_generation), "{name}");
    }

    #[test]
    fn generations_are_told_apart_by_name() {
        check("gemini-1.5-pro-002", Thinking::Never, Structure::Dialect, false);
        check("gemini-2.0-flash-001", Thinking::Never, Structure::JsonSchema, false);
        check("gemini-2.5-flash", FLASH, Structure::JsonSchema, false);
        check("gemini-2.5-flash-image", Thinking::Never, Structure::JsonSchema, false);
        check(
            "gemini-2.5-flash-preview-tts",
            Thinking::Never,
            Structure::JsonSchema,
            false,
        );
        check("gemini-3-pro-preview", LOW, Structure::JsonSchema, true);
        check("gemini-3.1-flash-lite-preview", MINIMAL, Structure::JsonSchema, true);
        check("gemini-flash-latest", MINIMAL, Structure::JsonSchema, true);
        check("gemma-3-27b-it", Thinking::Never, Structure::Dialect, false);
        check(
            "gemini/1234567890",
            Thinking::Budget {
                least: 128,
                may_be_off: false,
            },
            Structure::JsonSchema,
            false,
        );
    }

    #[test]
    fn budgets_have_a_least() {
        for (name, least, may_be_off) in [
            ("gemini-2.5-pro", 128, false),
            ("gemini-2.5-flash-lite", 512, true),
            ("gemini-2.5-flash-preview-09-2025", 1, true),
        ] {
            assert_eq!(
                Model::named(name).thinking,
                Thinking::Budget { least, may_be_off },
                "{name}"
            );
        }
    }

    #[test]
    fn older_gemma_models_take_no_system_instruction() {
        assert!(!Model::named("gemma-3-27b-it").takes_system);
        assert!(Model::named("gemini-2.5-pro").takes_system);
    }
}
