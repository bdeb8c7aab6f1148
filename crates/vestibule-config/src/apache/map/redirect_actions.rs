//! `redirect_actions`: what the module answers at its redirect URI itself.

use url::Url;

use super::Draft;
use crate::apache::expand::Line;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::{list, text};

/// `redirect` is the line of the redirect URI.
pub(in crate::apache) fn map(
    site: &Site<'_>,
    redirect: &Line,
    draft: &mut Draft,
    ledger: &mut Ledger,
) {
    let mut keys = Vec::new();
    let allowed = return_urls(site, ledger);
    if !allowed.is_empty() {
        keys.push(format!("return_urls = {}", list(&allowed)));
    }
    if let Some(url) = signed_out_url(site, ledger) {
        keys.push(format!("signed_out_url = {}", text(&url)));
    }
    let info = info(site, ledger);
    if !info.is_empty() {
        keys.push(format!("info = {}", list(&info)));
    }
    let value = match keys.is_empty() {
        true => "true".to_owned(),
        false => format!("{{ {} }}", keys.join(", ")),
    };
    draft
        .provider
        .put("redirect_actions", value, Some(&redirect.at));
    ledger.became(
        redirect,
        "redirect_actions: logout=, logout=get, img and backchannel, refresh=, info=, jwks= and iss= are answered here as in Apache",
    );
    ledger.differs(
        redirect,
        "a logout= link of this site signs out at once, one of another site asks first; session=, request_uri=, remove_at_cache=, revoke_session= and dpop= are refused with the reason",
        "",
    );
}

/// Those of the members of `OIDCInfoHook` that are no token.
fn info(site: &Site<'_>, ledger: &mut Ledger) -> Vec<&'static str> {
    let Some(line) = site.setting(ledger, "OIDCInfoHook") else {
        return Vec::new();
    };
    let (mut told, mut tokens) = (Vec::new(), Vec::new());
    for word in &line.words {
        match word.as_str() {
            "iat" => told.push("iat"),
            "id_token" => told.push("id_token"),
            "userinfo" => told.push("userinfo"),
            "access_token_expires" => told.push("access_token_expires"),
            "exp" => told.push("exp"),
            "timeout" => told.push("timeout"),
            "remote_user" => told.push("remote_user"),
            "access_token" => tokens.push("access_token"),
            "refresh_token" => tokens.push("refresh_token"),
            "id_token_hint" => tokens.push("id_token_hint"),
            "session" => ledger.differs(
                line,
                "`session` is not told: whoever has it has the session with all its tokens",
                "",
            ),
            other => ledger.lost(line, format!("info= has no {other}"), ""),
        }
    }
    if !tokens.is_empty() {
        ledger.differs(
            line,
            format!(
                "{} is not told: every script on a page of this site would have it",
                tokens.join(", ")
            ),
            &format!(
                "let the app's own server have tokens; or write danger_info_tokens = {} beside info",
                list(&tokens)
            ),
        );
    }
    if !told.is_empty() {
        ledger.became(line, format!("redirect_actions: info = {}", list(&told)));
    }
    told
}

fn signed_out_url(site: &Site<'_>, ledger: &mut Ledger) -> Option<String> {
    let line = site.setting(ledger, "OIDCDefaultLoggedOutURL")?;
    let value = line.word(0);
    let plain = value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>'));
    let is_path = value.starts_with('/')
        && !value.starts_with("//")
        && !value.contains("..")
        && !value.split('?').next().unwrap_or_default().contains('%');
    let is_address = Url::parse(value).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
    });
    if plain && (is_path || is_address) {
        ledger.became(
            line,
            format!("redirect_actions: signed_out_url = {}", text(value)),
        );
        return Some(value.to_owned());
    }
    ledger.lost(
        line,
        "this can't be read without doubt; people see a page that says that they are signed out",
        "write it like https://www.example.com/bye",
    );
    None
}

/// The beginnings of addresses that the patterns mean, where they mean one.
fn return_urls(site: &Site<'_>, ledger: &mut Ledger) -> Vec<String> {
    let Some(line) = site.setting(ledger, "OIDCRedirectURLsAllowed") else {
        return Vec::new();
    };
    let mut urls: Vec<String> = Vec::new();
    for word in &line.words {
        match beginnings(word) {
            Some(found) if found.is_empty() => {
                ledger.became(line, "pages of this site are always allowed");
            }
            Some(found) => {
                let says = format!(
                    "redirect_actions: {} and what is below it",
                    found.join(" and ")
                );
                ledger.became(line, says);
                urls.extend(found.into_iter().filter(|url| !urls.contains(url)).collect::<Vec<_>>());
            }
            None => ledger.lost(
                line,
                format!("{word} is no plain beginning of an address: logout= and refresh= send nobody there"),
                "name the sites: redirect_actions = { return_urls = [\"https://www.example.com/\"] }",
            ),
        }
    }
    urls
}

/// `^https://www\.example\.com/.*` is a beginning; none at all is a path of this site. What is read here allows
/// no other host than the pattern, and no path that is not below its own: a dot is a dot, and the host ends where it ends.
fn beginnings(pattern: &str) -> Option<Vec<String>> {
    let rest = pattern.strip_prefix('^')?;
    let (rest, schemes): (&str, &[&str]) = match rest.strip_prefix("https?://") {
        Some(rest) => (rest, &["https", "http"]),
        None => match (rest.strip_prefix("https://"), rest.strip_prefix("http://")) {
            (Some(rest), _) => (rest, &["https"]),
            (_, Some(rest)) => (rest, &["http"]),
            (None, None) if rest.starts_with('/') => return Some(Vec::new()),
            (None, None) => return None,
        },
    };
    let end = [
        "/.*$", "/.*", "/.+", "(/.*)?$", "(/.*)?", ".*$", ".*", "/?$", "$",
    ]
    .iter()
    .find_map(|end| rest.strip_suffix(end));
    let rest = end
        .unwrap_or(rest)
        .replace("\\.", ".")
        .replace("\\/", "/")
        .replace("\\-", "-");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/".contains(c);
    if rest.is_empty() || rest.starts_with('/') || !rest.chars().all(plain) {
        return None;
    }
    let urls = schemes.iter().map(|scheme| {
        let url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
        Some(url.to_string())
    });
    urls.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_mean_a_site_are_taken_and_others_open_nothing() {
        for (pattern, urls) in [
            (
                r"^https://www\.example\.com/.*$",
                Some(vec!["https://www.example.com/"]),
            ),
            (
                "^https://www.example.com",
                Some(vec!["https://www.example.com/"]),
            ),
            (
                r"^https?://a\.example/hr",
                Some(vec!["https://a.example/hr", "http://a.example/hr"]),
            ),
            (
                "^https://a.example:8443(/.*)?$",
                Some(vec!["https://a.example:8443/"]),
            ),
            (
                r"^https://a\.example/bye$",
                Some(vec!["https://a.example/bye"]),
            ),
            ("^/.*", Some(vec![])),
            ("https://www.example.com", None),
            (".*", None),
            (r"^https://[a-z]+\.example\.com/", None),
            (r"^https://(a|b)\.example\.com/", None),
            (r"^https://.*\.example\.com/", None),
            ("^https://", None),
            ("^.*$", None),
        ] {
            let found = beginnings(pattern);
            let expected = urls.map(|urls| urls.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
