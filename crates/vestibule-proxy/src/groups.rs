//! The groups of people whose tokens have no room for them: asked for at sign-in and at each
//! refresh, where a rule or a header needs them, and kept with the session.
//!
//! | what the routes need | what is asked |
//! |---|---|
//! | nothing of groups | nothing |
//! | rules on a few groups | whether the person is in these |
//! | more, or a header with the groups | all of them |
//!
//! The token for the question is got silently by the session's refresh token, or by our own
//! credentials. It is kept nowhere: no upstream and no rule ever sees it. What can't be found out is
//! not "no groups": it is kept as unknown, with the reason, and rules on groups refuse.

mod again;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use url::Url;
use vestibule_gate::claims::Claims;
use vestibule_gate::rule::Requirement;
use vestibule_oidc::authorization::ExtraParameters;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::microsoft::TenantId;
use vestibule_oidc::secret::Secret;
use vestibule_oidc::time::UnixTime;
use vestibule_oidc::token::{Grant, TokenError, TokenRequest, TokenResponse};
use vestibule_session::record::{Groups, GroupsUnknown, ResourceKey};

use crate::error_chain::chain;
use crate::finding::{self, log_finding};
use crate::plan::Plan;
use crate::provider::{
    GraphError, GraphPermissions, OwnTokenError, Provider, ProviderError, Question, Whose,
    graph_scope,
};

pub(crate) use again::{are_due, asked_again};

/// Up to so many groups are asked about one by one; for more, the whole list is cheaper.
const FEW: usize = 40;

/// For so long an earlier answer stands in while Graph does not answer.
const STANDS_IN: Duration = Duration::from_secs(4 * 3600);

/// What the routes of a provider's people need to know of groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Nothing,
    /// Whether they are in these, by object id.
    Which(Vec<String>),
    /// All there are.
    All,
}

impl Need {
    /// What the routes need that people of this provider come to.
    pub(crate) fn of(plan: &Plan, provider: &Provider) -> Self {
        let mut named = BTreeSet::new();
        let mut is_asked = false;
        let routes = plan.gate.routes().iter();
        let routes = routes.filter(|route| !route.is_public() && provider.comes_to(route));
        for route in routes {
            if route.needs_all_groups() {
                return Self::All;
            }
            if let Requirement::Rules(rule) = &route.require {
                rule.for_each_group(&mut |group| {
                    is_asked = true;
                    named.extend(TenantId::parse(group).map(|id| id.as_str().to_owned()));
                });
            }
        }
        match named.len() {
            // Names that are no object ids, which Graph does not know groups by.
            0 if !is_asked => Self::Nothing,
            0 => Self::All,
            few if few <= FEW => Self::Which(named.into_iter().collect()),
            _ => Self::All,
        }
    }
}

/// One look-up that is due.
pub(crate) struct Lookup<'l> {
    plan: &'l Plan,
    provider: &'l Arc<Provider>,
    metadata: &'l ProviderMetadata,
    need: Need,
    /// The person's object id, if a token tells it.
    person: Option<TenantId>,
}

/// What the token endpoint has just given, and what else there is to get a token with.
#[derive(Clone, Copy)]
pub(crate) struct Given<'g> {
    /// The answer.
    pub(crate) tokens: &'g TokenResponse,
    /// What it was asked for.
    pub(crate) asked_for: &'g ResourceKey,
    /// The latest refresh token.
    pub(crate) refresh_token: Option<&'g Secret>,
}

/// What Graph is asked with.
pub(crate) struct Key {
    graph: Url,
    token: Secret,
    /// The refresh token that came with it: the one to use from now on.
    pub(crate) refresh_token: Option<Secret>,
}

/// Why nothing was found out.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LookupError {
    /// Nobody knows where Graph is, or who the person is there.
    #[error("look up groups: {what}")]
    Nowhere {
        /// What is missing.
        what: &'static str,
    },
    /// There is no refresh token.
    #[error("get a token for Microsoft Graph without a refresh token")]
    NoRefreshToken,
    /// The provider can't be asked for the token.
    #[error("get a token for Microsoft Graph")]
    Provider(#[from] ProviderError),
    /// The provider refuses the token.
    #[error("get a token for Microsoft Graph")]
    Refused(#[from] TokenError),
    /// Graph does not tell.
    #[error("look up groups")]
    Graph(#[from] GraphError),
}

impl From<OwnTokenError> for LookupError {
    fn from(error: OwnTokenError) -> Self {
        match error {
            OwnTokenError::Provider(error) => Self::Provider(error),
            OwnTokenError::Refused(error) => Self::Refused(error),
        }
    }
}

impl LookupError {
    /// What is kept of it with the session.
    fn why(&self) -> GroupsUnknown {
        let no_answer = |error: &ProviderError| match error {
            ProviderError::Status { status, .. } | ProviderError::Refused { status, .. } => {
                GroupsUnknown::NoAnswer {
                    status: Some(*status),
                }
            }
            ProviderError::ContentType { .. } => GroupsUnknown::Unusable,
            error if error.is_outage() => GroupsUnknown::NoAnswer { status: None },
            _ => GroupsUnknown::Unusable,
        };
        match self {
            Self::Nowhere { .. } => GroupsUnknown::NowhereToAsk,
            Self::NoRefreshToken => GroupsUnknown::NoRefreshToken,
            Self::Provider(error) => no_answer(error),
            Self::Refused(error) if error.is_temporary() => {
                GroupsUnknown::NoAnswer { status: None }
            }
            Self::Refused(error) => GroupsUnknown::NoToken {
                aadsts: error.aadsts(),
            },
            Self::Graph(GraphError::Busy) => GroupsUnknown::NoAnswer { status: Some(429) },
            Self::Graph(GraphError::Unusable { .. }) => GroupsUnknown::Unusable,
            Self::Graph(GraphError::TooMany) => GroupsUnknown::TooMany,
            Self::Graph(GraphError::Provider(
                ProviderError::Status { status: 403, .. }
                | ProviderError::Refused { status: 403, .. },
            )) => GroupsUnknown::Forbidden,
            Self::Graph(GraphError::Provider(error)) => no_answer(error),
        }
    }
}

impl<'l> Lookup<'l> {
    /// The look-up for somebody with these claims, if one is due.
    pub(crate) fn due(
        plan: &'l Plan,
        provider: &'l Arc<Provider>,
        metadata: &'l ProviderMetadata,
        claims: &Claims<'_>,
    ) -> Option<Self> {
        if !claims.groups_overage() {
            return None;
        }
        let need = Need::of(plan, provider);
        let person = claims.id_token.get("oid").and_then(|oid| oid.as_str());
        (need != Need::Nothing).then(|| Self {
            plan,
            provider,
            metadata,
            need,
            person: person.and_then(TenantId::parse),
        })
    }

    /// What to ask with. A refresh token that comes with it has to be kept before it is used.
    pub(crate) async fn key(&self, given: Given<'_>) -> Result<Key, LookupError> {
        let graph = self.provider.graph().ok_or(LookupError::Nowhere {
            what: "it is not known where the Microsoft Graph of this provider is",
        })?;
        let key = |token: &Secret, refresh_token: Option<&Secret>| Key {
            graph,
            token: token.clone(),
            refresh_token: refresh_token.cloned(),
        };
        let settings = self.provider.plan();
        if settings.graph_permissions == GraphPermissions::Application {
            let token = self.provider.own_graph_token(self.metadata).await?;
            return Ok(key(&token, None));
        }
        if let Some(token) = given.tokens.access_token()
            && is_graphs(given.asked_for)
        {
            return Ok(key(token, None));
        }
        let refresh_token = given.refresh_token.ok_or(LookupError::NoRefreshToken)?;
        let request = TokenRequest {
            endpoint: self.metadata.token_endpoint(),
            client_id: &settings.client_id,
            authentication: &settings.client_authentication(self.metadata),
            grant: Grant::RefreshToken { refresh_token },
            scopes: &[graph_scope()],
            extra: &ExtraParameters::default(),
        };
        let answer = self.provider.token(request.to_http()).await?;
        let content_type = answer.content_type.as_deref();
        let tokens = TokenResponse::parse(answer.status, content_type, &answer.body)?;
        let token = tokens.access_token().ok_or(TokenError::Missing {
            name: "access_token",
        })?;
        Ok(key(token, tokens.refresh_token()))
    }

    /// Asks. Whatever comes of it is kept with the session; an answer of before stands in while
    /// there is none.
    pub(crate) async fn ask(
        &self,
        key: Result<Key, LookupError>,
        before: Option<&Groups>,
        now: UnixTime,
    ) -> Groups {
        let asked = match key {
            Ok(key) => self.question(&key, now).await,
            Err(error) => Err(error),
        };
        let error = match asked {
            Ok(groups) => return groups,
            Err(error) => error,
        };
        let why = error.why();
        self.tell(&error, why, now);
        let stands_in = |groups: &&Groups| {
            groups.why_unknown().is_none() && now < groups.asked_at() + STANDS_IN
        };
        match before.filter(stands_in) {
            Some(before) if why.is_temporary() => before.clone(),
            _ => Groups::unknown(why, now),
        }
    }

    async fn question(&self, key: &Key, now: UnixTime) -> Result<Groups, LookupError> {
        let whose = match (self.provider.plan().graph_permissions, &self.person) {
            (GraphPermissions::Delegated, _) => Whose::Mine,
            (GraphPermissions::Application, Some(id)) => Whose::Of(id),
            (GraphPermissions::Application, None) => {
                return Err(LookupError::Nowhere {
                    what: "the ID token has no `oid`; have sign-in ask for the scope `profile`",
                });
            }
        };
        let (graph, token) = (&key.graph, &key.token);
        Ok(match &self.need {
            Need::Which(groups) => {
                let question = Question::Which(groups);
                let member = self.provider.ask_graph(graph, token, whose, question);
                Groups::of(groups.iter().cloned(), member.await?, now)
            }
            Need::All | Need::Nothing => {
                let member = self.provider.ask_graph(graph, token, whose, Question::All);
                Groups::all(member.await?, now)
            }
        })
    }

    /// Tells the log, once an hour for each reason.
    fn tell(&self, error: &LookupError, why: GroupsUnknown, now: UnixTime) {
        let (plan, provider) = (self.plan, self.provider);
        if !finding::is_news(plan, provider, why.code(), now) {
            return;
        }
        let findings = finding::of_groups(why, plan, provider, None);
        log_finding!(
            warn,
            &findings,
            {
                provider = %provider.name(),
                code = why.code(),
                error = chain(error),
            },
            "the groups of a person could not be looked up; routes that need them are refused"
        );
    }
}

/// Whether an access token that was asked for so is for Microsoft Graph: at Entra, one for nothing
/// else is.
fn is_graphs(asked_for: &ResourceKey) -> bool {
    let is_unqualified = |scope: &str| {
        scope
            .chars()
            .all(|c| c.is_ascii_alphabetic() || c == '.' || c == '_')
    };
    asked_for.resource().is_none() && asked_for.scopes().all(is_unqualified)
}

#[cfg(test)]
mod tests;
