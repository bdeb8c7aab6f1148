//! A person signs in through a proxy, without a browser; what is left is her cookies.

use std::panic::{AssertUnwindSafe, catch_unwind};

use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::http::{Address, Reply, Request};
use vestibule_e2e::person::Person;

use super::Provider;
use crate::problem::{Outcome, Problem};

/// Redirects on one side before something is wrong.
const REDIRECTS: usize = 8;

/// Goes to `url`, signs in at the provider, comes back, and gives the `Cookie` field for `url`.
///
/// It stops at the callback's answer: the application behind the proxy is this very thread, and
/// cannot answer meanwhile.
pub(crate) fn sign_in(url: &str, provider: &str, trust: Option<&Certificate>) -> Outcome<String> {
    // The harness of the end-to-end tests panics where a test would fail.
    let walked = catch_unwind(AssertUnwindSafe(|| walk(url, provider, trust)));
    walked.unwrap_or_else(|_| Err(Problem::new("signing in failed; the line above says how")))
}

fn walk(url: &str, provider: &str, trust: Option<&Certificate>) -> Outcome<String> {
    let mut person = Person::new();
    person.trust = trust.cloned();
    let mut reply = person.visit(url);
    let mut authorize = None;
    for _ in 0..REDIRECTS {
        let next = location(&reply)?;
        if next.starts_with(provider) {
            authorize = Some(next);
            break;
        }
        reply = person.visit(&next);
    }
    let authorize = authorize.ok_or_else(|| Problem::new("nothing leads to the provider"))?;
    let form = format!("account={}", Provider::ACCOUNT);
    let choice = Request::new("POST", &authorize)
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = person.send(choice);
    let callback = location(&answer)?;
    let back = person.visit(&callback);
    if back.status >= 400 {
        let what = format!("the callback was answered {}: {}", back.status, back.text());
        return Err(Problem::new(what));
    }
    person
        .jar
        .field(url)
        .ok_or_else(|| Problem::new("there is no cookie after signing in"))
}

fn location(reply: &Reply) -> Outcome<String> {
    match reply.field("location") {
        Some(location) if (300..400).contains(&reply.status) => {
            Ok(Address::parse(&reply.url).join(location))
        }
        _ => {
            let text: String = reply.text().chars().take(400).collect();
            let what = format!("{} was answered {}: {text}", reply.url, reply.status);
            Err(Problem::new(what))
        }
    }
}
