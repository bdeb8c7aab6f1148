//! Why a token or a sign-in does not work, and what to change.
//!
//! Evidence in, findings out; no I/O, no clock. Whoever has evidence (the proxy, the program, an
//! API) puts it into the neutral types of [`evidence`], so that the same finding appears in the log,
//! on a page, in JSON and in a terminal.
//!
//! | step | module |
//! |---|---|
//! | put what is known into [`Evidence`] | [`evidence`] |
//! | find what there is in pasted text | [`text`] |
//! | ask every row, leave out echoes | [`diagnose()`] |
//! | look a code up, list them all | [`catalogue`] |
//! | what the codes of our own error answers mean | [`error_code`] |
//!
//! A [`Finding`] says what was seen, why it happens, and what to change where: a field of the
//! portal, a line of our configuration, an Apache directive. It never holds a token or a part of
//! one that could be used.
//!
//! ```
//! use vestibule_diagnosis::evidence::Api;
//! use vestibule_diagnosis::{Evidence, diagnose};
//!
//! let mut evidence = Evidence::of_token("EwB4A8l6BAAUO9chh8cJscQLmU");
//! let mut api = Api::default();
//! api.name = Some("9e59d98b-d747-4a9a-96fd-178f04d08b02".to_owned());
//! evidence.api = Some(api);
//! evidence.route = Some("/foo".to_owned());
//!
//! let findings = diagnose(&evidence);
//! assert_eq!(findings[0].code, "VST-TOKEN-OPAQUE-PERSONAL");
//! assert_eq!(
//!     findings[0].change[0].line.as_deref(),
//!     Some("access_token = { scope = \"api://9e59d98b-d747-4a9a-96fd-178f04d08b02/.default\" }")
//! );
//! ```

pub mod catalogue;
mod cure;
mod diagnose;
pub mod error_code;
pub mod evidence;
mod family;
mod finding;
#[cfg(test)]
mod healthy;
mod shown;
#[cfg(test)]
mod testing;
pub mod text;

pub use diagnose::{diagnose, diagnose_token};
pub use evidence::Evidence;
pub use finding::{Change, Confidence, Finding, Place, Severity};
pub use shown::redacted;
