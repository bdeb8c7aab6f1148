//! The token endpoint: codes and refresh tokens in, tokens out, with Entra's checks in Entra's
//! order.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, header};

use super::{
    authorize::client_fits_path,
    client_authentication::{Claimed, Proof, claimed},
    json_refusal, token_response,
};
use crate::{
    aadsts::{self, Refusal},
    directory::{RedirectKind, TenantPath},
    endpoints::Request,
    faults::Fault,
    grants::{Challenge, CodeGrant, RefreshFailure, RefreshGrant, SignIn, Version},
    guid::Guid,
    journal::Details,
    parameters::Parameters,
    provider::Provider,
    reply::{self, Reply},
    scope::{Asked, Permissions, Resource},
    settings::RefreshReuse,
};
use token_response::{Answer, ForApp, ForPerson};

pub(super) fn answer(
    provider: &Provider,
    version: Version,
    segment: &str,
    request: &Request,
    details: &mut Details,
) -> Reply {
    match redeem(provider, version, segment, request, details) {
        Ok(answer) => {
            let reply = token_response::reply(provider, answer);
            // A browser that redeems its own code must be able to read the answer.
            match request.header(header::ORIGIN) {
                Some(origin) => {
                    reply::with_header(reply, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)
                }
                None => reply,
            }
        }
        Err(refusal) => {
            details.aadsts = Some(refusal.number());
            json_refusal(provider, refusal)
        }
    }
}

/// What a grant is redeemed with.
struct Call<'a> {
    provider: &'a Provider,
    version: Version,
    path: TenantPath,
    parameters: &'a Parameters,
    claimed: Claimed,
    /// A browser calls, from a page.
    has_origin: bool,
}

fn redeem(
    provider: &Provider,
    version: Version,
    segment: &str,
    request: &Request,
    details: &mut Details,
) -> Result<Answer, Refusal> {
    if request.method != Method::POST {
        return Err(Refusal::new(
            aadsts::TOKEN_NEEDS_POST,
            request.method.as_str(),
        ));
    }
    // RFC 6749 §4.1.3: in the body; a query is not looked at.
    let (parameters, twice) = match Parameters::read("", request.form()) {
        Ok(parameters) => (parameters, None),
        Err((parameters, name)) => (parameters, Some(name)),
    };
    let grant_type = parameters.value("grant_type");
    details.grant_type = grant_type.map(|text| text.chars().take(100).collect());
    details.scope = parameters
        .value("scope")
        .map(|text| text.chars().take(500).collect());
    let path = provider
        .directory
        .tenant_path(segment)
        .ok_or_else(|| Refusal::new(aadsts::TENANT_NOT_FOUND, segment))?;
    if let Some(name) = twice {
        return Err(Refusal::new(aadsts::PARAMETER_DUPLICATED, name));
    }
    let grant_type =
        grant_type.ok_or_else(|| Refusal::new(aadsts::PARAMETER_MISSING, "grant_type"))?;
    if !matches!(
        grant_type,
        "authorization_code" | "refresh_token" | "client_credentials"
    ) {
        return Err(Refusal::new(aadsts::GRANT_TYPE_UNSUPPORTED, grant_type));
    }
    let claimed = claimed(provider, request, &parameters, details)?;
    client_fits_path(&claimed.client, &path)?;
    refused_by_fault(provider, grant_type, parameters.value("scope"))?;
    let call = Call {
        provider,
        version,
        path,
        parameters: &parameters,
        claimed,
        has_origin: request.headers.contains_key(header::ORIGIN),
    };
    match grant_type {
        "authorization_code" => call.code(),
        "refresh_token" => call.refresh(),
        _ => call.client_credentials(),
    }
}

fn refused_by_fault(
    provider: &Provider,
    called: &str,
    spoken: Option<&str>,
) -> Result<(), Refusal> {
    let names = |scope: &str| {
        spoken
            .unwrap_or_default()
            .split(' ')
            .any(|one| one == scope)
    };
    let refusal = provider.faults.fire(|fault| match fault {
        Fault::TokenError {
            grant_type,
            scope,
            error,
            aadsts,
            suberror,
            claims,
        } if grant_type
            .as_deref()
            .is_none_or(|grant_type| grant_type == called)
            && scope.as_deref().is_none_or(names) =>
        {
            let refusal = Refusal::faked(error.clone(), *aadsts).with_claims(claims.clone());
            Some(match suberror {
                Some(suberror) => refusal.with_suberror(suberror),
                None => refusal,
            })
        }
        _ => None,
    });
    refusal.map_or(Ok(()), Err)
}

impl Call<'_> {
    fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.parameters
            .value(name)
            .ok_or_else(|| Refusal::new(aadsts::PARAMETER_MISSING, name))
    }

    fn code(self) -> Result<Answer, Refusal> {
        let code = self.required("code")?;
        let known = self.provider.grants.code(code);
        if let Some((grant, _)) = &known
            && grant.sign_in.path != self.path
        {
            return Err(aadsts::CODE_OF_ANOTHER_TENANT.into());
        }
        let proof = self.claimed.prove()?;
        let Some((grant, is_redeemed)) = known else {
            self.require_proof(proof, None)?;
            return Err(aadsts::CODE_MALFORMED.into());
        };
        self.require_proof(proof, Some(grant.redirect_kind))?;
        if grant.sign_in.client.client_id != self.claimed.client.client_id
            || grant.sign_in.version != self.version
        {
            return Err(aadsts::GRANT_OF_ANOTHER_CLIENT.into());
        }
        self.origin_fits(&grant)?;
        self.redirect_uri_fits(&grant)?;
        if is_redeemed {
            return Err(aadsts::CODE_REDEEMED.into());
        }
        let now = self.provider.now();
        if now - grant.issued_at > i64::from(self.provider.tokens.code_secs) {
            return Err(aadsts::CODE_EXPIRED.into());
        }
        self.verifier_fits(&grant)?;
        let asked = self.asked(&grant.asked)?;
        let wanted = asked.first();
        if !self
            .provider
            .has_consent(&grant.sign_in.account, &self.claimed.client, &wanted)
        {
            return Err(Refusal::from(aadsts::CONSENT_REQUIRED).with_suberror("consent_required"));
        }
        // Last, so that a refused redemption leaves the code usable; and atomic, so that of two at
        // the same moment one is refused.
        if !self.provider.grants.redeem(code) {
            return Err(aadsts::CODE_REDEEMED.into());
        }
        let refresh = grant.asked.offline_access.then(|| RefreshGrant {
            sign_in: Arc::clone(&grant.sign_in),
            asked: grant.asked.clone(),
            issued_at: now,
            ends_at: (grant.redirect_kind == RedirectKind::Spa).then_some(now + 86_400),
            family: Guid::random(),
        });
        Ok(Answer::Person(Box::new(ForPerson {
            asked: Asked {
                openid: grant.asked.openid,
                ..asked
            },
            sign_in: grant.sign_in,
            wanted,
            nonce: grant.nonce,
            refresh,
            client_info: self.wants_client_info(),
            now,
        })))
    }

    fn refresh(self) -> Result<Answer, Refusal> {
        let token = self.required("refresh_token")?;
        let proof = self.claimed.prove()?;
        let grant = self.provider.grants.refresh_token(token);
        let is_browsers = grant.as_ref().is_ok_and(|grant| grant.ends_at.is_some());
        let kind = if is_browsers {
            RedirectKind::Spa
        } else {
            RedirectKind::Web
        };
        self.require_proof(proof, Some(kind))?;
        let grant = grant.map_err(refresh_refusal)?;
        if grant.sign_in.client.client_id != self.claimed.client.client_id {
            return Err(
                Refusal::from(aadsts::GRANT_OF_ANOTHER_CLIENT).with_suberror("client_mismatch")
            );
        }
        let now = self.provider.now();
        if grant.ends_at.is_some_and(|ends_at| now > ends_at) {
            return Err(aadsts::SPA_REFRESH_ENDED.into());
        }
        if now - grant.issued_at > i64::from(self.provider.tokens.refresh_token_secs) {
            return Err(aadsts::REFRESH_TOKEN_EXPIRED.into());
        }
        let asked = self.asked(&grant.asked)?;
        let wanted = asked.first();
        if !self
            .provider
            .has_consent(&grant.sign_in.account, &self.claimed.client, &wanted)
        {
            return Err(Refusal::from(aadsts::CONSENT_REQUIRED).with_suberror("consent_required"));
        }
        let reuse_revokes = self.provider.tokens.refresh_reuse == RefreshReuse::RevokesAll;
        self.provider
            .grants
            .use_refresh_token(token, reuse_revokes)
            .map_err(refresh_refusal)?;
        // A refresh token is not tied to a version; the ID token follows the endpoint.
        let sign_in = if grant.sign_in.version == self.version {
            Arc::clone(&grant.sign_in)
        } else {
            Arc::new(SignIn {
                account: grant.sign_in.account.clone(),
                client: Arc::clone(&grant.sign_in.client),
                path: grant.sign_in.path.clone(),
                sid: grant.sign_in.sid.clone(),
                version: self.version,
                auth_time: grant.sign_in.auth_time,
            })
        };
        Ok(Answer::Person(Box::new(ForPerson {
            sign_in,
            asked,
            wanted,
            // OIDC Core §12.2: no nonce in a refreshed ID token.
            nonce: None,
            refresh: Some(RefreshGrant {
                issued_at: now,
                ..grant
            }),
            client_info: self.wants_client_info(),
            now,
        })))
    }

    fn client_credentials(self) -> Result<Answer, Refusal> {
        let TenantPath::One(tenant) = &self.path else {
            return Err(aadsts::COMMON_HAS_NO_APP_TOKENS.into());
        };
        if self.claimed.prove()? == Proof::Missing || self.claimed.client.client_secret.is_none() {
            return Err(aadsts::CREDENTIAL_MISSING.into());
        }
        let asked = match self.version {
            Version::V1 => {
                Asked::from_resource(Some(self.required("resource")?), &self.provider.directory)?
            }
            Version::V2 => Asked::from_scope(self.required("scope")?, &self.provider.directory)?,
        };
        let wanted = asked.first();
        let is_default = self.version == Version::V1
            || wanted.permissions
                == Permissions::Granted {
                    spelled_default: true,
                };
        let api = match &wanted.resource {
            Resource::Api(api) => Some(Arc::clone(api)),
            Resource::Graph if !asked.resources.is_empty() => None,
            _ => {
                return Err(Refusal::new(
                    aadsts::APP_ONLY_SCOPE,
                    "an API of this directory",
                ));
            }
        };
        if !is_default || asked.resources.len() != 1 {
            return Err(aadsts::APP_ONLY_SCOPE.into());
        }
        Ok(Answer::App(ForApp {
            api,
            client: Arc::clone(&self.claimed.client),
            tenant: tenant.clone(),
            wanted,
        }))
    }

    /// 7000218, unless a browser redeems what a browser may.
    fn require_proof(&self, proof: Proof, kind: Option<RedirectKind>) -> Result<(), Refusal> {
        let is_browser = self.has_origin && kind == Some(RedirectKind::Spa);
        if proof == Proof::Missing && !is_browser {
            // A browser at a redirect URI of type Web meets the other refusal.
            if self.has_origin && kind == Some(RedirectKind::Web) {
                return Err(aadsts::CROSS_ORIGIN_NOT_SPA.into());
            }
            return Err(aadsts::CREDENTIAL_MISSING.into());
        }
        Ok(())
    }

    fn origin_fits(&self, grant: &CodeGrant) -> Result<(), Refusal> {
        match (grant.redirect_kind, self.has_origin) {
            (RedirectKind::Web, true) => Err(aadsts::CROSS_ORIGIN_NOT_SPA.into()),
            (RedirectKind::Spa, false) => Err(aadsts::SPA_NOT_CROSS_ORIGIN.into()),
            (RedirectKind::Spa, true) if grant.challenge.is_none() => {
                Err(aadsts::PKCE_REQUIRED.into())
            }
            _ => Ok(()),
        }
    }

    /// RFC 6749 §4.1.3: the same redirect URI, if the authorization request named one.
    fn redirect_uri_fits(&self, grant: &CodeGrant) -> Result<(), Refusal> {
        match self.parameters.value("redirect_uri") {
            Some(uri) if uri == grant.redirect_uri => Ok(()),
            None if !grant.redirect_uri_was_sent => Ok(()),
            None => Err(Refusal::new(aadsts::PARAMETER_MISSING, "redirect_uri")),
            Some(uri) => Err(Refusal::new(aadsts::REDIRECT_URI_DIFFERS, uri)),
        }
    }

    /// RFC 7636 §4.6. A verifier without a challenge is refused too: RFC 9700 §4.8.2.
    fn verifier_fits(&self, grant: &CodeGrant) -> Result<(), Refusal> {
        let fits = match (&grant.challenge, self.parameters.value("code_verifier")) {
            (None, None) => true,
            (Some(Challenge::Plain(challenge)), Some(verifier)) => challenge == verifier,
            (Some(Challenge::S256(challenge)), Some(verifier)) => {
                *challenge == URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
            }
            (None, Some(_)) | (Some(_), None) => false,
        };
        if fits {
            Ok(())
        } else {
            Err(aadsts::VERIFIER_MISMATCH.into())
        }
    }

    /// What this token request asks for: its own `scope` or `resource`, else the grant's.
    fn asked(&self, granted: &Asked) -> Result<Asked, Refusal> {
        let (name, spoken) = match self.version {
            Version::V1 => ("resource", self.parameters.value("resource")),
            Version::V2 => ("scope", self.parameters.value("scope")),
        };
        let Some(spoken) = spoken else {
            if name == "scope" && self.parameters.has("scope") {
                return Err(aadsts::SCOPE_EMPTY.into());
            }
            return Ok(granted.clone());
        };
        if self.version == Version::V1 {
            return Asked::from_resource(Some(spoken), &self.provider.directory);
        }
        let asked = Asked::from_scope(spoken, &self.provider.directory)?;
        if asked.resources.len() > 1 {
            return Err(Refusal::new(aadsts::SEVERAL_RESOURCES, spoken));
        }
        Ok(asked)
    }

    fn wants_client_info(&self) -> bool {
        self.parameters.value("client_info") == Some("1")
    }
}

fn refresh_refusal(failure: RefreshFailure) -> Refusal {
    match failure {
        RefreshFailure::Unknown => aadsts::CODE_MALFORMED.into(),
        RefreshFailure::Revoked => Refusal::from(aadsts::GRANT_REVOKED).with_suberror("bad_token"),
    }
}
