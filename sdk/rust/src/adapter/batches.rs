//! Streamed answers, batch by batch. A failure must not swallow the chunks before it.

use crate::{Event, Failure};

/// Room for a chunk beside the data of the event it is made of.
const ROOM: usize = 256;

/// The state `S` of a streamed answer, whose events are translated a batch at a time. Where an event fails after chunks of its
/// batch were written, these are handed over, and the failure is told by the next call.
#[derive(Debug, Default)]
pub struct Batches<S> {
    state: S,
    /// Came after chunks of the same batch.
    failure: Option<Failure>,
}

impl<S> Batches<S> {
    /// A stream that begins in this state.
    #[must_use]
    pub fn of(state: S) -> Self {
        Self { state, failure: None }
    }

    /// Chunks for a batch: `event` appends those of one event. Events after one that failed are not read. What a failing
    /// event has appended counts as chunks; where clients must not see it, `event` takes it away.
    ///
    /// # Errors
    /// The failure that an earlier call kept, or that of an event before which no chunk was written.
    pub fn translate(
        &mut self,
        batch: &[Event],
        mut event: impl FnMut(&mut S, &Event, &mut Vec<u8>) -> Result<(), Failure>,
    ) -> Result<Vec<u8>, Failure> {
        self.tell()?;
        let mut out = Vec::with_capacity(batch.iter().map(|event| event.data.len() + ROOM).sum());
        let translated = batch.iter().try_for_each(|next| event(&mut self.state, next, &mut out));
        if out.is_empty() {
            translated?;
        } else {
            self.failure = translated.err();
        }
        Ok(out)
    }

    /// The end of the upstream's stream: `end` gives the chunks still owed, and fails where the answer is not over.
    ///
    /// # Errors
    /// The failure that an earlier call kept, or that of `end`.
    pub fn finish(&mut self, end: impl FnOnce(&mut S) -> Result<Vec<u8>, Failure>) -> Result<Vec<u8>, Failure> {
        self.tell()?;
        end(&mut self.state)
    }

    fn tell(&mut self) -> Result<(), Failure> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each event is a chunk; `bad` fails, `half` fails after a chunk, and an empty one gives nothing.
    fn translate(batches: &mut Batches<usize>, events: &[&str]) -> Result<String, String> {
        let event = |data: &&str| Event {
            name: String::new(),
            data: data.as_bytes().to_vec(),
        };
        let batch: Vec<Event> = events.iter().map(event).collect();
        told(batches.translate(&batch, |seen, event, out| {
            *seen += 1;
            if event.data != b"bad" {
                out.extend_from_slice(&event.data);
            }
            match &*event.data {
                b"bad" | b"half" => Err(Failure::malformed(*seen)),
                _ => Ok(()),
            }
        }))
    }

    fn finish(batches: &mut Batches<usize>) -> Result<String, String> {
        told(batches.finish(|seen| Ok(seen.to_string().into_bytes())))
    }

    fn told(chunks: Result<Vec<u8>, Failure>) -> Result<String, String> {
        let last_word = |failure: Failure| failure.message.rsplit(' ').next().unwrap_or_default().to_owned();
        chunks
            .map(|chunks| String::from_utf8(chunks).unwrap())
            .map_err(last_word)
    }

    #[test]
    fn chunks_of_a_batch_are_joined() {
        let mut batches = Batches::default();
        assert_eq!(translate(&mut batches, &["a", "", "b"]), Ok("ab".into()));
        assert_eq!(translate(&mut batches, &[""]), Ok(String::new()));
        assert_eq!(finish(&mut batches), Ok("4".into()));
    }

    #[test]
    fn a_failure_before_any_chunk_is_told_at_once() {
        let mut batches = Batches::default();
        assert_eq!(translate(&mut batches, &["", "bad", "a"]), Err("2".into()));
        assert_eq!(finish(&mut batches), Ok("2".into()));
    }

    #[test]
    fn a_failure_after_chunks_is_told_by_the_next_call() {
        let mut batches = Batches::default();
        assert_eq!(translate(&mut batches, &["a", "bad", "b"]), Ok("a".into()));
        assert_eq!(translate(&mut batches, &["c"]), Err("2".into()));
        assert_eq!(translate(&mut batches, &["c"]), Ok("c".into()));
    }

    #[test]
    fn a_failure_after_the_last_chunks_is_told_at_the_end() {
        let mut batches = Batches::of(5);
        assert_eq!(translate(&mut batches, &["half"]), Ok("half".into()));
        assert_eq!(finish(&mut batches), Err("6".into()));
    }

    #[test]
    fn the_end_may_fail_itself() {
        let mut batches = Batches::of(());
        assert!(batches.finish(|()| Err(Failure::malformed("it broke off"))).is_err());
    }
}
