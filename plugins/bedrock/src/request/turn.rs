//! The list of turns as it is written: neighbours of one side in one, the user's first, and text beside documents.

use sluice_sdk::canonical::Object;

use super::part::Written;

/// What the user says before an assistant that begins: Bedrock takes no conversation that does. As LiteLLM says it.
const OPENING: &str = "Please continue.";

/// What stands beside documents without a question: Bedrock wants text in their turn. As LiteLLM says it.
const BESIDE_DOCUMENTS: &str = ".";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    User,
    Assistant,
}

/// Writes a list of turns.
pub struct Turns<'o> {
    out: &'o mut Vec<u8>,
    /// Whose turn is open.
    side: Option<Side>,
    has_text: bool,
    has_document: bool,
}

impl<'o> Turns<'o> {
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self {
            out,
            side: None,
            has_text: false,
            has_document: false,
        }
    }

    pub fn side(&self) -> Option<Side> {
        self.side
    }

    /// Makes room for a block of this side: in the open turn if it is this side's, in a new one otherwise.
    pub fn block(&mut self, side: Side) -> Object<'_> {
        if self.side == Some(side) {
            self.out.push(b',');
            return Object::begin(self.out);
        }
        if self.side.is_some() {
            self.close();
            self.out.push(b',');
        } else if side == Side::Assistant {
            self.open(Side::User);
            Object::begin(self.out).string("text", OPENING);
            self.close();
            self.out.push(b',');
        }
        self.open(side);
        Object::begin(self.out)
    }

    /// What the last block turned out to be.
    pub fn wrote(&mut self, written: Written) {
        self.has_text |= written == Written::Text;
        self.has_document |= written == Written::Document;
    }

    /// Closes the list; says whether there was any turn.
    pub fn end(mut self) -> bool {
        let any = self.side.is_some();
        if any {
            self.close();
        }
        self.out.push(b']');
        any
    }

    fn open(&mut self, side: Side) {
        self.side = Some(side);
        (self.has_text, self.has_document) = (false, false);
        self.out.extend_from_slice(match side {
            Side::User => br#"{"role":"user","content":["#.as_slice(),
            Side::Assistant => br#"{"role":"assistant","content":["#,
        });
    }

    fn close(&mut self) {
        if self.has_document && !self.has_text {
            self.out.push(b',');
            Object::begin(self.out).string("text", BESIDE_DOCUMENTS);
        }
        self.out.extend_from_slice(b"]}");
    }
}
