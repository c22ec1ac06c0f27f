//! Many commands in one request, one right after the other.

use std::fmt;

use axum::extract::State;
use axum::response::{IntoResponse, Json};
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use shared::{Command, Problem, ProductId, RawCommand, Reason, Revision};
use utoipa::ToSchema;

use crate::engine::desk::{Answer, Desk, Done, Group};
use crate::http::extract::{Locale, WriteRequest};
use crate::http::openapi;
use crate::http::problem::Rejection;
use crate::unicode::nfc;

/// The most bytes of a batch: the most commands there may be, of 3 KiB each.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The most commands of a batch. They are one transaction, and everybody else's wait for it.
const MAX_COMMANDS: usize = 10_000;

/// The most refused commands whose fields are told. The others have the sentence alone.
const MAX_TOLD_IN_FULL: usize = 1_000;

/// A batch of commands.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    #[schema(value_type = Vec<openapi::Command>, max_items = 10_000)]
    commands: Commands,
    /// Nothing is done when one of them can't be.
    #[serde(default = "yes")]
    #[schema(default = true)]
    atomic: bool,
}

fn yes() -> bool {
    true
}

/// The commands of a batch, each of which the rules have seen as soon as it was read: what is wrong
/// is let go of before the next one comes.
struct Commands {
    checked: Vec<Result<Command, Reason>>,
    has_more: bool,
}

impl<'de> Deserialize<'de> for Commands {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(CommandsVisitor)
    }
}

struct CommandsVisitor;

impl<'de> Visitor<'de> for CommandsVisitor {
    type Value = Commands;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of commands")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Commands, A::Error> {
        let mut checked = Vec::new();
        while checked.len() < MAX_COMMANDS
            && let Some(command) = sequence.next_element::<RawCommand>()?
        {
            checked.push(command.check(nfc));
        }
        let mut has_more = false;
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            has_more = true;
        }
        Ok(Commands { checked, has_more })
    }
}

/// The answer to a batch.
#[derive(Serialize, ToSchema)]
pub struct BatchAnswer {
    /// How many were done.
    done: usize,
    /// One for each command, in their order.
    #[schema(value_type = Vec<openapi::BatchResult>)]
    results: Vec<BatchResult>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum BatchResult {
    Done { id: ProductId, revision: Revision },
    Refused(Problem),
}

/// Runs a batch of commands.
#[utoipa::path(
    post,
    path = "/api/products/batch",
    operation_id = "runBatch",
    summary = "Many commands at once",
    description = "Up to 10,000 commands, all of them or none unless `atomic` is false.",
    tag = "products",
    params(openapi::IdempotencyKey),
    request_body = Batch,
    responses(
        (status = 200, description = "What became of each", body = BatchAnswer),
        openapi::NoneDone,
    )
)]
pub async fn batch(
    State(desk): State<Desk>,
    locale: Locale,
    request: WriteRequest,
) -> Result<impl IntoResponse, Rejection> {
    let Batch { commands, atomic } = request.json().await?;
    if commands.has_more {
        return Err(Rejection::TooManyCommands(MAX_COMMANDS));
    }
    let group = if atomic {
        Group::AllOrNothing
    } else {
        Group::OneByOne
    };
    let key = request.key.clone();
    let author = request.author.clone();
    let asked = async move { desk.ask_many(commands.checked, group, &author, key).await };
    let answers = request.hold_until(asked).await?;
    if let Some(Err(reason @ Reason::KeyReused(_))) = answers.first() {
        return Err(reason.clone().into());
    }
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    if atomic && done < answers.len() {
        return Err(Rejection::group(refusals(answers)));
    }
    let mut told = 0;
    let to_result = |answer: Answer| match answer {
        Ok(Done { id, revision, .. }) => BatchResult::Done { id, revision },
        Err(reason) => {
            let mut problem = reason.tell(&locale.text);
            told += 1;
            if told > MAX_TOLD_IN_FULL {
                problem.fields.clear();
            }
            BatchResult::Refused(problem)
        }
    };
    let results = answers.into_iter().map(to_result).collect();
    Ok((locale.headers(), Json(BatchAnswer { done, results })))
}

/// The commands that were refused, by their places.
fn refusals(answers: Vec<Answer>) -> Vec<(usize, Reason)> {
    let answers = answers.into_iter().enumerate();
    answers
        .filter_map(|(index, answer)| Some((index, answer.err()?)))
        .collect()
}
