//! Counts what arrives, cheaply: a server sends most connections the same bytes, so a message that
//! was read once is only compared the next time.

use std::io::Read;

use flate2::read::DeflateDecoder;
use hdrhistogram::Histogram;

use crate::frame::{self, Frame};
use crate::mark::{self, Mark};

/// Messages that are remembered. Connections are a few messages apart at most, mostly.
const KNOWN: usize = 256;

/// What all connections saw.
pub struct Seen {
    /// Products that arrived, each counted once for each connection.
    pub deliveries: u64,
    /// Connections whose products came in another order than the first one's, or not at all.
    pub differing: usize,
    /// From the request to the connection, in microseconds.
    pub delay: Histogram<u64>,
    /// The same for the last connection of each product.
    pub last_delay: Histogram<u64>,
    /// Messages, where a message may carry several products.
    pub messages: u64,
    /// What these messages were together, in bytes as they came.
    pub bytes: u64,
    /// For each product: how often it arrived, over all connections.
    pub per_product: Vec<usize>,
    /// When each connection had all, in microseconds on the clock of [`mark::now_us`].
    pub reached: Histogram<u64>,
}

impl Seen {
    /// The delays for a table: p50, p99, p99.9 and the longest, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    pub fn delays_ms(&self) -> String {
        let ms = |us: u64| us as f64 / 1_000.0;
        format!(
            "{:.2}/{:.2}/{:.2}/{:.2}",
            ms(self.delay.value_at_quantile(0.5)),
            ms(self.delay.value_at_quantile(0.99)),
            ms(self.delay.value_at_quantile(0.999)),
            ms(self.delay.max()),
        )
    }
}

/// What one connection has.
#[derive(Default)]
pub struct Has {
    count: u64,
    /// The numbers seen, folded in their order.
    order: u64,
}

/// A message and the marks in it.
#[derive(Default)]
struct Known {
    message: Vec<u8>,
    marks: Vec<Mark>,
    /// Folding the marks' numbers into an order is a multiplication by this and an addition.
    factor: u64,
    fold: u64,
}

/// Counts what arrives.
pub struct Count {
    seen: Seen,
    connections: usize,
    goal: u64,
    known: Vec<Known>,
}

impl Count {
    /// Nothing yet, for this many connections, each of which has all with `goal` products.
    pub fn new(connections: usize, goal: u64) -> anyhow::Result<Self> {
        Ok(Self {
            seen: Seen {
                deliveries: 0,
                differing: 0,
                delay: Histogram::new(3)?,
                last_delay: Histogram::new(3)?,
                messages: 0,
                bytes: 0,
                reached: Histogram::new(3)?,
                per_product: Vec::new(),
            },
            connections,
            goal,
            known: (0..KNOWN).map(|_| Known::default()).collect(),
        })
    }

    /// Deliveries so far.
    pub fn deliveries(&self) -> u64 {
        self.seen.deliveries
    }

    /// Connections that have all that is measured.
    pub fn reached(&self) -> u64 {
        self.seen.reached.len()
    }

    /// Takes a frame's message that came at this time; a binary one is packed.
    pub fn take(&mut self, has: &mut Has, frame: &Frame<'_>, now: u64) -> anyhow::Result<()> {
        let (message, opcode) = (frame.payload, frame.opcode);
        let known = &mut self.known[place(message)];
        if known.message != message {
            *known = Known::read(message, opcode)?;
        }
        if known.marks.is_empty() {
            return Ok(());
        }
        has.order = has
            .order
            .wrapping_mul(known.factor)
            .wrapping_add(known.fold);
        for mark in &known.marks {
            let delay = now.saturating_sub(mark.asked_us);
            self.seen.delay.record(delay)?;
            let index = usize::try_from(mark.number)?;
            if self.seen.per_product.len() <= index {
                self.seen.per_product.resize(index + 1, 0);
            }
            self.seen.per_product[index] += 1;
            if self.seen.per_product[index] == self.connections {
                self.seen.last_delay.record(delay)?;
            }
        }
        let count = known.marks.len() as u64;
        if (has.count..has.count + count).contains(&self.goal.wrapping_sub(1)) {
            self.seen.reached.record(now)?;
        }
        has.count += count;
        self.seen.deliveries += count;
        self.seen.messages += 1;
        self.seen.bytes += message.len() as u64;
        Ok(())
    }

    /// What all of these connections saw.
    pub fn finish(mut self, all: &[&Has]) -> Seen {
        let first = all.first().map(|one| (one.count, one.order));
        let differs = |one: &&&Has| Some((one.count, one.order)) != first;
        self.seen.differing = all.iter().filter(differs).count();
        self.seen
    }
}

impl Known {
    fn read(message: &[u8], opcode: u8) -> anyhow::Result<Self> {
        let marks: Vec<Mark> = match opcode {
            frame::BINARY => mark::find(&unpacked(message)?).collect(),
            _ => mark::find(message).collect(),
        };
        let fold = |(factor, fold): (u64, u64), mark: &Mark| {
            (
                factor.wrapping_mul(31),
                fold.wrapping_mul(31).wrapping_add(mark.number),
            )
        };
        let (factor, fold) = marks.iter().fold((1, 0), fold);
        Ok(Self {
            message: message.to_vec(),
            marks,
            factor,
            fold,
        })
    }
}

/// What a packed message says (RFC 1951).
fn unpacked(message: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    DeflateDecoder::new(message).read_to_end(&mut text)?;
    Ok(text)
}

/// Where a message is remembered: by its length, its beginning and its end, in which messages
/// differ (FNV-1a).
fn place(message: &[u8]) -> usize {
    let start = message.iter().take(96);
    let end = message.iter().rev().take(32);
    let hash = start.chain(end).fold(message.len(), |hash, byte| {
        (hash ^ usize::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 16) % KNOWN
}
