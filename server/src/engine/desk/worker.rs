//! The desk's work: takes the jobs that wait, decides them, and has the journal make all of them
//! durable together.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shared::{Catalog, Reason};
use tracing::{Span, debug_span};

use super::plan::{Plan, Planned, Planner};
use super::recent::RecentRequests;
use super::refusals::{PATIENCE, late_of, refuse_all, refuse_requests, refuse_undone};
use super::{Done, Job, Queue, Request};
use crate::engine::hub::Hub;
use crate::engine::journal::{
    Appended, ByOthers, Effect, Entry, Journal, JournalError, Key, Loaded, MAX_CHANGES_AT_ONCE,
};
use crate::spans;

/// The most jobs in one transaction: enough that the disk is the limit, few enough that the first
/// of them does not wait for long.
const MAX_BATCH_JOBS: usize = 1_024;

/// The most commands in one transaction of a journal that is shared, unless one request has more: others
/// wait for their turn while they are decided.
const MAX_SHARED_COMMANDS: usize = 10_000;

/// After how long of that the desk looks whether there is something else to do.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// How often requests are tried again that others were faster than. Whoever has taken the order is not
/// overtaken, so it is hardly ever twice.
const MAX_TRIES: usize = 10;

/// The desk at work: the journal it writes to, the hub it publishes to.
pub struct Worker<J> {
    journal: J,
    hub: Arc<Hub>,
    recent: RecentRequests,
}

/// How some jobs were served.
enum Served {
    /// All of them are done.
    All,
    /// These requests wait for a journal that can't be reached.
    AllBut(Vec<Request>),
    /// The journal holds another catalog now, and what was meant for the one before is refused.
    InAnother,
}

/// What became of requests that were tried.
enum Tried {
    /// All of them are answered.
    Answered,
    /// Another server was first: they are to be tried again.
    Overtaken,
    /// See [`Served::AllBut`].
    PutOff,
    /// See [`Served::InAnother`].
    InAnother,
}

/// The newest catalog, and what others wrote since the one that is published.
type Begun = (Arc<Catalog>, Vec<Entry>);

impl<J: Journal> Worker<J> {
    /// A worker that knows which requests were done lately.
    pub fn new(journal: J, recent: RecentRequests, hub: Arc<Hub>) -> Self {
        Self {
            journal,
            hub,
            recent,
        }
    }

    /// Works until nobody can hand in anything any more, or nothing can be saved any more. What
    /// waits then is refused.
    pub fn run(mut self, queue: Queue) -> Result<(), JournalError> {
        let Queue {
            jobs: mut queue,
            has_news,
        } = queue;
        let mut jobs = Vec::new();
        loop {
            if jobs.is_empty() {
                let Some(first) = queue.blocking_recv() else {
                    return Ok(());
                };
                jobs.push(first);
            } else if queue.is_closed() {
                // The server stops, and doesn't wait for a journal that is away.
                refuse_all(jobs, &Reason::Stopping);
                return Ok(());
            }
            let mut commands: usize = jobs.iter().map(Job::commands).sum();
            while jobs.len() < MAX_BATCH_JOBS
                && (!J::IS_SHARED || commands < MAX_SHARED_COMMANDS)
                && let Ok(job) = queue.try_recv()
            {
                commands += job.commands();
                jobs.push(job);
            }
            // Whatever comes from now on is another piece of news.
            has_news.store(false, Ordering::Relaxed);
            match self.serve(std::mem::take(&mut jobs)) {
                Ok(Served::All) => {}
                Ok(Served::AllBut(requests)) => {
                    jobs = requests
                        .into_iter()
                        .map(Box::new)
                        .map(Job::Request)
                        .collect();
                }
                Ok(Served::InAnother) => {
                    let waiting = std::iter::from_fn(|| queue.try_recv().ok());
                    refuse_all(waiting, &Reason::NotSaved);
                }
                Err(error) => {
                    queue.close();
                    let waiting = std::iter::from_fn(|| queue.blocking_recv());
                    refuse_all(waiting, &Reason::NotSaved);
                    return Err(error);
                }
            }
        }
    }

    /// Serves some jobs together. An error is final: nothing can be saved after it.
    fn serve(&mut self, jobs: Vec<Job>) -> Result<Served, JournalError> {
        let mut requests = Vec::with_capacity(jobs.len());
        let mut readers = Vec::new();
        let mut is_tended = false;
        for job in jobs {
            match job {
                Job::Request(request) => requests.push(*request),
                Job::ReadOn(reader) => readers.push(reader),
                Job::Tend => is_tended = true,
            }
        }
        // Beside requests the others can wait: what was written by others, and what is wrong with
        // the journal, shows in them.
        let served = if requests.is_empty() {
            self.look_after(!readers.is_empty(), is_tended)
        } else {
            self.serve_requests(requests)
        };
        for reader in readers.into_iter().flatten() {
            // Whoever waits may be gone.
            let _ = reader.send(());
        }
        served
    }

    /// Reads on, or looks after the journal.
    fn look_after(&mut self, is_read: bool, is_tended: bool) -> Result<Served, JournalError> {
        let read = if is_read {
            self.read_on()
        } else {
            Ok(Served::All)
        };
        let looked = read.and_then(|served| {
            if is_tended {
                self.journal.tend()?;
                self.hub.set_writable(true);
            }
            Ok(served)
        });
        match looked {
            Err(error) if !error.is_final() => {
                self.hub.set_writable(false);
                tracing::warn!(%error, "can't look after the journal");
                Ok(Served::All)
            }
            looked => looked,
        }
    }

    /// Publishes what others wrote.
    fn read_on(&mut self) -> Result<Served, JournalError> {
        loop {
            let known = self.hub.catalog();
            match self.journal.read_on(&known)? {
                ByOthers::Nothing => return Ok(Served::All),
                ByOthers::Changes(catalog, entries) => {
                    let may_be_more = entries.len() >= MAX_CHANGES_AT_ONCE;
                    self.remember_entries(&entries);
                    self.hub.publish(catalog, entries);
                    if !may_be_more {
                        return Ok(Served::All);
                    }
                }
                ByOthers::Replaced(loaded) => {
                    self.replace(*loaded);
                    return Ok(Served::InAnother);
                }
            }
        }
    }

    fn serve_requests(&mut self, mut requests: Vec<Request>) -> Result<Served, JournalError> {
        for _ in 0..MAX_TRIES {
            match self.attempt(&mut requests)? {
                Tried::Answered => return Ok(Served::All),
                Tried::Overtaken => {}
                Tried::PutOff => return Ok(Served::AllBut(requests)),
                Tried::InAnother => return Ok(Served::InAnother),
            }
        }
        let late = late_of(&mut requests);
        refuse_requests(late, &Reason::NotSaved);
        Ok(Served::AllBut(requests))
    }

    /// Tries to serve requests; those that are answered are taken out.
    fn attempt(&mut self, requests: &mut Vec<Request>) -> Result<Tried, JournalError> {
        let Some(since) = requests.iter().map(|request| request.since).min() else {
            return Ok(Tried::Answered);
        };
        let patience = since + PATIENCE;
        let deadline = patience.min(Instant::now() + LOOK_TIME);
        let (before, others) = match self.begin(requests, deadline)? {
            ControlFlow::Continue(begun) => begun,
            ControlFlow::Break(tried) => return Ok(tried),
        };
        let (plan, decided) = self.decide(&before, requests);
        let Plan { catalog, batch, .. } = &plan;
        let appended = if plan.is_empty() {
            Ok(self.journal.cancel())
        } else {
            let start = Instant::now();
            let commit = commit_span(requests, batch.records.len());
            let append = || self.journal.append(&before, catalog, batch, patience);
            let appended = commit.in_scope(append);
            if matches!(appended, Ok(Appended::Durable)) {
                let metrics = self.hub.metrics();
                metrics.on_commit(batch.records.len(), start.elapsed());
            }
            appended
        };
        if !matches!(appended, Ok(Appended::Durable)) {
            if !others.is_empty() {
                self.hub.publish(Catalog::clone(&before), others);
            }
            return self.undo(appended, requests, decided);
        }
        for (key, done) in plan.clients() {
            self.recent.remember(key, done.clone());
        }
        let mut entries = others;
        entries.extend(plan.batch.records.into_iter().map(|record| record.entry));
        if !entries.is_empty() {
            self.hub.publish(plan.catalog, entries);
        }
        self.hub.set_writable(true);
        for (request, planned) in requests.drain(..).zip(decided) {
            for reason in planned
                .answers
                .iter()
                .filter_map(|answer| answer.as_ref().err())
            {
                self.hub.metrics().on_refusal(reason.code());
            }
            request.reply.give(planned.answers);
        }
        Ok(Tried::Answered)
    }

    /// Takes the order for requests. Gives the newest catalog and what others wrote since the one that is
    /// published, or what became of the requests.
    fn begin(
        &mut self,
        requests: &mut Vec<Request>,
        deadline: Instant,
    ) -> Result<ControlFlow<Tried, Begun>, JournalError> {
        let known = self.hub.catalog();
        let keys = self.unknown_keys(requests);
        Ok(match self.journal.begin(&known, &keys, deadline) {
            Ok(ByOthers::Nothing) => ControlFlow::Continue((known, Vec::new())),
            Ok(ByOthers::Changes(catalog, entries)) => {
                self.remember_entries(&entries);
                if entries.len() < MAX_CHANGES_AT_ONCE {
                    ControlFlow::Continue((Arc::new(catalog), entries))
                } else {
                    self.hub.publish(catalog, entries);
                    ControlFlow::Break(self.read_first(requests)?)
                }
            }
            Ok(ByOthers::Replaced(loaded)) => {
                self.replace(*loaded);
                refuse_requests(requests.drain(..), &Reason::NotSaved);
                ControlFlow::Break(Tried::InAnother)
            }
            Err(error) => ControlFlow::Break(self.put_off(error, requests)?),
        })
    }

    /// What requests lead to from this catalog on.
    fn decide(&mut self, before: &Catalog, requests: &mut [Request]) -> (Plan, Vec<Planned>) {
        let mut planner = Planner {
            journal: &mut self.journal,
            recent: &self.recent,
            plan: Plan::new(before.clone()),
        };
        let decided = if J::IS_SHARED {
            let works = requests.iter().map(|request| request.work.clone());
            works.map(|work| planner.decide(work)).collect()
        } else {
            // It needs to be decided once, and so no copy.
            let works = requests.iter_mut().map(Request::take_work);
            works.map(|work| planner.decide(work)).collect()
        };
        (planner.plan, decided)
    }

    /// What was decided did not become durable.
    fn undo(
        &mut self,
        appended: Result<Appended, JournalError>,
        requests: &mut Vec<Request>,
        decided: Vec<Planned>,
    ) -> Result<Tried, JournalError> {
        let Err(error) = appended else {
            return Ok(Tried::Overtaken);
        };
        refuse_undone(requests.drain(..).zip(decided), &error);
        self.hub.set_writable(false);
        if error.is_final() {
            return Err(error);
        }
        Ok(Tried::Answered)
    }

    /// Reads everything that others wrote, and has requests wait until then.
    fn read_first(&mut self, requests: &mut Vec<Request>) -> Result<Tried, JournalError> {
        match self.read_on() {
            Ok(Served::InAnother) => {
                refuse_requests(requests.drain(..), &Reason::NotSaved);
                Ok(Tried::InAnother)
            }
            Ok(Served::All | Served::AllBut(_)) => Ok(Tried::PutOff),
            Err(error) => self.put_off(error, requests),
        }
    }

    /// The keys of requests that may have been done on another server.
    fn unknown_keys(&self, requests: &[Request]) -> Vec<Key> {
        if !J::IS_SHARED {
            return Vec::new();
        }
        let keys = requests.iter().flat_map(|request| request.work.keys());
        let is_unknown = |key: &Key| match key {
            Key::Client(request) => self.recent.get(request).is_none(),
            Key::Idempotency(_) => true,
        };
        keys.filter(is_unknown).collect()
    }

    /// The journal can't be begun with: those who have waited for long enough are refused, where it
    /// may pass, and else everybody.
    fn put_off(
        &mut self,
        error: JournalError,
        requests: &mut Vec<Request>,
    ) -> Result<Tried, JournalError> {
        self.hub.set_writable(false);
        let refused: Vec<Request> = if error.is_passing() {
            late_of(requests)
        } else {
            std::mem::take(requests)
        };
        if !refused.is_empty() {
            tracing::error!(%error, requests = refused.len(), "the journal takes nothing");
        }
        refuse_requests(refused, &Reason::NotSaved);
        if error.is_final() {
            return Err(error);
        }
        Ok(Tried::PutOff)
    }

    fn remember_entries(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Some(Key::Client(key)) = &entry.key {
                let done = Done::new(entry.revision, Effect::from(&entry.change));
                self.recent.remember(key, done);
            }
        }
    }

    /// Goes on in another catalog.
    fn replace(&mut self, loaded: Loaded) {
        tracing::error!(
            revision = %loaded.catalog.revision(),
            before = %self.hub.catalog().revision(),
            "what the journal holds doesn't follow from what was known, as after a backup was put \
             back: everybody gets the list anew"
        );
        self.recent = RecentRequests::new(&loaded);
        self.hub.replace(loaded);
    }
}

/// Making changes durable, which all of these requests wait for.
fn commit_span(requests: &[Request], changes: usize) -> Span {
    let first = requests.first().and_then(|request| request.span.id());
    let changes = changes.cast_signed();
    let commit = debug_span!(target: spans::TARGET, parent: first, "commit", changes);
    for other in requests.iter().skip(1) {
        commit.follows_from(&other.span);
    }
    commit
}

#[cfg(test)]
mod tests;
