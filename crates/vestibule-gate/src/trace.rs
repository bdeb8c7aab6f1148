//! Every stage's outcome and reason for one request.
//!
//! `explain`, the access log and the error page read it. It holds codes, names of routes and names
//! of claims; never a value of a claim, a cookie or a token.

mod outcome;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::decision::Kind;
use crate::refusal::Refusal;
use crate::rule::Judgement;

pub use self::outcome::Outcome;

/// The stages, in the order a request meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The canonical reading.
    Read,
    /// Which site and route.
    Route,
    /// What the request brings.
    Credential,
    /// What the store said.
    Evidence,
    /// Who sent it.
    Authenticate,
    /// From which page.
    Origin,
    /// Whether it may.
    Authorize,
    /// What to do.
    Decide,
}

impl Stage {
    /// The word for the stage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Route => "route",
            Self::Credential => "credential",
            Self::Evidence => "evidence",
            Self::Authenticate => "authenticate",
            Self::Origin => "origin",
            Self::Authorize => "authorize",
            Self::Decide => "decide",
        }
    }
}

/// One stage's outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step<'t> {
    /// The stage.
    pub stage: Stage,
    /// The outcome.
    pub outcome: Outcome<'t>,
    /// What it is about: a route, a host, names that were dropped.
    pub detail: Option<&'t str>,
    /// How the route's rule was judged.
    pub judgement: Option<&'t Judgement>,
}

/// The steps of one request, in order: at most one for each stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    notes: [Note; STAGES.len()],
    /// Of [`Stage::Authorize`], whose outcome it is.
    judgement: Option<Box<Judgement>>,
}

/// What is known of one stage. Nothing of it takes memory of its own for an ordinary request.
#[derive(Debug, Clone, Default, PartialEq)]
struct Note {
    outcome: Option<Outcome<'static>>,
    detail: Option<Arc<str>>,
}

const STAGES: [Stage; 8] = [
    Stage::Read,
    Stage::Route,
    Stage::Credential,
    Stage::Evidence,
    Stage::Authenticate,
    Stage::Origin,
    Stage::Authorize,
    Stage::Decide,
];

impl Trace {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The trace of a request that could not be read.
    #[must_use]
    pub fn refused(refusal: Refusal) -> Self {
        let mut trace = Self::default();
        trace.note(Stage::Read, Outcome::Refused(refusal));
        trace.note(Stage::Decide, Outcome::Decided(Kind::Refuse));
        trace
    }

    /// Adds a step.
    pub fn note(&mut self, stage: Stage, outcome: Outcome<'static>) {
        self.set(stage, outcome, None);
    }

    /// Adds a step and what it is about.
    pub fn note_about(
        &mut self,
        stage: Stage,
        outcome: Outcome<'static>,
        detail: impl Into<Arc<str>>,
    ) {
        self.set(stage, outcome, Some(detail.into()));
    }

    /// Adds the step of authorizing: how the route's rule was judged.
    pub fn note_judged(&mut self, judgement: Judgement) {
        self.judgement = Some(Box::new(judgement));
    }

    fn set(&mut self, stage: Stage, outcome: Outcome<'static>, detail: Option<Arc<str>>) {
        if let Some(note) = self.notes.get_mut(stage as usize) {
            *note = Note {
                outcome: Some(outcome),
                detail,
            };
        }
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        STAGES
            .into_iter()
            .zip(&self.notes)
            .filter_map(|(stage, note)| {
                let judgement = match stage {
                    Stage::Authorize => self.judgement.as_deref(),
                    _ => None,
                };
                Some(Step {
                    stage,
                    outcome: judgement.map(Outcome::of).or(note.outcome)?,
                    detail: note.detail.as_deref(),
                    judgement,
                })
            })
    }

    /// The outcome of a stage, if the request came that far.
    #[must_use]
    pub fn outcome(&self, stage: Stage) -> Option<Outcome<'_>> {
        let mut steps = self.steps();
        Some(steps.find(|step| step.stage == stage)?.outcome)
    }

    /// The trace as JSON: a list of objects with `stage`, `outcome` and, where there is one,
    /// `detail` and `rule`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::Array(self.steps().map(|step| step.to_json()).collect())
    }
}

impl Step<'_> {
    /// The step as JSON: see [`Trace::to_json`].
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("stage".into(), self.stage.as_str().into());
        object.insert("outcome".into(), self.outcome.code().into());
        if let Some(detail) = self.detail {
            object.insert("detail".into(), detail.into());
        }
        if let Some(judgement) = self.judgement {
            object.insert("rule".into(), judgement_to_json(judgement));
        }
        Value::Object(object)
    }
}

fn judgement_to_json(judgement: &Judgement) -> Value {
    let mut object = Map::new();
    object.insert("verdict".into(), judgement.verdict.as_str().into());
    object.insert("reason".into(), judgement.reason.code().into());
    if let Some(claim) = judgement.reason.claim() {
        object.insert("claim".into(), json!(claim.as_str()));
    }
    if !judgement.parts.is_empty() {
        let parts = judgement.parts.iter().map(judgement_to_json).collect();
        object.insert("parts".into(), Value::Array(parts));
    }
    Value::Object(object)
}
