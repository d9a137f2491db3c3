//! What a client can ask for: the operations of the OpenAI API. [`TABLE`] has one row an operation, each in a file of its
//! own, and everything that differs between operations is a column of it.

mod chat;
mod completions;
mod embeddings;
mod speech;
mod transcriptions;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use super::Canonical;
use super::form::Upload;
use super::parts::Medium;
use crate::usage::Usage;

/// An operation of the OpenAI API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    ChatCompletions,
    Completions,
    Embeddings,
    AudioSpeech,
    AudioTranscriptions,
    AudioTranslations,
}

/// All operations. Of two paths with the same end, the longer one comes first: `completions` is also the end of
/// `chat/completions`.
const TABLE: [(Operation, &Row); 6] = [
    (Operation::ChatCompletions, &chat::ROW),
    (Operation::Completions, &completions::ROW),
    (Operation::Embeddings, &embeddings::ROW),
    (Operation::AudioSpeech, &speech::ROW),
    (Operation::AudioTranscriptions, &transcriptions::ROW),
    (Operation::AudioTranslations, &transcriptions::TRANSLATIONS),
];

/// What is to be known of an operation.
pub struct Row {
    /// Its path as metrics and records name it. After `/v1/`, also the path below `/engines/{model}/` and
    /// `/openai/deployments/{model}/`.
    pub route: &'static str,
    /// The word in the plugin contract (`wit/0.2.1/exchange.wit`): the path with hyphens.
    pub name: &'static str,
    /// The mode of models that answer it, in the catalogue's and LiteLLM's words.
    pub mode: &'static str,
    /// `call_type` in LiteLLM's records.
    pub call_type: &'static str,
    pub takes: Takes,
    pub answers: Answers,
    pub stream: Streaming,
    /// What an answer uses, if the operation knows it and the upstream need not say it.
    pub usage: Option<fn(&Canonical) -> Usage>,
    /// The request of a health check: the model, and the tokens that the answer may have.
    pub health_check: fn(&str, u32) -> TestRequest,
    /// An answer that the gateway makes itself, without an upstream.
    pub mock: fn(&Mock<'_>) -> Result<Mocked, MockError>,
}

/// The body of a request.
pub enum Takes {
    /// A JSON object.
    Json,
    /// A form. Its files are of this medium, unless they say otherwise.
    Form(Medium),
}

/// A whole answer.
pub enum Answers {
    /// JSON with a list of what was asked for.
    Items(Items),
    /// JSON with the member `text`; or, if the client asks for it by `response_format`, a text by itself.
    Text,
    /// Bytes of a medium, which are passed on as they come.
    Bytes(Medium),
}

/// What `stream: true` in a request means.
pub enum Streaming {
    /// It has no effect: there is no streamed form.
    Never,
    /// The upstream streams. If it answers whole all the same, its answer is cut.
    Upstream(Cut),
    /// The upstream answers whole, and its answer is cut: so that guardrails see the whole text before any of it is sent.
    Whole(Cut),
}

/// Cuts a whole answer into the chunks of a stream. It fails if the answer does not have the operation's format.
pub type Cut = fn(&[u8]) -> serde_json::Result<Vec<Value>>;

/// The fields and the files of a health check's request.
pub struct TestRequest {
    pub fields: Value,
    pub uploads: Vec<Upload>,
}

impl From<Value> for TestRequest {
    fn from(fields: Value) -> Self {
        Self {
            fields,
            uploads: Vec::new(),
        }
    }
}

/// A mock answer.
pub enum Mocked {
    Json(Value),
    /// Bytes of a medium, and their content type.
    Bytes(Medium, Bytes, &'static str),
}

/// A whole answer with a list of what was asked for.
pub struct Items {
    /// `object` of the answer.
    pub object: &'static str,
    /// The member with the list.
    pub list: &'static str,
    /// The member of each element that must be there.
    pub part: &'static str,
    /// Members that clients rely on, and that some upstreams leave out; `None` if clients do not need them.
    pub head: Option<Head>,
}

/// The members that answers begin with: `id`, `object`, `created` and `model`.
pub struct Head {
    /// What ids begin with.
    pub id_prefix: &'static str,
    /// `object` of a chunk.
    pub chunk_object: &'static str,
}

/// What a mock answer is made of.
pub struct Mock<'a> {
    /// The request's id.
    pub id: &'a str,
    /// Seconds since 1970-01-01 UTC.
    pub created: u64,
    pub model: &'a str,
    /// `mock_response` of the deployment.
    pub text: &'a str,
    /// What its usage says.
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// Why there is no mock answer: `mock_response` is not what the operation answers with. It says what would be.
#[derive(Debug)]
pub struct MockError(pub &'static str);

impl Operation {
    /// All operations, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(operation, _)| *operation)
    }

    #[must_use]
    pub fn row(self) -> &'static Row {
        TABLE[self as usize].1
    }

    /// The one that models of a mode answer; `None` for what is not served.
    #[must_use]
    pub fn of_mode(mode: &str) -> Option<Self> {
        Self::all().find(|operation| operation.row().mode == mode)
    }

    /// The one with this word in the plugin contract.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::all().find(|operation| operation.row().name == name)
    }

    /// The end of its path, without `/v1/`.
    #[must_use]
    pub fn path(self) -> &'static str {
        &self.row().route["/v1/".len()..]
    }

    /// The HTTP method, at the gateway and at providers.
    #[must_use]
    pub fn method(self) -> Method {
        Method::POST
    }
}

impl Row {
    /// The list in an answer; `None` if the answer is something else.
    #[must_use]
    pub fn items(&self) -> Option<&Items> {
        match &self.answers {
            Answers::Items(items) => Some(items),
            _ => None,
        }
    }
}

impl Streaming {
    #[must_use]
    pub fn cut(&self) -> Option<Cut> {
        match self {
            Self::Never => None,
            Self::Upstream(cut) | Self::Whole(cut) => Some(*cut),
        }
    }

    /// Whether a client can ask for a stream.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.cut().is_some()
    }
}

impl Mock<'_> {
    /// `usage` of an answer with this text.
    fn usage(&self) -> Value {
        serde_json::json!({
            "prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        })
    }
}

/// What a health check asks.
const QUESTION: &str = "What's 1 + 1?";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_its_operations() {
        for (position, (operation, row)) in TABLE.iter().enumerate() {
            assert_eq!(*operation as usize, position);
            assert_eq!(row.name, operation.path().replace('/', "-"));
            assert_eq!(Operation::of_name(row.name), Some(*operation));
        }
    }

    #[test]
    fn what_is_asked_is_what_the_model_is_for() {
        assert_eq!(Operation::of_mode("embedding"), Some(Operation::Embeddings));
        assert_eq!(Operation::of_mode("completion"), Some(Operation::Completions));
        assert_eq!(Operation::of_mode("image_generation"), None);
    }
}
