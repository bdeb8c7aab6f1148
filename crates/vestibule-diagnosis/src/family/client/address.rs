//! Addresses of a provider in the place of its issuer, at which nothing is issued: consoles, domains, old names.

use vestibule_oidc::microsoft::cloud_of;

use crate::catalogue::{Case, Row};
use crate::cure::write_issuer;
use crate::evidence::{Product, host_of};
use crate::shown::shown;
use crate::{Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-CLIENT-ISSUER-HOST",
    title: "an address in the place of the issuer that issues nothing",
    severity: Severity::Error,
    confidence: Confidence::Documented,
    source: "The providers' own instructions: Microsoft identity platform, Okta, Auth0, Keycloak, Amazon Cognito, Google",
    symptom: "There is no metadata at the address, or the API says that the token's issuer is another one.",
    cause: "It looks like the provider's address, and is another one of its: where it is administered, an old name, or one \
                without the tenant.",
    cure: "Write the issuer as the metadata has it.",
    fault: None,
    explains: &[
        "VST-CLIENT-ISSUER-SLASH",
        "VST-KEYS-NO-METADATA",
        "VST-TOKEN-ISSUER",
    ],
    judge: issuer_host,
}];

/// Where Auth0's administrators work.
pub(super) const AUTH0_DASHBOARD: &str = "manage.auth0.com";
/// What an Okta org's name has behind it where administrators work.
const OKTA_ADMIN: &str = "-admin";
/// Where Microsoft's administrators work.
const PORTALS: [&str; 4] = [
    "portal.azure.com",
    "aad.portal.azure.com",
    "entra.microsoft.com",
    "portal.azure.us",
];

/// What an address is, why it is no issuer, and what to write.
struct Mistaken {
    what: &'static str,
    why: &'static str,
    right: String,
}

impl Mistaken {
    fn new(what: &'static str, why: &'static str, right: impl Into<String>) -> Self {
        let right = right.into();
        Self { what, why, right }
    }
}

fn issuer_host(evidence: &Evidence) -> Option<Case> {
    // Metadata at hand shows better in what the two differ.
    if evidence.metadata.is_some() {
        return None;
    }
    let issuer = evidence.provider()?.issuer.as_deref()?;
    if let Some(case) = old_name(evidence, issuer) {
        return Some(case);
    }
    let mistaken = of_microsoft(issuer)
        .or_else(|| of_others(issuer))
        .or_else(|| of_keycloak(issuer))?;
    Some(
        Case::new(format!("{} {}.", shown(issuer), mistaken.what))
            .because(mistaken.why)
            .change(write_issuer(evidence, &mistaken.right, "Write the issuer.")),
    )
}

fn segment(address: &str, at: usize) -> Option<&str> {
    address
        .split('/')
        .nth(3 + at)
        .filter(|segment| !segment.is_empty())
}

fn of_microsoft(issuer: &str) -> Option<Mistaken> {
    const TENANT: &str = "The tenant's id stands in the path, before `v2.0`: Directory (tenant) ID, from the tenant's Overview.";
    let host = host_of(issuer)?;
    let own = "https://login.microsoftonline.com/TENANT-ID/v2.0";
    if PORTALS.contains(&host) {
        return Some(Mistaken::new(
            "is the portal",
            "People sign in elsewhere, and tokens are issued there.",
            own,
        ));
    }
    if host.ends_with(".onmicrosoft.com") {
        let why = "A tenant's domain is its name, and no address of its sign-in.";
        return Some(Mistaken::new("is a tenant's domain", why, own));
    }
    let is_bare = matches!(segment(issuer, 0), None | Some("v2.0"));
    match Product::of_url(issuer)? {
        Product::Entra if is_bare => Some(Mistaken::new(
            "names no tenant",
            TENANT,
            format!("https://{host}/TENANT-ID/v2.0"),
        )),
        Product::ExternalId if is_bare => Some(Mistaken::new(
            "names no tenant",
            "The name in the host is not enough: the tenant's id stands in the path, before `v2.0`.",
            format!("https://{host}/TENANT-ID/v2.0"),
        )),
        _ => None,
    }
}

fn of_others(issuer: &str) -> Option<Mistaken> {
    let host = host_of(issuer)?;
    let (first, domain) = host.split_once('.')?;
    match host {
        "google.com" | "www.google.com" | "oauth2.googleapis.com" => {
            return Some(Mistaken::new(
                "is not where Google signs people in",
                "Google's issuer is one and the same for everybody.",
                "https://accounts.google.com",
            ));
        }
        AUTH0_DASHBOARD => {
            // `/dashboard/REGION/TENANT/…`
            let named = segment(issuer, 1).zip(segment(issuer, 2));
            return Some(Mistaken::new(
                "is Auth0's dashboard",
                "Each tenant has a domain of its own, which the settings of the application show under Domain.",
                named.map_or_else(
                    || "https://TENANT.REGION.auth0.com/".to_owned(),
                    |(region, tenant)| format!("https://{tenant}.{region}.auth0.com/"),
                ),
            ));
        }
        _ => {}
    }
    match Product::of_url(issuer)? {
        Product::Okta => {
            let own = format!("{}.{domain}", first.strip_suffix(OKTA_ADMIN)?);
            Some(Mistaken::new(
                "is the address of Okta's Admin Console",
                "The org itself, which signs people in and issues tokens, has the same address without `-admin`.",
                issuer.replacen(host, &own, 1),
            ))
        }
        Product::Cognito if host.ends_with(".amazoncognito.com") => {
            let region = domain.strip_prefix("auth.")?.split('.').next()?;
            Some(Mistaken::new(
                "is the domain of Cognito's sign-in pages",
                "The issuer is the user pool's own address, with its region and its id.",
                format!("https://cognito-idp.{region}.amazonaws.com/USER-POOL-ID"),
            ))
        }
        _ => None,
    }
}

/// Keycloak's consoles: `/admin/REALM/console` and `/realms/REALM/account`, below whatever path it has.
fn of_keycloak(issuer: &str) -> Option<Mistaken> {
    let why = "A realm's issuer is its address under `/realms/`, without anything behind it.";
    let bare = issuer.trim_end_matches('/');
    if let Some(realm) = bare.strip_suffix("/account")
        && realm.contains("/realms/")
    {
        return Some(Mistaken::new("is a realm's account console", why, realm));
    }
    let (server, rest) = bare.split_once("/admin/")?;
    let realm = rest.strip_suffix("/console")?;
    let is_name = !realm.is_empty() && !realm.contains('/');
    is_name.then(|| {
        Mistaken::new(
            "is Keycloak's administration console",
            why,
            format!("{server}/realms/{realm}"),
        )
    })
}

/// Sign-in works under an old name of a cloud's host, and tokens name the other.
fn old_name(evidence: &Evidence, issuer: &str) -> Option<Case> {
    let host = host_of(issuer)?;
    let cloud = cloud_of(host)?;
    let names_tenant = !matches!(segment(issuer, 0), None | Some("v2.0"));
    if !names_tenant || cloud.issuing_host == host || cloud.v1_host == Some(host) {
        return None;
    }
    let right = issuer.replacen(host, cloud.issuing_host, 1);
    Some(
        Case::new(format!(
            "{} is another name of {}.",
            shown(host),
            shown(cloud.issuing_host)
        ))
        .because(
            "Sign-in works under both. Tokens name the one alone, so an API that is told to expect the other refuses them.",
        )
        .change(write_issuer(evidence, &right, "Write the one that tokens name."))
        .severity(Severity::Warning)
        .confidence(Confidence::Observed),
    )
}
