//! Sessions that end too early or too late, and signing out.

use std::time::Duration;

use crate::catalogue::{Case, Row};
use crate::cure::{add_scope, portal, setting};
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-COOKIE-ID-TOKEN-LIFE",
        title: "a session that ends with the ID token",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "OIDC Core §2, `exp`; Microsoft identity platform: configurable token lifetimes",
        symptom: "Everybody has to sign in again after an hour, in the middle of work.",
        cause: "The session's end is the ID token's `exp`: with Entra an hour. That time says until when the token \
                may be taken, not how long somebody stays signed in.",
        cure: "Give sessions a time of their own, and renew tokens with a refresh token.",
        fault: None,
        explains: &[],
        judge: id_token_life,
    },
    Row {
        code: "VST-COOKIE-SIGN-OUT",
        title: "signing out of the site alone",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "OIDC RP-Initiated Logout §2",
        symptom: "After signing out, the next visit signs in again without asking anything.",
        cause: "The site's own session was ended. The provider's goes on, and signs in whoever comes next at this \
                browser.",
        cure: "Go on to the provider's `end_session_endpoint` when somebody signs out.",
        fault: None,
        explains: &[],
        judge: sign_out,
    },
    Row {
        code: "VST-COOKIE-LOGOUT-HINT",
        title: "signing out asks which account",
        severity: Severity::Info,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: OpenID Connect, single sign-out; optional claims, `login_hint`",
        symptom: "When signing out, Microsoft's page asks for the account, though there is only one.",
        cause: "The sign-out does not say who signs out. Entra takes that from `logout_hint`, whose value is the ID \
                token's `login_hint`, an optional claim.",
        cure: "Add the optional claim `login_hint` to ID tokens, and pass it on as `logout_hint`.",
        fault: None,
        explains: &[],
        judge: logout_hint,
    },
    Row {
        code: "VST-COOKIE-FRONT-CHANNEL",
        title: "a front-channel sign-out without a session",
        severity: Severity::Warning,
        confidence: Confidence::Documented,
        source: "OIDC Front-Channel Logout §2 and §4.1; Microsoft identity platform: single sign-out",
        symptom: "Somebody signs out at the provider or at another app, and stays signed in here.",
        cause: "The provider opens the site's sign-out address in a frame. Browsers send no cookies there, so only \
                the `sid` in the address says whose session ends.",
        cure: "Find the session by `sid`, which the ID token must have carried at sign-in.",
        fault: None,
        explains: &["VST-REDIRECT-BARE"],
        judge: front_channel,
    },
    Row {
        code: "VST-COOKIE-OUTLIVES",
        title: "a session that outlives the account",
        severity: Severity::Warning,
        confidence: Confidence::Inferred,
        source: "NIST SP 800-63B-4, session management; how sessions work that ask nobody",
        symptom: "Somebody whose account was closed still gets in.",
        cause: "The session lasts for days, and the provider is never asked again: there is no refresh token whose \
                renewal it could refuse.",
        cure: "Let sessions end after a working day, or renew tokens and take a refusal for a sign-out.",
        fault: None,
        explains: &[],
        judge: outlives,
    },
];

/// Longer than this nobody works.
const A_DAY: Duration = Duration::from_secs(24 * 3600);

fn id_token_life(evidence: &Evidence) -> Option<Case> {
    let session = &evidence.settings.as_ref()?.session;
    (session.ends_with_id_token == Some(true)).then(|| {
        Case::new("Sessions end with the ID token.").change(setting(
            evidence,
            Change::config(
                "session.absolute_timeout",
                "Give sessions a time of their own.",
            )
            .line("absolute_timeout = \"8h\""),
            Change::apache(
                "OIDCSessionMaxDuration",
                "Give sessions a time of their own, in seconds.",
            )
            .line("OIDCSessionMaxDuration 28800"),
        ))
    })
}

fn sign_out(evidence: &Evidence) -> Option<Case> {
    let session = &evidence.settings.as_ref()?.session;
    // Google has no such page, for one.
    let nowhere = evidence
        .metadata
        .as_ref()
        .is_some_and(|metadata| metadata.text("end_session_endpoint").is_none());
    (session.sign_out_at_provider == Some(false) && !nowhere).then(|| {
        Case::new("Signing out ends the session here and does not go on to the provider.").change(setting(
            evidence,
            Change::api(
                "the sign-out link",
                "Let it lead to Vestibule's `/.vestibule/sign-out`, which goes on to the provider.",
            ),
            Change::apache("OIDCProviderEndSessionEndpoint", "Name it, if the metadata does not, and sign out by `?logout=`."),
        ))
    })
}

fn logout_hint(evidence: &Evidence) -> Option<Case> {
    let asked = evidence.text.as_ref()?.says_any(&[
        "which account do you want to sign out",
        "pick an account to sign out",
        "choose the account to sign out",
    ]);
    let has = evidence
        .id_token
        .as_ref()
        .is_some_and(|token| token.has("login_hint"));
    (asked && !has).then(|| {
        Case::new("The provider's page asks for the account to sign out.").change(Change::portal(
            format!(
                "{} > Add optional claim > ID > login_hint",
                portal::TOKEN_CONFIGURATION
            ),
            "Add it; the sign-out then says who signs out.",
        ))
    })
}

fn front_channel(evidence: &Evidence) -> Option<Case> {
    let callback = evidence.callback.as_ref()?;
    let other = ["code", "state", "error", "id_token"]
        .iter()
        .any(|name| callback.has(name));
    if !callback.has("sid") || other || !callback.cookies.is_empty() {
        return None;
    }
    let issuer = if callback.has("iss") {
        ""
    } else {
        " and without `iss`"
    };
    let known = evidence
        .id_token
        .as_ref()
        .is_none_or(|token| token.has("sid"));
    let case = Case::new(format!(
        "A sign-out came with `sid`, without cookies{issuer}."
    ));
    let index = Change::api(
        "front-channel sign-out",
        "Find sessions by `sid` on the server, and take the configured provider for the missing `iss`.",
    );
    let claim = Change::portal(
        format!(
            "{} > Add optional claim > ID > sid",
            portal::TOKEN_CONFIGURATION
        ),
        "Add it: without it no session can be found by the `sid` of a sign-out.",
    );
    Some(match known {
        true => case.change(index).change(claim),
        false => case.change(claim).change(index),
    })
}

fn outlives(evidence: &Evidence) -> Option<Case> {
    let session = &evidence.settings.as_ref()?.session;
    let lifetime = session.lifetime.filter(|lifetime| *lifetime > A_DAY)?;
    let scopes = evidence.scopes()?;
    let offline = scopes.iter().any(|scope| scope == "offline_access")
        || evidence
            .provider()
            .and_then(|provider| provider.parameter("access_type"))
            == Some("offline");
    (!offline).then(|| {
        Case::new(format!(
            "Sessions last {} hours, and no refresh token is asked for.",
            lifetime.as_secs() / 3600
        ))
        .change(setting(
            evidence,
            Change::config(
                "session.absolute_timeout",
                "Let sessions end after a working day.",
            )
            .line("absolute_timeout = \"8h\""),
            Change::apache(
                "OIDCSessionMaxDuration",
                "Let sessions end after a working day.",
            )
            .line("OIDCSessionMaxDuration 28800"),
        ))
        .change(add_scope(evidence, "offline_access"))
    })
}
