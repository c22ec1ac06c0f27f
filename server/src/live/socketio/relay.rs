//! The one task that tells all clients that are in step what is new. It runs while there are
//! clients, and makes the body of each event once; the crate wraps and copies it for each of them.
//! (Its rooms would share the copy, and not say whom they have left out.)

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::value::RawValue;
use shared::Revision;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use tokio::sync::{Notify, watch};
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::bodies::Bodies;
use super::client::{Client, ClientCount};
use super::event::{self, CLOSING};
use super::follower::{Follower, Member, Offer};
use crate::engine::desk::Desk;
use crate::engine::hub::{Cursor, Frame, Hub, Next};
use crate::http::shutdown::Shutdown;
use crate::live::hello::resume;
use crate::live::timeouts::Timeouts;

/// After this many clients others get a turn: with thousands a frame is a few milliseconds' work.
const CLIENTS_AT_ONCE: usize = 256;

/// How long each part of a goodbye may take: the answers to what was asked, and what the network
/// still takes.
const GOODBYE_TIME: Duration = Duration::from_secs(1);

/// Tells clients what is new, and lets them catch up.
pub struct Relay {
    hub: Arc<Hub>,
    desk: Desk,
    io: SocketIo,
    timeouts: Timeouts,
    shutdown: Shutdown,
    bodies: Bodies,
    count: Arc<ClientCount>,
    state: Mutex<State>,
    /// Signalled when a client is in step.
    joined: Notify,
}

#[derive(Default)]
struct State {
    /// Clients that are in step since a moment ago.
    joining: Vec<Member>,
    /// Whether the task runs.
    is_running: bool,
}

impl Relay {
    /// A relay from this hub to the crate's clients.
    pub fn new(
        hub: Arc<Hub>,
        desk: Desk,
        io: SocketIo,
        timeouts: Timeouts,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            hub,
            desk,
            io,
            timeouts,
            shutdown,
            bodies: Bodies::default(),
            count: Arc::default(),
            state: Mutex::default(),
            joined: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a client that has joined. The first one starts the task.
    pub fn take_in(self: &Arc<Self>, socket: SocketRef, client: Arc<Client>) {
        if !client.enter(&self.count) {
            return;
        }
        if !std::mem::replace(&mut self.state().is_running, true) {
            self.shutdown.tasks.spawn(Task::new(self.clone()).run());
        }
        let cursor = Cursor::resume(&self.hub, client.position.as_ref());
        let follower = Follower {
            socket,
            client,
            cursor,
            pulse: None,
        };
        if !self.desk.is_shared() || follower.client.position.is_none() {
            return self.follow(follower);
        }
        let relay = self.clone();
        self.shutdown.tasks.spawn(async move {
            let position = follower.client.position.as_ref();
            let cursor = resume(&relay.hub, &relay.desk, position).await;
            relay.follow(Follower { cursor, ..follower });
        });
    }

    /// Has a client catch up by itself. Then it is one of those that the task tells what is new.
    fn follow(self: &Arc<Self>, follower: Follower) {
        let relay = self.clone();
        let client = follower.client.clone();
        self.shutdown.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = relay.shutdown.stop.cancelled() => {}
                () = client.gone.cancelled() => {}
                caught_up = follower.catch_up(&relay.hub, &relay.bodies) => match caught_up {
                    Some(member) => {
                        relay.state().joining.push(member);
                        relay.joined.notify_one();
                    }
                    // It comes back and goes on where it was.
                    None => client.session.cut(),
                },
            }
        });
    }

    /// Lets the task end where there is nobody that it is there for, and tells whether it does.
    fn end_if_idle(&self) -> bool {
        let mut state = self.state();
        state.is_running = !self.count.is_zero() || !state.joining.is_empty();
        !state.is_running
    }
}

/// Stops the server when it is dropped by a panic: half of it would go on, and show old lists.
struct StopsOnPanic(CancellationToken);

impl Drop for StopsOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.cancel();
        }
    }
}

/// The task.
struct Task {
    relay: Arc<Relay>,
    members: Vec<Member>,
    cursor: Cursor,
    head: watch::Receiver<Revision>,
    pulses: watch::Receiver<u64>,
}

impl Task {
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
        let _guard = StopsOnPanic(relay.shutdown.stop.clone());
        loop {
            self.welcome(std::mem::take(&mut relay.state().joining));
            let has_more = self.take_step().await;
            if self.members.is_empty() && relay.end_if_idle() {
                return;
            }
            tokio::select! {
                biased;
                () = relay.shutdown.stop.cancelled() => break,
                () = std::future::ready(()), if has_more => {}
                // The hub outlives its followers.
                _ = self.head.changed() => {}
                _ = self.pulses.changed() => self.tell_pulse().await,
                () = relay.joined.notified() => {}
                () = relay.count.less() => {}
            }
        }
        self.say_goodbye().await;
    }

    /// Takes in those who are in step, but for those to whom the list was replaced meanwhile.
    fn welcome(&mut self, joining: Vec<Member>) {
        for member in joining {
            if member.is_current(&self.relay.hub) {
                self.members.push(member);
            } else {
                self.relay.follow(member.into_follower());
            }
        }
    }

    /// Tells everybody what comes next, and returns whether there may be more. In a storm there
    /// always is, and clients come and leave in between.
    async fn take_step(&mut self) -> bool {
        self.head.mark_unchanged();
        match self.cursor.next(&self.relay.hub).await {
            Next::Frames(frames) => {
                for frame in frames.iter() {
                    self.tell_frame(frame).await;
                }
                true
            }
            // The task was away for so long that nobody knows what it missed, or there is another list.
            Next::Part(..) | Next::Replaced => {
                self.cursor = Cursor::at_head(&self.relay.hub);
                self.part_with(|_| true);
                true
            }
            // Whoever joined with less than that has to ask for the rest.
            Next::InStep(revision) => {
                self.part_with(|member| member.revision < revision);
                false
            }
        }
    }

    async fn tell_frame(&mut self, frame: &Frame) {
        let Ok(body) = event::changes(frame) else {
            return self.part_with(|_| true);
        };
        let mut is_behind = Vec::with_capacity(self.members.len());
        self.tell_each(|member| is_behind.push(member.offer(frame, &body) == Offer::Behind))
            .await;
        let mut is_behind = is_behind.into_iter();
        self.part_with(|_| is_behind.next().unwrap_or_default());
    }

    async fn tell_pulse(&mut self) {
        // What a pulse says is true once everything before it was told.
        while self.take_step().await {}
        self.relay.bodies.forget_unused();
        if let Some((number, pulse)) = self.relay.hub.latest_pulse()
            && let Ok(body) = event::pulse(&pulse)
        {
            let body: &RawValue = &body;
            self.tell_each(|member| member.offer_pulse(number, body))
                .await;
        }
    }

    async fn tell_each(&mut self, mut tell: impl FnMut(&mut Member)) {
        for some in self.members.chunks_mut(CLIENTS_AT_ONCE) {
            some.iter_mut().for_each(&mut tell);
            yield_now().await;
        }
    }

    /// Lets those go that have left, and has those catch up by themselves that are behind. Every
    /// member is asked about, in order.
    fn part_with(&mut self, mut is_behind: impl FnMut(&Member) -> bool) {
        let Self { members, relay, .. } = self;
        let parting = members.extract_if(.., |member| is_behind(member) || member.is_gone());
        for member in parting.filter(|member| !member.is_gone()) {
            relay.follow(member.into_follower());
        }
    }

    /// Answers what was taken, tells every client when to come back, each another time, and closes.
    async fn say_goodbye(self) {
        let relay = self.relay;
        let clients = || {
            let sockets = relay.io.sockets().into_iter();
            let with_client = |socket: SocketRef| {
                let client = socket.extensions.get::<Arc<Client>>()?;
                Some((socket, client))
            };
            sockets.filter_map(with_client).collect::<Vec<_>>()
        };
        let asking = clients();
        let answered = asking
            .iter()
            .map(|(_, client)| client.session.backlog.all_answered());
        // Whoever asks for more than can be answered in this time asks again.
        let _ = timeout(GOODBYE_TIME, join_all(answered)).await;
        let max = relay.timeouts.come_back.as_millis();
        let max = u32::try_from(max).unwrap_or(u32::MAX);
        for (socket, client) in clients() {
            if let Ok(body) = event::closing(rand::random_range(0..=max)) {
                client.emit(&socket, CLOSING, &body);
            }
        }
        let leaving = clients();
        let _ = timeout(GOODBYE_TIME, relay.io.close()).await;
        // The crate tells of a client's end only once its network has taken or failed.
        for (_, client) in leaving.iter().chain(&asking) {
            client.leave();
        }
    }
}
