//! What the sign-in library of a page reports: windows that don't open, and sign-ins in each other's way.

use crate::catalogue::{Case, Row};
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-BROWSER-POPUP",
        title: "the window to sign in does not open",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "what MSAL.js writes, and public reports of it",
        symptom: "The console says `BrowserAuthError: popup_window_error`, or `empty_window_error`.",
        cause: "Browsers open a window for a page only right after a click. Later, or in an app's built-in browser, \
                they block it.",
        cure: "Open it in the handler of the click itself, or go to the provider in the whole window.",
        fault: None,
        explains: &[],
        judge: popup,
    },
    Row {
        code: "VST-BROWSER-SIGN-IN-UNDER-WAY",
        title: "a page starts a sign-in while another is under way",
        severity: Severity::Error,
        confidence: Confidence::Observed,
        source: "what MSAL.js writes, and public reports of it",
        symptom: "The console says `BrowserAuthError: interaction_in_progress`.",
        cause: "The library notes in the browser's session storage that a sign-in began, and starts no other. The note \
                stays where a page starts two at once, or does not hear of the end of the first.",
        cure: "Wait for the library to finish when the page loads, and start a sign-in in one place.",
        fault: None,
        explains: &[],
        judge: under_way,
    },
];

fn popup(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::NoPopup).then(|| {
        Case::new("The page's sign-in library could open no window.")
            .change(Change::api(
                "the page's sign-in",
                "Call `loginPopup` in the click's handler, with nothing awaited before it; or use `loginRedirect`.",
            ))
            .change(Change::environment(
                "browser",
                "Let this site open windows, to see whether it was that.",
            ))
    })
}

fn under_way(evidence: &Evidence) -> Option<Case> {
    evidence.heard(Saying::SignInUnderWay).then(|| {
        Case::new("The page's sign-in library says that a sign-in is under way already.")
            .change(Change::api(
                "the page's sign-in",
                "Await `handleRedirectPromise` on every load, the redirect URI's page included, before anything else; \
                 start a sign-in in one place, and not twice from an effect that runs twice.",
            ))
            .change(Change::environment(
                "browser",
                "Close the tab and open the site anew: the note of the old sign-in goes with it.",
            ))
    })
}
