//! What is no JWT, or no longer one.

use vestibule_oidc::access_token::TokenShape;

use super::logged::refused_by_microsoft;
use crate::catalogue::{Case, Row};
use crate::cure::{ask_for_the_api, asks_already, setting, version_two};
use crate::evidence::Product;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-OPAQUE-PERSONAL",
        title: "an encrypted token of a personal Microsoft account",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Microsoft identity platform: UserInfo endpoint; how the ticket begins is observed",
        symptom: "For people with personal Microsoft accounts the API gets a token that is not a JWT: \
                  no dots, and it begins with EwA or EwB. People with work accounts get a JWT.",
        cause: "Where no scope of an API is asked for, the token is for Microsoft Graph. For a personal \
                account that is an encrypted ticket that only Microsoft can read.",
        cure: "Ask for a scope of the API. A site that only signs people in needs no access token and \
               can leave it alone.",
        fault: Some("without-api-scope"),
        explains: &[
            "VST-TOKEN-MIXED-ACCOUNTS",
            "VST-TOKEN-OPAQUE",
            "VST-KEYS-LIBRARY",
        ],
        judge: personal,
    },
    Row {
        code: "VST-TOKEN-OPAQUE-V1",
        title: "an opaque token of Entra's v1.0 endpoint",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Azure Active Directory v1.0: authorization code flow, the parameter `resource`; how the \
                 token begins is observed",
        symptom: "The API gets a token that is not a JWT and begins with AQABAAAA or PAQABAAAA.",
        cause: "The v1.0 endpoint ignores scopes and looks for a `resource`. Without one it gives a token \
                for its own user-info endpoint, which nobody else can read. Authorization codes and \
                refresh tokens can look the same: check that none of these is passed on instead.",
        cure: "Use the v2.0 endpoint and ask for a scope of the API.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: v1,
    },
    Row {
        code: "VST-TOKEN-ENCRYPTED",
        title: "an encrypted token (JWE)",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7516 §3",
        symptom: "The token has five parts, and libraries say that they expected three.",
        cause: "It is encrypted for whoever holds a key, and this API has none. Entra does not encrypt \
                the tokens of an API of your own; some other providers do when they are told so.",
        cure: "Switch the encryption of access tokens off for this API at the provider, or give the API \
               the key.",
        fault: None,
        explains: &["VST-TOKEN-OPAQUE", "VST-KEYS-LIBRARY"],
        judge: encrypted,
    },
    Row {
        code: "VST-TOKEN-UNSIGNED",
        title: "a token without a signature",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 8725 §3.2; RFC 9068 §4",
        symptom: "The API refuses the token, or takes any.",
        cause: "The token's header says `alg: none`: anybody can write such a token. No provider issues \
                one as an access token.",
        cure: "Refuse it. An API that takes it takes every token.",
        fault: Some("alg-none"),
        explains: &["VST-TOKEN-ALGORITHM", "VST-KEYS-KID-MISSING"],
        judge: unsigned,
    },
    Row {
        code: "VST-TOKEN-SHARED-SECRET",
        title: "a token that only who has the secret can validate",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "RFC 7518 §3.2; RFC 8725 §2.1",
        symptom: "The API finds no key for the token, or would need a secret of the provider's.",
        cause: "The token is signed with HMAC (`HS256`): who validates it needs the same secret that made it, and who \
                has that can make tokens. Providers that publish keys use RS256 or ES256.",
        cure: "Let the provider sign this API's tokens with RS256, and let the API take nothing else.",
        fault: None,
        explains: &[
            "VST-KEYS-KID-MISSING",
            "VST-KEYS-NO-KID",
            "VST-KEYS-LIBRARY",
        ],
        judge: shared_secret,
    },
    Row {
        code: "VST-TOKEN-NOT-JWT",
        title: "the API got something that is no JWT",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "RFC 7515 §7.1; IdentityModel: messages IDX12741 and IDX14100",
        symptom: "The API's library says that the token has the wrong number of parts, no dots, or can't be decoded.",
        cause: "The library looks for a header, a payload and a signature with dots between them. Without the token \
                itself nobody can tell what came: an opaque token (as for Microsoft Graph and personal accounts, or \
                of a provider that was not told of an API), one that was cut off or wrapped, or something else.",
        cure: "Hand the token itself to `vestibule explain`; most often the cure is to ask for a token for the API.",
        fault: None,
        explains: &["VST-KEYS-LIBRARY"],
        judge: not_jwt,
    },
    Row {
        code: "VST-TOKEN-OPAQUE",
        title: "a token that only its issuer can read",
        severity: Severity::Info,
        confidence: Confidence::Documented,
        source: "RFC 6749 §1.4; RFC 7662",
        symptom: "The token is not a JWT, and the API's library says that it has the wrong number of \
                  parts.",
        cause: "An access token is whatever its issuer likes; only a JWT can be validated by the API \
                itself.",
        cure: "Ask for a token for the API, if the provider makes JWTs for named APIs; or let the API ask \
               the provider's introspection endpoint.",
        fault: Some("opaque-access-token"),
        explains: &[],
        judge: opaque,
    },
];

/// What was asked for, as the beginning of an explanation.
pub(super) fn asked_for(evidence: &Evidence) -> String {
    if let Some(scope) = asks_already(evidence) {
        return format!("The settings ask for `{scope}`. ");
    }
    match evidence.scopes() {
        // What nobody said is not known.
        None => String::new(),
        Some([]) => "No scopes are asked for. ".to_owned(),
        Some(scopes) => format!("The scopes asked for are `{}`. ", scopes.join(" ")),
    }
}

fn personal(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    if token.shape != TokenShape::PersonalAccountTicket {
        return None;
    }
    let seen = format!(
        "{} is not a JWT: {} bytes that begin as Microsoft's encrypted tickets for personal accounts \
         do.",
        evidence.subject(),
        token.length
    );
    let why = format!(
        "{}For a personal Microsoft account Entra gives an encrypted ticket, which only Microsoft Graph can \
         read, where no scope of another API is asked for. People with work accounts get a JWT from the \
         same set-up, so it can fail for some and not for others.",
        asked_for(evidence)
    );
    let version = version_two(
        "An API that personal accounts may use must have version 2 here, and \"Supported account \
         types\" that include personal Microsoft accounts.",
    );
    Some(
        Case::new(seen)
            .because(why)
            .changes(ask_for_the_api(evidence))
            .change(version),
    )
}

fn v1(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    if token.shape != TokenShape::EntraV1Opaque {
        return None;
    }
    let authority = setting(
        evidence,
        Change::config(
            "issuer",
            "Use the v2.0 issuer: the v1.0 endpoint ignores scopes. In [provider] write",
        )
        .line("issuer = \"https://login.microsoftonline.com/<tenant id>/v2.0\""),
        Change::apache(
            "OIDCProviderMetadataURL",
            "Use the v2.0 document: the v1.0 endpoint ignores scopes.",
        )
        .line(
            "OIDCProviderMetadataURL https://login.microsoftonline.com/<tenant id>/v2.0/.well-known/\
             openid-configuration",
        ),
    );
    let seen = format!(
        "{} is not a JWT: {} bytes that begin as the tokens of Entra's v1.0 endpoint do when no \
         `resource` is named.",
        evidence.subject(),
        token.length
    );
    Some(
        Case::new(seen)
            .change(authority)
            .changes(ask_for_the_api(evidence)),
    )
}

fn encrypted(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    if !matches!(token.shape, TokenShape::Jwe { .. }) {
        return None;
    }
    let seen = format!(
        "{} has five parts and is encrypted: only who holds the key can read it.",
        evidence.subject()
    );
    let switch = Change::provider(
        "access token encryption of the API",
        "Switch it off for this API, so that its tokens are signed only.",
    );
    let key = Change::api(
        "decryption key",
        "Or give the API's library the key it is encrypted for.",
    );
    Some(Case::new(seen).change(switch).change(key))
}

fn unsigned(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    matches!(token.shape, TokenShape::UnsignedJwt { .. }).then(|| {
        Case::new(format!(
            "{} has `alg: none` in its header.",
            evidence.subject()
        ))
        .change(Change::api(
            "accepted algorithms",
            "Accept RS256 only, or what the provider's metadata names, and never `none`.",
        ))
    })
}

fn shared_secret(evidence: &Evidence) -> Option<Case> {
    let token = evidence
        .token
        .as_ref()
        .filter(|token| token.has_shared_secret())?;
    let alg = token.header_text("alg")?;
    // An API that says it takes these has the secret.
    let takes = evidence.api.iter().flat_map(|api| &api.algorithms);
    if takes.into_iter().any(|own| own == alg) || token.is_verified() {
        return None;
    }
    let change = match evidence.maker() {
        Some(Product::Auth0) => Change::provider(
            "Applications > APIs > your API > Settings > Signing Algorithm",
            "Choose RS256.",
        ),
        _ => Change::provider(
            "signature algorithm of the API's access tokens",
            "Choose RS256 or ES256, whose keys the provider publishes.",
        ),
    };
    Some(
        Case::new(format!(
            "{} is signed with {}: with a secret, not with a key that is published.",
            evidence.subject(),
            crate::shown::shown(alg)
        ))
        .change(change)
        .change(Change::api(
            "accepted algorithms",
            "Do not give the API the secret: who can validate such tokens can make them.",
        )),
    )
}

fn not_jwt(evidence: &Evidence) -> Option<Case> {
    const CODES: [&str; 5] = ["IDX12741", "IDX14100", "IDX12709", "IDX12729", "IDX10400"];
    let code = CODES.into_iter().find(|code| evidence.has_code(code));
    let found = evidence
        .token
        .as_ref()
        .is_some_and(|token| !token.is_partial);
    if found || code.is_none() && !evidence.heard(Saying::Malformed) {
        return None;
    }
    let says = code.map_or_else(String::new, |code| format!(" {code}:"));
    if let Some((name, change)) = refused_by_microsoft(evidence) {
        return Some(
            Case::new(format!(
                "{name} says that what it got does not have the form of its tokens."
            ))
            .confidence(Confidence::Observed)
            .change(
                Change::api(
                    "the token",
                    "Let `vestibule explain` look at the token that was sent: it says what it is.",
                )
                .line("vestibule explain --file FILE"),
            )
            .change(change),
        );
    }
    Some(
        Case::new(format!(
            "The library says{says} that what it got does not have the form of a JWT."
        ))
        .change(
            Change::api(
                "the token",
                "Let `vestibule explain` look at the token itself: it says what it is.",
            )
            .line("vestibule explain --file FILE"),
        )
        .changes(ask_for_the_api(evidence)),
    )
}

fn opaque(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let known = match token.shape {
        TokenShape::Opaque { .. } => "",
        TokenShape::GoogleOpaque => " that begin as Google's access tokens do",
        TokenShape::GitHubOpaque => " that begin as GitHub's tokens do",
        TokenShape::GitLabOpaque => " that begin as GitLab's tokens do",
        TokenShape::SalesforceOpaque => " that begin as Salesforce's session ids do",
        _ => return None,
    };
    if evidence
        .api
        .as_ref()
        .is_some_and(|api| api.takes_opaque == Some(true))
    {
        return None;
    }
    let wants_jwt = evidence
        .api
        .as_ref()
        .is_some_and(|api| !api.audiences.is_empty() || !api.issuers.is_empty());
    let seen = format!(
        "{} is not a JWT: {} bytes{known}.",
        evidence.subject(),
        token.length
    );
    // Whose it is shows in the token, or is known where it came from the provider a moment ago. Entra makes no token of an
    // unknown form: what is handed in beside a file that names Entra need not be one of its tokens.
    let made_by = token.product().or_else(|| {
        let product = evidence.product()?;
        (token.is_new || !product.is_entra()).then_some(product)
    });
    let why = match (made_by, token.is_new) {
        (Some(product), _) => format!(
            "{} made a token that only its own endpoints can read.",
            product.name()
        ),
        (None, true) => "The provider made a token that only its own endpoints can read. Many providers do so when \
                         no API is named, and make a JWT when one is."
            .to_owned(),
        (None, false) => "It has the form of no kind of token that is known here. If it is a whole access token, \
                          its issuer made one that only its own endpoints can read; many do so when no API is \
                          named. It can as well be something else that was taken for one."
            .to_owned(),
    };
    let case = Case::new(seen)
        .because(why)
        .change(Change::provider(
            "the API (its identifier, audience or resource)",
            "If the provider knows APIs: define this one there, and name it when asking, by its scope, \
             `audience` or `resource`.",
        ))
        .change(Change::api(
            "introspection",
            "Or let the API ask the provider's introspection or user-info endpoint about the token.",
        ));
    let case = match made_by.is_some() || token.is_new {
        true => case,
        false => case.confidence(Confidence::Inferred),
    };
    Some(match wants_jwt {
        true => case.severity(Severity::Error),
        false => case,
    })
}
