//! How a flow is written: a CBOR map with integer keys. Unknown keys are skipped.

use std::borrow::Cow;
use std::time::Duration;

use minicbor::{Decode, Encode};
use vestibule_oidc::authorization::{Nonce, State};
use vestibule_oidc::pkce::Verifier;
use vestibule_oidc::time::UnixTime;
use zeroize::Zeroizing;

use super::Pending;
use crate::handle::StoreKey;
use crate::kept_post::KeptPostId;
use crate::record::ResourceKey;
use crate::return_to::ReturnTo;

#[derive(Encode, Decode)]
#[cbor(map)]
struct Wire<'a> {
    #[b(0)]
    provider: &'a str,
    #[b(1)]
    state: &'a str,
    #[b(2)]
    nonce: &'a str,
    #[b(3)]
    verifier: &'a str,
    #[b(4)]
    return_to: &'a str,
    #[n(5)]
    started_at: i64,
    #[n(6)]
    max_age_secs: Option<u64>,
    #[b(7)]
    resource: Option<&'a str>,
    #[b(8)]
    scope: Cow<'a, str>,
    #[cbor(b(9), with = "minicbor::bytes")]
    replaces: Option<&'a [u8]>,
    #[n(10)]
    returns: Option<Vec<i64>>,
    #[b(11)]
    audience: Option<&'a str>,
    #[b(12)]
    wanted: Option<WireKey<'a>>,
    #[cbor(b(13), with = "minicbor::bytes")]
    kept_post: Option<&'a [u8]>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct WireKey<'a> {
    #[b(0)]
    resource: Option<&'a str>,
    #[b(1)]
    audience: Option<&'a str>,
    #[b(2)]
    scope: Cow<'a, str>,
}

#[expect(
    clippy::expect_used,
    reason = "derived encoders of text and integers into a Vec have no way to fail"
)]
pub(super) fn encode(pending: &Pending) -> Zeroizing<Vec<u8>> {
    let wire = Wire {
        provider: &pending.provider,
        state: pending.state.expose(),
        nonce: pending.nonce.expose(),
        verifier: pending.verifier.expose(),
        return_to: pending.return_to.as_str(),
        started_at: pending.started_at.as_secs(),
        max_age_secs: pending.max_age.map(|age| age.as_secs()),
        resource: pending.asked_for.resource(),
        scope: pending.asked_for.scope().into(),
        replaces: pending
            .replaces
            .as_ref()
            .map(|key| key.as_bytes().as_slice()),
        returns: (!pending.returns.is_empty())
            .then(|| pending.returns.iter().map(|at| at.as_secs()).collect()),
        audience: pending.asked_for.audience(),
        wanted: pending.wanted.as_ref().map(|wanted| WireKey {
            resource: wanted.resource(),
            audience: wanted.audience(),
            scope: wanted.scope().into(),
        }),
        kept_post: pending
            .kept_post
            .as_ref()
            .map(|id| id.as_bytes().as_slice()),
    };
    // Large enough that the bytes are never moved, which would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    minicbor::encode(&wire, &mut *bytes).expect("a Vec takes every write");
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Option<Pending> {
    let wire: Wire<'_> = minicbor::decode(bytes).ok()?;
    Some(Pending {
        provider: wire.provider.to_owned(),
        state: State::from_stored(wire.state),
        nonce: Nonce::from_stored(wire.nonce),
        verifier: Verifier::from_stored(wire.verifier),
        // Read again by the rules of today, not trusted because it is sealed.
        return_to: ReturnTo::parse(wire.return_to.as_bytes()).ok()?,
        max_age: wire.max_age_secs.map(Duration::from_secs),
        asked_for: ResourceKey::new(wire.resource, &wire.scope).with_audience(wire.audience),
        wanted: wire
            .wanted
            .as_ref()
            .map(|key| ResourceKey::new(key.resource, &key.scope).with_audience(key.audience)),
        replaces: match wire.replaces {
            Some(key) => Some(StoreKey::from_bytes(key.try_into().ok()?)),
            None => None,
        },
        kept_post: match wire.kept_post {
            Some(id) => Some(KeptPostId::from_bytes(id.try_into().ok()?)),
            None => None,
        },
        returns: wire
            .returns
            .unwrap_or_default()
            .into_iter()
            .map(UnixTime::from_secs)
            .collect(),
        started_at: UnixTime::from_secs(wire.started_at),
    })
}
