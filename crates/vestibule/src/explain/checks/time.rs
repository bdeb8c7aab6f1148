//! The checks of when the token begins and ends.

use vestibule_diagnosis::evidence::{Failure, Token};
use vestibule_oidc::id_token::DEFAULT_SKEW;
use vestibule_oidc::time::UnixTime;

use super::{Check, passes};
use crate::explain::moment::Moment;

pub(super) fn expiry(token: &Token, now: UnixTime) -> Check {
    let check = passes("expiry").expected("an `exp` that is still to come");
    let Some(exp) = token.number("exp").filter(|_| !token.has_milliseconds()) else {
        let found = match (token.number("exp"), token.has("exp")) {
            (Some(exp), _) => format!("{exp}, in milliseconds"),
            (None, true) => "an `exp` that is no number".to_owned(),
            (None, false) => "no `exp`".to_owned(),
        };
        return check.found(found).fails(
            Failure::Claim,
            "what makes the token: `exp` is a number of seconds",
        );
    };
    let moment = Moment::new(exp, now);
    let check = check.found(format!("{} ({})", moment.relative, moment.utc));
    match now >= UnixTime::from_secs(exp) + DEFAULT_SKEW {
        true => check.fails(
            Failure::Expired,
            "a fresh token: get one with the refresh token; if it was fresh, the clock of the API",
        ),
        false => check,
    }
}

pub(super) fn start(token: &Token, now: UnixTime) -> Option<Check> {
    // Its unit was told already.
    if token.has_milliseconds() {
        return None;
    }
    let named = |name| token.number(name).map(|from| (name, from));
    let latest = |first: (&'static str, i64), second: (&'static str, i64)| match second.1 > first.1
    {
        true => second,
        false => first,
    };
    let (name, from) = match (named("nbf"), named("iat")) {
        (Some(nbf), Some(iat)) => latest(nbf, iat),
        (one, other) => one.or(other)?,
    };
    let moment = Moment::new(from, now);
    let check = passes("start")
        .expected("`iat` and `nbf` in the past")
        .found(format!("`{name}` {} ({})", moment.relative, moment.utc));
    Some(match UnixTime::from_secs(from) > now + DEFAULT_SKEW {
        true => check.fails(
            Failure::NotYetValid,
            "the clock of this machine, or of the provider",
        ),
        false => check,
    })
}
