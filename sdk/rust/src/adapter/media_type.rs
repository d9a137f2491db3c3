//! Media types as IANA registers them. Clients write `image/jpg`, a bare `png`, `application/octet-stream`, or the type
//! of another format, and providers refuse data that does not match its type. So the first bytes of the data take
//! precedence, then the declared type, then the file name.

use std::borrow::Cow;

/// The media type for all text formats.
pub const PLAIN_TEXT: &str = "text/plain";
const JPEG: &str = "image/jpeg";
const PNG: &str = "image/png";
const GIF: &str = "image/gif";
const WEBP: &str = "image/webp";
const PDF: &str = "application/pdf";

/// The first Base64 characters of formats that can be recognized by their data.
const SIGNATURES: [(&str, &str); 5] = [
    ("/9j/", JPEG),
    ("iVBORw0KGgo", PNG),
    ("R0lGODdh", GIF),
    ("R0lGODlh", GIF),
    ("JVBERi0", PDF),
];

/// The media type of Base64 data. If nothing identifies it, it is taken for a PDF, the most common document.
#[must_use]
pub fn of(declared: &str, file_name: Option<&str>, data: &str) -> Cow<'static, str> {
    if let Some(found) = by_signature(data) {
        return Cow::Borrowed(found);
    }
    let essence = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if let Some(known) = by_name(&essence) {
        return Cow::Borrowed(known);
    }
    let says_nothing = essence.is_empty() || essence.ends_with("/octet-stream") || essence.ends_with("/*");
    let by_file_name = || by_name(&file_name?.rsplit_once('.')?.1.to_ascii_lowercase());
    match by_file_name().filter(|_| says_nothing) {
        Some(known) => Cow::Borrowed(known),
        None if essence.is_empty() => Cow::Borrowed(PDF),
        None => Cow::Owned(essence),
    }
}

fn by_signature(data: &str) -> Option<&'static str> {
    let data = data.trim_start();
    // `RIFF`, four bytes of length, `WEBP`: the last three bytes of `WEBP` are one Base64 group.
    if data.starts_with("UklGR") && data.get(12..16) == Some("RUJQ") {
        return Some(WEBP);
    }
    let found = SIGNATURES.iter().find(|(signature, _)| data.starts_with(signature));
    found.map(|(_, media_type)| *media_type)
}

/// The type for a media type, its subtype or a file extension, in lower case. All text formats become plain text, since
/// few providers take another text format.
fn by_name(name: &str) -> Option<&'static str> {
    let (family, subtype) = name.split_once('/').unwrap_or(("", name));
    let word = subtype.strip_prefix("x-").unwrap_or(subtype);
    let is_text = family == "text" || (family != "image" && (word.ends_with("+json") || word.ends_with("+xml")));
    Some(match word {
        "jpeg" | "jpg" | "jpe" | "jfif" | "pjpeg" | "pjp" | "citrix-jpeg" => JPEG,
        "png" | "citrix-png" => PNG,
        "gif" => GIF,
        "webp" => WEBP,
        "pdf" | "acrobat" => PDF,
        "plain" | "text" | "txt" | "log" | "markdown" | "md" | "csv" | "tsv" | "html" | "htm" | "xhtml" | "xml"
        | "json" | "jsonl" | "ndjson" | "json5" | "yaml" | "yml" | "toml" | "ini" | "tex" | "latex" | "javascript"
        | "ecmascript" | "js" | "typescript" | "ts" | "css" | "python" | "py" | "rs" | "go" | "java" | "c" | "h"
        | "cpp" | "rb" | "php" | "sh" | "shellscript" | "sql" => PLAIN_TEXT,
        _ if is_text => PLAIN_TEXT,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data whose type cannot be recognized.
    const UNKNOWN: &str = "AAAA";

    #[test]
    fn names_that_people_write_become_registered_ones() {
        for (written, expected) in [
            ("image/jpg", JPEG),
            ("image/jpeg", JPEG),
            ("IMAGE/JPEG", JPEG),
            ("image/pjpeg", JPEG),
            ("image/jfif", JPEG),
            ("image/x-citrix-jpeg", JPEG),
            ("jpg", JPEG),
            ("image/x-png", PNG),
            ("png", PNG),
            ("image/x-webp", WEBP),
            ("image/gif; q=1", GIF),
            ("application/x-pdf", PDF),
            ("application/acrobat", PDF),
            ("text/pdf", PDF),
            ("pdf", PDF),
            ("", PDF),
            ("text/markdown; charset=utf-8", PLAIN_TEXT),
            ("application/json", PLAIN_TEXT),
            ("application/ld+json", PLAIN_TEXT),
            ("application/x-yaml", PLAIN_TEXT),
            ("text/x-whatever", PLAIN_TEXT),
            ("image/svg+xml", "image/svg+xml"),
            ("image/HEIC", "image/heic"),
            ("application/zip", "application/zip"),
        ] {
            assert_eq!(of(written, None, UNKNOWN), expected, "{written}");
        }
    }

    #[test]
    fn data_says_what_it_is_whatever_is_written_beside() {
        for (data, expected) in [
            ("/9j/4AAQSkZJRg", JPEG),
            ("iVBORw0KGgoAAAAN", PNG),
            ("R0lGODlhAQABAIAAAAUEBA", GIF),
            ("UklGRiIAAABXRUJQVlA4", WEBP),
            ("JVBERi0xLjcK", PDF),
        ] {
            for written in [
                "",
                "image/jpg",
                "image/png",
                "image/*",
                "application/octet-stream",
                "text/plain",
            ] {
                assert_eq!(of(written, Some("a.txt"), data), expected, "{written}");
            }
        }
        assert_eq!(
            of("audio/wav", None, "UklGRiQAAABXQVZFZm10"),
            "audio/wav",
            "RIFF holds more than WebP"
        );
    }

    #[test]
    fn a_files_name_counts_where_its_type_says_nothing() {
        assert_eq!(of("application/octet-stream", Some("notes.MD"), UNKNOWN), PLAIN_TEXT);
        assert_eq!(of("", Some("photo.jpg"), UNKNOWN), JPEG);
        assert_eq!(of("image/*", Some("photo.webp"), UNKNOWN), WEBP);
        assert_eq!(of("application/zip", Some("notes.md"), UNKNOWN), "application/zip");
        assert_eq!(of("", Some("noname"), UNKNOWN), PDF);
    }
}
