//! The one task that tells all clients that are in step what is new. It runs while there are
//! clients, and makes each event once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use shared::Revision;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::client::{Client, Places};
use super::event::{self, CLOSING};
use super::follower::{Follower, Member, Offer};
use crate::engine::hub::{Cursor, Frame, Hub, Next};
use crate::http::shutdown::Shutdown;
use crate::live::timeouts::Timeouts;

/// After this many clients others get a turn: with thousands a frame is a few milliseconds' work.
const CLIENTS_AT_ONCE: usize = 256;

/// How long each part of a goodbye may take: the answers to what was asked, and what the network
/// still takes.
const GOODBYE_TIME: Duration = Duration::from_secs(1);

/// Where clients come to it.
pub struct Relay {
    /// The hub, from which changes come.
    pub hub: Arc<Hub>,
    io: SocketIo,
    timeouts: Timeouts,
    shutdown: Shutdown,
    places: Arc<Places>,
    reception: Mutex<Reception>,
}

#[derive(Default)]
struct Reception {
    /// Clients that are in step since a moment ago.
    joining: Vec<Member>,
    /// Whether the task runs.
    is_open: bool,
}

impl Relay {
    /// A relay from this hub to the crate's clients.
    pub fn new(hub: Arc<Hub>, io: SocketIo, timeouts: Timeouts, shutdown: Shutdown) -> Self {
        Self {
            hub,
            io,
            timeouts,
            shutdown,
            places: Arc::default(),
            reception: Mutex::default(),
        }
    }

    fn reception(&self) -> MutexGuard<'_, Reception> {
        self.reception
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in one more client, which has come as far as the cursor. The first starts the task.
    pub fn welcome(self: &Arc<Self>, socket: SocketRef, client: Arc<Client>, cursor: Cursor) {
        client.enter(self.places.take());
        let was_open = std::mem::replace(&mut self.reception().is_open, true);
        if !was_open {
            self.shutdown.tasks.spawn(Work::new(self.clone()).run());
        }
        self.follow(Follower {
            socket,
            client,
            cursor,
            pulse: None,
        });
    }

    /// Has a client catch up by itself, and takes it in again once it has.
    fn follow(self: &Arc<Self>, follower: Follower) {
        let relay = self.clone();
        let stop = self.shutdown.stop.clone();
        let gone = follower.client.gone.clone();
        self.shutdown.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = gone.cancelled() => {}
                caught_up = follower.catch_up(&relay.hub) => {
                    if let Ok(member) = caught_up {
                        relay.reception().joining.push(member);
                        relay.places.called.notify_one();
                    }
                }
            }
        });
    }

    /// Ends the task, unless there is somebody that it is there for.
    fn close(&self) -> bool {
        let mut reception = self.reception();
        reception.is_open = !self.places.are_free() || !reception.joining.is_empty();
        !reception.is_open
    }
}

/// The task.
struct Work {
    relay: Arc<Relay>,
    members: Vec<Member>,
    cursor: Cursor,
    head: watch::Receiver<Revision>,
    pulses: watch::Receiver<u64>,
}

impl Work {
    fn new(relay: Arc<Relay>) -> Self {
        let (head, pulses) = (relay.hub.head(), relay.hub.pulses());
        Self {
            members: Vec::new(),
            cursor: Cursor::at_head(&relay.hub),
            head,
            pulses,
            relay,
        }
    }

    async fn run(mut self) {
        let relay = self.relay.clone();
        loop {
            self.members.append(&mut relay.reception().joining);
            self.catch_up().await;
            if self.members.is_empty() && relay.close() {
                return;
            }
            tokio::select! {
                biased;
                () = relay.shutdown.stop.cancelled() => break,
                // The hub outlives its followers.
                _ = self.head.changed() => {}
                _ = self.pulses.changed() => self.tell_pulse().await,
                () = relay.places.called.notified() => {}
            }
        }
        self.say_goodbye().await;
    }

    /// Tells everybody what came since the last time.
    async fn catch_up(&mut self) {
        self.head.mark_unchanged();
        loop {
            match self.cursor.next(&self.relay.hub).await {
                Next::Frames(frames) => {
                    for frame in frames.iter() {
                        self.tell_frame(frame).await;
                    }
                }
                // It was away for so long that others are nearer: each goes on by itself.
                Next::Part(..) => {
                    self.cursor = Cursor::at_head(&self.relay.hub);
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
        let Self { members, relay, .. } = self;
        // Asked first: it counts them.
        let parting = members.extract_if(.., |member| is_behind(member) || member.is_gone());
        for member in parting {
            if !member.is_gone() {
                relay.follow(member.into_follower());
            }
        }
    }

    async fn tell_pulse(&mut self) {
        let Some((number, pulse)) = self.relay.hub.latest_pulse() else {
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
        let sockets = self.relay.io.sockets();
        let clients: Vec<(SocketRef, Arc<Client>)> = sockets
            .into_iter()
            .filter_map(|socket| {
                let client = socket.extensions.get::<Arc<Client>>()?;
                Some((socket, client))
            })
            .collect();
        let answered = clients
            .iter()
            .map(|(_, client)| client.session.backlog.all_answered());
        // Who asks for more than can be answered in this time asks again.
        let _ = timeout(GOODBYE_TIME, join_all(answered)).await;
        let max = self.relay.timeouts.come_back.as_millis();
        let max = u32::try_from(max).unwrap_or(u32::MAX);
        for (socket, client) in &clients {
            if let Ok(body) = event::closing(rand::random_range(0..=max)) {
                client.emit(socket, CLOSING, &body);
            }
        }
        let _ = timeout(GOODBYE_TIME, self.relay.io.close()).await;
    }
}
