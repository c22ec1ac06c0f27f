//! `POST /api/products/batch`: many commands in one request, one right after the other.

use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};
use shared::{Command, Fields, Problem, ProductId, Reason, Revision, whole};
use utoipa::ToSchema;

use super::Api;
use super::asked::Asked;
use crate::desk::Group;
use crate::openapi;
use crate::problem::{GroupRefusal, Refusal};

/// Most bytes of a batch: the most commands there may be, of 3 KiB each.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Most commands of a batch. They are one transaction, and everybody else's wait for it.
const MOST_COMMANDS: usize = 10_000;

/// What is to be done.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    #[schema(value_type = Vec<openapi::Command>, max_items = 10_000)]
    commands: Vec<Asking>,
    /// Nothing is done when one of them can't be.
    #[serde(default = "yes")]
    atomic: bool,
}

fn yes() -> bool {
    true
}

/// The socket's messages, without their request numbers.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Asking {
    Add {
        draft: Fields,
    },
    Update {
        #[serde(deserialize_with = "whole::read")]
        id: ProductId,
        patch: Fields,
        #[serde(default, deserialize_with = "whole::read_option")]
        if_revision: Option<Revision>,
    },
    Delete {
        #[serde(deserialize_with = "whole::read")]
        id: ProductId,
        #[serde(default, deserialize_with = "whole::read_option")]
        if_revision: Option<Revision>,
    },
}

impl Asking {
    fn command(self) -> Result<Command, Reason> {
        Ok(match self {
            Self::Add { draft } => Command::Add(draft.draft()?),
            Self::Update {
                id,
                patch,
                if_revision,
            } => Command::Update {
                id,
                patch: patch.patch()?,
                if_revision,
            },
            Self::Delete { id, if_revision } => Command::Delete { id, if_revision },
        })
    }
}

/// What became of the commands.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchAnswer)]
struct Answered {
    /// How many were done.
    done: usize,
    /// One for each command, in their order.
    #[schema(value_type = Vec<openapi::BatchOutcome>)]
    results: Vec<Outcome>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Done { id: ProductId, revision: Revision },
    Refused(Problem),
}

/// `POST /api/products/batch`.
#[utoipa::path(
    post,
    path = "/api/products/batch",
    operation_id = "batch",
    summary = "Many commands at once",
    description = "Up to 10,000 commands, all of them or none unless `atomic` is false.",
    tag = "products",
    params(openapi::IdempotencyKey),
    request_body = Batch,
    responses(
        (status = 200, description = "What became of each", body = Answered),
        openapi::NoneDone,
    )
)]
pub async fn batch(State(api): State<Api>, asked: Asked) -> Response {
    let text = asked.reader.text.clone();
    let refuse = |reason| Refusal(reason, text.clone()).into_response();
    let batch: Batch = match asked.json() {
        Ok(batch) => batch,
        Err(reason) => return refuse(reason),
    };
    if batch.commands.len() > MOST_COMMANDS {
        return refuse(Reason::TooManyCommands(MOST_COMMANDS));
    }
    let group = if batch.atomic {
        Group::AllOrNothing
    } else {
        Group::OneByOne
    };
    let commands = batch.commands.into_iter().map(Asking::command).collect();
    let answers = api.desk.ask_many(commands, group, asked.key).await;
    if let Some(Err(reason @ Reason::KeyReused(_))) = answers.first() {
        return refuse(reason.clone());
    }
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    if batch.atomic && done < answers.len() {
        let refused = answers.into_iter().enumerate();
        let refused = refused.filter_map(|(index, answer)| Some((index, answer.err()?)));
        return GroupRefusal(refused.collect(), text).into_response();
    }
    let results = answers.into_iter().map(|answer| match answer {
        Ok(done) => Outcome::Done {
            id: done.id,
            revision: done.revision,
        },
        Err(reason) => Outcome::Refused(reason.tell(&text)),
    });
    Json(Answered {
        done,
        results: results.collect(),
    })
    .into_response()
}
