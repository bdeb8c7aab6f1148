//! The routes and settings that the rig has.

use std::sync::Arc;
use std::time::Duration;

use vestibule_gate::callback_path::CallbackPath;
use vestibule_gate::claims::ClaimPath;
use vestibule_gate::headers::{ModAuthOpenidc, Preset};
use vestibule_gate::path::PathPrefix;
use vestibule_gate::request::ReadPolicy;
use vestibule_gate::route::{Route, TokenChoice, UpstreamId};
use vestibule_gate::rule::{Requirement, Rule};
use vestibule_gate::{Gate, GateSettings};
use vestibule_session::carried::CookieLimit;
use vestibule_session::lifetime::Lifetimes;
use vestibule_session::record::ResourceKey;
use vestibule_session::seal::{KeyRing, SealingKey};
use vestibule_session::site::Site;

use crate::pages::Pages;
use crate::plan::Plan;
use crate::provider::ProviderPlan;
use crate::provider::fake::FakeProvider;

/// The scope of the route `/b`.
pub(crate) const SCOPE_B: &str = "api://b/read";
/// The object id of the group that may use `/staff`.
pub(crate) const STAFF: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101";

pub(super) fn lifetimes() -> Lifetimes {
    Lifetimes::new(Duration::from_secs(7200), Duration::from_secs(36000)).unwrap()
}

pub(super) fn plan(fake: &FakeProvider, providers: Vec<ProviderPlan>) -> Plan {
    lasting(fake, providers, lifetimes())
}

pub(super) fn lasting(
    fake: &FakeProvider,
    providers: Vec<ProviderPlan>,
    lifetimes: Lifetimes,
) -> Plan {
    let callbacks = providers.iter().filter_map(|plan| {
        let path = CallbackPath::new(plan.redirect_path.as_deref()?, false)
            .unwrap()
            .at_hosts(plan.hosts.clone());
        Some(match plan.redirect_actions {
            Some(_) => path.with_actions(),
            None => path,
        })
    });
    let mut sites = vec![Site::https("portal.example.com", 443).unwrap()];
    for host in providers.iter().flat_map(|plan| &plan.hosts) {
        if sites.iter().all(|site| site.host() != host.as_str()) {
            sites.push(Site::https(host.as_str(), 443).unwrap());
        }
    }
    let gate = gate(sites, lifetimes).with_callback_paths(callbacks.collect());
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

fn gate(sites: Vec<Site>, lifetimes: Lifetimes) -> Gate {
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
    let mut named = route("named", "/named");
    named.user = vec![ClaimPath::new("upn")];
    // Of a provider of that name alone.
    let mut vouched = route("vouched", "/vouched");
    vouched.provider = Some("vouched".to_owned());
    vouched.headers.presets = vec![Preset::ModAuthOpenidc(ModAuthOpenidc {
        userinfo_jwt: true,
        ..ModAuthOpenidc::default()
    })];
    let mut forms = route("forms", "/forms");
    forms.keep_post = Some(1000);
    Gate::new(GateSettings {
        sites,
        routes: vec![
            route("app", "/app"),
            members,
            staff,
            public,
            named,
            vouched,
            forms,
            members_b,
            members_only,
            plain,
            other("b", "/b", key_b()),
            other("c", "/c", key_c()),
        ],
        lifetimes,
    })
    .unwrap()
}
