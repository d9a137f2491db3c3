//! Writes `contents`: turns with their parts. Consecutive messages of one side become one turn.

use sluice_sdk::canonical::Object;

/// The text of a user's turn without text, since models on Vertex AI require text in each turn.
const NOTHING: &str = " ";

/// The author of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    User,
    Model,
    /// Results of calls. They are the user's too, but need a turn of their own, with as many parts as there were calls.
    Results,
}

/// The list of turns.
pub struct Turns<'o> {
    out: &'o mut Vec<u8>,
    open: Option<Side>,
    has_text: bool,
    any: bool,
}

impl<'o> Turns<'o> {
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self {
            out,
            open: None,
            has_text: false,
            any: false,
        }
    }

    /// Begins a part: in the open turn if it belongs to this side, or else in a new turn.
    pub fn part(&mut self, side: Side) -> Object<'_> {
        if self.open == Some(side) {
            self.out.push(b',');
            return Object::begin(self.out);
        }
        self.close();
        if self.any {
            self.out.push(b',');
        }
        self.any = true;
        self.open = Some(side);
        self.out.extend_from_slice(match side {
            Side::User | Side::Results => br#"{"role":"user","parts":["#.as_slice(),
            Side::Model => br#"{"role":"model","parts":["#,
        });
        Object::begin(self.out)
    }

    /// Like [`Self::part`], for a part that is text.
    pub fn text(&mut self, side: Side) -> Object<'_> {
        if self.open != Some(side) {
            self.close();
        }
        self.has_text = true;
        self.part(side)
    }

    pub fn is_open(&self, side: Side) -> bool {
        self.open == Some(side)
    }

    /// Writes a turn of the user without content.
    pub fn nothing(&mut self) {
        self.text(Side::User).string("text", NOTHING);
    }

    fn close(&mut self) {
        let Some(side) = self.open.take() else { return };
        if side == Side::User && !self.has_text {
            self.out.push(b',');
            Object::begin(self.out).string("text", NOTHING);
        }
        self.has_text = false;
        self.out.extend_from_slice(b"]}");
    }

    /// Closes the list. If there is no turn, an empty turn of the user is written.
    pub fn end(mut self) {
        if !self.any {
            self.nothing();
        }
        self.close();
        self.out.push(b']');
    }
}
