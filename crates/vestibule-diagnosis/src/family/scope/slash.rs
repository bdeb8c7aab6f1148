//! The slashes of an Application ID URI in a scope.

use super::asked::{SCOPES, is_entra};
use super::resource::requests;
use crate::catalogue::{Case, Row};
use crate::cure::{oidc_scope, setting};
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-SCOPE-DOUBLE-SLASH",
        title: "an Application ID URI that ends in a slash needs two",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SCOPES,
        symptom: "The token's audience lacks the slash the API expects, or Entra does not find the API.",
        cause: "The scope is the Application ID URI, a slash, and `.default`. A URI that ends in a slash keeps its own.",
        cure: "Write `//.default`, or take the slash off the Application ID URI.",
        fault: None,
        explains: &["VST-AADSTS-500011", "VST-TOKEN-AUDIENCE-NAME"],
        judge: double_slash,
    },
    Row {
        code: "VST-SCOPE-SLASHES",
        title: "an API's URI with a slash too few or too many",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: SCOPES,
        symptom: "Sign-in ends with AADSTS500011, AADSTS650053 or AADSTS70011.",
        cause: "An Application ID URI begins with `api://` or `https://`, with two slashes. Written otherwise it is the name of \
                no API.",
        cure: "Copy the Application ID URI from Expose an API, and put the scope's name behind it.",
        fault: None,
        explains: &[
            "VST-SCOPE-NO-NAME",
            "VST-SCOPE-TWO-APIS",
            "VST-AADSTS-500011",
            "VST-AADSTS-650053",
            "VST-AADSTS-70011",
        ],
        judge: slashes,
    },
];

fn double_slash(evidence: &Evidence) -> Option<Case> {
    let uri = evidence
        .api_name()
        .filter(|uri| uri.contains("://") && uri.ends_with('/'))?;
    let bare = uri.trim_end_matches('/');
    let asked = requests(evidence)
        .into_iter()
        .flatten()
        .find(|scope| scope.strip_prefix(bare) == Some("/.default"))?;
    let whole = format!("{uri}/.default");
    Some(
        Case::new(format!(
            "The Application ID URI is {}, the scope {}.",
            shown(uri),
            shown(asked)
        ))
        .change(setting(
            evidence,
            Change::config("access_token", "Write both slashes.")
                .line(format!("access_token = {{ scope = \"{whole}\" }}")),
            Change::apache("OIDCScope", "Write both slashes.").line(format!(
                "OIDCScope \"openid profile offline_access {whole}\""
            )),
        )),
    )
}

/// What begins as an Application ID URI does, but for its slashes: the same with two. `None` if it has two.
fn with_two_slashes(scope: &str) -> Option<String> {
    let (scheme, rest) = ["api", "https"]
        .into_iter()
        .find_map(|scheme| Some((scheme, scope.strip_prefix(scheme)?)))?;
    let bare = rest.trim_start_matches([':', '/']);
    let between = rest.strip_suffix(bare)?;
    let begins = between.starts_with(':') || between.starts_with("//");
    (begins && between != "://" && !bare.is_empty()).then(|| format!("{scheme}://{bare}"))
}

fn slashes(evidence: &Evidence) -> Option<Case> {
    if !is_entra(evidence) {
        return None;
    }
    let asked = requests(evidence);
    let (scope, right) = asked
        .iter()
        .flatten()
        .find_map(|scope| Some((*scope, with_two_slashes(scope)?)))?;
    let text = "Write it with two slashes.";
    Some(
        Case::new(format!("The scope is {}.", shown(scope))).change(setting(
            evidence,
            Change::config("access_token", text)
                .line(format!("access_token = {{ scope = \"{right}\" }}")),
            Change::apache("OIDCScope", text).line(oidc_scope(evidence, &right)),
        )),
    )
}

#[cfg(test)]
#[test]
fn slashes_are_put_right_where_an_address_begins() {
    for (scope, right) in [
        ("api:/x/.default", Some("api://x/.default")),
        ("api:x/.default", Some("api://x/.default")),
        ("api:///x/y", Some("api://x/y")),
        ("api//x/y", Some("api://x/y")),
        (
            "https:/api.example.com/y",
            Some("https://api.example.com/y"),
        ),
        ("api://x/.default", None),
        ("https://api.example.com/y", None),
        ("api", None),
        ("api/read", None),
        ("api.read", None),
        ("apis:read", None),
        ("api:", None),
    ] {
        assert_eq!(with_two_slashes(scope).as_deref(), right, "{scope}");
    }
}
