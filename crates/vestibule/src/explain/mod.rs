//! `vestibule explain`: what a token is and who can validate it, what a pasted error means, what becomes of a request.
//!
//! | step | module |
//! |---|---|
//! | where the text comes from, and whether it is a token | `input` |
//! | which API is to validate it | `expected` |
//! | keys, from a file or the network, only if asked | `keys` |
//! | each check of each API | `checks` |
//! | what it is, in data | `token`, `text`, `request` |
//! | one line that says it all | `verdict` |
//! | on paper, or as JSON | `page`, `report`, `schema` |
//!
//! No token is ever printed, and nothing is sent anywhere. Without `--online` and `--jwks URL` nothing is fetched.

mod checks;
mod expected;
mod failure;
mod input;
mod keys;
pub(crate) mod moment;
mod page;
mod report;
mod request;
#[cfg(test)]
pub(crate) mod schema;
mod text;
mod token;
mod value;
mod verdict;

#[cfg(test)]
mod tests;

use vestibule_diagnosis::evidence::{Role, Token};
use vestibule_diagnosis::text::MAX_BYTES;
use vestibule_diagnosis::{Evidence, diagnose};
use vestibule_oidc::access_token::clean;
use vestibule_oidc::time::UnixTime;

use self::checks::Api;
use self::expected::{Expected, Who};
use self::failure::Failure;
use self::input::{From, Given, Input};
use self::keys::Keys;
use self::report::{Report, Said, Subject};
use self::token::Validators;
use crate::cli::ExplainArgs;
use crate::clock::now;
use crate::exit::Exit;
use crate::output;
use crate::print::Sheet;

/// Runs the command.
pub(crate) fn run(arguments: &ExplainArgs) -> Exit {
    let now = arguments.now.map_or_else(now, UnixTime::from_secs);
    match explain(arguments, now) {
        Ok(report) => {
            match arguments.json {
                true => output::line(report.to_json()),
                false => {
                    let mut sheet = Sheet::for_output();
                    page::report(&mut sheet, &report);
                    output::text(&sheet.into_text());
                }
            }
            report.exit()
        }
        Err(failure) => failure.print(arguments.json),
    }
}

fn explain(arguments: &ExplainArgs, now: UnixTime) -> Result<Report, Failure> {
    if let Some(line) = &arguments.request {
        return request::explain(arguments, line, now);
    }
    let given = input::given(arguments)?;
    let who = expected::who(arguments)?;
    let mut report = of_given(arguments, &given, &who, now)?;
    if given.is_cut {
        say_cut(&mut report);
    }
    Ok(report)
}

fn of_given(
    arguments: &ExplainArgs,
    given: &Given,
    who: &Who,
    now: UnixTime,
) -> Result<Report, Failure> {
    match input::kind(&given.text) {
        Input::Token => {
            if given.from == From::Argument && !arguments.json {
                output::notice(
                    "note: the token stood on the command line, so it may be in the shell's history; \
                     `vestibule explain --file FILE` and a pipe leave none",
                );
            }
            let keys = keys::keys(arguments, &given.text)?;
            Ok(of_token(&given.text, who, keys.as_ref(), now))
        }
        Input::Text => Ok(of_text(&given.text, who, now)),
    }
}

/// What a token is, judged by each API.
fn of_token(text: &str, who: &Who, keys: Option<&Keys>, now: UnixTime) -> Report {
    let mut evidence = Evidence::of_token(text);
    evidence.now = Some(now);
    if let Some(keys) = keys {
        evidence.keys.clone_from(&keys.evidence);
        evidence.provider_time = keys.provider_time;
        evidence.metadata.clone_from(&keys.metadata);
    }
    let token = evidence.token.take().unwrap_or_else(|| Token::of(text));
    // An ID token is judged as one, unless the person says what API it is to be for.
    let is_id = !who.is_named && token.looks_like_id_token();
    let (role, expected) = match is_id {
        true => (Role::Id, &who.sign_ins),
        false if who.apis.is_empty() => (Role::Unknown, &who.apis),
        false => (Role::Access, &who.apis),
    };
    let mut token = token.role(role);
    let signature = checks::signature(&clean(text).text, &token, keys);
    let any = [match is_id {
        true => Expected::any_sign_in(),
        false => Expected::any(),
    }];
    let expected = match expected.as_slice() {
        [] => any.as_slice(),
        several => several,
    };
    let judged = expected
        .iter()
        .map(|api| (api, checks::of(&token, api, &signature, now)));
    let judged: Vec<_> = judged.collect();
    // The findings are about the API that takes it, or comes nearest.
    let nearest = judged.iter().min_by_key(|(_, checks)| checks.failing());
    if let Some((api, checks)) = nearest {
        token.verified = checks.verified(&signature);
        api.tell(&mut evidence);
    }
    evidence.id_token = is_id.then(|| token.clone());
    evidence.token = Some(token.clone());
    let findings = diagnose(&evidence);
    let mut details = token::describe(&token, now);
    details.keys = keys
        .map(|keys| keys.from.clone())
        .filter(|from| !from.is_empty());
    details.not_asked = keys.and_then(|keys| keys.not_asked.clone());
    details.verified = signature.outcome();
    // What this issuer's tokens are, the catalogue knows better than their form shows.
    if findings
        .iter()
        .any(|finding| finding.code == "VST-OKTA-ORG-SERVER")
    {
        details.validated_by = Validators::Issuer;
    }
    let (verdict, is_no) = verdict::of_token(&token, &details, &judged, &findings);
    // That it is no JWT was said.
    let says_more = |(api, checks): &(&Expected, Api)| !api.is_unknown() || checks.checks.len() > 1;
    let told = judged.into_iter().filter(says_more);
    details.apis = told.map(|(_, checks)| checks).collect();
    Report {
        subject: Subject::Token(Box::new(Said {
            verdict,
            is_no,
            details,
        })),
        findings,
        is_known: true,
    }
}

/// What a pasted text means.
fn of_text(text: &str, who: &Who, now: UnixTime) -> Report {
    let mut evidence = Evidence::of_text(text);
    evidence.now = Some(now);
    // What the text says was compared is what happened; the configuration says what is set now.
    let compared = evidence.api.take();
    let origin = evidence.settings.take();
    match (who.apis.as_slice(), who.sign_ins.first()) {
        ([only], _) => only.tell(&mut evidence),
        ([first, ..], _) => first.tell_settings(&mut evidence),
        ([], Some(sign_in)) => sign_in.tell_settings(&mut evidence),
        ([], None) => {}
    }
    evidence.api = compared.or_else(|| evidence.api.take());
    evidence.settings = evidence.settings.take().or(origin);
    let findings = diagnose(&evidence);
    let found = evidence.text.take().unwrap_or_default();
    let details = text::describe(&found, &evidence, now);
    Report {
        is_known: !findings.is_empty() || found.is_understood(),
        subject: Subject::Text(Box::new(Said {
            verdict: verdict::of_text(&details, &findings),
            is_no: false,
            details,
        })),
        findings,
    }
}

/// Says so where not all of it was read.
fn say_cut(report: &mut Report) {
    let verdict = match &mut report.subject {
        Subject::Token(said) => &mut said.verdict,
        Subject::Text(said) => &mut said.verdict,
        Subject::Request(_) => return,
    };
    verdict.push_str(&format!(
        " Only the first {} KiB of it were read.",
        MAX_BYTES >> 10
    ));
}
