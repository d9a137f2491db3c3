//! Translation of streamed answers batch by batch, such that a failure does not lose the chunks before it.

use crate::{Event, Failure};

/// Estimated bytes that a chunk needs in addition to the data of its event.
const ROOM: usize = 256;

/// The state `S` of a streamed answer, whose events are translated in batches. If an event fails after earlier events
/// of its batch produced chunks, these chunks are returned, and the next call returns the failure.
#[derive(Debug, Default)]
pub struct Batches<S> {
    state: S,
    /// A failure that came after chunks of the same batch; the next call returns it.
    failure: Option<Failure>,
}

impl<S> Batches<S> {
    /// A stream whose initial state is `state`.
    #[must_use]
    pub fn of(state: S) -> Self {
        Self { state, failure: None }
    }

    /// Returns the chunks for a batch: `event` appends the chunks of one event to the buffer. Events after a failed one
    /// are not read. If a failing event has appended bytes, these count as chunks; `event` must remove them if clients
    /// must not get them.
    ///
    /// # Errors
    /// The failure that an earlier call kept, or the failure of an event if no chunk was written before it.
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

    /// Called when the upstream's stream has ended. `end` returns the remaining chunks, and fails if the answer is
    /// incomplete.
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

    /// Each event is one chunk; `bad` fails, `half` fails after writing a chunk, and an empty event writes nothing.
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
