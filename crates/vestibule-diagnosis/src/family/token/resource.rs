//! JWTs that are in order and for somebody else, whoever made them.

use super::issuer::{is_foreign, is_of_another_sign_in};
use super::logged::{is_plain, logged_access_as_id, logged_audience};
use super::opaque::asked_for;
use crate::catalogue::{Case, Row};
use crate::cure::{ask_for_the_api, version_two};
use crate::evidence::{AskedToken, Product, Role, Token};
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TOKEN-ID-AS-ACCESS",
        title: "an ID token in the place of an access token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §2; RFC 8725 §3.12; Microsoft identity platform: ID tokens",
        symptom: "The API says that the audience is wrong, or finds no scopes and no roles.",
        cause: "An ID token tells the app that a person signed in. It is for the app, not for an API, and \
                carries no permissions.",
        cure: "Pass on an access token for the API.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-NO-PERMISSIONS",
            "VST-TOKEN-SCOPE",
            "VST-TOKEN-NO-ROLES",
        ],
        judge: id_as_access,
    },
    Row {
        code: "VST-TOKEN-ACCESS-AS-ID",
        title: "an access token in the place of an ID token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "OIDC Core §2",
        symptom: "An app that expects an ID token says that the audience or the nonce is wrong.",
        cause: "The token carries permissions and no `nonce`: it is an access token, meant for an API.",
        cure: "Pass the ID token to who expects it, and the access token to the API. Where access tokens are to be \
               checked: expect the API's audience, not the client id.",
        fault: None,
        explains: &[
            "VST-TOKEN-AUDIENCE",
            "VST-TOKEN-GRAPH",
            "VST-TOKEN-MICROSOFT-API",
        ],
        judge: |evidence| access_as_id(evidence).or_else(|| logged_access_as_id(evidence)),
    },
    Row {
        code: "VST-TOKEN-AUDIENCE-NAME",
        title: "another name of the same API",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access token claims reference, `aud`",
        symptom: "The API says that the audience is wrong, and both are names of one API: with and without \
                  `api://`, or with a slash at the end.",
        cause: "In a v1.0 access token `aud` is the name the client asked for, with or without `api://` \
                and slash; in a v2.0 token it is always the application id.",
        cure: "Let the API accept both names.",
        fault: None,
        explains: &["VST-TOKEN-AUDIENCE", "VST-AADSTS-500131"],
        judge: audience_name,
    },
    Row {
        code: "VST-TOKEN-AUDIENCE",
        title: "an audience that is not the API's",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 9068 §4; RFC 8725 §3.9",
        symptom: "The API says that the audience is wrong.",
        cause: "The audience follows from the scope: the token is for the API whose scope was asked for. \
                An API must refuse a token for another, or any app people sign in to could use their \
                token here.",
        cure: "Ask for a scope of this API.",
        fault: Some("wrong-audience"),
        explains: &[
            "VST-TOKEN-SCOPE",
            "VST-TOKEN-NO-PERMISSIONS",
            "VST-KEYS-LIBRARY",
            "VST-AADSTS-500131",
        ],
        judge: |evidence| audience(evidence).or_else(|| logged_audience(evidence)),
    },
    Row {
        code: "VST-TOKEN-MIXED-ACCOUNTS",
        title: "the sign-in's own token passed on",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: scopes and permissions; UserInfo endpoint",
        symptom: "The access token works for nobody, or a different kind of it comes for work and for \
                  personal accounts.",
        cause: "The sign-in asks for no scope of an API, so its access token is for Microsoft Graph: for \
                work accounts a JWT nobody else can verify, for personal accounts an encrypted ticket.",
        cure: "Ask for a scope of the API in the route, or pass no token on.",
        fault: None,
        explains: &[],
        judge: mixed_accounts,
    },
];

fn id_as_access(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref()?;
    let passed = evidence
        .route_settings()
        .is_some_and(|route| route.token == Some(AskedToken::IdToken));
    if token.role != Role::Access || passed || !token.looks_like_id_token() {
        return None;
    }
    let seen = format!(
        "{} is an ID token: it is for {}, and carries {}.",
        evidence.subject(),
        shown_list(token.audiences(), "and"),
        match token.has("nonce") {
            true => "a `nonce` and no permissions",
            false => "no permissions",
        }
    );
    let pass = Change::api(
        "the member passed on",
        "Whoever passes it on: pass on `access_token`, not `id_token`.",
    );
    let case = match evidence.maker() {
        None | Some(Product::Google) => Case::new(seen),
        Some(product) if product.is_entra() => Case::new(seen),
        Some(_) => Case::new(seen).change(pass),
    };
    let case = case.changes(ask_for_the_api(evidence));
    // Where a provider has no access tokens for others' APIs, this is the one to take.
    Some(match evidence.maker() {
        Some(Product::Google) => case.because(
            "Google has no access tokens for other people's APIs. An API that is to know who signed in there takes \
             the ID token on purpose, and with it the client id as audience.",
        ),
        _ => case,
    })
}

fn access_as_id(evidence: &Evidence) -> Option<Case> {
    let handed_in = evidence
        .token
        .as_ref()
        .filter(|token| token.role == Role::Id);
    let token = evidence.id_token.as_ref().or(handed_in)?;
    let permissions = ["scp", "scope", "roles"]
        .into_iter()
        .find(|name| token.has(name));
    let seen = match permissions {
        // ID tokens of one's own app can carry its roles.
        Some("roles") | None => match token.text("token_use") {
            Some("access") => "`token_use` is `access`",
            _ => return None,
        },
        Some(_) if token.has("nonce") => return None,
        Some(_) => "it carries scopes and no `nonce`",
    };
    Some(
        Case::new(format!(
            "What is used as ID token is an access token: {seen}."
        ))
        .change(Change::api(
            "the member passed on",
            "Who passes the tokens on: put `id_token` where an ID token is expected.",
        )),
    )
}

/// What the token is for, what the API expects, or the sign-in of its ID token, if they have nothing in common.
fn mismatch(evidence: &Evidence) -> Option<(&Token, Vec<&str>, &[String])> {
    let token = evidence.token.as_ref()?;
    let client = || match token.role {
        Role::Id => evidence.provider()?.client_id.as_ref(),
        _ => None,
    };
    let expected = match evidence.api.as_ref() {
        Some(api) => api.audiences.as_slice(),
        None => std::slice::from_ref(client()?),
    };
    let found = token.audiences();
    let fits = found
        .iter()
        .any(|found| expected.iter().any(|own| own == found));
    (!found.is_empty() && !expected.is_empty() && !fits).then_some((token, found, expected))
}

fn seen_audiences(evidence: &Evidence, found: &[&str], expected: &[String]) -> String {
    format!(
        "{} is for {}; the API expects {}.",
        evidence.subject(),
        shown_list(found.iter().copied(), "and"),
        shown_list(expected.iter().map(String::as_str), "or")
    )
}

fn audience_name(evidence: &Evidence) -> Option<Case> {
    let (token, found, expected) = mismatch(evidence)?;
    let name = found.iter().find(|audience| {
        expected
            .iter()
            .any(|own| bare(own).eq_ignore_ascii_case(bare(audience)))
    })?;
    let own = expected
        .iter()
        .find(|own| bare(own).eq_ignore_ascii_case(bare(name)))?;
    let case = Case::new(seen_audiences(evidence, &found, expected));
    let accept = |text| Change::api("accepted audiences", text);
    if evidence.maker().is_some_and(|product| !product.is_entra()) {
        return Some(
            case.because("They differ by `api://` or a slash at the end, and audiences are compared to the letter.")
                .change(accept(format!("Accept {} to the letter.", shown(name)))),
        );
    }
    let both = accept(format!(
        "Accept both names: {} and {}.",
        shown(own),
        shown(name)
    ));
    let net = evidence.has_code("IDX10214") || evidence.says("the audience '");
    let both = match net && [own.as_str(), name].iter().all(|name| is_plain(name)) {
        // What API Management's policy validate-jwt answers.
        true if evidence.says("jwt validation failed:") => both.line(format!(
            "<audiences><audience>{own}</audience><audience>{name}</audience></audiences>"
        )),
        true => both.line(format!(
            "options.TokenValidationParameters.ValidAudiences = [\"{own}\", \"{name}\"];"
        )),
        false => both,
    };
    let case = case
        .because(
            "Both are names of one API. In a v1.0 access token `aud` is the name the client asked for, with or \
             without `api://` and slash; in a v2.0 token it is always the application id.",
        )
        .change(both);
    // Only then would the other version have the name that is expected.
    let helps = token.text("ver") == Some("1.0") && *own == bare(own) && *name != own;
    Some(match helps {
        true => case.change(version_two(
            "Or have v2.0 tokens made, whose audience is always the application id; their issuer is another one, too. \
             This is the API's registration, not that of the sign-in app.",
        )),
        false => case,
    })
}

fn audience(evidence: &Evidence) -> Option<Case> {
    let (token, found, expected) = mismatch(evidence)?;
    if token.role == Role::Id {
        // Whom another provider made it for is nothing to compare.
        if is_of_another_sign_in(evidence) {
            return None;
        }
        return Some(
            Case::new(format!(
                "The ID token is for {}; ours is the client id {}.",
                shown_list(found.iter().copied(), "and"),
                shown_list(expected.iter().map(String::as_str), "or")
            ))
            .because(
                "An ID token names the client that asked for it. One for another client says nothing about \
                 a sign-in here: somebody could have got it at any other app.",
            )
            .change(Change::config(
                "provider.client_id",
                "Compare it with the id that the provider shows for this app; refusing is right where they \
                 are one.",
            )),
        );
    }
    // Another provider's token, where the API takes a known one's: no scope makes it one for this API.
    if !token.is_partial && is_foreign(evidence) {
        return None;
    }
    let case = Case::new(seen_audiences(evidence, &found, expected));
    let why = match evidence.maker() {
        None => String::new(),
        Some(product) if product.is_entra() => format!(
            "{}The audience follows from the scope: the token is for the API whose scope was asked for. ",
            asked_for(evidence)
        ),
        Some(product) => of_product(product).to_owned(),
    };
    Some(
        case.because(format!(
            "{why}An API must refuse a token for another, or any app people sign in to could use their token here."
        ))
        .changes(ask_for_the_api(evidence)),
    )
}

/// What decides the audience of a token of this provider.
const fn of_product(product: Product) -> &'static str {
    match product {
        Product::Auth0 => {
            "At Auth0 the audience is what `audience` named in the authorization request. "
        }
        Product::Okta => {
            "At Okta the authorization server has an audience, and all its access tokens carry it. "
        }
        Product::Google => "Google's tokens are for Google, or for the client that asked. ",
        Product::Keycloak => "Keycloak names as audience the clients that mappers and roles say. ",
        Product::Cognito => "Cognito's access tokens name a client, and mostly no audience. ",
        Product::AdFs => "At AD FS the audience is the Web API that was asked for. ",
        Product::Salesforce | Product::GitHub | Product::GitLab => {
            "This provider's tokens are for its own API. "
        }
        Product::Ping => "At Ping the audience is that of the resource whose scope was asked for. ",
        Product::Entra | Product::ExternalId | Product::B2c => "",
    }
}

/// The id in any of the shapes Entra's v1.0 tokens name one API in.
pub(super) fn bare(audience: &str) -> &str {
    audience
        .strip_prefix("api://")
        .unwrap_or(audience)
        .trim_end_matches('/')
}

/// Scopes that name no API.
const SIGN_IN_SCOPES: [&str; 6] = [
    "openid",
    "profile",
    "email",
    "offline_access",
    "address",
    "phone",
];

fn mixed_accounts(evidence: &Evidence) -> Option<Case> {
    let route = evidence.route_settings()?;
    let scopes = evidence.provider()?.scopes.as_deref()?;
    let names_no_api = scopes
        .iter()
        .all(|scope| SIGN_IN_SCOPES.contains(&scope.as_str()));
    if !evidence.is_entra() || route.token != Some(AskedToken::SignIn) || !names_no_api {
        return None;
    }
    let name = route
        .path
        .as_deref()
        .or(route.name.as_deref())
        .unwrap_or("the route");
    Some(
        Case::new(format!(
            "{} passes on the sign-in's own access token, and the scopes are `{}`: none of an API.",
            shown(name),
            scopes.join(" ")
        ))
        .changes(ask_for_the_api(evidence)),
    )
}
