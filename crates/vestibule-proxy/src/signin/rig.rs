//! A proxy without sockets for tests: a real gate, real cookies, a store with faults, a fake
//! provider, and a browser that keeps what it is given.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;
use vestibule_gate::authorize::Authorized;
use vestibule_gate::callback_path::CallbackPath;
use vestibule_gate::decision::Decision;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::fields::Fields;
use vestibule_gate::headers::{ModAuthOpenidc, Preset};
use vestibule_gate::path::PathPrefix;
use vestibule_gate::request::{self, RawHead, ReadPolicy, Scheme, Version};
use vestibule_gate::route::{Route, TokenChoice, UpstreamId};
use vestibule_gate::rule::{Requirement, Rule};
use vestibule_gate::{Gate, GateSettings};
use vestibule_oidc::time::UnixTime;
use vestibule_session::carried::CookieLimit;
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::{Record, ResourceKey};
use vestibule_session::seal::{KeyRing, SealingKey};
use vestibule_session::site::Site;
use vestibule_session::store::contract::block_on;
use vestibule_session::store::{
    Figures, OneTime, Replacement, Store, StoreError, StoreFuture, Stored,
    Version as RecordVersion, Whose,
};

use super::{Occasion, Visit, begin, own_endpoint};
use crate::body::Body;
use crate::carry;
use crate::control::Control;
use crate::evidence;
use crate::exchange::Response;
use crate::groups;
use crate::identity::Identities;
use crate::incident::IncidentId;
use crate::issuer;
use crate::pages::Pages;
use crate::plan::Plan;
use crate::provider::ProviderPlan;
use crate::provider::fake::{FakeProvider, ISSUER, plan as provider_plan};
use crate::respond::{self, Context};
use crate::shared::Shared;
use crate::store::{CookieStore, MemoryStore};
use crate::telemetry::Telemetry;
use crate::telemetry::access::Entry;
use crate::tokens::{self, Found, RouteToken};

pub(crate) const ORIGIN: &str = "https://portal.example.com";
pub(crate) const START: UnixTime = UnixTime(1_800_000_000);

/// The scope of the route `/b`.
pub(crate) const SCOPE_B: &str = "api://b/read";
/// The object id of the group that may use `/staff`.
pub(crate) const STAFF: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101";

/// Secrets that must not be in any answer of ours.
const CANARIES: [&str; 3] = ["access-token-", "refresh-token-", "secret-of-the-client"];

/// A store with faults on request, which writes down what it was asked.
///
/// What is underneath is asked without giving way: a store with threads of its own takes no time on a
/// clock that stands still.
#[derive(Debug)]
pub(crate) struct TestStore {
    inner: Mutex<Arc<dyn Store>>,
    /// Removals that failed, to be tried again.
    owed: Mutex<Vec<StoreKey>>,
    down: Mutex<bool>,
    replaces_fail: Mutex<u32>,
    finds_fail: Mutex<bool>,
    insert_takes: Mutex<Duration>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

impl TestStore {
    fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner: Mutex::new(inner),
            owed: Mutex::default(),
            down: Mutex::new(false),
            replaces_fail: Mutex::new(0),
            finds_fail: Mutex::new(false),
            insert_takes: Mutex::default(),
            log: Arc::default(),
        }
    }

    pub(crate) fn set_down(&self, down: bool) {
        *self.down.lock().unwrap() = down;
        if !down {
            for key in std::mem::take(&mut *self.owed.lock().unwrap()) {
                block_on(self.inner().remove(&key)).unwrap();
            }
        }
    }

    fn inner(&self) -> Arc<dyn Store> {
        Arc::clone(&self.inner.lock().unwrap())
    }

    /// Whoever still asks finds nothing any more.
    fn detach(&self) {
        *self.inner.lock().unwrap() = Arc::new(MemoryStore::new(Default::default()));
        self.set_down(false);
    }

    pub(crate) fn fail_replaces(&self, count: u32) {
        *self.replaces_fail.lock().unwrap() = count;
    }

    pub(crate) fn fail_finds(&self, fail: bool) {
        *self.finds_fail.lock().unwrap() = fail;
    }

    pub(crate) fn delay_inserts(&self, takes: Duration) {
        *self.insert_takes.lock().unwrap() = takes;
    }

    fn ask(&self, what: &str) -> Result<(), StoreError> {
        self.log.lock().unwrap().push(what.to_owned());
        match *self.down.lock().unwrap() {
            true => Err(StoreError::Unavailable(Arc::new(std::io::Error::other(
                "test",
            )))),
            false => Ok(()),
        }
    }
}

impl Store for TestStore {
    fn load<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, Option<Arc<Stored>>> {
        let asked = self.ask("load");
        Box::pin(async move {
            asked?;
            block_on(self.inner().load(key))
        })
    }

    fn insert<'a>(&'a self, key: &'a StoreKey, record: Record) -> StoreFuture<'a, Arc<Stored>> {
        let asked = self.ask("insert");
        let takes = *self.insert_takes.lock().unwrap();
        Box::pin(async move {
            asked?;
            tokio::time::sleep(takes).await;
            block_on(self.inner().insert(key, record))
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a StoreKey,
        expected: RecordVersion,
        record: Record,
    ) -> StoreFuture<'a, Replacement> {
        let mut asked = self.ask("replace");
        let mut fails = self.replaces_fail.lock().unwrap();
        if *fails > 0 {
            *fails -= 1;
            asked = Err(StoreError::Full(Arc::new(std::io::Error::other("test"))));
        }
        drop(fails);
        Box::pin(async move {
            asked?;
            block_on(self.inner().replace(key, expected, record))
        })
    }

    fn touch(&self, key: &StoreKey, seen_at: UnixTime) {
        self.log.lock().unwrap().push("touch".to_owned());
        self.inner().touch(key, seen_at);
    }

    fn remove<'a>(&'a self, key: &'a StoreKey) -> StoreFuture<'a, bool> {
        let asked = self.ask("remove");
        if asked.is_err() {
            self.owed.lock().unwrap().push(*key);
        }
        Box::pin(async move {
            asked?;
            block_on(self.inner().remove(key))
        })
    }

    fn find<'a>(
        &'a self,
        whose: &'a Whose,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        let mut asked = self.ask("find");
        if *self.finds_fail.lock().unwrap() {
            asked = Err(StoreError::Corrupt(Arc::new(std::io::Error::other("test"))));
        }
        Box::pin(async move {
            asked?;
            block_on(self.inner().find(whose, after, most))
        })
    }

    fn page<'a>(
        &'a self,
        after: Option<&'a StoreKey>,
        most: usize,
    ) -> StoreFuture<'a, Vec<StoreKey>> {
        let asked = self.ask("page");
        Box::pin(async move {
            asked?;
            block_on(self.inner().page(after, most))
        })
    }

    fn remember_once<'a>(
        &'a self,
        name: &'a OneTime,
        until: UnixTime,
        now: UnixTime,
    ) -> StoreFuture<'a, bool> {
        let asked = self.ask("remember_once");
        Box::pin(async move {
            asked?;
            block_on(self.inner().remember_once(name, until, now))
        })
    }

    fn remembers<'a>(&'a self, name: &'a OneTime, now: UnixTime) -> StoreFuture<'a, bool> {
        let asked = self.ask("remembers");
        Box::pin(async move {
            asked?;
            block_on(self.inner().remembers(name, now))
        })
    }

    fn sweep(&self, now: UnixTime, lifetimes: Lifetimes) -> StoreFuture<'_, usize> {
        Box::pin(async move { block_on(self.inner().sweep(now, lifetimes)) })
    }

    fn figures(&self) -> Figures {
        self.inner().figures()
    }

    fn flush(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move { block_on(self.inner().flush()) })
    }
}

/// What the provider grants.
pub(crate) struct Grants {
    codes: HashMap<String, (String, String)>,
    pub(crate) subject: String,
    pub(crate) expires_in: u64,
    /// Members that replace those of the token response; null removes one.
    pub(crate) answer: BTreeMap<&'static str, Value>,
    /// Claims that replace those of the ID token.
    pub(crate) claims: BTreeMap<&'static str, Value>,
    /// The one refresh token that works, and how often one was used.
    pub(crate) refresh_token: String,
    pub(crate) refreshes: usize,
    /// Answers refreshes instead.
    pub(crate) refuse_refresh: Option<(u16, Value)>,
    /// The same for those that ask for this scope.
    pub(crate) refuse_scope: Option<(&'static str, Value)>,
    pub(crate) redeemed: usize,
}

pub(crate) struct Rig {
    pub(crate) fake: FakeProvider,
    pub(crate) store: Arc<TestStore>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) grants: Arc<Mutex<Grants>>,
    identities: Identities,
    began: Instant,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(vec![provider_plan("main")])
    }

    pub(crate) fn with(providers: Vec<ProviderPlan>) -> Self {
        Self::with_store(providers, Arc::new(MemoryStore::new(Default::default())))
    }

    pub(crate) fn with_store(providers: Vec<ProviderPlan>, store: Arc<dyn Store>) -> Self {
        let fake = FakeProvider::new();
        let grants = Arc::new(Mutex::new(Grants {
            codes: HashMap::new(),
            subject: "ann".to_owned(),
            expires_in: 3600,
            answer: BTreeMap::new(),
            claims: BTreeMap::new(),
            refresh_token: String::new(),
            refreshes: 0,
            refuse_refresh: None,
            refuse_scope: None,
            redeemed: 0,
        }));
        let began = Instant::now();
        let store = Arc::new(TestStore::new(store));
        answer_tokens(&fake, &grants, &store, began);
        let shared = Shared::new(
            plan(&fake, providers),
            Arc::clone(&store) as Arc<dyn Store>,
            Control::new(tokio::runtime::Handle::current()),
            Arc::new(Telemetry::default()),
        );
        Self {
            fake,
            store,
            shared,
            grants,
            identities: Identities::default(),
            began,
        }
    }

    /// A proxy whose sessions are carried by the browsers.
    pub(crate) fn carrying() -> Self {
        Self::new().replica_of(vec![provider_plan("main")])
    }

    /// Another proxy with the same provider and keys, whose sessions are carried too; it has seen none.
    pub(crate) fn replica(&self) -> Self {
        self.replica_of(vec![provider_plan("main")])
    }

    fn replica_of(&self, providers: Vec<ProviderPlan>) -> Self {
        let shared = Shared::carrying(
            plan(&self.fake, providers),
            Arc::new(CookieStore::new(Default::default())),
            Control::new(tokio::runtime::Handle::current()),
            Arc::new(Telemetry::default()),
        );
        Self {
            fake: self.fake.clone(),
            store: Arc::clone(&self.store),
            shared,
            grants: Arc::clone(&self.grants),
            identities: Identities::default(),
            began: self.began,
        }
    }

    /// The process is gone, and another one runs on the store that `open` opens. What the old one
    /// still has in flight can reach the provider, but no session.
    pub(crate) fn restart(&mut self, open: impl FnOnce() -> Arc<dyn Store>) {
        self.store.detach();
        self.store = Arc::new(TestStore::new(open()));
        self.shared = Shared::new(
            plan(&self.fake, vec![provider_plan("main")]),
            Arc::clone(&self.store) as Arc<dyn Store>,
            Control::new(tokio::runtime::Handle::current()),
            Arc::new(Telemetry::default()),
        );
        self.identities = Identities::default();
    }

    /// Puts other providers in force.
    pub(crate) fn reload(&self, providers: Vec<ProviderPlan>) {
        self.shared
            .plan
            .store(Arc::new(plan(&self.fake, providers)));
    }

    /// Puts other sealing keys in force.
    pub(crate) fn use_keys(&self, keys: KeyRing) {
        let mut plan = plan(&self.fake, vec![provider_plan("main")]);
        plan.keys = keys;
        self.shared.plan.store(Arc::new(plan));
        self.shared.keys_taken_away();
    }

    pub(crate) fn grants(&self) -> std::sync::MutexGuard<'_, Grants> {
        self.grants.lock().unwrap()
    }

    pub(crate) fn now(&self) -> UnixTime {
        START + self.began.elapsed()
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.store.log.lock().unwrap().clone()
    }

    /// A request, as `handle` takes it; what would go to the upstream is an answer that names the
    /// token in it.
    pub(crate) async fn send(&self, ask: Ask) -> Reply {
        let mut fields = Fields::new();
        fields.push("Host", "portal.example.com");
        for (name, value) in ask.fields {
            fields.push(name, value);
        }
        if !ask.body.is_empty() {
            fields.push("Content-Length", ask.body.len().to_string());
        }
        let raw = RawHead {
            method: ask.method.into(),
            target: ask.target.into(),
            version: Version::Http11,
            scheme: Scheme::Https,
            authority: None,
            fields,
            peer: SocketAddr::from(([192, 0, 2, 1], 1234)),
        };
        let plan = self.shared.plan.load_full();
        let request = request::read(raw, &plan.read).unwrap();
        let incident = IncidentId::draw();
        let now = self.now();
        let examined = plan.gate.examine(&request);
        let handle = examined.handle().cloned();
        let key = handle.as_ref().map(Handle::store_key);
        let carrying = carry::take_in(&self.shared, &plan, &request, &examined, key);
        let evidence = match carry::without_session(carrying.as_deref()) {
            Some(evidence) => evidence,
            None => evidence::look_up(&self.shared, key).await,
        };
        let evidence = issuer::still_spoken_for(&plan, evidence);
        let context = Context::of(&plan, &request, incident).with_person(&evidence);
        let (decision, _) = plan.gate.decide(&request, examined, evidence.clone(), now);
        let (decision, evidence) = match &decision {
            Decision::Forbid { why, .. } => {
                let shared = &self.shared;
                match groups::asked_again(shared, &plan, why, &evidence, key, now).await {
                    Some(found) => {
                        let examined = plan.gate.examine(&request);
                        let (decision, _) =
                            plan.gate.decide(&request, examined, found.clone(), now);
                        (decision, found)
                    }
                    None => (decision, evidence),
                }
            }
            _ => (decision, evidence),
        };
        let mut entry = Entry::default();
        let shared = &self.shared;
        let mut response = match decision {
            Decision::Own(site) => {
                let visit = Visit {
                    shared,
                    plan: &plan,
                    request: &request,
                    site,
                    handle,
                    evidence,
                    now,
                };
                own_endpoint(visit, Body::from(ask.body), &context, &mut entry).await
            }
            Decision::SignIn(_) => {
                let occasion = Occasion::default();
                begin(shared, &plan, &request, &context, now, occasion, &mut entry).await
            }
            Decision::KeepPost(_) => {
                let occasion = Occasion {
                    posted: Some(Body::from(ask.body)),
                    ..Occasion::default()
                };
                begin(shared, &plan, &request, &context, now, occasion, &mut entry).await
            }
            Decision::Forward(authorized) => 'forward: {
                let handed_out = |carrying: Option<Box<carry::Carrying>>| {
                    let mut response = Response::status(200);
                    if let Some(carrying) = carrying {
                        carrying.hand_out(&plan, &mut response, now);
                    }
                    response.head.fields
                };
                shared
                    .store
                    .touch(&handle.as_ref().unwrap().store_key(), now);
                let key_of = key.as_ref();
                let mut found = tokens::for_route(shared, &plan, &authorized, key_of, now).await;
                let mut authorized = authorized;
                if let Ok(Found::AskedAnew(stored)) = found {
                    let evidence = Evidence::Session(stored);
                    let examined = plan.gate.examine(&request);
                    authorized = match plan.gate.decide(&request, examined, evidence, now).0 {
                        Decision::Forward(authorized) => authorized,
                        other => break 'forward respond::decision(&other, &context),
                    };
                    found = tokens::for_route(shared, &plan, &authorized, key_of, now).await;
                }
                match found {
                    Ok(Found::AskedAnew(_)) => panic!("asked anew twice"),
                    Ok(Found::AtHand(token)) => {
                        return Reply {
                            fields: handed_out(carrying),
                            ..self.told(&plan, &authorized, key, token.as_ref())
                        };
                    }
                    Ok(Found::Renewed(stored)) => {
                        let evidence = Evidence::Session(stored);
                        let examined = plan.gate.examine(&request);
                        match plan.gate.decide(&request, examined, evidence, now).0 {
                            Decision::Forward(authorized) => {
                                let token = tokens::of_renewed(&plan, &authorized);
                                return Reply {
                                    fields: handed_out(carrying),
                                    ..self.told(&plan, &authorized, key, token.as_ref())
                                };
                            }
                            other => respond::decision(&other, &context),
                        }
                    }
                    Err(error) if error.needs_sign_in() && context.is_person() => {
                        let occasion = Occasion {
                            lacking: Some(&error),
                            posted: None,
                        };
                        begin(shared, &plan, &request, &context, now, occasion, &mut entry).await
                    }
                    Err(error) => respond::no_token(&error, &context),
                }
            }
            other => respond::decision(&other, &context),
        };
        if let Some(carrying) = carrying {
            carrying.hand_out(&plan, &mut response, now);
        }
        let body = response.body.collect(1 << 20).await.unwrap();
        let reply = Reply {
            status: response.head.status,
            fields: response.head.fields,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        reply.check();
        reply
    }

    /// What the upstream is told, as an answer that names the token in it.
    fn told(
        &self,
        plan: &Arc<Plan>,
        authorized: &Authorized<'_>,
        key: Option<StoreKey>,
        token: Option<&RouteToken>,
    ) -> Reply {
        let told = self.identities.of(plan, authorized, key, token);
        let token = told.fields.first("OIDC_access_token").unwrap_or_default();
        Reply {
            status: 200,
            fields: Fields::new(),
            body: String::from_utf8(token.to_vec()).unwrap(),
        }
    }

    /// The forms of the refreshes so far, as `name=value` of those fields that say what is asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        let knobs = self.fake.knobs();
        let refreshes = knobs
            .forms
            .iter()
            .filter(|form| form["grant_type"] == "refresh_token");
        refreshes
            .map(|form| {
                let fields = ["scope", "resource", "audience"].iter();
                let said = fields.filter_map(|name| Some(format!("{name}={}", form.get(*name)?)));
                said.collect::<Vec<_>>().join(" & ")
            })
            .collect()
    }

    /// The person signs in at the provider: what the callback then is asked for.
    pub(crate) fn at_provider(&self, reply: &Reply) -> String {
        let address = Url::parse(reply.location()).unwrap();
        let query: HashMap<_, _> = address.query_pairs().into_owned().collect();
        assert_eq!(query["code_challenge_method"], "S256");
        let code = format!("code-{}", &query["state"]);
        self.grants().codes.insert(
            code.clone(),
            (query["nonce"].clone(), query["code_challenge"].clone()),
        );
        let back = Url::parse(&query["redirect_uri"]).unwrap();
        assert_eq!(back.origin().ascii_serialization(), ORIGIN);
        format!(
            "{}?code={code}&state={}&iss={ISSUER}",
            back.path(),
            query["state"]
        )
    }
}

/// What a browser asks for.
#[derive(Clone)]
pub(crate) struct Ask {
    method: &'static str,
    target: String,
    fields: Vec<(&'static str, String)>,
    body: String,
}

pub(crate) fn get(target: &str) -> Ask {
    Ask {
        method: "GET",
        target: target.to_owned(),
        fields: Vec::new(),
        body: String::new(),
    }
}

pub(crate) fn post(target: &str) -> Ask {
    Ask {
        method: "POST",
        ..get(target)
    }
}

impl Ask {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, value.to_owned()));
        self
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    /// As a browser navigates.
    pub(crate) fn navigating(self) -> Self {
        self.with("Sec-Fetch-Mode", "navigate")
            .with("Sec-Fetch-Dest", "document")
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .first(name)
            .map(|value| std::str::from_utf8(value).unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        self.field("location").unwrap()
    }

    pub(crate) fn set_cookies(&self) -> Vec<&str> {
        self.fields
            .all("set-cookie")
            .map(|value| std::str::from_utf8(value).unwrap())
            .collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// What holds for every answer of ours.
    fn check(&self) {
        assert_ne!(self.status, 307, "RFC 9700 §4.12");
        for line in self.set_cookies() {
            assert!(line.starts_with("__Host-vestibule"), "{line}");
            for attribute in ["Path=/", "Secure", "HttpOnly"] {
                assert!(
                    line.split("; ").any(|part| part == attribute),
                    "{attribute}: {line}"
                );
            }
            assert!(line.contains("; SameSite="), "{line}");
            assert!(!line.contains("Domain"), "{line}");
        }
        assert_eq!(self.field("cache-control"), Some("no-store"));
        if !self.body.is_empty() {
            assert!(
                self.field("content-security-policy")
                    .unwrap()
                    .contains("frame-ancestors 'none'")
            );
            assert_eq!(self.field("x-content-type-options"), Some("nosniff"));
        }
        let everything = format!("{self:?}");
        for canary in CANARIES {
            assert!(!everything.contains(canary), "{canary} in {everything}");
        }
    }
}

/// A browser: a cookie jar.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) jar: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) async fn send(&mut self, rig: &Rig, ask: Ask) -> Reply {
        let cookies: Vec<String> = self
            .jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let ask = match cookies.is_empty() {
            true => ask,
            false => ask.with("Cookie", &cookies.join("; ")),
        };
        let reply = rig.send(ask).await;
        for line in reply.set_cookies() {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// The provider's page posts the answer: from another site, so that of all cookies only those of
    /// the flows come along.
    pub(crate) async fn posted(&mut self, rig: &Rig, callback: &str) -> Reply {
        let (path, form) = callback.split_once('?').unwrap();
        let (flows, others) = self
            .jar
            .clone()
            .into_iter()
            .partition(|(name, _)| name.contains("-signin-"));
        self.jar = flows;
        let ask = post(path)
            .with("Content-Type", "application/x-www-form-urlencoded")
            .with("Sec-Fetch-Mode", "navigate")
            .with("Sec-Fetch-Dest", "document")
            .with("Sec-Fetch-Site", "cross-site")
            .body(form);
        let reply = self.send(rig, ask).await;
        for (name, value) in others {
            self.jar.entry(name).or_insert(value);
        }
        reply
    }

    pub(crate) async fn go(&mut self, rig: &Rig, target: &str) -> Reply {
        self.send(rig, get(target).navigating()).await
    }

    /// The whole sign-in, from the page to the page.
    pub(crate) async fn sign_in(&mut self, rig: &Rig, target: &str) -> Reply {
        let start = self.go(rig, target).await;
        let callback = rig.at_provider(&start);
        self.go(rig, &callback).await
    }

    pub(crate) fn session(&self) -> Option<&String> {
        self.jar.get("__Host-vestibule")
    }

    pub(crate) fn pending(&self) -> usize {
        self.jar
            .keys()
            .filter(|name| name.contains("-signin-"))
            .count()
    }
}

fn plan(fake: &FakeProvider, providers: Vec<ProviderPlan>) -> Plan {
    let callbacks = providers.iter().filter_map(|plan| {
        let path = CallbackPath::new(plan.redirect_path.as_deref()?, false).unwrap();
        Some(match plan.redirect_actions {
            Some(_) => path.with_actions(),
            None => path,
        })
    });
    let gate = gate().with_callback_paths(callbacks.collect());
    let providers = providers
        .into_iter()
        .map(|plan| fake.start_with(plan))
        .collect();
    Plan {
        serving: Arc::default(),
        read: ReadPolicy::default(),
        gate,
        upstreams: Vec::new(),
        providers,
        keys: KeyRing::new(vec![
            SealingKey::from_bytes(&std::array::from_fn(|at| at as u8)).unwrap(),
        ])
        .unwrap(),
        cookie_limit: CookieLimit::DEFAULT,
        pages: Pages::built_in().unwrap(),
        told: Default::default(),
        drain: Duration::from_secs(30),
    }
}

/// What the route `/b` asks for.
pub(crate) fn key_b() -> ResourceKey {
    ResourceKey::new(None, SCOPE_B)
}

/// What the route `/c` asks for.
pub(crate) fn key_c() -> ResourceKey {
    ResourceKey::new(Some("https://c.example.com"), "c.read").with_audience(Some("c"))
}

fn gate() -> Gate {
    let route = |name: &str, prefix: &str| {
        let mut route = Route::new(name, PathPrefix::parse(prefix).unwrap(), UpstreamId(0));
        route.access_token = TokenChoice::SignIn;
        route.headers.presets = vec![Preset::ModAuthOpenidc(ModAuthOpenidc::default())];
        route.allowed_origins = vec!["https://spa.example.com".to_owned()];
        route
    };
    let mut members = route("members", "/members");
    let only_members = Requirement::Rules(Rule::Group {
        any_of: vec!["members".to_owned()],
    });
    members.require = only_members.clone();
    let other = |name: &str, prefix: &str, key: ResourceKey| {
        let mut route = route(name, prefix);
        route.access_token = TokenChoice::Resource(key);
        route
    };
    let mut members_b = other("members-b", "/members-b", key_b());
    members_b.require = only_members.clone();
    let mut members_only = route("members-only", "/members-only");
    members_only.require = only_members;
    members_only.access_token = TokenChoice::None;
    let mut plain = route("plain", "/plain");
    plain.access_token = TokenChoice::None;
    let mut staff = route("staff", "/staff");
    staff.require = Requirement::Rules(Rule::Group {
        any_of: vec![STAFF.to_owned()],
    });
    let mut public = route("public", "/public");
    public.require = Requirement::Public;
    public.access_token = TokenChoice::None;
    let mut forms = route("forms", "/forms");
    forms.keep_post = Some(1000);
    Gate::new(GateSettings {
        sites: vec![Site::https("portal.example.com", 443).unwrap()],
        routes: vec![
            route("app", "/app"),
            members,
            staff,
            public,
            forms,
            members_b,
            members_only,
            plain,
            other("b", "/b", key_b()),
            other("c", "/c", key_c()),
        ],
        lifetimes: Lifetimes::new(Duration::from_secs(7200), Duration::from_secs(36000)).unwrap(),
    })
    .unwrap()
}

/// Makes the fake's token endpoint grant codes and refresh tokens, each once.
fn answer_tokens(
    fake: &FakeProvider,
    grants: &Arc<Mutex<Grants>>,
    store: &Arc<TestStore>,
    began: Instant,
) {
    let grants = Arc::clone(grants);
    let log = Arc::clone(&store.log);
    let key = fake.knobs().keys[0].clone();
    fake.knobs().token = Box::new(move |form| {
        let mut grants = grants.lock().unwrap();
        let now = (START + began.elapsed()).as_secs();
        let refused = |error: &str| Ok((400, json!({ "error": error }).to_string()));
        let mut claims = json!({
            "iss": ISSUER, "sub": grants.subject, "aud": "client", "iat": now, "exp": now + 3600,
            "name": "Ann <b>Example</b>",
        });
        match form["grant_type"].as_str() {
            "authorization_code" => {
                let Some((nonce, challenge)) = grants.codes.remove(&form["code"]) else {
                    return refused("invalid_grant");
                };
                let verifier = form["code_verifier"].as_bytes();
                let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier);
                assert_eq!(URL_SAFE_NO_PAD.encode(hash), challenge, "PKCE");
                claims["nonce"] = nonce.into();
                grants.redeemed += 1;
            }
            "refresh_token" => {
                log.lock().unwrap().push("grant".to_owned());
                grants.refreshes += 1;
                if let Some((status, answer)) = &grants.refuse_refresh {
                    return Ok((*status, answer.to_string()));
                }
                if let Some((scope, answer)) = &grants.refuse_scope
                    && form["scope"].split(' ').any(|asked| asked == *scope)
                {
                    return Ok((400, answer.to_string()));
                }
                if form["refresh_token"] != grants.refresh_token {
                    return refused("invalid_grant");
                }
            }
            "client_credentials" => {
                let own = json!({
                    "token_type": "Bearer", "access_token": "access-token-own", "expires_in": 3600,
                });
                return Ok((200, own.to_string()));
            }
            _ => return refused("unsupported_grant_type"),
        }
        for (name, value) in &grants.claims {
            claims[*name] = value.clone();
        }
        let serial = grants.redeemed + grants.refreshes;
        grants.refresh_token = format!("refresh-token-{serial}");
        let mut answer = json!({
            "token_type": "Bearer",
            "access_token": format!("access-token-{serial}"),
            "refresh_token": grants.refresh_token,
            "expires_in": grants.expires_in,
            "id_token": key.sign(&claims),
        });
        let members = answer.as_object_mut().unwrap();
        for (name, value) in &grants.answer {
            members.remove(*name);
            if !value.is_null() {
                members.insert((*name).to_owned(), value.clone());
            }
        }
        Ok((200, answer.to_string()))
    });
}
