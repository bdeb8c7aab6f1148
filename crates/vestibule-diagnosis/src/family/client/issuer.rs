//! The address that is written as the issuer.

use vestibule_oidc::microsoft::{TenantId, cloud_of};

use super::super::token::tenant_in;
use super::address::AUTH0_DASHBOARD;
use crate::catalogue::{Case, Row};
use crate::cure::{login_host, portal, setting, write_issuer};
use crate::evidence::{Product, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-CLIENT-ISSUER-ENDPOINT",
        title: "an endpoint's address in the place of the issuer",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Discovery §3 and §4",
        symptom: "The configuration is refused, or the metadata can't be had: something is asked for below `/authorize/` or \
                  `/token/`.",
        cause: "The issuer is the name of the provider, and the metadata stands below it, at \
                `/.well-known/openid-configuration`. Where people sign in, where tokens and keys come from, and the \
                metadata's own address are other addresses, which that document names.",
        cure: "Write the issuer as the metadata has it.",
        fault: None,
        explains: &[
            "VST-SCOPE-V1",
            "VST-KEYS-ISSUER",
            "VST-KEYS-NO-METADATA",
            "VST-KEYS-NOT-FETCHED",
            "VST-TOKEN-ISSUER",
        ],
        judge: issuer_endpoint,
    },
    Row {
        code: "VST-CLIENT-ISSUER-SLASH",
        title: "a slash too many or too few at the end of the issuer",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Discovery §4.3; Microsoft identity platform: OpenID Connect, metadata",
        symptom: "The configuration is refused, or the issuer of the metadata or of the token is said to be another one.",
        cause: "Issuers are compared to the letter. Entra's v2.0 issuers end in `/v2.0` and Keycloak's in the name of the \
                realm, without a slash, as do Okta's, Google's and GitLab's; Auth0's end in one.",
        cure: "Write the issuer as the metadata has it, to the last character.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER", "VST-TOKEN-VERSION"],
        judge: issuer_slash,
    },
    Row {
        code: "VST-CLIENT-ISSUER-NAME",
        title: "the issuer names the tenant by its domain",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: OpenID Connect, metadata; OIDC Discovery §4.3",
        symptom: "The program says that the issuer of the metadata or of the token is another one.",
        cause: "Entra finds the tenant by its domain, but its metadata and tokens always name it by its id, and issuers are compared letter for letter.",
        cure: "Write the tenant's id.",
        fault: None,
        explains: &["VST-TOKEN-ISSUER", "VST-KEYS-LIBRARY"],
        judge: issuer_name,
    },
    Row {
        code: "VST-CLIENT-ISSUER-COMMON",
        title: "the issuer of common, which no token has",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate the issuer\"; OpenID Connect, the tenant in the \
                 address",
        symptom: "The program expects an issuer with `common`, `organizations` or `consumers` in it, and the token's has \
                  a tenant's id there.",
        cause: "These words stand for many tenants, in addresses alone. A token is always issued by one tenant, and \
                names that one by its id, so an issuer that is compared to the letter never fits.",
        cure: "Write the tenant's id into the issuer. For several tenants use a program that compares each with a list.",
        fault: None,
        explains: &[
            "VST-TOKEN-ISSUER",
            "VST-TOKEN-TENANT",
            "VST-TOKEN-VERSION",
            "VST-TOKEN-ANY-TENANT",
            "VST-KEYS-ISSUER",
            "VST-KEYS-LIBRARY",
        ],
        judge: issuer_common,
    },
];

/// Where the metadata stands below an issuer.
const WELL_KNOWN: &str = "/.well-known/";

/// The issuer behind an endpoint's address; `None` for what is no address of an endpoint.
fn issuer_of(url: &str) -> Option<String> {
    let url = url.split(['?', '#']).next()?;
    let (origin, path) = {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find('/')?;
        let (authority, path) = rest.split_at(end);
        (format!("{scheme}://{authority}"), path)
    };
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let before = |words: &str| {
        path.split_once(words)
            .map(|(before, _)| format!("{origin}{before}"))
    };
    let host = host_of(url)?;
    if cloud_of(host).is_some() {
        let tenant = segments.first()?;
        let endpoint = matches!(segments.get(1), Some(&("oauth2" | "discovery")));
        return endpoint.then(|| format!("{origin}/{tenant}/v2.0"));
    }
    if host == "accounts.google.com" && segments.first() == Some(&"o") {
        return Some(origin);
    }
    before("/protocol/openid-connect/")
        .or_else(|| before("/v1/authorize"))
        .or_else(|| before("/v1/token"))
        .or_else(|| before("/v1/keys"))
        .or_else(|| match Product::of_url(url) {
            Some(Product::Auth0) if path != "/" && host != AUTH0_DASHBOARD => {
                Some(format!("{origin}/"))
            }
            _ => path
                .strip_suffix("/authorize")
                .map(|path| format!("{origin}{path}")),
        })
        .map(|issuer| {
            issuer
                .strip_suffix("/oauth2")
                .map_or(issuer.clone(), str::to_owned)
        })
}

fn issuer_endpoint(evidence: &Evidence) -> Option<Case> {
    let provider = evidence.provider();
    let configured = provider.and_then(|provider| provider.authority());
    let text = evidence.text.as_ref();
    // Where the metadata was looked for below such an address.
    let looked_for = || {
        let urls = &text?.urls;
        urls.iter()
            .find(|url| url.contains(WELL_KNOWN))
            .map(String::as_str)
    };
    let found = configured.or_else(looked_for)?;
    let is_issuer = provider.is_some_and(|provider| provider.issuer.as_deref() == Some(found));
    let (address, rest) = match found.split_once(WELL_KNOWN) {
        Some((address, rest)) => (address, Some(rest)),
        None => (found, None),
    };
    let issuer = match (issuer_of(address), rest) {
        (Some(issuer), _) => issuer,
        // The metadata's own address in the place of the issuer.
        (None, Some(_)) if is_issuer => address.to_owned(),
        _ => return None,
    };
    Some(
        Case::new(format!("{} is written as the issuer.", shown(address))).change(write_issuer(
            evidence,
            &issuer,
            "Write the issuer; where everything else is, its metadata says.",
        )),
    )
}

fn issuer_slash(evidence: &Evidence) -> Option<Case> {
    let issuer = evidence.provider()?.issuer.as_deref()?;
    // Metadata at hand shows better in what the two differ.
    if evidence.metadata.is_some() {
        return None;
    }
    let (right, text) = match Product::of_url(issuer)? {
        Product::Entra if issuer.ends_with("/v2.0/") => (
            issuer.trim_end_matches('/').to_owned(),
            "Take the slash off.",
        ),
        Product::Keycloak if issuer.ends_with('/') => (
            issuer.trim_end_matches('/').to_owned(),
            "Take the slash off.",
        ),
        Product::Okta | Product::Google | Product::GitLab if issuer.ends_with('/') => (
            issuer.trim_end_matches('/').to_owned(),
            "Take the slash off.",
        ),
        Product::Auth0 if issuer.split('/').count() == 3 => (
            format!("{issuer}/"),
            "Auth0's issuers end in a slash: write it.",
        ),
        _ => return None,
    };
    let ends = match issuer.ends_with('/') {
        true => "ends in a slash",
        false => "ends without a slash",
    };
    Some(
        Case::new(format!("The issuer {} {ends}.", shown(issuer)))
            .change(write_issuer(evidence, &right, text)),
    )
}

/// The words that stand for many tenants in an issuer that is compared to the letter.
fn alias_of(issuer: &str) -> Option<&str> {
    cloud_of(host_of(issuer)?)?;
    let segment = issuer.split('/').nth(3)?;
    ["common", "organizations", "consumers"]
        .into_iter()
        .find(|alias| alias.eq_ignore_ascii_case(segment))
}

fn issuer_common(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref().or(evidence.id_token.as_ref())?;
    let found = token.text("iss")?;
    let expected = &evidence.api.as_ref()?.issuers;
    let tenant = tenant_in(found)?;
    cloud_of(host_of(found)?)?;
    let issuer = expected.iter().find(|issuer| alias_of(issuer).is_some())?;
    if expected.iter().any(|issuer| issuer == found) {
        return None;
    }
    let host = login_host(evidence);
    let case = Case::new(format!(
        "Expected is the issuer {}; the token's is {}.",
        shown(issuer),
        shown(found)
    ));
    // Nothing is known but what an API takes.
    if evidence.settings.is_none() && evidence.text.is_none() {
        return Some(
            case.change(
                Change::api("accepted issuers", "If people of no other tenant use it: accept this one and nothing else.")
                    .line(found),
            )
            .change(Change::api(
                "accepted issuers",
                "For several tenants: put the token's `tid` in the place of that word before comparing, and look the \
                 tenant up in a list.",
            )),
        );
    }
    Some(
        case.change(write_issuer(
            evidence,
            &format!("https://{host}/{tenant}/v2.0"),
            "If that is your tenant, and people of no other are to sign in: write its id.",
        ))
        .change(setting(
            evidence,
            Change::config(
                "provider.tenants",
                "For several tenants: keep that address, and list whose people may sign in; Vestibule then compares \
                 each token's issuer with the list.",
            )
            .line(format!("tenants = [\"{tenant}\"]")),
            Change::apache(
                "OIDCProviderIssuer",
                "For several tenants Apache's module can't compare the issuer: sign in at your own tenant.",
            ),
        )),
    )
}

fn issuer_name(evidence: &Evidence) -> Option<Case> {
    let of_api = || {
        let mut issuers = evidence.api.as_ref()?.issuers.iter();
        evidence.token.as_ref().filter(|token| token.is_partial)?;
        issuers.find(|issuer| {
            issuer
                .split('/')
                .nth(3)
                .is_some_and(|part| part.contains('.'))
        })
    };
    let configured = evidence
        .provider()
        .and_then(|provider| provider.issuer.as_ref());
    let issuer = configured.or_else(of_api)?.as_str();
    let host = host_of(issuer)?;
    let (_, rest) = issuer.split_once("://")?;
    let segment = rest.split('/').nth(1)?;
    // Metadata at hand shows better in what the two differ.
    let has_metadata = evidence.metadata.is_some();
    if has_metadata || cloud_of(host).is_none() || !segment.contains('.') {
        return None;
    }
    let tenant = evidence
        .token
        .as_ref()
        .or(evidence.id_token.as_ref())
        .and_then(|token| token.text("tid"))
        .filter(|tenant| TenantId::parse(tenant).is_some())
        .unwrap_or("TENANT-ID");
    Some(
        Case::new(format!(
            "The issuer is {}; {} is the tenant's domain.",
            shown(issuer),
            shown(segment)
        ))
        .change(write_issuer(
            evidence,
            &issuer.replacen(segment, tenant, 1),
            "Write Directory (tenant) ID in its place.",
        ))
        .change(Change::portal(
            portal::OVERVIEW,
            "Directory (tenant) ID stands here.",
        )),
    )
}
