//! Secrets, and how they are sent.

use std::time::Duration;

use super::super::said::message_app;
use crate::catalogue::{Case, Row};
use crate::cure::{portal, setting};
use crate::evidence::Origin;
use crate::shown::{shown, shown_list};
use crate::{Change, Confidence, Evidence, Severity};

/// Where a secret can be, if nobody knows where it is.
pub(in super::super) const SOMEWHERE: &str = "env:PORTAL_CLIENT_SECRET";

/// Where the configuration says that the secret is, as it has to be written in it.
pub(in super::super) fn secret_from(evidence: &Evidence) -> Option<String> {
    let from = evidence.provider()?.secret_from.as_ref()?;
    Some(from.replace('\\', "\\\\").replace('"', "\\\""))
}

const CODES: &str = "Microsoft Entra authentication and authorization error codes";
/// From when on the end of a credential is told beforehand.
const SOON: Duration = Duration::from_secs(14 * 24 * 3600);

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-CLIENT-SECRET-ID",
        title: "the Secret ID in place of the secret",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "public reports, and the text of AADSTS7000215",
        symptom: "After the sign-in page comes AADSTS7000215: the client secret is wrong.",
        cause: "The portal shows two columns for a secret. The Secret ID, a GUID, is only its name; the secret is the Value.",
        cure: "Make a new secret and copy its Value; the old one's is shown no more.",
        fault: None,
        explains: &["VST-AADSTS-7000215", "VST-AADSTS-70002"],
        judge: secret_id,
    },
    Row {
        code: "VST-CLIENT-SECRET-PLACEHOLDER",
        title: "a word that stands for the secret, in its place",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "the forms in which instructions write what is to be filled in",
        symptom: "After the sign-in page comes AADSTS7000215 or `invalid_client`.",
        cause: "The secret is `<your secret>`, `changeme` or the like: it was never put where the configuration points to.",
        cure: "Put the secret there.",
        fault: None,
        explains: &[
            "VST-AADSTS-7000215",
            "VST-AADSTS-70002",
            "VST-OAUTH-INVALID-CLIENT",
            "VST-CLIENT-SECRET-SPACE",
        ],
        judge: secret_placeholder,
    },
    Row {
        code: "VST-CLIENT-SECRET-SPACE",
        title: "white space or quotation marks in the secret",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: what's new for authentication, white space in parameters",
        symptom: "After the sign-in page comes AADSTS7000215, though the secret looks right.",
        cause: "Entra takes the secret byte for byte. A space, a line end or a quotation mark that came along makes it another one.",
        cure: "Write the secret alone: `printf %s` instead of `echo`, no quotation marks in an env file.",
        fault: None,
        explains: &["VST-AADSTS-7000215", "VST-AADSTS-70002"],
        judge: secret_space,
    },
    Row {
        code: "VST-CLIENT-SECRET-EXPIRED",
        title: "the client's secret or certificate ends",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: CODES,
        symptom: "From one day to the next nobody can sign in, and the log has AADSTS7000222.",
        cause: "Secrets and certificates have an end date.",
        cure: "Make a new one before that day, configure it, then delete the old one. A federated credential has no end.",
        fault: Some("token-error-7000222"),
        explains: &["VST-AADSTS-7000222", "VST-AADSTS-7000215"],
        judge: secret_expired,
    },
    Row {
        code: "VST-CLIENT-PUBLIC",
        title: "a secret is sent, and Entra takes the app for one without",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: CODES,
        symptom: "After the sign-in page comes AADSTS700025.",
        cause: "The redirect URI is registered under Mobile and desktop applications or Single-page application, whose apps can't keep a secret.",
        cure: "Register the redirect URI under Web.",
        fault: Some("token-error-700025"),
        explains: &["VST-AADSTS-700025"],
        judge: public_client,
    },
    Row {
        code: "VST-CLIENT-NO-SECRET",
        title: "no secret is configured, and Entra wants one",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft support: AADSTS7000218, confidential client application authentication",
        symptom: "After the sign-in page comes AADSTS7000218.",
        cause: "The redirect URI is registered under Web, whose apps prove themselves by a secret, a certificate or a federated token; none is configured.",
        cure: "Configure the secret.",
        fault: None,
        explains: &["VST-AADSTS-7000218"],
        judge: no_secret,
    },
    Row {
        code: "VST-CLIENT-TWICE",
        title: "the client identifies itself in two ways",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6749 §2.3; Microsoft support: AADSTS7000110",
        symptom: "The token endpoint says AADSTS7000110 or `invalid_request`.",
        cause: "A client must not use more than one way in a request, and here id and secret are in the `Authorization` field and in the form.",
        cure: "Send id and secret in one way alone.",
        fault: None,
        explains: &["VST-AADSTS-7000110"],
        judge: twice,
    },
    Row {
        code: "VST-CLIENT-HYBRID",
        title: "an ID token is asked from the authorization endpoint, which is off",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: CODES,
        symptom: "Sign-in ends with AADSTS700054 or `unsupported_response_type`.",
        cause: "The response type has `id_token`, and the registration does not allow ID tokens from the authorization endpoint.",
        cure: "Ask for a code alone; the ID token comes from the token endpoint.",
        fault: None,
        explains: &["VST-AADSTS-700054", "VST-AADSTS-70005"],
        judge: hybrid,
    },
];

/// Put the secret in place.
fn write_secret(evidence: &Evidence, text: &str) -> Change {
    let from = secret_from(evidence).unwrap_or_else(|| SOMEWHERE.to_owned());
    setting(
        evidence,
        Change::config("provider.client_secret", text).line(format!("client_secret = \"{from}\"")),
        Change::apache("OIDCClientSecret", "Write the secret's Value alone.")
            .line("OIDCClientSecret \"SECRET-VALUE\""),
    )
}

fn new_secret(text: &str) -> Change {
    Change::portal(portal::SECRETS, text)
}

/// Whether the provider refused the client's credentials.
fn refused(evidence: &Evidence) -> bool {
    let named = evidence
        .provider_error
        .as_ref()
        .is_some_and(|error| error.error.as_deref() == Some("invalid_client"));
    evidence.has_aadsts(&[7_000_215, 70002]) || named && evidence.aadsts().next().is_none()
}

fn secret_id(evidence: &Evidence) -> Option<Case> {
    let secret = evidence.provider()?.secret?;
    (secret.is_guid && evidence.is_entra()).then(|| {
        Case::new("The client secret is a GUID, as Secret IDs are; Entra's secrets are not.")
            .change(new_secret(
                "Choose New client secret, and copy the column Value at once.",
            ))
            .change(write_secret(
                evidence,
                "Put the Value where this points to.",
            ))
    })
}

fn secret_placeholder(evidence: &Evidence) -> Option<Case> {
    evidence.provider()?.secret?.is_placeholder.then(|| {
        let make = match evidence.is_entra() {
            true => new_secret("Choose New client secret, and copy the column Value at once."),
            false => Change::provider("the client > credentials", "Copy the client's secret."),
        };
        Case::new("The client secret is a word that stands for one, and no secret.")
            .change(make)
            .change(write_secret(evidence, "Put it where this points to."))
    })
}

fn secret_space(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let secret = evidence.provider()?.secret?;
    // Our own file's line ends are taken off, so white space alone is no trouble until it is.
    let taken_off = matches!(settings.origin, None | Some(Origin::Toml));
    let seen = match () {
        () if secret.is_quoted => {
            "The client secret stands in quotation marks, which belong to it then."
        }
        () if secret.has_white_space && (!taken_off || refused(evidence)) => {
            "The client secret has white space in it."
        }
        () => return None,
    };
    Some(Case::new(seen).change(write_secret(
        evidence,
        "Write the secret alone: no quotation marks, no space, no line end.",
    )))
}

fn secret_expired(evidence: &Evidence) -> Option<Case> {
    let ends = evidence
        .provider()
        .and_then(|provider| provider.credential_expires_at);
    let left = ends
        .zip(evidence.now)
        .map(|(ends, now)| ends.as_secs().saturating_sub(now.as_secs()));
    let number = evidence.has_aadsts(&[7_000_222]);
    if !number && left.is_none() {
        return None;
    }
    let app = message_app(evidence).or_else(|| evidence.provider()?.client_id.clone());
    let soon = i64::try_from(SOON.as_secs()).unwrap_or(i64::MAX);
    let case = match (left, number, app) {
        (Some(secs), _, _) if secs <= 0 => Case::new("The client's credential has ended."),
        (_, true, Some(app)) => Case::new(format!(
            "Entra says that the secret of the app {} has expired.",
            shown(&app)
        )),
        (Some(secs), false, _) if secs < soon => {
            let days = secs / (24 * 3600);
            Case::new(format!("The client's credential ends in {days} days."))
                .severity(Severity::Warning)
        }
        _ => return None,
    };
    Some(
        case.change(new_secret(
            "Choose New client secret, and copy the column Value. Note its end.",
        ))
        .change(write_secret(
            evidence,
            "Put the new Value where this points to, and start again or reload.",
        )),
    )
}

fn public_client(evidence: &Evidence) -> Option<Case> {
    let provider = evidence
        .provider()
        .filter(|_| evidence.has_aadsts(&[700_025]))?;
    let sends = provider.secret.is_some()
        || provider.certificate == Some(true)
        || provider.federated == Some(true);
    let uri = evidence.settings.as_ref()?.redirect_uri.as_deref();
    (sends || uri.is_some()).then(|| {
        let change = Change::portal(
            "App registrations > your sign-in app > Authentication > Platform configurations",
            "Register the redirect URI under Web, and remove it under the other platforms.",
        );
        Case::new("Entra takes the app for one that can't keep a secret, and one was sent.")
            .change(match uri {
                Some(uri) => change.line(uri),
                None => change,
            })
            .change(setting(
                evidence,
                Change::config(
                    "provider.client_secret",
                    "Or take it out: then PKCE alone protects the code.",
                ),
                Change::apache("OIDCClientSecret", "Or take it out, with PKCE.")
                    .line("OIDCPKCEMethod S256"),
            ))
    })
}

fn no_secret(evidence: &Evidence) -> Option<Case> {
    let provider = evidence
        .provider()
        .filter(|_| evidence.has_aadsts(&[7_000_218]))?;
    let none = provider.secret.is_none()
        && provider.certificate != Some(true)
        && provider.federated != Some(true);
    none.then(|| {
        Case::new("No secret is configured, and Entra wants the app to prove itself.")
            .change(new_secret(
                "Choose New client secret, and copy the column Value.",
            ))
            .change(write_secret(
                evidence,
                "Put the Value where this points to.",
            ))
    })
}

fn twice(evidence: &Evidence) -> Option<Case> {
    let methods = &evidence.provider()?.authentication_methods;
    (methods.len() > 1).then(|| {
        let first = methods.first().map_or("client_secret_post", String::as_str);
        Case::new(format!(
            "The client uses {} in one request.",
            shown_list(methods.iter().map(String::as_str), "and")
        ))
        .change(setting(
            evidence,
            Change::config("provider.client_authentication", "Choose one.")
                .line(format!("client_authentication = \"{first}\"")),
            Change::apache("OIDCProviderTokenEndpointAuth", "Choose one.")
                .line(format!("OIDCProviderTokenEndpointAuth {first}")),
        ))
    })
}

fn hybrid(evidence: &Evidence) -> Option<Case> {
    let asked = evidence.provider()?.response_type.as_deref()?;
    let has = asked
        .split_ascii_whitespace()
        .any(|word| word == "id_token");
    (has && evidence.has_aadsts(&[700_054, 70005])).then(|| {
        Case::new(format!("The response type is {}, and Entra refused it.", shown(asked)))
            .change(setting(
                evidence,
                Change::config("provider", "Vestibule asks for `code` alone; in another program set the response type to `code`."),
                Change::apache("OIDCResponseType", "Ask for a code alone.").line("OIDCResponseType code"),
            ))
            .change(Change::portal(
                "App registrations > your sign-in app > Authentication > Implicit grant and hybrid flows",
                "Or tick ID tokens.",
            ))
    })
}
