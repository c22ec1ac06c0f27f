//! The one task that tells all clients that are in step what is new. It runs while there are
//! clients, and makes each event once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::join_all;
use shared::Revision;
use socketioxide::extract::SocketRef;
use tokio::sync::{Notify, watch};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::client::Client;
use super::door::Door;
use super::event::{self, CLOSING};
use super::follower::{Member, Offer, follow};
use super::session::Session;
use crate::engine::hub::{Cursor, Frame, Next};

/// After this many clients others get a turn: with thousands a frame is a few milliseconds' work.
const CLIENTS_AT_ONCE: usize = 256;

/// How long each part of a goodbye may take: the answers to what was asked, and what the network
/// still takes.
const GOODBYE_TIME: Duration = Duration::from_secs(1);

/// Where clients come to it and leave.
#[derive(Default)]
pub struct Relay {
    reception: Arc<Reception>,
}

#[derive(Default)]
struct Reception {
    state: Mutex<State>,
    /// Signalled when somebody has come or left.
    called: Notify,
}

#[derive(Default)]
struct State {
    /// How many clients there are, in step or not.
    clients: usize,
    /// Those that are in step since a moment ago.
    joining: Vec<Member>,
    is_running: bool,
}

impl Reception {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a client among those that the relay is there for, as long as it lives.
pub struct Place(Weak<Reception>);

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(reception) = self.0.upgrade() {
            reception.state().clients -= 1;
            reception.called.notify_one();
        }
    }
}

impl Relay {
    /// There is one more client. The first starts the task.
    pub fn enter(&self, door: &Arc<Door>) -> Place {
        let mut state = self.reception.state();
        state.clients += 1;
        if !std::mem::replace(&mut state.is_running, true) {
            let work = Work::new(door.clone());
            door.shutdown.tasks.spawn(work.run());
        }
        Place(Arc::downgrade(&self.reception))
    }

    /// A client is in step.
    pub fn join(&self, member: Member) {
        self.reception.state().joining.push(member);
        self.reception.called.notify_one();
    }
}

/// The task.
struct Work {
    door: Arc<Door>,
    members: Vec<Member>,
    cursor: Cursor,
    head: watch::Receiver<Revision>,
    pulses: watch::Receiver<u64>,
}

impl Work {
    fn new(door: Arc<Door>) -> Self {
        let (head, pulses) = (door.hub.head(), door.hub.pulses());
        Self {
            members: Vec::new(),
            cursor: Cursor::at_head(&door.hub),
            head,
            pulses,
            door,
        }
    }

    async fn run(mut self) {
        let reception = self.door.relay.reception.clone();
        let stop = self.door.shutdown.stop.clone();
        loop {
            self.members.append(&mut reception.state().joining);
            self.catch_up().await;
            if self.members.is_empty() {
                let mut state = reception.state();
                if state.clients == 0 && state.joining.is_empty() {
                    state.is_running = false;
                    return;
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // The hub outlives its followers.
                _ = self.head.changed() => {}
                _ = self.pulses.changed() => self.tell_pulse().await,
                () = reception.called.notified() => {}
            }
        }
        self.say_goodbye().await;
    }

    /// Tells everybody what came since the last time.
    async fn catch_up(&mut self) {
        self.head.mark_unchanged();
        loop {
            match self.cursor.next(&self.door.hub).await {
                Next::Frames(frames) => {
                    for frame in frames.iter() {
                        self.tell_frame(frame).await;
                    }
                }
                // It was away for so long that others are nearer: each goes on by itself.
                Next::Part(..) => {
                    self.cursor = Cursor::at_head(&self.door.hub);
                    self.part_with(|_| true);
                }
                Next::InStep(revision) => {
                    return self.part_with(|member| member.revision < revision);
                }
            }
        }
    }

    async fn tell_frame(&mut self, frame: &Frame) {
        let Ok(body) = event::changes(frame) else {
            return self.part_with(|_| true);
        };
        let mut is_behind = vec![false; self.members.len()];
        for (index, member) in self.members.iter_mut().enumerate() {
            is_behind[index] = member.offer(frame, &body) == Offer::Behind;
            if index % CLIENTS_AT_ONCE == CLIENTS_AT_ONCE - 1 {
                yield_now().await;
            }
        }
        let mut is_behind = is_behind.into_iter();
        self.part_with(|_| is_behind.next().unwrap_or_default());
    }

    /// Lets those go that are gone, and has those catch up by themselves that are behind.
    fn part_with(&mut self, mut is_behind: impl FnMut(&Member) -> bool) {
        let Self { members, door, .. } = self;
        // Asked first: it counts them.
        let parting = members.extract_if(.., |member| is_behind(member) || member.is_gone());
        for member in parting {
            if !member.is_gone() {
                let follower = follow(door.clone(), member.into_follower());
                door.shutdown.tasks.spawn(follower);
            }
        }
    }

    async fn tell_pulse(&mut self) {
        let Some((number, pulse)) = self.door.hub.latest_pulse() else {
            return;
        };
        let Ok(body) = event::pulse(&pulse) else {
            return;
        };
        for (index, member) in self.members.iter_mut().enumerate() {
            member.offer_pulse(number, &body);
            if index % CLIENTS_AT_ONCE == CLIENTS_AT_ONCE - 1 {
                yield_now().await;
            }
        }
    }

    /// Answers what was taken, tells every client when to come back, each another time, and closes.
    async fn say_goodbye(self) {
        let sockets = self.door.io.sockets();
        let clients: Vec<(SocketRef, Arc<Client>)> = sockets
            .into_iter()
            .filter_map(|socket| {
                let session = socket.req_parts().extensions.get::<Arc<Session>>();
                let client = session?.client()?;
                Some((socket, client))
            })
            .collect();
        let answered = clients
            .iter()
            .map(|(_, client)| client.session.backlog.all_answered());
        // Who asks for more than can be answered in this time asks again.
        let _ = timeout(GOODBYE_TIME, join_all(answered)).await;
        let max = self.door.timeouts.come_back.as_millis();
        let max = u32::try_from(max).unwrap_or(u32::MAX);
        for (socket, client) in &clients {
            if let Ok(body) = event::closing(rand::random_range(0..=max)) {
                client.emit(socket, CLOSING, &body);
            }
        }
        let _ = timeout(GOODBYE_TIME, self.door.io.close()).await;
    }
}
