use std::future::pending;
use std::time::Duration;

use tokio::runtime::Handle as RuntimeHandle;
use vestibule_gate::path::PathPrefix;
use vestibule_gate::request::ReadPolicy;
use vestibule_gate::route::{Route, UpstreamId};
use vestibule_gate::{Gate, GateSettings};
use vestibule_oidc::time::UnixTime;
use vestibule_session::carried::CookieLimit;
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::Record;
use vestibule_session::seal::{KeyRing, SealingKey};
use vestibule_session::site::Site;
use vestibule_session::store::{
    Figures, OneTime, Replacement, Store, StoreFuture, Stored, Version, Whose,
};

use super::*;
use crate::control::Control;
use crate::pages::Pages;
use crate::plan::Plan;
use crate::telemetry::Telemetry;

/// A store on a disk that never answers.
#[derive(Debug)]
struct Hanging;

impl Store for Hanging {
    fn load<'a>(&'a self, _: &'a StoreKey) -> StoreFuture<'a, Option<Arc<Stored>>> {
        Box::pin(pending())
    }

    fn insert<'a>(&'a self, _: &'a StoreKey, _: Record) -> StoreFuture<'a, Arc<Stored>> {
        Box::pin(pending())
    }

    fn replace<'a>(
        &'a self,
        _: &'a StoreKey,
        _: Version,
        _: Record,
    ) -> StoreFuture<'a, Replacement> {
        Box::pin(pending())
    }

    fn touch(&self, _: &StoreKey, _: UnixTime) {}

    fn remove<'a>(&'a self, _: &'a StoreKey) -> StoreFuture<'a, bool> {
        Box::pin(pending())
    }

    fn find<'a>(
        &'a self,
        _: &'a Whose,
        _: Option<&'a StoreKey>,
        _: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        Box::pin(pending())
    }

    fn page<'a>(&'a self, _: Option<&'a StoreKey>, _: usize) -> StoreFuture<'a, Vec<StoreKey>> {
        Box::pin(pending())
    }

    fn remember_once<'a>(
        &'a self,
        _: &'a OneTime,
        _: UnixTime,
        _: UnixTime,
    ) -> StoreFuture<'a, bool> {
        Box::pin(pending())
    }

    fn remembers<'a>(&'a self, _: &'a OneTime, _: UnixTime) -> StoreFuture<'a, bool> {
        Box::pin(pending())
    }

    fn sweep(&self, _: UnixTime, _: Lifetimes) -> StoreFuture<'_, usize> {
        Box::pin(pending())
    }

    fn figures(&self) -> Figures {
        Figures::default()
    }
}

fn shared(store: Arc<dyn Store>) -> Arc<Shared> {
    let gate = Gate::new(GateSettings {
        sites: vec![Site::https("portal.example.com", 443).unwrap()],
        routes: vec![Route::new(
            "app",
            PathPrefix::parse("/app").unwrap(),
            UpstreamId(0),
        )],
        lifetimes: Lifetimes::new(Duration::from_secs(3600), Duration::from_secs(7200)).unwrap(),
    });
    let key = SealingKey::from_bytes(&std::array::from_fn(|at| at as u8)).unwrap();
    let plan = Plan {
        serving: Arc::default(),
        read: ReadPolicy::default(),
        gate: gate.unwrap(),
        upstreams: Vec::new(),
        providers: Vec::new(),
        keys: KeyRing::new(vec![key]).unwrap(),
        cookie_limit: CookieLimit::DEFAULT,
        pages: Pages::built_in().unwrap(),
        told: Default::default(),
        drain: Duration::from_secs(30),
    };
    let control = Control::new(RuntimeHandle::current());
    Shared::new(plan, store, control, Arc::new(Telemetry::default()))
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_in_time_is_one_that_cannot_be_asked() {
    let shared = shared(Arc::new(Hanging));
    let handle = Handle::from_entropy([7; 32]);
    let asked = look_up(&shared, Some(handle.store_key()));
    let evidence = tokio::time::timeout(Duration::from_secs(10), asked)
        .await
        .expect("no request waits for ever");
    assert!(
        matches!(evidence, Evidence::StoreUnavailable),
        "{evidence:?}"
    );
}
