//! The clocks, on paused time: a body hands out its chunks after set delays.

use std::collections::VecDeque;

use tokio::time::{advance, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A body of chunks, each with the time it takes to come.
struct Paced {
    steps: VecDeque<(Duration, &'static str)>,
    pause: Option<Pin<Box<Sleep>>>,
}

fn paced(steps: &[(u32, &'static str)]) -> Paced {
    Paced {
        steps: steps.iter().map(|(seconds, text)| (SECOND * *seconds, *text)).collect(),
        pause: None,
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some((delay, text)) = self.steps.front().copied() else {
            return Poll::Ready(None);
        };
        if !delay.is_zero() {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(delay)));
            std::task::ready!(pause.as_mut().poll(cx));
        }
        self.pause = None;
        self.steps.pop_front();
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
    }
}

fn limits(first_byte: Option<u32>, between_chunks: Option<u32>, whole: Option<u32>) -> TimeLimits {
    let seconds = |limit: Option<u32>| limit.map(|seconds| SECOND * seconds);
    TimeLimits {
        first_byte: seconds(first_byte),
        between_chunks: seconds(between_chunks),
        whole: seconds(whole),
    }
}

/// Reads `body` to its end or its failure; says what was read, and when it was over.
async fn check(limits: TimeLimits, body: Paced) -> (String, Result<(), TooSlow>, Duration) {
    let started = Instant::now();
    let mut timed = Clock::start(limits).time(body);
    let mut read = String::new();
    let ended = loop {
        match timed.next_frame().await {
            None => break Ok(()),
            Some(Ok(frame)) => read.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap()),
            Some(Err(AnswerError::TooSlow(late))) => break Err(late),
            Some(Err(other)) => panic!("{other}"),
        }
    };
    // The timer counts whole milliseconds, upwards.
    (read, ended, Duration::from_secs(started.elapsed().as_secs()))
}

fn late(wait: Wait, seconds: u32) -> Result<(), TooSlow> {
    Err(TooSlow {
        wait,
        limit: SECOND * seconds,
    })
}

#[tokio::test(start_paused = true)]
async fn without_limits_an_answer_may_take_for_ever() {
    let body = paced(&[(1_000_000, "a"), (1_000_000, "b")]);
    assert_eq!(
        check(TimeLimits::default(), body).await,
        ("ab".to_owned(), Ok(()), SECOND * 2_000_000)
    );
}

#[tokio::test(start_paused = true)]
async fn each_chunk_starts_the_time_to_the_next_anew() {
    let body = paced(&[(9, "a"), (9, "b"), (9, "c"), (11, "d")]);
    let expected = ("abc".to_owned(), late(Wait::NextChunk, 10), SECOND * 37);
    assert_eq!(check(limits(None, Some(10), None), body).await, expected);
}

#[tokio::test(start_paused = true)]
async fn the_first_byte_has_a_limit_of_its_own() {
    let slow_first = || paced(&[(30, "a"), (4, "b"), (6, "c")]);
    let expected = (String::new(), late(Wait::FirstByte, 20), SECOND * 20);
    assert_eq!(check(limits(Some(20), Some(5), None), slow_first()).await, expected);
    // The timer stands at 40 s when the first byte comes, and must come nearer.
    let expected = ("ab".to_owned(), late(Wait::NextChunk, 5), SECOND * 39);
    assert_eq!(check(limits(Some(40), Some(5), None), slow_first()).await, expected);
}

#[tokio::test(start_paused = true)]
async fn an_empty_frame_is_no_first_byte() {
    let body = paced(&[(1, ""), (30, "a")]);
    let expected = (String::new(), late(Wait::FirstByte, 20), SECOND * 20);
    assert_eq!(check(limits(Some(20), Some(5), None), body).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_steady_answer_still_ends_at_the_limit_of_the_whole() {
    let body = paced(&[(4, "a"), (4, "b"), (4, "c")]);
    let expected = ("ab".to_owned(), late(Wait::Whole, 10), SECOND * 10);
    assert_eq!(check(limits(None, Some(5), Some(10)), body).await, expected);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_does_not_run_out_the_upstreams_time() {
    let mut timed = Clock::start(limits(Some(5), Some(5), None)).time(paced(&[(0, "a"), (0, "b"), (4, "c")]));
    for expected in ["a", "b", "c"] {
        let frame = timed.next_frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), expected);
        advance(SECOND * 60).await;
    }
    assert!(timed.next_frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_wait_given_up_and_begun_anew_goes_on_where_it_was() {
    let mut timed = Clock::start(limits(None, Some(10), None)).time(paced(&[(60, "a")]));
    let started = Instant::now();
    tokio::select! {
        _ = timed.next_frame() => panic!("nothing was to come yet"),
        () = sleep(SECOND * 7) => {}
    }
    assert!(matches!(timed.next_frame().await, Some(Err(AnswerError::TooSlow(_)))));
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_time_to_the_first_byte_covers_the_sending_too() {
    let started = Instant::now();
    let mut clock = Clock::start(limits(Some(10), None, None));
    clock.first_byte(sleep(SECOND * 6)).await.unwrap();
    let frame = clock.time(paced(&[(6, "a")])).next_frame().await;
    assert!(matches!(
        frame,
        Some(Err(AnswerError::TooSlow(TooSlow {
            wait: Wait::FirstByte,
            ..
        })))
    ));
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_never_answers_is_too_slow() {
    let refused = async |limits| {
        Clock::start(limits)
            .first_byte(std::future::pending::<()>())
            .await
            .unwrap_err()
    };
    assert_eq!(
        refused(limits(Some(2), None, Some(600))).await.to_string(),
        "the upstream was too slow: no first byte of its answer within 2 s; raise `stream_timeout`, or choose a faster deployment"
    );
    assert_eq!(
        refused(limits(None, Some(1), Some(600))).await.to_string(),
        "the upstream was too slow: no whole answer within 600 s; raise `timeout`, or choose a faster deployment"
    );
}

#[tokio::test]
async fn a_whole_answer_in_one_piece_is_not_copied() {
    let text = "in one piece";
    let timed = Clock::start(TimeLimits::default()).time(paced(&[(0, text)]));
    let read = timed.read_to_end(100).await.unwrap();
    assert_eq!(read.as_ptr(), text.as_ptr());
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_bound() {
    let read = async |bytes_max| {
        let body = paced(&[(0, "one"), (0, ""), (0, "two"), (0, "three")]);
        Clock::start(TimeLimits::default())
            .time(body)
            .read_to_end(bytes_max)
            .await
    };
    assert_eq!(read(11).await.unwrap(), "onetwothree");
    assert_eq!(
        read(10).await.unwrap_err().to_string(),
        "the upstream's answer is longer than 10 bytes; raise `sluice.upstream.answer_bytes_max` if that is right"
    );
}
