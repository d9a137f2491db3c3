//! Gemini's answers and events, as views over their bytes (<https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse>).
//! An event of a stream has the form of a whole answer. Servers that imitate the API leave fields out or send another kind
//! of value, so every field is optional, and what the API adds later is ignored.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};

sluice_sdk::wire! {
    /// A whole answer, or one event of a stream.
    Answer {
        "candidates" candidates: Vec<Candidate<'a>>,
        /// In place of candidates where the prompt was blocked.
        "promptFeedback" prompt_feedback: PromptFeedback<'a>,
        /// [`crate::usage::Counts`]: each event says them all again, and the last ones count.
        "usageMetadata" usage: &'a RawValue,
        "modelVersion" model: Text<'a>,
        "responseId" id: Text<'a>,
        /// In place of all the others.
        "error" error: &'a RawValue,
    }

    /// One answer among several.
    Candidate {
        "index" index: u64,
        "content" content: Content<'a>,
        "finishReason" finish_reason: Text<'a>,
        /// For people: why it ended so.
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

    /// One part of a candidate's content. Its kind is told by the field that is there.
    Part {
        "text" text: Text<'a>,
        /// `true` where the text is a thought.
        "thought" thought: &'a RawValue,
        /// What the model wants to see again with this part.
        "thoughtSignature" signature: Text<'a>,
        "functionCall" function_call: FunctionCall<'a>,
        "inlineData" inline_data: Blob<'a>,
        /// A tool that Google ran, and what it answered.
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

    /// Where an answer's text was found.
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

/// Why an answer ended, in OpenAI's words, as LiteLLM has them
/// (<https://ai.google.dev/api/generate-content#FinishReason>). An answer that holds `calls` ended for their sake, unless it
/// was withheld: Gemini says `STOP` of it.
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
