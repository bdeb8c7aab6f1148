//! Vestibule: public and signed in, per store, with TLS, a Unix socket upstream, and an access log.

use super::{Case, Passes, Running};
use crate::problem::Outcome;
use crate::stage::{Place, Process, Provider};

/// What differs between the cases.
struct Setting<'a> {
    scheme: &'a str,
    store: &'a str,
    upstream: String,
    require: &'a str,
    access_log: bool,
}

impl Setting<'_> {
    fn of(place: &Place) -> Self {
        Setting {
            scheme: "http",
            store: "memory",
            upstream: format!("http://127.0.0.1:{}", place.upstream.port),
            require: "signed-in",
            access_log: false,
        }
    }
}

pub(super) fn public(place: &Place, case: &Case) -> Outcome<Running> {
    let require = "public";
    start(
        place,
        case,
        &Setting {
            require,
            ..Setting::of(place)
        },
    )
}

pub(super) fn memory(place: &Place, case: &Case) -> Outcome<Running> {
    start(place, case, &Setting::of(place))
}

pub(super) fn file(place: &Place, case: &Case) -> Outcome<Running> {
    let store = "file:sessions";
    start(
        place,
        case,
        &Setting {
            store,
            ..Setting::of(place)
        },
    )
}

pub(super) fn unix(place: &Place, case: &Case) -> Outcome<Running> {
    let upstream = format!("unix:{}", place.upstream.path.display());
    start(
        place,
        case,
        &Setting {
            upstream,
            ..Setting::of(place)
        },
    )
}

pub(super) fn logging(place: &Place, case: &Case) -> Outcome<Running> {
    let access_log = true;
    start(
        place,
        case,
        &Setting {
            access_log,
            ..Setting::of(place)
        },
    )
}

pub(super) fn tls(place: &Place, case: &Case) -> Outcome<Running> {
    let scheme = "https";
    start(
        place,
        case,
        &Setting {
            scheme,
            ..Setting::of(place)
        },
    )
}

fn start(place: &Place, case: &Case, setting: &Setting<'_>) -> Outcome<Running> {
    configure(place, case, setting)?;
    let program = place.program.display().to_string();
    let mut line: Vec<&str> = place.prefix.iter().map(String::as_str).collect();
    line.extend([program.as_str(), "run", "--config", "vestibule.toml"]);
    let cores = place.cores.of_proxy(case.cores);
    let passes = if setting.require == "public" {
        Passes::Request
    } else {
        Passes::Person {
            user: "OIDC_CLAIM_upn",
            access_token: "OIDC_access_token",
        }
    };
    Ok(Running {
        processes: vec![Process::start("vestibule", &place.folder, &cores, &line)?],
        url: place.url(setting.scheme),
        passes,
    })
}

fn configure(place: &Place, case: &Case, setting: &Setting<'_>) -> Outcome {
    let Setting {
        scheme,
        store,
        upstream,
        require,
        access_log,
    } = setting;
    let tls = match *scheme {
        "https" => "tls = { certificate = \"cert.pem\", key = \"file:key.pem\" }",
        _ => "",
    };
    // A public route asks for no token.
    let person = match *require {
        "public" => String::new(),
        _ => format!(
            "user = \"upn\"\ndanger_mutable_user = true\nheaders = \"mod_auth_openidc\"\n\
             access_token = {{ scope = \"{}\" }}\n",
            Provider::api_scope()
        ),
    };
    let text = format!(
        r#"
public_url = "{url}"
listen = "127.0.0.1:{port}"
threads = {threads}
{tls}

[provider]
kind = "entra"
issuer = "{issuer}"
client_id = "{client}"
client_secret = "file:secret"

[session]
store = "{store}"

[log]
access = {access_log}

[[route]]
path = "/app"
keep_prefix = true
upstream = "{upstream}"
require = "{require}"
{person}
"#,
        url = place.url(scheme),
        port = place.port_for(scheme),
        threads = case.cores,
        issuer = place.provider.issuer(),
        client = Provider::CLIENT_ID,
    );
    place.write_secret("secret", Provider::CLIENT_SECRET)?;
    place.write("vestibule.toml", &text)
}
