//! Every stage's outcome and reason for one request.
//!
//! `explain`, the access log and the error page read it. It holds codes, names of routes and names
//! of claims; never a value of a claim, a cookie or a token.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::rule::Judgement;

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
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// The stable code of the outcome.
    pub outcome: &'static str,
    /// What it is about: a route, a host, names that were dropped.
    pub detail: Option<Cow<'static, str>>,
    /// How the route's rule was judged.
    pub judgement: Option<Judgement>,
}

/// The steps of one request, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    steps: Vec<Step>,
}

impl Trace {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            steps: Vec::with_capacity(8),
        }
    }

    /// The trace of a request that could not be read.
    #[must_use]
    pub fn refused(refusal: crate::refusal::Refusal) -> Self {
        let mut trace = Self::default();
        trace.note(Stage::Read, refusal.code());
        trace.note(Stage::Decide, "refuse");
        trace
    }

    /// Adds a step.
    pub fn note(&mut self, stage: Stage, outcome: &'static str) {
        self.steps.push(Step {
            stage,
            outcome,
            detail: None,
            judgement: None,
        });
    }

    /// Adds a step and what it is about.
    pub fn note_about(
        &mut self,
        stage: Stage,
        outcome: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) {
        self.steps.push(Step {
            stage,
            outcome,
            detail: Some(detail.into()),
            judgement: None,
        });
    }

    /// Adds a step and how the route's rule was judged.
    pub fn note_judged(&mut self, stage: Stage, outcome: &'static str, judgement: Judgement) {
        self.steps.push(Step {
            stage,
            outcome,
            detail: None,
            judgement: Some(judgement),
        });
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The outcome of a stage, if the request came that far.
    #[must_use]
    pub fn outcome(&self, stage: Stage) -> Option<&'static str> {
        self.steps
            .iter()
            .find(|step| step.stage == stage)
            .map(|step| step.outcome)
    }

    /// The trace as JSON: a list of objects with `stage`, `outcome` and, where there is one,
    /// `detail` and `rule`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::Array(self.steps.iter().map(step_to_json).collect())
    }

    /// The trace in one short line, `route=found credential=absent …`, for logs in text form.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = String::new();
        for step in &self.steps {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(step.stage.as_str());
            line.push('=');
            line.push_str(step.outcome);
        }
        line
    }
}

fn step_to_json(step: &Step) -> Value {
    let mut object = Map::new();
    object.insert("stage".into(), step.stage.as_str().into());
    object.insert("outcome".into(), step.outcome.into());
    if let Some(detail) = &step.detail {
        object.insert("detail".into(), Value::from(&**detail));
    }
    if let Some(judgement) = &step.judgement {
        object.insert("rule".into(), judgement_to_json(judgement));
    }
    Value::Object(object)
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
