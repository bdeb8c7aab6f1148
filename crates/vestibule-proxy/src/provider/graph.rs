//! Asks Microsoft Graph which groups somebody is in: about a few by name, or for all of them in
//! pages.
//!
//! Where Graph is comes from the configuration or from what is known of Microsoft's clouds, never
//! from a token: the address in `_claim_sources` is outside input, and often of a service that is
//! gone.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, sleep, timeout};
use url::Url;
use vestibule_oidc::json;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::microsoft::{GRAPH_ID, TenantId, cloud_of, is_graph_host};
use vestibule_oidc::secret::Secret;
use vestibule_oidc::token::{Grant, TokenError, TokenRequest, TokenResponse};

use super::address::is_loopback;
use super::call::{CallError, ProviderAnswer, ProviderCall};
use super::{Endpoint, Provider, ProviderError, fetch};

/// The longest time one question may take in all, its pages and pauses included.
const PATIENCE: Duration = Duration::from_secs(10);

/// Graph is waited for if it asks for no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// When Graph is busy and does not say for how long.
const USUAL_PAUSE: Duration = Duration::from_secs(1);

/// No longer is Graph left alone, whatever it says.
const LONGEST_HOLD: Duration = Duration::from_secs(300);

/// The most groups one call may be asked about (`checkMemberGroups`).
const AT_ONCE: usize = 20;

/// The most groups Graph puts on one page.
const PAGE: usize = 999;

const MOST_PAGES: usize = 12;

/// More are not kept with a session.
const MOST_GROUPS: usize = 10_000;

/// What is remembered between questions.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// Graph has asked to be left alone until then.
    hold_until: Mutex<Option<Instant>>,
    /// Our own token for Graph, and until when it is used.
    own_token: AsyncMutex<Option<(Secret, Instant)>>,
}

/// What is asked about somebody.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question<'q> {
    /// Of which of these groups they are a member.
    Which(&'q [String]),
    /// Of which groups they are a member.
    All,
}

/// Whom it is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'q> {
    /// The person whose token it is.
    Mine,
    /// The person of this object id.
    Of(&'q TenantId),
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum GraphError {
    /// No answer, or none that says which groups.
    #[error("ask Microsoft Graph for groups")]
    Provider(#[from] ProviderError),
    /// It has asked to be left alone.
    #[error("ask Microsoft Graph for groups: it asked to be left alone for a while")]
    Busy,
    /// The answer is not of the form, leads elsewhere or has no end.
    #[error("read the groups Microsoft Graph tells: {what}")]
    Unusable {
        /// What is wrong with it.
        what: &'static str,
    },
    /// More groups than are kept.
    #[error("keep more than {MOST_GROUPS} groups of one person")]
    TooMany,
}

/// Why there is no token of our own for Graph.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum OwnTokenError {
    /// The provider can't be asked.
    #[error("get a token of our own for Microsoft Graph")]
    Provider(#[from] ProviderError),
    /// It refused.
    #[error("get a token of our own for Microsoft Graph")]
    Refused(#[from] TokenError),
}

/// The scope of a token for Graph: whatever has been granted.
pub(crate) fn graph_scope() -> String {
    format!("{GRAPH_ID}/.default")
}

impl Provider {
    /// Where Microsoft Graph is, up to the version in its paths, if that is known.
    pub(crate) fn graph(&self) -> Option<Url> {
        if let Some(graph) = &self.plan.graph {
            let mut graph = graph.clone();
            if !graph.path().ends_with('/') {
                graph.set_path(&format!("{}/", graph.path()));
            }
            return Some(graph);
        }
        // An imitation on this machine claims to be of Microsoft's cloud; its tokens stay here.
        if is_loopback(&self.plan.metadata_url) {
            return None;
        }
        let metadata = self.known_metadata()?;
        if !self.plan.issuer.is_entra(metadata.is_entra()) {
            return None;
        }
        let told = metadata.members().get("msgraph_host");
        let told = told
            .and_then(Value::as_str)
            .filter(|host| is_graph_host(host));
        let issuer = Url::parse(metadata.issuer()).ok();
        let of_cloud = || cloud_of(issuer.as_ref()?.host_str()?)?.graph_host;
        Url::parse(&format!("https://{}/", told.or_else(of_cloud)?)).ok()
    }

    /// Asks Graph. The groups are object ids.
    pub(crate) async fn ask_graph(
        &self,
        graph: &Url,
        token: &Secret,
        whose: Whose<'_>,
        question: Question<'_>,
    ) -> Result<Vec<String>, GraphError> {
        let person = match whose {
            Whose::Mine => "me".to_owned(),
            Whose::Of(id) => format!("users/{id}"),
        };
        let asked = async {
            match question {
                Question::Which(groups) => self.which(graph, token, &person, groups).await,
                Question::All => self.all(graph, token, &person).await,
            }
        };
        let too_late = ProviderError::Call {
            endpoint: Endpoint::Graph,
            source: CallError::TimedOut,
        };
        timeout(PATIENCE, asked)
            .await
            .unwrap_or(Err(GraphError::Provider(too_late)))
    }

    async fn which(
        &self,
        graph: &Url,
        token: &Secret,
        person: &str,
        groups: &[String],
    ) -> Result<Vec<String>, GraphError> {
        let url = join(graph, &format!("v1.0/{person}/checkMemberGroups"))?;
        let mut member = Vec::new();
        for some in groups.chunks(AT_ONCE) {
            let body = json!({ "groupIds": some }).to_string();
            let answer = self
                .call_graph(&url, token, Some(Bytes::from(body)))
                .await?;
            let answer = read(&answer)?;
            for group in listed(&answer)? {
                let group = group.as_str().and_then(TenantId::parse);
                let group = group.ok_or(GraphError::Unusable {
                    what: "a group that is no object id",
                })?;
                member.push(group.as_str().to_owned());
            }
        }
        // What was not asked about is not believed.
        member.retain(|group| groups.iter().any(|asked| asked.eq_ignore_ascii_case(group)));
        Ok(member)
    }

    async fn all(
        &self,
        graph: &Url,
        token: &Secret,
        person: &str,
    ) -> Result<Vec<String>, GraphError> {
        let first = format!("v1.0/{person}/transitiveMemberOf?$select=id&$top={PAGE}");
        let mut pages = vec![join(graph, &first)?];
        let mut member = Vec::new();
        while let Some(page) = pages.last().cloned() {
            let answer = read(&self.call_graph(&page, token, None).await?)?;
            for entry in listed(&answer)? {
                // Directory roles and administrative units come along.
                let kind = entry.get("@odata.type").and_then(Value::as_str);
                if kind.is_some_and(|kind| kind != "#microsoft.graph.group") {
                    continue;
                }
                let id = entry.get("id").and_then(Value::as_str);
                let id = id.and_then(TenantId::parse).ok_or(GraphError::Unusable {
                    what: "a group without an object id",
                })?;
                member.push(id.as_str().to_owned());
            }
            if member.len() > MOST_GROUPS {
                return Err(GraphError::TooMany);
            }
            let Some(next) = answer.get("@odata.nextLink") else {
                break;
            };
            let next = next.as_str().and_then(|next| Url::parse(next).ok());
            let next = next.filter(|next| is_within(next, graph));
            let next = next.ok_or(GraphError::Unusable {
                what: "the next page is somewhere else",
            })?;
            if pages.contains(&next) || pages.len() == MOST_PAGES {
                return Err(GraphError::Unusable {
                    what: "the pages have no end",
                });
            }
            pages.push(next);
        }
        Ok(member)
    }

    async fn call_graph(
        &self,
        url: &Url,
        token: &Secret,
        body: Option<Bytes>,
    ) -> Result<ProviderAnswer, GraphError> {
        let mut may_wait = true;
        loop {
            if self.graph_is_on_hold() {
                return Err(GraphError::Busy);
            }
            let call = ProviderCall {
                url: url.clone(),
                authorization: Some(Secret::new(format!("Bearer {}", token.expose()))),
                form: None,
                json: body.clone(),
                max_bytes: ProviderCall::ANSWER_MAX_BYTES,
            };
            let answer = self.call_anyway(Endpoint::Graph, call).await?;
            if !matches!(answer.status, 429 | 503) {
                return Ok(fetch::success(Endpoint::Graph, answer)?);
            }
            let pause = answer.retry_after.unwrap_or(USUAL_PAUSE);
            if !may_wait || pause > LONGEST_PAUSE {
                let until = Instant::now() + pause.min(LONGEST_HOLD);
                let hold = &self.asking_graph.hold_until;
                *hold.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
                let (endpoint, status) = (Endpoint::Graph, answer.status);
                return Err(ProviderError::Status { endpoint, status }.into());
            }
            may_wait = false;
            sleep(pause).await;
        }
    }

    fn graph_is_on_hold(&self) -> bool {
        let hold = &self.asking_graph.hold_until;
        let until = *hold.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// Our own token for Graph, got by our credentials and used until it expires. It never leaves
    /// this module's questions.
    pub(crate) async fn own_graph_token(
        &self,
        metadata: &ProviderMetadata,
    ) -> Result<Secret, OwnTokenError> {
        let mut held = self.asking_graph.own_token.lock().await;
        if let Some((token, until)) = &*held
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let request = TokenRequest {
            endpoint: metadata.token_endpoint(),
            client_id: &self.plan.client_id,
            authentication: &self.plan.client_authentication(metadata),
            grant: Grant::ClientCredentials,
            scopes: &[graph_scope()],
            extra: &Default::default(),
        };
        let answer = self.token(request.to_http()).await?;
        let content_type = answer.content_type.as_deref();
        let tokens = TokenResponse::parse(answer.status, content_type, &answer.body)?;
        let token = tokens.access_token().ok_or(TokenError::Missing {
            name: "access_token",
        })?;
        let lasts = tokens.expires_in().unwrap_or_default();
        *held = Some((token.clone(), Instant::now() + lasts.mul_f32(0.9)));
        Ok(token.clone())
    }
}

fn join(graph: &Url, path: &str) -> Result<Url, GraphError> {
    graph.join(path).map_err(|_| GraphError::Unusable {
        what: "its address makes no address with a path",
    })
}

/// Whether an address that Graph gave is one of Graph's.
fn is_within(next: &Url, graph: &Url) -> bool {
    let rest = next.path().strip_prefix(graph.path());
    next.origin() == graph.origin()
        && rest.is_some_and(|rest| rest.starts_with("v1.0/"))
        && next.username().is_empty()
        && next.password().is_none()
}

fn read(answer: &ProviderAnswer) -> Result<serde_json::Map<String, Value>, GraphError> {
    json::parse_object(&answer.body, ProviderCall::ANSWER_MAX_BYTES).map_err(|_| {
        GraphError::Unusable {
            what: "not a JSON object",
        }
    })
}

fn listed(answer: &serde_json::Map<String, Value>) -> Result<&[Value], GraphError> {
    match answer.get("value") {
        Some(Value::Array(list)) => Ok(list),
        _ => Err(GraphError::Unusable {
            what: "no list in it",
        }),
    }
}
