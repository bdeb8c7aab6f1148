//! What logs say of a token's audience, where the token itself is not at hand.

use vestibule_oidc::microsoft::{TenantId, is_graph_audience, microsoft_api};

use super::resource::bare;
use crate::catalogue::Case;
use crate::cure::{ask_for_the_api, ask_in_file, setting};
use crate::evidence::Token;
use crate::shown::{shown, shown_list};
use crate::text::{Found, Saying};
use crate::{Change, Confidence, Evidence};

/// A log that says that a check of ID tokens found the audience of an API.
pub(super) fn logged_access_as_id(evidence: &Evidence) -> Option<Case> {
    let text = evidence.text.as_ref()?;
    let claimed = Some(&text.claimed).filter(|claimed| claimed.is_id_check)?;
    if evidence
        .token
        .as_ref()
        .is_some_and(|token| !token.is_partial)
    {
        return None;
    }
    let client = claimed.expected_audiences.first()?;
    let found = claimed.audiences.iter().map(String::as_str);
    let same = |name: &str| bare(name).eq_ignore_ascii_case(bare(client));
    let found: Vec<&str> = found.filter(|name| !same(name)).collect();
    let name = found
        .first()
        .filter(|_| found.len() == claimed.audiences.len())?;
    let microsofts = is_graph_audience(name) || microsoft_api(name).is_some();
    let named = name.contains("://") || microsofts;
    // Another name may be that of another client as well.
    if !named && TenantId::parse(name).is_none() {
        return None;
    }
    let case = Case::new(format!(
        "A check of ID tokens expects the client id {}, and the token is for {}.",
        shown(client),
        shown_list(found.iter().copied(), "and")
    ))
    .because(
        "An ID token is for the client that people sign in with. This token is for something else: it is an access \
         token, and this check is not made for those.",
    )
    .change(Change::api(
        "the token handed in",
        "If it is to tell who signed in: hand the ID token of the sign-in to this check, the member `id_token` of the \
         token endpoint's answer.",
    ));
    let case = match (named, microsofts) {
        (false, _) => case.confidence(Confidence::Inferred),
        _ => case,
    };
    if microsofts {
        return Some(case.change(Change::api(
            "the token handed in",
            "If access tokens are to be checked here: this one is Microsoft's own and nobody else can check it. Ask for a \
             scope of the API itself, and expect that API's audience instead of the client id.",
        )));
    }
    Some(case.change(expect_the_api(evidence, client, name)))
}

/// Check access tokens against the API's audience, in the way the program that spoke is set up.
fn expect_the_api(evidence: &Evidence, client: &str, name: &str) -> Change {
    let text = evidence.text.as_ref();
    let (what, line) = match () {
        () if text.is_some_and(Found::is_oauth2_proxy) => (
            "oidc_extra_audiences",
            Some(format!("--oidc-extra-audience={name}")),
        ),
        () if evidence.from_apache() => ("OIDCOAuthVerifyJwksUri", None),
        () => (
            "accepted audience",
            Some(format!("oidc.Config{{ClientID: \"{name}\"}}")),
        ),
    };
    let text = format!(
        "If access tokens are to be checked here: expect the API's audience {} in the place of {}{}.",
        shown(name),
        shown(client),
        match evidence.from_apache() {
            true => ", with `AuthType oauth20`, this directive and `Require claim aud:…`",
            false => "",
        }
    );
    let change = match evidence.from_apache() {
        true => Change::apache(what, text),
        false => Change::api(what, text),
    };
    match line.filter(|_| is_plain(name)) {
        Some(line) => change.line(line),
        None => change,
    }
}

/// Whether a name can stand in a line to copy.
pub(super) fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\'))
}

/// A library that says so, and not which audience it found.
pub(super) fn logged_audience(evidence: &Evidence) -> Option<Case> {
    let numbered = evidence.has_code("IDX10214");
    let token = evidence.token.as_ref();
    if token.is_some_and(|token| !token.is_partial)
        || !numbered && !evidence.heard(Saying::Audience)
        || evidence.heard(Saying::UserInfoRefused)
    {
        return None;
    }
    if let Some((name, change)) = refused_by_microsoft(evidence) {
        return Some(
            Case::new(format!("{name} says that the token is for another API."))
                .because(format!(
                    "It is the other way round here: a token for an API of your own, or of another resource, was sent to \
                     {name}, which takes only its own."
                ))
                .confidence(Confidence::Observed)
                .change(change),
        );
    }
    let number = if numbered { " IDX10214:" } else { "" };
    let found = token.map(Token::audiences).unwrap_or_default();
    let (which, unsaid) = match found.as_slice() {
        [] => (String::new(), "which audience the token has"),
        found => (
            format!(", {},", shown_list(found.iter().copied(), "and")),
            "which audience it expects",
        ),
    };
    if let Some(case) = logged_client(evidence, &found) {
        return Some(case);
    }
    let which_claim = match evidence.says("check the audience and issuer") {
        true => "audience or issuer",
        false => "audience",
    };
    Some(
        Case::new(format!(
            "The library says{number} that the token's {which_claim}{which} is not the one it expects."
        ))
        .because(format!(
            "It does not say {unsaid}. The token is for another API, or for another name of this one: `api://` and the \
             id alone are two names."
        ))
        .change(
            Change::api(
                "accepted audiences",
                "Let `vestibule explain` show the token's `aud`, and compare it with what the API accepts.",
            )
            .line("vestibule explain --audience AUDIENCE --file FILE"),
        )
        .changes(ask_for_the_api(evidence)),
    )
}

/// What APIs of Microsoft's say when they refuse a token, which of them says so, and the scope they want.
const MICROSOFT: &[(&[&str], &str, &str)] = &[
    (
        &[
            "access token validation failure",
            "compacttoken parsing",
            "\"invalidauthenticationtoken\"",
        ],
        "Microsoft Graph",
        "https://graph.microsoft.com/.default",
    ),
    (
        &[
            "invalidauthenticationtokenaudience",
            "'https://management.azure.com/'",
        ],
        "Azure Resource Manager",
        "https://management.azure.com/.default",
    ),
    (
        &["audience validation failed. audience did not match"],
        "Azure Storage",
        "https://storage.azure.com/.default",
    ),
    (
        &["akv10022"],
        "Azure Key Vault",
        "https://vault.azure.net/.default",
    ),
];

/// Ask for the token of Microsoft's API, where it is that itself that refused one; and which it is.
pub(super) fn refused_by_microsoft(evidence: &Evidence) -> Option<(&'static str, Change)> {
    // Who asked for user info wanted no token of an API's.
    let text = evidence
        .text
        .as_ref()
        .filter(|_| !evidence.heard(Saying::UserInfoRefused))?;
    let (_, name, scope) = MICROSOFT.iter().find(|(words, ..)| text.says_any(words))?;
    let text =
        format!("What calls {name} needs a token for that, asked for with a scope of its own");
    Some((name, ask_in_file(evidence, &text, scope)))
}

/// A check of ID tokens that does not say what it found.
fn logged_client(evidence: &Evidence, found: &[&str]) -> Option<Case> {
    let claimed = &evidence.text.as_ref()?.claimed;
    let client = claimed.expected_audiences.first();
    if !claimed.is_id_check || client.is_some() && !found.is_empty() {
        return None;
    }
    let text = format!(
        "Compare {} with the client id that the provider shows for this app.",
        client.map_or("the one that is set".to_owned(), |client| shown(client))
    );
    let seen = match client {
        Some(client) => format!(
            "The client id {} is not among the audiences of what was to be an ID token.",
            shown(client)
        ),
        None if found.is_empty() => {
            "The client id is not among the audiences of what was to be an ID token.".to_owned()
        }
        None => format!(
            "What was to be an ID token is for {}, and not for the client id.",
            shown_list(found.iter().copied(), "and")
        ),
    };
    Some(
        Case::new(seen)
        .because(
            "An ID token is for the client that asked for it. This one is of another client, or it is no ID token but an \
             access token, which is for an API.",
        )
        .confidence(Confidence::Inferred)
        .change(setting(
            evidence,
            Change::config("provider.client_id", text.clone()),
            Change::apache("OIDCClientID", text),
        ))
        .change(
            Change::api(
                "the token handed in",
                "Let `vestibule explain` show what the token is and for whom; an access token is not for this check.",
            )
            .line("vestibule explain --file FILE"),
        ),
    )
}
