//! A client that takes what the list is and how it changes, in order.

use std::sync::Arc;

use serde_json::value::RawValue;
use shared::Revision;
use socketioxide::extract::SocketRef;

use super::bodies::Bodies;
use super::client::Client;
use super::event::{self, CHANGES, PRODUCTS, PULSE};
use crate::engine::hub::{Cursor, Frame, Hub, Next};

/// A client that is not in step yet.
pub struct Follower {
    /// Where it is told.
    pub socket: SocketRef,
    /// Who it is.
    pub client: Arc<Client>,
    /// How far it has come.
    pub cursor: Cursor,
    /// The number of the latest pulse that it was told; `None` before the first.
    pub pulse: Option<u64>,
}

/// A client that is in step: the relay tells it what is new.
pub struct Member {
    /// Where it is told.
    pub socket: SocketRef,
    /// Who it is.
    pub client: Arc<Client>,
    /// It has everything up to here.
    pub revision: Revision,
    /// Where it was before it was in step.
    cursor: Cursor,
    /// The number of the latest pulse that it was told.
    pub pulse: u64,
}

/// What became of something that a member was offered.
#[derive(Debug, PartialEq, Eq)]
pub enum Offer {
    /// It has it, now or before.
    Taken,
    /// It has too much waiting, or something is missing before it: it has to catch up.
    Behind,
}

impl Follower {
    /// Tells a client what it misses, as fast as its network takes it, until it is in step. `None`
    /// where it can't be told any more.
    pub async fn catch_up(mut self, hub: &Hub, bodies: &Bodies) -> Option<Member> {
        loop {
            self.client.session.meter.all_taken().await;
            match self.cursor.next(hub).await {
                Next::Part(part, whole) => {
                    let digest = whole.map(|(_, digest)| digest);
                    let body = bodies.get(&part, || event::products(&part, digest));
                    self.tell(PRODUCTS, &body.ok()?)?;
                }
                Next::Frames(frames) => {
                    for frame in frames.iter() {
                        self.client.session.meter.all_taken().await;
                        let body = bodies.get(&frame.message, || event::changes(frame));
                        self.tell(CHANGES, &body.ok()?)?;
                    }
                }
                // It comes back, and begins with the whole list.
                Next::Replaced => return None,
                Next::InStep(revision) => {
                    self.tell_pulse(hub)?;
                    return Some(self.into_member(revision));
                }
            }
        }
    }

    /// Tells the pulse once the client is in step, so that it can compare.
    fn tell_pulse(&mut self, hub: &Hub) -> Option<()> {
        let latest = hub.latest_pulse();
        let number = latest.as_ref().map_or(0, |(number, _)| *number);
        let pulse = match self.pulse.replace(number) {
            None => hub.pulse_now(),
            Some(told) => match latest {
                Some((_, pulse)) if told != number => pulse,
                _ => return Some(()),
            },
        };
        self.tell(PULSE, &event::pulse(&pulse).ok()?)
    }

    fn tell(&self, event: &str, body: &RawValue) -> Option<()> {
        let is_taken = self.client.emit(&self.socket, event, body);
        is_taken.then_some(())
    }

    fn into_member(self, revision: Revision) -> Member {
        Member {
            socket: self.socket,
            client: self.client,
            revision,
            cursor: self.cursor,
            pulse: self.pulse.unwrap_or_default(),
        }
    }
}

impl Member {
    /// Whether what it has belongs to the hub's history.
    pub fn is_current(&self, hub: &Hub) -> bool {
        self.cursor.is_current(hub)
    }

    /// Whether it has left.
    pub fn is_gone(&self) -> bool {
        self.client.gone.is_cancelled()
    }

    /// Tells it a frame of changes, if that is what comes next for it.
    pub fn offer(&mut self, frame: &Frame, body: &RawValue) -> Offer {
        if frame.revision <= self.revision {
            return Offer::Taken;
        }
        let is_next = frame.since == self.revision && self.client.session.meter.has_room();
        if is_next && self.client.emit(&self.socket, CHANGES, body) {
            self.revision = frame.revision;
            return Offer::Taken;
        }
        Offer::Behind
    }

    /// Tells it a pulse. One for which there is no room is soon followed by another.
    pub fn offer_pulse(&mut self, number: u64, body: &RawValue) {
        let is_new = number > self.pulse;
        let has_room = self.client.session.meter.has_room();
        if is_new && has_room && self.client.emit(&self.socket, PULSE, body) {
            self.pulse = number;
        }
    }

    /// A follower again.
    pub fn into_follower(mut self) -> Follower {
        self.cursor.move_to(self.revision);
        Follower {
            socket: self.socket,
            client: self.client,
            cursor: self.cursor,
            pulse: Some(self.pulse),
        }
    }
}
