//! Whether an ID token and the access token that came with it belong together.

use crate::catalogue::{Case, Row};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-NO-HASH",
        title: "the ID token does not say which access token it came with",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §3.2.2.10 and §3.3.2.11; mod_auth_openidc: OIDCResponseType",
        symptom: "The log says that a flow such as `id_token token` has no `at_hash` in the ID token, and the sign-in fails.",
        cause: "Where the access token comes through the browser, the ID token must hold a hash of it. This provider left it out.",
        cure: "Let only a code come through the browser: then tokens come from the provider itself, and no hash is needed.",
        fault: None,
        explains: &["VST-TOKEN-HASH"],
        judge: none,
    },
    Row {
        code: "VST-TOKEN-HASH",
        title: "the access token is not the one the ID token came with",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §3.1.3.8 and §3.3.2.9",
        symptom: "The log says that `at_hash` does not fit the access token, and the sign-in fails.",
        cause: "`at_hash` in the ID token is a hash of the access token that came with it. Another token came, or the \
                provider reckons the hash in another way.",
        cure: "See that nothing between the provider and the client changes or keeps its answers; then ask the provider.",
        fault: None,
        explains: &[],
        judge: another,
    },
];

fn none(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::NoHash).then(|| {
        Case::new(
            "The log says that there is no `at_hash` in the ID token, where the flow needs one.",
        )
        .change(
            Change::apache(
                "OIDCResponseType",
                "Let only a code come through the browser.",
            )
            .line("OIDCResponseType code"),
        )
    })
}

fn another(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::HashMismatch).then(|| {
        Case::new("The log says that `at_hash` of the ID token does not fit the access token.")
            .change(Change::environment(
                "proxies in front",
                "Let none of them keep answers of the provider's endpoints, or put tokens of their own in.",
            ))
            .change(Change::provider(
                "the client > tokens",
                "Compare the ID token's `alg` with what the hash is made with: SHA-256 for RS256, SHA-384 for RS384 (OIDC Core §3.1.3.6).",
            ))
    })
}
