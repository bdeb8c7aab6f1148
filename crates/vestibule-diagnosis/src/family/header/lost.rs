//! Fields that get lost on the way to the app, are replaced, or are not to be believed.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::shown::{shown, shown_list};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-HEADER-UNDERSCORE",
        title: "header names with an underscore get lost",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "nginx: underscores_in_headers; RFC 3875 §4.1.18",
        symptom: "The app does not see `OIDC_CLAIM_…` though the proxy sends it.",
        cause: "nginx drops fields with `_` in their names, and so do other servers: in CGI `-` becomes `_`, and \
                the two could not be told apart.",
        cure: "Use names with `-`.",
        fault: None,
        explains: &[],
        judge: underscore,
    },
    Row {
        code: "VST-HEADER-FORGED",
        title: "a client sends an identity header",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 9700 §4.13; oauth2-proxy advisory on headers with underscores, CVE-2025-64484",
        symptom: "The log shows a request that came with a name which only the proxy may set.",
        cause: "Whoever reaches the app past the proxy, or a proxy that does not remove such fields in every \
                spelling, can say to be anybody.",
        cure: "Remove such fields of clients in every spelling, and let only the proxy reach the app.",
        fault: None,
        explains: &[],
        judge: forged,
    },
    Row {
        code: "VST-HEADER-NOT-ASCII",
        title: "names with letters outside ASCII arrive garbled",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 9110 §5.5; mod_auth_openidc: OIDCPassClaimsAs",
        symptom: "The app greets J\u{c3}\u{bc}rgen in the place of Jürgen, or answers 400 to people with such names.",
        cause: "A header's value is bytes, and only ASCII is read alike by everybody. UTF-8 read as Latin-1 looks \
                like this.",
        cure: "Name people by a claim that is ASCII, like `oid`, or have the value encoded and decode it in the app.",
        fault: None,
        explains: &[],
        judge: not_ascii,
    },
    Row {
        code: "VST-HEADER-WEBSOCKET",
        title: "the upgrade to a WebSocket does not reach the upstream",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6455 §4.1; RFC 9110 §7.8",
        symptom: "The page loads, and what is live in it does not: the console says that the WebSocket failed.",
        cause: "`Upgrade` is for one hop. A proxy that is not told to pass it on leaves it out.",
        cure: "Let WebSockets pass on this route, and in every proxy in front.",
        fault: None,
        explains: &[],
        judge: websocket,
    },
    Row {
        code: "VST-HEADER-STREAM-CUT",
        title: "a long connection ends with the token",
        severity: Severity::Info,
        confidence: Confidence::Inferred,
        source: "RFC 6455 §10.5; how tokens are checked when a connection begins",
        symptom: "A WebSocket or an event stream is cut off after an hour, or after a minute of silence.",
        cause: "A connection is checked when it begins. Later it ends because the session or the token did, or \
                because something on the way cuts what is silent.",
        cure: "Let the page connect again by itself, and send something now and then.",
        fault: None,
        explains: &[],
        judge: stream_cut,
    },
];

fn underscore(evidence: &Evidence) -> Option<Case> {
    let of_route = evidence
        .route_settings()
        .map(|route| route.header_names.iter().map(String::as_str));
    let of_request = evidence
        .upstream_request
        .iter()
        .flat_map(|request| &request.headers);
    let names: Vec<&str> = of_route
        .into_iter()
        .flatten()
        .chain(of_request.map(|header| header.name.as_str()))
        .filter(|name| name.contains('_'))
        .collect();
    let nginx = evidence
        .upstream_response
        .as_ref()
        .and_then(|response| response.value("Server"))
        .is_some_and(|server| server.to_ascii_lowercase().starts_with("nginx"));
    let seen = match names.first() {
        Some(_) if nginx => format!(
            "The upstream is nginx, and gets {}.",
            shown_list(names.iter().copied().take(3), "and")
        ),
        _ if evidence.heard(Saying::UnderscoreHeader) => {
            "The log says that a field's name is not taken.".to_owned()
        }
        _ => return None,
    };
    Some(
        Case::new(seen)
            .change(setting(
                evidence,
                Change::config(
                    "route.headers",
                    "Use names with `-` and let the app read those.",
                )
                .line("headers = { \"X-User-Name\" = \"name\" }"),
                Change::apache(
                    "OIDCClaimPrefix",
                    "Use a name with `-` and let the app read that.",
                )
                .line("OIDCClaimPrefix OIDC-CLAIM-"),
            ))
            .change(
                Change::api(
                    "nginx",
                    "Or let it pass such names, if nobody but the proxy can reach it.",
                )
                .line("underscores_in_headers on;"),
            ),
    )
}

/// One name for all spellings that servers take for the same.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn forged(evidence: &Evidence) -> Option<Case> {
    let request = evidence.request.as_ref()?;
    let route = evidence.route_settings()?;
    let ours: Vec<String> = route.header_names.iter().map(|name| folded(name)).collect();
    let found = request.headers.iter().find(|header| {
        let name = folded(&header.name);
        // Clients of an API may send these themselves.
        name != "authorization" && ours.contains(&name)
    })?;
    Some(
        Case::new(format!("A request came with the field {}, which the proxy sets.", shown(&found.name)))
            .change(Change::api(
                "network",
                "Let only the proxy reach the app: what it is told about the person it believes from whoever can \
                 reach it.",
            ))
            .change(setting(
                evidence,
                Change::environment("who sent it", "Vestibule removed it, in every spelling. Find out which client or proxy sends it."),
                Change::apache("RequestHeader", "Remove the spelling with `-` too; the module removes its own.")
                    .line(format!("RequestHeader unset {}", folded(&found.name))),
            )),
    )
}

/// UTF-8 read as Latin-1, for letters of European names.
const GARBLED: [&str; 10] = [
    "Ã¤", "Ã¶", "Ã¼", "ÃŸ", "Ã©", "Ã¨", "Ã±", "Ã¸", "Ã¥", "Ã\u{a7}",
];

fn not_ascii(evidence: &Evidence) -> Option<Case> {
    let garbled = evidence
        .text
        .as_ref()
        .is_some_and(|text| text.says_any(&GARBLED));
    let claim = || {
        let refused = evidence.upstream_response.as_ref()?.status == Some(400);
        let token = evidence.id_token.as_ref().or(evidence.token.as_ref())?;
        let route = evidence.route_settings()?;
        let claims = route.header_claims.iter().chain(&route.user_claims);
        let claim = claims
            .into_iter()
            .find(|claim| token.text(claim).is_some_and(|value| !value.is_ascii()))?;
        refused.then(|| {
            format!(
                "The upstream answers 400, and the claim {} has letters outside ASCII.",
                shown(claim)
            )
        })
    };
    let seen = match garbled {
        true => "The text has UTF-8 that was read as Latin-1.".to_owned(),
        false => claim()?,
    };
    Some(
        Case::new(seen)
            .change(setting(
                evidence,
                Change::config("route.user", "Name people by a claim that is ASCII.")
                    .line("user = \"oid\""),
                Change::apache(
                    "OIDCPassClaimsAs",
                    "Send values encoded, and decode them in the app.",
                )
                .line("OIDCPassClaimsAs headers base64url"),
            ))
            .change(Change::api(
                "header values",
                "Or read their bytes as UTF-8.",
            )),
    )
}

fn websocket(evidence: &Evidence) -> Option<Case> {
    let request = evidence.request.as_ref()?;
    let wants = request
        .value("Upgrade")
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    let passed = evidence
        .upstream_request
        .as_ref()?
        .header("Upgrade")
        .is_some();
    (wants && !passed).then(|| {
        Case::new("The browser asks for a WebSocket, and the upstream gets the request without `Upgrade`.").change(setting(
            evidence,
            Change::config("route.websocket", "Let WebSockets pass.").line("websocket = true"),
            Change::apache("ProxyPass", "Let upgrades pass (Apache 2.4.47 or later).")
                .line("ProxyPass /PATH http://UPSTREAM upgrade=websocket"),
        ))
    })
}

fn stream_cut(evidence: &Evidence) -> Option<Case> {
    let text = evidence.text.as_ref()?;
    let long = text.says_any(&[
        "websocket",
        "event stream",
        "eventsource",
        "long poll",
        "signalr",
        "server-sent",
    ]);
    let cut = text.says_any(&[
        "disconnect",
        "closed",
        "cut off",
        "dropped",
        "1006",
        "stops",
    ]);
    let when = text.says_any(&[
        "after an hour",
        "after 1 hour",
        "every hour",
        "after 60 minutes",
        "after 60 seconds",
        "after a minute",
        "after one hour",
        "token expire",
    ]);
    (long && cut && when).then(|| {
        Case::new("A long connection is cut off after a fixed time.")
            .change(Change::api(
                "the page",
                "Connect again when it ends; after a 401 open the sign-in page.",
            ))
            .change(setting(
                evidence,
                Change::config(
                    "route.stream_idle_timeout",
                    "If it ends in silence: allow more of it.",
                )
                .line("stream_idle_timeout = \"4h\""),
                Change::apache(
                    "ProxyTimeout",
                    "If it ends in silence: allow more of it, in seconds.",
                )
                .line("ProxyTimeout 14400"),
            ))
    })
}
