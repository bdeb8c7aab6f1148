//! A proxy without sockets for tests: a real gate, real cookies, a store with faults, a fake
//! provider, and a browser that keeps what it is given.

mod browser;
mod grants;
mod plan;
mod store;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::time::Instant;
use url::Url;
use vestibule_gate::authorize::Authorized;
use vestibule_gate::decision::Decision;
use vestibule_gate::evidence::Evidence;
use vestibule_gate::fields::Fields;
use vestibule_gate::request;
use vestibule_oidc::time::UnixTime;
use vestibule_session::handle::{Handle, StoreKey};
use vestibule_session::seal::KeyRing;
use vestibule_session::store::Store;

use super::{Occasion, Visit, begin, own_endpoint};
use crate::carry;
use crate::control::Control;
use crate::evidence;
use crate::exchange::{Incoming, Response};
use crate::groups;
use crate::identity::Identities;
use crate::incident::IncidentId;
use crate::issuer;
use crate::plan::Plan;
use crate::provider::ProviderPlan;
use crate::provider::fake::{FakeProvider, ISSUER, plan as provider_plan};
use crate::respond::{self, Context};
use crate::shared::Shared;
use crate::store::{CookieStore, MemoryStore};
use crate::telemetry::Telemetry;
use crate::tokens::{self, Found, RouteToken};

pub(crate) use browser::{Ask, Browser, Reply, get, post};
pub(crate) use grants::Grants;
pub(crate) use plan::{SCOPE_B, STAFF, key_b, key_c};
pub(crate) use store::TestStore;

use grants::answer_tokens;
use plan::plan;

pub(crate) const ORIGIN: &str = "https://portal.example.com";
pub(crate) const START: UnixTime = UnixTime(1_800_000_000);

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
        let grants = Arc::new(Mutex::new(Grants::default()));
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

    /// From now on browsers keep their cookies when they are closed.
    pub(crate) fn keep_cookies(&self) {
        let lifetimes = plan::lifetimes().with_persistent_cookies();
        let plan = plan::lasting(&self.fake, vec![provider_plan("main")], lifetimes);
        self.shared.plan.store(Arc::new(plan));
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
        let Incoming { raw, body } = ask.arriving();
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
        let evidence = issuer::settled(&self.shared, &plan, evidence).await;
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
                own_endpoint(visit, body, &context).await
            }
            Decision::SignIn(_) => {
                let occasion = Occasion::default();
                begin(shared, &plan, &request, &context, now, occasion).await
            }
            Decision::KeepPost(_) => {
                let occasion = Occasion {
                    posted: Some(body),
                    ..Occasion::default()
                };
                begin(shared, &plan, &request, &context, now, occasion).await
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
                        begin(shared, &plan, &request, &context, now, occasion).await
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
        let origin = back.origin().ascii_serialization();
        let plan = self.shared.plan.load();
        let mut sites = plan.gate.sites().iter();
        assert!(sites.any(|site| site.origin() == origin), "{origin}");
        format!(
            "{}?code={code}&state={}&iss={ISSUER}",
            back.path(),
            query["state"]
        )
    }
}
