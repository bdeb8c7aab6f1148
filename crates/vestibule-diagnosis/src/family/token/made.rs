//! How a token was made: by which algorithm, and to last how long.

use crate::catalogue::{Case, Row};
use crate::shown::{shown, shown_list};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-LONG-LIVED",
        title: "a token that lives for a day",
        severity: Severity::Info,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Token lifetime\"",
        symptom: "Access tokens live 20 to 28 hours where 60 to 90 minutes are usual.",
        cause: "Entra makes tokens last where the client says that it understands claims challenges (`cp1`), and \
                tells APIs of Microsoft's at once when a session ends. A policy on token lifetimes can do it, too.",
        cure: "Pass claims challenges on to the client, or do not announce `cp1` for this API. Look for a policy on \
               token lifetimes.",
        fault: None,
        explains: &[],
        judge: long_lived,
    },
    Row {
        code: "VST-TOKEN-ALGORITHM",
        title: "an algorithm nobody named",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 8725 §3.1",
        symptom: "The API says that the algorithm is not accepted.",
        cause: "The token is signed with another algorithm than the provider's metadata names: it is \
                another provider's, or somebody tries what the API lets pass.",
        cure: "Keep the list of algorithms at what the metadata names.",
        fault: Some("shared-secret"),
        explains: &[
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-SIGNATURE",
            "VST-KEYS-NO-KID",
            "VST-TOKEN-NO-PERMISSIONS",
            "VST-TOKEN-SHARED-SECRET",
            "VST-KEYS-LIBRARY",
        ],
        judge: algorithm,
    },
];

/// The longest an ordinary access token is configured to live is a day; the usual is 60 to 90
/// minutes.
const LONG_SECS: i64 = 18 * 3600;

fn long_lived(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref().filter(|token| token.is_entra())?;
    let lives = token.number("exp")?.saturating_sub(token.number("iat")?);
    if lives <= LONG_SECS || token.looks_like_id_token() || token.has_milliseconds() {
        return None;
    }
    let case = Case::new(format!(
        "{} lives {} hours.",
        evidence.subject(),
        lives / 3600
    ))
    .change(Change::api(
        "WWW-Authenticate",
        "If the API ends sessions early: answer with a claims challenge, and the client gets a new \
             token.",
    ));
    Some(match token.words("xms_cc").contains(&"cp1") {
        true => case.because(
            "The client said that it understands claims challenges (`xms_cc` is `cp1`): then Entra makes its tokens \
             last, and tells APIs of Microsoft's at once when a session ends.",
        ),
        // The token does not say why.
        false => case.confidence(Confidence::Inferred),
    })
}

fn algorithm(evidence: &Evidence) -> Option<Case> {
    let numbered = evidence.has_code("IDX10696");
    if evidence.token.is_none() && (numbered || evidence.heard(Saying::Algorithm)) {
        let number = if numbered { " IDX10696:" } else { "" };
        return Some(
            Case::new(format!(
                "The library says{number} that it does not accept the token's algorithm."
            ))
            .change(Change::api(
                "accepted algorithms",
                "Accept what the provider's metadata names, mostly RS256, and nothing else.",
            )),
        );
    }
    let token = evidence.token.as_ref()?;
    let alg = token.header_text("alg")?;
    let of_api = evidence
        .api
        .iter()
        .flat_map(|api| &api.algorithms)
        .map(String::as_str);
    let mut named: Vec<&str> = of_api.collect();
    if named.is_empty() {
        let metadata = evidence.metadata.as_ref();
        named = metadata
            .and_then(|metadata| metadata.list("id_token_signing_alg_values_supported"))
            .unwrap_or_default();
    }
    if named.is_empty() && token.is_entra() {
        named = vec!["RS256"];
    }
    (!named.is_empty() && !named.contains(&alg)).then(|| {
        Case::new(format!(
            "{} is signed with {}; named is {}.",
            evidence.subject(),
            shown(alg),
            shown_list(named.iter().copied(), "or")
        ))
        .change(Change::api(
            "accepted algorithms",
            format!(
                "Accept {} and nothing else. If the provider changed its algorithm, its metadata says so \
                 first.",
                shown_list(named.iter().copied(), "and")
            ),
        ))
    })
}
