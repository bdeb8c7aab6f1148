//! Providers that are taken out of the configuration, or whose name another one gets.

use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::Scene;
use vestibule_e2e::upstream::Upstream;

/// Routes that name no provider: for whoever is signed in, by a rule, and for everybody.
const ROUTES: &str = r#"
[[route]]
path = "/app"
upstream = "{upstream}"

[[route]]
path = "/ruled"
upstream = "{upstream}"
require = { claim = "preferred_username", any_of = ["ada@contoso.example"] }
danger_mutable_user = true

[[route]]
path = "/anyone"
upstream = "{upstream}"
require = "anyone"
headers = "mod_auth_openidc"
"#;

fn named(provider: &LocalProvider, name: &str) -> String {
    provider
        .toml()
        .replace("[provider]", &format!("[provider.{name}]"))
}

fn is_signed_in(proxy: &Proxy, person: &mut Person) -> bool {
    let app = person.fetch(&format!("{}/app/", proxy.url)).status;
    let me = person.fetch(&format!("{}/.vestibule/me", proxy.url)).json();
    let is_in = me["signed_in"].as_bool().unwrap();
    assert_eq!(app, if is_in { 200 } else { 401 });
    is_in
}

#[test]
fn sessions_of_a_provider_that_was_taken_out_count_no_more_also_after_a_restart() {
    let (corp, partner) = (LocalProvider::start(), LocalProvider::start());
    let upstream = Upstream::start();
    let toml = |providers: &[String]| {
        let routes = ROUTES.replace("{upstream}", &upstream.url);
        format!(
            "public_url = \"{{url}}\"\nlisten = \"{{listen}}\"\n\n[session]\nstore = \"file:{{folder}}/sessions\"\n\n{}{routes}",
            providers.concat()
        )
    };
    let both = toml(&[named(&corp, "corp"), named(&partner, "partner")]);
    let alone = toml(&[named(&corp, "corp")]);
    let mut proxy = Proxy::reserve("http").start(&both, &[("secret", corp.fact("client_secret"))]);
    let sign_in = |name: &str| {
        let mut person = Person::new();
        let start = format!(
            "{}/.vestibule/sign-in?provider={name}&return_to=%2Fapp%2F",
            proxy.url
        );
        let picker = person.go(&start);
        let page = LocalProvider::sign_in(&mut person, &picker, "ada");
        assert_eq!(page.status, 200, "{}", page.text());
        person
    };
    let (mut of_corp, mut of_partner) = (sign_in("corp"), sign_in("partner"));

    proxy.reload(&alone, "reloaded");
    for _ in 0..2 {
        assert!(is_signed_in(&proxy, &mut of_corp));
        assert!(!is_signed_in(&proxy, &mut of_partner));
        let ruled = of_partner.fetch(&format!("{}/ruled/", proxy.url));
        assert_eq!(ruled.status, 401);
        proxy.kill_and_restart();
    }
    proxy.reload(&both, "reloaded");
    assert!(is_signed_in(&proxy, &mut of_partner), "the record was kept");
}

#[test]
fn a_name_given_to_another_provider_has_no_sessions_of_the_old_one_while_the_new_one_is_away() {
    let mut scene = Scene::start();
    let mut person = scene.signed_in("ada");
    let me = |scene: &Scene, person: &mut Person| {
        let me = person.fetch(&scene.url("/.vestibule/me")).json();
        me["signed_in"].as_bool().unwrap()
    };
    let other = LocalProvider::start();
    let others = scene
        .toml
        .replace(&scene.provider.issuer(), &other.issuer());
    assert_ne!(others, scene.toml);
    let _away = other.stop();
    scene.proxy.reload(&others, "reloaded");
    for _ in 0..2 {
        assert_eq!(person.fetch(&scene.url("/app/")).status, 401);
        assert!(!me(&scene, &mut person));
        scene.proxy.kill_and_restart();
    }
    // The old one is away, too: its people are still its people.
    let toml = scene.toml.clone();
    scene.proxy.reload(&toml, "reloaded");
    let _away = scene.provider.stop();
    scene.proxy.kill_and_restart();
    let url = format!("{}/app/", scene.proxy.url);
    assert_eq!(person.fetch(&url).status, 200);
}
