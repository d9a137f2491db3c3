//! Which kind of block holds a medium, and what Bedrock calls its format
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html>).

use sluice_sdk::adapter::media_type;

/// A member of the content block, with its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub block: Block,
    pub name: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    Image,
    Document,
    Video,
    Audio,
}

impl Block {
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Document => "document",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

impl Format {
    /// Of base64 data, by what is declared of it and its file's name. The data's own signature counts most.
    pub fn of_data(declared: &str, file_name: Option<&str>, data: &str) -> Option<Self> {
        let by_name = Self::of_type(declared).or_else(|| Self::of_name(file_name?));
        let mended = media_type::of(declared, file_name, data);
        match &*mended {
            // Text of any kind is one type there, and several here; a PDF is what stands for no sign at all.
            media_type::PLAIN_TEXT => by_name.filter(|format| format.block == Block::Document).or(Some(TEXT)),
            "application/pdf" if !data.trim_start().starts_with("JVBERi0") => by_name.or(Some(PDF)),
            mended => Self::of_type(mended).or(by_name),
        }
    }

    /// By a media type, or by a bare format such as `png`.
    pub fn of_type(media_type: &str) -> Option<Self> {
        let essence = media_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let (family, word) = essence.split_once('/').unwrap_or(("", &essence));
        let word = word.strip_prefix("x-").unwrap_or(word);
        match family {
            "audio" => audio(word),
            "video" => video(word),
            _ => named(word),
        }
    }

    /// By a file's name, or the path of an address.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.split(['?', '#']).next().unwrap_or_default();
        named(&name.rsplit_once('.')?.1.to_ascii_lowercase())
    }
}

const TEXT: Format = Format {
    block: Block::Document,
    name: "txt",
};
const PDF: Format = Format {
    block: Block::Document,
    name: "pdf",
};

/// By the last part of a media type or an extension.
fn named(word: &str) -> Option<Format> {
    let document = |name| {
        Some(Format {
            block: Block::Document,
            name,
        })
    };
    let image = |name| {
        Some(Format {
            block: Block::Image,
            name,
        })
    };
    match word {
        "png" => image("png"),
        "jpeg" | "jpg" | "pjpeg" | "jfif" => image("jpeg"),
        "gif" => image("gif"),
        "webp" => image("webp"),
        "pdf" => document("pdf"),
        "csv" => document("csv"),
        "html" | "htm" | "xhtml+xml" => document("html"),
        "md" | "markdown" => document("md"),
        "doc" | "msword" => document("doc"),
        "docx" | "vnd.openxmlformats-officedocument.wordprocessingml.document" => document("docx"),
        "xls" | "vnd.ms-excel" => document("xls"),
        "xlsx" | "vnd.openxmlformats-officedocument.spreadsheetml.sheet" => document("xlsx"),
        "txt" | "plain" => document("txt"),
        "mp3" | "wav" | "aac" | "flac" | "ogg" | "opus" | "m4a" | "pcm" => audio(word),
        _ => video(word),
    }
}

fn video(word: &str) -> Option<Format> {
    let name = match word {
        "mp4" | "m4v" => "mp4",
        "mov" | "quicktime" => "mov",
        "mkv" | "matroska" => "mkv",
        "webm" => "webm",
        "flv" => "flv",
        "mpeg" => "mpeg",
        "mpg" => "mpg",
        "wmv" | "ms-wmv" => "wmv",
        "3gp" | "3gpp" | "three_gp" => "three_gp",
        _ => return None,
    };
    Some(Format {
        block: Block::Video,
        name,
    })
}

fn audio(word: &str) -> Option<Format> {
    let name = match word {
        "mp3" | "mpeg" => "mp3",
        "wav" | "wave" | "vnd.wave" => "wav",
        "aac" => "aac",
        "flac" => "flac",
        "ogg" => "ogg",
        "opus" => "opus",
        "m4a" => "m4a",
        "mp4" => "mp4",
        "webm" => "webm",
        "pcm" | "pcm16" | "l16" => "pcm",
        _ => return None,
    };
    Some(Format {
        block: Block::Audio,
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_type_name_and_data() {
        const UNKNOWN: &str = "AAAA";
        for (declared, file_name, data, block, name) in [
            ("image/jpg", None, UNKNOWN, Block::Image, "jpeg"),
            ("image/png", None, "/9j/4AAQ", Block::Image, "jpeg"),
            ("text/csv", None, UNKNOWN, Block::Document, "csv"),
            ("text/markdown; charset=utf-8", None, UNKNOWN, Block::Document, "md"),
            ("text/plain", Some("a.html"), UNKNOWN, Block::Document, "txt"),
            ("application/json", None, UNKNOWN, Block::Document, "txt"),
            ("", Some("report.XLSX"), UNKNOWN, Block::Document, "xlsx"),
            (
                "application/octet-stream",
                Some("a.docx"),
                UNKNOWN,
                Block::Document,
                "docx",
            ),
            ("", None, UNKNOWN, Block::Document, "pdf"),
            ("text/plain", Some("a.txt"), "JVBERi0x", Block::Document, "pdf"),
            ("application/msword", None, UNKNOWN, Block::Document, "doc"),
            ("video/quicktime", None, UNKNOWN, Block::Video, "mov"),
            ("audio/mpeg", None, UNKNOWN, Block::Audio, "mp3"),
            ("video/3gpp", None, UNKNOWN, Block::Video, "three_gp"),
        ] {
            let format = Format::of_data(declared, file_name, data);
            assert_eq!(format, Some(Format { block, name }), "{declared} {file_name:?}");
        }
        assert_eq!(Format::of_data("application/zip", None, UNKNOWN), None);
        assert_eq!(
            Format::of_name("s3://bucket/a.b/clip.mp4?v=1").map(|it| it.name),
            Some("mp4")
        );
    }
}
