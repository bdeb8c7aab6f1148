//! JWTs that say they are something else than an access token, and headers that demand what no API here knows.

use crate::catalogue::{Case, Row};
use crate::evidence::OtherJwt;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-OTHER-KIND",
        title: "a JWT that is made for something else than an API",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 8725 §3.11; OIDC Back-Channel Logout §2.4; RFC 9449 §4.2; RFC 7523 §3",
        symptom: "The API refuses a JWT whose signature is right: it lacks `scp`, `exp` or the audience, or is said to \
                  be of another type.",
        cause: "JWTs are used for much: to end sessions, to prove that a client has a key, to show who a client is. \
                Each says in `typ`, or by its claims, what it is for, and an API must not take one for an access token.",
        cure: "Pass on the `access_token` of the token endpoint's answer.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-VERSION",
            "VST-TOKEN-TENANT-ID",
            "VST-TOKEN-ALGORITHM",
            "VST-TOKEN-NO-ROLES",
            "VST-TOKEN-USER-CLAIM",
            "VST-TIME-NO-END",
            "VST-TIME-EXPIRED",
        ],
        judge: other_kind,
    },
    Row {
        code: "VST-TOKEN-CRITICAL",
        title: "a header that demands an extension",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7515 §4.1.11",
        symptom: "One library refuses the token and another takes it.",
        cause: "The header has `crit`: a list of extensions that whoever verifies the token must understand, or refuse it. \
                No provider's access tokens have one, and libraries that skip it read the token otherwise than it is meant.",
        cure: "Refuse it, and find out who made it.",
        fault: None,
        explains: &["VST-KEYS-SIGNATURE", "VST-KEYS-LIBRARY"],
        judge: critical,
    },
];

fn other_kind(evidence: &Evidence) -> Option<Case> {
    let kind = evidence.token.as_ref()?.other_kind()?;
    let seen = format!(
        "{} is {}: {}.",
        evidence.subject(),
        kind.words(),
        sign(evidence, kind)
    );
    let case = Case::new(seen).because(why(kind)).change(use_it(kind));
    let case = match kind {
        OtherJwt::DeviceCookie => case.change(Change::portal(
            "Users > the person > Revoke sessions",
            "If it left the machine it is of: this ends all sessions of the person.",
        )),
        _ => case,
    };
    Some(match kind {
        // No specification is finished for the one, and the other is described by those who met it.
        OtherJwt::SignedRequest | OtherJwt::DeviceCookie => case.confidence(Confidence::Observed),
        _ => case,
    })
}

/// By what it shows.
fn sign(evidence: &Evidence, kind: OtherJwt) -> String {
    let typ = evidence
        .token
        .as_ref()
        .and_then(|token| token.header_text("typ"))
        .filter(|typ| !typ.eq_ignore_ascii_case("JWT"));
    match (typ, kind) {
        (Some(typ), _) => format!("`typ` in its header is {}", crate::shown::shown(typ)),
        (None, OtherJwt::LogoutToken) => "its `events` name a logout".to_owned(),
        (None, OtherJwt::DeviceCookie) => {
            "it has the claims `refresh_token` and `is_primary`".to_owned()
        }
        (None, _) => {
            "`iss` and `sub` are the same client, and `aud` is a token endpoint".to_owned()
        }
    }
}

/// What it is for.
const fn why(kind: OtherJwt) -> &'static str {
    match kind {
        OtherJwt::LogoutToken => {
            "With it a provider tells an app that a session has ended. It is sent to the app's address for that alone, and \
             carries no permissions."
        }
        OtherJwt::DpopProof => {
            "With it a client proves that it has the key an access token is bound to. It goes beside the access token, in \
             the field `DPoP`, and is made anew for each request."
        }
        OtherJwt::SignedRequest => {
            "A client signed its request, with the access token inside (`at`). Only an API that checks such requests can \
             take it; one that takes bearer tokens finds neither issuer nor audience."
        }
        OtherJwt::SecurityEvent => {
            "It tells a receiver of something that happened to an account. It is sent to an address for that alone."
        }
        OtherJwt::AuthorizationRequest => {
            "It holds the parameters of a sign-in, signed by the client, and goes to the provider's authorization endpoint."
        }
        OtherJwt::IntrospectionAnswer => {
            "It is what a provider answered about a token, signed: not the token that was asked about."
        }
        OtherJwt::ClientAssertion => {
            "With it a client shows the token endpoint who it is, in the place of a secret. The client made it itself: \
             it says nothing of a person, and no provider issued it."
        }
        OtherJwt::DeviceCookie => {
            "A Windows machine that belongs to a directory brings it to Entra's own page, so that nobody has to type a \
             password. It is for that page alone, and whoever has it while it lasts can sign in as that person."
        }
    }
}

/// Where it belongs, and what belongs here.
fn use_it(kind: OtherJwt) -> Change {
    match kind {
        OtherJwt::LogoutToken => Change::provider(
            "the client > back-channel logout address",
            "Let it be the address the app takes logout tokens at; Vestibule's is `/.vestibule/back-channel-logout`. An API \
             gets the `access_token` of the token endpoint's answer.",
        ),
        OtherJwt::DpopProof => Change::api(
            "Authorization, DPoP",
            "Send the access token in `Authorization: DPoP …`, and this in the field `DPoP`.",
        ),
        OtherJwt::SignedRequest => Change::api(
            "proof of possession",
            "Switch it off in the client's library for an API that takes bearer tokens, or let the API check signed \
             requests.",
        ),
        OtherJwt::ClientAssertion => Change::api(
            "client_assertion",
            "Send it to the token endpoint as `client_assertion`, and pass the `access_token` of the answer on.",
        ),
        OtherJwt::AuthorizationRequest => Change::api(
            "request",
            "Send it to the authorization endpoint as `request`; an API gets the `access_token` of the token endpoint's \
             answer.",
        ),
        OtherJwt::SecurityEvent | OtherJwt::IntrospectionAnswer | OtherJwt::DeviceCookie => {
            Change::api(
                "the token passed on",
                "Whoever passes it on: pass on the `access_token` of the token endpoint's answer.",
            )
        }
    }
}

fn critical(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let header = token.header().filter(|_| token.demands_extension())?;
    let names = match header.get("crit") {
        Some(serde_json::Value::Array(names)) => {
            names.iter().filter_map(|name| name.as_str()).collect()
        }
        _ => Vec::new(),
    };
    Some(
        Case::new(format!(
            "{} has `crit` in its header, which demands {}.",
            evidence.subject(),
            crate::shown::shown_list(names, "and")
        ))
        .change(Change::api(
            "token validation",
            "Refuse it, as RFC 7515 wants of whoever does not know the extension; look who made it.",
        )),
    )
}
