//! One sample of each page: what templates are tried with when they are loaded.

use super::{Link, Page, PageChange, PageFinding, WrittenBy};
use crate::incident::IncidentId;

/// Every page once, with every list filled and every option given.
pub(super) fn pages() -> Vec<Page> {
    let incident = IncidentId::from_entropy([0; 10]);
    let link = || Link {
        label: "Start again".to_owned(),
        href: "/".to_owned(),
    };
    vec![
        Page::Choice {
            providers: vec![link()],
        },
        Page::SignOut {
            name: Some("Ada".to_owned()),
            at_provider: Some("Example".to_owned()),
            action: "/.vestibule/sign-out".to_owned(),
            everywhere: Some("everywhere".to_owned()),
            back: "/".to_owned(),
            cross_site: true,
            plain_http: false,
        },
        Page::SignedOut {
            sign_in: "/.vestibule/sign-in".to_owned(),
            provider_session_may_live: true,
        },
        Page::SendAgain {
            action: "/".to_owned(),
            fields: vec![("text".to_owned(), "a\nb".to_owned())],
            written_by: WrittenBy::SomebodyElse,
            plain_http: false,
        },
        Page::SendAgain {
            action: "/".to_owned(),
            fields: Vec::new(),
            written_by: WrittenBy::NobodyKnows,
            plain_http: false,
        },
        Page::SendAgain {
            action: "/".to_owned(),
            fields: Vec::new(),
            written_by: WrittenBy::You,
            plain_http: false,
        },
        Page::Error {
            title: "Sign-in failed".to_owned(),
            message: "The sign-in could not be finished.".to_owned(),
            detail: Some("access_denied".to_owned()),
            findings: vec![finding()],
            actions: vec![link(), link()],
            code: "sample",
            incident,
        },
        Page::NotAllowed {
            name: Some("Ada".to_owned()),
            sign_in: "/.vestibule/sign-in".to_owned(),
            code: "sample",
            incident,
        },
        Page::Unavailable {
            message: "The identity provider does not answer.".to_owned(),
            findings: vec![finding()],
            retry: "/".to_owned(),
            code: "sample",
            incident,
        },
    ]
}

fn finding() -> PageFinding {
    PageFinding {
        code: "SAMPLE",
        title: "Title".to_owned(),
        seen: "Seen `it`.".to_owned(),
        cause: "Cause.".to_owned(),
        changes: vec![PageChange {
            place: "In vestibule.toml",
            name: "key".to_owned(),
            text: "Write".to_owned(),
            line: Some("key = 1".to_owned()),
        }],
    }
}
