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
    if token.other_kind().is_some() {
        return (format!("{is} No API can use it as an access token."), true);
    }
    match (details.validated_by, &token.shape) {
        (Validators::Anybody | Validators::SharedSecret, _) => {}
        (Validators::Microsoft, _) if is_error(findings) => {
            return (
                format!("{is} Your API cannot validate it: it is for that API alone."),
                true,
            );
        }
        (Validators::Microsoft, _) => {}
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
        (Validators::Issuer, _)
            if token.is_refresh_token()
                || matches!(
                    token.shape,
                    TokenShape::EntraCodeOrRefreshToken | TokenShape::PersonalCodeOrRefreshToken
                ) =>
        {
            return (
                format!("{is} No API can use it, and no API must get it."),
                true,
            );
        }
        (Validators::Issuer, TokenShape::Jwt { .. }) => {
            return (
                format!("{is} Only its issuer can validate it; your API cannot."),
                true,
            );
        }
        (Validators::Issuer, _) => {
            let is_no = is_error(findings) || !named.is_empty();
            return (
                format!("{is} It is not a JWT: no API can validate it by itself."),
                is_no,
            );
        }
        (Validators::Addressee, _) => return (format!("{is} No API can validate it."), true),
        (Validators::Nobody, TokenShape::EntraClientSecret) => {
            return (
                format!("{is} It belongs with the app and its provider alone."),
                true,
            );
        }
        (Validators::Nobody, TokenShape::Jwt { .. }) => {
            return (
                format!("{is} It was cut off: no API can validate it."),
                true,
            );
        }
        (Validators::Nobody, _) => return (format!("{is} No API can validate it."), true),
    }
    let nearest = named.iter().min_by_key(|(_, checks)| checks.failing());
    match nearest {
        Some((api, checks)) => {
            let expires = token.number("exp").is_some();
            let (said, is_no) = by_checks(api, checks, named.len(), expires, findings);
            (format!("{is} {said}"), is_no)
        }
        None => of_nobody(&is, token, details, judged, findings),
    }
}

/// The verdict of the API that comes nearest.
fn by_checks(
    api: &Expected,
    checks: &Api,
    apis: usize,
    expires: bool,
    findings: &[Finding],
) -> (String, bool) {
    let name = capital(&api.name);
    let failing: Vec<_> = checks.failures().map(|check| check.check).collect();
    let open: Vec<_> = checks.not_made().map(|check| check.check).collect();
    match (failing.as_slice(), open.as_slice()) {
        ([], _) if is_error(findings) => (
            format!(
                "The checks of {} pass as far as they were made, but something is wrong: {}.",
                api.name,
                title(findings)
            ),
            true,
        ),
        ([], []) => (format!("{name} accepts it: every check passes."), false),
        ([], open) if open.contains(&"audience") => (
            format!(
                "Whether {} accepts it is open: for whom it is was not compared. Not checked: {}.",
                api.name,
                and(open)
            ),
            false,
        ),
        ([], open) => (
            format!(
                "{name} accepts it as far as was checked; not checked: {}.",
                and(open)
            ),
            false,
        ),
        (["expiry"], open) if expires && open.contains(&"audience") => (
            format!(
                "It has expired; and for whom it is was not compared with {}.",
                api.name
            ),
            true,
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
        _ if is_error(findings) && !is_first(findings, "VST-TIME-EXPIRED") => {}
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
    // Who can validate what is right does not matter where it is wrong.
    if is_error(findings) {
        return (
            format!("{is} Something is wrong with it: {}.", title(findings)),
            true,
        );
    }
    if details.validated_by == Validators::SharedSecret {
        return (
            format!("{is} Only who has the secret it was signed with can validate it."),
            false,
        );
    }
    let said = match token.role {
        Role::Id => "It tells the app who signed in; an API takes an access token instead.",
        _ => "Which API accepts it, its audience and issuer decide.",
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
        let title = row_title(finding);
        return match (details.codes.as_slice(), details.mentioned.as_slice()) {
            ([], mentioned @ [_, ..]) if finding.severity == Severity::Info => format!(
                "The text mentions {}, and does not show that it happened. It stands for: {title}.",
                and(&mentioned.iter().map(String::as_str).collect::<Vec<_>>())
            ),
            ([], _) => format!("{}.", capital(title)),
            (codes, _) => format!("{}: {title}.", codes.join(", ")),
        };
    }
    if let Some(own) = details.own_errors.first() {
        format!("`{}`: {}", own.code, own.is.meaning)
    } else if let Some(code) = details.codes.first().or(details.mentioned.first()) {
        format!("{code} has no page in this catalogue; nothing else in the text is known.")
    } else if let Some(error) = &details.error {
        format!("The text has the error `{error}`, which is in no part of this catalogue.")
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

/// Whether the first finding is this one.
fn is_first(findings: &[Finding], code: &str) -> bool {
    findings.first().is_some_and(|finding| finding.code == code)
}

/// What the worst of them is called; the root cause if it is one.
fn title(findings: &[Finding]) -> &'static str {
    let errors = |finding: &&Finding| finding.severity == Severity::Error;
    findings.iter().find(errors).map_or("", row_title)
}

fn row_title(finding: &Finding) -> &'static str {
    catalogue::row(finding.code).map_or("", |row| row.title)
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
