//! Bodies of requests: how much of them is kept at a time, and how long they may take.

use std::io::{self, BufRead};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use axum_extra::headers::{ContentLength, HeaderMapExt};
use futures_util::{StreamExt, TryStreamExt};
use hyper::body::{Frame, SizeHint};
use shared::Reason;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::problem::Rejection;

/// How long a request's body may take, where it is kept until it is whole.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Each body may have this much without asking: more than any product that a person writes.
const FREE_KIB: usize = 16;

/// What all bodies together may have beside that: three of the largest.
const MAX_KIB: usize = 96 * 1024;

/// How much of a body that was refused is still taken, and for how long.
const MAX_SKIPPED_BYTES: usize = 64 * 1024 * 1024;
const SKIP_TIME: Duration = Duration::from_secs(5);

/// A body that is not kept whole brings this much ...
const PACE_BYTES: usize = 16 * 1024;

/// ... in every such time in which it is waited for.
const PACE_TIME: Duration = Duration::from_secs(30);

/// What the bodies of requests may have together.
#[derive(Clone)]
pub struct BodyMemory(Arc<Semaphore>);

impl Default for BodyMemory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_KIB)))
    }
}

/// A body is kept in blocks of so many bytes. In one piece the C library would take it for the
/// usual size of things, and keep as much for itself when it is free again (mallopt(3)).
const BLOCK_BYTES: usize = 64 * 1024;

/// A whole body. Its place is another's once all copies of this are gone.
#[derive(Clone)]
pub struct WholeBody {
    blocks: Arc<Vec<Vec<u8>>>,
    permit: Option<Arc<OwnedSemaphorePermit>>,
}

impl WholeBody {
    /// Whether it is so short that it takes no place of others.
    pub fn is_free(&self) -> bool {
        self.permit.is_none()
    }

    /// The body's blocks, in order.
    pub fn blocks(&self) -> &[Vec<u8>] {
        &self.blocks
    }

    /// The body from its beginning.
    pub fn reader(&self) -> BodyReader {
        BodyReader {
            blocks: self.blocks.clone(),
            block: 0,
            at: 0,
        }
    }
}

/// Reads a whole body.
pub struct BodyReader {
    blocks: Arc<Vec<Vec<u8>>>,
    block: usize,
    at: usize,
}

impl io::Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl io::BufRead for BodyReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let block = self.blocks.get(self.block).map_or(&[][..], |block| block);
        Ok(&block[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
        if self
            .blocks
            .get(self.block)
            .is_some_and(|block| block.len() == self.at)
        {
            self.block += 1;
            self.at = 0;
        }
    }
}

/// Puts bytes after those that are there.
fn append(blocks: &mut Vec<Vec<u8>>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        if blocks.last().is_none_or(|last| last.len() == BLOCK_BYTES) {
            blocks.push(Vec::new());
        }
        let Some(last) = blocks.last_mut() else {
            return;
        };
        let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - last.len()));
        last.extend_from_slice(now);
        bytes = later;
    }
}

impl BodyMemory {
    /// Reads a body of at most `max_bytes`. One that says at once that it has more is refused
    /// before any of it comes (RFC 9110 section 10.1.1).
    pub async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        max_bytes: usize,
    ) -> Result<WholeBody, Rejection> {
        let mut chunks = body.into_data_stream();
        let said = headers.typed_get::<ContentLength>();
        if said.is_some_and(|length| length.0 > max_bytes as u64) {
            // Who asks before it sends has sent nothing yet.
            if !headers.contains_key(EXPECT) {
                skip_rest(chunks).await;
            }
            return Err(Rejection::TooLarge(max_bytes));
        }
        let Ok(read) = timeout(BODY_TIME, self.collect(&mut chunks, max_bytes)).await else {
            return Err(Rejection::TooSlow);
        };
        if read.is_err() {
            skip_rest(chunks).await;
        }
        read
    }

    async fn collect(
        &self,
        chunks: &mut BodyDataStream,
        max_bytes: usize,
    ) -> Result<WholeBody, Rejection> {
        let (mut blocks, mut length) = (Vec::new(), 0);
        let mut permit: Option<OwnedSemaphorePermit> = None;
        let mut room_kib = FREE_KIB;
        let malformed = |error: axum::Error| Reason::Malformed(error.to_string());
        while let Some(chunk) = chunks.try_next().await.map_err(malformed)? {
            length += chunk.len();
            if length > max_bytes {
                return Err(Rejection::TooLarge(max_bytes));
            }
            // Taken as it comes: who announces much and sends little keeps nobody out.
            let more_kib = length.div_ceil(1024).saturating_sub(room_kib);
            if more_kib > 0 {
                let more = u32::try_from(more_kib).unwrap_or(u32::MAX);
                // Where several wait for each other, one gives up first.
                let patience = Duration::from_millis(rand::random_range(1_000..5_000));
                let more = self.0.clone().acquire_many_owned(more);
                let Ok(Ok(more)) = timeout(patience, more).await else {
                    return Err(Rejection::Busy);
                };
                match &mut permit {
                    Some(permit) => permit.merge(more),
                    None => permit = Some(more),
                }
                room_kib += more_kib;
            }
            append(&mut blocks, &chunk);
            consume_budget().await;
        }
        Ok(WholeBody {
            blocks: blocks.into(),
            permit: permit.map(Arc::new),
        })
    }
}

/// Takes what else comes, for a while: a client that sends all before it reads would else find its
/// connection broken, and not read why.
async fn skip_rest(mut chunks: BodyDataStream) {
    let mut skipped = 0;
    let skip = async {
        while skipped < MAX_SKIPPED_BYTES
            && let Some(Ok(chunk)) = chunks.next().await
        {
            skipped += chunk.len();
            // What is unpacked may never have to be waited for.
            consume_budget().await;
        }
    };
    // Whoever is still not done reads nothing.
    let _ = timeout(SKIP_TIME, skip).await;
}

/// A body that may be endless, but not endlessly slow.
pub struct PacedBody {
    body: Body,
    /// Since it last was on pace: what it brought, and how long it was waited for.
    bytes: usize,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl PacedBody {
    /// Watches a body.
    pub fn new(body: Body) -> Self {
        Self {
            body,
            bytes: 0,
            waited: Duration::ZERO,
            waiting: None,
        }
    }
}

/// The body took too long.
#[derive(Debug, thiserror::Error)]
#[error("nothing more came of it")]
struct OutOfPace;

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let Some((since, _)) = this.waiting.take() {
                this.waited += since.elapsed();
            }
            if let Some(Ok(frame)) = &frame {
                this.bytes += frame.data_ref().map_or(0, Bytes::len);
            }
            if this.bytes >= PACE_BYTES {
                this.bytes = 0;
                this.waited = Duration::ZERO;
            }
            return Poll::Ready(frame);
        }
        // Only while it is waited for: whoever reads it may be slow as well.
        let left = PACE_TIME.saturating_sub(this.waited);
        let waiting = || (Instant::now(), Box::pin(sleep(left)));
        let (_, sleep) = this.waiting.get_or_insert_with(waiting);
        ready!(sleep.as_mut().poll(context));
        Poll::Ready(Some(Err(axum::Error::new(OutOfPace))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use futures_util::stream;

    use super::*;

    /// A body that brings a piece of so many bytes each time.
    fn dripping(bytes: usize, every: Duration) -> Body {
        let pieces = stream::unfold((), move |()| async move {
            sleep(every).await;
            Some((Ok::<_, io::Error>(vec![b'x'; bytes]), ()))
        });
        Body::from_stream(pieces)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_ends_and_one_that_flows_does_not() {
        let slow = PacedBody::new(dripping(100, Duration::from_secs(1)));
        let mut slow = Body::new(slow).into_data_stream();
        let start = Instant::now();
        while slow.next().await.is_some_and(|piece| piece.is_ok()) {}
        assert_eq!(start.elapsed().as_secs(), PACE_TIME.as_secs());
        let steady = PacedBody::new(dripping(2_000, Duration::from_secs(3)));
        let mut steady = Body::new(steady).into_data_stream();
        for _ in 0..100 {
            assert!(steady.next().await.is_some_and(|piece| piece.is_ok()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_its_time_is_not_the_bodys_fault() {
        let body = PacedBody::new(dripping(10, Duration::from_millis(1)));
        let mut body = Body::new(body).into_data_stream();
        for _ in 0..100 {
            assert!(body.next().await.is_some_and(|piece| piece.is_ok()));
            sleep(Duration::from_secs(20)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_bodies_together_have_their_limit() {
        let memory = BodyMemory::default();
        let none = HeaderMap::new();
        let large = || Body::from(vec![b'x'; MAX_KIB / 2 * 1024]);
        let first = memory.read(&none, large(), usize::MAX).await;
        let read = first.as_ref().map(|body| {
            let mut bytes = Vec::new();
            body.reader().read_to_end(&mut bytes).expect("it is there");
            bytes.len()
        });
        assert_eq!(read.ok(), Some(MAX_KIB / 2 * 1024));
        let second = memory.read(&none, large(), usize::MAX).await;
        assert!(first.is_ok() && second.is_ok());
        let third = memory.read(&none, large(), usize::MAX).await;
        assert_eq!(third.err(), Some(Rejection::Busy));
        let small = Body::from(vec![b'x'; FREE_KIB * 1024]);
        let small = memory.read(&none, small, usize::MAX).await;
        assert!(small.is_ok(), "what a person writes always has room");
        drop(first);
        assert!(memory.read(&none, large(), usize::MAX).await.is_ok());
        let slow = dripping(1, Duration::from_secs(1));
        let slow = memory.read(&none, slow, usize::MAX).await;
        assert_eq!(slow.err(), Some(Rejection::TooSlow));
    }
}
