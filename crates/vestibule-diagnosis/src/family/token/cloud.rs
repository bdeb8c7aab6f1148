//! Tokens of another of Microsoft's clouds: each has its own sign-in host, its own tenants and its own keys.

use vestibule_oidc::microsoft::{CLOUDS, Cloud};

use super::issuer::tenant_in;
use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{Token, host_of};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-TOKEN-CLOUD",
    title: "a token of another of Microsoft's clouds",
    severity: Severity::Error,
    confidence: Confidence::Documented,
    source: "Microsoft identity platform: national clouds, Microsoft Entra authentication endpoints",
    symptom: "The API says that the issuer is wrong, or finds no key: the one is of `login.microsoftonline.com`, the other of \
              `login.microsoftonline.us` or `login.partner.microsoftonline.cn`.",
    cause: "Microsoft's national clouds are apart from each other: each signs people in at a host of its own, knows only the \
            tenants and registrations that were made in it, and signs with its own keys. What is set up for the one can't \
            validate tokens of another.",
    cure: "Use the metadata of the cloud the tenant is in, with a registration made in that cloud.",
    fault: None,
    explains: &[
        "VST-TOKEN-ISSUER",
        "VST-TOKEN-VERSION",
        "VST-TOKEN-TENANT",
        "VST-KEYS-FOREIGN-ISSUER",
        "VST-KEYS-KID-MISSING",
        "VST-KEYS-ISSUER",
    ],
    judge: other_cloud,
}];

/// The host that issues tokens of version 1.0 for more than one cloud.
fn clouds_of_host(host: &str) -> Vec<&'static Cloud> {
    let is_its = |cloud: &&Cloud| {
        cloud.v1_host == Some(host)
            || cloud.issuing_host == host
            || cloud.aliases.contains(&host) && !is_shared(host)
    };
    CLOUDS.iter().filter(is_its).collect()
}

/// Whether several clouds issue tokens of version 1.0 under this host.
fn is_shared(host: &str) -> bool {
    CLOUDS
        .iter()
        .filter(|cloud| cloud.v1_host == Some(host))
        .count()
        > 1
}

/// The clouds a token can be of: one, unless it is of version 1.0 and nothing but the issuer says which.
fn clouds_of(token: &Token) -> Vec<&'static Cloud> {
    let of_issuer = token
        .text("iss")
        .and_then(host_of)
        .map(clouds_of_host)
        .unwrap_or_default();
    // Each cloud has its own Microsoft Graph.
    let graphs = token.words("aud");
    let by_graph = of_issuer.iter().copied().find(|cloud| {
        let is_graph = |audience: &&str| {
            let host = host_of(audience);
            let own = cloud.graph_host;
            // As the US Department of Defense's, `dod-graph.microsoft.us`.
            host.is_some()
                && (host == own || own.is_some_and(|own| host == Some(&format!("dod-{own}"))))
        };
        graphs.iter().any(is_graph)
    });
    by_graph.map_or(of_issuer, |cloud| vec![cloud])
}

/// The clouds that the settings and the API are set up for.
fn expected(evidence: &Evidence) -> Vec<&'static Cloud> {
    let provider = evidence.provider();
    let configured = provider.and_then(|provider| provider.authority());
    let api = evidence.api.iter().flat_map(|api| &api.issuers);
    let hosts = configured
        .into_iter()
        .chain(api.map(String::as_str))
        .filter_map(host_of)
        .filter(|host| !is_shared(host));
    hosts.flat_map(clouds_of_host).collect()
}

fn other_cloud(evidence: &Evidence) -> Option<Case> {
    let own = expected(evidence);
    let ours = *own.first()?;
    let (token, found) = [&evidence.token, &evidence.id_token]
        .into_iter()
        .flatten()
        .map(|token| (token, clouds_of(token)))
        .find(|(_, found)| !found.is_empty() && found.iter().all(|cloud| !own.contains(cloud)))?;
    let theirs = *found.first()?;
    let names: Vec<&str> = found.iter().map(|cloud| cloud.name).collect();
    let iss = token.text("iss").unwrap_or_default();
    let tenant = tenant_in(iss);
    let tenant = tenant
        .as_ref()
        .map_or("TENANT-ID", |tenant| tenant.as_str());
    let issuer = |cloud: &Cloud| format!("https://{}/{tenant}/v2.0", cloud.issuing_host);
    let metadata = |cloud: &Cloud| format!("{}/.well-known/openid-configuration", issuer(cloud));
    let subject = match evidence.token {
        Some(_) => evidence.subject(),
        None => "The ID token".to_owned(),
    };
    // Only its audience can say it where the issuer is one of several clouds.
    let by = match iss.split('/').nth(2) {
        Some(host) if is_shared(host) && found.len() == 1 => {
            let audience = token.words("aud").into_iter().next().unwrap_or_default();
            format!("its audience is {}", shown(audience))
        }
        _ => format!("its issuer is {}", shown(iss)),
    };
    let case = Case::new(format!(
        "{subject} is of {}: {by}. Set up is {}.",
        names.join(" or "),
        ours.name
    ));
    let use_theirs = format!(
        "If your tenant is in {}: use its metadata, and a registration that was made in that cloud.",
        names.join(" or ")
    );
    let case = match evidence.provider().is_some() {
        true => case.change(setting(
            evidence,
            Change::config("provider.issuer", use_theirs.clone())
                .line(format!("issuer = \"{}\"", issuer(theirs))),
            Change::apache("OIDCProviderMetadataURL", use_theirs)
                .line(format!("OIDCProviderMetadataURL {}", metadata(theirs))),
        )),
        false => case.change(Change::api("metadata", use_theirs).line(metadata(theirs))),
    };
    Some(case.change(
        Change::api(
            "where the token comes from",
            format!(
                "If your tenant is in {}: let whatever asks for the token sign in there; its metadata is at this address.",
                ours.name
            ),
        )
        .line(metadata(ours)),
    ))
}
