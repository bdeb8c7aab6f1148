//! Every page people see, on a phone and on a desk, in light and in dark: pictures to look at in
//! `target/screenshots/`, and what a program can judge of them.

use serde_json::json;
use vestibule_e2e::browser::{Browser, Profile, Tab};
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::place;
use vestibule_e2e::program::{Demo, Proxy};
use vestibule_e2e::scene::Scene;
use vestibule_e2e::upstream::Upstream;

const WIDTHS: [u32; 2] = [390, 1280];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// The contrast of every piece of text with what is behind it, by the formula of WCAG 2; gives the
/// pieces that fall short of 4.5, or 3 for large text.
const PALE_TEXT: &str = r"() => {
  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.9) return colour;
    }
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const scheme = getComputedStyle(document.documentElement).colorScheme;
    return dark && scheme.includes('dark') ? [18, 18, 18] : [255, 255, 255];
  };
  const pale = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || ['STYLE', 'SCRIPT'].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(behind(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < (large ? 3 : 4.5)) pale.push(`${contrast.toFixed(2)} ${text.slice(0, 60)}`);
  }
  return pale;
}";

/// Looks at the page in the tab from all sides.
fn look(tab: &Tab, name: &str) {
    let folder = place::output("screenshots");
    for width in WIDTHS {
        for scheme in SCHEMES {
            let what = format!("{name} at {width} px, {scheme}");
            tab.size(width, 800);
            tab.colours(scheme);
            tab.screenshot(&folder.join(format!("{name}-{width}-{scheme}.png")));
            let seen = tab.seen();
            let all = &seen.all;
            let (width, window) = (
                all["width"].as_u64().unwrap(),
                all["window"].as_u64().unwrap(),
            );
            assert!(
                width <= window,
                "{what}: scrolls sideways, {width} > {window}"
            );
            assert!(!seen.title.is_empty(), "{what}: no title");
            assert_eq!(
                all["headings"].as_array().unwrap().len(),
                1,
                "{what}: one h1: {}",
                all["headings"]
            );
            assert_eq!(all["language"], "en", "{what}");
            assert_eq!(
                all["unlabelled"],
                json!([]),
                "{what}: fields without a label"
            );
            assert_eq!(all["unnamed"], json!([]), "{what}: controls without a name");
            assert_eq!(
                tab.evaluate(PALE_TEXT, &json!(null)),
                json!([]),
                "{what}: pale text"
            );
        }
    }
    tab.size(1280, 800);
}

fn profile(browser: &Browser) -> Profile {
    browser.profile(&json!({ "viewport": { "width": 1280, "height": 800 } }))
}

#[test]
fn pages_of_the_demo_and_its_provider() {
    let (demo, browser) = (Demo::start(&[]), Browser::start());
    let tab = profile(&browser).tab();
    tab.go(&format!("{}/foo/", demo.url));
    look(&tab, "provider-account-picker");
    tab.click("summary");
    look(&tab, "provider-account-picker-open");
    tab.click("button[name=account][value=ada]");
    look(&tab, "demo-valid");
    tab.go(&demo.provider_url);
    look(&tab, "provider-start");
    tab.go(&format!("{}/.vestibule/sign-out", demo.url));
    look(&tab, "sign-out");
    tab.click("button:has-text('Sign out')");
    look(&tab, "after-sign-out");
    tab.go(&format!("{}/.vestibule/signed-out", demo.url));
    look(&tab, "signed-out");
}

#[test]
fn pages_of_the_demo_without_the_api_scope() {
    let (demo, browser) = (Demo::start(&["--without-api-scope"]), Browser::start());
    for account in ["ada", "pia"] {
        let tab = profile(&browser).tab();
        tab.go(&format!("{}/foo/", demo.url));
        tab.click(&format!("button[name=account][value={account}]"));
        look(&tab, &format!("demo-without-api-scope-{account}"));
    }
}

#[test]
fn pages_that_say_no() {
    let mut scene = Scene::start();
    let rule = "\n[[route]]\npath = \"/admins\"\nupstream = \"{up}\"\nrequire = { roles = \"Portal.Admin\" }\n";
    let toml = scene.toml.clone() + &rule.replace("{up}", &scene.upstream.url);
    scene.proxy.reload(&toml, "reloaded");
    let browser = Browser::start();
    let tab = profile(&browser).tab();
    tab.go(&scene.url("/.vestibule/callback?code=x&state=y"));
    look(&tab, "callback-refused");
    scene
        .provider
        .fault(&json!({ "kind": "token-error", "error": "invalid_client", "aadsts": 7_000_218 }));
    let refused = profile(&browser).tab();
    refused.go(&scene.url("/app/"));
    refused.click("button[name=account][value=ada]");
    look(&refused, "token-refused");
    scene.provider.control("DELETE", "/faults", &json!(null));
    tab.go(&scene.url("/nowhere"));
    look(&tab, "no-route");
    tab.go(&scene.url("/admins/"));
    tab.click("button[name=account][value=ada]");
    assert_eq!(tab.seen().url, scene.url("/admins/"));
    look(&tab, "not-allowed");

    let stranger = profile(&browser).tab();
    let _down = scene.provider.stop();
    // It would still know where the provider was.
    scene.proxy.kill_and_restart();
    let status = stranger.go(&format!("{}/app/", scene.proxy.url));
    assert!(status >= 400, "{status}");
    look(&stranger, "provider-down");
}

#[test]
fn the_choice_of_providers() {
    let provider = LocalProvider::start();
    let upstream = Upstream::start();
    let table = |name: &str, shown: &str| {
        let table = provider
            .toml()
            .replacen("[provider]", &format!("[provider.{name}]"), 1);
        format!("{table}display_name = \"{shown}\"\n")
    };
    let tables = table("staff", "Contoso staff") + &table("partners", "Partners and guests");
    let routes = format!("[[route]]\npath = \"/\"\nupstream = \"{}\"\n", upstream.url);
    let secret = provider.fact("client_secret");
    let proxy = vestibule_e2e::scene::start_with(Proxy::reserve("http"), &tables, &routes, secret);
    let browser = Browser::start();
    let tab = profile(&browser).tab();
    tab.go(&format!("{}/", proxy.url));
    look(&tab, "provider-choice");
    tab.click("text=Partners and guests");
    tab.click("button[name=account][value=gus]");
    assert_eq!(tab.seen().url, format!("{}/", proxy.url));
}

#[test]
fn the_sessions_page() {
    let (folder, admin) = (tempfile::TempDir::new().unwrap(), place::free_port());
    let secret = folder.path().join("page");
    write_for_owner(&secret, "the-secret-of-the-page");
    let top = format!(
        "[admin]\nlisten = \"127.0.0.1:{admin}\"\nsessions_secret = \"file:{}\"",
        secret.display()
    );
    let scene = Scene::with("store = \"memory\"", &top);
    let page = format!("http://localhost:{admin}/sessions");
    let browser = Browser::start();
    let tab = profile(&browser).tab();
    tab.go(&page);
    look(&tab, "sessions-sign-in");
    tab.fill("#secret", "wrong");
    tab.click("button:has-text('Go on')");
    look(&tab, "sessions-wrong-secret");
    tab.fill("#secret", "the-secret-of-the-page");
    tab.click("button:has-text('Go on')");
    look(&tab, "sessions-nobody");
    let visitors = profile(&browser);
    let visitor = visitors.tab();
    let session = || {
        let cookies = visitors.cookies();
        let name = format!("vestibule-{}", scene.proxy.url.rsplit(':').next().unwrap());
        let ours = cookies
            .iter()
            .find(|cookie| cookie["name"] == name.as_str());
        ours.unwrap()["value"].clone()
    };
    for account in ["ada", "rafael", "gus"] {
        let _signed_in = scene.signed_in(account);
    }
    visitor.go(&scene.url("/app/"));
    visitor.click("button[name=account][value=ada]");
    assert_eq!(visitor.seen().url, scene.url("/app/"));
    let before = session();

    tab.go(&page);
    look(&tab, "sessions");
    tab.click("summary");
    look(&tab, "sessions-open");
    tab.fill("#named", "ada@contoso.localhost");
    tab.click("button:has-text('Search')");
    look(&tab, "sessions-found");
    tab.click("text=Revoke all of these");
    look(&tab, "sessions-revoke");
    tab.click("button:has-text('Revoke')");
    look(&tab, "sessions-revoked");
    // The provider still knows her: she comes back with another session.
    visitor.go(&scene.url("/app/"));
    assert_ne!(session(), before);
    tab.click("text=Back to the list");
    tab.click("text=Revoke every session");
    look(&tab, "sessions-revoke-all");
    tab.click("text=Back to the list");
    tab.click("button:has-text('Leave this page')");
    // Of the wrong secret, and nothing of policies.
    let complaints = tab.complaints();
    let is_refusal =
        |said: &serde_json::Value| said.as_str().is_some_and(|said| said.contains("403"));
    assert!(complaints.iter().all(is_refusal), "{complaints:?}");
}

fn write_for_owner(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
