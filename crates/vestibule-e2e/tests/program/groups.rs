//! Groups and roles in rules: where they come from, and what becomes of people when they can't be had.

use serde_json::{Value, json};
use vestibule_e2e::http::{self, Reply, Request};
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::{Configuration, Proxy};
use vestibule_e2e::scene::eventually;
use vestibule_e2e::upstream::Upstream;

/// A group that `mina` is in, who is in 250.
const HERS: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a102";
/// One that only `ada` is in.
const ADAS: &str = "4d7a9e10-2c35-4f68-8b1d-90e3c6f7a101";

struct Stage {
    provider: LocalProvider,
    upstream: Upstream,
    proxy: Proxy,
}

impl Stage {
    /// These routes, with these lines more about the provider. `{upstream}` and `{api}` are filled in.
    fn new(more: &str, routes: &str) -> Self {
        let provider = LocalProvider::start();
        let upstream = Upstream::start();
        let routes = routes
            .replace("{upstream}", &upstream.url)
            .replace("{api}", provider.fact("api"));
        let graph = format!("graph = \"{}/graph\"", provider.url());
        let toml = format!(
            "public_url = \"{{url}}\"\nlisten = \"{{listen}}\"\n\n[session]\nstore = \"memory\"\n\n\
             {}{graph}\n{more}\n{routes}",
            provider.toml()
        );
        let secret = provider.fact("client_secret").to_owned();
        let configuration = Configuration {
            scheme: "http",
            toml: &toml,
        };
        let proxy = Proxy::start(configuration, &[("secret", &secret)]);
        Self {
            provider,
            upstream,
            proxy,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.proxy.url)
    }

    fn arrives(&self, account: &str, path: &str) -> (Person, Reply) {
        let mut person = Person::new();
        let picker = person.go(&self.url(path));
        let page = LocalProvider::sign_in(&mut person, &picker, account);
        (person, page)
    }

    fn asked_graph(&self) -> u64 {
        self.provider.count("graph")
    }

    fn logged(&self, code: &str) -> bool {
        self.proxy.log().iter().any(|line| line.contains(code))
    }
}

/// `/staff` for one group, with the token of an API, and `/open` for everybody who is signed in.
fn staff() -> String {
    format!(
        "[[route]]\npath = \"/staff\"\nupstream = \"{{upstream}}\"\n\
         access_token = {{ scope = \"{{api}}/.default\" }}\nauthorization = \"bearer\"\n\
         require = {{ groups = \"{HERS}\" }}\n\n\
         [[route]]\npath = \"/open\"\nupstream = \"{{upstream}}\"\n"
    )
}

#[test]
fn a_person_in_too_many_groups_for_the_token_passes_by_the_one_that_counts() {
    for more in ["", "graph_permissions = \"application\""] {
        let stage = Stage::new(more, &staff());
        let (mut person, page) = stage.arrives("mina", "/staff/");
        assert_eq!(page.status, 200, "{more}: {}", page.text());
        assert_eq!(person.fetch(&stage.url("/staff/")).status, 200);
        assert_eq!(
            stage.asked_graph(),
            1,
            "{more}: at sign-in, and not for each request"
        );
        // The upstream gets the API's token; Graph's goes nowhere.
        let received = stage.upstream.received();
        let token = received
            .last()
            .unwrap()
            .field("authorization")
            .unwrap()
            .to_owned();
        let bearer = Request::get(&format!("{}/graph/v1.0/me", stage.provider.url()))
            .with("Authorization", &token);
        assert_eq!(http::send(&bearer).status, 401, "{more}");

        let asked = stage.asked_graph();

        // Who is in the group by the token is asked about nobody; who is not in it stays out.
        let (_, page) = stage.arrives("ada", "/staff/");
        assert_eq!(page.status, 200, "{}", page.text());
        let (_, page) = stage.arrives("rafael", "/staff/");
        assert_eq!(page.status, 403, "{}", page.text());
        assert_eq!(stage.asked_graph(), asked, "{more}");
    }
}

#[test]
fn who_is_in_250_groups_and_not_in_this_one_stays_out() {
    let stage = Stage::new("", &staff().replace(HERS, ADAS));
    let (_, page) = stage.arrives("mina", "/staff/");
    assert_eq!(page.status, 403, "{}", page.text());
    assert!(
        page.text().contains("this account may not"),
        "{}",
        page.text()
    );
}

#[test]
fn groups_that_can_t_be_asked_for_are_a_finding_and_never_no_groups() {
    let status = |status: u16| json!({ "kind": "status", "endpoint": "graph", "status": status });
    for (fault, status, code) in [
        (status(403), 403, "VST-TOKEN-GROUPS-FORBIDDEN"),
        (status(500), 503, "VST-TOKEN-GROUPS-UNKNOWN"),
        (status(429), 503, "VST-TOKEN-GROUPS-UNKNOWN"),
        (
            json!({ "kind": "hang-up", "endpoint": "graph" }),
            503,
            "VST-TOKEN-GROUPS-UNKNOWN",
        ),
        (
            json!({ "kind": "body", "endpoint": "graph", "shape": "html" }),
            403,
            "VST-TOKEN-GROUPS-UNKNOWN",
        ),
        (
            json!({
                "kind": "token-error", "grant_type": "refresh_token", "error": "invalid_grant",
                "aadsts": 65_001,
            }),
            403,
            "VST-TOKEN-GROUPS-NO-TOKEN",
        ),
        (
            json!({ "kind": "no-refresh-token" }),
            403,
            "VST-TOKEN-GROUPS-NO-TOKEN",
        ),
    ] {
        let stage = Stage::new("", &staff());
        stage.provider.fault(&fault);
        let (mut person, page) = stage.arrives("mina", "/staff/");
        assert_eq!(page.status, status, "{fault}: {}", page.text());
        assert!(page.text().contains(code), "{fault}: {}", page.text());
        let refused = person.fetch(&stage.url("/staff/"));
        assert_eq!(refused.status, status, "{fault}: {refused:?}");
        let said = refused.json();
        assert_eq!(said["error"], "groups_overage", "{fault}");
        assert_eq!(said["findings"][0]["code"], code, "{fault}: {said}");
        eventually("the log tells", || stage.logged(code));
        // Where nobody asks for groups, nothing is amiss.
        assert_eq!(person.fetch(&stage.url("/open/")).status, 200, "{fault}");
        stage.provider.control("DELETE", "/faults", &Value::Null);
        let (_, page) = stage.arrives("mina", "/staff/");
        if fault["status"] != 429 {
            assert_eq!(page.status, 200, "{fault}: {}", page.text());
        }
    }
}

#[test]
fn a_header_has_all_groups_or_the_request_is_refused() {
    let route =
        "[[route]]\npath = \"/app\"\nupstream = \"{upstream}\"\nheaders = \"oauth2-proxy\"\n";
    let stage = Stage::new("", route);
    let (mut person, page) = stage.arrives("mina", "/app/");
    assert_eq!(page.status, 200, "{}", page.text());
    assert_eq!(person.fetch(&stage.url("/app/")).status, 200);
    let received = stage.upstream.received();
    let groups = received
        .last()
        .unwrap()
        .field("x-forwarded-groups")
        .unwrap()
        .to_owned();
    assert_eq!(groups.split(',').count(), 250);
    for to in ["same-page", "another-host"] {
        stage
            .provider
            .fault(&json!({ "kind": "next-link", "to": to }));
        let (_, page) = stage.arrives("mina", "/app/");
        stage.provider.control("DELETE", "/faults", &Value::Null);
        assert_eq!(page.status, 403, "{to}: {}", page.text());
        assert!(
            page.text().contains("VST-TOKEN-GROUPS-UNKNOWN"),
            "{to}: {}",
            page.text()
        );
    }
}

/// Keycloak's roles are two levels deep, and in the access token alone.
#[test]
fn nested_roles_of_the_access_token_decide_once_it_is_verified() {
    let route = "[[route]]\npath = \"/app\"\nupstream = \"{upstream}\"\n\
                 access_token = { scope = \"api://9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a002/.default\" }\n\
                 require = { claim = \"resource_access.my.portal.roles\", equals = \"editor\" }\n";
    let ours = "access_token_audiences = [\"9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a002\"]";
    let others = "access_token_audiences = [\"9a41c7d2-5b0e-4e86-b3f9-17d6e2c8a009\"]";
    for (more, token, status) in [
        (ours, "access-token", 200),
        (ours, "id-token", 200),
        (others, "access-token", 403),
        ("", "access-token", 403),
    ] {
        let stage = Stage::new(more, route);
        stage.provider.fault(&json!({
            "kind": "replace-claim", "token": token, "claim": "resource_access",
            "value": { "my.portal": { "roles": ["viewer", "editor"] } },
        }));
        let (_, page) = stage.arrives("ada", "/app/");
        assert_eq!(page.status, status, "{more} {token}: {}", page.text());
        if more == others {
            eventually("the log tells", || stage.logged("access_token_audience"));
        }
    }
    let stage = Stage::new(ours, route);
    for fault in [
        json!({
            "kind": "replace-claim", "token": "access-token", "claim": "resource_access",
            "value": { "my.portal": { "roles": ["editor"] } },
        }),
        json!({ "kind": "bad-signature", "token": "access-token" }),
    ] {
        stage.provider.fault(&fault);
    }
    let (_, page) = stage.arrives("ada", "/app/");
    assert_eq!(page.status, 403, "{}", page.text());
}
