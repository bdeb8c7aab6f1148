//! The provider's name, metadata, clock and keys.

use std::time::Duration;

use tokio::time::timeout;
use url::{Position, Url};
use vestibule_diagnosis::evidence::{
    Certificate, Keys, Metadata, Probe, ProbeOutcome, ProbeTarget,
};
use vestibule_diagnosis::{Evidence, text};
use vestibule_oidc::jose::KeySet;
use vestibule_oidc::json;
use vestibule_oidc::metadata::{MetadataError, ProviderMetadata};
use vestibule_proxy::certificate;
use vestibule_proxy::provider::address::{is_loopback, may_call};
use vestibule_proxy::provider::{ExamineError, Examined, HttpTransport, ProviderPlan};

use super::look::Look;
use crate::clock::now;
use crate::output::Chain;

/// How a provider is asked.
pub(super) struct Client<'c> {
    pub(super) transport: &'c HttpTransport,
    pub(super) plan: &'c ProviderPlan,
    pub(super) patience: Duration,
    /// Whether calls go through an HTTP proxy, which looks names up itself.
    pub(super) proxied: bool,
}

/// The longest document that is read.
const DOCUMENT_MAX_BYTES: usize = 1024 * 1024;

impl Client<'_> {
    /// One look at an address.
    pub(super) async fn examine(&self, url: &Url, accept: &str) -> Result<Examined, ProbeOutcome> {
        let asked = self.transport.examine(url.clone(), accept);
        let mut outcome = match timeout(self.patience, asked).await {
            Ok(Ok(examined)) => return Ok(examined),
            Ok(Err(error)) => outcome(error),
            Err(_) => ProbeOutcome::TimedOut,
        };
        // Through an HTTP proxy the way there is another one.
        if let (ProbeOutcome::Tls { certificate, .. }, false) = (&mut outcome, self.proxied) {
            *certificate = shown_certificate(url, self.patience).await;
        }
        Err(outcome)
    }

    /// Whether an endpoint that a document names may be called, as it is decided for every call.
    pub(super) fn may_call(&self, url: &Url) -> bool {
        may_call(url, is_loopback(&self.plan.metadata_url))
    }
}

/// The certificate that is shown at an address, which was not believed.
pub(super) async fn shown_certificate(url: &Url, patience: Duration) -> Option<Box<Certificate>> {
    let port = url.port_or_known_default()?;
    let shown = certificate::shown(url.host_str()?, port, patience).await?;
    Certificate::read(&shown).map(Box::new)
}

fn outcome(error: ExamineError) -> ProbeOutcome {
    match error {
        ExamineError::NoSuchHost { .. } => ProbeOutcome::NoSuchHost,
        ExamineError::TimedOut => ProbeOutcome::TimedOut,
        ExamineError::Tls { detail } => ProbeOutcome::Tls {
            detail,
            certificate: None,
        },
        ExamineError::Closed { .. } => ProbeOutcome::Closed,
        ExamineError::NoTunnel { proxy, reason } => ProbeOutcome::NoTunnel { proxy, reason },
        _ => ProbeOutcome::NoConnection,
    }
}

/// An address without its query.
pub(super) fn place(url: &Url) -> String {
    format!("{}{}", &url[..Position::AfterPort], url.path())
}

/// Asks for all of it. What is learnt stays in `base` for what is asked next; `None` if there is no use in going on.
/// Beside the metadata come the keys, if there are any.
pub(super) async fn ask(
    look: &mut Look,
    client: &Client<'_>,
    base: &mut Evidence,
) -> Option<(ProviderMetadata, Option<KeySet>)> {
    let url = &client.plan.metadata_url;
    if !client.proxied && !name(look, client, base).await {
        return None;
    }
    look.begin(format!("the metadata at {}", place(url)));
    let answer = match client.examine(url, "application/json").await {
        Ok(answer) => answer,
        Err(outcome) => {
            let seen = with(base, ProbeTarget::Metadata, url, outcome);
            look.judge_or(&seen, "no answer");
            return None;
        }
    };
    let metadata = metadata(look, client, base, &answer)?;
    clock(look, base, &answer);
    let keys = keys(look, client, base, &metadata).await;
    Some((metadata, keys))
}

async fn name(look: &mut Look, client: &Client<'_>, base: &Evidence) -> bool {
    let url = &client.plan.metadata_url;
    let Some(url::Host::Domain(host)) = url.host() else {
        return true;
    };
    look.begin(format!("the name {host}"));
    let port = url.port_or_known_default().unwrap_or(443);
    let found = match timeout(client.patience, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(mut addresses)) => addresses.next(),
        Ok(Err(_)) => None,
        Err(_) => {
            let seen = with(base, ProbeTarget::Metadata, url, ProbeOutcome::TimedOut);
            look.judge_or(&seen, "the resolver did not answer in time");
            return false;
        }
    };
    match found {
        Some(address) => {
            look.ok(address.ip().to_string());
            true
        }
        None => {
            let seen = with(base, ProbeTarget::Metadata, url, ProbeOutcome::NoSuchHost);
            look.judge_or(&seen, "the name has no address");
            false
        }
    }
}

/// What is known, and what came of one more question.
pub(super) fn with(
    base: &Evidence,
    target: ProbeTarget,
    url: &Url,
    outcome: ProbeOutcome,
) -> Evidence {
    let mut seen = base.clone();
    seen.probes.push(Probe::new(target, place(url), outcome));
    seen
}

/// What an answer shows of itself.
pub(super) fn shape(answer: &Examined) -> ProbeOutcome {
    let start = answer.body.get(..16).unwrap_or(&answer.body);
    ProbeOutcome::Http {
        status: answer.status,
        content_type: answer.content_type.clone(),
        first_char: String::from_utf8_lossy(start).trim_start().chars().next(),
    }
}

fn metadata(
    look: &mut Look,
    client: &Client<'_>,
    base: &mut Evidence,
    answer: &Examined,
) -> Option<ProviderMetadata> {
    let url = &client.plan.metadata_url;
    let mut seen = with(base, ProbeTarget::Metadata, url, shape(answer));
    let document = (answer.status == 200)
        .then(|| json::parse_object(&answer.body, DOCUMENT_MAX_BYTES).ok())
        .flatten();
    let Some(members) = document else {
        // The provider may say itself what is wrong with the address.
        let said = text::read(&String::from_utf8_lossy(&answer.body));
        if !said.aadsts.is_empty() {
            let mut error = said.error.unwrap_or_default();
            error.aadsts = said.aadsts;
            seen.provider_error = Some(error);
        }
        look.judge_or(
            &seen,
            format!("it answers {}, and no metadata", answer.status),
        );
        return None;
    };
    let document = Metadata::new(place(url), members);
    seen.metadata = Some(document.clone());
    let parsed = match ProviderMetadata::parse(&answer.body, &client.plan.issuer) {
        Ok(parsed) => parsed,
        Err(error) => {
            let detail = Chain(&error).to_string();
            // Of a file that names the metadata's address alone, the issuer is what stands before the rest of it.
            let provider = seen
                .settings
                .as_mut()
                .and_then(|settings| settings.provider.as_mut());
            if let (Some(provider), MetadataError::Issuer(_)) = (provider, &error) {
                let configured = client.plan.issuer.configured().to_owned();
                provider.issuer.get_or_insert(configured);
            }
            if vestibule_diagnosis::diagnose(&seen)
                .iter()
                .any(|finding| finding.code.starts_with("VST-KEYS-"))
            {
                look.judge(&seen, detail);
            } else {
                let failed = ProbeOutcome::Failed {
                    detail: detail.clone(),
                };
                look.judge_or(&with(base, ProbeTarget::Metadata, url, failed), detail);
            }
            return None;
        }
    };
    base.metadata = Some(document);
    accept_issuer(base, &parsed);
    seen.settings.clone_from(&base.settings);
    let warnings: Vec<_> = parsed
        .warnings()
        .iter()
        .map(|warning| warning.code())
        .collect();
    let mut detail = format!("issuer {}", parsed.issuer());
    if !warnings.is_empty() {
        detail.push_str(&format!("; {}", warnings.join(", ")));
    }
    look.judge(&seen, detail);
    Some(parsed)
}

/// Where Microsoft's documents name another issuer than the one that was configured, and the proxy knows this form and
/// accepts it, the difference is no finding.
fn accept_issuer(base: &mut Evidence, parsed: &ProviderMetadata) {
    let provider = base
        .settings
        .as_mut()
        .and_then(|settings| settings.provider.as_mut());
    if let Some(provider) = provider
        && provider
            .issuer
            .as_deref()
            .is_some_and(|issuer| issuer != parsed.issuer())
    {
        provider.metadata_url = base
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.url.clone());
        provider.issuer = None;
    }
}

fn clock(look: &mut Look, base: &mut Evidence, answer: &Examined) {
    look.begin("the clock against the provider's");
    let Some(theirs) = answer.date else {
        look.unknown("the answer has no date");
        return;
    };
    let mut seen = base.clone();
    seen.now = Some(now());
    seen.provider_time = Some(theirs);
    let apart = seen.clock_ahead_secs().unwrap_or_default();
    look.judge(&seen, format!("{} s apart", apart.unsigned_abs()));
}

async fn keys(
    look: &mut Look,
    client: &Client<'_>,
    base: &mut Evidence,
    metadata: &ProviderMetadata,
) -> Option<KeySet> {
    let url = metadata.jwks_uri();
    look.begin(format!("the keys at {}", place(url)));
    if !client.may_call(url) {
        let detail = format!(
            "`jwks_uri` is an address that is never called: {}",
            place(url)
        );
        let failed = ProbeOutcome::Failed {
            detail: detail.clone(),
        };
        look.judge_or(&with(base, ProbeTarget::Metadata, url, failed), detail);
        return None;
    }
    let answer = match client.examine(url, "application/json").await {
        Ok(answer) => answer,
        Err(outcome) => {
            look.judge_or(&with(base, ProbeTarget::Keys, url, outcome), "no answer");
            return None;
        }
    };
    let mut found = Keys::read(&answer.body);
    found.url = Some(place(url));
    found.status = Some(answer.status);
    found.content_type.clone_from(&answer.content_type);
    found.fetched_at = Some(now());
    if answer.status != 200 {
        found.keys = None;
    }
    let listed = found.keys.as_ref().map_or(0, Vec::len);
    let set = KeySet::parse(&answer.body)
        .ok()
        .filter(|_| answer.status == 200);
    let usable = set.as_ref().map_or(0, |set| set.keys().len());
    let own = match (base.is_entra(), listed) {
        (true, 1..) => app_keys(client, url, &found).await,
        _ => None,
    };
    found.app_kids.clone_from(&own);
    found.app_id = own.is_some().then(|| client.plan.client_id.clone());
    base.keys = Some(found);
    let own = match own.as_deref() {
        None => "",
        Some([]) => "; the app has none of its own",
        Some(_) => {
            "; the app has keys of its own, which `?appid=` shows: its tokens may be signed with them"
        }
    };
    if listed > 0 && usable == 0 {
        look.judge_or(base, "none of the keys is of a kind that is used here");
        return None;
    }
    look.judge(base, format!("{usable} that can be used{own}"));
    set
}

/// The keys that only this app's document lists (`?appid=`), which it has when claims are mapped for it.
async fn app_keys(client: &Client<'_>, url: &Url, known: &Keys) -> Option<Vec<String>> {
    let mut url = url.clone();
    url.query_pairs_mut()
        .append_pair("appid", &client.plan.client_id);
    let answer = client.examine(&url, "application/json").await.ok()?;
    let keys = Keys::read(&answer.body)
        .keys
        .filter(|_| answer.status == 200)?;
    let kids = keys.into_iter().filter_map(|key| key.kid);
    Some(kids.filter(|kid| known.find(kid).is_none()).collect())
}
