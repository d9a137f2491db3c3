//! Reads a request that is a form (`multipart/form-data`, RFC 7578): texts into memory, files into spools.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::{FIELDS_MAX, too_large};
use crate::canonical::form::{self, Upload};
use crate::config::settings::Server;
use crate::exchange::refusal::{Cause, Refusal};
use crate::spool::Spool;

/// Files of one request. OpenAI takes up to 16 images to edit.
const FILES_MAX: usize = 20;

/// Bytes of all texts of a form.
const TEXT_BYTES_MAX: usize = 2 << 20;

/// A form that has been read: its fields as JSON, and its files.
pub struct Form {
    pub fields: Bytes,
    pub uploads: Vec<Upload>,
}

/// Reads the form.
///
/// # Errors
/// The body is not a form, is too large, broke off, or has too many parts.
pub async fn read(headers: &HeaderMap, body: &mut Incoming, limits: &Server) -> Result<Form, Refusal> {
    let boundary = boundary(headers)?;
    let size = SizeLimit::new().whole_stream(limits.body_bytes_max as u64);
    let constraints = Constraints::new().size_limit(size);
    let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let refused = |error| unreadable(error, limits);
    let (mut texts, mut uploads, mut text_bytes) = (Vec::new(), Vec::new(), 0);
    while let Some(mut part) = parts.next_field().await.map_err(refused)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(bad("a part of the form has no name"));
        }
        if part.file_name().is_none() && !is_file(&part) {
            let text = text(&mut part, &name, TEXT_BYTES_MAX.saturating_sub(text_bytes), limits).await?;
            text_bytes += name.len() + text.len();
            texts.push((name, text));
        } else {
            uploads.push(upload(&mut part, name, limits).await?);
        }
        if texts.len() > FIELDS_MAX || uploads.len() > FILES_MAX {
            return Err(bad(&format!(
                "the form has more than {FIELDS_MAX} fields or {FILES_MAX} files"
            )));
        }
    }
    Ok(Form {
        fields: form::to_json(texts).into(),
        uploads,
    })
}

fn boundary(headers: &HeaderMap) -> Result<String, Refusal> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    multer::parse_boundary(given.unwrap_or_default()).map_err(|_| {
        let message = match given {
            Some(given) => format!(
                "the request's content type is `{given}`: send a form, as `multipart/form-data` with its `boundary`"
            ),
            None => "the request has no content type: send a form, as `multipart/form-data`".to_owned(),
        };
        Refusal::new(Cause::UnsupportedMediaType, message)
    })
}

/// Whether a part without a file name is a file all the same: it has a content type that is not one of texts.
fn is_file(part: &Field<'_>) -> bool {
    let is_text = |given: &str| given.starts_with("text/") || given.ends_with("json");
    part.content_type().is_some_and(|given| !is_text(given.essence_str()))
}

async fn text(part: &mut Field<'_>, name: &str, bytes_max: usize, limits: &Server) -> Result<String, Refusal> {
    let mut text = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(|error| unreadable(error, limits))? {
        if text.len() + piece.len() > bytes_max {
            let message = format!("the form's texts are over the limit of {TEXT_BYTES_MAX} bytes");
            return Err(Refusal::new(Cause::TooLarge, message));
        }
        text.extend_from_slice(&piece);
    }
    String::from_utf8(text).map_err(|_| bad("a text of the form is not UTF-8").parameter(name))
}

async fn upload(part: &mut Field<'_>, field: String, limits: &Server) -> Result<Upload, Refusal> {
    let file_name = part.file_name().map(Into::into);
    let content_type = part.content_type().map(|given| given.as_ref().into());
    let mut spool = Spool::default();
    while let Some(piece) = part.chunk().await.map_err(|error| unreadable(error, limits))? {
        spool.push(&piece).await.map_err(not_kept)?;
    }
    Ok(Upload {
        field: field.into(),
        file_name,
        content_type,
        content: spool.finish().await.map_err(not_kept)?,
    })
}

fn unreadable(error: multer::Error, limits: &Server) -> Refusal {
    match error {
        multer::Error::StreamSizeExceeded { .. } => too_large(limits),
        error => bad(&format!("the request's body is not a usable form: {error}")),
    }
}

fn not_kept(error: std::io::Error) -> Refusal {
    let message = "the gateway has no room for the uploaded file";
    let directory = std::env::temp_dir();
    let directory = directory.display();
    Refusal::new(Cause::NoRoom, message).detail(format!(
        "an upload cannot be written to a temporary file in {directory}: {error}; TMPDIR names another directory"
    ))
}

fn bad(message: &str) -> Refusal {
    Refusal::new(Cause::BadRequest, message)
}
