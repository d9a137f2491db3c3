//! Translates a prediction to an answer (<https://replicate.com/docs/topics/predictions/lifecycle>).

use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{FinishReason, List, Object, RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

use crate::error::of_prediction;

sluice_sdk::wire! {
    Prediction {
        "id" id: Text<'a>,
        "status" status: Text<'a>,
        /// A text, or a list of pieces of a text.
        "output" output: &'a RawValue,
        "error" error: &'a RawValue,
        "metrics" metrics: Metrics<'a>,
    }

    /// Token counts, which only language models have.
    Metrics {
        "input_token_count" input: u64,
        "output_token_count" output: u64,
    }
}

/// Estimated bytes of an answer in addition to the output.
const ENVELOPE_BYTES: usize = 512;

/// Translates the answer to the canonical form.
///
/// # Errors
/// The prediction failed, was canceled or is not complete, or its output is not text.
pub fn translate(body: &[u8], origin: &Origin) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let prediction: Prediction = wire::read(text).map_err(Failure::malformed)?;
    check_status(&prediction)?;
    let pieces = pieces(prediction.output)?;
    let mut out = Vec::with_capacity(pieces.iter().map(|piece| piece.escaped().len()).sum::<usize>() + ENVELOPE_BYTES);
    write(&mut out, &prediction, &pieces, origin);
    Ok(out)
}

fn check_status(prediction: &Prediction) -> Result<(), Failure> {
    let status = prediction.status.as_ref().map(Text::escaped);
    match status {
        Some("succeeded" | "successful") => Ok(()),
        Some("starting" | "processing" | "queued") => {
            let id = prediction
                .id
                .as_ref()
                .map(|id| id.decoded().into_owned())
                .unwrap_or_default();
            let message = format!(
                "the prediction `{id}` was still {} when Replicate had waited for it as long as it does; a model that \
                 starts, or answers with very much, takes longer",
                status.unwrap_or_default()
            );
            Err(Failure::new(Fault::Timeout, message).code("still_running"))
        }
        Some("canceled" | "aborted") => {
            let message = "the prediction was canceled before it was done";
            Err(Failure::new(Fault::UpstreamError, message).code("canceled"))
        }
        Some("failed") => Err(of_prediction(prediction.error)),
        // Servers that imitate the API may leave the status out.
        None if prediction.error.is_some() => Err(of_prediction(prediction.error)),
        None if prediction.output.is_some() => Ok(()),
        _ => Err(Failure::malformed("it is no prediction with a known `status`")),
    }
}

/// The pieces of the output's text; empty for an empty output.
fn pieces(output: Option<&RawValue>) -> Result<Vec<Text<'_>>, Failure> {
    let Some(output) = output else { return Ok(Vec::new()) };
    if let Some(text) = Text::of(output) {
        return Ok(vec![text]);
    }
    let no_text = || Failure::malformed("the prediction's `output` is neither text nor a list of texts");
    let items: Vec<&RawValue> = serde_json::from_str(output.get()).map_err(|_| no_text())?;
    items
        .into_iter()
        .map(|item| Text::of(item).ok_or_else(no_text))
        .collect()
}

fn write(out: &mut Vec<u8>, prediction: &Prediction, pieces: &[Text], origin: &Origin) {
    let mut to = Object::begin(out);
    to.text("id", &origin.id(prediction.id.as_ref()))
        .string("object", "chat.completion")
        .number("created", origin.created())
        .text("model", &origin.model(None))
        .json("system_fingerprint", "null");
    write_choice(&mut to.list("choices"), pieces);
    let metrics = prediction.metrics.as_ref();
    if let Some((input, output)) = metrics.and_then(|metrics| Some((metrics.input?, metrics.output?))) {
        to.object("usage")
            .number("prompt_tokens", input)
            .number("completion_tokens", output)
            .number("total_tokens", input.saturating_add(output));
    }
}

fn write_choice(choices: &mut List, pieces: &[Text]) {
    let mut choice = choices.object();
    choice.number("index", 0);
    {
        let mut message = choice.object("message");
        let out = message.string("role", "assistant").field("content");
        out.push(b'"');
        for piece in pieces {
            out.extend_from_slice(piece.escaped().as_bytes());
        }
        out.push(b'"');
    }
    // Replicate does not tell why an answer ended.
    choice.string("finish_reason", FinishReason::Stop.as_str());
}
