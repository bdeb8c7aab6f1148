//! Writes out what a page or a log has escaped, as far as something is looked for in it.

use std::borrow::Cow;

use url::form_urlencoded;

/// The few entities and escapes that stand in copied pages and logs.
pub(super) fn unescape(text: &str) -> String {
    let text = &decoded_addresses(text);
    if !text.contains(['&', '\\', '<']) {
        return text.to_string();
    }
    // A word ends where a tag of HTML begins or ends.
    let text = match text.contains("</") || text.contains("<br") {
        true => text.replace('<', " <").replace('>', "> "),
        false => text.to_string(),
    };
    text.replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
        .replace("\\u0027", "'")
        .replace("\\/", "/")
}

/// How the beginning of an address looks in one that carries it as a parameter.
const ENCODED_ADDRESS: &str = "%3a%2f%2f";

/// A text whose addresses that were percent-encoded as a whole are written out.
fn decoded_addresses(text: &str) -> Cow<'_, str> {
    if !text.to_ascii_lowercase().contains(ENCODED_ADDRESS) {
        return Cow::Borrowed(text);
    }
    let is_whole = |word: &str| {
        let lower = word.to_ascii_lowercase();
        ["https", "http"].iter().any(|scheme| {
            lower
                .strip_prefix(scheme)
                .is_some_and(|rest| rest.starts_with(ENCODED_ADDRESS))
        })
    };
    let words = text.split_inclusive(char::is_whitespace);
    let decoded = words.map(|word| {
        let whole = is_whole(word) && !word.contains(['&', '=']);
        let mut pairs = form_urlencoded::parse(word.as_bytes());
        match pairs.next().filter(|_| whole) {
            Some((address, _)) => address,
            None => Cow::Borrowed(word),
        }
    });
    Cow::Owned(decoded.collect())
}
