//! Fetches a provider's documents and decides whether what came takes the place of what is held.

use std::sync::{Arc, PoisonError};

use tokio::time::Instant;
use vestibule_oidc::jose::KeySet;
use vestibule_oidc::json;
use vestibule_oidc::metadata::ProviderMetadata;
use vestibule_oidc::microsoft::aadsts_code;
use vestibule_oidc::userinfo;

use super::call::{ProviderAnswer, ProviderCall};
use super::documents::HeldKeys;
use super::{Endpoint, Provider, ProviderError, place};
use crate::error_chain::chain;
use crate::finding::{self, log_finding};

/// The longest refusal that is looked into.
const REFUSAL_MAX_BYTES: usize = 64 * 1024;

impl Provider {
    pub(super) async fn fetch_metadata(&self) -> Result<Arc<ProviderMetadata>, ProviderError> {
        let call = ProviderCall::document(self.plan.metadata_url.clone());
        let answer = success(
            Endpoint::Metadata,
            self.call_anyway(Endpoint::Metadata, call).await?,
        )?;
        let found = ProviderMetadata::parse(&answer.body, &self.plan.issuer)?;
        if let Some(held) = self.known_metadata()
            && held.issuer() != found.issuer()
        {
            return Err(ProviderError::IssuerChanged {
                held: held.issuer().to_owned(),
                found: found.issuer().to_owned(),
            });
        }
        if self.known_metadata().is_none() {
            for warning in found.warnings() {
                tracing::warn!(provider = %self.name, code = warning.code(), "the provider's metadata");
            }
        }
        let found = Arc::new(found);
        self.documents
            .send_modify(|documents| documents.metadata = Some(Arc::clone(&found)));
        Ok(found)
    }

    pub(super) async fn fetch_keys(
        &self,
        metadata: &ProviderMetadata,
    ) -> Result<Arc<KeySet>, ProviderError> {
        let call = ProviderCall::document(metadata.jwks_uri().clone());
        let answer = success(
            Endpoint::Keys,
            self.call_anyway(Endpoint::Keys, call).await?,
        )?;
        let set = KeySet::parse(&answer.body)?;
        if set.keys().is_empty() {
            // A set that verifies nothing is a fault at the provider, never an instruction to
            // forget the keys that work.
            return Err(ProviderError::NoUsableKey);
        }
        let set = Arc::new(set);
        let keys = HeldKeys {
            set: Arc::clone(&set),
            fetched: Instant::now(),
        };
        self.documents
            .send_modify(|documents| documents.keys = Some(keys));
        Ok(set)
    }

    /// The scheduled fetch: metadata, then keys.
    pub(super) async fn fetch_documents(&self) -> Result<(), ProviderError> {
        let outcome = match self.fetch_metadata().await {
            Ok(metadata) => {
                let keys = self.fetch_keys(&metadata).await;
                if keys.is_ok() {
                    *self
                        .unknown_key_fetched
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner) = None;
                }
                keys.map(|_| ())
            }
            Err(error) => {
                if error.is_outage() && self.known_metadata().is_none() && self.breaker.open() {
                    let findings = finding::of_documents(&error, self);
                    log_finding!(
                        warn,
                        &findings,
                        {
                            provider = %self.name,
                            url = self.place_of(&error),
                            error = chain(&error),
                        },
                        "the provider does not answer; sign-in starts working as soon as it does"
                    );
                }
                // Old metadata may still lead to new keys.
                if let (false, Some(metadata)) = (error.is_outage(), self.known_metadata()) {
                    let _ = self.fetch_keys(&metadata).await;
                }
                Err(error)
            }
        };
        let before = self.documents.borrow().trouble.clone();
        self.log_documents(&outcome, before.as_ref());
        self.documents.send_modify(|documents| {
            documents.attempted = true;
            documents.trouble = outcome.clone().err();
        });
        outcome
    }

    /// Says what became of a scheduled fetch, where the circuit does not: of an outage of the
    /// metadata it tells, and of its end.
    fn log_documents(&self, outcome: &Result<(), ProviderError>, before: Option<&ProviderError>) {
        let told_by_circuit =
            |error: &ProviderError| error.is_outage() && error.is_about_metadata();
        let error = match outcome {
            Err(error) if told_by_circuit(error) => return,
            Err(error) => error,
            Ok(()) => {
                if before.is_some_and(|before| !told_by_circuit(before)) {
                    tracing::info!(provider = %self.name, "the provider's documents are usable again");
                }
                return;
            }
        };
        let (url, code) = (self.place_of(error), error.code());
        let kept = if self.is_ready() {
            "what was known before stays in use"
        } else {
            "nobody can sign in until they are usable"
        };
        let findings = finding::of_documents(error, self);
        if !error.is_outage() {
            log_finding!(
                error,
                &findings,
                {
                    provider = %self.name,
                    code,
                    url,
                    error = chain(error),
                },
                "the provider's documents were refused; {kept}"
            );
        } else if before != Some(error) {
            log_finding!(
                warn,
                &findings,
                {
                    provider = %self.name,
                    code,
                    url,
                    error = chain(error),
                },
                "the provider's documents can't be fetched; {kept}"
            );
        }
    }

    /// Where the call went that failed.
    pub(super) fn place_of(&self, error: &ProviderError) -> Option<String> {
        let metadata = self.known_metadata();
        Some(place(match error.endpoint()? {
            Endpoint::Metadata => &self.plan.metadata_url,
            Endpoint::Keys => metadata.as_ref()?.jwks_uri(),
            Endpoint::Token => metadata.as_ref()?.token_endpoint(),
            Endpoint::UserInfo => metadata.as_ref()?.userinfo_endpoint()?,
            Endpoint::Revocation => metadata.as_ref()?.revocation_endpoint()?,
            Endpoint::Graph => return self.graph().map(|graph| place(&graph)),
        }))
    }
}

/// A document or claims: status 200 and JSON, or signed user info, nothing else.
pub(super) fn success(
    endpoint: Endpoint,
    answer: ProviderAnswer,
) -> Result<ProviderAnswer, ProviderError> {
    let status = answer.status;
    if status != 200 {
        // An outage is one, whatever it says.
        let error = ProviderError::Status { endpoint, status };
        return Err(match aadsts(&answer.body) {
            Some(aadsts) if !error.is_outage() => ProviderError::Refused {
                endpoint,
                status,
                aadsts,
            },
            _ => error,
        });
    }
    match answer.content_type.as_deref() {
        // Some servers send none, and the strict JSON reading that follows settles it.
        None => Ok(answer),
        Some(content_type) if is_json(content_type) => Ok(answer),
        // OIDC Core §5.3.2: what is signed is verified by whoever asked.
        found if matches!(endpoint, Endpoint::UserInfo) && userinfo::is_signed(found) => Ok(answer),
        Some(content_type) => Err(ProviderError::ContentType {
            endpoint,
            found: content_type.chars().take(80).collect(),
        }),
    }
}

/// The number of Entra's error, in a body of its shape.
fn aadsts(body: &[u8]) -> Option<u32> {
    let body = json::parse_object(body, REFUSAL_MAX_BYTES).ok()?;
    body.get("error")?.as_str()?;
    aadsts_code(body.get("error_description")?.as_str()?)
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests;
