//! Checks of the event stream readers. The first eight bytes of the input say where the stream is cut into frames.

use bytes::Bytes;

use crate::json::Span;
use crate::sse::{Event, EventTooLarge, Events, Scan, Verdict};

/// Small enough for the fuzzer to reach.
const EVENT_BYTES_MAX: usize = 64;

/// A stream gives the same events however it is cut.
pub fn sse_events(input: &[u8]) {
    let (cuts, stream) = split(input);
    let whole = read(std::slice::from_ref(&stream), EVENT_BYTES_MAX);
    assert_eq!(read(&frames(cuts, &stream), EVENT_BYTES_MAX), whole);
}

/// The events, and either the one that the stream broke off in or the error that ended it.
fn read(frames: &[Bytes], event_bytes_max: usize) -> (Vec<Event>, Result<Option<Event>, EventTooLarge>) {
    let mut events = Events::new(event_bytes_max);
    let mut read = Vec::new();
    for frame in frames {
        events.push(frame.clone());
        for event in events.by_ref() {
            match event {
                Ok(event) => read.push(event),
                Err(error) => return (read, Err(error)),
            }
        }
    }
    (read, Ok(events.finish()))
}

/// A relay shows the events that the reader reads, changes no byte when it keeps all of them, and sends whole events
/// when it does not.
pub fn sse_scan(input: &[u8]) {
    let (cuts, stream) = split(input);
    let frames = frames(cuts, &stream);
    let (expected, end) = read(&frames, EVENT_BYTES_MAX);

    let mut seen = Vec::new();
    let (kept, error) = relay(&frames, |event| {
        seen.push(event.clone());
        Verdict::Keep
    });
    assert_eq!(seen, expected);
    assert_eq!(error, end.err());
    assert!(stream.starts_with(&kept));

    // A comment in front, since a byte order mark that comes to stand first would be taken for one.
    let mut frames = frames;
    frames.insert(0, Bytes::from_static(b":\n\n"));
    let (edited, error) = relay(&frames, |event| match event.data.len() % 3 {
        0 => Verdict::Drop,
        1 => Verdict::Edit(Span { start: 0, end: 1 }, Bytes::from_static(b"!")),
        _ => Verdict::Keep,
    });
    if error.is_none() {
        let sizes = |events: Vec<Event>| events.into_iter().map(|event| event.data.len()).collect::<Vec<_>>();
        // An event that is written anew may be a few spaces longer than it was.
        let sent = sizes(read(&[Bytes::from(edited)], 2 * EVENT_BYTES_MAX).0);
        let left: Vec<usize> = sizes(read(&frames, EVENT_BYTES_MAX).0)
            .into_iter()
            .filter(|length| length % 3 != 0)
            .collect();
        assert_eq!(sent, left);
    }
}

fn relay(frames: &[Bytes], mut judge: impl FnMut(Event) -> Verdict) -> (Vec<u8>, Option<EventTooLarge>) {
    let mut scan = Scan::new(EVENT_BYTES_MAX);
    let mut sent = Vec::new();
    for frame in frames {
        let copied = |bytes: &[u8]| Bytes::copy_from_slice(bytes);
        let relayed = scan.relay(frame, |seen| {
            judge(Event {
                name: copied(seen.name),
                data: copied(seen.data),
            })
        });
        sent.extend(relayed.forward.into_bytes());
        if relayed.error.is_some() {
            return (sent, relayed.error);
        }
    }
    (sent, None)
}

pub fn split(input: &[u8]) -> (u64, Bytes) {
    match input.split_first_chunk() {
        Some((cuts, stream)) => (u64::from_le_bytes(*cuts), Bytes::copy_from_slice(stream)),
        None => (1, Bytes::copy_from_slice(input)),
    }
}

/// Frames of none to fifteen bytes, by four bits of `cuts` each, which are used again and again.
pub fn frames(cuts: u64, stream: &Bytes) -> Vec<Bytes> {
    let mut rest = stream.clone();
    let mut frames = Vec::new();
    for turn in 0.. {
        if rest.is_empty() {
            break;
        }
        let length = (cuts >> (turn % 16 * 4)) as usize & 0xf;
        // Empty frames come now and then, not for ever.
        let length = if turn % 16 == 0 { length.max(1) } else { length };
        frames.push(rest.split_to(length.min(rest.len())));
    }
    frames
}
