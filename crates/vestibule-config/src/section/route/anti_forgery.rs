//! `anti_forgery_header`: a name that browsers send only when a script of an allowed page asks them to.

use crate::read::Item;

/// Names that browsers, or proxies on the way, write by themselves.
const WRITTEN_BY_OTHERS: &[&str] = &["x-client-data", "x-moz", "x-purpose", "x-real-ip"];

/// Beginnings of such names.
const FAMILIES_OF_OTHERS: &[&str] = &["x-forwarded-", "x-devtools-", "x-original-", "x-envoy-"];

pub(super) fn read(item: &Item<'_>) -> Option<String> {
    let name = item.filled_text()?;
    let folded = name.to_ascii_lowercase();
    let is_name = folded.len() > 2
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_name || !folded.starts_with("x-") {
        item.error(
            "this can't be the anti-forgery header: only of names that begin with X- is it certain that forms and other sites don't send them",
            "write one with letters, digits and -, like \"X-CSRF\"",
        );
        return None;
    }
    let by_others = WRITTEN_BY_OTHERS.contains(&folded.as_str())
        || FAMILIES_OF_OTHERS
            .iter()
            .any(|family| folded.starts_with(family));
    if by_others {
        item.error(
            format!("`{name}` is written by browsers or proxies, whoever sent the request"),
            "choose a name of your own, like \"X-CSRF\"",
        );
        return None;
    }
    if folded == "x-requested-with" {
        item.warning(
            "Android's WebView sends `X-Requested-With` by itself, with forms of other sites too",
            "if apps show this site in a WebView choose a name of your own, like \"X-CSRF\"",
        );
    }
    Some(name.to_owned())
}
