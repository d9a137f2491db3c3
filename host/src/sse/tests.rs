use super::*;
use crate::json::Span;
use crate::json::testing::Dice;

const MAX: usize = 1 << 20;

/// Events as (name, data) pairs, and the event that the stream broke off in.
type Read = (Vec<(String, String)>, Option<(String, String)>);

fn text(event: Event) -> (String, String) {
    (
        event.name().into_owned(),
        String::from_utf8_lossy(&event.data).into_owned(),
    )
}

fn read_frames(frames: &[&[u8]]) -> Read {
    let mut events = Events::new(MAX);
    let mut read = Vec::new();
    for frame in frames {
        events.push(Bytes::copy_from_slice(frame));
        read.extend(events.by_ref().map(|event| text(event.unwrap())));
    }
    (read, events.finish().map(text))
}

fn read(stream: &str) -> Read {
    read_frames(&[stream.as_bytes()])
}

/// The data of all events of a stream that ends with an empty line.
fn data(stream: &str) -> Vec<String> {
    let (events, unfinished) = read(stream);
    assert_eq!(unfinished, None, "{stream:?}");
    events.into_iter().map(|(_, data)| data).collect()
}

#[test]
fn the_examples_of_the_standard_hold() {
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    assert_eq!(
        read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"),
        (
            vec![
                (String::new(), "first event".into()),
                (String::new(), "second event".into())
            ],
            Some((String::new(), " third event".into()))
        )
    );
    assert_eq!(
        read("data\n\ndata\ndata\n\ndata:"),
        (
            vec![(String::new(), String::new()), (String::new(), "\n".into())],
            Some((String::new(), String::new()))
        )
    );
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
}

#[test]
fn lines_end_with_lf_crlf_or_cr() {
    for end in ["\n", "\r\n", "\r"] {
        let stream = format!("event: a{end}data: 1{end}data: 2{end}{end}data: 3{end}{end}{end}data: 4{end}{end}");
        let (events, unfinished) = read(&stream);
        let expected = [("a", "1\n2"), ("", "3"), ("", "4")].map(|(name, data)| (name.to_owned(), data.to_owned()));
        assert_eq!(events, expected, "{end:?}");
        assert_eq!(unfinished, None);
    }
}

#[test]
fn an_event_ends_with_its_cr_before_the_lf_has_come() {
    assert_eq!(read_frames(&[b"data: 1\r\n\r"]).0.len(), 1);
    let (events, unfinished) = read_frames(&[b"data: 1\r\n\r", b"\ndata: 2\r", b"\n\r", b"\n"]);
    assert_eq!(events.into_iter().map(|(_, data)| data).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(unfinished, None);
}

#[test]
fn the_last_name_counts_and_does_not_outlive_its_event() {
    let (events, _) = read("event: a\nevent: b\ndata: 1\n\nevent: c\n\ndata: 2\n\n");
    assert_eq!(
        events,
        [("b".to_owned(), "1".to_owned()), (String::new(), "2".to_owned())]
    );
}

#[test]
fn fields_that_serve_nothing_here_are_read_past() {
    assert_eq!(
        data("id: 7\nretry: 10\nretry: x\ndata : no\n data: no\nDATA: no\nother\ndata: yes\n\n"),
        ["yes"]
    );
    assert_eq!(data(": keep-alive\n\n:\n\nid: 1\n\n\n\n"), [""; 0]);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_alone() {
    assert_eq!(data("\u{feff}data: 1\n\n"), ["1"]);
    assert_eq!(data("\u{feff}\n\ndata: 1\n\n"), ["1"]);
    assert_eq!(data("data: 1\n\n\u{feff}data: 2\n\n"), ["1"]);
    assert_eq!(data("\u{feff}\u{feff}data: 1\n\ndata: 2\n\n"), ["2"]);
    assert_eq!(read_frames(&[b"\xef", b"\xbb\xbfda", b"ta: 1\n\n"]).0.len(), 1);
}

#[test]
fn a_stream_that_breaks_off_tells_what_it_broke_off_in() {
    assert_eq!(
        read("data: 1\n\ndata: [DONE]").1,
        Some((String::new(), "[DONE]".into()))
    );
    assert_eq!(read("event: x\ndata: {\"a\"").1, Some(("x".into(), "{\"a\"".into())));
    assert_eq!(read("da").1, Some((String::new(), String::new())));
    for clean in [
        "",
        "data: 1\n\n",
        "data: 1\n\n: ping",
        "data: 1\n\n\r\n",
        "data: 1\r\r\n",
    ] {
        assert_eq!(read(clean).1, None, "{clean:?}");
    }
}

#[test]
fn an_event_inside_one_frame_shares_its_bytes() {
    let frame = Bytes::from_static(b": ping\n\nevent: a\ndata: one\n\ndata: two\n\n");
    let mut events = Events::new(MAX);
    events.push(frame.clone());
    for event in events {
        let event = event.unwrap();
        assert!(frame.as_ptr_range().contains(&event.data.as_ptr()));
    }
}

#[test]
fn frames_pushed_before_the_last_was_read_lose_nothing() {
    let mut events = Events::new(MAX);
    events.push(Bytes::from_static(b"data: 1\n\ndata: 2\n\nda"));
    assert_eq!(events.next().unwrap().unwrap().data, "1");
    events.push(Bytes::from_static(b"ta: 3\n\n"));
    let rest: Vec<Bytes> = events.map(|event| event.unwrap().data).collect();
    assert_eq!(rest, ["2", "3"]);
}

#[test]
fn an_event_over_the_bound_ends_the_stream_wherever_it_is_cut() {
    let fits = "event: a\r\ndata: 12345\r\n";
    let stream = format!("{fits}\r\ndata: 1\r\n\r\n{fits}:\r\n\r\ndata: 2\r\n\r\n");
    for size in 1..stream.len() {
        let mut events = Events::new(fits.len());
        let mut scan = Scan::new(fits.len());
        let (mut read, mut errors, mut relayed) = (0, 0, Vec::new());
        for frame in stream.as_bytes().chunks(size) {
            let frame = Bytes::copy_from_slice(frame);
            events.push(frame.clone());
            for event in events.by_ref() {
                match event {
                    Ok(_) => read += 1,
                    Err(error) => {
                        assert_eq!(error.to_string(), "an event of the stream is longer than 23 bytes");
                        errors += 1;
                    }
                }
            }
            let out = scan.relay(&frame, |_| Verdict::Keep);
            relayed.extend(out.forward.into_bytes());
            errors += usize::from(out.error.is_some());
        }
        assert_eq!((read, errors), (2, 2), "frames of {size}");
        let whole = format!("{fits}\r\ndata: 1\r\n\r\n");
        // Whether the LF of the last empty line still goes out depends on whether it came along.
        assert_eq!(
            String::from_utf8(relayed).unwrap().trim_end(),
            whole.trim_end(),
            "frames of {size}"
        );
        assert_eq!((events.finish(), scan.finish()), (None, None));
    }
}

#[test]
fn data_is_written_as_it_will_be_read() {
    for (text, written) in [
        ("{}", "data: {}\n\n"),
        ("", "data: \n\n"),
        ("a\nb\r\nc\rd", "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        ("a\n", "data: a\ndata: \n\n"),
        (" a", "data:  a\n\n"),
    ] {
        let mut out = BytesMut::new();
        write_data(&mut out, text.as_bytes());
        assert_eq!(out, written.as_bytes());
        assert_eq!(data(written), [text.replace("\r\n", "\n").replace('\r', "\n")]);
    }
}

// ---- Scan

fn relay_all(frames: &[&[u8]], mut judge: impl FnMut(&Seen<'_>) -> Verdict) -> (String, Scan) {
    let mut scan = Scan::new(MAX);
    let mut out = Vec::new();
    for frame in frames {
        let relayed = scan.relay(&Bytes::copy_from_slice(frame), &mut judge);
        assert_eq!(relayed.error, None);
        out.extend(relayed.forward.into_bytes());
    }
    (String::from_utf8_lossy(&out).into_owned(), scan)
}

#[test]
fn a_frame_of_whole_kept_events_goes_out_as_the_same_bytes() {
    let mut scan = Scan::new(MAX);
    for frame in [
        "data: 1\n\n",
        ": ping\n\ndata: 2\n\nevent: a\ndata: 3\n\n",
        "data: 4\r\n\r\n",
        "\n",
    ] {
        let frame = Bytes::from_static(frame.as_bytes());
        let out = scan.relay(&frame, |_| Verdict::Keep).forward.into_bytes();
        assert_eq!((out.as_ptr(), out.len()), (frame.as_ptr(), frame.len()));
    }
}

#[test]
fn a_partial_event_waits_for_its_end() {
    let mut scan = Scan::new(MAX);
    let mut relay = |frame: &'static str| {
        let out = scan
            .relay(&Bytes::from_static(frame.as_bytes()), |_| Verdict::Keep)
            .forward
            .into_bytes();
        String::from_utf8(out.to_vec()).unwrap()
    };
    assert_eq!(relay("data: 1\n\nda"), "data: 1\n\n");
    assert_eq!(relay("ta: 2\n"), "");
    assert_eq!(relay("\ndata: 3\n\ndata: 4"), "data: 2\n\ndata: 3\n\n");
    assert_eq!(scan.finish().unwrap().data, "4");
}

#[test]
fn events_are_dropped_and_edited_where_they_stand() {
    let stream = "data: {\"model\":\"x\"}\n\nevent: e\nid: 1\ndata: {\"model\":\"x\"}\ndata:  \n\ndata: usage\n\n: c\n\ndata: [DONE]\n\n";
    for size in [1, 2, 3, 7, 20, stream.len()] {
        let frames: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
        let (out, scan) = relay_all(&frames, |seen| match seen.data {
            b"usage" => Verdict::Drop,
            data if data.starts_with(b"{") => {
                Verdict::Edit(Span { start: 9, end: 12 }, Bytes::from_static(b"\"name\""))
            }
            _ => Verdict::Keep,
        });
        let expected =
            "data: {\"model\":\"name\"}\n\nevent: e\ndata: {\"model\":\"name\"}\ndata:  \n\n: c\n\ndata: [DONE]\n\n";
        assert_eq!(out, expected, "frames of {size}");
        assert!(scan.is_done());
    }
}

#[test]
fn an_edit_with_line_ends_makes_more_data_lines() {
    let edit = |_: &Seen<'_>| Verdict::Edit(Span { start: 1, end: 2 }, Bytes::from_static(b"\n"));
    assert_eq!(
        relay_all(&[b"event: e\ndata: a-b\n\n"], edit).0,
        "event: e\ndata: a\ndata: b\n\n"
    );
}

#[test]
fn an_edit_outside_the_data_changes_nothing() {
    let edit = |_: &Seen<'_>| Verdict::Edit(Span { start: 3, end: 9 }, Bytes::from_static(b"x"));
    assert_eq!(relay_all(&[b"data: abc\n\n"], edit).0, "data: abc\n\n");
}

#[test]
fn done_is_noticed_even_when_it_is_dropped_or_lacks_its_empty_line() {
    assert!(relay_all(&[b"data: [DONE]\n\n"], |_| Verdict::Drop).1.is_done());
    assert!(!relay_all(&[b"data: \"[DONE]\"\n\n"], |_| Verdict::Keep).1.is_done());
    let mut scan = relay_all(&[b"data:[DONE]\n"], |_| Verdict::Keep).1;
    assert!(!scan.is_done());
    assert_eq!(scan.finish().unwrap().data, "[DONE]");
    assert!(scan.is_done());
}

// ---- Wherever frames are cut

fn random_stream(dice: &mut Dice) -> Vec<u8> {
    let pieces = [
        "data: ",
        "data:",
        "data",
        "event: ",
        "event",
        "id: 1",
        "retry: 5",
        ": comment",
        ":",
        " ",
        "é€😀",
        "[DONE]",
        "\u{feff}",
        "{\"a\":1}",
        "x",
        "\n",
        "\n",
        "\n",
        "\r",
        "\r\n",
        "\r\n",
        "\n\n",
        "\r\n\r\n",
        "\r\r",
    ];
    (0..dice.below(40)).flat_map(|_| dice.pick(&pieces).bytes()).collect()
}

fn cut_randomly<'a>(dice: &mut Dice, mut stream: &'a [u8]) -> Vec<&'a [u8]> {
    let mut frames = Vec::new();
    while !stream.is_empty() {
        let (frame, rest) = stream.split_at(dice.below(stream.len().min(12) + 1));
        frames.push(frame);
        stream = rest;
    }
    frames
}

/// The standard's algorithm line by line over a whole stream, written to be obvious.
fn oracle(stream: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(stream)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (mut events, mut name, mut data) = (Vec::new(), String::new(), String::new());
    // What follows the last line end is no line yet.
    let lines = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    for line in lines.split('\n').take_while(|_| text.contains('\n')) {
        if line.is_empty() {
            if let Some(data) = data.strip_suffix('\n') {
                events.push((name.clone(), data.to_owned()));
            }
            (name, data) = (String::new(), String::new());
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => name = value.to_owned(),
            "data" => data = format!("{data}{value}\n"),
            _ => {}
        }
    }
    events
}

#[test]
fn the_same_events_come_wherever_frames_are_cut() {
    let mut dice = Dice::new(11);
    let mut seen = 0;
    for _ in 0..10_000 {
        let stream = random_stream(&mut dice);
        let whole = read_frames(&[&stream]);
        assert_eq!(whole.0, oracle(&stream), "{:?}", String::from_utf8_lossy(&stream));
        let frames = cut_randomly(&mut dice, &stream);
        let cut = read_frames(&frames);
        assert_eq!(cut, whole, "{frames:?}");
        seen += whole.0.len();
    }
    assert!(seen > 5_000, "{seen} events show little");
}

#[test]
fn a_relay_that_keeps_all_changes_no_byte_and_sees_what_the_reader_reads() {
    let mut dice = Dice::new(12);
    for _ in 0..10_000 {
        let mut stream = random_stream(&mut dice);
        stream.extend_from_slice(b"\n\n");
        let frames = cut_randomly(&mut dice, &stream);
        let mut seen = Vec::new();
        let (out, _) = relay_all(&frames, |event| {
            let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            seen.push((read(event.name), read(event.data)));
            Verdict::Keep
        });
        assert_eq!(out, String::from_utf8_lossy(&stream), "{frames:?}");
        assert_eq!(seen, read_frames(&frames).0);
    }
}

#[test]
fn what_is_edited_reads_as_edited_wherever_frames_are_cut() {
    let mut dice = Dice::new(13);
    for _ in 0..5_000 {
        // A comment first, for what stands first in the output may be a byte order mark when all before it was dropped.
        let stream = [b":\n\n", &random_stream(&mut dice)[..]].concat();
        let frames = cut_randomly(&mut dice, &stream);
        let (out, _) = relay_all(&frames, |event| match event.data.len() % 3 {
            0 => Verdict::Drop,
            1 => Verdict::Edit(Span { start: 0, end: 1 }, Bytes::from_static(b"edit")),
            _ => Verdict::Keep,
        });
        let expected: Vec<_> = oracle(&stream)
            .into_iter()
            .filter(|(_, data)| data.len() % 3 != 0)
            .map(|(name, data)| match data.len() % 3 {
                1 => (
                    name,
                    String::from_utf8_lossy(&[b"edit", &data.as_bytes()[1..]].concat()).into_owned(),
                ),
                _ => (name, data),
            })
            .collect();
        assert_eq!(oracle(out.as_bytes()), expected, "{frames:?}");
    }
}
