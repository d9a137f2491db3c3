//! What a model can do, by its name. Bedrock says it only by refusing; the rules follow its model pages
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html>) and what
//! LiteLLM (1.109) sends.

use sluice_sdk::adapter::claude::{self, Ability};

/// How a model is told how long to think, all of it in `additionalModelRequestFields`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// As Claude is. Qwen 3 and Kimi take a budget; of others, `Never` means that they do not think, or as they like.
    AsClaude(Ability),
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
        let (never, by_budget) = (Thinking::AsClaude(Ability::Never), Thinking::AsClaude(Ability::Budget));
        match () {
            () if has("claude") => Self::claude(name),
            () if has("nova-2") => nova(Thinking::ReasoningConfig),
            () if has("nova") => nova(never),
            () if has("gpt-oss") => other(Thinking::Effort, false, Forced::Named),
            () if has("deepseek") && !has("deepseek.v") => other(never, false, Forced::Never),
            () if has("deepseek") => other(Thinking::Effort, true, Forced::Named),
            () if has("qwen") => other(by_budget, true, Forced::Named),
            () if has("kimi") => other(by_budget, true, Forced::Named),
            () if has("minimax") => other(never, true, Forced::Named),
            () if has("mistral") || has("mixtral") => other(never, false, Forced::Any),
            () if ["llama", "cohere.", "ai21.", "amazon.titan", "writer."]
                .iter()
                .any(|it| has(it)) =>
            {
                other(never, false, Forced::Never)
            }
            () if name.starts_with("arn:") => other(by_budget, false, Forced::Named),
            () => other(never, false, Forced::Named),
        }
    }

    fn claude(name: &str) -> Self {
        let (family, version) = claude::family_and_version(name).unwrap_or(("", (3, 0)));
        let claude = claude::Model::of(family, version);
        Self {
            family: Family::Claude,
            thinking: Thinking::AsClaude(claude.thinking),
            always_thinks: claude.always_thinks,
            native_structure: claude.native_structure,
            sampling: claude.sampling,
            forced_tools: if claude.forced_tools && version >= (3, 0) {
                Forced::Named
            } else {
                Forced::Never
            },
            single_calls: version >= (4, 5),
        }
    }
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
        let [never, budget, either, adaptive] =
            [Ability::Never, Ability::Budget, Ability::Either, Ability::Adaptive].map(Thinking::AsClaude);
        check("anthropic.claude-instant-v1", never, false, Unforced);
        check("anthropic.claude-v2:1", never, false, Unforced);
        check("anthropic.claude-3-haiku-20240307-v1:0", never, false, Named);
        check("anthropic.claude-3-5-sonnet-20241022-v2:0", never, false, Named);
        check("us.anthropic.claude-3-7-sonnet-20250219-v1:0", budget, false, Named);
        check("us.anthropic.claude-opus-4-20250514-v1:0", budget, false, Named);
        check("global.anthropic.claude-sonnet-4-5-20250929-v1:0", budget, true, Named);
        check("us.anthropic.claude-opus-4-6-v1", either, true, Named);
        check("us.anthropic.claude-opus-4-7", adaptive, true, Named);
        check("us.anthropic.claude-opus-5-5", adaptive, true, Unforced);
        let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-6-v1";
        check(arn, either, true, Named);
        assert!(!Model::named("us.anthropic.claude-opus-4-7").sampling);
        assert!(Model::named("anthropic.claude-mythos-preview").always_thinks);
    }

    #[test]
    fn others_are_told_by_their_makers() {
        use Forced::{Any, Named, Never as Unforced};
        use Thinking::{Effort, ReasoningConfig};
        let [never, budget] = [Ability::Never, Ability::Budget].map(Thinking::AsClaude);
        check("us.amazon.nova-pro-v1:0", never, false, Named);
        check("amazon.nova-2-lite-v1:0", ReasoningConfig, false, Named);
        check("openai.gpt-oss-120b-1:0", Effort, false, Named);
        check("us.deepseek.r1-v1:0", never, false, Unforced);
        check("deepseek.v3-v1:0", Effort, true, Named);
        check("qwen.qwen3-32b-v1:0", budget, true, Named);
        check("mistral.mistral-large-2402-v1:0", never, false, Any);
        check("us.meta.llama3-3-70b-instruct-v1:0", never, false, Unforced);
        let opaque = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
        check(opaque, budget, false, Named);
        check("zai.glm-4.6", never, false, Named);
    }
}
