//! An operator at the command line: `vestibule sessions`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;
use vestibule_e2e::http::{Reply, Request, send};
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::place;
use vestibule_e2e::process::Signal;
use vestibule_e2e::program::{Proxy, vestibule};
use vestibule_e2e::scene::{Scene, configuration, eventually};
use vestibule_e2e::upstream::Upstream;

/// Runs the command as the person who started the proxy would, beside its configuration.
fn sessions(scene: &Scene, arguments: &[&str]) -> Output {
    let folder = scene.proxy.folder();
    vestibule(&["sessions"])
        .args(arguments)
        .current_dir(&folder)
        .env("STATE_DIRECTORY", &folder)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).unwrap()
}

fn as_json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn list(scene: &Scene, more: &[&str]) -> Vec<Value> {
    let arguments = [&["list", "--json"], more].concat();
    let listed = as_json(&sessions(scene, &arguments));
    listed["sessions"].as_array().unwrap().clone()
}

fn is_signed_in(scene: &Scene, person: &mut Person) -> bool {
    person.fetch(&scene.url("/app/")).status == 200
}

/// The first session of the list.
fn id(sessions: &[Value]) -> String {
    sessions[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_operator_sees_who_is_signed_in_and_ends_one_session() {
    let scene = Scene::start();
    let (mut ada, mut rafael) = (scene.signed_in("ada"), scene.signed_in("rafael"));
    let all = list(&scene, &[]);
    assert_eq!(all.len(), 2, "{all:?}");
    let adas = all.iter().filter(|session| {
        session["user"]
            .as_str()
            .is_some_and(|user| user.contains("ada"))
    });
    let adas: Vec<_> = adas.cloned().collect();
    let user = adas[0]["user"].as_str().unwrap();
    assert_eq!(list(&scene, &["--user", &user.to_uppercase()]), adas);
    let subject = adas[0]["subject"].as_str().unwrap();
    let issuer = adas[0]["issuer"].as_str().unwrap();
    assert_eq!(
        list(&scene, &["--subject", subject, "--issuer", issuer]),
        adas
    );
    if let Some(sid) = adas[0]["sid"].as_str() {
        assert_eq!(list(&scene, &["--sid", sid]), adas);
    }
    assert!(
        list(
            &scene,
            &["--subject", subject, "--issuer", "https://other.example"]
        )
        .is_empty()
    );

    let id = id(&adas);
    let shown = text(&sessions(&scene, &["show", &id]));
    let table = text(&sessions(&scene, &["list"]));
    assert!(
        shown.contains(user) && shown.contains("due") && table.contains(user),
        "{shown}{table}"
    );
    // Neither a token nor a cookie, in whatever form.
    let everything = format!("{all:?}{shown}{table}");
    for person in [&ada, &rafael] {
        let mut cookies = person.jar.cookies().iter();
        let ours = cookies.find(|cookie| cookie.name.starts_with("vestibule-"));
        assert!(!everything.contains(&ours.unwrap().value), "{everything}");
    }
    assert!(!everything.contains("eyJ"), "{everything}");

    let ended = sessions(&scene, &["revoke", &id]);
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended));
    assert!(
        !is_signed_in(&scene, &mut ada),
        "the old cookie is nobody's"
    );
    assert!(is_signed_in(&scene, &mut rafael));
    assert_eq!(list(&scene, &[]).len(), 1);
    // Who did it, and to whom, is in the log.
    let log = scene.proxy.log();
    let line = log
        .iter()
        .find(|line| line.contains("an operator ended a session"));
    let line = line.unwrap();
    assert!(
        line.contains(&id) && line.contains(subject) && line.contains("uid="),
        "{line}"
    );

    for (arguments, code) in [
        (&["revoke", &id][..], 1),
        (&["show", &id], 1),
        (&["revoke", "--user", "nobody"], 1),
        (&["revoke"], 2),
        (&["revoke", "--all", "--user", "ada"], 2),
        (&["revoke", "--all", "--issuer", issuer], 2),
        (&["revoke", "--user", "ada", "--issuer", issuer], 2),
        (&["show", "../../x"], 2),
    ] {
        let output = sessions(&scene, arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?} {}",
            text(&output)
        );
    }
    assert!(is_signed_in(&scene, &mut rafael));
}

/// Sessions in memory, a provider that revokes tokens, and a route for WebSockets.
fn with_sockets() -> Scene {
    let reservation = Proxy::reserve("http");
    let unused = format!("front_channel_logout_url = \"{}/unused\"", reservation.url);
    let provider = LocalProvider::with_logout(&unused);
    let upstream = Upstream::start();
    let route = format!(
        "\n[[route]]\npath = \"/live\"\nupstream = \"{}\"\nwebsocket = true\n",
        upstream.url
    );
    let toml = configuration(&provider, &upstream, "store = \"memory\"", "") + &route;
    let secret = provider.fact("client_secret").to_owned();
    let proxy = reservation.start(&toml, &[("secret", &secret)]);
    Scene {
        provider,
        upstream,
        proxy,
        toml,
    }
}

#[test]
fn all_sessions_end_and_what_lives_by_them_is_cut_and_their_tokens_revoked() {
    let scene = with_sockets();
    let (mut ada, mut rafael) = (scene.signed_in("ada"), scene.signed_in("rafael"));
    let mut socket = ada.socket(&scene.url("/live/socket"));
    let ended = as_json(&sessions(&scene, &["revoke", "--all", "--json"]));
    assert_eq!((&ended["ended"], &ended["failed"]), (&2.into(), &0.into()));
    assert!(socket.ends());
    assert!(!is_signed_in(&scene, &mut ada) && !is_signed_in(&scene, &mut rafael));
    eventually("both refresh tokens are revoked", || {
        scene.provider.count("revocation") >= 2
    });
    // Nobody is left, and that is what was asked for.
    assert!(sessions(&scene, &["revoke", "--all"]).status.success());
    assert!(text(&sessions(&scene, &["list"])).contains("nobody is signed in"));
}

const PAGE_SECRET: &str = "the-secret-of-the-page";

/// Sessions in memory, and the page on the admin listener.
fn with_page() -> (Scene, String) {
    let admin = format!("127.0.0.1:{}", place::free_port());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("page");
    fs::write(&file, PAGE_SECRET).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let top = format!(
        "[admin]\nlisten = \"{admin}\"\nsessions_secret = \"file:{}\"",
        file.display()
    );
    let scene = Scene::with("store = \"memory\"", &top);
    (scene, format!("http://{admin}/sessions"))
}

/// Somebody who has just given the secret, and the list they see.
fn signed_in_to(page: &str) -> (Person, Reply) {
    let mut operator = Person::new();
    let asked = operator.go(page);
    let list = operator.submit(&asked, asked.form().with("secret", PAGE_SECRET));
    assert_eq!(list.status, 200, "{}", list.text());
    (operator, list)
}

/// The page on the admin listener, for a person without scripts.
#[test]
fn the_sessions_page_asks_for_its_secret_and_ends_what_it_is_told_to() {
    let (scene, page) = with_page();
    let (mut ada, mut rafael) = (scene.signed_in("ada"), scene.signed_in("rafael"));

    let asked = Person::new().go(&page);
    assert!(!asked.page().contains("ada@"), "{}", asked.page());
    let (mut operator, list) = signed_in_to(&page);
    assert!(
        list.page().contains("ada@") && list.page().contains("rafael@"),
        "{}",
        list.page()
    );
    let ours = list.page();
    for person in [&ada, &rafael] {
        for cookie in person
            .jar
            .cookies()
            .iter()
            .filter(|cookie| cookie.name.starts_with("vestibule-"))
        {
            assert!(!ours.contains(&cookie.value));
        }
    }
    let question = operator.go(&format!(
        "{page}/revoke?by=user&named=ada%40contoso.localhost"
    ));
    assert!(is_signed_in(&scene, &mut ada), "a GET changes nothing");
    let done = operator.submit(&question, question.form());
    assert!(
        done.page().contains("1 session was ended"),
        "{}",
        done.page()
    );
    assert!(
        !is_signed_in(&scene, &mut ada),
        "the old cookie is nobody's"
    );
    assert!(is_signed_in(&scene, &mut rafael));

    // A page elsewhere that has a browser send the very form.
    let question = operator.go(&format!("{page}/revoke?by=all"));
    let form = question.form();
    let mut post = Request::new("POST", &format!("{page}/revoke"))
        .with("Origin", "https://evil.example.com")
        .with("Sec-Fetch-Site", "cross-site")
        .with("Content-Type", "application/x-www-form-urlencoded")
        .body(form.encoded());
    post = post.with("Cookie", &operator.jar.field(&page).unwrap());
    assert_eq!(send(&post).status, 403);
    assert!(is_signed_in(&scene, &mut rafael));
    // The secret of the page opens nothing else, and is in no log.
    let log = scene.proxy.log().join("\n");
    assert!(
        log.contains("by=\"sessions page 127.0.0.1\"") && !log.contains("the-secret"),
        "{log}"
    );
}

/// The socket in the state folder.
fn socket(scene: &Scene) -> PathBuf {
    scene.proxy.folder().join("sessions.sock")
}

#[test]
fn the_socket_is_the_owners_and_is_there_for_as_long_as_the_proxy() {
    let mut scene = Scene::start();
    let mode = fs::metadata(socket(&scene)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut ada = scene.signed_in("ada");
    // What the killed process left is replaced.
    scene.proxy.kill_and_restart();
    eventually("the new process answers", || {
        sessions(&scene, &["list"]).status.success()
    });
    assert_eq!(list(&scene, &[]).len(), 1);
    assert!(is_signed_in(&scene, &mut ada));
    scene.proxy.process().signal(Signal::Terminate);
    assert!(scene.proxy.process().wait().success());
    assert!(!socket(&scene).exists());
    let output = sessions(&scene, &["list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("no Vestibule runs"),
        "{}",
        text(&output)
    );
}

#[test]
fn the_cookie_store_is_refused_with_its_reason() {
    let key = "keys = [\"file:key\"]";
    let scene = Scene::start();
    let cookie = scene.toml.replace(
        "store = \"file:{folder}/sessions\"",
        &format!("store = \"cookie\"\n{key}"),
    );
    fs::write(
        scene.proxy.folder().join("cookie.toml"),
        cookie
            .replace("{url}", &scene.proxy.url)
            .replace("{listen}", "127.0.0.1:0"),
    )
    .unwrap();
    let output = sessions(&scene, &["list", "--config", "cookie.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(
        text(&output).contains("browsers carry the sessions"),
        "{}",
        text(&output)
    );
    let output = sessions(&scene, &["list", "--config", "nowhere.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
}

/// A name is what its owner wrote: it writes no escapes into a terminal, no markup into a page, no lines into the log.
#[test]
fn cve_2024_45808_a_hostile_name_is_text_wherever_an_operator_reads_it() {
    let (scene, page) = with_page();
    let evil = "ann\u{1b}[2J\r\nby=root <script>alert(1)</script>\u{202e}";
    for claim in ["preferred_username", "upn", "name", "sid"] {
        scene.provider.fault(&json!({
            "kind": "replace-claim", "token": "id-token", "claim": claim, "value": evil, "times": 1,
        }));
    }
    let _ada = scene.signed_in("ada");
    let raw = sessions(&scene, &["list", "--json"]);
    let listed = as_json(&raw);
    let [session] = &listed["sessions"].as_array().unwrap()[..] else {
        panic!("one session");
    };
    assert!(
        session["name"].as_str().unwrap().contains("by=root"),
        "{session}"
    );
    assert_eq!(text(&raw).lines().count(), 1);
    let id = session["id"].as_str().unwrap();
    let operator = signed_in_to(&page);
    let html = operator.1.text();
    assert!(
        html.contains("by=root") && !html.contains("<script"),
        "{html}"
    );
    for arguments in [&["list"][..], &["show", id], &["revoke", id]] {
        let said = text(&sessions(&scene, arguments));
        assert!(said.contains(id), "{said}");
        let is_plain = |char: char| char == '\n' || !char.is_control() && char != '\u{202e}';
        assert!(said.chars().all(is_plain), "{said:?}");
    }
    let log = scene.proxy.log();
    assert!(
        !log.iter().any(|line| line.starts_with("by=root")),
        "{log:?}"
    );
    assert!(log.iter().all(|line| !line.contains('\u{1b}')), "{log:?}");
}

/// Two of one user that keep sessions in memory have one place for a socket.
#[test]
fn another_proxy_than_the_one_that_is_meant_is_told_apart() {
    let scene = Scene::with("store = \"memory\"", "");
    let other = scene
        .toml
        .replace("{url}", "http://localhost:1")
        .replace("{listen}", "127.0.0.1:1");
    fs::write(scene.proxy.folder().join("other.toml"), other).unwrap();
    for command in [&["list"][..], &["revoke", "--all"]] {
        let output = sessions(&scene, &[command, &["--config", "other.toml"]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        let said = text(&output);
        assert!(
            said.contains("is another one") && said.contains(&scene.proxy.url),
            "{said}"
        );
    }
    assert!(sessions(&scene, &["list"]).status.success());
}
