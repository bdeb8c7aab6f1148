//! Tells apart the two versions of Entra's tokens, and who decides over them.

use vestibule_oidc::microsoft::{TenantId, cloud_of};

use super::issuer::{mismatch, tenant_in};
use crate::catalogue::{Case, Row};
use crate::cure::{login_host, version_two, write_issuer};
use crate::evidence::{Product, Role, Token, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-TOKEN-VERSION",
    title: "a token of the other version than expected",
    severity: Severity::Error,
    confidence: Confidence::Documented,
    source: "Microsoft identity platform: access tokens, \"Token formats\"; app manifest, \
                 `requestedAccessTokenVersion`",
    symptom: "The API says that the issuer is wrong: one is on sts.windows.net, the other ends in \
                  /v2.0. The tenant is the same.",
    cause: "The API's own registration decides the version of its access tokens, whatever endpoint \
                was asked; where nothing is set there, it is 1. The version of an ID token is that of the \
                endpoint people signed in at.",
    cure: "An access token: set `requestedAccessTokenVersion` to 2 in the manifest of the API, not of \
               the sign-in app, and get a new token; or set the API up for the version that comes. An ID \
               token: use the issuer and the metadata of v2.0 for the whole sign-in.",
    fault: None,
    explains: &[
        "VST-TOKEN-ISSUER",
        "VST-TOKEN-AUDIENCE-NAME",
        "VST-TOKEN-OPTIONAL-CLAIM",
    ],
    judge: version,
}];

/// A token of one version where the other is expected, in one tenant.
struct Differs {
    seen: String,
    /// Whether the token is of version 2.0, where that is known.
    is_v2: Option<bool>,
    is_id: bool,
    tenant: Option<TenantId>,
}

/// Entra's version behind an issuer: of v1.0 in any cloud, or of v2.0.
fn version_of(issuer: &str) -> Option<&'static str> {
    let host = host_of(issuer)?;
    match host {
        "sts.windows.net" | "sts.chinacloudapi.cn" => Some("1.0"),
        _ if cloud_of(host).is_none() => None,
        _ => issuer
            .trim_end_matches('/')
            .ends_with("/v2.0")
            .then_some("2.0"),
    }
}

/// Whether the check that speaks is one of ID tokens. An API that takes what it calls ID tokens from
/// `Authorization` checks access tokens.
fn is_id_token(evidence: &Evidence, token: &Token) -> bool {
    let bearer = evidence
        .text
        .as_ref()
        .is_some_and(|text| text.says("bearer token"));
    let typed = match token.is_partial {
        true => token.role == Role::Id && !bearer,
        false => token.role == Role::Id,
    };
    typed || token.role != Role::Access && token.looks_like_id_token()
}

/// What the API or the sign-in expects, and what came.
fn compared(evidence: &Evidence, token: &Token) -> Option<Differs> {
    if token.product() != Some(Product::Entra) {
        return None;
    }
    let iss = token.text("iss")?;
    let ver = token.text("ver").or_else(|| version_of(iss))?;
    let is_id = is_id_token(evidence, token);
    let api = evidence.api.as_ref();
    let by_api = api.and_then(|api| api.version.as_deref());
    let same = |own: &&str| tenant_in(own).is_some() && tenant_in(own) == tenant_in(iss);
    let by_issuer = || {
        let (api, ..) = mismatch(evidence)?;
        let own = api.issuers.iter().map(String::as_str).find(same)?;
        version_of(own)
    };
    let configured = || {
        let own = evidence.provider()?.issuer.as_deref()?;
        (is_id && own != iss && same(&own))
            .then(|| version_of(own))
            .flatten()
    };
    let wanted = by_api
        .filter(|_| !is_id)
        .or_else(by_issuer)
        .or_else(configured)?;
    let expects = match is_id {
        true => "the sign-in expects",
        false => "the API expects",
    };
    (wanted != ver && matches!(ver, "1.0" | "2.0")).then(|| Differs {
        seen: format!(
            "{} is of version {ver}, issued by {}; {expects} version {}.",
            match is_id {
                true => "The ID token".to_owned(),
                false => evidence.subject(),
            },
            shown(iss),
            shown(wanted)
        ),
        is_v2: Some(ver == "2.0"),
        is_id,
        tenant: tenant_in(iss),
    })
}

/// Of a log alone both issuers are known, and at most which of them is expected.
fn logged_versions(evidence: &Evidence) -> Option<Differs> {
    // What names another issuer than the configured one may be the metadata: that is its own finding.
    let text = evidence
        .text
        .as_ref()
        .filter(|text| !text.claimed.is_of_metadata)?;
    let of = |version| {
        let mut urls = text.urls.iter();
        urls.find(|url| version_of(url) == Some(version))
    };
    let (v1, v2) = (of("1.0")?, of("2.0")?);
    let same = tenant_in(v1).is_some() && tenant_in(v1) == tenant_in(v2);
    let about_issuer = text.says_any(&[
        "issuer",
        "IDX10205",
        "IDX40001",
        "issued by a different provider",
    ]);
    let mut expected = evidence.api.iter().flat_map(|api| &api.issuers);
    let expected = expected.find_map(|issuer| version_of(issuer));
    (same && about_issuer).then(|| Differs {
        seen: format!(
            "The log names the issuers {} and {} of one tenant.",
            shown(v1),
            shown(v2)
        ),
        is_v2: expected.map(|version| version == "1.0"),
        is_id: text.says_any(&["id_token", "id token"]) && !text.says("bearer token"),
        tenant: tenant_in(v1),
    })
}

fn version(evidence: &Evidence) -> Option<Case> {
    let handed = || compared(evidence, evidence.token.as_ref()?);
    let signed_in = || compared(evidence, evidence.id_token.as_ref()?);
    let found = handed()
        .or_else(signed_in)
        .or_else(|| logged_versions(evidence))?;
    Some(match found.is_id {
        true => of_id_token(evidence, found),
        false => of_access_token(found),
    })
}

fn of_access_token(found: Differs) -> Case {
    let case = Case::new(found.seen);
    let make_two = version_two(
        "Set it in the registration of the API; that of the sign-in app decides nothing here. \
         Tokens issued before stay as they are: sign in again.",
    );
    let both = Change::api(
        "accepted issuers",
        "Or let the API accept both issuers of the tenant, each with the metadata of its version.",
    );
    let set_up = "Set the API up with the metadata of `/v2.0/.well-known/openid-configuration`.";
    match found.is_v2 {
        Some(true) => case
            .because(
                "The API's registration asks for version 2 of its tokens, and the API was set up for \
                 version 1. The endpoint that was asked does not matter.",
            )
            .change(Change::api("accepted issuers", set_up)),
        Some(false) => case
            .because(
                "The API's own registration decides the version of its access tokens, whatever endpoint \
                 was asked. New registrations are left at version 1.",
            )
            .change(make_two)
            .change(both),
        None => case
            .change(Change::api(
                "accepted issuers",
                format!("Where the token's issuer is the one that ends in `/v2.0`: {set_up}"),
            ))
            .change(version_two(
                "Where the token's is the other: set it in the registration of the API, not of the sign-in app, and \
                 sign in again.",
            )),
    }
}

/// No API decides over the version of an ID token.
fn of_id_token(evidence: &Evidence, found: Differs) -> Case {
    let tenant = found.tenant.as_ref().map_or("TENANT-ID", TenantId::as_str);
    let issuer = format!("https://{}/{tenant}/v2.0", login_host(evidence));
    let is_set = evidence
        .provider()
        .is_some_and(|provider| provider.issuer.as_deref() == Some(issuer.as_str()));
    let case = Case::new(found.seen).because(
        "The endpoint that was asked decides the version of an ID token: `/oauth2/v2.0/` gives version 2.0, `/oauth2/` \
         version 1.0. `requestedAccessTokenVersion` of an API decides nothing here.",
    );
    match is_set {
        true => case.change(Change::environment(
            "the program that got the token",
            "The issuer of version 2.0 is set already, so this ID token comes from elsewhere: let what signs people in \
             there take its endpoints from the metadata of `/v2.0`, too.",
        )),
        false => case.change(write_issuer(
            evidence,
            &issuer,
            "Use version 2.0 for all of the sign-in: issuer, endpoints and keys from the one document.",
        )),
    }
}
