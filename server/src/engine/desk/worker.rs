//! The desk's work: takes the jobs that wait, decides them, and has the journal make all of them
//! durable together.

use std::collections::HashMap;
use std::sync::Arc;

use shared::{Catalog, Command, Decision, Reason};
use tokio::sync::{mpsc, oneshot};

use super::recent::{RecentRequests, to_done};
use super::{Answer, CommandOutcome, Done, Group, Job};
use crate::engine::hub::Hub;
use crate::engine::journal::{Entry, IdempotencyKey, Journal, Key};

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
    entries: Vec<Entry>,
    /// Where in `entries` the request of each `Idempotency-Key` is.
    keyed: HashMap<Arc<str>, usize>,
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
    /// A worker that knows which requests led to these recent changes.
    pub fn new(journal: J, changes: &[Entry], hub: Arc<Hub>) -> Self {
        let mut recent = RecentRequests::default();
        for entry in changes {
            recent.remember(entry);
        }
        Self {
            journal,
            hub,
            recent,
        }
    }

    /// Works until nobody can hand in anything any more.
    pub fn run(&mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < MAX_BATCH_JOBS
                && let Ok(job) = queue.try_recv()
            {
                batch.push(job);
            }
            self.serve(batch);
        }
    }

    fn serve(&mut self, batch: Vec<Job>) {
        let before = self.hub.catalog();
        let mut plan = Plan {
            catalog: Catalog::clone(&before),
            entries: Vec::new(),
            keyed: HashMap::new(),
        };
        let held: Vec<HeldAnswer> = batch
            .into_iter()
            .map(|job| match job {
                Job::One {
                    command,
                    key,
                    answer,
                } => HeldAnswer::One(answer, self.decide(command, key, &mut plan)),
                Job::Many {
                    commands,
                    group,
                    key,
                    answers,
                } => HeldAnswer::Many(answers, self.decide_all(commands, group, key, &mut plan)),
            })
            .collect();
        let Plan {
            catalog, entries, ..
        } = plan;
        if !entries.is_empty() {
            if let Err(error) = self.journal.append(before.revision(), &entries) {
                tracing::error!(%error, commands = held.len(), "the journal refused a batch");
                for held in held {
                    held.refuse(&Reason::NotSaved);
                }
                return;
            }
            for entry in &entries {
                self.recent.remember(entry);
            }
            self.hub.publish(catalog, entries);
        }
        held.into_iter().for_each(HeldAnswer::give);
    }

    fn decide_all(
        &mut self,
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        key: Option<IdempotencyKey>,
        plan: &mut Plan,
    ) -> Vec<Answer> {
        let (catalog, length) = (plan.catalog.clone(), plan.entries.len());
        let mut answers: Vec<Answer> = commands
            .into_iter()
            .enumerate()
            .map(|(place, command)| {
                let key = key.as_ref().map(|key| key.of_command(place));
                self.decide(command?, key.map(Key::Idempotency), plan)
            })
            .collect();
        let is_reused = |answer: &Answer| matches!(answer, Err(Reason::KeyReused(_)));
        let reused = key.filter(|_| answers.iter().any(is_reused));
        let fails = group == Group::AllOrNothing && answers.iter().any(Result::is_err);
        if fails || reused.is_some() {
            plan.catalog = catalog;
            plan.entries.truncate(length);
            plan.keyed.retain(|_, index| *index < length);
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

    fn decide(&mut self, command: Command, key: Option<Key>, plan: &mut Plan) -> Answer {
        if let Some(key) = &key
            && let Some(earlier) = self.find_earlier(key, plan)?
        {
            return Ok(earlier);
        }
        let change = match plan.catalog.decide(command)? {
            Decision::Change(change) => change,
            Decision::Nothing(product) => {
                return Ok(Done {
                    revision: product.revision,
                    id: product.id,
                    outcome: CommandOutcome::Unchanged(product),
                });
            }
        };
        let entry = Entry {
            revision: plan.catalog.revision().next(),
            change,
            key,
        };
        plan.catalog.apply(entry.revision, [entry.change.clone()]);
        let answer = to_done(&entry);
        if let Some(Key::Idempotency(key)) = &entry.key {
            plan.keyed.insert(key.name.clone(), plan.entries.len());
        }
        plan.entries.push(entry);
        Ok(answer)
    }

    /// The answer to the command with this key, if it was done before.
    fn find_earlier(&mut self, key: &Key, plan: &Plan) -> Result<Option<Done>, Reason> {
        match key {
            Key::Client(request) => {
                let same = |entry: &&Entry| entry.key.as_ref() == Some(key);
                let in_batch = || plan.entries.iter().find(same).map(to_done);
                Ok(self.recent.get(request).or_else(in_batch))
            }
            Key::Idempotency(key) => {
                let in_batch = plan.keyed.get(&key.name);
                let in_batch = in_batch.and_then(|index| plan.entries.get(*index));
                let in_batch = in_batch.and_then(|entry| match &entry.key {
                    Some(Key::Idempotency(other)) => {
                        Some((other.fingerprint.clone(), entry.clone()))
                    }
                    _ => None,
                });
                let answer = match in_batch {
                    Some(answer) => Some(answer),
                    None => self.journal.find_answer(&key.name).map_err(|error| {
                        tracing::error!(%error, "the journal can't look up an answer");
                        Reason::NotSaved
                    })?,
                };
                match answer {
                    Some((fingerprint, _)) if fingerprint != key.fingerprint => {
                        Err(Reason::KeyReused(key.name.to_string()))
                    }
                    Some((_, entry)) => Ok(Some(to_done(&entry))),
                    None => Ok(None),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
