//! Who may do what: people who sign in, programs with tokens, and what anybody may do without. Whoever asks
//! is a [`Visitor`]; what they may do can be taken away while they are connected.

mod attempts;
mod decisions;
mod held;
mod key;
mod known;
mod name;
mod password;
mod policy;
mod rates;
mod seats;
mod secret;
mod visitor;

use std::convert::Infallible;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use shared::Role;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use crate::engine::journal::{
    JournalError, Roster, RosterChange, RosterStore, Session, Ticket, now_ms,
};
use attempts::Attempts;
use held::HeldTickets;
use key::Key;
use known::Known;

use name::fold_name;
pub use name::{MAX_NAME_CHARS, check_name};
pub use password::{PasswordFault, check_password, hash_password};
pub use policy::{Openness, Policy};
pub use rates::{Limits, Rates};
pub use seats::{Seat, Seats};
pub use secret::{hash_of, new_secret};
pub use visitor::{Kind, Visitor};

/// How long a session that nobody uses is kept.
pub const SESSION_TIME: Duration = Duration::from_hours(30 * 24);

/// How exactly it is known when a session was last used: that is written.
const USED_TIME: Duration = Duration::from_hours(1);

/// How long a ticket is good for: as long as it takes to connect.
pub const TICKET_TIME: Duration = Duration::from_secs(30);

/// How soon it is known what another program changed.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// How often old sessions are taken away.
const FORGET_TIME: Duration = Duration::from_hours(6);

/// The most characters of what a browser says that it is.
const MAX_AGENT_CHARS: usize = 200;

/// Who may do what. A clone is the same.
#[derive(Clone)]
pub struct Access(Arc<Shared>);

struct Shared {
    store: Arc<RosterStore>,
    known: RwLock<Known>,
    /// Held while all is read anew, so that what was read first is not taken last.
    loading: Mutex<()>,
    /// Held by whoever changes something.
    changing: tokio::sync::Mutex<()>,
    attempts: Attempts,
    held: HeldTickets<Visitor>,
    hasher: password::Hasher,
    /// What opens the page on which the first admin is made, where there was nobody at the start.
    first_key: Option<String>,
    /// Whether there was somebody since: whoever is alone and goes leaves nothing open behind them.
    had_people: AtomicBool,
}

/// Why nobody was let in.
#[derive(Debug)]
pub enum Refused {
    /// The name or the password is wrong.
    Wrong,
    /// There were too many wrong ones; after so many seconds another is looked at.
    Wait(u64),
    /// It can't be looked up or written at the moment.
    Failed(JournalError),
}

/// Why something can't be done with people and tokens.
#[derive(Debug)]
pub enum Fault {
    /// Somebody or something is called so.
    Taken,
    /// Nobody is called so.
    Unknown,
    /// Somebody has to be an admin.
    LastAdmin,
    /// Whoever wants it may not, or no longer.
    MayNot,
    /// It can't be written at the moment.
    Failed(JournalError),
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Self::Failed(error)
    }
}

impl Access {
    /// What a journal knows of people, under the policy where there are some or none. After so many sign-ins that
    /// failed one waits. Waits for the journal.
    pub fn open(
        store: Arc<RosterStore>,
        sign_ins: Option<NonZeroU32>,
        policy: impl FnOnce(bool) -> anyhow::Result<Policy>,
    ) -> anyhow::Result<Self> {
        let roster = store.load()?;
        let policy = policy(!roster.people.is_empty())?;
        let has_nobody = roster.people.is_empty() && policy.needs_people();
        let shared = Shared {
            known: RwLock::new(Known::new(roster, policy)),
            loading: Mutex::default(),
            store,
            changing: tokio::sync::Mutex::default(),
            attempts: Attempts::new(sign_ins),
            held: HeldTickets::default(),
            hasher: password::Hasher::default(),
            first_key: has_nobody.then(new_secret),
            had_people: AtomicBool::new(!has_nobody),
        };
        Ok(Self(Arc::new(shared)))
    }

    /// What opens the page on which the first admin is made, until there is somebody.
    pub fn first_key(&self) -> Option<&str> {
        let had_people = self.0.had_people.load(Ordering::Relaxed);
        self.0.first_key.as_deref().filter(|_| !had_people)
    }

    /// All that is known, at one moment.
    pub fn roster(&self) -> Arc<Roster> {
        self.known().roster.clone()
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody who says nothing of who they are.
    pub fn anyone(&self) -> Visitor {
        self.known().anyone.clone()
    }

    /// Whose session this is the secret of.
    pub fn by_session(&self, secret: &str) -> Option<Visitor> {
        let hash = hash_of(secret);
        let known = self.known();
        let (visitor, session) = known.session(&hash)?;
        let now = now_ms();
        let age = Duration::from_millis(now.saturating_sub(session.used));
        if age >= SESSION_TIME {
            return None;
        }
        if age >= USED_TIME && known.begin_touch(&hash, now) {
            let touch = RosterChange::TouchSession(hash, now);
            let access = self.clone();
            tokio::spawn(async move {
                // It is written the next time.
                let _ = access.apply(touch).await;
            });
        }
        Some(visitor)
    }

    /// Which program this is the token of.
    pub fn by_token(&self, secret: &str) -> Option<Visitor> {
        self.known().token(&hash_of(secret), now_ms())
    }

    /// A ticket with which the visitor can connect for a moment where no header can be sent; only who said
    /// who they are can have one.
    pub async fn ticket(&self, visitor: &Visitor) -> Result<Option<String>, JournalError> {
        let Some(key) = visitor.key() else {
            return Ok(None);
        };
        let (secret, now) = (new_secret(), now_ms());
        let ticket = Ticket {
            hash: hash_of(&secret),
            key: key.to_owned(),
            expires: now.saturating_add(to_ms(TICKET_TIME)),
        };
        self.apply(RosterChange::AddTicket(ticket, now)).await?;
        Ok(Some(secret))
    }

    /// Whose ticket this is. Another server may just have given it out: one that is not known is looked for.
    pub async fn by_ticket(&self, secret: &str) -> Option<Visitor> {
        let hash = hash_of(secret);
        let find = || {
            let visitor = self.known().ticket(&hash, now_ms())?;
            let held = self.0.held.hold(&hash, visitor.clone());
            Some(visitor.holding(held))
        };
        if let Some(visitor) = find() {
            return Some(visitor);
        }
        let access = self.clone();
        let looked = spawn_blocking(move || access.look()).await;
        looked.ok()?.ok()?;
        find()
    }

    /// Whose ticket this is, by which a connection was opened that is still there.
    pub fn by_held_ticket(&self, secret: &str) -> Option<Visitor> {
        let held = self.0.held.find(&hash_of(secret))?;
        Some(held.holder.as_of_now().holding(held))
    }

    /// Signs somebody in; gives the secret of their new session.
    pub async fn sign_in(
        &self,
        address: IpAddr,
        name: &str,
        password: &str,
        agent: &str,
    ) -> Result<String, Refused> {
        // However much is sent, it is kept as long as anybody's name may be.
        let by_name: String = fold_name(name).chars().take(MAX_NAME_CHARS).collect();
        let by_name = Key::Name(by_name);
        // It counts as one that failed as long as it is not known to be right: many at once are as many.
        let keys = [Key::of_address(address), by_name];
        self.begin(&keys)?;
        let person = self.roster().person(name).cloned();
        let hash = person.as_ref().map(|person| person.password.clone());
        // Of somebody who is not here as much is calculated: how long it takes tells nothing.
        let is_right = self.verify(&keys, password, hash.clone()).await?;
        let (Some(person), Some(hash)) = (person.filter(|_| is_right), hash) else {
            return Err(Refused::Wrong);
        };
        self.0.attempts.succeeded(&keys);
        let secret = new_secret();
        let now = now_ms();
        let session = Session {
            hash: hash_of(&secret),
            person: person.name,
            since: now,
            used: now,
            agent: agent.chars().take(MAX_AGENT_CHARS).collect(),
        };
        let added = self.apply(RosterChange::AddSession(session, hash)).await;
        added.map_err(Refused::Failed)?;
        // Their password may have become another meanwhile.
        let is_there = self.by_session(&secret).is_some();
        is_there.then_some(secret).ok_or(Refused::Wrong)
    }

    /// Counts an attempt, or says how long to wait for the next.
    fn begin(&self, keys: &[Key]) -> Result<(), Refused> {
        let begun = self.0.attempts.begin(keys);
        begun.map_err(|time| Refused::Wait(time.as_secs() + 1))
    }

    /// Whether a password has this hash, unless too many others wait to be told.
    async fn verify(
        &self,
        keys: &[Key],
        password: &str,
        hash: Option<String>,
    ) -> Result<bool, Refused> {
        let verified = self.0.hasher.verify(password.to_owned(), hash).await;
        verified.ok_or_else(|| {
            // Nobody looked at it, so it is none that failed.
            self.0.attempts.take_back(keys);
            Refused::Wait(1)
        })
    }

    /// Whether this is somebody's password. Wrong ones count as those of a sign-in do.
    pub async fn is_password(&self, name: &str, password: &str) -> Result<bool, Refused> {
        let key = Key::Name(fold_name(name));
        self.begin(std::slice::from_ref(&key))?;
        let hash = self
            .roster()
            .person(name)
            .map(|person| person.password.clone());
        let keys = std::slice::from_ref(&key);
        let is_right = self.verify(keys, password, hash).await?;
        if is_right {
            self.0.attempts.succeeded(keys);
        }
        Ok(is_right)
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: &str) -> Option<String> {
        self.0.hasher.hash(password.to_owned()).await
    }

    /// Ends a session.
    pub async fn sign_out(&self, hash: &str) -> Result<(), JournalError> {
        self.apply(RosterChange::RemoveSession(hash.to_owned()))
            .await
    }

    /// Makes the first admin, if there is nobody yet.
    pub async fn add_first(&self, name: String, password: String) -> Result<(), Fault> {
        let decide = move |roster: &Roster| {
            if !roster.people.is_empty() {
                return Err(Fault::Taken);
            }
            let person = roster.new_person(&name, Role::Admin, password.clone())?;
            Ok(vec![RosterChange::AddPerson(person)])
        };
        self.change(decide).await
    }

    /// Adds somebody, as an admin may.
    pub async fn add_person(
        &self,
        by: &Visitor,
        name: String,
        role: Role,
        password: String,
    ) -> Result<(), Fault> {
        let decide = move |roster: &Roster| {
            let person = roster.new_person(&name, role, password.clone())?;
            Ok(vec![RosterChange::AddPerson(person)])
        };
        self.change_by(by, Roster::is_admin, decide).await
    }

    /// Gives somebody another role, as an admin may.
    pub async fn set_role(&self, by: &Visitor, name: String, role: Role) -> Result<(), Fault> {
        let decide = move |roster: &Roster| Ok(vec![roster.with_role(&name, role)?]);
        self.change_by(by, Roster::is_admin, decide).await
    }

    /// Gives somebody another password, as an admin may; none of their sessions is left.
    pub async fn set_password(
        &self,
        by: &Visitor,
        name: String,
        password: String,
    ) -> Result<(), Fault> {
        let decide = move |roster: &Roster| roster.with_password(&name, &password, None);
        self.change_by(by, Roster::is_admin, decide).await
    }

    /// Gives somebody who signed in another password; of their sessions this one is left.
    pub async fn set_own_password(
        &self,
        by: &Visitor,
        name: String,
        password: String,
    ) -> Result<(), Fault> {
        let kept = by.key().map(str::to_owned);
        let decide = move |roster: &Roster| roster.with_password(&name, &password, kept.as_deref());
        self.change_by(by, Roster::has_session, decide).await
    }

    /// Takes somebody away, as an admin may.
    pub async fn remove_person(&self, by: &Visitor, name: String) -> Result<(), Fault> {
        let decide = move |roster: &Roster| Ok(vec![roster.without(&name)?]);
        self.change_by(by, Roster::is_admin, decide).await
    }

    /// Changes what somebody decides who may at the moment of the change: whoever lost that meanwhile may not.
    async fn change_by(
        &self,
        by: &Visitor,
        may: fn(&Roster, &str) -> bool,
        decide: impl Fn(&Roster) -> Result<Vec<RosterChange>, Fault> + Send + 'static,
    ) -> Result<(), Fault> {
        let key = by.key().unwrap_or_default().to_owned();
        let decide = move |roster: &Roster| {
            if may(roster, &key) {
                decide(roster)
            } else {
                Err(Fault::MayNot)
            }
        };
        self.change(decide).await
    }

    /// Makes a change durable, and then true here.
    async fn apply(&self, change: RosterChange) -> Result<(), JournalError> {
        self.change(move |_| Ok(vec![change.clone()])).await
    }

    /// Makes durable, and then true here, what is decided of what is known.
    async fn change<E: From<JournalError> + Send + 'static>(
        &self,
        decide: impl Fn(&Roster) -> Result<Vec<RosterChange>, E> + Send + 'static,
    ) -> Result<(), E> {
        // One after the other: each has a thread for as long as it takes, and others need some, too.
        let _turn = self.0.changing.lock().await;
        let access = self.clone();
        let changed = spawn_blocking(move || {
            access.0.store.change(decide)?;
            Ok(access.load()?)
        });
        let interrupted = |_| Err(JournalError::Interrupted.into());
        changed.await.unwrap_or_else(interrupted)
    }

    /// Reads all anew. Waits for the journal.
    fn load(&self) -> Result<(), JournalError> {
        let _loading = self
            .0
            .loading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let roster = self.0.store.load()?;
        if !roster.people.is_empty() {
            self.0.had_people.store(true, Ordering::Relaxed);
        }
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.replace(roster, now_ms());
        Ok(())
    }

    /// Looks whether another program changed something. Waits for the journal.
    fn look(&self) -> Result<(), JournalError> {
        let now = now_ms();
        // Also while the journal can't be reached.
        if self.known().has_expired(now) {
            let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
            known.expire(now);
        }
        let version = self.0.store.version()?;
        if version == self.known().roster.version {
            return Ok(());
        }
        self.load()
    }

    /// Learns what other programs change, until the server stops. It has a thread of its own: one of those that
    /// tasks share would be kept from resting by something to do each second.
    pub async fn follow(self, stop: CancellationToken) {
        let (stopper, is_stopped) = channel::<Infallible>();
        let thread = std::thread::Builder::new().name("access".to_owned());
        if let Err(error) = thread.spawn(move || self.look_on(&is_stopped)) {
            tracing::error!(%error, "what other programs change of people is not learned");
        }
        stop.cancelled().await;
        drop(stopper);
    }

    fn look_on(&self, is_stopped: &Receiver<Infallible>) {
        let mut forgotten = Instant::now();
        let mut is_lost = false;
        while let Err(RecvTimeoutError::Timeout) = is_stopped.recv_timeout(LOOK_TIME) {
            match self.look() {
                Ok(()) => is_lost = false,
                Err(error) if !is_lost => {
                    is_lost = true;
                    tracing::warn!(%error, "it can't be looked up who may do what");
                }
                Err(_) => {}
            }
            if forgotten.elapsed() >= FORGET_TIME {
                forgotten = Instant::now();
                self.forget();
            }
        }
    }

    /// Takes away sessions that nobody has used for long. They count for nothing already.
    fn forget(&self) {
        let oldest = now_ms().saturating_sub(to_ms(SESSION_TIME));
        let is_old = |session: &Session| session.used < oldest;
        if self.roster().sessions.iter().any(is_old) {
            let forget = |_: &Roster| Ok(vec![RosterChange::ForgetSessions(oldest)]);
            let forgotten: Result<(), JournalError> = self.0.store.change(forget);
            // What is not written now is the next time.
            let _ = forgotten.and_then(|()| self.load());
        }
    }
}

fn to_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
