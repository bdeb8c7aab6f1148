//! What was wrong in other proxies, shown to be right in the whole program. The name of each test has
//! the advisory.

use vestibule_e2e::http::{self, Connection, Request};
use vestibule_e2e::person::Person;
use vestibule_e2e::process::Process;
use vestibule_e2e::program;
use vestibule_e2e::scene::Scene;
use vestibule_e2e::upstream::Upstream;

/// mod_auth_openidc, change log of 2026-08-11: identity headers survived on preflights and callbacks.
#[test]
fn mod_auth_openidc_2026_08_11_identity_headers_are_scrubbed_on_every_kind_of_request() {
    let scene = Scene::start();
    let allowed = "https://app.example.com";
    let more = format!(
        "\n[[route]]\npath = \"/cors\"\nupstream = \"{up}\"\nheaders = \"mod_auth_openidc\"\n\
         allowed_origins = [\"{allowed}\"]\n\n\
         [[route]]\npath = \"/down\"\nupstream = \"http://127.0.0.1:1\"\nrequire = \"public\"\n",
        up = scene.upstream.url
    );
    scene
        .proxy
        .reload(&(scene.toml.clone() + &more), "reloaded");
    let mut person = scene.signed_in("ada");
    let before = scene.upstream.received().len();
    for (method, path, origin) in [
        ("OPTIONS", "/public/", ""),
        ("OPTIONS", "/public/", allowed),
        ("OPTIONS", "/app/", ""),
        ("OPTIONS", "/app/", allowed),
        ("OPTIONS", "/cors/", allowed),
        ("GET", "/public/", ""),
        ("HEAD", "/app/", ""),
        ("GET", "/app/", ""),
        ("GET", "/.vestibule/callback?code=x&state=y", ""),
        ("POST", "/.vestibule/callback", ""),
        ("GET", "/.vestibule/me", ""),
        ("GET", "/.vestibule/sign-in", ""),
        ("GET", "/nowhere", ""),
        ("GET", "/down/", ""),
        ("TRACE", "/public/", ""),
        ("GET", "/public/%2f", ""),
    ] {
        let mut forged = Request::new(method, &scene.url(path))
            .with("Sec-Fetch-Site", "same-origin")
            .with("OIDC_CLAIM_upn", "evil")
            .with("oidc-claim-upn", "evil")
            .with("Oidc.Claim.Sub", "evil")
            .with("OIDC_access_token", "evil");
        if !origin.is_empty() {
            forged = forged
                .with("Origin", origin)
                .with("Access-Control-Request-Method", "GET")
                .with("Access-Control-Request-Headers", "oidc_claim_upn");
        }
        // With a session and without.
        let _ = person.send(forged.clone());
        let _ = http::send(&forged);
    }
    let received = &scene.upstream.received()[before..];
    // Some of each must have got through, or this shows nothing.
    assert!(
        received.iter().any(|one| one.line.starts_with("OPTIONS")),
        "{received:?}"
    );
    assert!(
        received.iter().any(|one| one.line.starts_with("GET")),
        "{received:?}"
    );
    for received in received {
        for (name, value) in &received.fields {
            assert!(
                !value.contains("evil"),
                "{}: {name}: {value}",
                received.line
            );
        }
    }
}

/// Authelia: rules were about names that the provider writes in more than one way.
#[test]
fn cve_2026_47203_a_rule_compares_a_name_byte_for_byte() {
    let scene = Scene::start();
    let route = |path: &str, name: &str| {
        let upstream = &scene.upstream.url;
        format!(
            "\n[[route]]\npath = \"{path}\"\nupstream = \"{upstream}\"\n\
             require = {{ claim = \"preferred_username\", equals = \"{name}\" }}\n"
        )
    };
    let toml = [
        scene.toml.clone(),
        route("/same", "ada@contoso.localhost"),
        route("/upper", "ADA@contoso.localhost"),
        route("/space", "ada@contoso.localhost "),
        route("/dot", "ada@contoso.localhost."),
        route("/part", "ada@contoso"),
        route("/mail", "ada.lindqvist@contoso.localhost"),
    ];
    scene.proxy.reload(&toml.concat(), "reloaded");
    let mut person = scene.signed_in("ada");
    assert_eq!(person.fetch(&scene.url("/same/")).status, 200);
    for path in ["/upper/", "/space/", "/dot/", "/part/", "/mail/"] {
        assert_eq!(person.fetch(&scene.url(path)).status, 403, "{path}");
    }
}

/// authentik: a redirect URI was a pattern in which a dot was any letter, and the first one to come
/// was believed.
#[test]
fn cve_2024_52289_nobody_is_sent_to_an_address_that_only_resembles_ours() {
    let scene = Scene::start();
    let host = scene.proxy.url.trim_start_matches("http://");
    for target in [
        format!("http://{host}.evil.example.com/"),
        format!("http://{}@evil.example.com/", host.replace(':', "%3A")),
        format!("http://{}/", host.replace("localhost", "localhostx")),
        format!("http://{}/", host.replace('a', "x")),
        format!("//{host}x/"),
        "https://evil.example.com/".to_owned(),
        "//evil.example.com/".to_owned(),
        "/\\evil.example.com".to_owned(),
        "/%09/evil.example.com".to_owned(),
        "/.evil.example.com".to_owned(),
    ] {
        let mut person = Person::new();
        let encoded = vestibule_e2e::form::encode(&target);
        let page = person.go(&scene.url(&format!("/.vestibule/sign-in?return_to={encoded}")));
        if page.url.starts_with(&scene.provider.url()) {
            let form = page.form_that_offers("ada");
            let post = Request::new("POST", &http::Address::parse(&page.url).join(&form.action))
                .with("Content-Type", "application/x-www-form-urlencoded")
                .body(form.encoded());
            let mut reply = person.send(post);
            while let Some(location) = reply.field("location").map(str::to_owned) {
                let next = http::Address::parse(&reply.url).join(&location);
                let known = [&scene.proxy.url, &scene.provider.url()]
                    .map(|url| http::Address::parse(url).authority);
                assert!(
                    known.contains(&http::Address::parse(&next).authority)
                        && !location.starts_with("//"),
                    "{target}: {location}"
                );
                reply = person.visit(&next);
            }
        } else {
            assert!(
                page.url.starts_with(&scene.proxy.url),
                "{target}: {}",
                page.url
            );
        }
    }
    // The redirect URI is ours, whatever the request calls itself.
    let asked = Request::get(&scene.url("/app/"))
        .with("Accept", "text/html")
        .with("Sec-Fetch-Mode", "navigate")
        .with("Sec-Fetch-Dest", "document")
        .with("X-Forwarded-Host", "evil.example.com");
    let reply = http::send(&asked);
    let ours = vestibule_e2e::form::encode(&scene.url("/.vestibule/callback"));
    let location = reply.field("location").unwrap();
    assert!(
        location.contains(&format!("redirect_uri={ours}")),
        "{location}"
    );
}

/// authentik: the client secret could be read back.
#[test]
fn cve_2026_40166_what_is_said_about_a_configuration_holds_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let canary = "c4n4ry-secret-of-more-than-16";
    let base = "public_url = \"http://localhost:1\"\nlisten = \"127.0.0.1:1\"\n";
    let provider = "[provider]\nissuer = \"https://id.example.com\"\nclient_id = \"x\"\n";
    let route = "[[route]]\npath = \"/\"\nupstream = \"http://localhost:3\"\n";
    let good = format!(
        "{base}{provider}client_secret = \"env:CANARY\"\n[session]\nstore = \"memory\"\n\
         [admin]\nlisten = \"127.0.0.1:2\"\nsecret = \"env:CANARY\"\n\
         [outbound]\nproxy = \"env:CANARY_PROXY\"\n{route}"
    );
    let literal = [
        format!("{base}{provider}client_secret = \"{canary}\"\n{route}"),
        format!("{base}{provider}client_secret = {{ value = \"{canary}\" }}\n{route}"),
        format!("{base}{provider}client_secret = [\"{canary}\"]\n{route}"),
        format!("{base}{provider}[session]\nkeys = [\"{canary}\"]\n{route}"),
        format!("{base}{provider}[session]\nkeys = \"{canary}\"\n{route}"),
        format!("{base}{provider}client_secert = \"{canary}\"\n{route}"),
        format!("{base}{provider}[session]\nkeys = [\"env:CANARY\"]\n{route}"),
        format!(
            "{base}{provider}[admin]\nlisten = \"127.0.0.1:2\"\nsecret = \"{canary}\"\n{route}"
        ),
        format!(
            "{base}{provider}[outbound]\nproxy = \"http://x:{canary}@proxy.example.com:1\"\n{route}"
        ),
        format!(
            "{base}tls = {{ certificate = \"c.pem\", key = \"env:CANARY\" }}\n{provider}{route}"
        ),
        format!(
            "{base}{provider}{route}headers = {{ \"X\" = \"@nothing\" }}\n[outbound]\nproxy = \"env:CANARY\"\n"
        ),
    ];
    for (number, toml) in std::iter::once(&good).chain(&literal).enumerate() {
        let file = folder.path().join("vestibule.toml");
        std::fs::write(&file, toml).unwrap();
        let file = file.to_str().unwrap();
        let mut commands = vec![vec!["check", file], vec!["check", "--json", file]];
        if number > 0 {
            commands.push(vec!["run", "--config", file]);
        }
        for arguments in commands {
            let mut command = program::vestibule(&arguments);
            command.env("CANARY", canary).env(
                "CANARY_PROXY",
                format!("http://x:{canary}@proxy.example.com:1"),
            );
            let mut process = Process::start("vestibule", &mut command);
            let ended = process.wait();
            let said = process.lines().join("\n");
            assert!(!said.is_empty(), "{arguments:?}: {toml}");
            assert_eq!(
                ended.success(),
                number == 0,
                "{arguments:?}: {toml}\n{said}"
            );
            assert!(!said.contains(canary), "{arguments:?}: {toml}\n{said}");
        }
    }
}

/// Traefik: what was meant for one server went to the one that wrote the error pages, too.
#[test]
fn cve_2026_41181_secrets_go_to_the_chosen_upstream_and_to_nobody_else() {
    let scene = Scene::start();
    let other = Upstream::start();
    let more = format!(
        "\n[[route]]\npath = \"/other\"\nupstream = \"{}\"\nrequire = \"public\"\n\
         [[route]]\npath = \"/down\"\nupstream = \"http://127.0.0.1:1\"\nrequire = \"public\"\n",
        other.url
    );
    scene
        .proxy
        .reload(&(scene.toml.clone() + &more), "reloaded");
    let mut person = scene.signed_in("ada");
    let session = person.jar.field(&scene.url("/")).unwrap();
    let before = scene.upstream.received().len();
    for (path, expected) in [
        ("/other/", 200),
        ("/down/", 502),
        ("/nowhere", 404),
        ("/public/", 200),
    ] {
        let request = Request::get(&scene.url(path))
            .with(
                "Authorization",
                &format!("Bearer canary-for{}", path.replace('/', "-")),
            )
            .with("Sec-Fetch-Site", "same-origin");
        assert_eq!(person.send(request).status, expected, "{path}");
    }
    let received = [
        (other.received(), "Bearer canary-for-other-"),
        (
            scene.upstream.received()[before..].to_vec(),
            "Bearer canary-for-public-",
        ),
    ];
    for (received, expected) in received {
        let [one] = received.as_slice() else {
            panic!("one request: {received:?}");
        };
        assert_eq!(one.field("authorization"), Some(expected));
        assert!(!format!("{one:?}").contains(&session), "{one:?}");
    }
}

/// Go's reverse proxy: a query that it could not read went on unread, and others read it.
#[test]
fn cve_2022_2880_a_query_goes_on_as_it_is_and_decides_nothing() {
    let scene = Scene::start();
    let host = scene.proxy.url.trim_start_matches("http://");
    let ask = |target: &str| {
        let mut connection = Connection::open(&scene.proxy.url, None);
        connection.write(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        connection.reply("GET")
    };
    for query in [
        "a=1;b=2",
        "a=%zz",
        "%",
        "a=%2",
        "a=b=c&&=&a",
        "x=/../app/",
        "x=%2e%2e%2f",
    ] {
        let reply = ask(&format!("/public/x?{query}"));
        assert_eq!(reply.status, 200, "{query}");
        assert_eq!(reply.json()["line"], format!("GET /x?{query} HTTP/1.1"));
        assert_eq!(ask(&format!("/app/?{query}")).status, 401, "{query}");
    }
    for query in ["/public/", "x=/public/", ";/public/", "%0a/public/"] {
        assert_eq!(ask(&format!("/app/x?{query}")).status, 401, "{query}");
    }
}
