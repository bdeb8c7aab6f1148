//! What an app's pages get in a real browser: a form kept over a sign-in, the end of a session, one refresh for all tabs.

use serde_json::{Value, json};
use vestibule_e2e::browser::{Browser, Profile, Tab};
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::{Scene, configuration, eventually};
use vestibule_e2e::upstream::Upstream;

const ROUTES: &str = r#"
[[route]]
path = "/forms"
upstream = "{upstream}"
keep_post = true

[[route]]
path = "/live"
upstream = "{upstream}"
websocket = true
"#;

/// The ordinary scene, with routes for forms and WebSockets.
fn scene() -> Scene {
    let (provider, upstream) = (LocalProvider::start(), Upstream::start());
    let routes = ROUTES.replace("{upstream}", &upstream.url);
    let session = "store = \"file:{folder}/sessions\"";
    let toml = configuration(&provider, &upstream, session, "") + &routes;
    let secret = provider.fact("client_secret").to_owned();
    let proxy = Proxy::reserve("http").start(&toml, &[("secret", &secret)]);
    Scene {
        provider,
        upstream,
        proxy,
        toml,
    }
}

fn signed_in(scene: &Scene, profile: &Profile, path: &str) -> Tab {
    let tab = profile.tab();
    tab.go(&scene.url(path));
    tab.click("button[name=account][value=ada]");
    assert_eq!(tab.seen().url, scene.url(path));
    tab
}

/// A form of a page of this origin. Its fields have the names that get into a script's way.
const SEND_A_FORM: &str = "(fields) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = '/forms/save?id=7';
    for (const [name, value] of fields) {
        const area = document.createElement('textarea');
        area.name = name;
        area.value = value;
        form.append(area);
    }
    document.body.append(form);
    setTimeout(() => HTMLFormElement.prototype.submit.call(form), 0);
}";

fn posts(scene: &Scene) -> Vec<vestibule_e2e::upstream::Received> {
    let mut received = scene.upstream.received();
    received.retain(|request| request.line.starts_with("POST "));
    received
}

#[test]
fn a_form_is_kept_over_a_sign_in_and_arrives_as_it_was_written() {
    let (scene, browser) = (scene(), Browser::start());
    let fields = json!([
        [
            "text",
            "<b>\"five\" & 'six'</b>\nnext line \u{20ac}\u{1f600} "
        ],
        ["submit", "a"],
        ["action", "https://evil.example.com/"],
        ["id", "send-again"],
    ]);
    let form = "text=%3Cb%3E%22five%22+%26+%27six%27%3C%2Fb%3E%0D%0Anext+line+%E2%82%AC%F0%9F%98%80+\
                &submit=a&action=https%3A%2F%2Fevil.example.com%2F&id=send-again";
    let tab = browser.profile(&json!({})).tab();
    tab.go(&scene.url("/public/write"));
    tab.evaluate(SEND_A_FORM, &fields);
    tab.wait_for("/authorize");
    assert!(posts(&scene).is_empty(), "nothing passes without a session");
    tab.click("button[name=account][value=ada]");
    tab.wait_for("/forms/save");
    assert_eq!(tab.seen().url, scene.url("/forms/save?id=7"));
    let sent = posts(&scene);
    let [sent] = sent.as_slice() else {
        panic!("sent once: {sent:?}");
    };
    assert_eq!(sent.line, "POST /save?id=7 HTTP/1.1");
    assert_eq!(String::from_utf8_lossy(&sent.body), form);
    assert_eq!(sent.field("origin"), Some(scene.proxy.url.as_str()));
    assert_eq!(sent.field("sec-fetch-site"), Some("same-origin"));
    let referer = sent.field("referer").unwrap_or_default();
    assert!(
        !referer.contains('?') && !referer.contains("callback"),
        "{referer}"
    );
    // There is no picture for the tab.
    let mut complaints = tab.complaints();
    complaints.retain(|complaint| !complaint.as_str().unwrap_or_default().contains("404"));
    assert_eq!(complaints, [""; 0], "nothing breaks the page's own policy");
    // Looking back sends nothing again.
    tab.back();
    assert_eq!(posts(&scene).len(), 1);
}

#[test]
fn without_scripts_the_form_is_sent_by_a_button() {
    let (scene, browser) = (scene(), Browser::start());
    let tab = browser
        .profile(&json!({ "javaScriptEnabled": false }))
        .tab();
    tab.go(&scene.url("/public/form"));
    tab.click("button");
    tab.wait_for("/authorize");
    tab.click("button[name=account][value=ada]");
    assert!(posts(&scene).is_empty(), "it waits for the person");
    tab.click("#send-again button");
    tab.wait_for("/forms/save");
    assert_eq!(posts(&scene).len(), 1);
}

/// Opens the stream and keeps what it says.
const LISTEN: &str = "async () => {
    window.said = [];
    const events = new EventSource('/.vestibule/events');
    for (const name of ['session', 'ending', 'ended'])
        events.addEventListener(name, (event) => window.said.push([name, JSON.parse(event.data)]));
    await new Promise((resolve, reject) => {
        events.addEventListener('session', resolve, { once: true });
        events.addEventListener('error', reject, { once: true });
    });
}";

/// Opens a WebSocket.
const TALK: &str = "async (url) => {
    const socket = new WebSocket(url);
    window.closed = null;
    await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error('the socket failed'));
    });
    socket.onclose = (event) => { window.closed = event.code; };
}";

#[test]
fn at_logout_other_tabs_hear_of_it_and_their_websockets_are_closed() {
    let (scene, browser) = (scene(), Browser::start());
    let profile = browser.profile(&json!({}));
    let tab = signed_in(&scene, &profile, "/live/");
    tab.evaluate(LISTEN, &Value::Null);
    let socket = scene.url("/live/web-socket").replacen("http", "ws", 1);
    tab.evaluate(TALK, &json!(socket));
    let said = tab.evaluate("() => window.said", &Value::Null);
    assert_eq!(said[0][0], "session", "{said}");
    assert!(
        said[0][1]["ends_at"].as_i64() > said[0][1]["now"].as_i64(),
        "{said}"
    );
    let other = profile.tab();
    other.go(&scene.url("/.vestibule/sign-out"));
    other.click("button[type=submit]");
    eventually("the stream says so", || {
        let said = tab.evaluate("() => window.said.at(-1)", &Value::Null);
        said == json!(["ended", { "reason": "signed_out" }])
    });
    eventually("the socket is closed", || {
        !tab.evaluate("() => window.closed", &Value::Null).is_null()
    });
    let me = "async () => (await (await fetch('/.vestibule/me')).json()).signed_in";
    assert_eq!(tab.evaluate(me, &Value::Null), false);
}

#[test]
fn three_tabs_at_expiry_cost_one_refresh_and_all_are_fine() {
    let (scene, browser) = (Scene::of_two_apis(), Browser::start());
    let fault = json!({ "kind": "short-access-token", "seconds": 0, "times": 1 });
    scene.provider.fault(&fault);
    let profile = browser.profile(&json!({}));
    let first = signed_in(&scene, &profile, "/plain/");
    let slow = json!({ "kind": "slow", "endpoint": "token", "millis": 1000 });
    scene.provider.fault(&slow);
    let tabs = [first, profile.tab(), profile.tab()];
    let go = "(url) => { setTimeout(() => { location.href = url; }, 0); }";
    for (number, tab) in tabs.iter().enumerate() {
        if number > 0 {
            tab.go(&scene.url("/public/"));
        }
    }
    for (number, tab) in tabs.iter().enumerate() {
        tab.evaluate(go, &json!(scene.url(&format!("/app/{number}"))));
    }
    for (number, tab) in tabs.iter().enumerate() {
        tab.wait_for(&format!("/app/{number}$"));
        let text = tab.seen().text;
        assert!(text.contains(&format!("GET /{number} HTTP")), "{text}");
    }
    assert_eq!(scene.provider.count("token.refresh_token"), 1);
    assert_eq!(scene.provider.count("token.authorization_code"), 1);
}
