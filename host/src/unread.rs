//! What is left of a request's body when the request is refused.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::EXPECT;

/// Whether the client asks before it sends a body (<https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1>): if it is refused,
/// it sends none.
pub fn asks_first(headers: &HeaderMap) -> bool {
    headers.contains_key(EXPECT)
}

/// Reads on for a while and keeps nothing: a client whose connection closes while it writes may never read the answer
/// (<https://www.rfc-editor.org/rfc/rfc9112#section-9.6>). A body that was read to its end takes no time.
pub async fn read_on(body: &mut Incoming) {
    const TIME_MAX: Duration = Duration::from_secs(2);
    const BYTES_MAX: usize = 64 << 20;
    let reading = async {
        let mut read = 0;
        while read < BYTES_MAX
            && let Some(Ok(frame)) = body.frame().await
        {
            read += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    // What comes later than that is not waited for.
    let _ = tokio::time::timeout(TIME_MAX, reading).await;
}
