//! Sessions that browsers carry.

use crate::catalogue::{Case, Row};
use crate::cure::portal;
use crate::shown::shown;
use crate::{Change, Confidence, Evidence, Severity};

pub(super) const ROWS: &[Row] = &[Row {
    code: "VST-COOKIE-SESSION-LARGE",
    title: "a session too large for cookies",
    severity: Severity::Error,
    confidence: Confidence::Observed,
    source: "RFC 6265 §6.1; nginx: large_client_header_buffers, 8 KB",
    symptom: "Some people can't sign in and others can: mostly those in many groups.",
    cause: "With the cookie store the browser carries the whole session, and browsers and servers in front take only \
            so much. Claims and the refresh token have to be in it; what it could do without was left out already.",
    cure: "Keep sessions on the server, or have the provider put less into its tokens.",
    fault: None,
    explains: &[],
    judge: session_large,
}];

/// The most that can be set.
const MOST_BYTES: usize = 16 * 1024;

/// What of a limit is kept for other cookies.
const BESIDE_BYTES: usize = 1024;

fn session_large(evidence: &Evidence) -> Option<Case> {
    let carried = evidence.carried.as_ref()?;
    if carried.bytes <= carried.most_bytes {
        return None;
    }
    let parts: Vec<String> = carried
        .parts
        .iter()
        .map(|(name, bytes)| format!("{} {bytes}", shown(name)))
        .collect();
    let parts = match parts.is_empty() {
        true => String::new(),
        false => format!(
            " Its largest parts, in bytes as they came: {}.",
            parts.join(", ")
        ),
    };
    let case = Case::new(format!(
        "The session takes {} bytes of cookies, and may take {}.{parts}",
        carried.bytes, carried.most_bytes
    ))
    .change(
        Change::config(
            "session.store",
            "Keep sessions on the server: the cookie is then a short handle.",
        )
        .line("store = \"file:/var/lib/vestibule/sessions\""),
    );
    let case = match evidence.product().is_none_or(crate::evidence::Product::is_entra) {
        true => case.change(Change::portal(
            format!("{} > Edit groups claim", portal::TOKEN_CONFIGURATION),
            "If groups are the large part: choose \"Groups assigned to the application\", or use app roles.",
        )),
        false => case,
    };
    Some(match carried.bytes + BESIDE_BYTES <= MOST_BYTES {
        true => case.change(
            Change::config(
                "session.cookie_limit",
                "Or let cookies take more, if whatever is in front takes so large a header line.",
            )
            .line("cookie_limit = \"16KiB\""),
        ),
        false => case,
    })
}
