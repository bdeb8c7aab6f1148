//! A token's key and its signature.

use vestibule_oidc::access_token::TokenShape;

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{Failure, Key, Keys, Role, Token};
use crate::shown::{shown, shown_list};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-KEYS-ROLLED",
        title: "a new key that is not known yet",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: signing key rollover; OIDC Core §10.1.1",
        symptom: "Tokens that worked yesterday are refused: their key is not found.",
        cause: "The provider changed its signing key, as it may at any time, and the keys at hand are \
                older than that.",
        cure: "Fetch the keys again when a `kid` is unknown, at most every few minutes, and keep them no \
               longer than a day.",
        fault: None,
        explains: &["VST-KEYS-KID-MISSING", "VST-KEYS-LIBRARY"],
        judge: rolled,
    },
    Row {
        code: "VST-KEYS-APP",
        title: "a key that only this app's metadata has",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: access tokens, \"Validate tokens\"; troubleshooting signature \
                 validation errors",
        symptom: "The key is not found, however often the keys are fetched; tokens of other apps of the \
                  tenant are in order.",
        cause: "The app has a signing key of its own: its enterprise application is set up for SAML single \
                sign-on, or its claims are mapped with a custom key. Such a key is published only with \
                `?appid=` in the metadata's address.",
        cure: "Make a registration of its own for OpenID Connect. Or fetch the metadata with `?appid=` and \
               the client id.",
        fault: None,
        explains: &["VST-KEYS-KID-MISSING", "VST-KEYS-LIBRARY"],
        judge: app,
    },
    Row {
        code: "VST-KEYS-NO-KID",
        title: "a token that names no key",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7515 §4.1.4; IdentityModel: message IDX10517",
        symptom: "The library says that the token has no `kid`.",
        cause: "The token's header names no key, or only a certificate's thumbprint (`x5t`). Entra's tokens \
                have a `kid`, so this one is not a present token of Entra's.",
        cure: "Look at who issued it. A library that knows `x5t` can find the key by that.",
        fault: None,
        explains: &["VST-KEYS-LIBRARY"],
        judge: no_kid,
    },
    Row {
        code: "VST-KEYS-SIGNATURE",
        title: "a signature that is not the key's",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7515 §5.2",
        symptom: "The key is there, and the signature does not fit.",
        cause: "The token is not what was signed: it was changed or cut on its way, or it is in a format \
                only its API can verify, as Microsoft Graph's tokens are.",
        cure: "Compare the token at the API with the token as issued, by length and last characters. If \
               they are the same, ask for a token for this API.",
        fault: Some("bad-signature"),
        explains: &["VST-KEYS-LIBRARY"],
        judge: signature,
    },
    Row {
        code: "VST-KEYS-KID-MISSING",
        title: "no key of this id",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: signing key rollover; troubleshooting signature validation \
                 errors",
        symptom: "The key the token names is not among the provider's keys.",
        cause: "The keys are old, of another provider or tenant, or the app has a signing key of its own.",
        cure: "Fetch the keys again from the metadata of the token's issuer. For one app alone, look whether \
               its enterprise application is set up for SAML.",
        fault: Some("unpublished-key"),
        explains: &["VST-KEYS-LIBRARY"],
        judge: kid_missing,
    },
    Row {
        code: "VST-KEYS-STORM",
        title: "many tokens with unknown keys",
        severity: Severity::Warning,
        confidence: Confidence::Inferred,
        source: "Microsoft identity platform: signing key rollover, how often to refresh",
        symptom: "The keys are asked for again and again.",
        cause: "Many tokens name keys that do not exist: they are for somebody else, or somebody makes them \
                up to keep the proxy busy.",
        cure: "Fetch the keys at most every five minutes, and look where the tokens come from.",
        fault: None,
        explains: &["VST-KEYS-KID-MISSING"],
        judge: storm,
    },
];

/// The token's `kid`, and the keys if they were had.
fn kid_and_keys(evidence: &Evidence) -> Option<(&Token, &str, &Keys)> {
    let token = evidence
        .token
        .as_ref()
        .filter(|token| is_jwt(token))
        .or(evidence.id_token.as_ref())?;
    let keys = evidence.keys.as_ref().filter(|keys| keys.keys.is_some())?;
    Some((token, token.header_text("kid")?, keys))
}

const fn is_jwt(token: &Token) -> bool {
    matches!(token.shape, TokenShape::Jwt { .. })
}

pub(super) fn missing(evidence: &Evidence) -> Option<(&Token, &str, &Keys)> {
    kid_and_keys(evidence).filter(|(_, kid, keys)| keys.find(kid).is_none())
}

pub(super) fn found(evidence: &Evidence) -> Option<(&Token, &Key)> {
    let (token, kid, keys) = kid_and_keys(evidence)?;
    Some((token, keys.find(kid)?))
}

fn rolled(evidence: &Evidence) -> Option<Case> {
    let (token, key) = found(evidence)?;
    token.failed(Failure::UnknownKey).then(|| {
        Case::new(format!(
            "The verifier did not know the key {}, and the provider publishes it now.",
            shown(key.kid.as_deref().unwrap_or_default())
        ))
        .change(Change::api(
            "key cache",
            "Fetch the keys again when a `kid` is unknown, but not more often than every five minutes. \
             Until then: restart the API.",
        ))
    })
}

fn client_of<'a>(evidence: &'a Evidence, token: &'a Token, keys: &'a Keys) -> Option<&'a str> {
    let configured = || evidence.provider()?.client_id.as_deref();
    let audience = || token.audiences().first().copied();
    keys.app_id.as_deref().or_else(audience).or_else(configured)
}

fn app(evidence: &Evidence) -> Option<Case> {
    let (token, kid, keys) = missing(evidence)?;
    let kids = keys.app_kids.as_ref()?;
    if !kids.iter().any(|found| found == kid) {
        return None;
    }
    let client = client_of(evidence, token, keys).unwrap_or("<client id>");
    let url = evidence
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.url.as_deref())
        .unwrap_or(
            "https://login.microsoftonline.com/<tenant id>/v2.0/.well-known/openid-configuration",
        );
    Some(
        Case::new(format!(
            "The key {} is not among the tenant's keys, and is among those of `?appid={client}`.",
            shown(kid)
        ))
        .change(Change::portal(
            "Enterprise applications > your app > Single sign-on",
            "If it says SAML: register a second app for OpenID Connect and leave this one to SAML, or set \
             `preferredSingleSignOnMode` to `oidc`.",
        ))
        .change(setting(
            evidence,
            Change::config("provider.metadata_url", "Or read the metadata of this app.")
                .line(format!("metadata_url = \"{url}?appid={client}\"")),
            Change::apache("OIDCProviderMetadataURL", "Or read the metadata of this app.")
                .line(format!("OIDCProviderMetadataURL {url}?appid={client}")),
        )),
    )
}

fn no_kid(evidence: &Evidence) -> Option<Case> {
    let header = evidence.token.as_ref().filter(|token| is_jwt(token));
    let lacks = header.filter(|token| token.header_text("kid").is_none() && token.is_entra());
    let logged = evidence.has_code("IDX10517") && header.is_none();
    let seen = match lacks {
        Some(token) if token.header_text("x5t").is_some() => {
            format!("{} has no `kid`, only `x5t`.", evidence.subject())
        }
        Some(_) => format!("{} has no `kid`.", evidence.subject()),
        None if logged => "The library says IDX10517: the token has no `kid`.".to_owned(),
        None => return None,
    };
    Some(Case::new(seen).change(Change::api(
        "issuer",
        "Look up who issued it (`iss`): if it is not the provider you mean, refusing is right.",
    )))
}

fn signature(evidence: &Evidence) -> Option<Case> {
    let token = evidence.token.as_ref();
    let failed = token.is_some_and(|token| token.failed(Failure::BadSignature));
    let numbered = evidence.has_code("IDX10511");
    let logged = token.is_none() && (numbered || evidence.heard(Saying::Signature));
    if !failed && !logged {
        return None;
    }
    let seen = match (logged, numbered) {
        (true, true) => {
            "The library says IDX10511: there is a key, and the signature is not its.".to_owned()
        }
        (true, false) => "The library says that the signature is not the key's.".to_owned(),
        (false, _) => format!(
            "{} is signed, and not by the key it names.",
            evidence.subject()
        ),
    };
    if token.is_some_and(|token| token.role == Role::Id) {
        return Some(Case::new(seen).change(Change::environment(
            "what is between us and the provider",
            "Look for something that opens TLS on the way and changes answers, and whether the keys are those of \
             the provider you mean. If neither is so, refusing is right.",
        )));
    }
    // Apache's module verifies ID tokens; an access token only where it protects an API.
    if logged && evidence.from_apache() && !evidence.says("oauth20") {
        return Some(
            Case::new(seen)
                .because(
                    "Keys and token are not of one provider: the metadata or the keys are of another tenant, realm or \
                     version than the one people sign in at, or something in between changes the answer.",
                )
                .change(Change::apache(
                    "OIDCProviderMetadataURL",
                    "Take the metadata of the tenant or realm people sign in at, and take out addresses and keys written \
                     by hand (OIDCProviderJwksUri, OIDCProviderVerifyCertFiles), so that all come from it.",
                )),
        );
    }
    Some(
        Case::new(seen)
            .change(Change::api(
                "Authorization",
                "Log the token's length where it is issued and where it is refused: a difference means \
                 that something in between changes it.",
            ))
            .changes(crate::cure::ask_for_the_scope(evidence)),
    )
}

fn kid_missing(evidence: &Evidence) -> Option<Case> {
    let logged = || {
        let codes = ["IDX10501", "IDX10503"];
        let code = codes.into_iter().find(|code| evidence.has_code(code));
        let says = match code {
            Some(code) => format!(" {code}:"),
            None if evidence.heard(Saying::UnknownKey) => " that".to_owned(),
            None => return None,
        };
        evidence.token.is_none().then(|| {
            Case::new(format!(
                "The library says{says} no key fits the one the token names."
            ))
        })
    };
    let compared = || {
        let (token, kid, keys) = missing(evidence)?;
        let kids = keys
            .keys
            .iter()
            .flatten()
            .filter_map(|key| key.kid.as_deref());
        let case = Case::new(format!(
            "{} names the key {}; the provider publishes {}.",
            evidence.subject(),
            shown(kid),
            shown_list(kids, "and")
        ));
        Some(match keys.fetched_again == Some(true) && token.is_entra() {
            true => case.because(
                "The keys are fresh, so it is not a change of keys. They are of another tenant or product, \
                 or the app has a signing key of its own, as with SAML single sign-on.",
            ),
            false => case,
        })
    };
    let case = compared().or_else(logged)?;
    Some(
        case.change(Change::api(
            "metadata",
            "Take the keys from the `jwks_uri` of the metadata of the token's own issuer, and fetch them \
             again when a key is unknown.",
        ))
        .change(Change::portal(
            "Enterprise applications > your app > Single sign-on",
            "If only this app's tokens fail: look whether it says SAML here.",
        )),
    )
}

/// More a minute than a change of keys explains.
const STORM_PER_MINUTE: u32 = 30;

fn storm(evidence: &Evidence) -> Option<Case> {
    let count = evidence.counts.unknown_keys;
    (count >= STORM_PER_MINUTE).then(|| {
        Case::new(format!(
            "{count} tokens within a minute named a key the provider does not publish."
        ))
        .change(Change::environment(
            "the callers",
            "Look in the access log where these requests come from.",
        ))
    })
}
