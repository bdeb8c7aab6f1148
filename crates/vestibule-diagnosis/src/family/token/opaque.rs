//! What is no JWT, or no longer one.

use vestibule_oidc::access_token::TokenShape;

use crate::catalogue::{Case, Row};
use crate::cure::{ask_for_the_api, asks_already, setting, version_two};
use crate::evidence::Product;
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
        cause: "No scope of an API was asked for, so the token is for Microsoft Graph. For a personal \
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
        return format!("The settings ask for `{scope}`.");
    }
    match evidence.scopes() {
        None | Some([]) => "No scope of an API was asked for.".to_owned(),
        Some(scopes) => format!("The scopes asked for are `{}`.", scopes.join(" ")),
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
        "{} For a personal Microsoft account Entra then gives an encrypted ticket that only Microsoft \
         Graph can read. People with work accounts get a JWT from the same set-up, so it can fail for \
         some and not for others.",
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
    let name = evidence.product().map_or("The provider", Product::name);
    let case = Case::new(seen)
        .because(format!(
            "{name} made a token that only its own endpoints can read. Many providers do so when no \
             API is named, and make a JWT when one is."
        ))
        .change(Change::provider(
            "the API (its identifier, audience or resource)",
            "If the provider knows APIs: define this one there, and name it when asking, by its scope, \
             `audience` or `resource`.",
        ))
        .change(Change::api(
            "introspection",
            "Or let the API ask the provider's introspection or user-info endpoint about the token.",
        ));
    Some(match wants_jwt {
        true => case.severity(Severity::Error),
        false => case,
    })
}
