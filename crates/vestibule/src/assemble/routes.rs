//! Routes and their upstreams.

use std::path::Path;
use std::sync::Arc;

use vestibule_config::{
    BesideAnswer, ClaimValue as Wanted, CookieSameSite, Require, RouteSettings, RuleSettings,
    Settings, UpstreamProtocol, UpstreamTls, WhenNotAllowed as NotAllowed, WhenSignedOut as Out,
};
use vestibule_gate::answer_cookies::{AnswerCookies, SameSite};
use vestibule_gate::answer_headers::{AnswerHeader, Beside};
use vestibule_gate::claims::ClaimPath;
use vestibule_gate::host::{Host, HostName};
use vestibule_gate::method::Method;
use vestibule_gate::path::PathPrefix;
use vestibule_gate::pattern::Pattern;
use vestibule_gate::route::{Route, UpstreamId};
use vestibule_gate::rule::{ClaimValue, Requirement, Rule};
use vestibule_gate::turned_away::{SignedOutStatus, WhenNotAllowed, WhenSignedOut};
use vestibule_gate::user::{Part, UserForm};
use vestibule_proxy::trust::SystemRoots;
use vestibule_proxy::upstream::{
    Protocol, Timeouts, TlsSettings, Trust, UpstreamPlan, UpstreamSettings,
};

use super::{AssembleError, headers, providers};

/// The routes, and the upstreams they name by number.
pub(super) struct Routes {
    pub(super) routes: Vec<Route>,
    pub(super) upstreams: Vec<Arc<UpstreamPlan>>,
}

pub(super) fn plan(settings: &Settings) -> Result<Routes, AssembleError> {
    let needs_roots = settings.routes.iter().any(|route| {
        route.upstream.url.scheme() == "https" && route.upstream.tls == UpstreamTls::System
    });
    let roots = if needs_roots {
        SystemRoots::load()?
    } else {
        SystemRoots::none()
    };
    let mut upstreams: Vec<Arc<UpstreamPlan>> = Vec::new();
    let mut routes = Vec::with_capacity(settings.routes.len());
    for set in &settings.routes {
        let wanted = upstream(set)?;
        // Routes to the same place share its connections.
        let known = upstreams
            .iter()
            .position(|known| *known.settings() == wanted);
        let id = match known {
            Some(at) => at,
            None => {
                upstreams.push(Arc::new(UpstreamPlan::build(wanted, &roots)?));
                upstreams.len() - 1
            }
        };
        routes.push(route(set, settings, UpstreamId(id))?);
    }
    Ok(Routes { routes, upstreams })
}

/// The routes alone, to decide and not to send: each has an upstream of its number, and no file is read for it.
pub(super) fn alone(settings: &Settings) -> Result<Vec<Route>, AssembleError> {
    let routes = settings.routes.iter().enumerate();
    routes
        .map(|(at, set)| route(set, settings, UpstreamId(at)))
        .collect()
}

fn route(
    set: &RouteSettings,
    settings: &Settings,
    upstream: UpstreamId,
) -> Result<Route, AssembleError> {
    let name = format!("{}{}", set.host.as_deref().unwrap_or_default(), set.path);
    let mut route = Route::new(name, PathPrefix::parse(&set.path)?, upstream);
    route.host = match &set.host {
        Some(host) => Some(Host::new(HostName::parse(host.as_bytes())?, None)),
        None => None,
    };
    for path in &set.except {
        route.except.push(PathPrefix::parse(path)?);
    }
    route.keep_prefix = set.keep_prefix;
    route.keep_host = set.keep_host;
    route.upstream_base = PathPrefix::parse(&set.upstream.base_path)?;
    route.provider = set.provider.clone();
    route.require = match &set.require {
        Require::Public => Requirement::Public,
        Require::Anyone => Requirement::Anyone,
        Require::SignedIn => Requirement::SignedIn,
        Require::Rule(set) => Requirement::Rules(rule(set)?),
    };
    route.user = set.user.iter().map(|claim| ClaimPath::new(claim)).collect();
    route.user_form = user_form(&set.user_form);
    route.strip_cookies.clone_from(&set.strip_cookies);
    route.headers = headers::plan(&set.headers, set.bearer)?;
    route.access_token = providers::choice(set, settings);
    route.allowed_origins = set.allowed_origins.clone();
    route.websocket = set.websocket;
    route.trailers = set.trailers;
    route.danger_any_origin = set.danger_any_origin;
    route.anti_forgery_header = set.anti_forgery_header.as_deref().map(Into::into);
    route.upstream_max_head = set.upstream_max_head;
    route.keep_post = set.keep_post;
    for header in &set.answer_headers {
        let beside = match header.beside {
            BesideAnswer::Instead => Beside::Instead,
            BesideAnswer::Behind => Beside::Behind,
            BesideAnswer::Missing => Beside::Missing,
        };
        let change = AnswerHeader::new(&header.name, beside, header.values.clone())?;
        route.answer_headers.push(change);
    }
    route.answer_cookies = AnswerCookies {
        secure: set.answer_cookies.secure,
        http_only: set.answer_cookies.http_only,
        same_site: set
            .answer_cookies
            .same_site
            .map(|same_site| match same_site {
                CookieSameSite::Strict => SameSite::Strict,
                CookieSameSite::Lax => SameSite::Lax,
                CookieSameSite::None => SameSite::None,
            }),
    };
    route.when_signed_out = match set.when_signed_out {
        Out::SignIn => WhenSignedOut::SignIn,
        Out::Unauthorized => WhenSignedOut::Status(SignedOutStatus::Unauthorized),
        Out::ProxyAuthenticationRequired => {
            WhenSignedOut::Status(SignedOutStatus::ProxyAuthenticationRequired)
        }
        Out::Gone => WhenSignedOut::Status(SignedOutStatus::Gone),
    };
    route.when_not_allowed = match &set.when_not_allowed {
        NotAllowed::Forbidden => WhenNotAllowed::Forbidden,
        NotAllowed::Unauthorized => WhenNotAllowed::Unauthorized,
        NotAllowed::SignIn => WhenNotAllowed::SignIn,
        NotAllowed::Elsewhere(address) => WhenNotAllowed::Elsewhere(address.as_str().into()),
    };
    Ok(route)
}

/// One upstream alone.
pub(super) fn upstream_plan(set: &RouteSettings) -> Result<Arc<UpstreamPlan>, AssembleError> {
    let by_system = set.upstream.url.scheme() == "https" && set.upstream.tls == UpstreamTls::System;
    let roots = match by_system {
        true => SystemRoots::load()?,
        false => SystemRoots::none(),
    };
    Ok(Arc::new(UpstreamPlan::build(upstream(set)?, &roots)?))
}

fn upstream(set: &RouteSettings) -> Result<UpstreamSettings, AssembleError> {
    let set = &set.upstream;
    let mut plan = UpstreamSettings::from_url(&set.url)?;
    plan.protocol = match set.protocol {
        UpstreamProtocol::Auto => Protocol::Auto,
        UpstreamProtocol::Http1 => Protocol::Http1,
        UpstreamProtocol::H2 | UpstreamProtocol::H2c => Protocol::Http2,
    };
    if plan.tls.is_some() {
        plan.tls = Some(match &set.tls {
            UpstreamTls::System => TlsSettings::default(),
            UpstreamTls::Ca(path) => TlsSettings {
                trust: Trust::Only(read(path)?),
                ..TlsSettings::default()
            },
            UpstreamTls::Insecure => TlsSettings {
                danger_accept_any_certificate: true,
                ..TlsSettings::default()
            },
        });
    }
    plan.timeouts = Timeouts {
        connect: set.connect_timeout,
        head: set.response_timeout,
        stall: set.stall_timeout,
        stream_idle: set.stream_idle_timeout,
        ..Timeouts::default()
    };
    Ok(plan)
}

fn read(path: &Path) -> Result<Vec<u8>, AssembleError> {
    std::fs::read(path).map_err(|error| format!("read {}: {error}", path.display()).into())
}

fn user_form(set: &vestibule_config::UserForm) -> UserForm {
    let part = match (&set.before, &set.without) {
        (Some(text), _) => Part::Before(text.clone()),
        (None, Some(end)) => Part::Without(end.clone()),
        (None, None) => Part::Whole,
    };
    UserForm {
        part,
        with_issuer: set.with_issuer,
    }
}

fn rule(set: &RuleSettings) -> Result<Rule, AssembleError> {
    let rules = |list: &[RuleSettings]| list.iter().map(rule).collect::<Result<Vec<_>, _>>();
    Ok(match set {
        RuleSettings::All(list) => Rule::All(rules(list)?),
        RuleSettings::Any(list) => Rule::Any(rules(list)?),
        RuleSettings::Not(one) => Rule::Not(Box::new(rule(one)?)),
        RuleSettings::Claim { name, any_of } => Rule::Claim {
            path: ClaimPath::new(name),
            any_of: any_of.iter().map(value).collect(),
        },
        RuleSettings::Matches { name, pattern } => Rule::Pattern {
            path: ClaimPath::new(name),
            pattern: Pattern::compile(pattern)?,
        },
        RuleSettings::Groups(any_of) => Rule::Group {
            any_of: any_of.clone(),
        },
        RuleSettings::Roles(any_of) => Rule::Role {
            any_of: any_of.clone(),
        },
        RuleSettings::Scopes(any_of) => Rule::Scope {
            any_of: any_of.clone(),
        },
        RuleSettings::Methods(list) => {
            let methods = list.iter().map(|method| Method::parse(method.as_bytes()));
            Rule::Method {
                any_of: methods.collect::<Result<_, _>>()?,
            }
        }
        RuleSettings::Networks(any_of) => Rule::Network {
            any_of: any_of.clone(),
        },
    })
}

fn value(wanted: &Wanted) -> ClaimValue {
    match wanted {
        Wanted::Text(text) => ClaimValue::Text(text.clone()),
        Wanted::Integer(number) => ClaimValue::Integer(*number),
        Wanted::Boolean(truth) => ClaimValue::Boolean(*truth),
    }
}
