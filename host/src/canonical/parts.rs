//! The contents of requests and answers: one table of parts for all operations.
//!
//! A part is a member of a message, of a delta or of a content part. The table defines which parts contain text and in
//! which form. Guardrails, records and joined streams find text by it.
//!
//! **A member that is not in the table counts as text.** So a part that a provider invents tomorrow cannot bypass a
//! guardrail. The table lists what contains *no* text, and how the known texts grow in a stream.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/chat/object>, `…/chat/streaming` and
//! `…/completions/object`; <https://docs.litellm.ai/docs/reasoning_content> (`reasoning_content`, `thinking_blocks`);
//! <https://openrouter.ai/docs/use-cases/reasoning-tokens> (`reasoning`, `reasoning_details`);
//! <https://docs.mistral.ai/capabilities/reasoning/> (`content` as a list with parts of `thinking`).

/// Content that is not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Medium {
    Image,
    Audio,
    Video,
    File,
    /// Text as numbers: an array of a tokenizer's tokens.
    Tokens,
}

impl Medium {
    pub const ALL: [Self; 5] = [Self::Image, Self::Audio, Self::Video, Self::File, Self::Tokens];

    /// The word for it in the manifest of a guardrail that looks at it (`wit/0.2.1/guardrail.wit`).
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::File => "file",
            Self::Tokens => "tokens",
        }
    }

    /// For people.
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::Image => "images",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::File => "files",
            Self::Tokens => "arrays of tokens",
        }
    }

    /// By the type of its content part or by its media type: `image_url`, `input_audio`, `image/png`.
    #[must_use]
    pub fn of_type(name: &str) -> Self {
        let of = |medium: &Self| name.trim_start_matches("input_").starts_with(medium.word());
        Self::ALL.into_iter().find(of).unwrap_or(Self::File)
    }
}

/// What a member contains.
#[derive(Debug, Clone, Copy)]
pub enum Holds {
    /// No text of a person or a model: ids, words of a fixed list, numbers, encoded bytes.
    Nothing,
    /// Text. If the value is not a string, all strings inside it are text, except those under the keys of [`ENCODED`].
    Text,
    /// Text that is complete: in a stream, the next chunk does not append to it.
    Complete,
    /// A string that contains JSON, such as the arguments of a tool call.
    Json,
    /// A source's data: text if the sibling `type` is `text`, else a medium, as [`Holds::MediumOfType`].
    TextOfType,
    /// A medium: encoded, or where it can be fetched.
    Media(Medium),
    /// A medium, which the type of the content part or the sibling `media_type` names.
    MediumOfType,
    /// A text, or a list of content parts ([`PART`]).
    Content,
    /// The same, or tokens: an array of numbers, or an array of such arrays.
    Input,
    Object(&'static [Part]),
    /// A list of elements of this kind. In a stream, elements with the same `index` are one element. An element without
    /// `index` is identified by its position.
    List(&'static Holds),
}

/// A member of an object and what it contains.
#[derive(Debug)]
pub struct Part {
    pub name: &'static str,
    pub holds: Holds,
}

const fn part(name: &'static str, holds: Holds) -> Part {
    Part { name, holds }
}

use Holds::{Complete, Content, Json, List, Media, MediumOfType, Nothing, Object, Text, TextOfType};

impl Holds {
    /// What the member with this name contains. A name that is not in the table is text.
    pub fn member(parts: &'static [Part], name: &str) -> Self {
        let known = parts.iter().find(|part| part.name == name);
        known.map_or(Text, |part| part.holds)
    }
}

/// Keys whose values are never text, wherever they are: encoded bytes, signatures, ids.
pub const ENCODED: &[&str] = &[
    "type",
    "id",
    "index",
    "object",
    "format",
    "signature",
    "thought_signature",
    "thought_signatures",
    "encrypted_content",
    "data",
    "b64_json",
    "file_data",
    "file_id",
    "media_type",
    "mime_type",
    "cache_control",
];

/// A message of a request or of a whole answer, or the delta of a chunk.
pub const MESSAGE: Holds = Object(&[
    part("role", Nothing),
    part("content", Content),
    part("name", Text),
    part("refusal", Text),
    part("reasoning_content", Text),
    part("reasoning", Text),
    part("reasoning_details", List(&REASONING_DETAIL)),
    part("thinking_blocks", List(&THINKING_BLOCK)),
    part("tool_calls", List(&TOOL_CALL)),
    part("function_call", FUNCTION),
    part("tool_call_id", Nothing),
    part("audio", Object(AUDIO)),
    part("annotations", Complete),
    part("images", Media(Medium::Image)),
    part("cache_control", Nothing),
]);

/// An element of `content`.
pub const PART: &[Part] = &[
    part("type", Nothing),
    part("text", Content),
    part("refusal", Text),
    part("thinking", Content),
    part("content", Content),
    part("input", Text),
    part("title", Text),
    part("context", Text),
    part("source", Object(SOURCE)),
    part("file", Object(FILE)),
    part("image_url", Media(Medium::Image)),
    part("video_url", Media(Medium::Video)),
    part("audio_url", Media(Medium::Audio)),
    part("input_audio", Media(Medium::Audio)),
    part("id", Nothing),
    part("name", Nothing),
    part("index", Nothing),
    part("tool_use_id", Nothing),
    part("tool_call_id", Nothing),
    part("signature", Nothing),
    part("data", Nothing),
    part("cache_control", Nothing),
    part("prompt_cache_breakpoint", Nothing),
];

/// The source of a document or an image, in Anthropic's format.
const SOURCE: &[Part] = &[
    part("type", Nothing),
    part("media_type", Nothing),
    part("data", TextOfType),
    part("content", Content),
    part("url", MediumOfType),
    part("file_id", MediumOfType),
];

const FILE: &[Part] = &[
    part("filename", Text),
    part("file_data", Media(Medium::File)),
    part("file_id", Media(Medium::File)),
    part("format", Nothing),
];

const REASONING_DETAIL: Holds = Object(&[
    part("type", Nothing),
    part("id", Nothing),
    part("format", Nothing),
    part("index", Nothing),
    part("signature", Nothing),
    part("data", Nothing),
    part("text", Text),
    part("summary", Text),
]);

const THINKING_BLOCK: Holds = Object(&[
    part("type", Nothing),
    part("thinking", Text),
    part("signature", Nothing),
    part("data", Nothing),
    part("cache_control", Nothing),
]);

const TOOL_CALL: Holds = Object(&[
    part("index", Nothing),
    part("id", Nothing),
    part("type", Nothing),
    part("function", FUNCTION),
    part("custom", Object(&[part("name", Complete), part("input", Text)])),
    // Signatures of reasoning, which must go back to the provider unchanged.
    part("provider_specific_fields", Complete),
    part("extra_content", Complete),
    part("cache_control", Nothing),
]);

/// A function call. Its name should be one of those that the application gave its tools, but whoever sends it may write
/// anything there, and models read it.
const FUNCTION: Holds = Object(&[
    part("name", Complete),
    part("arguments", Json),
    part("provider_specific_fields", Complete),
]);

const AUDIO: &[Part] = &[
    part("id", Nothing),
    part("data", Media(Medium::Audio)),
    part("expires_at", Nothing),
    part("transcript", Text),
    part("voice", Nothing),
    part("format", Nothing),
];

/// A choice of a whole answer, or of a chunk.
pub const CHOICE: &[Part] = &[
    part("index", Nothing),
    part("message", MESSAGE),
    part("delta", MESSAGE),
    part("text", Text),
    part("finish_reason", Nothing),
    part("native_finish_reason", Nothing),
    part("stop_reason", Nothing),
    part("matched_stop", Nothing),
    // Repeats the text token by token: see `ECHOES`.
    part("logprobs", Nothing),
    part("prompt_logprobs", Nothing),
    part("token_ids", Nothing),
    part("prompt_token_ids", Nothing),
    part("content_filter_results", Nothing),
    part("content_filter_result", Nothing),
    part("content_filter_offsets", Nothing),
    // Text that does not grow from chunk to chunk.
    part("provider_specific_fields", Complete),
];

/// Members of a choice that repeat its text in pieces, in which a guardrail could not find a pattern. They are removed
/// from streams that guardrails inspect, and from whole answers that a guardrail has changed.
pub const ECHOES: &[&str] = &["logprobs", "prompt_logprobs", "token_ids"];

/// The same beside the choices: of a transcription.
pub const ECHOES_OF_ANSWER: &[&str] = &["logprobs", "words"];

/// A piece of a transcription.
const SEGMENT: &[Part] = &[
    part("id", Nothing),
    part("type", Nothing),
    part("text", Complete),
    part("speaker", Complete),
    part("seek", Nothing),
    part("start", Nothing),
    part("end", Nothing),
    part("tokens", Nothing),
    part("temperature", Nothing),
    part("avg_logprob", Nothing),
    part("compression_ratio", Nothing),
    part("no_speech_prob", Nothing),
];

/// The members of a whole answer and of a chunk.
pub const ANSWER: &[Part] = &[
    part("id", Nothing),
    part("object", Nothing),
    part("created", Nothing),
    part("model", Nothing),
    part("choices", List(&Object(CHOICE))),
    // Of a transcription.
    part("text", Complete),
    part("segments", List(&Object(SEGMENT))),
    // Repeat the text in pieces: see `ECHOES_OF_ANSWER`.
    part("words", Nothing),
    part("logprobs", Nothing),
    part("language", Nothing),
    part("languages", Nothing),
    part("duration", Nothing),
    part("task", Nothing),
    // Embedding vectors, as numbers or encoded.
    part("data", Nothing),
    part("usage", Nothing),
    part("service_tier", Nothing),
    part("system_fingerprint", Nothing),
    part("obfuscation", Nothing),
    part("prompt_filter_results", Nothing),
    part("prompt_logprobs", Nothing),
    part("prompt_token_ids", Nothing),
    part("kv_transfer_params", Nothing),
    part("moderation", Nothing),
    part("metadata", Nothing),
    part("request_id", Nothing),
    part("provider", Nothing),
];
