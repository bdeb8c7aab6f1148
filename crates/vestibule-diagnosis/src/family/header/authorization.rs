//! `Authorization` on its way to the app: lost, replaced, or never sent.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-HEADER-AUTHORIZATION-LOST",
        title: "Authorization does not reach the app",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "Apache httpd: CGIPassAuth; mod_wsgi: WSGIPassAuthorization; RFC 6750 §3.1",
        symptom: "The app says that there is no token, though the proxy sends one.",
        cause: "Apache does not tell CGI, FastCGI and WSGI programs what `Authorization` says unless it is told to.",
        cure: "Switch it on in the app's server, or use a header of another name.",
        fault: None,
        explains: &[],
        judge: |evidence| authorization_lost(evidence).or_else(|| no_token(evidence)),
    },
    Row {
        code: "VST-HEADER-AUTHORIZATION-REPLACED",
        title: "two things want to be Authorization",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "RFC 9110 §11.6.2; public reports of apps with a password of their own behind a sign-in proxy",
        symptom: "An app with a password of its own asks for it again and again, or its API clients are refused.",
        cause: "A request has one `Authorization`. The proxy puts the access token there, where the app expects a \
                name and a password of its own.",
        cure: "Send the token under another name, or none to this app.",
        fault: None,
        explains: &["VST-HEADER-AUTHORIZATION-LOST"],
        judge: authorization_replaced,
    },
];

fn authorization_lost(evidence: &Evidence) -> Option<Case> {
    let of_heads = || {
        let sent = evidence
            .upstream_request
            .as_ref()?
            .header("Authorization")
            .is_some();
        let response = evidence.upstream_response.as_ref()?;
        let by_cgi = [response.value("Server"), response.value("X-Powered-By")]
            .into_iter()
            .flatten()
            .any(|value| {
                let value = value.to_ascii_lowercase();
                ["apache", "wsgi", "php"]
                    .iter()
                    .any(|name| value.contains(name))
            });
        // RFC 6750 §3.1: an error is named only to who showed a token.
        let unnamed = response
            .value("WWW-Authenticate")
            .is_none_or(|value| !value.contains("error="));
        (sent && by_cgi && unnamed && response.status == Some(401)).then(|| {
            "The upstream got `Authorization` and answers 401 as if there had been none.".to_owned()
        })
    };
    let said = || {
        evidence
            .heard(Saying::NoAuthorization)
            .then(|| "The app says that it gets no `Authorization`.".to_owned())
    };
    Some(
        Case::new(of_heads().or_else(said)?)
            .change(
                Change::api(
                    "Apache with CGI, FastCGI or PHP-FPM",
                    "Let the program see the field.",
                )
                .line("CGIPassAuth On"),
            )
            .change(
                Change::api("Apache with mod_wsgi", "Let the program see the field.")
                    .line("WSGIPassAuthorization On"),
            )
            .change(setting(
                evidence,
                Change::config("route.headers", "Or send the token under another name.")
                    .line("headers = { \"X-Access-Token\" = \"@access_token\" }"),
                Change::apache(
                    "OIDCPassAccessToken",
                    "Or read the token from `OIDC_access_token`.",
                )
                .line("OIDCPassAccessToken On"),
            )),
    )
}

/// An API that says that the request has no token at all.
fn no_token(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::NoToken).then(|| {
        Case::new("The API says that the request has no token.")
            .because(
                "Whoever calls it sends none, or something on the way takes `Authorization` out. Behind a sign-in proxy the \
                 route passes no access token on, or passes it under another name.",
            )
            .change(setting(
                evidence,
                Change::config(
                    "route.authorization",
                    "Pass the route's access token on in `Authorization`, beside `access_token` with the API's scope.",
                )
                .line("authorization = \"bearer\""),
                Change::apache("RequestHeader", "Pass the access token on in `Authorization`.").line(
                    "RequestHeader set Authorization \"Bearer %{OIDC_access_token}e\" env=OIDC_access_token",
                ),
            ))
            .change(Change::environment(
                "proxies and gateways before the API",
                "See that none of them drops `Authorization`, on redirects to another host too.",
            ))
    })
}

fn authorization_replaced(evidence: &Evidence) -> Option<Case> {
    let route = evidence.route_settings()?;
    let ours = route
        .token_header
        .as_deref()
        .is_some_and(|name| name.eq_ignore_ascii_case("Authorization"));
    let is_basic = |value: &str| {
        value
            .trim_start()
            .get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case("basic"))
    };
    let sent = evidence
        .request
        .as_ref()
        .and_then(|request| request.value("Authorization"))
        .is_some_and(is_basic);
    let asked = evidence
        .upstream_response
        .as_ref()
        .filter(|response| response.status == Some(401))
        .and_then(|response| response.value("WWW-Authenticate"))
        .is_some_and(is_basic);
    let seen = match (ours, sent, asked) {
        (true, true, _) => {
            "The client sends a name and a password, and the route puts the access token in their place."
        }
        (true, _, true) => {
            "The app asks for a name and a password, and the route sends the access token as `Authorization`."
        }
        _ => return None,
    };
    Some(
        Case::new(seen).change(setting(
            evidence,
            Change::config(
                "route.authorization",
                "Remove it, and send the token under a name of its own.",
            )
            .line("headers = { \"X-Access-Token\" = \"@access_token\" }"),
            Change::apache(
                "RequestHeader",
                "Remove the line that sets `Authorization` for this location.",
            ),
        )),
    )
}
