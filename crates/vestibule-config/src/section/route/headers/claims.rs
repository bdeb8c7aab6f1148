//! How the headers of claims are written: the options beside a preset.

use std::str::FromStr;

use super::super::{HeaderEncoding, HeaderPreset, HeaderSettings, IdTokenForm, UserinfoForm};
use super::{RESERVED, fold};
use crate::apache::SourceVersion;
use crate::read::{Item, Reader};
use crate::section::rule::is_token_byte;

/// What no request to an app can do without. A prefix that takes one of them away breaks every app.
const NEEDED: &[&str] = &["accept", "authorization", "cookie", "contenttype", "origin"];

/// What browsers send too. A prefix that takes one of these away can be meant.
const ORDINARY: &[&str] = &[
    "acceptencoding",
    "acceptlanguage",
    "cachecontrol",
    "ifmodifiedsince",
    "ifnonematch",
    "lasteventid",
    "range",
    "referer",
    "secfetchsite",
    "useragent",
    "xcsrftoken",
    "xrequestedwith",
];

/// The header of every client that a prefix takes away, so that it can't be one.
pub(crate) fn takes_away(prefix: &str) -> Option<&'static str> {
    let folded = fold(prefix);
    if folded.is_empty() {
        return None;
    }
    NEEDED
        .iter()
        .copied()
        .find(|name| name.starts_with(&folded))
}

/// `json` tells whether a header is user info as JSON, which the selection of claims concerns too.
pub(super) fn read(table: &Reader<'_>, json: bool, into: &mut HeaderSettings) {
    let is_module = into.preset == Some(HeaderPreset::ModAuthOpenidc);
    let of_module = |name: &str, also: bool| {
        let item = table.item(name)?;
        if is_module || also {
            return Some(item);
        }
        item.error(
            format!(
                "`{name}` is for the headers of mod_auth_openidc, which this route does not set"
            ),
            "write preset = \"mod_auth_openidc\" beside it, or take it out",
        );
        None
    };
    into.version = table.item("version").and_then(|item| version(&item));
    into.encoding = table.choice("encoding").map(|word| match word {
        "latin1" => HeaderEncoding::Latin1,
        "base64url" => HeaderEncoding::Base64Url,
        _ => HeaderEncoding::Utf8,
    });
    into.delimiter = table.item("delimiter").and_then(|item| delimiter(&item));
    into.danger_plain_lists = table.flag("danger_plain_lists");
    into.id_token = of_module("id_token", false).map(|item| {
        forms(&item, |word| match word {
            "claims" => Some(IdTokenForm::Claims),
            "payload" => Some(IdTokenForm::Payload),
            "serialized" => Some(IdTokenForm::Serialized),
            _ => None,
        })
    });
    into.userinfo = of_module("userinfo", false).map(|item| {
        forms(&item, |word| match word {
            "claims" => Some(UserinfoForm::Claims),
            "json" => Some(UserinfoForm::Json),
            "jwt" => Some(UserinfoForm::Jwt),
            _ => None,
        })
    });
    let names = |item: Item<'_>| -> Vec<String> {
        let items = item.items();
        let names = items.iter().filter_map(Item::filled_text);
        names.map(str::to_owned).collect()
    };
    into.only_claims = of_module("only_claims", json).map(names);
    into.without_claims = of_module("without_claims", json)
        .map(names)
        .unwrap_or_default();
    into.danger_refresh_token = of_module("danger_refresh_token", false)
        .and_then(|item| item.flag())
        .unwrap_or_default();
    into.prefix = of_module("prefix", false).and_then(|item| prefix(&item, into));
}

/// The forms that are named; `none` is none, and alone.
fn forms<F>(item: &Item<'_>, form: impl Fn(&str) -> Option<F>) -> Vec<F> {
    let items = item.items();
    let words: Vec<&str> = items.iter().filter_map(Item::choice).collect();
    if words.contains(&"none") && words.len() > 1 {
        item.error(
            "`none` stands beside another form",
            "write \"none\" alone, or leave it out",
        );
    }
    words.into_iter().filter_map(form).collect()
}

fn version(item: &Item<'_>) -> Option<SourceVersion> {
    let text = item.filled_text()?;
    let version = SourceVersion::from_str(text).ok();
    if version.is_none() {
        item.error(
            format!(
                "\"{}\" is no version of mod_auth_openidc",
                crate::read::short(text)
            ),
            "write it like \"2.4.12.3\"; `dpkg -s libapache2-mod-auth-openidc` tells it on Debian",
        );
    }
    version
}

fn delimiter(item: &Item<'_>) -> Option<String> {
    let Some(text) = item.as_str() else {
        item.wrong_type();
        return None;
    };
    if text.is_empty() || text.len() > 16 || text.chars().any(char::is_control) {
        item.error(
            "this can't stand between the elements of a list",
            "write one character or a few, like \";\"",
        );
        return None;
    }
    Some(text.to_owned())
}

fn prefix(item: &Item<'_>, headers: &HeaderSettings) -> Option<String> {
    let Some(text) = item.as_str() else {
        item.wrong_type();
        return None;
    };
    if text.len() > 64 || !text.bytes().all(is_token_byte) {
        item.error(
            "the name of a header can't begin so",
            "use letters, digits, _ and -, like \"OIDC_CLAIM_\"",
        );
        return None;
    }
    let folded = fold(text);
    if folded.is_empty() {
        return without_prefix(item, text, headers);
    }
    if let Some(taken) = takes_away(text) {
        item.error(
            format!(
                "whatever clients send under a name that begins so is removed, and `{taken}` is one"
            ),
            "choose a prefix that no ordinary header has, like \"OIDC_CLAIM_\"",
        );
        return None;
    }
    if let Some(taken) = ORDINARY.iter().find(|name| name.starts_with(&folded)) {
        item.warning(
            format!("whatever clients send under a name that begins so is removed, and `{taken}` is one"),
            "choose a longer prefix if the upstream needs it; letter case and -_. make no difference",
        );
    }
    Some(text.to_owned())
}

/// Names of claims alone: only those that are known beforehand can be kept from clients.
fn without_prefix(item: &Item<'_>, text: &str, headers: &HeaderSettings) -> Option<String> {
    let Some(only) = &headers.only_claims else {
        item.error(
            "with no prefix every header of a client could be a claim",
            "name the claims beside it: only_claims = [\"sub\", \"email\"]",
        );
        return None;
    };
    let known = |claim: &&String| {
        let folded = fold(claim);
        folded.is_empty()
            || RESERVED.contains(&folded.as_str())
            || NEEDED.contains(&folded.as_str())
            || ORDINARY.contains(&folded.as_str())
    };
    if let Some(claim) = only.iter().find(known) {
        item.error(
            format!(
                "with no prefix the claim `{claim}` would be a header of HTTP or of every client"
            ),
            "write a prefix, like \"OIDC_CLAIM_\", or leave this claim out of `only_claims`",
        );
        return None;
    }
    Some(text.to_owned())
}
