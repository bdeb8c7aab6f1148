//! Clocks, and tokens that are not yet or no longer valid.

use vestibule_oidc::access_token::TokenShape;

use crate::catalogue::{Case, Row};
use crate::evidence::{Failure, Role, Token};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-TIME-CLOCK",
        title: "this machine's clock is wrong",
        severity: Severity::Error,
        confidence: Confidence::Inferred,
        source: "The `Date` of the provider's answer (RFC 9110 §6.6.1)",
        symptom: "Tokens are not valid yet, or expire at once, or sign-in goes round in circles.",
        cause: "Tokens carry times, and are compared with this machine's clock. It differs from the \
                provider's by more than is allowed for.",
        cure: "Set the clock by NTP.",
        fault: Some("clock-offset"),
        explains: &[
            "VST-TIME-NOT-YET",
            "VST-TIME-EXPIRED",
            "VST-TIME-ASSERTION",
            "VST-KEYS-LIBRARY",
            "VST-AADSTS-700024",
            "VST-AADSTS-500133",
            "VST-AADSTS-50013",
            "VST-COOKIE-LOOP",
        ],
        judge: clock,
    },
    Row {
        code: "VST-TIME-NOT-YET",
        title: "a token of the future",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7519 §4.1.5; OIDC Core §3.1.3.7",
        symptom: "The token is refused as not yet valid, or was issued in the future; a little later it \
                  works.",
        cause: "The clock of who checks it is behind that of who issued it.",
        cure: "Set the clock by NTP; allow a minute of difference, no more.",
        fault: Some("not-yet-valid"),
        explains: &["VST-KEYS-LIBRARY"],
        judge: |evidence| not_yet(evidence).or_else(|| logged_not_yet(evidence)),
    },
    Row {
        code: "VST-TIME-EXPIRED",
        title: "an expired token",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7519 §4.1.4",
        symptom: "The API answers 401 and says that the token expired.",
        cause: "The token's time is over. It was kept longer than it lasts, or nothing renewed it.",
        cure: "Renew tokens before they end; for that the sign-in needs `offline_access`.",
        fault: Some("expired"),
        explains: &["VST-KEYS-LIBRARY"],
        judge: |evidence| expired(evidence).or_else(|| logged_expired(evidence)),
    },
    Row {
        code: "VST-TIME-MILLISECONDS",
        title: "times in milliseconds",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 7519 §2, NumericDate",
        symptom: "The token is refused as not valid yet, or never expires.",
        cause: "`exp`, `iat` and `nbf` count seconds since 1970. This token counts milliseconds, as `Date.now()` of \
                JavaScript does, so its times lie thousands of years ahead.",
        cure: "Who makes the token divides by 1000, and writes whole seconds.",
        fault: Some("milliseconds"),
        explains: &[
            "VST-TIME-NOT-YET",
            "VST-TIME-EXPIRED",
            "VST-TOKEN-LONG-LIVED",
            "VST-KEYS-LIBRARY",
        ],
        judge: milliseconds,
    },
    Row {
        code: "VST-TIME-NO-END",
        title: "a token that names no end",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 9068 §2.2; RFC 7519 §4.1.4",
        symptom: "The API says that `exp` is missing; or it takes the token for ever.",
        cause: "An access token in the form of a JWT must have `exp`, a number of seconds. In this one it is missing \
                or of another type, so it was not made by a provider in its ordinary way.",
        cure: "Let who makes the token write `exp`, and let the API refuse tokens without.",
        fault: Some("no-end"),
        explains: &["VST-KEYS-LIBRARY"],
        judge: no_end,
    },
    Row {
        code: "VST-TIME-ASSERTION",
        title: "a client assertion outside its time",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "Microsoft identity platform: certificate credentials; error codes, AADSTS700024",
        symptom: "The token endpoint refuses the client's assertion with AADSTS700024, 50013 or 500133.",
        cause: "By the provider's clock the assertion is not valid yet, or no longer.",
        cure: "Set the clock by NTP, and make each assertion right before it is used.",
        fault: None,
        explains: &["VST-AADSTS-700024", "VST-AADSTS-50013", "VST-AADSTS-500133"],
        judge: assertion,
    },
];

/// What checks allow for.
const SKEW_SECS: i64 = 60;
/// No clock that anybody keeps is wrong by so much without more going wrong.
const LAPSE_SECS: i64 = 900;
/// From here on tokens are refused that are in order.
const WRONG_SECS: i64 = 120;

fn set_the_clock() -> Change {
    Change::environment(
        "NTP",
        "Let the machine set its clock by NTP; in a virtual machine also after it was suspended.",
    )
    .line("timedatectl set-ntp true")
}

/// Seconds as people say them.
fn said(secs: i64) -> String {
    match secs.unsigned_abs() {
        secs @ 0..=119 => format!("{secs} seconds"),
        secs @ 120..=7199 => format!("{} minutes", secs / 60),
        secs @ 7200..=172_799 => format!("{} hours", secs / 3600),
        secs => format!("{} days", secs / 86_400),
    }
}

fn clock(evidence: &Evidence) -> Option<Case> {
    let ahead = evidence.clock_ahead_secs()?;
    let far = ahead.unsigned_abs();
    (far > SKEW_SECS.unsigned_abs()).then(|| {
        let way = if ahead > 0 { "ahead of" } else { "behind" };
        let case = Case::new(format!(
            "This machine's clock is {} {way} the provider's.",
            said(ahead)
        ))
        .change(set_the_clock());
        match far < WRONG_SECS.unsigned_abs() {
            true => case.severity(Severity::Warning),
            false => case,
        }
    })
}

/// The tokens at hand, each with its name.
fn tokens(evidence: &Evidence) -> impl Iterator<Item = (String, &Token)> {
    let token = evidence
        .token
        .iter()
        .map(|token| (evidence.subject(), token));
    let id_token = evidence
        .id_token
        .iter()
        .map(|token| ("The ID token".to_owned(), token));
    token.chain(id_token)
}

fn milliseconds(evidence: &Evidence) -> Option<Case> {
    let (name, token) = tokens(evidence).find(|(_, token)| token.has_milliseconds())?;
    let (claim, value) = ["exp", "iat", "nbf"]
        .into_iter()
        .filter_map(|claim| Some((claim, token.number(claim)?)))
        .max_by_key(|(_, value)| *value)?;
    Some(
        Case::new(format!("{name} has `{claim}` {value}: milliseconds.")).change(Change::api(
            "what makes the token",
            "Write whole seconds: in JavaScript `Math.floor(Date.now() / 1000)`.",
        )),
    )
}

fn no_end(evidence: &Evidence) -> Option<Case> {
    if evidence.token.is_none() && evidence.heard(Saying::NoEnd) {
        return Some(
            Case::new("The API says that the token has no expiration.").change(Change::api(
                "what makes the token",
                "Write `exp`, as a number of seconds since 1970.",
            )),
        );
    }
    let token = evidence
        .token
        .as_ref()
        .filter(|token| token.claims().is_some() && !token.is_partial)?;
    if evidence
        .api
        .as_ref()
        .is_some_and(|api| api.takes_opaque == Some(true))
    {
        return None;
    }
    if token.number("exp").is_some() || matches!(token.shape, TokenShape::UnsignedJwt { .. }) {
        return None;
    }
    let what = match token.has("exp") {
        true => "has an `exp` that is no number",
        false => "has no `exp`",
    };
    Some(
        Case::new(format!("{} {what}.", evidence.subject())).change(Change::api(
            "what makes the token",
            "Write `exp`, as a number of seconds since 1970. A provider's tokens have it: look who made this one.",
        )),
    )
}

/// What a library says of times, and by how much they differ, where it says that.
fn logged(evidence: &Evidence, code: &str, saying: Saying) -> Option<(String, Option<i64>)> {
    let numbered = evidence.has_code(code);
    let dated = |token: &Token| token.number("exp").is_some() || token.number("iat").is_some();
    if evidence.token.as_ref().is_some_and(dated) || !numbered && !evidence.heard(saying) {
        return None;
    }
    let says = if numbered {
        format!(" {code}:")
    } else {
        String::new()
    };
    let gap = evidence
        .text
        .as_ref()
        .and_then(|text| text.claimed.gap_secs);
    Some((says, gap))
}

fn logged_expired(evidence: &Evidence) -> Option<Case> {
    let (says, gap) = logged(evidence, "IDX10223", Saying::Expired)?;
    let keep = Change::api(
        "token cache",
        "Who keeps the token: ask for a new one a few minutes before `exp`.",
    );
    Some(match gap {
        Some(gap) if gap > LAPSE_SECS => Case::new(format!(
            "The library says{says} the token ended {} before it was checked.",
            said(gap)
        ))
        .because("It was kept longer than it lasts, and nothing renewed it.")
        .change(keep),
        Some(gap) => Case::new(format!(
            "The library says{says} the token ended {} before it was checked.",
            said(gap)
        ))
        .change(keep)
        .change(set_the_clock()),
        None => Case::new(format!("The library says{says} that the token has expired."))
            .because(
                "It does not say for how long. The token was kept longer than it lasts; or, if it was new, the clock \
                 of who checked it is ahead.",
            )
            .change(keep)
            .change(set_the_clock()),
    })
}

fn logged_not_yet(evidence: &Evidence) -> Option<Case> {
    let (says, gap) = logged(evidence, "IDX10222", Saying::NotYet)?;
    let seen = match gap {
        Some(gap) => format!(
            "The library says{says} the token begins {} after the time it was checked.",
            said(gap)
        ),
        None => format!("The library says{says} that the token is not valid yet."),
    };
    Some(Case::new(seen).change(set_the_clock()))
}

fn not_yet(evidence: &Evidence) -> Option<Case> {
    let now = evidence.now?.as_secs();
    let (name, claim, secs) = tokens(evidence).find_map(|(name, token)| {
        ["nbf", "iat"].into_iter().find_map(|claim| {
            let wait = token.number(claim)?.saturating_sub(now);
            (wait > SKEW_SECS).then(|| (name.clone(), claim, wait))
        })
    })?;
    Some(
        Case::new(format!(
            "{name} is valid from {} on (`{claim}`).",
            in_time(secs)
        ))
        .change(set_the_clock()),
    )
}

fn in_time(secs: i64) -> String {
    format!("{} from now", said(secs))
}

fn expired(evidence: &Evidence) -> Option<Case> {
    let now = evidence.now?.as_secs();
    // An ID token is read at sign-in and may end while the session goes on.
    let token = evidence.token.as_ref()?;
    let exp = token.number("exp")?;
    let lives = exp.saturating_sub(token.number("iat").unwrap_or(exp));
    let ago = now.saturating_sub(exp);
    if ago < 0 && !token.failed(Failure::Expired) {
        return None;
    }
    let case = Case::new(format!(
        "{} ended {} ago.",
        evidence.subject(),
        said(ago.max(0))
    ));
    let case = match lives > 0 && lives < SKEW_SECS {
        true => case.because(format!("It was made to last {} only.", said(lives))),
        false => case,
    };
    if token.role == Role::Id {
        let at_sign_in = token.is_new || token.failed(Failure::Expired);
        return Some(match at_sign_in {
            true => case
                .because("It was made just now, so one of the two clocks is wrong, or an old answer was sent again.")
                .change(set_the_clock()),
            false => case
                .severity(Severity::Info)
                .because("An ID token is read once, at the sign-in it was made for. That it has ended since is no fault.")
                .change(Change::environment("the sign-in", "For a token of now sign in again.")),
        });
    }
    let scopes = evidence.scopes();
    let renews = scopes.is_some_and(|scopes| scopes.iter().any(|scope| scope == "offline_access"));
    Some(match (scopes, renews) {
        (Some(_), false) => case.change(crate::cure::add_scope(evidence, "offline_access")),
        _ => case.change(Change::api(
            "token cache",
            "Who keeps the token: ask for a new one a few minutes before `exp`.",
        )),
    })
}

fn assertion(evidence: &Evidence) -> Option<Case> {
    let (now, theirs) = (evidence.now?.as_secs(), evidence.provider_time?.as_secs());
    let token = evidence.client_assertion.as_ref()?;
    let inside = |time: i64| {
        token.number("exp").is_none_or(|exp| time < exp)
            && token.number("nbf").is_none_or(|nbf| time >= nbf)
    };
    // By our own clock too it is an old one, not one of a wrong clock.
    (inside(now) && !inside(theirs)).then(|| {
        Case::new(format!(
            "The assertion is valid by this machine's clock and not by the provider's, which is {} away.",
            said(now.saturating_sub(theirs))
        ))
        .change(set_the_clock())
    })
}
