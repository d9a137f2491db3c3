//! What guardrails are shown of requests and answers, and how their texts are put back.

use std::sync::Arc;

use crate::canonical::form::Upload;
use crate::canonical::texts::{self, Encoded, Shown};
use crate::canonical::{Canonical, Whole};
use crate::exchange::binary::Binary;
use crate::exchange::inspect::not_applied;
use crate::exchange::refusal::Refusal;
use crate::snapshot::ConfiguredGuardrail;
use crate::worker;

/// What a guardrail is shown of a request.
///
/// # Errors
/// An uploaded file cannot be read.
pub async fn of_request(canonical: &Arc<Canonical>, guardrail: &ConfiguredGuardrail) -> Result<Arc<Shown>, Refusal> {
    let (request, looks_at) = (Arc::clone(canonical), guardrail.looks_at().to_vec());
    let shown = worker::offload(request.body.len(), move || texts::of_request(&request, &looks_at));
    let mut shown = shown.await;
    for (position, (medium, upload)) in canonical.media().enumerate() {
        if guardrail.looks_at().contains(&medium) {
            let content = upload.content.read(0, usize::MAX).await.map_err(not_applied)?;
            let encoded = worker::offload(content.len(), move || Encoded::new(medium, position, &content)).await;
            shown.encoded.push(encoded);
        } else if !shown.unseen.contains(&medium) {
            shown.unseen.push(medium);
        }
    }
    Ok(Arc::new(shown))
}

/// What a guardrail is shown of an answer of bytes: all of it, or nothing.
///
/// # Errors
/// The answer broke off, or is longer than `bytes_max`.
pub async fn of_bytes(
    binary: &mut Binary,
    guardrail: &ConfiguredGuardrail,
    bytes_max: usize,
) -> Result<Arc<Shown>, Refusal> {
    let (medium, mut shown) = (binary.medium, Shown::default());
    if guardrail.looks_at().contains(&medium) {
        let bytes = binary.collect(bytes_max).await?;
        let encoded = worker::offload(bytes.len(), move || Encoded::new(medium, 0, &bytes)).await;
        shown.encoded.push(encoded);
    } else {
        shown.unseen.push(medium);
    }
    Ok(Arc::new(shown))
}

/// The request with the guardrail's texts in place of those that it got; `None` if nothing changes.
///
/// # Errors
/// The texts do not fit.
pub async fn put_into_request(
    canonical: &Arc<Canonical>,
    shown: &Arc<Shown>,
    texts: Vec<String>,
) -> Result<Option<Arc<Canonical>>, Refusal> {
    let (canonical, shown) = (Arc::clone(canonical), Arc::clone(shown));
    let bytes = canonical.body.len() + texts.iter().map(String::len).sum::<usize>();
    worker::offload(bytes, move || {
        let body = texts::replaced(&canonical.body, &shown.found, &texts).map_err(not_applied)?;
        let uploads = with_media(&canonical, &shown, &texts)?;
        if body.is_none() && uploads.is_none() {
            return Ok(None);
        }
        let body = body.unwrap_or_else(|| canonical.body.clone());
        let mut changed = canonical.with_body(body).map_err(not_applied)?;
        changed.uploads = uploads.unwrap_or(changed.uploads);
        Ok(Some(Arc::new(changed.counted())))
    })
    .await
}

/// The files of the request with the guardrail's in place of those that it got; `None` if nothing changes.
fn with_media(canonical: &Canonical, shown: &Shown, texts: &[String]) -> Result<Option<Vec<Upload>>, Refusal> {
    let mut changed = None;
    for (encoded, text) in shown.encoded.iter().zip(texts.iter().skip(shown.found.len())) {
        if let Some(bytes) = texts::decoded(encoded, text).map_err(not_applied)? {
            changed.get_or_insert_with(|| canonical.uploads.clone())[encoded.position].content = bytes.into();
        }
    }
    Ok(changed)
}

/// The same for an answer of bytes.
///
/// # Errors
/// The guardrail's text is not base64.
pub async fn put_into_bytes(binary: &mut Binary, shown: &Arc<Shown>, texts: Vec<String>) -> Result<(), Refusal> {
    let shown = Arc::clone(shown);
    let bytes = texts.iter().map(String::len).sum();
    let decode = move || match (shown.encoded.first(), texts.first()) {
        (Some(encoded), Some(text)) => texts::decoded(encoded, text).map_err(not_applied),
        _ => Ok(None),
    };
    if let Some(changed) = worker::offload(bytes, decode).await? {
        binary.replace(changed);
    }
    Ok(())
}

/// The same for an answer.
///
/// # Errors
/// The texts do not fit.
pub fn put_into_answer(whole: Whole, shown: &Shown, texts: &[String]) -> Result<Whole, Refusal> {
    match texts::replaced(&whole.body, &shown.found, texts).map_err(not_applied)? {
        Some(body) => whole.with_body(texts::without_echoes(body)).map_err(not_applied),
        None => Ok(whole),
    }
}
