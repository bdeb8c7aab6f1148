//! `[session]`: how long sessions last. Where they live is Vestibule's own affair.

use super::{Choices, Draft, seconds};
use crate::apache::expand::{Item, Line};
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::duration;

/// What mod_auth_openidc takes when nothing is written.
const IDLE_SECS: u64 = 300;
const ABSOLUTE_SECS: u64 = 8 * 3600;

/// What `[session]` takes: 1 m to 30 d, 5 m to 90 d.
const IDLE: (u64, u64) = (60, 30 * 86_400);
const ABSOLUTE: (u64, u64) = (300, 90 * 86_400);

pub(in crate::apache) fn map(
    site: &Site<'_>,
    choices: &Choices,
    draft: &mut Draft,
    ledger: &mut Ledger,
) {
    store(site, choices, draft, ledger);
    let idle_line = site.setting(ledger, "OIDCSessionInactivityTimeout");
    let idle = idle_line
        .and_then(|line| seconds(line, ledger))
        .unwrap_or(IDLE_SECS);
    let absolute_line = site.setting(ledger, "OIDCSessionMaxDuration");
    let absolute = absolute_line
        .and_then(|line| seconds(line, ledger))
        .unwrap_or(ABSOLUTE_SECS);
    // Zero is as long as the ID token; the shortest that is common is an hour.
    let of_token = absolute == 0;
    let absolute = if of_token {
        3600
    } else {
        absolute.clamp(ABSOLUTE.0, ABSOLUTE.1)
    };
    let kept = idle.clamp(IDLE.0, IDLE.1).min(absolute);
    draft.session.put_with(
        "idle_timeout",
        duration(kept),
        idle_line.map(|line| &line.at),
        idle_line
            .is_none()
            .then_some("mod_auth_openidc's own, where nothing says otherwise; Vestibule's is 1h"),
    );
    if let Some(line) = idle_line {
        let says = format!("idle_timeout = {}", duration(kept));
        match kept == idle {
            true => ledger.became(line, says),
            false => ledger.differs(
                line,
                format!("{says}: it may be 1m to 30d, and not longer than absolute_timeout"),
                "",
            ),
        }
    }
    if let Some(line) = absolute_line {
        draft
            .session
            .put("absolute_timeout", duration(absolute), Some(&line.at));
        let says = format!("absolute_timeout = {}", duration(absolute));
        if of_token {
            ledger.differs(
                line,
                format!("{says}: sessions can't end with their ID token"),
                "choose a time after the import",
            );
        } else if line.word(0) == absolute.to_string() {
            ledger.became(line, says);
        } else {
            ledger.differs(line, format!("{says}: it may be 5m to 90d"), "");
        }
    }
    ledger.todo(
        "tell people that they sign in once more: sessions can't move from one program to another",
    );
}

fn store(site: &Site<'_>, choices: &Choices, draft: &mut Draft, ledger: &mut Ledger) {
    if let Some(line) = site.setting(ledger, "OIDCSessionType") {
        match line.word(0).starts_with("client-cookie") {
            true => carried(line, site, choices, draft, ledger),
            false => ledger.became(
                line,
                "the same: sessions live here, and the browser holds a handle",
            ),
        }
        if line.word(0).contains(":persistent") {
            draft
                .session
                .put("persistent_cookie", "true".to_owned(), Some(&line.at));
            ledger.became(
                line,
                "persistent_cookie = true: whoever opens the browser next, on a machine that people share, is still signed in",
            );
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCCacheType") {
        match line.word(0) {
            "shm" | "file" => ledger.became(
                line,
                "Vestibule's own store, a file that outlives a restart",
            ),
            other => ledger.differs(
                line,
                format!("Vestibule's own store, a file on this machine; {other} is not built yet"),
                "with several machines write store = \"cookie\" and keys = [\"file:KEY\"] into [session], or let the load balancer keep people on one",
            ),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCCryptoPassphrase") {
        ledger.differs(line, "nothing: Vestibule seals with a key of its own", "");
    }
    if let Some(line) = site.setting(ledger, "OIDCCookie") {
        ledger.differs(
            line,
            "the cookie is `__Host-vestibule`, on http localhost `vestibule` and the port",
            "",
        );
    }
    if let Some(line) = site.setting(ledger, "OIDCCookieHTTPOnly") {
        match super::is_on(line) {
            Some(false) => ledger.differs(
                line,
                "scripts never see the session cookie",
                "have pages ask /.vestibule/me",
            ),
            _ => ledger.became(line, "the same, always"),
        }
    }
    if let Some(line) = site.setting(ledger, "OIDCCookieSameSite") {
        match line.word(0).to_ascii_lowercase().as_str() {
            "on" | "lax" => ledger.became(line, "the same, always: Lax"),
            _ => ledger.differs(line, "the session cookie is SameSite=Lax, always", ""),
        }
    }
}

/// Sessions that browsers carry are sealed with a key, which somebody has to keep: an import that writes files makes one.
fn carried(
    line: &Line,
    site: &Site<'_>,
    choices: &Choices,
    draft: &mut Draft,
    ledger: &mut Ledger,
) {
    let Some(key) = choices.new_key.filter(|_| !keeps_forms(site)) else {
        let (says, help) = match choices.new_key {
            Some(_) => (
                "sessions live here, in a file, and the browser holds a handle: forms are kept here for OIDCPreservePost, and so are sessions then",
                "with several machines take OIDCPreservePost out, and import again",
            ),
            None => (
                "sessions live here, in a file, and the browser holds a handle: to seal what browsers carry takes a key, which is kept nowhere yet",
                "`vestibule import apache FILE --write vestibule.toml` makes one beside the file, and has browsers carry the sessions",
            ),
        };
        ledger.differs(line, says, help);
        return;
    };
    let named = draft.secret(
        choices.secrets,
        "SESSION_KEY",
        "session-key",
        &key.hexadecimal(),
    );
    draft.session.put("store", "\"cookie\"", Some(&line.at));
    draft
        .session
        .put("keys", format!("[{named}]"), Some(&line.at));
    ledger.became(
        line,
        "store = \"cookie\", sealed with a new key of its own: OIDCCryptoPassphrase could be guessed from what browsers hold",
    );
    ledger.todo("give every machine that serves these people the same session-key");
}

fn keeps_forms(site: &Site<'_>) -> bool {
    fn below(items: &[Item]) -> bool {
        items.iter().any(|item| match item {
            Item::Line(line) => is_kept(line),
            Item::Section(section) => below(&section.children),
        })
    }
    fn is_kept(line: &Line) -> bool {
        line.is("OIDCPreservePost") && super::is_on(line) != Some(false)
    }
    let mut sections = site.sections.iter();
    site.lines.iter().any(|line| is_kept(line)) || sections.any(|section| below(&section.children))
}
