//! Tokens that were spoiled on their way: cut, wrapped, changed.

use vestibule_oidc::access_token::{Cleaning, TokenShape};

use crate::catalogue::{Case, Row};
use crate::evidence::Token;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-TRUNCATED",
        title: "a token that was cut off",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7515 §3.1; RFC 7518 §3.3",
        symptom: "The API says that the token has too few parts or a bad signature; it fails for people \
                  with many groups first.",
        cause: "A signed token is a header, a payload and a signature with dots between them. The end of this one is \
                missing: it was not copied whole, as terminals and logs show long lines cut, or something on its way \
                to the API cuts long headers.",
        cure: "Copy it whole and look again. If the API gets it like this: raise the header limits of what stands \
               before the API, or make the token smaller.",
        fault: None,
        explains: &[
            "VST-TOKEN-OPAQUE",
            "VST-KEYS-SIGNATURE",
            "VST-KEYS-LIBRARY",
            "VST-TOKEN-WRAPPED",
        ],
        judge: truncated,
    },
    Row {
        code: "VST-TOKEN-WRAPPED",
        title: "something around the token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6750 §2.1",
        symptom: "The API can't read a token that looks right on a page made for looking at tokens.",
        cause: "The API takes what follows `Bearer ` for the token, to the last character: quotation marks, line \
                breaks, a second `Bearer`, percent-encoding, another base64 or other signs make it another one. They come from a \
                template or a program that writes the header; or, where somebody copied the token, from copying.",
        cure: "Correct the header's template: `Authorization: Bearer <token>`, with one space and no \
               quotation marks. Where the token was copied, copy it anew without them.",
        fault: None,
        explains: &[],
        judge: wrapped,
    },
    Row {
        code: "VST-TOKEN-DAMAGED",
        title: "a JWT of which parts can't be read",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7515 §3.1 and §5.2",
        symptom: "The API says that the token is malformed, though it has dots and looks like a JWT.",
        cause: "A JWT's first two parts are JSON in base64url. One of them can be read here and another can't: its \
                beginning is missing, something changed characters of it, or it was not copied whole.",
        cure: "Copy it whole and look again. If the API gets it like this: compare length and first characters with \
               the token as issued, and look at what handles it in between.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY", "VST-TOKEN-WRAPPED"],
        judge: damaged,
    },
    Row {
        code: "VST-TOKEN-TOO-LONG",
        title: "a text longer than any token",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "the limits of common servers on header fields, 8 to 64 KiB",
        symptom: "The API or a server before it answers 400, 413 or 431.",
        cause: "No server takes a header field of this length, so this is no access token that could be sent; it was \
                not looked into.",
        cure: "Look at what was copied. If it is a token: let it carry fewer claims and groups.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: too_long,
    },
];

/// Copy it again: first where somebody pasted the token, last where it was found in a request.
fn copy_again(evidence: &Evidence, token: &Token, others: Vec<Change>) -> Vec<Change> {
    let copy = Change::environment(
        "copying",
        "Copy the token again, whole: terminals, logs and chats show long lines cut or folded. A file or a pipe \
         keeps it as it is.",
    )
    .line("vestibule explain --file FILE");
    let pasted = evidence.request.is_none() && evidence.upstream_request.is_none();
    match (token.is_new, pasted) {
        (true, _) => others,
        (false, true) => std::iter::once(copy).chain(others).collect(),
        (false, false) => others.into_iter().chain([copy]).collect(),
    }
}

fn truncated(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let seen = match &token.shape {
        TokenShape::TruncatedJwt { .. } if token.removed.contains(&Cleaning::Ellipsis) => {
            "is the beginning of a JWT with dots in the place of the rest".to_owned()
        }
        TokenShape::TruncatedJwt { header } if header.is_empty() => {
            "is the beginning of a JWT, cut off within its header".to_owned()
        }
        TokenShape::TruncatedJwt { .. } => {
            "is the beginning of a JWT: its signature is missing".to_owned()
        }
        TokenShape::Jwt { .. } => {
            let least = token.missing_signature()?;
            let length = token.signature_length.unwrap_or_default();
            format!(
                "has a signature of {length} characters where its algorithm makes at least {least}"
            )
        }
        _ => return None,
    };
    let mut others = vec![Change::environment(
        "header limits of the proxies and servers in front of the API",
        "If the API gets it like this: let them take heads of 16 KiB.",
    )];
    let entra = match evidence.maker() {
        Some(product) => product.is_entra(),
        None => evidence.settings.is_none() && token.header_text("x5t").is_some(),
    };
    if entra {
        others.push(Change::portal(
            "App registrations > your API > Token configuration",
            "Or make the token smaller: \"Groups assigned to the application\" instead of all \
             groups, and no optional claims nobody reads.",
        ));
    }
    Some(
        Case::new(format!("{} {seen}.", evidence.subject()))
            .changes(copy_again(evidence, token, others)),
    )
}

fn damaged(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let (header, claims) = match &token.shape {
        TokenShape::DamagedJwt { header, claims } => (header, claims),
        TokenShape::LowerCaseJwt => return Some(lower_case(evidence, token)),
        _ => return None,
    };
    let seen = match (header, claims) {
        (Some(_), None) => "has the header of a JWT, and its payload can't be read",
        (None, Some(_)) => "has the payload of a JWT, and its header is missing or can't be read",
        (Some(_), Some(_)) => "has the header and the payload of a JWT, and one part too many",
        (None, None) => "begins as a JWT does, and neither its header nor its payload can be read",
    };
    let compare = Change::api(
        "Authorization",
        "If the API gets it like this: log the token's length where it is issued and where it is refused; a \
         difference means that something in between changes it.",
    );
    Some(
        Case::new(format!("{} {seen}.", evidence.subject())).changes(copy_again(
            evidence,
            token,
            vec![compare],
        )),
    )
}

/// Its capitals are gone, and with them what it said.
fn lower_case(evidence: &Evidence, token: &Token) -> Case {
    let find = Change::api(
        "Authorization",
        "If the API gets it like this: look for what writes values in small letters, as some caches, scripts and \
         functions for header fields do. Only names of fields may be changed so.",
    );
    Case::new(format!(
        "{} begins as a JWT does, in small letters alone: its capitals are gone.",
        evidence.subject()
    ))
    .because("The parts of a JWT are base64url, in which capitals and small letters are different characters.")
    .changes(copy_again(evidence, token, vec![find]))
}

fn too_long(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let TokenShape::TooLong { length } = token.shape else {
        return None;
    };
    Some(
        Case::new(format!(
            "{} has {} KiB; it was not looked into.",
            evidence.subject(),
            length >> 10
        ))
        .change(Change::environment(
            "copying",
            "Look whether this is one token, and not a file or a log with one in it.",
        ))
        .change(Change::provider(
            "the claims of the API's access tokens",
            "If it is one: leave out what nobody reads, groups first.",
        )),
    )
}

fn wrapped(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    // White space, a name and one `Bearer` are how people hand a token over, from a file or a header.
    let around = |what: &Cleaning| match what {
        Cleaning::Quotes => Some("quotation marks"),
        Cleaning::BearerAgain => Some("the word `Bearer` more than once"),
        Cleaning::Percent => Some("percent-encoding"),
        Cleaning::Padding => Some("`=`, `+` or `/` of another base64"),
        Cleaning::Invisible => Some("characters nobody sees"),
        Cleaning::Punctuation => Some("a comma, dot or backslash"),
        Cleaning::Base64 => Some("another base64 around the whole of it"),
        _ => None,
    };
    let found: Vec<_> = token.removed.iter().filter_map(around).collect();
    if found.is_empty() || token.shape == TokenShape::Empty {
        return None;
    }
    let in_secret = token.removed.contains(&Cleaning::Base64).then(|| {
        Change::environment(
            "base64",
            "Decode it where it is read: `data` of a Kubernetes secret, and some stores, hold their values in base64.",
        )
    });
    Some(
        Case::new(format!(
            "{} came with {}.",
            evidence.subject(),
            found.join(" and ")
        ))
        .changes(in_secret)
        .change(
            Change::api(
                "Authorization",
                "If it was sent like this: whoever writes the header writes `Bearer`, one space and the token as it \
                 was issued, and nothing else.",
            )
            .line("Authorization: Bearer <token>"),
        )
        .change(Change::environment(
            "copying",
            "If it was only copied like this: the token itself is told about here, without what is around it.",
        )),
    )
}
