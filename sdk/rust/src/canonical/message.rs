//! One message of a conversation: role, content, tool calls, and extensions that gateways have in common
//! (`reasoning_content`, `thinking_blocks`, `cache_control`).

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::text::{Text, from_visit, kind};
use super::view::{deserialize_object, view, words};

words! {
    /// The author of a message.
    Role {
        "system" System,
        /// The name that newer models use for the system.
        "developer" Developer,
        "user" User,
        "assistant" Assistant,
        /// The result of a tool call.
        "tool" Tool,
        /// The result of a function call, in the API's older form.
        "function" Function,
    }
}

view! {
    /// A message of the conversation.
    Message {
        /// The author of the message.
        "role" role: Role<'a>,
        /// Text, or a list of parts.
        "content" content: Content<'a>,
        /// The name of the author, among several with the same role; for [`Role::Function`] the name of the function.
        "name" name: Text<'a>,
        /// The tools that the assistant calls.
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
        /// The id of the call whose result this message is; for [`Role::Tool`].
        "tool_call_id" tool_call_id: Text<'a>,
        /// The function that the assistant calls, in the API's older form.
        "function_call" function_call: Function<'a>,
        /// Why the assistant refused.
        "refusal" refusal: Text<'a>,
        /// The assistant's reasoning as plain text.
        "reasoning_content" reasoning_content: Text<'a>,
        /// The assistant's reasoning as its provider signed it, to be sent back in the next turn.
        "thinking_blocks" thinking_blocks: Vec<&'a RawValue>,
        /// Marks the end of a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// One tool call of the assistant.
    ToolCall {
        /// Position among the calls of the message; only in stream chunks.
        "index" index: u32,
        /// The id that the message with the result refers to.
        "id" id: Text<'a>,
        /// `function` if absent.
        "type" kind: Text<'a>,
        /// The function to call, and its arguments.
        "function" function: Function<'a>,
        /// Marks the end of a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// A function's name and arguments.
    Function {
        /// The name of the function.
        "name" name: Text<'a>,
        /// A JSON object as text.
        "arguments" arguments: Text<'a>,
    }
}

deserialize_object!(Message ToolCall Function);

/// The content of a message.
#[derive(Debug, Clone)]
pub enum Content<'a> {
    /// Plain text.
    Text(Text<'a>),
    /// A list of texts, images and files.
    Parts(Vec<Part<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    /// A plain text is recognized without parsing it a second time. A list of parts is scanned twice: for its end and
    /// for its parts.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'a RawValue>::deserialize(deserializer)?;
        if let Some(text) = Text::of(raw) {
            return Ok(Self::Text(text));
        }
        if raw.get().starts_with('[') {
            return serde_json::from_str(raw.get())
                .map(Self::Parts)
                .map_err(D::Error::custom);
        }
        Err(D::Error::custom(format_args!(
            "content is text or a list of parts, not {}",
            kind(raw)
        )))
    }
}

words! {
    /// The type of a part.
    PartKind {
        "text" Text,
        "image_url" ImageUrl,
        "input_audio" InputAudio,
        "file" File,
        "refusal" Refusal,
    }
}

view! {
    /// One part of a message's content.
    Part {
        /// The type of the part, which decides which other field is present.
        "type" kind: PartKind<'a>,
        /// The text, for [`PartKind::Text`].
        "text" text: Text<'a>,
        /// The image, for [`PartKind::ImageUrl`].
        "image_url" image_url: ImageUrl<'a>,
        /// The file, for [`PartKind::File`].
        "file" file: File<'a>,
        /// The text of the refusal, for [`PartKind::Refusal`].
        "refusal" refusal: Text<'a>,
        /// Marks the end of a prefix that the provider should cache.
        "cache_control" cache_control: &'a RawValue,
    }
}

view! {
    /// An image as an address or a `data:` URI. A plain string is read as the address.
    ImageUrl {
        /// The address or `data:` URI.
        "url" url: Text<'a>,
        /// The resolution at which the model looks at the image: `low`, `high` or `auto`.
        "detail" detail: Text<'a>,
        /// Media type, if the address does not tell it.
        "format" format: Text<'a>,
    }
}

view! {
    /// A file as an id or as data.
    File {
        /// A `data:` URI, or Base64 alone.
        "file_data" file_data: Text<'a>,
        /// The file's id in the provider's store; some clients put an address here.
        "file_id" file_id: Text<'a>,
        /// The client's name for the file.
        "filename" filename: Text<'a>,
        /// Media type, if the data does not tell it.
        "format" format: Text<'a>,
    }
}

deserialize_object!(Part File);

impl<'de: 'a, 'a> Deserialize<'de> for ImageUrl<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Read<'a> {
            type Value = ImageUrl<'a>;

            fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
                to.write_str("an object with a `url`, or a string")
            }

            fn visit_borrowed_str<E>(self, url: &'de str) -> Result<Self::Value, E> {
                Ok(ImageUrl {
                    url: Some(Text::unescaped(url)),
                    ..ImageUrl::default()
                })
            }

            fn visit_str<E>(self, url: &str) -> Result<Self::Value, E> {
                Ok(ImageUrl {
                    url: Some(from_visit(url)?),
                    ..ImageUrl::default()
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                ImageUrl::read_all(map)
            }
        }

        deserializer.deserialize_any(Read(PhantomData))
    }
}
