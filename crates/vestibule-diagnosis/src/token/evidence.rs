//! Holds what is known about a token when somebody asks what is wrong with it.

use serde_json::Value;
use vestibule_oidc::access_token::{TokenShape, classify};

/// What is known. Everything but the shape may be missing; more evidence makes better findings.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenEvidence {
    /// What the token looks like.
    pub shape: TokenShape,
    /// Its length in bytes.
    pub length: usize,
    /// The path of the route that passes it on.
    pub route: Option<String>,
    /// The API the token should be for: its App ID URI, or its application (client) id.
    pub api: Option<String>,
    /// The scopes the sign-in or the route asked for.
    pub scopes: Vec<String>,
    /// The audiences the API accepts.
    pub audiences: Vec<String>,
    /// Whether the configuration came from Apache, so that its directives help more than our keys.
    pub from_apache: bool,
}

impl TokenEvidence {
    /// The evidence of the token alone.
    pub fn of(token: &str) -> Self {
        Self {
            shape: classify(token),
            length: token.trim().len(),
            route: None,
            api: None,
            scopes: Vec::new(),
            audiences: Vec::new(),
            from_apache: false,
        }
    }

    /// How the token is called in a sentence.
    pub(super) fn subject(&self) -> String {
        match &self.route {
            Some(route) => format!("The access token for {route}"),
            None => "The access token".to_owned(),
        }
    }

    /// The token's audiences, if it is a JWT.
    pub(super) fn found_audiences(&self) -> Vec<&str> {
        match &self.shape {
            TokenShape::Jwt { claims, .. } => match claims.get("aud") {
                Some(Value::String(audience)) => vec![audience],
                Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// What was asked for, as the beginning of an explanation.
    pub(super) fn asked_for(&self) -> String {
        match self.scopes.as_slice() {
            [] => "No scope of an API was asked for.".to_owned(),
            scopes => format!("The scopes asked for are `{}`.", scopes.join(" ")),
        }
    }
}

/// What is shown of text from outside: not at any length, and without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars()
        .filter(|char| !char.is_control())
        .take(120)
        .collect()
}
