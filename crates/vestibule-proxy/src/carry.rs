//! A session that its browser carries: taken in before the store is asked, handed out with the answer.
//!
//! Only with the cookie store; every other has nothing to do here. What is handed out goes with the
//! answer to somebody who sent their session, and with none that a cache between them and us may give to
//! others.

use std::sync::Arc;

use vestibule_gate::Examined;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::fields::{Fields, ResponseHead};
use vestibule_gate::request::Request;
use vestibule_oidc::time::UnixTime;
use vestibule_session::carried::chunks::{self, Brought};
use vestibule_session::carried::{self, CarryError, Load, Written};
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::lifetime::{Lifetimes, Liveness};
use vestibule_session::record::Record;
use vestibule_session::site::Site;
use vestibule_session::store::{Store as _, Version};

use crate::entropy::{EntropyError, random_bytes};
use crate::error_chain::chain;
use crate::exchange::Response;
use crate::plan::Plan;
use crate::shared::Shared;
use crate::signin::SignInError;
use crate::store::{CookieStore, State};

/// What a request brought of the session whose handle it has.
#[derive(Debug)]
pub(crate) struct Carrying {
    store: Arc<CookieStore>,
    site: Site,
    key: StoreKey,
    /// The numbers of the chunks that were there.
    numbers: Vec<usize>,
    state: Option<State>,
}

/// Takes in what a request brought beside its handle. From here on the store has the session.
pub(crate) fn take_in(
    shared: &Shared,
    plan: &Plan,
    request: &Request,
    examined: &Examined<'_>,
    key: Option<StoreKey>,
) -> Option<Box<Carrying>> {
    let store = shared.carried.as_ref()?;
    let (key, site) = (key?, examined.site()?);
    let brought = Brought::find(request.fields().all("cookie"), site.cookies());
    Some(Box::new(Carrying {
        state: store.take_in(&key, &brought, site, &plan.keys),
        numbers: brought.numbers().collect(),
        store: Arc::clone(store),
        site: site.clone(),
        key,
    }))
}

/// What is known of a handle whose session did not come with it: whatever is in memory, it is a signed-out person.
pub(crate) fn without_session(carrying: Option<&Carrying>) -> Option<Evidence> {
    let brought = carrying?.state;
    brought.is_none().then_some(Evidence::NoSession)
}

impl Carrying {
    /// Adds to the answer what the browser is to hold from now on, if that is something else.
    pub(crate) fn hand_out(&self, plan: &Plan, response: &mut Response, now: UnixTime) {
        if !may_carry(&response.head) || self.is_set_by(&response.head.fields) {
            return;
        }
        let lifetimes = plan.gate.lifetimes();
        let names = self.site.cookies();
        let fields = &mut response.head.fields;
        match self.store.peek(&self.key) {
            // Who did not bring it gets none of it.
            Some(_) if self.state.is_none() => return,
            // Nothing seals another site's session for this one.
            Some(stored) if !stored.record().is_of(&self.site) => return,
            Some(stored) => {
                let wanted = State::of(&stored);
                let live = lifetimes.judge(&stored, now) == Liveness::Live;
                if !live || is_enough(self.state, wanted, lifetimes) {
                    return;
                }
                let Some(written) = self.written(plan, stored.record(), wanted) else {
                    return;
                };
                for line in &written.lines {
                    fields.push("Set-Cookie", line.clone());
                }
                // All of them: an answer that overtook this one may have written more than this request brought.
                for leftover in written.lines.len()..chunks::MOST {
                    fields.push("Set-Cookie", names.delete_chunk(leftover));
                }
            }
            None if self.store.has_ended(&self.key) => {
                for number in &self.numbers {
                    fields.push("Set-Cookie", names.delete_chunk(*number));
                }
            }
            None => return,
        }
        keep_private(fields);
    }

    /// What was written of this state, just now or a moment ago.
    fn written(&self, plan: &Plan, record: &Record, state: State) -> Option<Arc<Written>> {
        let lifetimes = plan.gate.lifetimes();
        let enough = |found: State| is_enough(Some(found), state, lifetimes);
        if let Some(written) = self.store.written(&self.key, &plan.keys, enough) {
            return Some(written);
        }
        if self.store.is_unwritable(&self.key, state.version) {
            return None;
        }
        match write(plan, &self.site, &self.key, record, state) {
            Ok(written) => Some(self.store.note_written(&self.key, state, written, enough)),
            Err(error) => {
                if self.store.note_unwritable(&self.key, state.version) {
                    tracing::warn!(
                        error = %chain(&error),
                        "a session has grown too large for cookies: it goes on here, and nowhere else"
                    );
                }
                None
            }
        }
    }

    /// Whether the answer gives the browser chunks of another session: it has just signed in.
    fn is_set_by(&self, fields: &Fields) -> bool {
        let name = self.site.cookies().session().as_bytes();
        fields.all("set-cookie").any(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| matches!(rest, [b'.', b'0'..=b'9', ..]))
        })
    }
}

/// The `Set-Cookie` values that give a browser its new session: the handle, and with the cookie store the
/// session itself. Before it is put into the store: one that does not fit is none.
///
/// # Errors
/// It is too large for cookies, or can't be sealed.
pub(crate) fn begin(
    shared: &Shared,
    plan: &Plan,
    site: &Site,
    handle: &Handle,
    record: &Record,
) -> Result<Vec<String>, SignInError> {
    let names = site.cookies();
    let max_age_secs = max_age_secs(plan, record, record.created_at());
    let mut lines = vec![names.set_session(handle, max_age_secs)];
    let Some(store) = &shared.carried else {
        return Ok(lines);
    };
    let state = State {
        version: Version::FIRST,
        last_seen: record.created_at(),
    };
    let key = handle.store_key();
    let written = write(plan, site, &key, record, state)?;
    let written = store.note_written(&key, state, written, |found| found == state);
    lines.extend(written.lines.iter().cloned());
    // What an earlier session left: a form that the provider had posted does not tell.
    let unused = written.lines.len()..chunks::MOST;
    lines.extend(unused.map(|number| names.delete_chunk(number)));
    Ok(lines)
}

fn write(
    plan: &Plan,
    site: &Site,
    key: &StoreKey,
    record: &Record,
    state: State,
) -> Result<Written, CarryFailed> {
    let load = Load {
        version: state.version,
        last_seen: state.last_seen,
        record,
        id_token_may_go: nobody_needs_id_token(plan, record),
        max_age_secs: max_age_secs(plan, record, state.last_seen),
    };
    let nonce = random_bytes().map_err(CarryFailed::Entropy)?;
    Ok(carried::write(
        &load,
        site,
        key,
        &plan.keys,
        plan.cookie_limit,
        nonce,
    )?)
}

/// How long a browser keeps the cookies of a session.
fn max_age_secs(plan: &Plan, record: &Record, now: UnixTime) -> Option<u64> {
    let lifetimes = plan.gate.lifetimes();
    lifetimes.cookie_max_age_secs(record.created_at(), now)
}

/// Why a session could not be written into cookies.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CarryFailed {
    #[error("write a session into cookies")]
    Carry(#[from] CarryError),
    #[error("write a session into cookies")]
    Entropy(#[source] EntropyError),
}

impl From<CarryFailed> for SignInError {
    fn from(failed: CarryFailed) -> Self {
        match failed {
            CarryFailed::Carry(error) => Self::Carry(error),
            CarryFailed::Entropy(error) => Self::Entropy(error),
        }
    }
}

/// Whether neither the provider wants the ID token at sign-out nor an upstream gets it.
fn nobody_needs_id_token(plan: &Plan, record: &Record) -> bool {
    let metadata = plan
        .provider(record.provider())
        .and_then(|provider| provider.known_metadata());
    let at_sign_out = metadata
        .is_none_or(|metadata| metadata.end_session_endpoint().is_some() && !metadata.is_entra());
    let mut routes = plan.gate.routes().iter();
    !at_sign_out && !routes.any(|route| route.headers.passes_id_token())
}

/// Whether what is held need not be written again: it is the same record, and knows of a use not long ago.
fn is_enough(held: Option<State>, wanted: State, lifetimes: &Lifetimes) -> bool {
    held.is_some_and(|held| {
        held.version >= wanted.version && wanted.last_seen < held.last_seen + lifetimes.idle() / 10
    })
}

/// Whether cookies may go with this answer: a switched connection and a 304 have no place for them, and
/// what shared caches keep they would give to others (RFC 9111 §5.2.2.9, §5.2.2.10). What is said to some caches alone, they
/// believe before `Cache-Control` (RFC 9213 §2.1).
fn may_carry(head: &ResponseHead) -> bool {
    head.status >= 200
        && head.status != 304
        && !["cdn-cache-control", "surrogate-control"]
            .iter()
            .any(|name| head.fields.contains(name))
        && !directives(&head.fields).any(|directive| {
            ["public", "s-maxage"]
                .iter()
                .any(|shared| directive.eq_ignore_ascii_case(shared.as_bytes()))
        })
}

/// Keeps an answer with somebody's session out of shared caches (RFC 9111 §5.2.2.7).
fn keep_private(fields: &mut Fields) {
    let kept = directives(fields).any(|directive| {
        ["private", "no-store"]
            .iter()
            .any(|kept| directive.eq_ignore_ascii_case(kept.as_bytes()))
    });
    if !kept {
        fields.push("Cache-Control", "private");
    }
}

/// The names of the directives of `Cache-Control`.
fn directives(fields: &Fields) -> impl Iterator<Item = &[u8]> {
    fields
        .all("cache-control")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(|directive| {
            let name = directive.split(|byte| *byte == b'=').next();
            name.unwrap_or_default().trim_ascii()
        })
}

#[cfg(test)]
mod tests;
