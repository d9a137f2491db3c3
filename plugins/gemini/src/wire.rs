//! Gemini's answers and events, as views over their bytes
//! (<https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse>). An event of a stream has the form of
//! a whole answer. Servers that imitate the API leave fields out or send values of another type, so every field is
//! optional. Unknown fields are ignored.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};

sluice_sdk::wire! {
    /// A whole answer, or one event of a stream.
    Answer {
        "candidates" candidates: Vec<Candidate<'a>>,
        /// Present instead of candidates if the prompt was blocked.
        "promptFeedback" prompt_feedback: PromptFeedback<'a>,
        /// [`crate::usage::Counts`]: each event has running totals, so the last ones are used.
        "usageMetadata" usage: &'a RawValue,
        "modelVersion" model: Text<'a>,
        "responseId" id: Text<'a>,
        /// Present instead of all other fields if the request failed.
        "error" error: &'a RawValue,
    }

    /// One of the alternative answers.
    Candidate {
        "index" index: u64,
        "content" content: Content<'a>,
        "finishReason" finish_reason: Text<'a>,
        /// An explanation of the finish reason, for people.
        "finishMessage" finish_message: Text<'a>,
        "safetyRatings" safety_ratings: &'a RawValue,
        "citationMetadata" citations: &'a RawValue,
        "groundingMetadata" grounding: &'a RawValue,
        "urlContextMetadata" url_context: &'a RawValue,
        "logprobsResult" logprobs: LogprobsResult<'a>,
    }

    Content {
        "parts" parts: Vec<Part<'a>>,
    }

    /// One part of a candidate's content. The present field tells its type.
    Part {
        "text" text: Text<'a>,
        /// `true` if the text is a thought.
        "thought" thought: &'a RawValue,
        /// The model's signature, which must be sent back with this part.
        "thoughtSignature" signature: Text<'a>,
        "functionCall" function_call: FunctionCall<'a>,
        "inlineData" inline_data: Blob<'a>,
        /// The call of a tool that Google ran; the next field is its response.
        "toolCall" tool_call: ServerTool<'a>,
        "toolResponse" tool_response: ServerTool<'a>,
        "executableCode" executable_code: &'a RawValue,
        "codeExecutionResult" code_result: &'a RawValue,
        "fileData" file_data: &'a RawValue,
    }

    FunctionCall {
        "id" id: Text<'a>,
        "name" name: Text<'a>,
        "args" args: &'a RawValue,
    }

    ServerTool {
        "id" id: Text<'a>,
        "toolType" tool_type: Text<'a>,
        "args" args: &'a RawValue,
        "response" response: &'a RawValue,
    }

    Blob {
        "mimeType" media_type: Text<'a>,
        "data" data: Text<'a>,
    }

    PromptFeedback {
        "blockReason" block_reason: Text<'a>,
        "blockReasonMessage" message: Text<'a>,
        "safetyRatings" safety_ratings: &'a RawValue,
    }

    LogprobsResult {
        "chosenCandidates" chosen: Vec<Logprob<'a>>,
        "topCandidates" top: Vec<TopCandidates<'a>>,
    }

    TopCandidates {
        "candidates" candidates: Vec<Logprob<'a>>,
    }

    Logprob {
        "token" token: Text<'a>,
        "logProbability" log_probability: &'a RawValue,
    }

    /// The sources of an answer's text.
    Grounding {
        "webSearchQueries" queries: Vec<&'a RawValue>,
        "groundingChunks" chunks: Vec<GroundingChunk<'a>>,
        "groundingSupports" supports: Vec<GroundingSupport<'a>>,
    }

    GroundingChunk {
        "web" web: Source<'a>,
        "maps" maps: Source<'a>,
        "retrievedContext" retrieved: Source<'a>,
    }

    Source {
        "uri" uri: Text<'a>,
        "title" title: Text<'a>,
    }

    GroundingSupport {
        "segment" segment: Segment<'a>,
        "groundingChunkIndices" chunks: Vec<u64>,
    }

    Segment {
        "startIndex" start: u64,
        "endIndex" end: u64,
    }
}

impl Part<'_> {
    pub fn is_thought(&self) -> bool {
        self.thought.is_some_and(|thought| thought.get() == "true")
    }
}

/// OpenAI's finish reason, as in LiteLLM (<https://ai.google.dev/api/generate-content#FinishReason>). An answer with
/// `calls` ended with `tool_calls` unless it was withheld; Gemini says `STOP` for it.
pub fn finish_reason(reason: Option<&str>, calls: bool) -> FinishReason<'static> {
    match reason.unwrap_or_default() {
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "OTHER"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "IMAGE_OTHER"
        | "NO_IMAGE"
        | "MODEL_ARMOR"
        | "ESCALATION" => FinishReason::ContentFilter,
        _ if calls => FinishReason::ToolCalls,
        "MAX_TOKENS" | "CONTINUATION" => FinishReason::Length,
        _ => FinishReason::Stop,
    }
}
