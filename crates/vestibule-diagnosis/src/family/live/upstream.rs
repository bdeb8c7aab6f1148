//! The way to the upstream, and how large a head it takes.

use super::super::certificate::{self, Reason};
use crate::catalogue::{Case, Row};
use crate::evidence::{
    AskedToken, Certificate, Probe, ProbeOutcome, ProbeTarget, RouteSettings, host_of,
};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-UPSTREAM-UNREACHABLE",
        title: "the upstream can't be reached",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "What the network answered",
        symptom: "After sign-in people get a 502 or 504.",
        cause: "Nothing answers at the upstream's address: it is not started, listens elsewhere, or a firewall is in \
                between. In a container `localhost` is the container itself.",
        cure: "Start it, or correct its address.",
        fault: None,
        explains: &[],
        judge: unreachable,
    },
    Row {
        code: "VST-UPSTREAM-TLS",
        title: "TLS to the upstream fails",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "What the TLS library said",
        symptom: "After sign-in people get a 502, and the log says that TLS failed.",
        cause: "The upstream's certificate is not one for its name from a trusted authority; or the upstream speaks \
                plain HTTP at that port.",
        cure: "Trust the authority that issued it, by `upstream_ca`; or write `http://`, if it speaks plain HTTP.",
        fault: None,
        explains: &[],
        judge: tls,
    },
    Row {
        code: "VST-UPSTREAM-NOT-HTTP",
        title: "the upstream does not answer in HTTP",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "RFC 9112 §4",
        symptom: "After sign-in people get a 502, and the log says that the answer is malformed.",
        cause: "Something listens at the upstream's address and speaks another protocol: mostly TLS where plain HTTP \
                is configured, or another program's port.",
        cure: "Write `https://`, if it speaks TLS; else correct the port.",
        fault: None,
        explains: &[],
        judge: not_http,
    },
    Row {
        code: "VST-UPSTREAM-SMALL-HEAD",
        title: "the upstream takes smaller heads than tokens need",
        severity: Severity::Warning,
        confidence: Confidence::Inferred,
        source: "Tried; the servers' documentation names their limits",
        symptom: "Most people get through, and those in many groups get a 400 or 431.",
        cause: "Access tokens grow with the groups, roles and scopes of a person, to 4 KiB and more. With the other \
                fields, and twice where two fields carry the token, the head is larger than the upstream takes.",
        cure: "Raise the upstream's limit, and send the token in one field only.",
        fault: None,
        explains: &[],
        judge: small_head,
    },
];

/// What became of a try at an upstream.
fn tried(evidence: &Evidence) -> impl Iterator<Item = &Probe> {
    evidence
        .probes
        .iter()
        .filter(|probe| probe.target == ProbeTarget::Upstream)
}

/// What the upstream is called: strangers are not told its address.
fn named(probe: &Probe) -> String {
    match probe.url.as_str() {
        "" => "The upstream behind this address".to_owned(),
        url => format!("The upstream {}", shown(url)),
    }
}

fn unreachable(evidence: &Evidence) -> Option<Case> {
    let (probe, what) = tried(evidence).find_map(|probe| {
        let what = match probe.outcome {
            ProbeOutcome::NoSuchHost => "the host has no address",
            ProbeOutcome::NoConnection => "nothing takes the connection",
            ProbeOutcome::TimedOut => "no answer in time",
            _ => return None,
        };
        Some((probe, what))
    })?;
    Some(
        Case::new(format!("{}: {what}.", named(probe)))
            .change(Change::api(
                "the app or API",
                "See that it runs and listens at that address.",
            ))
            .change(
                Change::config("upstream", "Or correct the address.")
                    .line("upstream = \"http://HOST:PORT\""),
            ),
    )
}

fn tls(evidence: &Evidence) -> Option<Case> {
    let (probe, detail, certificate) = tried(evidence).find_map(|probe| match &probe.outcome {
        ProbeOutcome::Tls {
            detail,
            certificate,
        } => Some((probe, detail, certificate.as_deref())),
        _ => None,
    })?;
    let seen = format!("{}: {}.", named(probe), shown(detail));
    let Some(found) = certificate else {
        let plain = match probe.url.as_str() {
            "" => "http://HOST:PORT".to_owned(),
            url => url.replacen("https://", "http://", 1),
        };
        return Some(
            Case::new(seen).change(trust(evidence, probe, None)).change(
                Change::config(
                    "upstream",
                    "If the upstream speaks plain HTTP there: write so.",
                )
                .line(format!("upstream = \"{plain}\"")),
            ),
        );
    };
    let reason = certificate::reason(found, &probe.url, evidence.now);
    let case =
        Case::new(format!("{seen} {}", certificate::described(found))).because(reason.words());
    let whose = "the upstream's certificate";
    Some(match reason {
        Reason::Over => case.change(Change::api(whose, "Renew it.")),
        Reason::ToCome => case
            .change(
                Change::environment("clock", "Compare this machine's clock with the true time.")
                    .line("timedatectl"),
            )
            .change(Change::api(
                whose,
                "If the clock is right: have one issued that is valid now.",
            )),
        Reason::Names => {
            let own = Change::api(
                whose,
                format!(
                    "Or have one issued for {}.",
                    shown(host_of(&probe.url).unwrap_or(&probe.url))
                ),
            );
            // What issued it was not believed either.
            let foreign = detail.contains("UnknownIssuer");
            case.changes(by_its_name(found, &probe.url))
                .change(own)
                .changes(foreign.then(|| trust(evidence, probe, Some(found))))
        }
        Reason::OwnIssuer | Reason::Issuer => case.change(trust(evidence, probe, Some(found))),
    })
}

/// Ask the upstream by a name that its certificate has.
fn by_its_name(certificate: &Certificate, url: &str) -> Option<Change> {
    let name = certificate
        .names
        .iter()
        .find(|name| !name.contains(['*', ':']))?;
    let (scheme, rest) = url.split_once("://")?;
    let right = format!("{scheme}://{}", rest.replacen(host_of(url)?, name, 1));
    let right = right.strip_suffix('/').unwrap_or(&right);
    let change = Change::config(
        "upstream",
        "Write the name that the certificate has. It must lead to the upstream from this machine: by DNS, or by a line in \
         /etc/hosts.",
    );
    Some(change.line(format!("upstream = \"{right}\"")))
}

/// Believe the authority that issued the certificate.
fn trust(evidence: &Evidence, probe: &Probe, certificate: Option<&Certificate>) -> Change {
    let mut routes = evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.routes);
    let named = routes
        .find(|route| route.upstream.as_ref() == Some(&probe.url))
        .and_then(|route| route.upstream_ca.as_deref());
    match (named, certificate) {
        (Some(file), Some(certificate)) => Change::config(
            "upstream_ca",
            format!(
                "{} has not the authority that issued the certificate, {}: put that authority's own certificate into the file.",
                shown(file),
                shown(&certificate.issuer)
            ),
        ),
        _ => Change::config(
            "upstream_ca",
            "If the certificate is of your own authority: name that authority's file.",
        )
        .line("upstream_ca = \"/etc/vestibule/upstream-ca.pem\""),
    }
}

fn not_http(evidence: &Evidence) -> Option<Case> {
    let (probe, detail) = tried(evidence).find_map(|probe| match &probe.outcome {
        ProbeOutcome::Failed { detail } => Some((probe, detail)),
        _ => None,
    })?;
    let case = Case::new(format!("{}: {}.", named(probe), shown(detail)));
    let case = match probe.url.strip_prefix("http://") {
        Some(rest) => case.change(
            Change::config("upstream", "If the upstream speaks TLS there: write so.")
                .line(format!("upstream = \"https://{rest}\"")),
        ),
        None => case,
    };
    Some(case.change(Change::api(
        "the app or API",
        "See what listens at that port.",
    )))
}

/// A token, and the rest of a head.
const TOKEN_BYTES: usize = 4 * 1024;
const REST_BYTES: usize = 2 * 1024;

/// In how many fields a route sends the access token.
fn copies(route: &RouteSettings) -> usize {
    match route.token {
        Some(AskedToken::Scope(_) | AskedToken::SignIn) => {}
        _ => return 0,
    }
    let carriers = [
        "OIDC_access_token",
        "X-Forwarded-Access-Token",
        "Authorization",
    ];
    let is_carrier = |name: &String| {
        carriers
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    let mut names: Vec<String> = route
        .header_names
        .iter()
        .filter(|name| is_carrier(name))
        .chain(&route.token_header)
        .map(|name| name.to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.len().max(1)
}

fn small_head(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    // A request that was sent shows its size by itself.
    if evidence.upstream_request.is_some() || evidence.upstream_response.is_some() {
        return None;
    }
    let named = evidence
        .route_settings()
        .filter(|_| evidence.route.is_some());
    let routes = named
        .into_iter()
        .chain(settings.routes.iter().filter(|_| named.is_none()));
    let (route, limit, copies) = routes
        .filter_map(|route| Some((route, route.upstream_header_limit_bytes?, copies(route))))
        .find(|(_, limit, copies)| *copies > 0 && *limit < copies * TOKEN_BYTES + REST_BYTES)?;
    let twice = match copies {
        1 => "",
        _ => ", and the token is sent in two fields",
    };
    let case = Case::new(format!(
        "The upstream of {} takes {} KiB of head{twice}.",
        shown(route.path.as_deref().unwrap_or("/")),
        limit / 1024
    ));
    let case = match copies {
        1 => case,
        _ => case.change(Change::config(
            "route.headers",
            "Send the token once: leave `authorization = \"bearer\"` out, or name your own headers in the place of the preset.",
        )),
    };
    Some(case.change(Change::api(
        "largest request head",
        "Raise it to 16 KiB or more: Jetty `jetty.httpConfig.requestHeaderSize`, Tomcat `maxHttpHeaderSize`, nginx \
         `large_client_header_buffers`, Apache `LimitRequestFieldSize`, Kestrel `MaxRequestHeadersTotalSize`.",
    )))
}
