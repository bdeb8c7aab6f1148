//! Sets a report for people: the verdict, the findings with cause and cure, then the details.

use vestibule_diagnosis::Severity;

use super::checks::{Api, Outcome};
use super::moment::Moment;
use super::report::{Report, Subject};
use super::request;
use super::text::TextDetails;
use super::token::TokenDetails;
use crate::print::{Ink, Sheet, findings};

/// Where the values of details begin.
const INDENT: usize = 16;

/// The whole of it.
pub(super) fn report(sheet: &mut Sheet, report: &Report) {
    let ink = match (report.severity(), report.is_known) {
        (Some(Severity::Error), _) => Ink::Red,
        (Some(Severity::Warning), _) => Ink::Yellow,
        (_, true) => Ink::Green,
        (_, false) => Ink::Strong,
    };
    sheet.inked(ink, report.subject.verdict());
    findings(sheet, &report.findings);
    match &report.subject {
        Subject::Token(said) => {
            sheet.blank();
            token(sheet, &said.details);
        }
        Subject::Text(said) => text(sheet, &said.details),
        Subject::Request(said) => {
            sheet.blank();
            request::page(sheet, &said.details);
        }
    }
}

/// One detail; nothing where there is nothing to say.
pub(super) fn detail(sheet: &mut Sheet, label: &str, value: &str) {
    if !value.is_empty() {
        sheet.hanging(0, label, Ink::Blue, INDENT, value);
    }
}

fn optional(sheet: &mut Sheet, label: &str, value: Option<&String>) {
    detail(sheet, label, value.map_or("", String::as_str));
}

fn token(sheet: &mut Sheet, token: &TokenDetails) {
    optional(sheet, "not asked", token.not_asked.as_ref());
    detail(sheet, "what", &token.what);
    detail(sheet, "validated by", token.validated_by.words());
    optional(sheet, "issued by", token.issuer.as_ref());
    detail(sheet, "for", &token.audiences.join(", "));
    optional(sheet, "to the app", token.client.as_ref());
    optional(sheet, "tenant", token.tenant.as_ref());
    optional(sheet, "version", token.version.as_ref());
    detail(sheet, "scopes", &token.scopes.join(" "));
    detail(sheet, "roles", &token.roles.join(", "));
    if let Some(groups) = token.groups {
        detail(sheet, "groups", &groups.to_string());
    }
    moment(sheet, "issued", token.issued_at.as_ref());
    moment(sheet, "valid from", token.not_before.as_ref());
    moment(sheet, "expires", token.expires_at.as_ref());
    let signed = match (&token.algorithm, &token.key_id) {
        (Some(algorithm), Some(key)) => format!("{algorithm} with key {key}"),
        (Some(algorithm), None) => algorithm.clone(),
        _ => String::new(),
    };
    detail(sheet, "signed", &signed);
    if let (Some(verified), Some(keys)) = (token.verified, &token.keys) {
        let said = match verified {
            true => format!("yes, with the keys of {keys}"),
            false => format!("no, not with the keys of {keys}"),
        };
        detail(sheet, "verified", &said);
    }
    if !token.person.is_empty() {
        let names = token.person.iter().map(|name| format!("`{name}`"));
        let names = names.collect::<Vec<_>>().join(" and ");
        detail(
            sheet,
            "the person",
            &format!("known by {names} together; names and addresses can change"),
        );
    }
    detail(sheet, "claims", &token.claims.join(", "));
    detail(sheet, "length", &format!("{} bytes", token.length));
    for api in &token.apis {
        checks(sheet, api);
    }
}

fn moment(sheet: &mut Sheet, label: &str, moment: Option<&Moment>) {
    if let Some(moment) = moment {
        detail(
            sheet,
            label,
            &format!("{}, {}", moment.relative, moment.utc),
        );
    }
}

fn checks(sheet: &mut Sheet, api: &Api) {
    sheet.blank();
    sheet.inked(Ink::Strong, &format!("What {} checks", api.name));
    for check in &api.checks {
        let (word, ink) = match check.outcome {
            Outcome::Passes => ("passes", Ink::Green),
            Outcome::Fails => ("fails", Ink::Red),
            Outcome::NotChecked => ("not checked", Ink::Plain),
        };
        let mut said = format!("{}:", check.check);
        for part in [&check.found, &check.expected].into_iter().flatten() {
            let joint = match said.ends_with(':') {
                true => " ",
                false => "; accepted is ",
            };
            said.push_str(joint);
            said.push_str(part);
            // What passes needs no second word.
            if check.outcome == Outcome::Passes {
                break;
            }
        }
        sheet.hanging(2, word, ink, INDENT, &said);
        if let Some(setting) = check.setting {
            let lead = match check.outcome {
                Outcome::Fails => "what moves it: ",
                _ => "to check it, ",
            };
            sheet.paragraph(INDENT + 2, &format!("{lead}{setting}"));
        }
    }
}

fn text(sheet: &mut Sheet, found: &TextDetails) {
    sheet.blank();
    detail(sheet, "codes", &found.codes.join(", "));
    detail(sheet, "mentioned", &found.mentioned.join(", "));
    for own in &found.own_errors {
        detail(sheet, "our code", own.code);
        detail(sheet, "it means", own.is.meaning);
        detail(sheet, "what to do", own.is.cure);
    }
    optional(sheet, "error", found.error.as_ref());
    optional(sheet, "description", found.description.as_ref());
    detail(sheet, "callback with", &found.callback.join(", "));
    detail(sheet, "answer with", &found.answer.join(", "));
    optional(sheet, "correlation id", found.correlation_id.as_ref());
    optional(sheet, "trace id", found.trace_id.as_ref());
    optional(sheet, "when", found.timestamp.as_ref());
    detail(sheet, "addresses", &found.addresses.join(" "));
    detail(sheet, "ids", &found.ids.join(" "));
    for one in &found.tokens {
        sheet.blank();
        token(sheet, one);
    }
}
