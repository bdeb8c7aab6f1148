//! Clocks, and tokens that are not yet or no longer valid.

use crate::catalogue::{Case, Row};
use crate::evidence::{Failure, Role, Token};
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
        judge: not_yet,
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
        judge: expired,
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
        return Some(
            case.because("It was made just now, so one of the two clocks is wrong, or an old answer was sent again.")
                .change(set_the_clock()),
        );
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
