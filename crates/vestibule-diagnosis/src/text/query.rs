//! Reads a callback's address or query, as people copy it from the browser or a log.

use url::form_urlencoded;

use super::Found;
use super::steps::looked_at;
use crate::evidence::{Callback, Parameter, ProviderError};

/// The parameters kept.
const MAX_PARAMETERS: usize = 32;

/// The names of errors that logs write in plain text.
const NAMES: [&str; 12] = [
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "invalid_client",
    "invalid_grant",
    "unsupported_grant_type",
    "invalid_target",
    "login_required",
    "consent_required",
    "interaction_required",
];
/// The longest description in plain text.
const MAX_DESCRIPTION_BYTES: usize = 512;

/// An error as logs write it: `invalid_grant: …`, or `"invalid_grant" "…"` as Go's `oauth2` does.
pub(super) fn plain(text: &str) -> Option<ProviderError> {
    text.lines().find_map(|line| {
        let (name, at) = NAMES
            .iter()
            .find_map(|name| Some((*name, line.find(name)?)))?;
        let before = line.get(..at)?.chars().next_back();
        let rest = line.get(at + name.len()..)?;
        // `…Exception: invalid_grant`, and no more.
        let ends = rest
            .trim_end_matches(['"', '\'', '.', ')', ' ', '\r'])
            .is_empty();
        let named = line
            .get(..at)?
            .trim_end_matches(['"', '\''])
            .ends_with(": ");
        if ends && named {
            return Some(ProviderError::new(name, None));
        }
        // Google's page: `Error 400: invalid_scope`, and what it says of that.
        let on_page = ["Error 400: ", "Error 401: ", "Error 403: "];
        if on_page
            .iter()
            .any(|words| line.get(..at).unwrap_or_default().ends_with(words))
        {
            let said = goes_on(rest);
            let said = Some(said.trim()).filter(|said| !said.is_empty());
            return Some(ProviderError::new(name, said));
        }
        let quoted = before == Some('"');
        let rest = match quoted {
            true => rest.strip_prefix("\" \"")?,
            false => {
                let alone = before.is_none_or(|char| {
                    !char.is_ascii_alphanumeric() && !matches!(char, '_' | '=' | '"')
                });
                rest.strip_prefix(": ").filter(|_| alone)?
            }
        };
        let end = match quoted {
            true => rest.find('"').unwrap_or(rest.len()),
            false => rest.len(),
        };
        let end = (0..=end.min(MAX_DESCRIPTION_BYTES))
            .rev()
            .find(|end| rest.is_char_boundary(*end))?;
        let description = rest.get(..end)?;
        let secret = description
            .split(|char: char| !super::run::is_run_char(char))
            .any(crate::shown::is_secret);
        (!secret && !description.is_empty()).then(|| ProviderError::new(name, Some(description)))
    })
}

/// `word` is a part of the text without white space, `behind` is what follows it.
pub(super) fn read(word: &str, behind: &str, found: &mut Found) {
    if found.callback.is_some() || !(word.contains("error=") || word.contains("state=")) {
        return;
    }
    let (address, query, in_fragment) = match word.find(['?', '#']) {
        Some(mark) => {
            let (address, query) = word.split_at(mark);
            let fragment = query.rsplit_once('#').map(|(_, fragment)| fragment);
            match fragment.filter(|fragment| fragment.contains('=')) {
                Some(fragment) => (address, fragment, true),
                None => (address, query.trim_start_matches('?'), false),
            }
        }
        None => ("", word, false),
    };
    let query = query.split('#').next().unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .take(MAX_PARAMETERS)
        .collect();
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.to_string())
    };
    let is_request = value("response_type").is_some() || value("redirect_uri").is_some();
    // In a log a comma ends the value, and there is no address.
    let is_log = address.is_empty() && word.ends_with(',');
    let error = value("error")
        .map(|error| error.trim_end_matches(',').to_owned())
        .filter(|error| !error.is_empty());
    if is_request || (error.is_none() && (value("state").is_none() || value("code").is_none())) {
        return;
    }
    if let Some(error) = error
        && found.error.is_none()
    {
        let described = match described(query, behind) {
            None if is_log => beside(behind),
            described => described,
        };
        let mut error = ProviderError::new(error, described.as_deref());
        error.suberror = value("error_subcode").or_else(|| value("suberror"));
        found.error = Some(error);
    }
    if is_log {
        return;
    }
    let parameters = pairs.iter().map(|(name, value)| {
        Parameter::new(name.chars().take(64).collect::<String>(), value.len())
    });
    found.callback = Some(Callback {
        url: (!address.is_empty()).then(|| address.to_owned()),
        in_fragment,
        parameters: parameters.collect(),
        ..Callback::default()
    });
}

/// The description in a query. Its value goes on behind the word it begins in: to the next white space where it is
/// escaped, though brackets may not be; to the end of the line where it is not.
fn described(query: &str, behind: &str) -> Option<String> {
    const NAME: &str = "error_description=";
    let decoded = |value: &str| {
        let pair = format!("{NAME}{value}");
        let mut pairs = form_urlencoded::parse(pair.as_bytes());
        pairs.next().map(|(_, value)| value.into_owned())
    };
    let mut pairs = query.split('&').peekable();
    while let Some(pair) = pairs.next() {
        let Some(value) = pair.strip_prefix(NAME) else {
            continue;
        };
        if pairs.peek().is_some() {
            return decoded(value);
        }
        let ends = |char: char| char.is_whitespace() || matches!(char, '"' | '<' | '>' | '&' | '`');
        let rest = behind.split(ends).next().unwrap_or_default();
        return match value.contains(['%', '+']) {
            true => decoded(&format!("{value}{rest}")),
            false => Some(format!("{value}{}", goes_on(behind))),
        };
    }
    None
}

/// The rest of a description that was written without escapes: `error_description=the user denied`. It ends with its
/// line, at a quotation mark, and where another value or the end of a request line begins.
fn goes_on(behind: &str) -> String {
    let line = behind.lines().next().unwrap_or_default();
    looked_at(line.len());
    let ends = |char: char| matches!(char, '"' | '<' | '>' | '&' | '`');
    let line = line.split(ends).next().unwrap_or_default();
    let mut said = String::new();
    for word in line.split_whitespace() {
        let secret = word
            .split(|char: char| !super::run::is_run_char(char))
            .any(crate::shown::is_secret);
        let other = word.contains('=') || word.starts_with("HTTP/");
        if secret || other || said.len() + word.len() > MAX_DESCRIPTION_BYTES {
            break;
        }
        said.push(' ');
        said.push_str(word);
    }
    said.trim_end_matches(',').to_owned()
}

/// The description beside an error in a log: `error=access_denied, error_description=the user denied`.
fn beside(behind: &str) -> Option<String> {
    let line = behind.lines().next()?;
    looked_at(line.len());
    let (_, said) = line.split_once("error_description=")?;
    let said = goes_on(said.trim_start_matches(['"', '\'']));
    Some(said.trim().to_owned()).filter(|said| !said.is_empty())
}
