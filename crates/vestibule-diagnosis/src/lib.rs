//! Why a token or a sign-in does not work, and what to change.
//!
//! Evidence in, findings out; no I/O, no clock. Whoever has evidence (the proxy, the program, an
//! API) puts it into the neutral types here, so that the same finding appears in the log, on a
//! page, in JSON and in a terminal.
//!
//! | family | evidence | judge |
//! |---|---|---|
//! | access tokens an API cannot use | [`token::TokenEvidence`] | [`token::judge`] |
//!
//! A [`Finding`] says what was seen, why it happens, and what to change where: a field of the
//! portal, a line of our configuration, an Apache directive. It never holds a token or a part of
//! one that could be used.
//!
//! ```
//! use vestibule_diagnosis::token::{TokenEvidence, judge};
//!
//! let mut evidence = TokenEvidence::of("EwB4A8l6BAAUO9chh8cJscQLmU");
//! evidence.route = Some("/foo".to_owned());
//! evidence.api = Some("9e59d98b-d747-4a9a-96fd-178f04d08b02".to_owned());
//!
//! let findings = judge(&evidence);
//! assert_eq!(findings[0].code, "VST-TOKEN-OPAQUE-PERSONAL");
//! assert_eq!(
//!     findings[0].change[0].line.as_deref(),
//!     Some("access_token = { scope = \"api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default\" }")
//! );
//! ```

mod finding;
pub mod token;

pub use finding::{Change, Confidence, Finding, Place, Severity};
