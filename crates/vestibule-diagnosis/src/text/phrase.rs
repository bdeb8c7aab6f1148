//! Holds the words of programs, and what each of them means; one file for each kind of program.
//!
//! Microsoft's numbered messages (`IDX`, `IDW`) are told apart by their numbers, not here.

mod around;
mod library;
mod sign_in;

use super::saying::Saying;

/// Words that must all be there, in lower case, and what they mean.
pub(super) type Phrase = (&'static [&'static str], Saying);

/// Every phrase. Of two that fit, both are found.
pub(super) fn all() -> impl Iterator<Item = &'static Phrase> {
    [sign_in::PHRASES, library::PHRASES, around::PHRASES]
        .into_iter()
        .flatten()
}
