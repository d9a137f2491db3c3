//! `tool_choice` as `functionCallingConfig` (<https://ai.google.dev/api/caching#FunctionCallingConfig>).

use sluice_sdk::Failure;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{Object, RawValue, Text, ToolChoice};
use sluice_sdk::wire;

sluice_sdk::wire! {
    /// `{"type": "tool", "name"}`, which is Anthropic's form, or `{"type": "allowed_tools", "allowed_tools": {…}}`.
    Other {
        "type" kind: Text<'a>,
        "name" name: Text<'a>,
        "allowed_tools" allowed: Allowed<'a>,
    }

    Allowed {
        "mode" mode: Text<'a>,
        "tools" tools: Vec<AllowedTool<'a>>,
    }

    AllowedTool {
        "name" name: Text<'a>,
        "function" function: Named<'a>,
    }

    Named {
        "name" name: Text<'a>,
    }
}

/// Whether the model must call functions, and which ones.
pub struct Choice<'a> {
    mode: &'static str,
    allowed: Vec<Text<'a>>,
}

impl<'a> Choice<'a> {
    /// `None` if the parameter is dropped.
    ///
    /// # Errors
    /// Gemini has no counterpart of this form.
    pub fn of(choice: &'a ToolChoice<'a>, parameters: &Parameters) -> Result<Option<Self>, Failure> {
        let (mode, allowed) = match choice {
            ToolChoice::Auto => ("AUTO", Vec::new()),
            ToolChoice::None => ("NONE", Vec::new()),
            ToolChoice::Required => ("ANY", Vec::new()),
            ToolChoice::Named(name) => ("ANY", vec![name.clone()]),
            ToolChoice::Other(raw) => match other(raw) {
                Some(found) => found,
                None => {
                    return parameters
                        .drop_or_refuse("tool_choice", "it has no choice of this form")
                        .map(|()| None);
                }
            },
        };
        Ok(Some(Self { mode, allowed }))
    }

    pub fn write(&self, to: &mut Object) {
        to.string("mode", self.mode);
        if !self.allowed.is_empty() {
            let mut list = to.list("allowedFunctionNames");
            for name in &self.allowed {
                let out = list.item();
                out.push(b'"');
                out.extend_from_slice(name.escaped().as_bytes());
                out.push(b'"');
            }
        }
    }
}

/// Reads the other forms. The mode `VALIDATED` allows calls of the given functions, or text.
fn other(raw: &RawValue) -> Option<(&'static str, Vec<Text<'_>>)> {
    let other: Other = wire::read(raw.get()).ok()?;
    if let Some(allowed) = other.allowed {
        let is_required = allowed.mode.is_some_and(|mode| mode == *"required");
        let names = allowed.tools.into_iter().flatten();
        let names = names.filter_map(|tool| tool.name.or(tool.function?.name)).collect();
        return Some((if is_required { "ANY" } else { "VALIDATED" }, names));
    }
    let is_tool = other.kind.is_some_and(|kind| kind == *"tool");
    other.name.filter(|_| is_tool).map(|name| ("ANY", vec![name]))
}
