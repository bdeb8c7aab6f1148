//! Metadata and keys that can't be had, or say something unexpected.

use super::super::said::message_tenant;
use crate::catalogue::{Case, Row};
use crate::cure::{login_host, portal, setting, write_issuer};
use crate::evidence::{Probe, ProbeOutcome, ProbeTarget, Product, host_of, port_of};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-KEYS-UNREACHABLE",
        title: "the provider can't be reached",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "What the network answered",
        symptom: "Nobody can sign in, and the log says that the provider gives no answer.",
        cause: "This machine finds no way to the provider's host: no name, no route, or a firewall.",
        cure: "Let this machine reach the provider's hosts on port 443.",
        fault: Some("hang-up"),
        explains: &[
            "VST-KEYS-NOT-FETCHED",
            "VST-KEYS-NOT-KEYS",
            "VST-KEYS-NO-METADATA",
            "VST-KEYS-KID-MISSING",
        ],
        judge: unreachable,
    },
    Row {
        code: "VST-KEYS-NO-METADATA",
        title: "no metadata at this address",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Discovery §4; Microsoft identity platform: error codes, AADSTS90002",
        symptom: "The proxy does not start, or nobody can sign in: the metadata answers 404 or 400.",
        cause: "The tenant, the path or the cloud in the address is not right.",
        cure: "Copy the tenant id from the portal, and use the sign-in host of the tenant's cloud.",
        fault: Some("status"),
        explains: &[
            "VST-KEYS-NOT-FETCHED",
            "VST-AADSTS-90002",
            "VST-KEYS-NOT-KEYS",
            "VST-KEYS-KID-MISSING",
        ],
        judge: |evidence| no_metadata(evidence).or_else(|| logged_tenant(evidence)),
    },
    Row {
        code: "VST-KEYS-NOT-KEYS",
        title: "something else in the place of the keys",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "RFC 7517 §5",
        symptom: "Every token is refused, and the library says that it has no keys.",
        cause: "At the keys' address is no key set, or an empty one. A page of HTML comes from something in \
                between: an outbound proxy, a sign-in page of the network, an inspection.",
        cure: "Let this machine reach the provider's hosts without anything answering in their place.",
        fault: Some("keys-body"),
        explains: &[
            "VST-KEYS-NOT-FETCHED",
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-LIBRARY",
        ],
        judge: not_keys,
    },
    Row {
        code: "VST-KEYS-NOT-FETCHED",
        title: "the API has no metadata or no keys",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "IdentityModel: messages IDX10500, IDX20803, IDX20804 and IDX20807; the words of other libraries",
        symptom: "The API refuses every token, and its log has IDX10500, IDX20803 or IDX20804, or says that keys could \
                  not be fetched.",
        cause: "The API could not fetch the provider's metadata or the keys in it: no way out of its network, a name \
                that does not resolve, a certificate it does not trust, or a wrong address.",
        cure: "From the machine the API runs on, open the address the message names, and look at what comes.",
        fault: None,
        explains: &["VST-KEYS-KID-MISSING", "VST-KEYS-LIBRARY"],
        judge: not_fetched,
    },
];

/// What was tried at the provider.
pub(super) fn at_provider(evidence: &Evidence) -> impl Iterator<Item = &Probe> {
    use ProbeTarget::{Authorization, Keys, Metadata, Token, UserInfo};
    evidence.probes.iter().filter(|probe| {
        matches!(
            probe.target,
            Metadata | Keys | Token | UserInfo | Authorization
        )
    })
}

/// Entra's numbers for a tenant it does not know.
const UNKNOWN_TENANT: [u32; 2] = [90002, 900_023];

fn unreachable(evidence: &Evidence) -> Option<Case> {
    let (probe, what) = at_provider(evidence).find_map(|probe| {
        let what = match probe.outcome {
            ProbeOutcome::NoSuchHost => "the host has no address",
            ProbeOutcome::NoConnection => "nothing takes the connection",
            ProbeOutcome::Closed => "the connection was taken, and closed without an answer",
            ProbeOutcome::TimedOut => "no answer in time",
            _ => return None,
        };
        Some((probe, what))
    })?;
    let host = host_of(&probe.url).unwrap_or(&probe.url);
    let port = port_of(&probe.url);
    let case = Case::new(format!("{}: {what}.", shown(&probe.url)));
    let allow = Change::environment(
        "DNS, routes, firewall, outbound proxy",
        match Product::of_url(&probe.url) {
            Some(Product::Entra) => format!(
                "Let this machine reach {} and graph.microsoft.com on port {port}.",
                shown(host)
            ),
            _ => format!("Let this machine reach {} on port {port}.", shown(host)),
        },
    );
    Some(match probe.outcome {
        ProbeOutcome::Closed => case
            .because(
                "Something answers at that address and hangs up before it says anything: the provider is failing or \
                 starting, something in between cuts the connection, or another program listens there.",
            )
            .change(Change::environment(
                "what is between us and the provider",
                "Ask for the address from this machine with curl. If that is cut off too, look at the provider's own \
                 log, then at firewalls and inspecting proxies on the way.",
            )),
        ProbeOutcome::NoSuchHost => case
            .change(setting(
                evidence,
                Change::config("provider.issuer", "Look for a misspelling of the host."),
                Change::apache(
                    "OIDCProviderMetadataURL",
                    "Look for a misspelling of the host.",
                ),
            ))
            .change(allow),
        _ => case.change(allow),
    })
}

fn not_fetched(evidence: &Evidence) -> Option<Case> {
    const CODES: [&str; 4] = ["IDX20803", "IDX20804", "IDX20807", "IDX10500"];
    let code = CODES.into_iter().find(|code| evidence.has_code(code));
    if code.is_none() && !evidence.heard(Saying::KeysNotFetched) {
        return None;
    }
    let text = evidence.text.as_ref();
    let url = text.and_then(|text| {
        let mut urls = text.urls.iter();
        urls.find(|url| {
            ["/.well-known/", "/discovery/", "jwks", "/keys", "/certs"]
                .iter()
                .any(|part| url.contains(part))
        })
    });
    let says = code.map_or_else(|| "that".to_owned(), |code| format!("{code}:"));
    let seen = match (code, url) {
        (Some("IDX10500"), _) => {
            "The library says IDX10500: it has no keys to verify with.".to_owned()
        }
        (_, Some(url)) => format!("The library says {says} it could not fetch {}.", shown(url)),
        (Some(_), None) => {
            format!("The library says {says} it could not fetch the provider's metadata.")
        }
        (None, None) => {
            "The library says that it could not fetch the provider's keys or metadata.".to_owned()
        }
    };
    let look = Change::api(
        "the machine the API runs on",
        "Open the metadata's address from there. No answer: its network, DNS, or outbound proxy. A certificate: \
         trust the inspecting proxy's. 404: the address.",
    );
    let case = match code.is_none() && evidence.says("404 not found") {
        true => Case::new(seen).because(
            "The address answers 404: a part of it is missing or wrong, or another server answers there.",
        ),
        false => Case::new(seen),
    };
    Some(case.change(match url {
        Some(url) => look.line(format!("curl -sS -D - -o /dev/null {url}")),
        None => look,
    }))
}

/// A library's log of Entra's answer to a tenant that is not there.
fn logged_tenant(evidence: &Evidence) -> Option<Case> {
    let number = UNKNOWN_TENANT
        .into_iter()
        .find(|number| evidence.has_aadsts(&[*number]))?;
    let mut urls = evidence.text.as_ref()?.urls.iter();
    let url = urls.find(|url| url.contains("/.well-known/"));
    let asked = url.is_some() || evidence.heard(Saying::KeysNotFetched);
    let which = url.map_or_else(|| "The metadata's address".to_owned(), |url| shown(url));
    let tenant = message_tenant(evidence);
    let tenant = tenant.map_or_else(String::new, |tenant| {
        format!(": the tenant is {}", shown(&tenant))
    });
    asked.then(|| {
        Case::new(format!("{which} answers with AADSTS{number}{tenant}."))
            .because(
                "There is no directory of the name or id in the address: it is mistyped, or of another cloud.",
            )
            .change(Change::portal(
                portal::OVERVIEW,
                "Copy Directory (tenant) ID, and write it into the address.",
            ))
    })
}

fn no_metadata(evidence: &Evidence) -> Option<Case> {
    let probe = at_provider(evidence).find(|probe| {
        probe.target == ProbeTarget::Metadata && matches!(probe.status(), Some(400..=499))
    })?;
    let status = probe.status().unwrap_or_default();
    let number = UNKNOWN_TENANT
        .into_iter()
        .find(|number| evidence.has_aadsts(&[*number]));
    let case = match number {
        Some(number) => Case::new(format!(
            "{} answers {status} with AADSTS{number}.",
            shown(&probe.url)
        ))
        .because("There is no directory of the name or id in the address: it is mistyped, or of another cloud."),
        None => Case::new(format!("{} answers {status}.", shown(&probe.url))),
    };
    if number.is_none() && Product::of_url(&probe.url).is_none_or(|product| !product.is_entra()) {
        return Some(
            case.because(
                "There is no metadata under this address: a part of the path is missing or wrong.",
            )
            .change(Change::config(
                "provider.issuer",
                "Take the issuer from the provider's administration, with every part of its path.",
            )),
        );
    }
    Some(
        case.change(write_issuer(
            evidence,
            &format!("https://{}/<tenant id>/v2.0", login_host(evidence)),
            "Use the id of the directory; in another cloud also its sign-in host.",
        ))
        .change(Change::portal(
            portal::OVERVIEW,
            "The id stands here as Directory (tenant) ID.",
        )),
    )
}

fn not_keys(evidence: &Evidence) -> Option<Case> {
    let keys = evidence.keys.as_ref()?;
    let url = keys.url.as_deref().unwrap_or("the keys' address");
    let html = keys.first_char == Some('<')
        || keys
            .content_type
            .as_deref()
            .is_some_and(|kind| kind.starts_with("text/html"));
    let seen = match (&keys.keys, keys.status) {
        (Some(found), _) if found.is_empty() => {
            format!("{} has a key set without keys.", shown(url))
        }
        (Some(_), _) => return None,
        (None, Some(status)) if status != 200 => format!("{} answers {status}.", shown(url)),
        (None, _) if html => format!("{} has a page of HTML where keys are expected.", shown(url)),
        (None, _) => format!("{} has no key set.", shown(url)),
    };
    Some(Case::new(seen).change(Change::environment(
        "outbound proxy, firewall",
        "Ask for the address from this machine with curl: what answers, and from where. Let the \
         provider's hosts through.",
    )))
}
