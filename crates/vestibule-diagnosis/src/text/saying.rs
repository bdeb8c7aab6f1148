//! Decides what the words mean that programs write into their logs and browsers into their consoles.

use std::borrow::Cow;

use super::phrase;

/// What a known phrase means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Saying {
    /// The audience is another.
    Audience,
    /// The same, and it is Keycloak's `account`.
    KeycloakAudience,
    /// The issuer is another.
    Issuer,
    /// No key of the token's `kid`.
    UnknownKey,
    /// The signature does not fit.
    Signature,
    /// The token is over.
    Expired,
    /// The token is not valid yet.
    NotYet,
    /// It has no end.
    NoEnd,
    /// It lacks the permission.
    Permission,
    /// It is no JWT.
    Malformed,
    /// The algorithm is not accepted.
    Algorithm,
    /// The cookie or the `state` of the sign-in is missing or another.
    StateMissing,
    /// The sign-in began too long ago.
    StateExpired,
    /// Too many cookies of sign-ins under way.
    TooManyStateCookies,
    /// A cookie is larger than browsers take.
    CookieTooLarge,
    /// A cookie can't be opened or verified.
    CookieUnreadable,
    /// A cookie with `SameSite=None` and without `Secure`.
    NoneWithoutSecure,
    /// The ID token's nonce does not fit.
    NonceMismatch,
    /// The browser gave up.
    TooManyRedirects,
    /// A request's head is too large.
    HeadTooLarge,
    /// The head of an answer is too large for a proxy in front.
    FrontBuffer,
    /// A field's name is not taken.
    UnderscoreHeader,
    /// The app gets no `Authorization`.
    NoAuthorization,
    /// A script was redirected to another origin.
    Cors,
    /// A preflight was refused.
    Preflight,
    /// A page may not be shown in a frame.
    Framed,
    /// A hidden frame gave no answer.
    SilentTimeout,
    /// A worker's script is behind a redirect.
    WorkerRedirect,
    /// The mail address is not verified.
    EmailUnverified,
    /// Nothing names the user.
    NoUserName,
    /// A refresh token was used twice.
    RefreshReused,
    /// The provider's host has no address.
    NoSuchHost,
    /// The provider takes no connection.
    NoConnection,
    /// The provider gives no answer in time.
    TimedOut,
    /// TLS to the provider fails.
    Tls,
    /// The provider's keys or metadata could not be fetched.
    KeysNotFetched,
    /// The token can't be got without the person.
    NeedsPerson,
    /// The ID token's hash of the access token does not fit.
    HashMismatch,
    /// The ID token has no hash of the access token.
    NoHash,
    /// The browser opened no window to sign in.
    NoPopup,
    /// A page starts a sign-in while one is under way.
    SignInUnderWay,
    /// The request has no token.
    NoToken,
    /// The user-info endpoint refuses the token.
    UserInfoRefused,
    /// The issuer in the metadata is not the configured one.
    MetadataIssuer,
    /// The callback was opened without an answer.
    NoAnswer,
    /// A role is missing.
    NoRole,
    /// Somebody is signed in, and a rule does not let them in.
    NotAllowed,
    /// A `Secure` cookie was set without TLS.
    SecureWithoutTls,
    /// The token endpoint's answer has no access token.
    NoAccessToken,
}

/// What stands alone, as on a page that shows one word about a token.
const ALONE: &[(&str, Saying)] = &[
    ("invalid signature", Saying::Signature),
    ("invalidsignature", Saying::Signature),
    ("invalidaudience", Saying::Audience),
    ("invalidissuer", Saying::Issuer),
    ("expiredsignature", Saying::Expired),
    ("immaturesignature", Saying::NotYet),
    ("jwt is missing", Saying::NoToken),
];

/// What a text in lower case says; each once, in the table's order.
pub(super) fn sayings(text: &str) -> Vec<Saying> {
    let lower = without_told(text);
    let alone = lower.trim().trim_end_matches(['.', '!']);
    let alone = ALONE.iter().find(|(words, _)| *words == alone);
    let mut found: Vec<Saying> = alone.map(|(_, saying)| *saying).into_iter().collect();
    for (words, saying) in phrase::all() {
        if !found.contains(saying) && words.iter().all(|words| lower.contains(words)) {
            found.push(*saying);
        }
    }
    // A preflight's refusal is said in the words for all of CORS, Keycloak's audience in those for all.
    // Where the request was redirected, that is what the browser would have asked about.
    let redirected = lower.contains("(redirected from '");
    match (
        redirected && found.contains(&Saying::Cors),
        found.contains(&Saying::Preflight),
    ) {
        (true, _) => found.retain(|saying| *saying != Saying::Preflight),
        (false, true) => found.retain(|saying| *saying != Saying::Cors),
        (false, false) => {}
    }
    // Without the key nobody has looked at the signature.
    if found.contains(&Saying::UnknownKey) {
        found.retain(|saying| *saying != Saying::Signature);
    }
    if found.contains(&Saying::KeysNotFetched) {
        found.retain(|saying| !matches!(saying, Saying::Signature | Saying::UnknownKey));
    }
    if found.contains(&Saying::KeycloakAudience) {
        found.retain(|saying| *saying != Saying::Audience);
    }
    found
}

/// The first word of a line in a list of changes.
const OF_CHANGES: [&str; 8] = [
    "fixed:",
    "fix:",
    "fixes:",
    "added:",
    "changed:",
    "improved:",
    "feat:",
    "chore:",
];

/// Whether a line in lower case is one of a list of changes.
pub(super) fn is_change(line: &str) -> bool {
    let words = line
        .split_whitespace()
        .map(|word| word.trim_start_matches(['-', '*', '•']));
    // Bullets, times and levels: `2026-05-05 10:00:00 [info] Fixed: …`.
    let is_before = |word: &&str| {
        word.is_empty()
            || word.starts_with('[')
            || word.starts_with(|char: char| char.is_ascii_digit())
    };
    let mut words = words.skip_while(is_before);
    let first = words.next().unwrap_or_default();
    OF_CHANGES.contains(&first) || first.starts_with("fix(") || first.starts_with("feat(")
}

/// Whether a line in lower case names a finding of ours, which says more than the line's words.
fn is_ours(line: &str) -> bool {
    line.contains("vst-")
}

/// A text without the lines of a list of changes, since what was mended there is not what happens here, and without
/// those of our own log.
fn without_told(text: &str) -> Cow<'_, str> {
    let is_left_out = |line: &str| is_change(line) || is_ours(line);
    match text.lines().any(is_left_out) {
        false => Cow::Borrowed(text),
        true => Cow::Owned(
            text.lines()
                .filter(|line| !is_left_out(line))
                .collect::<Vec<_>>()
                .join("\n"),
        ),
    }
}

#[cfg(test)]
#[test]
fn what_a_list_of_changes_names_did_not_happen() {
    for line in [
        "fixed: signature verification failed (changelog)",
        "[info] fixed: signature verification failed",
        "- fix(auth): signature verification failed for ps256",
        "2026-05-05 10:00:00 [info] - fixes: jwt expired too early",
    ] {
        assert_eq!(sayings(line), [], "{line}");
        let beside = format!("{line}\njwt malformed");
        assert_eq!(sayings(&beside), [Saying::Malformed], "{line}");
    }
    for line in [
        "signature verification failed, fixed: no",
        "error: signature verification failed",
        "prefix: signature verification failed",
    ] {
        assert_eq!(sayings(line), [Saying::Signature], "{line}");
    }
    assert_eq!(
        sayings("Invalid Signature".to_lowercase().as_str()),
        [Saying::Signature]
    );
    assert_eq!(sayings("invalid signature of the request"), []);
}

#[cfg(test)]
#[test]
fn phrases_are_in_lower_case_and_found() {
    for (words, _) in phrase::all() {
        assert!(
            words
                .iter()
                .all(|words| *words == words.to_ascii_lowercase()),
            "{words:?}"
        );
        assert!(!sayings(&words.join(" … ")).is_empty(), "{words:?}");
    }
    assert_eq!(sayings("all is well, the token is valid"), []);
}
