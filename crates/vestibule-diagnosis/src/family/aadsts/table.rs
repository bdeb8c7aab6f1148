//! Holds what one number is, and makes the rows of a table of them.

use super::cure::Cure;
use crate::Confidence;

/// One `AADSTS` number.
#[derive(Debug)]
pub(super) struct Code {
    /// The number.
    pub(super) number: u32,
    /// Its name in Microsoft's list; empty if it has none.
    pub(super) name: &'static str,
    /// What helps.
    pub(super) cure: &'static Cure,
}

/// Who says what a number means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known {
    /// Microsoft's list of the numbers.
    Listed,
    /// Another document of Microsoft's.
    Article,
    /// Public reports; the list does not have it.
    Reported,
    /// Only its place among the others and its text.
    Assumed,
}

impl Known {
    pub(super) const fn confidence(self) -> Confidence {
        match self {
            Self::Listed | Self::Article => Confidence::Documented,
            Self::Reported => Confidence::Observed,
            Self::Assumed => Confidence::Inferred,
        }
    }

    pub(super) const fn source(self) -> &'static str {
        match self {
            Self::Listed => "Microsoft Entra authentication and authorization error codes",
            Self::Article => "Microsoft's support articles on errors of Entra sign-in",
            Self::Reported => "public reports; Microsoft's list of error codes does not have it",
            Self::Assumed => "what its text says; Microsoft's list of error codes does not have it",
        }
    }
}

/// The end of the symptom: where the number shows itself.
macro_rules! place {
    (Callback) => {
        " in the answer that the browser brings back to the redirect URI."
    };
    (Token) => {
        " in an answer of its token endpoint: when a code is redeemed or a token is renewed."
    };
    (Answers) => {
        " in the answer at the redirect URI, or in one of its token endpoint."
    };
    (Page) => {
        " on its own page, usually; then the browser does not come back, and Vestibule sees nothing of it."
    };
    (PageOrCallback) => {
        " on its own page, or in the answer at the redirect URI."
    };
    (PageOrToken) => {
        " on its own page, or in an answer of its token endpoint."
    };
    (Device) => {
        " to a client that signs in with a code on another device."
    };
    (SignOut) => {
        " when somebody signs out."
    };
    (Anywhere) => {
        " on its page or in an answer; it can come at any step."
    };
}

/// The local provider's fault that makes it refuse so, where the number comes back to the client: its
/// kind, `token-error` or `authorize-error`, and the number.
macro_rules! fault {
    (Callback $number:literal) => {
        Some(concat!("authorize-error-", $number))
    };
    (PageOrCallback $number:literal) => {
        Some(concat!("authorize-error-", $number))
    };
    (Token $number:literal) => {
        Some(concat!("token-error-", $number))
    };
    (Answers $number:literal) => {
        Some(concat!("token-error-", $number))
    };
    (PageOrToken $number:literal) => {
        Some(concat!("token-error-", $number))
    };
    (Anywhere $number:literal) => {
        Some(concat!("token-error-", $number))
    };
    ($place:ident $number:literal) => {
        None
    };
}

/// A table: number, name, place, who says so, title, cause, cure, and the numbers it explains.
macro_rules! codes {
    ($($number:literal $name:literal $place:ident $known:ident
        $title:literal $cause:literal $cure:ident $([$($echo:literal),*])?;)*) => {
        /// The numbers of this table.
        pub(super) const CODES: &[super::table::Code] = &[$(super::table::Code {
            number: $number,
            name: $name,
            cure: &super::cure::$cure,
        }),*];

        /// The rows of this table.
        pub(super) const ROWS: &[crate::catalogue::Row] = &[$(crate::catalogue::Row {
            code: concat!("VST-AADSTS-", $number),
            title: $title,
            severity: super::cure::$cure.severity,
            confidence: super::table::Known::$known.confidence(),
            source: super::table::Known::$known.source(),
            symptom: concat!(
                "Entra says `AADSTS", $number, "`", super::table::place!($place)
            ),
            cause: $cause,
            cure: super::cure::$cure.text,
            fault: super::table::fault!($place $number),
            explains: &[$($(concat!("VST-AADSTS-", $echo)),*)?],
            judge: |evidence| super::judge(evidence, CODES, $number),
        }),*];
    };
}

pub(super) use {codes, fault, place};
