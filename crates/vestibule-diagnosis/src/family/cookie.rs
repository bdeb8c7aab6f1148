//! Cookies, sessions, and sign-in that goes round in circles.
//!
//! | file | rows |
//! |---|---|
//! | `attribute` | cookies that browsers refuse or leave out |
//! | `carried` | sessions that browsers carry |
//! | `pending` | the cookie of a sign-in under way |
//! | `circle` | sign-in that leads to sign-in |
//! | `life` | sessions that end too early or too late, signing out |
//! | `place` | pages in frames, cookies that go too far |

mod attribute;
mod carried;
#[cfg(test)]
pub(super) mod cases;
mod circle;
mod life;
mod pending;
mod place;

use crate::catalogue::Row;

pub(super) const ROWS: &[&[Row]] = &[
    attribute::ROWS,
    carried::ROWS,
    pending::ROWS,
    circle::ROWS,
    life::ROWS,
    place::ROWS,
];
