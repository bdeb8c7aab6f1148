//! One session as a sheet for people: all there is to know of it, and no token.

use vestibule_oidc::text::escaped;
use vestibule_oidc::time::UnixTime;
use vestibule_proxy::sessions::{SessionView, TokenView};

use crate::explain::moment::Moment;
use crate::print::{Ink, Sheet};

/// Where the texts begin.
const COLUMN: usize = 18;

/// The sheet.
pub(super) fn of(session: &SessionView, now: UnixTime) -> String {
    write(Sheet::for_output(), session, now)
}

fn write(mut sheet: Sheet, session: &SessionView, now: UnixTime) -> String {
    let at = |secs| moment(secs, now);
    let SessionView {
        id,
        name,
        user,
        provider,
        issuer,
        subject,
        sid,
        site,
        authenticated_at,
        signed_in_at,
        last_seen_at,
        idle_end_at,
        absolute_end_at,
        refreshed_at,
        has_refresh_token,
        tokens,
        ..
    } = session;
    let mut say =
        |label: &str, text: &str| sheet.hanging(0, label, Ink::Blue, COLUMN, &escaped(text));
    say("session", &id.to_string());
    for (label, text) in [("user", user), ("name", name)] {
        if let Some(text) = text {
            say(label, text);
        }
    }
    say("subject", subject);
    say("issuer", issuer);
    if let Some(sid) = sid {
        say("sid", sid);
    }
    say("provider", provider);
    say("site", site);
    if let Some(secs) = authenticated_at {
        say("authenticated", &at(*secs));
    }
    say("signed in", &at(*signed_in_at));
    say("last seen", &at(*last_seen_at));
    say("ends if idle", &at(*idle_end_at));
    say("ends at last", &at(*absolute_end_at));
    say("tokens received", &at(*refreshed_at));
    let renewal = match has_refresh_token {
        true => "by a refresh token",
        false => "there is no refresh token: tokens are not renewed",
    };
    say("renewed", renewal);
    for token in tokens {
        say("access token", &of_token(token, now));
    }
    sheet.into_text()
}

fn of_token(token: &TokenView, now: UnixTime) -> String {
    let mut text = match token.scope.as_str() {
        "" => "no scope".to_owned(),
        scope => scope.to_owned(),
    };
    for (label, value) in [("resource", &token.resource), ("audience", &token.audience)] {
        if let Some(value) = value {
            text.push_str(&format!(", {label} {value}"));
        }
    }
    if token.of_sign_in {
        text.push_str(" (the sign-in's own)");
    }
    match token.expires_at {
        Some(secs) => text.push_str(&format!("; expires {}", moment(secs, now))),
        None => text.push_str("; the provider did not say when it expires"),
    }
    match token.due_at {
        Some(secs) if secs <= now.as_secs() => {
            text.push_str("; due: the next request that needs it renews it");
        }
        Some(secs) => text.push_str(&format!("; due {}", moment(secs, now))),
        None => {}
    }
    text
}

fn moment(secs: i64, now: UnixTime) -> String {
    let Moment { utc, relative, .. } = Moment::new(secs, now);
    format!("{utc}, {relative}")
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::{NOW, session};
    use super::*;

    #[test]
    fn a_sheet_says_who_since_when_until_when_and_which_tokens_are_due() {
        let session = session("0123456789abcdef", "ann@example.com");
        let text = write(Sheet::new(100, false), &session, NOW);
        for line in [
            "session           0123456789abcdef",
            "user              ann@example.com",
            "signed in         2026-11-22 13:09:03 UTC, 1 hour 20 minutes ago",
            "ends if idle      2026-11-22 15:28:28 UTC, in 59 minutes",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat.contains("openid profile (the sign-in's own); expires"),
            "{text}"
        );
        assert!(flat.contains("api://b/read, resource https://b.example.com; the provider did not say when it expires; due: the next"), "{text}");
        assert!(
            text.chars().all(|char| char == '\n' || !char.is_control()),
            "{text:?}"
        );
    }
}
