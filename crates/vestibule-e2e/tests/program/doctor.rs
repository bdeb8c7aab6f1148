//! `vestibule doctor` and the findings of `vestibule check`, against the local provider with every fault that shows
//! without a person, and with one.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;
use vestibule_e2e::certificate::Certificate;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::place::free_port;
use vestibule_e2e::process::Process;
use vestibule_e2e::program::vestibule;
use vestibule_e2e::scene::Scene;
use vestibule_e2e::upstream::Upstream;

/// A configuration in a folder of its own.
struct Setup {
    folder: TempDir,
    toml: String,
}

impl Setup {
    fn new(provider: &LocalProvider, upstream: &str, route: &str) -> Self {
        let folder = TempDir::new().unwrap();
        write_secret(folder.path(), provider.fact("client_secret"));
        let port = free_port();
        let toml = format!(
            "public_url = \"http://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\n[session]\n\
             store = \"file:{}/state/sessions\"\n\n{}\n[[route]]\npath = \"/app\"\nupstream = \"{upstream}\"\n{route}\n",
            folder.path().display(),
            provider.toml(),
        );
        Self { folder, toml }
    }

    /// One with an API behind it that gets a token of its own.
    fn healthy(provider: &LocalProvider, upstream: &str) -> Self {
        let api = provider.fact("api");
        Self::new(
            provider,
            upstream,
            &format!(
                "access_token = {{ scope = \"{api}/.default\" }}\nheaders = \"mod_auth_openidc\""
            ),
        )
    }

    fn with(mut self, from: &str, to: &str) -> Self {
        assert!(self.toml.contains(from), "{from}: {}", self.toml);
        self.toml = self.toml.replace(from, to);
        self
    }

    fn write(&self) {
        fs::write(self.folder.path().join("vestibule.toml"), &self.toml).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.write();
        let mut command = vestibule(arguments);
        let output = command
            .current_dir(self.folder.path())
            .env("STATE_DIRECTORY", self.folder.path())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!error.contains("panicked"), "{error}");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    }

    /// The codes that `doctor` finds, and whether its exit code fits them.
    fn codes(&self, arguments: &[&str]) -> Vec<String> {
        let all = [&["doctor", "--json", "--timeout", "5"], arguments].concat();
        let (exit, out) = self.run(&all);
        let report: Value =
            serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
        let wrong = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|finding| finding["severity"] == "error");
        assert_eq!(exit, Some(i32::from(wrong)), "{out}");
        codes(&report)
    }
}

fn write_secret(folder: &Path, text: &str) {
    let path = folder.join("secret");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn codes(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_healthy_set_up_gives_no_finding_and_leaves_nothing_behind() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let setup = Setup::healthy(&provider, &upstream.url);
    let (exit, out) = setup.run(&["doctor"]);
    assert_eq!(exit, Some(0), "{out}");
    assert!(out.contains("8 checks, nothing wrong"), "{out}");
    for told in [
        "the clock",
        "the keys",
        "the redirect URI",
        "credentials",
        "session store",
        "upstream",
    ] {
        assert!(out.contains(told), "{told}: {out}");
    }
    assert!(
        !setup.folder.path().join("state").exists(),
        "the store is not made"
    );
    let requests = upstream.received();
    assert_eq!(requests.len(), 1, "the upstream is asked once");
    assert_eq!(requests[0].line, "HEAD / HTTP/1.1");
    for field in ["authorization", "cookie"] {
        assert_eq!(requests[0].field(field), None);
    }
    let (exit, out) = setup.run(&["check"]);
    assert_eq!((exit, out.trim()), (Some(0), "vestibule.toml is fine"));
}

/// Each fault of the provider that shows without a person, and its finding.
#[test]
fn each_fault_of_the_provider_gives_its_code() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let setup = Setup::healthy(&provider, &upstream.url);
    for (fault, code) in [
        (
            json!({ "kind": "status", "endpoint": "discovery", "status": 404 }),
            "VST-KEYS-NO-METADATA",
        ),
        (
            json!({ "kind": "status", "endpoint": "discovery", "status": 503 }),
            "VST-KEYS-METADATA",
        ),
        (
            json!({ "kind": "body", "endpoint": "discovery", "shape": "html" }),
            "VST-KEYS-METADATA",
        ),
        (
            json!({ "kind": "body", "endpoint": "discovery", "shape": "truncated" }),
            "VST-KEYS-METADATA",
        ),
        (
            json!({ "kind": "discovery-member", "member": "jwks_uri" }),
            "VST-KEYS-METADATA",
        ),
        (
            json!({ "kind": "discovery-member", "member": "issuer", "value": "https://other.example" }),
            "VST-KEYS-ISSUER",
        ),
        (
            json!({ "kind": "hang-up", "endpoint": "discovery" }),
            "VST-KEYS-UNREACHABLE",
        ),
        (
            json!({ "kind": "slow", "endpoint": "discovery", "millis": 20_000 }),
            "VST-KEYS-UNREACHABLE",
        ),
        (
            json!({ "kind": "clock-offset", "seconds": 900 }),
            "VST-TIME-CLOCK",
        ),
        (
            json!({ "kind": "body", "endpoint": "keys", "shape": "html" }),
            "VST-KEYS-NOT-KEYS",
        ),
        (
            json!({ "kind": "status", "endpoint": "keys", "status": 500 }),
            "VST-KEYS-NOT-KEYS",
        ),
        (
            json!({ "kind": "hang-up", "endpoint": "token" }),
            "VST-KEYS-UNREACHABLE",
        ),
        (
            json!({ "kind": "token-error", "error": "invalid_client", "aadsts": 7_000_222 }),
            "VST-CLIENT-SECRET-EXPIRED",
        ),
    ] {
        provider.fault(&fault);
        assert_eq!(setup.codes(&[]), [code], "{fault}");
        provider.control("DELETE", "/faults", &Value::Null);
    }
    assert_eq!(
        setup.codes(&[]),
        Vec::<String>::new(),
        "nothing is left of the faults"
    );
}

#[test]
fn a_provider_that_is_down_is_found() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let setup = Setup::healthy(&provider, &upstream.url);
    let stopped = provider.stop();
    assert_eq!(setup.codes(&[]), ["VST-KEYS-UNREACHABLE"]);
    drop(stopped);
}

/// Mistakes in our registration, seen at the provider without anybody signing in.
#[test]
fn each_mistake_of_the_registration_gives_its_code() {
    let provider =
        LocalProvider::with_redirect_uri("https://portal.example.com/.vestibule/callback");
    let upstream = Upstream::start();
    let setup = || Setup::healthy(&provider, &upstream.url);
    assert_eq!(setup().codes(&[]), ["VST-REDIRECT-UNREGISTERED"]);

    let provider = LocalProvider::start();
    let setup = || Setup::healthy(&provider, &upstream.url);
    let wrong = setup();
    write_secret(wrong.folder.path(), "not-the-secret");
    assert_eq!(wrong.codes(&[]), ["VST-AADSTS-7000215"]);

    let unknown = setup().with(
        provider.fact("client_id"),
        "00000000-1111-4222-8333-444444444444",
    );
    assert_eq!(unknown.codes(&[]), ["VST-CLIENT-ID"]);

    let tenant = setup().with(
        provider.fact("tenant_id"),
        "00000000-1111-4222-8333-444444444444",
    );
    assert_eq!(tenant.codes(&[]), ["VST-KEYS-NO-METADATA"]);
}

/// What is said to be wrong is what is wrong: a port, a protocol, a connection that is cut, a tenant that is not there.
#[test]
fn the_way_to_the_provider_is_told_as_it_is() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let setup = || Setup::healthy(&provider, &upstream.url);
    let told = |setup: Setup| {
        let (_, out) = setup.run(&["doctor", "--json", "--timeout", "5"]);
        let report: Value = serde_json::from_str(&out).unwrap();
        report["findings"][0].to_string()
    };
    let tenant = "00000000-1111-4222-8333-444444444444";
    let unknown = told(setup().with(provider.fact("tenant_id"), tenant));
    assert!(unknown.contains("AADSTS90002"), "{unknown}");
    assert!(unknown.contains("no directory of the name"), "{unknown}");
    assert!(!unknown.contains("part of the path"), "{unknown}");

    let issuer = provider.issuer();
    let plain = told(setup().with(&issuer, &issuer.replace("http://", "https://")));
    assert!(plain.contains("VST-KEYS-TLS"), "{plain}");
    assert!(plain.contains("speaks no TLS"), "{plain}");
    assert!(!plain.contains("certificate"), "{plain}");

    let port = free_port().to_string();
    let own = issuer.split('/').nth(2).unwrap().split(':').nth(1).unwrap();
    let refused = told(setup().with(&issuer, &issuer.replace(own, &port)));
    assert!(
        refused.contains("nothing takes the connection"),
        "{refused}"
    );
    assert!(refused.contains(&format!("on port {port}")), "{refused}");
    assert!(!refused.contains("graph.microsoft.com"), "{refused}");

    provider.fault(&json!({ "kind": "hang-up", "endpoint": "discovery" }));
    let cut = told(setup());
    assert!(cut.contains("VST-KEYS-UNREACHABLE"), "{cut}");
    assert!(cut.contains("closed without an answer"), "{cut}");
    assert!(cut.contains("hangs up"), "{cut}");
}

#[test]
fn each_trouble_with_an_upstream_gives_its_code() {
    let provider = LocalProvider::start();
    let nobody = format!("http://127.0.0.1:{}", free_port());
    assert_eq!(
        Setup::healthy(&provider, &nobody).codes(&[]),
        ["VST-UPSTREAM-UNREACHABLE"]
    );

    let plain = Upstream::start().url.replace("http://", "https://");
    assert_eq!(
        Setup::healthy(&provider, &plain).codes(&[]),
        ["VST-UPSTREAM-TLS"]
    );

    let other = other_protocol();
    assert_eq!(
        Setup::healthy(&provider, &other).codes(&[]),
        ["VST-UPSTREAM-NOT-HTTP"]
    );

    let setup = Setup::healthy(&provider, &small_heads(5_000));
    assert_eq!(
        setup.codes(&[]),
        Vec::<String>::new(),
        "the limit is not tried unasked"
    );
    assert_eq!(
        setup.codes(&["--probe-header-limit"]),
        ["VST-UPSTREAM-SMALL-HEAD"]
    );
    let setup = Setup::healthy(&provider, &small_heads(20_000));
    assert_eq!(setup.codes(&["--probe-header-limit"]), Vec::<String>::new());
}

/// The certificate of an inspecting proxy, or of a provider of one's own, is not believed unless it is configured.
#[test]
fn a_provider_with_an_unknown_certificate_is_found() {
    let certificate = Certificate::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let tls = std::sync::Arc::new(certificate.server());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut connection =
                rustls::ServerConnection::new(std::sync::Arc::clone(&tls)).unwrap();
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
        }
    });
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let setup = Setup::healthy(&provider, &upstream.url).with(
        &provider.issuer(),
        &format!("https://localhost:{port}/tenant/v2.0"),
    );
    assert_eq!(setup.codes(&[]), ["VST-KEYS-TLS"]);
    let (_, out) = setup.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let finding = &report["findings"][0];
    let seen = finding["seen"].as_str().unwrap();
    assert!(seen.contains("for `localhost`, issued by"), "{seen}");
    let why = finding["why"].as_str().unwrap();
    assert!(why.contains("vouches for itself"), "{why}");
}

#[test]
fn a_store_that_can_not_be_used_is_found() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let setup = Setup::healthy(&provider, &upstream.url);
    // A folder: nobody, whatever their rights, writes into it as into a file.
    fs::create_dir_all(setup.folder.path().join("state/sessions")).unwrap();
    assert_eq!(setup.codes(&[]), ["VST-STORE-UNUSABLE"]);
}

#[test]
fn check_judges_the_settings_as_the_provider_would() {
    let provider = LocalProvider::start();
    let api = provider.fact("api").to_owned();
    let setup = || Setup::healthy(&provider, "http://127.0.0.1:1");
    for (setup, code, line, exit) in [
        (
            setup().with(
                "client_secret",
                "scopes = [\"openid\", \"profile\"]\nclient_secret",
            ),
            "VST-SETTINGS-NO-RENEWAL",
            "scopes = ",
            0,
        ),
        (
            setup().with("\"mod_auth_openidc\"", "{ \"X-Upn\" = \"upn\" }"),
            "VST-SETTINGS-CLAIM",
            "path = \"/app\"",
            0,
        ),
        (
            setup().with(&format!("{api}/.default"), &api),
            "VST-SCOPE-NO-NAME",
            "access_token = ",
            0,
        ),
        (
            setup().with("public_url = \"http://", "public_url = \"https://"),
            "VST-SETTINGS-NO-TLS",
            "public_url = ",
            0,
        ),
    ] {
        let (ended, out) = setup.run(&["check", "--json"]);
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            (codes(&report), ended),
            (vec![code.to_owned()], Some(exit)),
            "{out}"
        );
        let at = usize::try_from(report["findings"][0]["line"].as_u64().unwrap()).unwrap();
        let found = setup.toml.lines().nth(at - 1).unwrap();
        assert!(found.starts_with(line), "{code} is at {found}");
    }
}

/// What reading the file says and the diagnosis knows too is one finding, for people and for programs.
#[test]
fn check_tells_each_cause_once_and_by_its_code() {
    let provider = LocalProvider::start();
    let api = provider.fact("api").to_owned();
    let setup = || Setup::healthy(&provider, "http://127.0.0.1:1");
    let beside_secret =
        |line: &str| setup().with("client_secret", &format!("{line}\nclient_secret"));
    let secret_id = setup();
    write_secret(
        secret_id.folder.path(),
        "00000000-1111-4222-8333-444444444444",
    );
    for (setup, code, exit) in [
        (secret_id, "VST-CLIENT-SECRET-ID", 1),
        (
            setup().with(&format!("{api}/.default"), &api),
            "VST-SCOPE-NO-NAME",
            0,
        ),
        (
            setup().with(&format!("{{ scope = \"{api}/.default\" }}"), "\"sign-in\""),
            "VST-TOKEN-MIXED-ACCOUNTS",
            0,
        ),
        (
            setup().with(provider.fact("tenant_id"), "common"),
            "VST-TOKEN-ANY-TENANT",
            1,
        ),
        (
            beside_secret("authorization_parameters = { prompt = \"consent\" }"),
            "VST-SCOPE-PROMPT-CONSENT",
            0,
        ),
        (
            beside_secret("scopes = [\"profile\", \"offline_access\"]"),
            "VST-SCOPE-NO-OPENID",
            1,
        ),
        (
            beside_secret("scopes = [\"openid\", \"groups\", \"offline_access\"]"),
            "VST-TOKEN-GROUPS-SCOPE",
            1,
        ),
        (
            beside_secret("scopes = [\"openid\", \"offline_access\", \"api://other/read\"]"),
            "VST-SCOPE-TWO-APIS",
            1,
        ),
    ] {
        let (ended, out) = setup.run(&["check", "--json"]);
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(codes(&report), [code], "{out}");
        assert_eq!(report["problems"], json!([]), "{out}");
        assert!(report["findings"][0]["line"].is_u64(), "{out}");
        assert_eq!(ended, Some(exit), "{out}");
        let mut command = vestibule(&["check"]);
        let output = command.current_dir(setup.folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(told.matches(" --> ").count(), 1, "{told}");
        assert!(told.contains(&format!("[{code}]: ")), "{told}");
        assert!(told.contains("= why: "), "{told}");
    }
}

/// A refused secret is an error, also where the settings showed before why it would be.
#[test]
fn a_refused_secret_is_never_nothing_wrong() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let setup = Setup::healthy(&provider, &upstream.url);
    for (secret, code) in [
        (
            "00000000-1111-4222-8333-444444444444".to_owned(),
            "VST-CLIENT-SECRET-ID",
        ),
        (
            format!("\"{}\"", provider.fact("client_secret")),
            "VST-CLIENT-SECRET-SPACE",
        ),
        ("not-the-secret".to_owned(), "VST-AADSTS-7000215"),
    ] {
        write_secret(setup.folder.path(), &secret);
        assert_eq!(setup.codes(&[]), [code], "{code}");
        let (exit, out) = setup.run(&["doctor"]);
        assert_eq!(exit, Some(1), "{out}");
        assert!(out.contains("8 checks: 1 error\n"), "{out}");
        let about = out
            .lines()
            .find(|line| line.contains("credentials"))
            .unwrap();
        assert!(about.trim_start().starts_with("finding"), "{out}");
    }
    // A number in no table is a refusal too.
    write_secret(setup.folder.path(), provider.fact("client_secret"));
    provider
        .fault(&json!({ "kind": "token-error", "error": "invalid_client", "aadsts": 7_000_299 }));
    let (exit, out) = setup.run(&["doctor"]);
    assert_eq!(exit, Some(1), "{out}");
    assert!(out.contains("8 checks: 1 error"), "{out}");
}

/// A warning that reading the file gives counts like those of the diagnosis.
#[test]
fn a_warning_of_the_file_is_in_the_totals() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let setup = Setup::healthy(&provider, &upstream.url).with(
        "headers = \"mod_auth_openidc\"",
        "headers = \"mod_auth_openidc\"\nuser = \"preferred_username\"",
    );
    let (exit, out) = setup.run(&["doctor"]);
    assert_eq!(exit, Some(0), "{out}");
    assert!(!out.contains("the settings: they go together"), "{out}");
    assert!(out.contains("8 checks: 1 warning\n"), "{out}");
    let (_, out) = setup.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["problems"][0]["key"], "route.user", "{out}");
}

/// Where the public address leads, while the program runs.
#[test]
fn the_public_address_is_asked_whether_it_leads_to_this_program() {
    let scene = Scene::start();
    let secret = scene.provider.fact("client_secret").to_owned();
    let doctor = |folder: &Path| {
        let mut command = vestibule(&["doctor", "--json", "--timeout", "5"]);
        let output = command
            .current_dir(folder)
            .env("STATE_DIRECTORY", folder)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report
    };
    let check = |report: &Value| {
        let checks = report["subject"]["checks"].as_array().unwrap();
        let mut about = checks.iter().filter(|check| {
            check["what"]
                .as_str()
                .unwrap()
                .contains("the public address")
        });
        about.next().cloned().unwrap_or_default()
    };
    let report = doctor(&scene.proxy.folder());
    let found = check(&report);
    assert_eq!(found["outcome"], "ok", "{report:#}");
    assert_eq!(found["detail"], "it leads to this program, over http");
    assert_eq!(codes(&report), Vec::<String>::new());

    // The same program, and something else at the address that the file names.
    let other = scene.upstream.url.replace("127.0.0.1", "localhost");
    let folder = TempDir::new().unwrap();
    write_secret(folder.path(), &secret);
    let toml = fs::read_to_string(scene.proxy.folder().join("vestibule.toml")).unwrap();
    let (first, rest) = toml.split_once('\n').unwrap();
    assert!(first.starts_with("public_url = "), "{first}");
    fs::write(
        folder.path().join("vestibule.toml"),
        format!("public_url = \"{other}\"\n{rest}"),
    )
    .unwrap();
    let report = doctor(folder.path());
    let all = codes(&report);
    assert!(
        all.iter().any(|code| code == "VST-FRONT-PUBLIC-URL"),
        "{report:#}"
    );

    // Nobody listens: nobody is asked.
    let port = free_port();
    let listen = format!("listen = \"127.0.0.1:{port}\"");
    let idle = toml
        .lines()
        .map(|line| match line.starts_with("listen = ") {
            true => listen.as_str(),
            false => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    fs::write(folder.path().join("vestibule.toml"), idle).unwrap();
    let report = doctor(folder.path());
    assert_eq!(check(&report), Value::Null, "{report:#}");
}

#[test]
fn a_sign_in_is_judged_route_by_route() {
    for (route, account, fault, expected) in [
        ("api", "ada", Value::Null, vec![]),
        (
            "access_token = \"sign-in\"",
            "ada",
            Value::Null,
            vec!["VST-TOKEN-GRAPH"],
        ),
        (
            "access_token = \"sign-in\"",
            "pia",
            Value::Null,
            vec!["VST-TOKEN-OPAQUE-PERSONAL"],
        ),
        (
            "api",
            "ada",
            json!({ "kind": "bad-signature", "token": "access-token" }),
            vec!["VST-KEYS-SIGNATURE"],
        ),
        (
            "api",
            "ada",
            json!({ "kind": "unpublished-key", "token": "access-token" }),
            vec!["VST-KEYS-KID-MISSING"],
        ),
    ] {
        let provider = LocalProvider::start();
        if !fault.is_null() {
            provider.fault(&fault);
        }
        let upstream = Upstream::start();
        let setup = match route {
            "api" => Setup::healthy(&provider, &upstream.url),
            route => Setup::new(&provider, &upstream.url, route),
        };
        setup.write();
        let mut command = vestibule(&["doctor", "--sign-in", "--json"]);
        command
            .current_dir(setup.folder.path())
            .env("STATE_DIRECTORY", setup.folder.path());
        let mut doctor = Process::start("doctor", &mut command);
        let address = doctor.wait_for("where to sign in", |line| {
            let line = line.trim();
            (line.starts_with("http://localhost:") && line.ends_with("/app"))
                .then(|| line.to_owned())
        });
        let mut person = Person::new();
        let picker = person.go(&address);
        let page = LocalProvider::sign_in(&mut person, &picker, account);
        assert!(page.text().contains("seen every route"), "{}", page.text());
        let report = doctor.wait_for("the result", |line| {
            serde_json::from_str::<Value>(line).ok()
        });
        assert_eq!(codes(&report), expected, "{route} {account}: {report}");
        assert_eq!(doctor.wait().code(), Some(i32::from(!expected.is_empty())));
        let text = report.to_string() + &doctor.lines().join("\n");
        assert!(
            !text.contains("eyJ") && !text.contains("EwB"),
            "a token is shown: {text}"
        );
    }
}

/// An upstream that takes heads of so many bytes.
fn small_heads(limit: usize) -> String {
    serve(move |head| match head.len() > limit {
        true => {
            "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        }
        false => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    })
}

/// Something that speaks another protocol.
fn other_protocol() -> String {
    serve(|_| "SSH-2.0-OpenSSH_9.9\r\n")
}

fn serve(answer: impl Fn(&[u8]) -> &'static str + Send + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut piece = [0; 4096];
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => head.extend_from_slice(&piece[..count]),
                }
            }
            let _ = stream.write_all(answer(&head).as_bytes());
        }
    });
    url
}
