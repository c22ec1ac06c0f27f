//! What the requests that wait lead to: decided one after the other, each against the catalog that
//! those before it leave.

use std::collections::HashMap;
use std::sync::Arc;

use shared::{Catalog, Change, Command, Decision, Reason, RequestKey};

use super::recent::RecentRequests;
use super::{Answer, By, Done, Group, Work};
use crate::engine::journal::{
    Batch, Effect, Entry, IdempotencyKey, Journal, JournalError, Key, Record, now_ms,
};

/// What some requests lead to, if it becomes durable.
pub struct Plan {
    /// The catalog that they lead to.
    pub catalog: Catalog,
    /// What is to be made durable.
    pub batch: Batch,
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

/// The answers to a request, if the plan becomes durable.
pub struct Planned {
    /// One for each command.
    pub answers: Vec<Answer>,
    /// Whether all of it was done before, so that it is true whatever becomes of the plan.
    pub is_replayed: bool,
}

impl Plan {
    /// A plan that begins with this catalog.
    pub fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            batch: Batch::default(),
            keyed: Keyed::default(),
            at: now_ms(),
            replayed: 0,
        }
    }

    /// Whether it leaves nothing to be made durable.
    pub fn is_empty(&self) -> bool {
        self.batch.records.is_empty() && self.batch.unchanged.is_empty()
    }

    /// What clients' requests that have a key are answered with.
    pub fn clients(&self) -> impl Iterator<Item = (&RequestKey, &Done)> {
        self.keyed.order.iter().filter_map(|key| match key {
            Key::Client(key) => Some((key, self.keyed.clients.get(key)?)),
            Key::Idempotency(_) => None,
        })
    }
}

/// Makes a plan.
pub struct Planner<'a, J> {
    /// Where answers to earlier requests are.
    pub journal: &'a mut J,
    /// The latest of them.
    pub recent: &'a RecentRequests,
    /// The plan.
    pub plan: Plan,
}

impl<J: Journal> Planner<'_, J> {
    /// Decides a request.
    pub fn decide(&mut self, work: Work) -> Planned {
        let (count, replayed) = (work.commands(), self.plan.replayed);
        let answers = match work {
            Work::One { command, by, key } => vec![self.decide_one(command, &by, key)],
            Work::Many {
                commands,
                group,
                by,
                key,
            } => self.decide_all(commands, group, &by, key),
        };
        Planned {
            answers,
            is_replayed: self.plan.replayed - replayed == count,
        }
    }

    fn decide_all(
        &mut self,
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        by: &By,
        key: Option<IdempotencyKey>,
    ) -> Vec<Answer> {
        let catalog = self.plan.catalog.clone();
        let records = self.plan.batch.records.len();
        let unchanged = self.plan.batch.unchanged.len();
        let keyed = self.plan.keyed.order.len();
        let mut answers: Vec<Answer> = commands
            .into_iter()
            .enumerate()
            .map(|(place, command)| {
                let key = key.as_ref().map(|key| key.of_command(place));
                self.decide_one(command?, by, key.map(Key::Idempotency))
            })
            .collect();
        let is_reused = |answer: &Answer| matches!(answer, Err(Reason::KeyReused(_)));
        let reused = key.filter(|_| answers.iter().any(is_reused));
        let fails = group == Group::AllOrNothing && answers.iter().any(Result::is_err);
        if fails || reused.is_some() {
            let plan = &mut self.plan;
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

    fn decide_one(&mut self, command: Command, by: &By, key: Option<Key>) -> Answer {
        if let Some(key) = &key
            && let Some(earlier) = self.find_earlier(key)?
        {
            return Ok(earlier);
        }
        let command = self.look_up(command)?;
        let plan = &mut self.plan;
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
                    by: by.source,
                    person: by.person.clone(),
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

    /// Gives a command what only kept changes know.
    fn look_up(&mut self, command: Command) -> Result<Command, Reason> {
        let Command::Restore { id, .. } = command else {
            return Ok(command);
        };
        let records = self.plan.batch.records.iter().rev();
        let mut in_plan = records.filter(|record| record.entry.change == Change::Deleted(id));
        let deleted = match in_plan.next() {
            Some(record) => record.before.clone(),
            None if self.plan.catalog.get(id).is_some() => None,
            None => self.journal.find_deleted(id).map_err(|error| {
                tracing::error!(%error, "the journal can't look up a deleted product");
                Reason::NotSaved
            })?,
        };
        Ok(Command::Restore { id, deleted })
    }

    /// The answer to the command with this key, if it was done before.
    fn find_earlier(&mut self, key: &Key) -> Result<Option<Done>, Reason> {
        if let Key::Client(request) = key
            && let Some(done) = self.recent.get(request)
        {
            self.plan.replayed += 1;
            return Ok(Some(done));
        }
        let in_plan = match key {
            Key::Client(request) => {
                let done = self.plan.keyed.clients.get(request).cloned();
                done.map(|done| (Arc::from(""), done))
            }
            Key::Idempotency(key) => self.plan.keyed.idempotent.get(&key.name).cloned(),
        };
        let is_in_plan = in_plan.is_some();
        let answer = match in_plan {
            Some(in_plan) => Some(in_plan),
            None => self.find_answer(key)?,
        };
        match answer {
            Some((fingerprint, _)) if *fingerprint != *key.fingerprint() => {
                Err(Reason::KeyReused(key.answer_name().into_owned()))
            }
            answer => {
                self.plan.replayed += usize::from(answer.is_some() && !is_in_plan);
                Ok(answer.map(|(_, done)| done))
            }
        }
    }

    fn find_answer(&mut self, key: &Key) -> Result<Option<(Arc<str>, Done)>, Reason> {
        let answer = self.journal.find_answer(key).map_err(|error| {
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
