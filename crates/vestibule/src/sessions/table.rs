//! Sessions as a table for people. What providers and people wrote into names commands no terminal here, and nothing in
//! them is out of sight.

use vestibule_oidc::text::escaped;
use vestibule_oidc::time::UnixTime;
use vestibule_proxy::sessions::SessionView;
use vestibule_proxy::sessions::span::{ago, ahead};

/// The widest a name is.
const WIDEST: usize = 40;

const HEADINGS: [&str; 6] = ["ID", "USER", "SIGNED IN", "LAST SEEN", "ENDS", "PROVIDER"];

/// A table, or a sentence where there is nobody.
pub(super) fn of(sessions: &[SessionView], now: UnixTime) -> String {
    if sessions.is_empty() {
        return "nobody is signed in\n".to_owned();
    }
    let rows = sessions.iter().map(|session| {
        [
            session.id.to_string(),
            who(session),
            ago(session.signed_in_at, now),
            ago(session.last_seen_at, now),
            ahead(session.ends_at(), now),
            cell(&session.provider),
        ]
    });
    let mut rows: Vec<_> = rows.collect();
    rows.insert(0, HEADINGS.map(str::to_owned));
    let mut widths = [0; HEADINGS.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            let pad = width.saturating_sub(cell.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', pad));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// One session on one line: its id and whose it was.
pub(super) fn line(session: &SessionView) -> String {
    format!("{}  {}", session.id, who(session))
}

/// What a person would know them by.
fn who(session: &SessionView) -> String {
    let name = session.user.as_ref().or(session.name.as_ref());
    cell(name.unwrap_or(&session.subject))
}

fn cell(text: &str) -> String {
    let text = escaped(text);
    let text = text.trim();
    match text.char_indices().nth(WIDEST) {
        None if text.is_empty() => "-".to_owned(),
        None => text.to_owned(),
        Some(_) => text.chars().take(WIDEST - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in crate::sessions) const NOW: UnixTime = UnixTime(1_795_357_743);

    /// A session whose person, or provider, means no good.
    pub(in crate::sessions) fn session(id: &str, user: &str) -> SessionView {
        let at = NOW.as_secs();
        serde_json::from_value(json!({
            "id": id,
            "name": "Ann \u{1b}]0;evil\u{7}\u{202e}",
            "user": user,
            "provider": "main",
            "issuer": "https://idp.example.com",
            "subject": "2f1f5c0a",
            "sid": null,
            "site": "https://portal.example.com",
            "authenticated_at": at - 5000,
            "signed_in_at": at - 4800,
            "last_seen_at": at - 35,
            "idle_end_at": at + 3565,
            "absolute_end_at": at + 24_000,
            "refreshed_at": at - 1200,
            "has_refresh_token": true,
            "tokens": [
                {
                    "scope": "openid profile",
                    "resource": null,
                    "audience": null,
                    "of_sign_in": true,
                    "received_at": at - 1200,
                    "expires_at": at + 2400,
                    "due_at": at + 2310,
                },
                {
                    "scope": "api://b/read",
                    "resource": "https://b.example.com",
                    "audience": null,
                    "of_sign_in": false,
                    "received_at": at - 1200,
                    "expires_at": null,
                    "due_at": at - 5,
                },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn columns_stand_under_each_other() {
        let sessions = [
            session("0123456789abcdef", "ann@example.com"),
            session("fedcba9876543210", "bo"),
        ];
        assert_eq!(
            of(&sessions, NOW),
            "ID                USER             SIGNED IN   LAST SEEN  ENDS    PROVIDER\n\
             0123456789abcdef  ann@example.com  1h 20m ago  35s ago    in 59m  main\n\
             fedcba9876543210  bo               1h 20m ago  35s ago    in 59m  main\n"
        );
        assert_eq!(of(&[], NOW), "nobody is signed in\n");
    }

    #[test]
    fn a_name_writes_no_escapes_no_lines_and_no_end() {
        let long = "x".repeat(500);
        for evil in [
            "a\u{1b}[2J\r\nroot  now",
            "\u{202e}nimda",
            "\u{9b}31m",
            &long,
            "\n",
            "",
        ] {
            let text = of(&[session("0123456789abcdef", evil)], NOW);
            assert_eq!(text.lines().count(), 2, "{text:?}");
            let is_plain = |char: char| {
                char == '\n' || escaped(char.encode_utf8(&mut [0; 4])).chars().eq([char])
            };
            assert!(text.chars().all(is_plain), "{text:?}");
            assert!(
                text.lines().all(|line| line.chars().count() < 120),
                "{text:?}"
            );
        }
    }
}
