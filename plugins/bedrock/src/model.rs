//! What a model can do, by its name. Bedrock says it only by refusing; the rules follow its model pages
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html>) and what
//! LiteLLM (1.109) sends.

/// How a model is told how long to think, all of it in `additionalModelRequestFields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// It does not think, or as it likes.
    Never,
    /// `thinking` with a budget of tokens: Claude 3.7 to 4.5, Qwen 3, Kimi.
    Budget,
    /// By a word (`output_config.effort`), and still by a budget: Claude 4.6.
    Either,
    /// By a word only: Claude 4.7 and later.
    Adaptive,
    /// `reasoning_effort`: gpt-oss, DeepSeek V3.
    Effort,
    /// `reasoningConfig`: Nova 2.
    ReasoningConfig,
}

/// What `toolChoice` it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forced {
    /// None but `auto`.
    Never,
    /// `any`.
    Any,
    /// `any` and `tool`.
    Named,
}

/// Who made the model, where it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Claude,
    Nova,
    /// Everything else, and what only an ARN names.
    Other,
}

/// What a model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    pub family: Family,
    pub thinking: Thinking,
    /// It thinks whether asked or not, and refuses to be told not to.
    pub always_thinks: bool,
    /// `outputConfig.textFormat`
    /// (<https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>).
    pub native_structure: bool,
    /// `temperature` other than 1, `top_p`, `top_k`: Claude has none since 4.7.
    pub sampling: bool,
    pub forced_tools: Forced,
    /// `disable_parallel_tool_use`: Claude since 4.5.
    pub single_calls: bool,
}

impl Model {
    /// By a model id, an ARN that holds one, or `base_model`.
    pub fn named(name: &str) -> Self {
        let has = |part: &str| name.contains(part);
        let other = |thinking, native_structure, forced_tools| Self {
            family: Family::Other,
            thinking,
            always_thinks: false,
            native_structure,
            sampling: true,
            forced_tools,
            single_calls: false,
        };
        let nova = |thinking| Self {
            family: Family::Nova,
            ..other(thinking, false, Forced::Named)
        };
        match () {
            () if has("claude") => Self::claude(name),
            () if has("nova-2") => nova(Thinking::ReasoningConfig),
            () if has("nova") => nova(Thinking::Never),
            () if has("gpt-oss") => other(Thinking::Effort, false, Forced::Named),
            () if has("deepseek") && !has("deepseek.v") => other(Thinking::Never, false, Forced::Never),
            () if has("deepseek") => other(Thinking::Effort, true, Forced::Named),
            () if has("qwen") => other(Thinking::Budget, true, Forced::Named),
            () if has("kimi") => other(Thinking::Budget, true, Forced::Named),
            () if has("minimax") => other(Thinking::Never, true, Forced::Named),
            () if has("mistral") || has("mixtral") => other(Thinking::Never, false, Forced::Any),
            () if ["llama", "cohere.", "ai21.", "amazon.titan", "writer."]
                .iter()
                .any(|it| has(it)) =>
            {
                other(Thinking::Never, false, Forced::Never)
            }
            () if name.starts_with("arn:") => other(Thinking::Budget, false, Forced::Named),
            () => other(Thinking::Never, false, Forced::Named),
        }
    }

    fn claude(name: &str) -> Self {
        let (family, version) = claude_version(name).unwrap_or(("", (3, 0)));
        let newest_of_family = match family {
            "fable" | "mythos" => version >= (5, 1),
            "opus" | "sonnet" => version >= (5, 5),
            _ => false,
        };
        Self {
            family: Family::Claude,
            thinking: match version {
                (..3, _) | (3, ..7) => Thinking::Never,
                (3, _) | (4, ..6) => Thinking::Budget,
                (4, 6) => Thinking::Either,
                _ => Thinking::Adaptive,
            },
            always_thinks: newest_of_family || matches!(family, "fable" | "mythos"),
            native_structure: version >= (4, 5),
            sampling: version < (4, 7),
            forced_tools: if newest_of_family || version < (3, 0) {
                Forced::Never
            } else {
                Forced::Named
            },
            single_calls: version >= (4, 5),
        }
    }
}

/// `us.anthropic.claude-sonnet-4-5-20250929-v1:0` → (`sonnet`, (4, 5)); `anthropic.claude-v2:1` → (``, (2, 1)).
fn claude_version(name: &str) -> Option<(&str, (u32, u32))> {
    let (_, name) = name.split_once("claude-")?;
    let words = || name.split(['-', '.', '_', '@', ':']);
    let is_family = |word: &&str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let family = words().find(is_family).unwrap_or_default();
    let generation = name
        .strip_prefix('v')
        .filter(|rest| rest.starts_with(|it: char| it.is_ascii_digit()));
    let mut numbers = generation
        .unwrap_or(name)
        .split(['-', '.', '_', '@', ':'])
        .skip_while(|word| version_number(word).is_none())
        .map_while(version_number);
    match (numbers.next(), numbers.next()) {
        (Some(major), minor) => Some((family, (major, minor.unwrap_or(0)))),
        // The one family that was named before it was numbered.
        (None, _) if family == "mythos" => Some((family, (5, 0))),
        // `claude-instant-v1`.
        (None, _) if family == "instant" => Some((family, (1, 0))),
        (None, _) => None,
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
    fn check(name: &str, thinking: Thinking, native_structure: bool, forced_tools: Forced) {
        let model = Model::named(name);
        let found = (model.thinking, model.native_structure, model.forced_tools);
        assert_eq!(found, (thinking, native_structure, forced_tools), "{name}");
    }

    #[test]
    fn generations_of_claude_are_told_apart() {
        use Forced::{Named, Never as Unforced};
        use Thinking::{Adaptive, Budget, Either, Never};
        check("anthropic.claude-instant-v1", Never, false, Unforced);
        check("anthropic.claude-v2:1", Never, false, Unforced);
        check("anthropic.claude-3-haiku-20240307-v1:0", Never, false, Named);
        check("anthropic.claude-3-5-sonnet-20241022-v2:0", Never, false, Named);
        check("us.anthropic.claude-3-7-sonnet-20250219-v1:0", Budget, false, Named);
        check("us.anthropic.claude-opus-4-20250514-v1:0", Budget, false, Named);
        check("global.anthropic.claude-sonnet-4-5-20250929-v1:0", Budget, true, Named);
        check("us.anthropic.claude-opus-4-6-v1", Either, true, Named);
        check("us.anthropic.claude-opus-4-7", Adaptive, true, Named);
        check("us.anthropic.claude-opus-5-5", Adaptive, true, Unforced);
        let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-6-v1";
        check(arn, Either, true, Named);
        assert!(!Model::named("us.anthropic.claude-opus-4-7").sampling);
        assert!(Model::named("anthropic.claude-mythos-preview").always_thinks);
    }

    #[test]
    fn others_are_told_by_their_makers() {
        use Forced::{Any, Named, Never as Unforced};
        use Thinking::{Budget, Effort, Never, ReasoningConfig};
        check("us.amazon.nova-pro-v1:0", Never, false, Named);
        check("amazon.nova-2-lite-v1:0", ReasoningConfig, false, Named);
        check("openai.gpt-oss-120b-1:0", Effort, false, Named);
        check("us.deepseek.r1-v1:0", Never, false, Unforced);
        check("deepseek.v3-v1:0", Effort, true, Named);
        check("qwen.qwen3-32b-v1:0", Budget, true, Named);
        check("mistral.mistral-large-2402-v1:0", Never, false, Any);
        check("us.meta.llama3-3-70b-instruct-v1:0", Never, false, Unforced);
        let opaque = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
        check(opaque, Budget, false, Named);
        check("zai.glm-4.6", Never, false, Named);
    }
}
