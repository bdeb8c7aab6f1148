//! Every case there is: a proxy, how it is set up, and what proves that it does its work.

mod apache;
mod direct;
mod haproxy;
mod nginx;
mod oauth2_proxy;
mod request;
mod vestibule;

use crate::problem::Outcome;
use crate::stage::{Place, Process};

pub(crate) use request::{Path, Prepared, prepare};

/// The case that all ratios are formed with.
pub(crate) const BASELINE: &str = "nginx";

/// One thing to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// What the table calls it.
    pub(crate) title: &'static str,
    /// The nginx that does the same but for signing in.
    pub(crate) alike: &'static str,
    /// Whether `--quick` has it: for daily work the dearest and the most alike are left out.
    pub(crate) quick: bool,
    /// How many cores it gets.
    pub(crate) cores: usize,
    start: fn(&Place, &Case) -> Outcome<Running>,
}

/// A case that has been started.
#[derive(Debug)]
pub(crate) struct Running {
    /// Everything whose CPU time and memory count; none for the application alone.
    pub(crate) processes: Vec<Process>,
    /// What is asked, without the path.
    pub(crate) url: String,
    pub(crate) passes: Passes,
}

/// What the application must see.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Passes {
    /// The request.
    Request,
    /// The request, with this field and value: proof that somebody was asked.
    Field(&'static str, &'static str),
    /// The request of a person who is signed in: her name and her access token, in these fields.
    Person {
        user: &'static str,
        access_token: &'static str,
    },
}

impl Case {
    pub(crate) fn start(&self, place: &Place) -> Outcome<Running> {
        (self.start)(place, self)
    }
}

/// All cases, in the table's order.
pub(crate) fn all() -> Vec<Case> {
    let case = |name, title, start| Case {
        name,
        title,
        alike: match name {
            "nginx-tls" | "vestibule-tls" => "nginx-tls",
            "nginx-log" | "vestibule-log" => "nginx-log",
            _ => BASELINE,
        },
        quick: !matches!(
            name,
            "apache" | "openidc-cookie" | "openidc-redis" | "nginx-log" | "vestibule-log"
        ),
        cores: 1,
        start,
    };
    vec![
        case("direct", "application and client alone", direct::start),
        case(BASELINE, "nginx", nginx::plain),
        case("haproxy", "HAProxy", haproxy::plain),
        case("apache", "Apache", apache::plain),
        case(
            "vestibule-public",
            "**Vestibule**, public",
            vestibule::public,
        ),
        case(
            "vestibule",
            "**Vestibule**, signed in (memory)",
            vestibule::memory,
        ),
        case(
            "vestibule-file",
            "**Vestibule**, signed in (file)",
            vestibule::file,
        ),
        case(
            "vestibule-unix",
            "**Vestibule**, signed in, Unix socket upstream",
            vestibule::unix,
        ),
        case(
            "vestibule-log",
            "**Vestibule**, signed in, access log",
            vestibule::logging,
        ),
        case("nginx-log", "nginx, access log", nginx::logging),
        case("nginx-tls", "nginx with TLS", nginx::tls),
        case(
            "vestibule-tls",
            "**Vestibule** with TLS, signed in",
            vestibule::tls,
        ),
        Case {
            cores: 2,
            ..case(
                "vestibule-2",
                "**Vestibule**, signed in, two cores",
                vestibule::memory,
            )
        },
        case(
            "nginx-auth",
            "nginx `auth_request`, trivial service",
            nginx::auth_request,
        ),
        case(
            "openidc-shm",
            "Apache + mod_auth_openidc (shm)",
            apache::openidc_shm,
        ),
        case(
            "openidc-cookie",
            "Apache + mod_auth_openidc (client-cookie)",
            apache::openidc_cookie,
        ),
        case(
            "openidc-redis",
            "Apache + mod_auth_openidc (Redis)",
            apache::openidc_redis,
        ),
        case(
            "oauth2-proxy",
            "oauth2-proxy (cookie)",
            oauth2_proxy::cookie,
        ),
    ]
}
