//! What a client can ask for.

use hyper::Method;

/// An operation of the OpenAI API. The words are those of `wit/exchange.wit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// <https://platform.openai.com/docs/api-reference/chat>
    ChatCompletions,
    /// <https://platform.openai.com/docs/api-reference/completions>
    Completions,
    /// <https://platform.openai.com/docs/api-reference/embeddings>
    Embeddings,
}

impl Operation {
    pub const ALL: [Self; 3] = [Self::ChatCompletions, Self::Completions, Self::Embeddings];

    /// The one that models of a mode answer, in the catalogue's and LiteLLM's words; `None` for what is not served.
    #[must_use]
    pub fn of_mode(mode: &str) -> Option<Self> {
        match mode {
            "chat" => Some(Self::ChatCompletions),
            "completion" => Some(Self::Completions),
            "embedding" => Some(Self::Embeddings),
            _ => None,
        }
    }

    /// The word in the plugin contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat-completions",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
        }
    }

    /// The end of its path, after `/v1/`, `/engines/{model}/` and `/openai/deployments/{model}/`.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat/completions",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
        }
    }

    /// The HTTP method, at the gateway and at providers.
    #[must_use]
    pub fn method(self) -> Method {
        Method::POST
    }

    /// Its path as metrics and records name it.
    #[must_use]
    pub fn route(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/v1/chat/completions",
            Self::Completions => "/v1/completions",
            Self::Embeddings => "/v1/embeddings",
        }
    }

    /// `object` of its whole answer.
    #[must_use]
    pub fn answer_object(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat.completion",
            Self::Completions => "text_completion",
            Self::Embeddings => "list",
        }
    }

    /// `call_type` in LiteLLM's records.
    #[must_use]
    pub fn call_type(self) -> &'static str {
        match self {
            Self::ChatCompletions => "acompletion",
            Self::Completions => "atext_completion",
            Self::Embeddings => "aembedding",
        }
    }
}
