//! Who works at the desk: takes what waits, decides it, and has it made durable together.

use std::collections::HashMap;
use std::sync::Arc;

use shared::{Catalog, Command, Decision, Reason};
use tokio::sync::{mpsc, oneshot};

use super::answered::{Answered, done};
use super::{Answer, Done, Group, Outcome, Ticket};
use crate::hub::Hub;
use crate::journal::{Entry, IdempotencyKey, Journal, Key};

/// Most tickets in one transaction: enough that the disk is the limit, few enough that the
/// first of them does not wait for long.
const BATCH: usize = 1_024;

/// Who works at the desk.
pub struct Clerk<J> {
    journal: J,
    hub: Arc<Hub>,
    answered: Answered,
}

/// What a batch leads to, if it becomes durable.
struct Draft {
    catalog: Catalog,
    entries: Vec<Entry>,
    /// Where in `entries` the request of each `Idempotency-Key` is.
    keyed: HashMap<Arc<str>, usize>,
}

/// An answer on hold until the batch is durable.
enum Held {
    One(oneshot::Sender<Answer>, Answer),
    Many(oneshot::Sender<Vec<Answer>>, Vec<Answer>),
}

impl Held {
    // Whoever asked may be gone; what was done is durable all the same.
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

impl<J: Journal> Clerk<J> {
    /// A clerk who knows what was answered lately.
    pub fn new(journal: J, recent: &[Entry], hub: Arc<Hub>) -> Self {
        let mut answered = Answered::default();
        for entry in recent {
            answered.remember(entry);
        }
        Self {
            journal,
            hub,
            answered,
        }
    }

    /// Works until nobody can hand in anything any more.
    pub fn work(&mut self, mut queue: mpsc::Receiver<Ticket>) {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(ticket) = queue.try_recv()
            {
                batch.push(ticket);
            }
            self.serve(batch);
        }
    }

    fn serve(&mut self, batch: Vec<Ticket>) {
        let before = self.hub.catalog();
        let mut draft = Draft {
            catalog: Catalog::clone(&before),
            entries: Vec::new(),
            keyed: HashMap::new(),
        };
        let held: Vec<Held> = batch
            .into_iter()
            .map(|ticket| match ticket {
                Ticket::One {
                    command,
                    key,
                    answer,
                } => Held::One(answer, self.decide(command, key, &mut draft)),
                Ticket::Many {
                    commands,
                    group,
                    key,
                    answers,
                } => Held::Many(answers, self.decide_all(commands, group, key, &mut draft)),
            })
            .collect();
        let Draft {
            catalog, entries, ..
        } = draft;
        if !entries.is_empty() {
            if let Err(error) = self.journal.append(before.revision(), &entries) {
                tracing::error!(%error, commands = held.len(), "the journal refused a batch");
                for held in held {
                    held.refuse(&Reason::NotSaved);
                }
                return;
            }
            for entry in &entries {
                self.answered.remember(entry);
            }
            self.hub.publish(catalog, entries);
        }
        held.into_iter().for_each(Held::give);
    }

    fn decide_all(
        &mut self,
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        key: Option<IdempotencyKey>,
        draft: &mut Draft,
    ) -> Vec<Answer> {
        let (catalog, length) = (draft.catalog.clone(), draft.entries.len());
        let mut answers: Vec<Answer> = commands
            .into_iter()
            .enumerate()
            .map(|(place, command)| {
                let key = key.as_ref().map(|key| key.of_command(place));
                self.decide(command?, key.map(Key::Idempotency), draft)
            })
            .collect();
        let is_reused = |answer: &Answer| matches!(answer, Err(Reason::KeyReused(_)));
        let reused = key.filter(|_| answers.iter().any(is_reused));
        let fails = group == Group::AllOrNothing && answers.iter().any(Result::is_err);
        if fails || reused.is_some() {
            draft.catalog = catalog;
            draft.entries.truncate(length);
            draft.keyed.retain(|_, index| *index < length);
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

    fn decide(&mut self, command: Command, key: Option<Key>, draft: &mut Draft) -> Answer {
        if let Some(key) = &key
            && let Some(earlier) = self.earlier(key, draft)?
        {
            return Ok(earlier);
        }
        let change = match draft.catalog.decide(command)? {
            Decision::Change(change) => change,
            Decision::Nothing(product) => {
                return Ok(Done {
                    revision: product.revision,
                    id: product.id,
                    outcome: Outcome::Unchanged(product),
                });
            }
        };
        let entry = Entry {
            revision: draft.catalog.revision().next(),
            change,
            key,
        };
        draft.catalog.apply(entry.revision, [entry.change.clone()]);
        let answer = done(&entry);
        if let Some(Key::Idempotency(key)) = &entry.key {
            draft.keyed.insert(key.name.clone(), draft.entries.len());
        }
        draft.entries.push(entry);
        Ok(answer)
    }

    /// What the command of this key was answered with, if it was done before.
    fn earlier(&mut self, key: &Key, draft: &Draft) -> Result<Option<Done>, Reason> {
        match key {
            Key::Page(request) => {
                let same = |entry: &&Entry| entry.key.as_ref() == Some(key);
                let in_batch = || draft.entries.iter().find(same).map(done);
                Ok(self.answered.get(request).or_else(in_batch))
            }
            Key::Idempotency(key) => {
                let in_batch = draft.keyed.get(&key.name);
                let in_batch = in_batch.and_then(|index| draft.entries.get(*index));
                let in_batch = in_batch.and_then(|entry| match &entry.key {
                    Some(Key::Idempotency(other)) => {
                        Some((other.fingerprint.clone(), entry.clone()))
                    }
                    _ => None,
                });
                let kept = match in_batch {
                    Some(kept) => Some(kept),
                    None => self.journal.kept(&key.name).map_err(|error| {
                        tracing::error!(%error, "the journal can't look up an answer");
                        Reason::NotSaved
                    })?,
                };
                match kept {
                    Some((fingerprint, _)) if fingerprint != key.fingerprint => {
                        Err(Reason::KeyReused(key.name.to_string()))
                    }
                    Some((_, entry)) => Ok(Some(done(&entry))),
                    None => Ok(None),
                }
            }
        }
    }
}
