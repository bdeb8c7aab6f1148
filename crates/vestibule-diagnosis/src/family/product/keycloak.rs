//! Keycloak.

use super::super::token::issuers_differ;
use super::{is, wrong_audience};
use crate::catalogue::{Case, Row};
use crate::cure::write_issuer;
use crate::evidence::{ProbeTarget, Product, Role};
use crate::shown::{shown, shown_list};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-KEYCLOAK-AUDIENCE",
        title: "Keycloak does not name the client as audience",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Keycloak server administration guide: audience support",
        symptom: "The audience is `account` or missing, and the API or oauth2-proxy refuses the token.",
        cause: "Keycloak puts into `aud` of access tokens only clients whose roles the person has, not the one that asked: \
                that is in `azp`.",
        cure: "Add an audience mapper to the client.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-AUDIENCE-NAME",
            "VST-KEYS-LIBRARY",
        ],
        judge: audience,
    },
    Row {
        code: "VST-KEYCLOAK-HOST",
        title: "Keycloak names itself by another address",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Keycloak: configuring the hostname; configuring a reverse proxy",
        symptom: "The issuer is `http` in place of `https`, or has an inner name or a port.",
        cause: "Without a fixed hostname Keycloak makes its issuer from the request it gets, and behind a proxy that is \
                not the address people type.",
        cure: "Tell Keycloak its hostname, and to believe the proxy's headers.",
        fault: None,
        explains: &["VST-KEYS-ISSUER", "VST-TOKEN-ISSUER", "VST-KEYS-LIBRARY"],
        judge: host,
    },
    Row {
        code: "VST-KEYCLOAK-AUTH-PATH",
        title: "Keycloak with or without /auth",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "Keycloak: migrating to Quarkus, default context path",
        symptom: "The metadata of a Keycloak realm answers 404.",
        cause: "Until version 16 realms were under `/auth/realms/`; since 17 they are under `/realms/` unless \
                `http-relative-path` says otherwise.",
        cure: "Try the address with `/auth`, or without it.",
        fault: None,
        explains: &["VST-KEYS-NO-METADATA", "VST-PROVIDER-OTHER-WELL-KNOWN"],
        judge: auth_path,
    },
];

fn audience(evidence: &Evidence) -> Option<Case> {
    let of_token = || {
        let token = evidence
            .token
            .as_ref()
            .filter(|_| is(evidence, Product::Keycloak))?;
        let found = token.audiences();
        let bare = found.iter().all(|audience| *audience == "account");
        (wrong_audience(evidence)
            && !token.looks_like_id_token()
            && token.role != Role::Id
            && (bare || token.client().is_some()))
        .then(|| {
            let client = token.client().map_or_else(String::new, |client| {
                format!(" The client {} asked for it.", shown(client))
            });
            format!(
                "{} is for {}.{client}",
                evidence.subject(),
                shown_list(found.iter().copied(), "and")
            )
        })
    };
    let said = || {
        evidence
            .heard(Saying::KeycloakAudience)
            .then(|| "The log says that a token's audience is `account`.".to_owned())
    };
    Some(Case::new(of_token().or_else(said)?).changes(super::ask::keycloak()))
}

/// From the path on.
fn path_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.find('/').and_then(|start| rest.get(start..))
}

fn host(evidence: &Evidence) -> Option<Case> {
    let of_token = || {
        let token = evidence.token.as_ref().or(evidence.id_token.as_ref())?;
        let issuer = token.text("iss")?;
        let of_api = evidence
            .api
            .as_ref()
            .and_then(|api| api.issuers.first())
            .map(String::as_str);
        let configured = evidence
            .provider()
            .and_then(|provider| provider.issuer.as_deref());
        Some((of_api.or(configured)?, issuer))
    };
    let (configured, found) = issuers_differ(evidence).or_else(of_token)?;
    let keycloak = Product::of_url(found) == Some(Product::Keycloak);
    let same_path =
        path_of(configured)?.trim_end_matches('/') == path_of(found)?.trim_end_matches('/');
    (keycloak && same_path && configured.trim_end_matches('/') != found.trim_end_matches('/')).then(
        || {
            Case::new(format!(
                "Keycloak names itself {}; configured is {}.",
                shown(found),
                shown(configured)
            ))
            .change(
                Change::provider(
                    "Keycloak's settings: hostname, proxy-headers",
                    "Fix its own address, and let it believe the proxy in front.",
                )
                .line("KC_HOSTNAME=https://ID-HOST KC_PROXY_HEADERS=xforwarded"),
            )
            .change(write_issuer(
                evidence,
                found,
                "Or, if that is the right address, write it so.",
            ))
        },
    )
}

fn auth_path(evidence: &Evidence) -> Option<Case> {
    let probe = evidence.probes.iter().find(|probe| {
        probe.target == ProbeTarget::Metadata
            && probe.status() == Some(404)
            && probe.url.contains("/realms/")
    })?;
    let issuer = probe.url.split("/.well-known/").next()?;
    let other = match issuer.contains("/auth/realms/") {
        true => issuer.replacen("/auth/realms/", "/realms/", 1),
        false => issuer.replacen("/realms/", "/auth/realms/", 1),
    };
    Some(
        Case::new(format!("{} answers 404.", shown(&probe.url)))
            .change(write_issuer(
                evidence,
                &other,
                "Try the other form of the address.",
            ))
            .change(Change::provider(
                "Realm settings > Endpoints > OpenID Endpoint Configuration",
                "This link is the metadata's address; the realm's name counts letter by letter.",
            )),
    )
}
