//! Cookies that browsers refuse or leave out: for their attributes, their name or their size.

use crate::catalogue::{Case, Row};
use crate::cure::setting;
use crate::evidence::{SameSite, host_of};
use crate::shown::shown;
use crate::text::Saying;
use crate::{Change, Confidence, Evidence, Severity};

/// What follows when the cookie of a session or of a sign-in is not there.
macro_rules! echoes {
    () => {
        &[
            "VST-COOKIE-LOOP",
            "VST-COOKIE-STATE-MISSING",
            "VST-AADSTS-50196",
        ]
    };
}

pub(super) const ROWS: &[Row] = &[
    Row {
        code: "VST-COOKIE-NONE-INSECURE",
        title: "SameSite=None without Secure",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265bis §4.1.2.7 and §5.7",
        symptom: "The browser's console says that a cookie was rejected because it has `SameSite=None` \
                  and not `Secure`; sign-in never ends.",
        cause: "Browsers drop a cookie with `SameSite=None` that is not `Secure`, and a page without TLS \
                can't set a `Secure` one.",
        cure: "Serve the site over https; where TLS ends before the proxy, tell the proxy so.",
        fault: None,
        explains: echoes!(),
        judge: none_insecure,
    },
    Row {
        code: "VST-COOKIE-SECURE-HTTP",
        title: "a Secure cookie on a page without TLS",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265bis §5.7; what browsers do on localhost differs",
        symptom: "On http sign-in goes round in circles, or works in one browser and not in another.",
        cause: "A `Secure` cookie, and one whose name begins with `__Host-` or `__Secure-`, is dropped when \
                it comes over http. For `localhost` some browsers make an exception and some do not.",
        cure: "Open the site over https. On localhost use a cookie without prefix and `Secure`.",
        fault: None,
        explains: echoes!(),
        judge: secure_on_http,
    },
    Row {
        code: "VST-COOKIE-PREFIX",
        title: "a __Host- cookie with a domain or another path",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265bis §4.1.3.2",
        symptom: "No session begins in any browser: after sign-in comes sign-in.",
        cause: "Browsers take a cookie named `__Host-…` only if it is `Secure`, has the path `/` and no \
                domain.",
        cure: "Leave the domain out and set the path to `/`, or choose a name without the prefix.",
        fault: None,
        explains: &[
            "VST-COOKIE-LOOP",
            "VST-COOKIE-STATE-MISSING",
            "VST-AADSTS-50196",
            "VST-COOKIE-DOMAIN",
            "VST-COOKIE-PATH",
            "VST-REDIRECT-COOKIE",
        ],
        judge: prefix,
    },
    Row {
        code: "VST-COOKIE-TOO-LARGE",
        title: "a cookie of more than 4096 bytes",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265bis §5.6, step 5; RFC 6265 §6.1",
        symptom: "Sign-in goes round in circles for some people: mostly those in many groups.",
        cause: "Browsers drop a cookie whose name and value are longer than 4096 bytes, without a word. A \
                session with its tokens in it soon is.",
        cure: "Keep sessions on the server, or put fewer claims and no tokens into the cookie.",
        fault: None,
        explains: &[
            "VST-COOKIE-LOOP",
            "VST-COOKIE-STATE-MISSING",
            "VST-AADSTS-50196",
            "VST-HEADER-FRONT-BUFFER",
        ],
        judge: too_large,
    },
    Row {
        code: "VST-COOKIE-DOMAIN",
        title: "a cookie for a domain the site is not in",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265 §5.3, steps 5 and 6",
        symptom: "After sign-in comes sign-in; the browser's console says that a cookie's domain is \
                  not accepted.",
        cause: "A host may set cookies for itself and for the domains it is in, but not for one under which \
                strangers have names, like `azurewebsites.net`.",
        cure: "Leave the cookie's domain out.",
        fault: None,
        explains: echoes!(),
        judge: domain,
    },
    Row {
        code: "VST-COOKIE-PATH",
        title: "a cookie's path with a slash the page's address lacks",
        severity: Severity::Error,
        confidence: Confidence::Documented,
        source: "RFC 6265 §5.1.4",
        symptom: "The app works under `/sub/` and goes round in circles under `/sub`.",
        cause: "A cookie with the path `/sub/` is not sent to `/sub`.",
        cure: "Give the cookie the path `/`.",
        fault: None,
        explains: echoes!(),
        judge: path,
    },
];

/// Hosts under which strangers have names, as sites in the cloud often do.
const SHARED: [&str; 12] = [
    "azurewebsites.net",
    "cloudapp.net",
    "cloudapp.azure.com",
    "azurecontainerapps.io",
    "azurestaticapps.net",
    "herokuapp.com",
    "github.io",
    "run.app",
    "appspot.com",
    "elb.amazonaws.com",
    "co.uk",
    "com.au",
];

/// The most bytes of name and value that browsers keep.
const MAX_COOKIE_BYTES: usize = 4096;

/// Whether the site is opened without TLS, as far as is known.
fn on_http(evidence: &Evidence) -> Option<&str> {
    let opened = evidence
        .request
        .as_ref()
        .and_then(|request| request.url.as_deref());
    let urls = evidence
        .settings
        .iter()
        .flat_map(|settings| &settings.public_urls);
    opened
        .or_else(|| urls.map(String::as_str).next())
        .filter(|url| url.starts_with("http://"))
}

fn is_local(url: &str) -> bool {
    host_of(url).is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "::1"))
}

fn serve_over_tls(evidence: &Evidence) -> Change {
    setting(
        evidence,
        Change::config(
            "public_url",
            "Write the address people type, with https. The listener may be plain behind a TLS terminator.",
        )
        .line("public_url = \"https://PUBLIC-HOST\""),
        Change::apache(
            "OIDCXForwardedHeaders",
            "Where TLS ends before Apache: believe what the front proxy says, if only it can reach Apache.",
        )
        .line("OIDCXForwardedHeaders X-Forwarded-Proto"),
    )
}

fn none_insecure(evidence: &Evidence) -> Option<Case> {
    let session = evidence.settings.as_ref().map(|settings| &settings.session);
    let of_settings = session.and_then(|session| {
        let name = match (session.same_site, session.pending_same_site) {
            (Some(SameSite::None), _) => "session cookie",
            (_, Some(SameSite::None)) => "cookie of a sign-in under way",
            _ => return None,
        };
        (session.secure == Some(false))
            .then(|| format!("The {name} has `SameSite=None` and is not `Secure`."))
    });
    let said = || {
        evidence
            .heard(Saying::NoneWithoutSecure)
            .then(|| "The browser or the library names a cookie with `SameSite=None` and without `Secure`.".to_owned())
    };
    Some(Case::new(of_settings.or_else(said)?).change(serve_over_tls(evidence)))
}

fn secure_on_http(evidence: &Evidence) -> Option<Case> {
    if evidence.heard(Saying::SecureWithoutTls) {
        let seen = "The browser says that a `Secure` cookie came without TLS, and drops it.";
        return Some(Case::new(seen).change(serve_over_tls(evidence)));
    }
    let session = &evidence.settings.as_ref()?.session;
    let url = on_http(evidence)?;
    let name = session.cookie_name.as_deref().unwrap_or_default();
    let prefixed = name.starts_with("__Host-") || name.starts_with("__Secure-");
    let what = match (session.secure, prefixed) {
        (_, true) => format!("The session cookie is named {}", shown(name)),
        (Some(true), false) => "The session cookie is `Secure`".to_owned(),
        _ => return None,
    };
    let case = Case::new(format!("{what}, and the site is opened at {}.", shown(url)))
        .change(serve_over_tls(evidence));
    Some(match is_local(url) {
        true => case
            .because("On localhost without TLS some browsers keep such a cookie, and some drop it.")
            .severity(Severity::Warning)
            .confidence(Confidence::Inferred),
        false => case,
    })
}

fn prefix(evidence: &Evidence) -> Option<Case> {
    let session = &evidence.settings.as_ref()?.session;
    let name = session
        .cookie_name
        .as_deref()
        .filter(|name| name.starts_with("__Host-"))?;
    let path = session.cookie_path.as_deref().filter(|path| *path != "/");
    let what = match (session.cookie_domain.as_deref(), path) {
        (Some(domain), _) => format!("the domain {}", shown(domain)),
        (None, Some(path)) => format!("the path {}", shown(path)),
        (None, None) => return None,
    };
    let apache = match session.cookie_domain {
        Some(_) => Change::apache("OIDCCookieDomain", "Remove it."),
        None => Change::apache("OIDCCookiePath", "Cover the whole site.").line("OIDCCookiePath /"),
    };
    Some(
        Case::new(format!("The cookie {} has {what}.", shown(name))).change(setting(
            evidence,
            Change::api(
                "session cookie",
                "Leave its domain out and set its path to `/`, as Vestibule's own cookie has it.",
            ),
            apache,
        )),
    )
}

fn too_large(evidence: &Evidence) -> Option<Case> {
    let set = evidence
        .response
        .iter()
        .flat_map(|response| &response.cookies);
    let large = set
        .max_by_key(|cookie| cookie.length)
        .filter(|cookie| cookie.length > MAX_COOKIE_BYTES);
    let seen = match large {
        Some(cookie) => format!(
            "The cookie {} has {} bytes.",
            shown(&cookie.name),
            cookie.length
        ),
        None if evidence.heard(Saying::CookieTooLarge) => {
            "The log says that a cookie is larger than browsers take.".to_owned()
        }
        None => return None,
    };
    Some(
        Case::new(seen)
            .change(setting(
                evidence,
                Change::config("session.store", "Keep sessions on the server: the cookie is then a short handle.")
                    .line("store = \"file:/var/lib/vestibule/sessions\""),
                Change::apache("OIDCSessionType", "Keep sessions on the server: the cookie is then a short handle.")
                    .line("OIDCSessionType server-cache"),
            ))
            .change(Change::portal(
                "App registrations > your sign-in app > Token configuration > Edit groups claim",
                "If groups make it large: choose \"Groups assigned to the application\", or use app roles.",
            )),
    )
}

/// Whether cookies for `domain` reach `host` (RFC 6265 §5.1.3).
fn covers(domain: &str, host: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    host.to_ascii_lowercase()
        .strip_suffix(&domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn domain(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let domain = settings.session.cookie_domain.as_deref()?;
    let bare = domain.trim_start_matches('.').to_ascii_lowercase();
    let hosts = || settings.public_urls.iter().filter_map(|url| host_of(url));
    let callback = settings.redirect_uri.as_deref().and_then(host_of);
    // A callback outside is a finding of its own.
    let reaches_callback = callback.is_none_or(|host| covers(domain, host));
    let outside = hosts()
        .find(|host| !covers(domain, host))
        .filter(|_| reaches_callback);
    let shared = SHARED.contains(&bare.as_str()) || !bare.contains('.');
    let seen = match outside {
        Some(host) => format!(
            "The cookie's domain is {}, and the site is at {}.",
            shown(domain),
            shown(host)
        ),
        None if shared && hosts().all(|host| host != bare) && reaches_callback => {
            format!(
                "The cookie's domain is {}, where everybody can have a name.",
                shown(domain)
            )
        }
        None => return None,
    };
    Some(Case::new(seen).change(setting(
        evidence,
        Change::api(
            "session cookie",
            "Leave its domain out: it is then for the one host that sets it.",
        ),
        Change::apache(
            "OIDCCookieDomain",
            "Remove it: the cookie is then for the one host that sets it.",
        ),
    )))
}

fn path(evidence: &Evidence) -> Option<Case> {
    let settings = evidence.settings.as_ref()?;
    let cookie = settings.session.cookie_path.as_deref()?;
    let bare = cookie.strip_suffix('/').filter(|bare| !bare.is_empty())?;
    let opened = evidence
        .request
        .as_ref()
        .and_then(|request| request.url.as_deref());
    let opened = opened.and_then(|url| {
        let (_, rest) = url.split_once("://")?;
        rest.find('/').and_then(|start| rest.get(start..))
    });
    let routes = settings
        .routes
        .iter()
        .filter_map(|route| route.path.as_deref());
    let missed = opened
        .into_iter()
        .chain(routes)
        .find(|path| *path == bare)?;
    Some(
        Case::new(format!(
            "The cookie's path is {}, and the page is at {}.",
            shown(cookie),
            shown(missed)
        ))
        .change(setting(
            evidence,
            Change::api(
                "session cookie",
                "Set its path to `/`, as Vestibule's own cookie has it.",
            ),
            Change::apache("OIDCCookiePath", "Cover the whole site.").line("OIDCCookiePath /"),
        )),
    )
}
