//! Decides the first sentence: what it is, and whether the API can validate it.

use vestibule_diagnosis::evidence::{Role, Token};
use vestibule_diagnosis::{Finding, Severity, catalogue};
use vestibule_oidc::access_token::TokenShape;

use super::checks::Api;
use super::expected::Expected;
use super::text::TextDetails;
use super::token::{TokenDetails, Validators};

/// The verdict on a token, and whether it is no.
pub(super) fn of_token(
    token: &Token,
    details: &TokenDetails,
    judged: &[(&Expected, Api)],
    findings: &[Finding],
) -> (String, bool) {
    let is = format!("This is {}.", details.what);
    let named: Vec<_> = judged.iter().filter(|(api, _)| !api.is_unknown()).collect();
    match (details.validated_by, &token.shape) {
        (Validators::Anybody, _) => {}
        (Validators::MicrosoftGraph, _) => {
            return (
                format!("{is} Your API cannot validate it: only Microsoft Graph can."),
                true,
            );
        }
        (Validators::Recipient, _) => {
            return (
                format!("{is} Only who has the key it is encrypted for can read it."),
                true,
            );
        }
        (Validators::Issuer, TokenShape::EntraCodeOrRefreshToken) => {
            return (
                format!("{is} No API can use it, and no API must get it."),
                true,
            );
        }
        (Validators::Issuer, _) => {
            let is_no = is_error(findings) || !named.is_empty();
            return (
                format!("{is} It is not a JWT: no API can validate it, only its issuer can."),
                is_no,
            );
        }
        (Validators::Nobody, _) => return (format!("{is} No API can validate it."), true),
    }
    let nearest = named.iter().min_by_key(|(_, checks)| checks.failing());
    match nearest {
        Some((api, checks)) => {
            let expires = token.number("exp").is_some();
            let (said, is_no) = by_checks(api, checks, named.len(), expires);
            (format!("{is} {said}"), is_no)
        }
        None => of_nobody(&is, token, details, judged, findings),
    }
}

/// The verdict of the API that comes nearest.
fn by_checks(api: &Expected, checks: &Api, apis: usize, expires: bool) -> (String, bool) {
    let name = capital(&api.name);
    let failing: Vec<_> = checks.failures().map(|check| check.check).collect();
    let open: Vec<_> = checks.not_made().map(|check| check.check).collect();
    match (failing.as_slice(), open.as_slice()) {
        ([], []) => (format!("{name} accepts it: every check passes."), false),
        ([], open) => (
            format!(
                "{name} accepts it as far as was checked; not checked: {}.",
                and(open)
            ),
            false,
        ),
        (["expiry"], _) if expires => (
            format!(
                "It has expired; apart from that, {} would accept it.",
                api.name
            ),
            true,
        ),
        (failing, _) => {
            let checks = match failing.len() {
                1 => "check",
                _ => "checks",
            };
            let fail = match failing.len() {
                1 => "fails",
                _ => "fail",
            };
            let why = format!("the {checks} of its {} {fail}", and(failing));
            match apis {
                1 => (format!("{name} refuses it: {why}."), true),
                _ => (
                    format!(
                        "No API of the configuration accepts it; nearest is {}: {why}.",
                        api.name
                    ),
                    true,
                ),
            }
        }
    }
}

/// The verdict where no API is known.
fn of_nobody(
    is: &str,
    token: &Token,
    details: &TokenDetails,
    judged: &[(&Expected, Api)],
    findings: &[Finding],
) -> (String, bool) {
    let failing: Vec<_> = judged
        .iter()
        .flat_map(|(_, checks)| checks.failures())
        .map(|check| check.check)
        .collect();
    match failing.as_slice() {
        [] => {}
        ["expiry"] if token.number("exp").is_some() => {
            return (format!("{is} It has expired."), true);
        }
        failing => {
            return (
                format!("{is} Every API refuses it: its {} is wrong.", and(failing)),
                true,
            );
        }
    }
    let said = match (token.role, is_error(findings)) {
        (_, true) => "Something is wrong with it, see below.",
        (Role::Id, false) => {
            "It tells the app who signed in; an API takes an access token instead."
        }
        (_, false) => "Which API accepts it, its audience and issuer decide.",
    };
    let issuer = details.issuer.as_deref().unwrap_or("its issuer");
    (
        format!("{is} Anybody with the keys of {issuer} can validate it. {said}"),
        false,
    )
}

/// The verdict on a text.
pub(super) fn of_text(details: &TextDetails, findings: &[Finding]) -> String {
    if let Some(finding) = findings.first() {
        let title = catalogue::row(finding.code).map_or("", |row| row.title);
        let codes = match details.codes.as_slice() {
            [] => String::new(),
            codes => format!("{}: ", codes.join(", ")),
        };
        return format!("{codes}{title}.");
    }
    if let Some(code) = details.codes.first() {
        format!("The code {code} is known, and nothing in the text says more about it.")
    } else if let Some(error) = &details.error {
        format!("The provider said `{error}`; that is in no part of the catalogue.")
    } else if let [token, ..] = details.tokens.as_slice() {
        format!(
            "There is {} in the text, and nothing is wrong with it as far as it shows.",
            token.what
        )
    } else if !details.callback.is_empty() {
        "This is a callback's address, with nothing wrong in it.".to_owned()
    } else if !details.answer.is_empty() {
        "This is an answer of a token endpoint, with nothing wrong in it.".to_owned()
    } else {
        "Nothing in this text is known: no error code, no token, no callback, no answer of a provider.".to_owned()
    }
}

fn is_error(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}

fn and(words: &[&str]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
