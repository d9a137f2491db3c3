//! Writes a request as a form (`multipart/form-data`, RFC 7578), as browsers do
//! (<https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data>).

use bytes::Bytes;
use hyper::header::HeaderValue;

use crate::canonical::Canonical;
use crate::canonical::form::{Upload, fields};
use crate::upstream::Outgoing;

/// A form with a boundary of its own, which no content contains: it is random.
pub struct Form {
    boundary: String,
}

impl Form {
    pub fn new() -> Self {
        Self {
            boundary: format!("sluice-{:032x}", fastrand::u128(..)),
        }
    }

    pub fn content_type(&self) -> HeaderValue {
        let value = format!("multipart/form-data; boundary={}", self.boundary);
        HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static("multipart/form-data"))
    }

    /// The fields of the request and its files, which are not copied.
    pub fn body(&self, canonical: &Canonical) -> Outgoing {
        let boundary = &self.boundary;
        let mut text = String::new();
        for (name, value) in fields(canonical) {
            let name = quoted(&name);
            text.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        let mut parts = Vec::with_capacity(2 * canonical.uploads.len() + 1);
        for upload in &canonical.uploads {
            text.push_str(&format!("--{boundary}\r\n{}\r\n\r\n", head(upload)));
            parts.push(Bytes::from(std::mem::take(&mut text)).into());
            parts.push(upload.content.clone());
            text.push_str("\r\n");
        }
        text.push_str(&format!("--{boundary}--\r\n"));
        parts.push(Bytes::from(text).into());
        Outgoing::spooled(parts)
    }
}

/// The content type of a file.
pub fn content_type(upload: &Upload) -> HeaderValue {
    let given = upload
        .content_type
        .as_deref()
        .and_then(|given| HeaderValue::from_str(given).ok());
    given.unwrap_or(const { HeaderValue::from_static("application/octet-stream") })
}

fn head(upload: &Upload) -> String {
    let name = quoted(&upload.field);
    // Without a file name, servers take a part for a text.
    let file_name = quoted(upload.file_name.as_deref().unwrap_or("file"));
    let content_type = upload.content_type.as_deref().unwrap_or("application/octet-stream");
    format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: {content_type}")
}

/// A name between quotes.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn names_cannot_end_their_quotes() {
        let canonical = Canonical {
            uploads: vec![Upload {
                field: "file".into(),
                file_name: Some("a\"; x=\"\r\n.wav".into()),
                content_type: None,
                content: Bytes::from_static(b"\0\xff").into(),
            }],
            ..Canonical::empty()
                .with_body(r#"{"a\"b":"1","list":["x","y"],"n":2,"none":null}"#.into())
                .unwrap()
        };
        let form = Form { boundary: "b".into() };
        let body = form.body(&canonical).collect().await.unwrap().to_bytes();
        let expected: &[u8] = b"--b\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n1\r\n\
            --b\r\nContent-Disposition: form-data; name=\"list\"\r\n\r\nx\r\n\
            --b\r\nContent-Disposition: form-data; name=\"list\"\r\n\r\ny\r\n\
            --b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n2\r\n\
            --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22; x=%22%0D%0A.wav\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\0\xff\r\n--b--\r\n";
        assert_eq!(body, expected);
    }
}
