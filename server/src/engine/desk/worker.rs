//! The desk's work: takes the jobs that wait, decides them, and has the journal make all of them
//! durable together.

use std::collections::HashMap;
use std::sync::Arc;

use shared::{Catalog, Command, Decision, Reason, RequestKey};
use tokio::sync::{mpsc, oneshot};

use super::recent::RecentRequests;
use super::{Answer, Done, Group, Job};
use crate::engine::hub::Hub;
use crate::engine::journal::{
    Batch, Effect, Entry, IdempotencyKey, Journal, JournalError, Key, Record, Source, now_ms,
};

/// The most jobs in one transaction: enough that the disk is the limit, few enough that the first
/// of them does not wait for long.
const MAX_BATCH_JOBS: usize = 1_024;

/// The desk at work: the journal it writes to, the hub it publishes to.
pub struct Worker<J> {
    journal: J,
    hub: Arc<Hub>,
    recent: RecentRequests,
}

/// What a batch leads to, if it becomes durable.
struct Plan {
    catalog: Catalog,
    batch: Batch,
    keyed: Keyed,
    /// The time of its changes, in milliseconds since 1970.
    at: u64,
    /// How many of its commands were done before it.
    replayed: usize,
}

/// What the requests of a batch are answered with that have a key.
#[derive(Default)]
struct Keyed {
    clients: HashMap<RequestKey, Done>,
    /// By the names of their keys, with the fingerprints of the requests.
    idempotent: HashMap<Arc<str>, (Arc<str>, Done)>,
    /// All of them, in order.
    order: Vec<Key>,
}

impl Keyed {
    fn insert(&mut self, key: Key, done: Done) {
        match &key {
            Key::Client(key) => drop(self.clients.insert(key.clone(), done)),
            Key::Idempotency(key) => {
                let answer = (key.fingerprint.clone(), done);
                self.idempotent.insert(key.name.clone(), answer);
            }
        }
        self.order.push(key);
    }

    /// Forgets all but the first.
    fn truncate(&mut self, count: usize) {
        for key in self.order.drain(count..) {
            match key {
                Key::Client(key) => drop(self.clients.remove(&key)),
                Key::Idempotency(key) => drop(self.idempotent.remove(&key.name)),
            }
        }
    }
}

/// An answer on hold until the batch is durable.
enum HeldAnswer {
    One(oneshot::Sender<Answer>, Answer),
    Many(oneshot::Sender<Vec<Answer>>, Vec<Answer>),
}

impl HeldAnswer {
    /// Answers. Whoever asked may be gone; what was done is durable all the same.
    fn give(self) {
        match self {
            Self::One(sender, answer) => drop(sender.send(answer)),
            Self::Many(sender, answers) => drop(sender.send(answers)),
        }
    }

    fn refuse(self, reason: &Reason) {
        match self {
            Self::One(sender, _) => drop(sender.send(Err(reason.clone()))),
            Self::Many(sender, answers) => {
                drop(sender.send(vec![Err(reason.clone()); answers.len()]));
            }
        }
    }
}

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
    pub fn run(mut self, mut queue: mpsc::Receiver<Job>) -> Result<(), JournalError> {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < MAX_BATCH_JOBS
                && let Ok(job) = queue.try_recv()
            {
                batch.push(job);
            }
            if let Err(error) = self.serve(batch) {
                queue.close();
                while let Some(job) = queue.blocking_recv() {
                    job.refuse(&Reason::NotSaved);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Serves some jobs together. An error is final: nothing can be saved after it.
    fn serve(&mut self, jobs: Vec<Job>) -> Result<(), JournalError> {
        // Beside commands it can wait: what is wrong with the journal shows in them.
        if jobs.iter().all(|job| matches!(job, Job::Tend)) {
            return match self.journal.tend() {
                Err(error) if !error.is_final() => {
                    tracing::warn!(%error, "can't look after the journal");
                    Ok(())
                }
                tended => tended,
            };
        }
        let before = self.hub.catalog();
        let mut plan = Plan {
            catalog: Catalog::clone(&before),
            batch: Batch::default(),
            keyed: Keyed::default(),
            at: now_ms(),
            replayed: 0,
        };
        let mut held = Vec::with_capacity(jobs.len());
        for job in jobs {
            let (count, replayed) = (job.commands(), plan.replayed);
            if let Some(answer) = self.decide_job(job, &mut plan) {
                if plan.replayed - replayed == count {
                    // It was done before, whatever becomes of this batch.
                    answer.give();
                } else {
                    held.push(answer);
                }
            }
        }
        let Plan {
            catalog,
            batch,
            keyed,
            ..
        } = plan;
        if !(batch.records.is_empty() && batch.unchanged.is_empty()) {
            if let Err(error) = self.journal.append(before.revision(), &batch) {
                tracing::error!(%error, commands = held.len(), "the journal refused a batch");
                let reason = match error {
                    JournalError::Unknown(_) => Reason::OutcomeUnknown,
                    _ => Reason::NotSaved,
                };
                for held in held {
                    held.refuse(&reason);
                }
                return if error.is_final() { Err(error) } else { Ok(()) };
            }
            for key in &keyed.order {
                if let Key::Client(key) = key
                    && let Some(done) = keyed.clients.get(key)
                {
                    self.recent.remember(key, done.clone());
                }
            }
            if !batch.records.is_empty() {
                self.hub.publish(catalog, batch.records);
            }
        }
        held.into_iter().for_each(HeldAnswer::give);
        Ok(())
    }

    fn decide_job(&mut self, job: Job, plan: &mut Plan) -> Option<HeldAnswer> {
        Some(match job {
            Job::One {
                command,
                by,
                key,
                answer,
            } => HeldAnswer::One(answer, self.decide(command, by, key, plan)),
            Job::Many {
                commands,
                group,
                by,
                key,
                answers,
            } => HeldAnswer::Many(answers, self.decide_all(commands, group, by, key, plan)),
            Job::Tend => return None,
        })
    }

    fn decide_all(
        &mut self,
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        by: Source,
        key: Option<IdempotencyKey>,
        plan: &mut Plan,
    ) -> Vec<Answer> {
        let catalog = plan.catalog.clone();
        let records = plan.batch.records.len();
        let unchanged = plan.batch.unchanged.len();
        let keyed = plan.keyed.order.len();
        let mut answers: Vec<Answer> = commands
            .into_iter()
            .enumerate()
            .map(|(place, command)| {
                let key = key.as_ref().map(|key| key.of_command(place));
                self.decide(command?, by, key.map(Key::Idempotency), plan)
            })
            .collect();
        let is_reused = |answer: &Answer| matches!(answer, Err(Reason::KeyReused(_)));
        let reused = key.filter(|_| answers.iter().any(is_reused));
        let fails = group == Group::AllOrNothing && answers.iter().any(Result::is_err);
        if fails || reused.is_some() {
            plan.catalog = catalog;
            plan.batch.records.truncate(records);
            plan.batch.unchanged.truncate(unchanged);
            plan.keyed.truncate(keyed);
        }
        if let Some(key) = reused {
            // It is another request, none of whose commands is to be done.
            answers.fill(Err(Reason::KeyReused(key.name.to_string())));
        } else if fails {
            for answer in answers.iter_mut().filter(|answer| answer.is_ok()) {
                *answer = Err(Reason::NotTried);
            }
        }
        answers
    }

    fn decide(
        &mut self,
        command: Command,
        by: Source,
        key: Option<Key>,
        plan: &mut Plan,
    ) -> Answer {
        if let Some(key) = &key
            && let Some(earlier) = self.find_earlier(key, plan)?
        {
            return Ok(earlier);
        }
        let done = match plan.catalog.decide(command)? {
            Decision::Change(change) => {
                let revision = plan.catalog.revision().next();
                let before = plan.catalog.get(change.id()).cloned();
                plan.catalog.apply(revision, [change.clone()]);
                let done = Done::new(revision, Effect::from(&change));
                plan.batch.records.push(Record {
                    entry: Entry {
                        revision,
                        change,
                        digest: Some(plan.catalog.digest()),
                        key: key.clone(),
                    },
                    before,
                    at: plan.at,
                    by,
                });
                done
            }
            Decision::Nothing(product) => {
                if let Some(key) = &key {
                    // So that it is answered the same when it comes again, whatever has become
                    // of the product meanwhile.
                    plan.batch.unchanged.push((key.clone(), product.clone()));
                }
                Done::new(product.revision, Effect::Unchanged(product))
            }
        };
        if let Some(key) = key {
            plan.keyed.insert(key, done.clone());
        }
        Ok(done)
    }

    /// The answer to the command with this key, if it was done before.
    fn find_earlier(&mut self, key: &Key, plan: &mut Plan) -> Result<Option<Done>, Reason> {
        let key = match key {
            Key::Client(request) => {
                let before = self.recent.get(request);
                plan.replayed += usize::from(before.is_some());
                return Ok(before.or_else(|| plan.keyed.clients.get(request).cloned()));
            }
            Key::Idempotency(key) => key,
        };
        let in_batch = plan.keyed.idempotent.get(&key.name).cloned();
        let is_in_batch = in_batch.is_some();
        let answer = match in_batch {
            Some(in_batch) => Some(in_batch),
            None => self.find_answer(&key.name)?,
        };
        match answer {
            Some((fingerprint, _)) if fingerprint != key.fingerprint => {
                Err(Reason::KeyReused(key.name.to_string()))
            }
            answer => {
                plan.replayed += usize::from(answer.is_some() && !is_in_batch);
                Ok(answer.map(|(_, done)| done))
            }
        }
    }

    fn find_answer(&mut self, name: &str) -> Result<Option<(Arc<str>, Done)>, Reason> {
        let answer = self.journal.find_answer(name).map_err(|error| {
            tracing::error!(%error, "the journal can't look up an answer");
            match error {
                // The request was done before, and what came of it can't be read any more.
                JournalError::Damaged(_) => Reason::OutcomeUnknown,
                _ => Reason::NotSaved,
            }
        })?;
        Ok(answer
            .map(|(fingerprint, answer)| (fingerprint, Done::new(answer.revision, answer.effect))))
    }
}

#[cfg(test)]
mod tests;
