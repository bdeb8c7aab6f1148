//! What libraries write into logs.

use crate::catalogue::{Case, Row};
use crate::cure::{ask_for_the_api, version_two};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-KEYS-LIBRARY",
    title: "a message of a token library",
    severity: Severity::Error,
    confidence: Confidence::Documented,
    source: "the messages of IdentityModel, PyJWT, jsonwebtoken, Nimbus, jose4j, go-jose and others",
    symptom: "The API's log says which check a token failed; with Microsoft's libraries by a number that begins \
              with IDX or IDW.",
    cause: "A library checks signature, issuer, audience and times, one after the other, and names the first that \
            fails.",
    cure: "Hand the token to `vestibule explain`: it says which of these is the root.",
    fault: None,
    explains: &[],
    judge: library,
}];

/// What helps against a failed check.
#[derive(Clone, Copy)]
enum Cure {
    /// Ask for a token for the API.
    Ask,
    /// Version 2 in the manifest.
    Version,
    /// Something in the API's set-up.
    Api(&'static str),
    /// The clock.
    Clock,
}

/// Number, what it says, why, cure.
const MESSAGES: &[(&str, &str, &str, Cure)] = &[
    (
        "IDX10214",
        "the audience is not one the API accepts",
        "The token is for another API, or for another name of this one: `api://` and the id alone are two \
         names.",
        Cure::Ask,
    ),
    (
        "IDX10205",
        "the issuer is not one the API accepts",
        "Mostly a v1.0 token (sts.windows.net) meets an API that is set up for v2.0.",
        Cure::Version,
    ),
    (
        "IDX40001",
        "the issuer is not one the API accepts",
        "The token is of another tenant, or of the other version.",
        Cure::Version,
    ),
    (
        "IDX10500",
        "there are no keys to verify with",
        "The metadata or its keys could not be fetched.",
        Cure::Api("Let the API reach the metadata's address and the keys in it."),
    ),
    (
        "IDX10222",
        "the token is not valid yet",
        "The API's clock is behind the provider's.",
        Cure::Clock,
    ),
    (
        "IDX10223",
        "the token has expired",
        "It was kept too long, or the API's clock is ahead.",
        Cure::Clock,
    ),
    (
        "IDX12741",
        "the token does not have three or five parts",
        "It is no JWT: for Microsoft Graph or a personal account, cut off, or something else altogether.",
        Cure::Ask,
    ),
    (
        "IDX14100",
        "the token has no dots",
        "It is no JWT: opaque, or something else altogether.",
        Cure::Ask,
    ),
    (
        "IDX40003",
        "the token has no `tid`",
        "It is not of Entra, or of a product of Entra's the library does not expect.",
        Cure::Api("Look at the token's `iss`, and set the API up for that provider."),
    ),
    (
        "IDX40005",
        "the key is for another issuer than the token's",
        "The key was published for another tenant or for personal accounts.",
        Cure::Api("Keep refusing, and find out where the token came from."),
    ),
    (
        "IDX40012",
        "the key is of another cloud",
        "The public list has keys of other clouds too.",
        Cure::Api("Keep refusing. Sign in at the cloud the tenant is in."),
    ),
    (
        "IDX40002",
        "the issuer has a form the library does not support",
        "B2C issuers with `/tfp/` are not supported.",
        Cure::Api("Let the B2C policy write the default form of the issuer."),
    ),
];

/// What a library says without a number: the number of Microsoft's that means the same.
const SAYINGS: &[(Saying, &str)] = &[
    (Saying::Audience, "IDX10214"),
    (Saying::Issuer, "IDX10205"),
    (Saying::Expired, "IDX10223"),
    (Saying::NotYet, "IDX10222"),
    (Saying::Malformed, "IDX12741"),
    (Saying::Algorithm, ALGORITHM),
];

/// The number for an algorithm.
const ALGORITHM: &str = "IDX10696";

/// What is said without a number.
const UNNUMBERED: &[(&str, &str, &str, Cure)] = &[(
    ALGORITHM,
    "the algorithm is not accepted",
    "The token is another provider's, or the list of algorithms is not the provider's.",
    Cure::Api("Accept what the provider's metadata names, mostly RS256, and nothing else."),
)];

fn library(evidence: &Evidence) -> Option<Case> {
    let numbered = MESSAGES.iter().find(|(code, ..)| evidence.has_code(code));
    let said = || {
        let (_, code) = SAYINGS.iter().find(|(saying, _)| evidence.heard(*saying))?;
        MESSAGES
            .iter()
            .chain(UNNUMBERED)
            .find(|(number, ..)| number == code)
    };
    let (code, what, why, cure) = numbered.or_else(said)?;
    let case = match numbered.is_some() {
        true => Case::new(format!("The library says {code}: {what}.")),
        false => Case::new(format!("The library says that {what}.")),
    };
    let case = case.because(*why);
    Some(match cure {
        Cure::Ask => case.changes(ask_for_the_api(evidence)),
        Cure::Version => case.change(version_two(
            "Set it in the registration of the API, not of the sign-in app, and sign in again.",
        )),
        Cure::Api(text) => case.change(Change::api("token validation", *text)),
        Cure::Clock => case.change(Change::environment(
            "NTP",
            "Let every machine set its clock by NTP: compare `date -u` on this one with a good clock.",
        )),
    })
}
