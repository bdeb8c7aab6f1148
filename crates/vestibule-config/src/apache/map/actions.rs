//! What those meet who may not pass a route: `when_signed_out`, `when_not_allowed`, `keep_post`.

use url::Url;

use super::is_on;
use crate::apache::expand::Line;
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::rule::Access;
use crate::apache::write::{Table, text};

/// `passes`: everybody passes, signed in or not.
pub(in crate::apache) fn map(
    access: &Access,
    passes: bool,
    here: &InForce<'_>,
    route: &mut Table,
    ledger: &mut Ledger,
) {
    let mut sends = !passes;
    if let Some(line) = here.last("OIDCUnAuthAction").filter(|_| !passes) {
        let word = line.word(0).to_ascii_lowercase();
        match word.as_str() {
            "auth" if line.words.len() == 1 => {
                ledger.became(line, "the same: people are sent to sign-in, programs get 401");
            }
            "401" | "407" | "410" if line.words.len() == 1 => {
                sends = false;
                route.put("when_signed_out", text(&word), Some(&line.at));
                ledger.became(line, format!("when_signed_out = \"{word}\""));
            }
            "auth" | "401" | "407" | "410" => ledger.differs(
                line,
                "people are sent to sign-in, programs get 401; which is which their Sec-Fetch and Accept fields tell, and no expression",
                "",
            ),
            _ => ledger.stop(line, "this is no action", "write auth, pass, 401, 407 or 410"),
        }
    }
    if let Some(line) = here.last("OIDCUnAutzAction") {
        not_allowed(line, matches!(access, Access::Rule(_)), route, ledger);
    }
    if let Some(line) = here.last("OIDCPreservePost") {
        match is_on(line) {
            Some(false) => ledger.became(line, "the same"),
            _ if !sends => ledger.became(line, "nothing: nobody is sent to sign-in here"),
            _ => {
                route.put("keep_post", "true", Some(&line.at));
                ledger.became(
                    line,
                    "keep_post = true: a form that meets a sign-in is kept here, up to 64 KiB, and sent again afterwards",
                );
            }
        }
    }
}

fn not_allowed(line: &Line, has_rule: bool, route: &mut Table, ledger: &mut Ledger) {
    let action = line.word(0).to_ascii_lowercase();
    let value = match action.as_str() {
        "403" => {
            ledger.became(line, "the same: 403, with a way to sign in as someone else");
            return;
        }
        "401" => "401",
        "auth" => "sign-in",
        "302" if goes_plainly(line.word(1)) => line.word(1),
        "302" => {
            ledger.differs(
                line,
                "403, with a way to sign in as someone else: where to go is made from the request, or can't be read without doubt",
                "write a path or a whole address",
            );
            return;
        }
        _ => {
            ledger.stop(
                line,
                "this is no action",
                "write 401, 403, 302 with an address, or auth",
            );
            return;
        }
    };
    if !has_rule {
        ledger.became(line, "nothing: everybody who is signed in passes");
        return;
    }
    let says = format!("when_not_allowed = {}", text(value));
    match action.as_str() {
        "auth" => ledger.differs(
            line,
            format!("{says}: people choose another account, where Apache sends the same one to and fro; programs get 403"),
            "",
        ),
        "302" => ledger.differs(line, format!("{says}; programs get 403"), ""),
        _ => ledger.became(line, says),
    }
    route.put("when_not_allowed", text(value), Some(&line.at));
}

/// A path or an address that the loader takes.
fn goes_plainly(value: &str) -> bool {
    let path = value.split('?').next().unwrap_or_default();
    let plain = value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !br#"\#"<>"#.contains(&byte));
    let is_path = value.starts_with('/') && !value.starts_with("//");
    let is_address = Url::parse(value).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
    });
    plain && !path.contains('%') && !path.contains("..") && (is_path || is_address)
}
