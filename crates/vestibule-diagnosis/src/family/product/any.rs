//! What can happen at any provider.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{Grant, ProbeTarget};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-PROVIDER-OTHER-WELL-KNOWN",
        title: "metadata at the other well-known address alone",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 8414 §3 and §5; OIDC Discovery §4",
        symptom: "The metadata answers 404, though the provider says that it has some.",
        cause: "The provider publishes it under `oauth-authorization-server`, where servers do that speak OAuth and not \
                OpenID Connect.",
        cure: "Ask whether it speaks OpenID Connect at all; if so, write that address as `metadata_url`.",
        fault: None,
        explains: &["VST-KEYS-NO-METADATA"],
        judge: other_well_known,
    },
    Row {
        code: "VST-PROVIDER-REFRESH-REUSE",
        title: "a refresh token was used twice",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 9700 §4.14.2; RFC 6749 §10.4",
        symptom: "Somebody is signed out in the middle of work, and the log has `invalid_grant` at a refresh.",
        cause: "The provider gives a new refresh token at each refresh and takes the second use of the old one for a \
                theft: it ends the whole session. Two requests or two replicas refreshed at once.",
        cure: "Let one refresh at a time run for a session, over all replicas, and keep the new token at once.",
        fault: None,
        explains: &["VST-TIME-REFRESH-RACE"],
        judge: refresh_reuse,
    },
    Row {
        code: "VST-PROVIDER-CLIENT-AUTHENTICATION",
        title: "the secret is sent in the way nobody named",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Discovery §3, token_endpoint_auth_methods_supported; RFC 6749 §2.3.1",
        symptom: "The token endpoint answers `invalid_client`, though id and secret are right.",
        cause: "The metadata does not say how a client shows its secret. Then it is `client_secret_basic`, and another \
                way was used.",
        cure: "Send the secret in the `Authorization` field.",
        fault: None,
        explains: &[],
        judge: client_authentication,
    },
    Row {
        code: "VST-PROVIDER-EMAIL-UNVERIFIED",
        title: "the mail address is not verified",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §5.1, `email_verified`; oauth2-proxy: insecure_oidc_allow_unverified_email",
        symptom: "oauth2-proxy answers 500 after sign-in and logs that the email in the ID token is not verified.",
        cause: "The ID token says `email_verified: false`. Whoever can write any address into their profile could sign in \
                as somebody else.",
        cure: "Let the provider verify addresses, or tell people apart by `sub` in place of the address.",
        fault: None,
        explains: &[],
        judge: email_unverified,
    },
    Row {
        code: "VST-PROVIDER-NO-NAME",
        title: "the sign-in says nothing the person could be named by",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "mod_auth_openidc: OIDCRemoteUserClaim; oauth2-proxy: oidc_email_claim",
        symptom: "Sign-in fails after the provider's page, and the log says that the user could not be set, or that there is \
                  no mail address.",
        cause: "The program names people by a claim that neither the ID token nor user info has.",
        cure: "Name people by a claim that is always there, like `sub`; at Entra `oid`.",
        fault: None,
        explains: &[],
        judge: no_name,
    },
];

fn other_well_known(evidence: &Evidence) -> Option<Case> {
    let at = |part: &str, status: u16| {
        evidence.probes.iter().find(|probe| {
            probe.target == ProbeTarget::Metadata
                && probe.url.contains(part)
                && probe.status() == Some(status)
        })
    };
    let missing = at("/.well-known/openid-configuration", 404)?;
    let found = at("/.well-known/oauth-authorization-server", 200)?;
    Some(
        Case::new(format!("{} answers 404, and {} answers 200.", shown(&missing.url), shown(&found.url)))
            .change(setting(
                evidence,
                Change::config(
                    "provider.metadata_url",
                    "It takes addresses that end in `/.well-known/openid-configuration`: let the provider publish its metadata there.",
                ),
                Change::apache("OIDCProviderMetadataURL", "Write that address.")
                    .line(format!("OIDCProviderMetadataURL {}", found.url)),
            ))
            .change(Change::provider(
                "the provider's edition",
                "If its answers have no `id_token`, it does not speak OpenID Connect: put a provider in between that does.",
            )),
    )
}

fn refresh_reuse(evidence: &Evidence) -> Option<Case> {
    let refused = evidence.provider_error.as_ref().is_some_and(|error| {
        error.error.as_deref() == Some("invalid_grant") && error.grant == Some(Grant::Refresh)
    });
    let parallel = evidence.counts.parallel_refreshes;
    let seen = if refused && parallel > 1 && !evidence.is_entra() {
        format!(
            "{parallel} refreshes of one session ran at once, and one was refused with `invalid_grant`."
        )
    } else if evidence.heard(Saying::RefreshReused) {
        "The provider says that a refresh token was used again.".to_owned()
    } else {
        return None;
    };
    Some(
        Case::new(seen)
            .change(Change::environment(
                "replicas",
                "Let each browser stay at one replica, or the replicas share one store: a refresh then runs once.",
            ))
            .change(Change::provider(
                "refresh token rotation",
                "Allow an overlap of some seconds, if the provider has such a setting: Auth0 \"Rotation Overlap Period\", \
                 Okta \"Grace period for token rotation\", Keycloak \"Refresh Token Max Reuse\".",
            )),
    )
}

fn client_authentication(evidence: &Evidence) -> Option<Case> {
    let metadata = evidence.metadata.as_ref()?;
    let provider = evidence.provider()?;
    let unnamed = !metadata
        .members
        .contains_key("token_endpoint_auth_methods_supported");
    let method = provider
        .authentication_methods
        .first()
        .filter(|_| provider.authentication_methods.len() == 1)?;
    let refused = evidence
        .provider_error
        .as_ref()
        .is_some_and(|error| error.error.as_deref() == Some("invalid_client"));
    (unnamed && refused && method == "client_secret_post").then(|| {
        Case::new("The metadata names no way to show the secret, and it was sent in the form.")
            .change(setting(
                evidence,
                Change::config(
                    "provider.client_authentication",
                    "Send the secret in the `Authorization` field.",
                )
                .line("client_authentication = \"client_secret_basic\""),
                Change::apache(
                    "OIDCProviderTokenEndpointAuth",
                    "Send the secret in the `Authorization` field.",
                )
                .line("OIDCProviderTokenEndpointAuth client_secret_basic"),
            ))
    })
}

fn email_unverified(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::EmailUnverified).then(|| {
        Case::new("The log says that the mail address in the ID token is not verified.")
            .change(Change::provider(
                "the person's profile",
                "Verify the address, or mark those of your own directory as verified.",
            ))
            .change(
                Change::config(
                    "route.user",
                    "Tell people apart by a claim that never changes.",
                )
                .line("user = \"sub\""),
            )
    })
}

fn no_name(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::NoUserName).then(|| {
        let claim = if evidence.is_entra() { "oid" } else { "sub" };
        Case::new("The log says that the claim with the user's name is missing.")
            .change(setting(
                evidence,
                Change::config("route.user", "Name people by a claim that is always there.")
                    .line(format!("user = \"{claim}\"")),
                Change::apache(
                    "OIDCRemoteUserClaim",
                    "Name people by a claim that is always there.",
                )
                .line(format!("OIDCRemoteUserClaim {claim}")),
            ))
            .change(crate::cure::add_scope(evidence, "email"))
    })
}
