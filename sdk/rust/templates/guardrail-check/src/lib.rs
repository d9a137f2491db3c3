//! Masks words in requests and answers, however a stream is cut, and blocks texts with other words.

mod words;

use serde::Deserialize;
use sluice_sdk::{Edit, Guardrail, GuardrailError, Manifest, Passage, Plugin, Stage, Verdict, Violation};

use words::Words;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    mask: Vec<String>,
    block: Vec<String>,
}

pub struct MyGuardrail {
    mask: Words,
    block: Words,
}

impl Plugin for MyGuardrail {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "my-guardrail",
            env!("CARGO_PKG_VERSION"),
            "Masks words, on streams too, and blocks others.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self {
            mask: Words::new(settings.mask),
            block: Words::new(settings.block),
        })
    }
}

impl Guardrail for MyGuardrail {
    fn inspect(&mut self, stage: Stage, passages: Vec<Passage>) -> Result<Verdict, GuardrailError> {
        // More of the text will come: its end may be the beginning of a word.
        let is_open = stage == Stage::StreamWindow;
        if passages.iter().any(|passage| self.block.are_in(&passage.text)) {
            return Ok(Verdict::Block(Violation {
                code: "my-guardrail.word".into(),
                message: "The text has a word that is not allowed here.".into(),
                detail: String::new(),
            }));
        }
        let edits: Vec<Edit> = passages
            .iter()
            .map(|passage| self.edit(&passage.text, is_open))
            .collect();
        let is_same = |(edit, passage): (&Edit, &Passage)| edit.hold == 0 && edit.text == passage.text;
        if edits.iter().zip(&passages).all(is_same) {
            return Ok(Verdict::Pass);
        }
        Ok(Verdict::Rewrite(edits))
    }
}

impl MyGuardrail {
    fn edit(&self, text: &str, is_open: bool) -> Edit {
        let masked = self.mask.masked(text);
        let held = match is_open {
            true => self.mask.begun_at_end(&masked).max(self.block.begun_at_end(&masked)),
            false => 0,
        };
        Edit {
            text: masked[..masked.len() - held].to_owned(),
            // The host counts characters.
            hold: u32::try_from(masked[masked.len() - held..].chars().count()).unwrap_or(u32::MAX),
        }
    }
}

sluice_sdk::export!(MyGuardrail: Guardrail);
