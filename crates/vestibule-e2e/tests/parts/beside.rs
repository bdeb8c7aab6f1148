//! The same file under Debian's Apache and under `vestibule run --apache`: what the app gets and the person
//! sees is the same, but for what `beside/differences.txt` lists with its reason.
//!
//! An ordinary run takes the cases that are marked for it, a long run all. `VESTIBULE_BESIDE=case,case`, or `*`, takes
//! those, and tells every difference there is.

mod cases;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use tempfile::TempDir;
use vestibule_e2e::beside::difference::{self, Difference, List};
use vestibule_e2e::beside::front::{Front, Server};
use vestibule_e2e::beside::step::{Facts, SignIn};
use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::certified_provider::CertifiedProvider;
use vestibule_e2e::jar::Cookie;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::relay::Relay;
use vestibule_e2e::upstream::Upstream;
use vestibule_e2e::{place, rounds};

use cases::Case;

const DIFFERENCES: &str = include_str!("beside/differences.txt");

/// The address of both servers.
struct Address {
    port: u16,
    url: String,
    /// What they show over TLS.
    certificate: Option<Certificate>,
}

impl Address {
    fn new() -> Self {
        let port = place::free_port();
        let url = format!("http://localhost:{port}");
        Self {
            port,
            url,
            certificate: None,
        }
    }

    fn over_tls(certificate: &Certificate) -> Self {
        let port = place::free_port();
        let url = format!("https://localhost:{port}");
        Self {
            port,
            url,
            certificate: Some(certificate.clone()),
        }
    }
}

#[test]
fn with_a_certified_provider() {
    let address = Address::new();
    let people = cases::PEOPLE.replace("HUGE", &"x".repeat(9000));
    let many: Vec<String> = (0..200).map(|n| format!("group-number-{n}")).collect();
    let people = people.replace("\"MANY\"", &json!(many).to_string());
    let people: serde_json::Value = serde_json::from_str(&people).unwrap();
    let settings = json!({
        "people": people,
        "pkce": false,
        "revocation": true,
        "post_logout_redirect_uris": [format!("{}/app/bye", address.url)],
        "backchannel_logout_uri": format!("{}/app/redirect_uri?logout=backchannel", address.url),
        "backchannel_logout_session_required": true,
    });
    let redirect_uri = format!("{}/app/redirect_uri", address.url);
    let provider = CertifiedProvider::start(&redirect_uri, &settings);
    let metadata = format!("{}/.well-known/openid-configuration", provider.issuer);
    let facts = [
        ("metadata", metadata.as_str()),
        ("issuer", &provider.issuer),
        ("client_id", "basic"),
        ("client_secret", &CertifiedProvider::client_secret("basic")),
        ("scope", "openid profile email groups"),
    ];
    judge(&cases::certified(), &address, &facts, |case| {
        let name = case.person;
        Box::new(move |person, page| CertifiedProvider::sign_in(person, page, name))
    });
}

#[test]
fn with_the_local_provider() {
    let address = Address::new();
    let provider = LocalProvider::start();
    let issuer = provider.issuer();
    let scope = format!("openid profile {}/.default", provider.fact("api"));
    let facts = [
        ("metadata", provider.fact("metadata_url")),
        ("issuer", &issuer),
        ("client_id", provider.fact("client_id")),
        ("client_secret", provider.fact("client_secret")),
        ("api", provider.fact("api")),
        ("scope", &scope),
    ];
    judge(&cases::local(), &address, &facts, |case| {
        let name = case.person;
        Box::new(move |person, page| LocalProvider::sign_in(person, page, name))
    });
}

/// Both servers and the provider's documents are behind TLS, with a certificate that the file names as a CA.
#[test]
fn over_tls_with_a_provider_behind_tls() {
    let certificate = Certificate::new();
    let address = Address::over_tls(&certificate);
    let provider = LocalProvider::with_redirect_uri(&format!("{}/app/redirect_uri", address.url));
    let relay = Relay::start(&provider.url(), Some(&certificate));
    let metadata = provider.fact("metadata_url");
    let metadata = metadata.replace(&provider.url(), &relay.url);
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        ("cert.pem", &certificate.pem),
        ("key.pem", &certificate.key_pem),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    // A key that others can read is refused.
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(folder.path().join("key.pem"), mode).unwrap();
    let scope = format!("openid profile {}/.default", provider.fact("api"));
    let issuer = provider.issuer();
    let folder = folder.path().display().to_string();
    let facts = [
        ("metadata", metadata.as_str()),
        ("issuer", &issuer),
        ("client_id", provider.fact("client_id")),
        ("client_secret", provider.fact("client_secret")),
        ("scope", &scope),
        ("folder", &folder),
    ];
    judge(&cases::over_tls(), &address, &facts, |case| {
        let name = case.person;
        Box::new(move |person, page| {
            let posting = LocalProvider::sign_in(person, page, name);
            match posting.text().contains("<form") {
                // What the provider's page presses by itself.
                true => person.submit(&posting, posting.form()),
                false => posting,
            }
        })
    });
}

#[test]
fn the_list_names_cases_that_there_are() {
    let all = [cases::certified(), cases::local(), cases::over_tls()].concat();
    let mut names: Vec<&str> = all.iter().map(|case| case.name).collect();
    let unknown = List::parse(DIFFERENCES).unknown_cases(&names);
    assert!(unknown.is_empty(), "{unknown:?}");
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name stands for one case");
}

/// A row for many would hide what is new in one of them, unless it says what the values are.
#[test]
fn a_row_for_several_cases_or_facts_says_what_they_are() {
    let rows = DIFFERENCES.lines().filter(|line| !line.starts_with('#'));
    for row in rows {
        let columns: Vec<&str> = row.split(" | ").collect();
        if let [cases, _, facts, _] = columns[..] {
            assert!(!cases.contains([',', '*']) && !facts.contains('*'), "{row}");
        }
    }
}

/// Runs the cases, and fails with everything that is wrong about their differences.
fn judge(
    cases: &[Case],
    address: &Address,
    facts: &[(&str, &str)],
    sign_in: impl Fn(&Case) -> Box<SignIn<'static>>,
) {
    let upstream = Upstream::start();
    let only = std::env::var("VESTIBULE_BESIDE").unwrap_or_default();
    let chosen = cases.iter().filter(|case| match only.is_empty() {
        true => case.often || rounds::are_long(),
        false => only.split(',').any(|name| name == "*" || name == case.name),
    });
    let (mut ran, mut differences, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for case in chosen {
        let text = configuration(case, address, &upstream, facts);
        let walk = |server| run(server, case, &text, address, &upstream, &sign_in(case));
        let apache = match walk(Server::Apache) {
            Ok(apache) => apache,
            Err(printed) => {
                wrong.push(format!("Apache does not take {}: {printed}", case.name));
                continue;
            }
        };
        match walk(Server::Vestibule) {
            Ok(vestibule) => {
                for ((step, apache), vestibule) in case.steps.iter().zip(&apache).zip(&vestibule) {
                    let step = step.name();
                    differences.extend(difference::between(case.name, &step, apache, vestibule));
                }
            }
            Err(printed) => differences.push(Difference {
                case: case.name.to_owned(),
                step: "start".to_owned(),
                fact: "start".to_owned(),
                apache: Vec::new(),
                vestibule: reasons(&printed),
            }),
        }
        ran.push(case.name);
    }
    println!(
        "{} configurations, {} differences",
        ran.len(),
        differences.len()
    );
    let list = DIFFERENCES
        .replace("{url}", &address.url)
        .replace("{port}", &address.port.to_string());
    // Whoever names cases wants to see what is listed, too.
    for difference in differences.iter().filter(|_| !only.is_empty()) {
        println!("{difference}");
    }
    wrong.extend(List::parse(&list).judge(&ran, &differences));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Where the import stopped, in its own words.
fn reasons(printed: &str) -> Vec<String> {
    let of = |word: &str| -> Vec<String> {
        let lines = printed.lines().map(str::trim);
        let says = lines.filter(|line| line.starts_with(word));
        says.map(str::to_owned).collect()
    };
    // Why it can't be imported goes before what is wrong with what was.
    let found = [of("stops "), of("error "), vec![printed.to_owned()]];
    found
        .into_iter()
        .find(|lines| !lines.is_empty())
        .unwrap_or_default()
}

/// One server from its start to its end, with somebody who has cookies of the app already. What it printed if it does not start.
fn run(
    server: Server,
    case: &Case,
    text: &str,
    address: &Address,
    upstream: &Upstream,
    sign_in: &SignIn<'_>,
) -> Result<Vec<Facts>, String> {
    let front = Front::start(server, address.port, text)?;
    let mut person = Person {
        trust: address.certificate.clone(),
        ..Person::new()
    };
    for name in ["theme", "other"] {
        person.jar.put(Cookie {
            host: "localhost".to_owned(),
            name: name.to_owned(),
            value: "of-the-app".to_owned(),
            path: "/".to_owned(),
            attributes: String::new(),
        });
    }
    let steps = case.steps.iter();
    let facts = steps.map(|step| step.take(&mut person, &address.url, upstream, sign_in));
    let facts = facts.collect();
    front.stop();
    Ok(facts)
}

/// The file both servers read: what every case has, and the lines of the case, which stand in for those of
/// the same directive; as a comment, for nothing.
fn configuration(
    case: &Case,
    address: &Address,
    upstream: &Upstream,
    facts: &[(&str, &str)],
) -> String {
    let name = |line: &str| {
        let line = line.trim().trim_start_matches('#');
        line.split(' ').next().unwrap_or_default().to_owned()
    };
    let without = |lines: &'static str, replaced: &str| -> String {
        let replaced: Vec<String> = replaced.lines().map(name).collect();
        let kept = lines.lines().filter(|line| !replaced.contains(&name(line)));
        kept.map(|line| format!("{line}\n")).collect()
    };
    let mut text = if case.whole.is_empty() {
        format!(
            "{}{}\n<Location /app>\n{}{}\n</Location>\n",
            without(cases::SERVER, case.server),
            case.server,
            without(cases::LOCATION, case.location),
            case.location,
        )
    } else {
        case.whole.to_owned()
    };
    for (name, value) in facts {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text.replace("{url}", &address.url)
        .replace("{upstream}", &upstream.url)
        .replace("{app}", upstream.url.trim_start_matches("http://"))
}
