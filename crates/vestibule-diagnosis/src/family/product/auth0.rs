//! Auth0.

use vestibule_oidc::access_token::TokenShape;

use super::{add_parameters, is, is_opaque, passes_a_token};
use crate::catalogue::{Case, Row};
use crate::evidence::{Failure, Product};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-AUTH0-NO-AUDIENCE",
        title: "no API was named to Auth0",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Auth0: get access tokens; its community on opaque tokens",
        symptom: "The access token of Auth0 is a short random text or has five parts, and no library can validate it.",
        cause: "Without `audience` Auth0 gives a token for its own user-info endpoint, which nobody else can read.",
        cure: "Name the API by its identifier: send `audience` when signing in, or set a default audience for the tenant.",
        fault: None,
        explains: &[
            "VST-TOKEN-OPAQUE",
            "VST-TOKEN-ENCRYPTED",
            "VST-KEYS-LIBRARY",
        ],
        judge: no_audience,
    },
    Row {
        code: "VST-AUTH0-TWO-AUDIENCES",
        title: "Auth0's token has two audiences",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Auth0: validate access tokens; RFC 7519 §4.1.3",
        symptom: "The API says that the audience is wrong, though its own is in the token.",
        cause: "Asked for `openid` and an API, Auth0 makes `aud` a list: the API and the user-info endpoint. The API \
                compares it as one text.",
        cure: "Look for the API's audience in the list.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-AUDIENCE-NAME",
            "VST-KEYS-LIBRARY",
        ],
        judge: two_audiences,
    },
    Row {
        code: "VST-AUTH0-UNKNOWN-API",
        title: "Auth0 knows no API of this identifier",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Auth0's community on \"Service not found\"",
        symptom: "Sign-in ends with `access_denied` and \"Service not found\".",
        cause: "`audience` names an API that is not there under Applications > APIs of this tenant, or is written in \
                another way: its identifier is compared to the letter, a slash at the end counts.",
        cure: "Create the API with this identifier, or send the identifier as Auth0 shows it.",
        fault: None,
        explains: &[],
        judge: unknown_api,
    },
    Row {
        code: "VST-AUTH0-NOT-GRANTED",
        title: "the Auth0 application may not use this API",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "Auth0's community on client grants",
        symptom: "The token endpoint or the sign-in says `access_denied`: the client is not authorized to access the API.",
        cause: "The application is not authorized for the API: with client credentials it needs a grant (client-grant), and \
                an API can ask for one from every application.",
        cure: "Authorize the application for the API.",
        fault: None,
        explains: &[],
        judge: not_granted,
    },
];

/// The API Auth0's words name.
fn named_api(evidence: &Evidence, words: &str) -> Option<String> {
    let text = evidence.text.as_ref();
    let of_text = || text?.word_after(words).map(str::to_owned);
    let described = || {
        let description = evidence.provider_error.as_ref()?.description.as_deref()?;
        let start = description.to_ascii_lowercase().find(words)?;
        let rest = description.get(start + words.len()..)?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let found = described().or_else(of_text)?;
    let found = found.trim_matches(['"', '\'', '.', ',', '`', '}']);
    (!found.is_empty()).then(|| found.to_owned())
}

fn unknown_api(evidence: &Evidence) -> Option<Case> {
    const WORDS: &str = "service not found:";
    // Other programs say so of other services.
    let auth0 = is(evidence, Product::Auth0) || evidence.says("access_denied");
    if !auth0 || !evidence.says(WORDS) {
        return None;
    }
    let audience = named_api(evidence, WORDS)?;
    let create = Change::provider(
        "Applications > APIs",
        "Compare the identifiers here with it, letter for letter; if there is none, create the API with this identifier, \
         and RS256.",
    );
    let create = match audience.contains(['"', '`']) {
        true => create,
        false => create.line(audience.as_str()),
    };
    let other = match audience.strip_suffix('/') {
        Some(bare) => bare.to_owned(),
        None => format!("{audience}/"),
    };
    Some(
        Case::new(format!("Auth0 has no API of the identifier {}.", shown(&audience)))
            .change(create)
            .change(add_parameters(
                evidence,
                &[("audience", &other)],
                "Or send the identifier as Auth0 has it; mostly the two differ by the slash at the end.",
            )),
    )
}

fn not_granted(evidence: &Evidence) -> Option<Case> {
    const WORDS: &str = "is not authorized to access";
    if !evidence.says(WORDS) || !evidence.says("client") || !evidence.says("grant") {
        return None;
    }
    let api = named_api(evidence, WORDS);
    Some(
        Case::new(match &api {
            Some(api) => format!(
                "The application is not authorized for the API {}.",
                shown(api)
            ),
            None => "The application is not authorized for the API.".to_owned(),
        })
        .change(Change::provider(
            "Applications > APIs > your API > Machine to Machine Applications",
            "Switch the application on, and choose the permissions it gets.",
        )),
    )
}

fn no_audience(evidence: &Evidence) -> Option<Case> {
    let encrypted = |evidence: &Evidence| {
        let token = evidence.token.as_ref()?;
        let by_issuer = || Product::of_url(token.header_text("iss")?);
        let auth0 = is(evidence, Product::Auth0) || by_issuer() == Some(Product::Auth0);
        Some(auth0 && matches!(token.shape, TokenShape::Jwe { .. }))
    };
    let named = evidence
        .provider()
        .is_some_and(|provider| provider.parameter("audience").is_some());
    let jwe = encrypted(evidence).unwrap_or(false);
    let opaque = is(evidence, Product::Auth0) && is_opaque(evidence);
    let (seen, severity) = if jwe || opaque {
        (
            format!(
                "{} is no JWT that an API can read, and it is of Auth0.",
                evidence.subject()
            ),
            Severity::Error,
        )
    } else if is(evidence, Product::Auth0)
        && evidence.token.is_none()
        && passes_a_token(evidence)
        && !named
    {
        (
            "A route passes Auth0's access token on, and no `audience` is asked for.".to_owned(),
            Severity::Warning,
        )
    } else {
        return None;
    };
    let audience = evidence
        .api_name()
        .filter(|name| !name.contains('"'))
        .unwrap_or("API-IDENTIFIER");
    Some(
        Case::new(seen)
            .severity(severity)
            .change(add_parameters(
                evidence,
                &[("audience", audience)],
                "Name the API by its identifier.",
            ))
            .change(Change::provider(
                "Applications > APIs > your API > Settings > Identifier",
                "Take the identifier from here; if there is no API, create one, with RS256.",
            ))
            .change(Change::provider(
                "Settings > General > API Authorization Settings > Default Audience",
                "Or name the API here, for every sign-in of the tenant.",
            )),
    )
}

fn two_audiences(evidence: &Evidence) -> Option<Case> {
    let token = evidence
        .token
        .as_ref()
        .filter(|token| token.product() == Some(Product::Auth0))?;
    let found = token.audiences();
    let two = found.len() > 1 && found.iter().any(|audience| audience.ends_with("/userinfo"));
    (two && token.failed(Failure::Audience)).then(|| {
        Case::new(format!(
            "{} is for {}.",
            evidence.subject(),
            shown_list(found.iter().copied(), "and")
        ))
        .change(Change::api(
            "accepted audiences",
            "Take the token if one of its audiences is the API's own.",
        ))
    })
}
