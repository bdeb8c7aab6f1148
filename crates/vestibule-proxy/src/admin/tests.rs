use super::*;

fn plan(secret: Option<&str>) -> AdminPlan {
    AdminPlan {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        secret: secret.map(Secret::from),
        hosts: vec!["admin.internal".into()],
        sessions: None,
    }
}

fn answers(secret: Option<&str>, ready: Result<(), &'static str>) -> Answers {
    Answers {
        plan: plan(secret),
        metrics: Arc::default(),
        ready: Arc::new(move || ready),
        page: None,
    }
}

fn ask(answers: &Answers, method: &str, path: &str, fields: &[(&'static str, &str)]) -> u16 {
    let mut map = HeaderMap::new();
    if !fields.iter().any(|(name, _)| *name == "host") {
        map.insert(HOST, HeaderValue::from_static("localhost:9000"));
    }
    for (name, value) in fields {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    answers.answer(&method, path, &map).status().as_u16()
}

#[test]
fn three_paths_answer_and_nothing_else() {
    let answers = answers(None, Ok(()));
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(ask(&answers, "GET", path, &[]), 200, "{path}");
        assert_eq!(ask(&answers, "HEAD", path, &[]), 200, "{path}");
    }
    // CVE-2025-24030: no way from the metrics port to anything that administers.
    for path in [
        "/",
        "/metrics/",
        "//metrics",
        "/Metrics",
        "/livez/..",
        "/debug/pprof",
        "/config",
        "/stop",
        "/.vestibule/me",
        "/server_info",
        "/quitquitquit",
        "/sessions",
        "/sessions/revoke",
    ] {
        assert_eq!(ask(&answers, "GET", path, &[]), 404, "{path}");
    }
}

#[test]
fn readiness_follows_what_the_program_says() {
    assert_eq!(
        ask(&answers(None, Err("stopping")), "GET", "/readyz", &[]),
        503
    );
    assert_eq!(
        ask(&answers(None, Err("stopping")), "GET", "/livez", &[]),
        200
    );
}

/// CVE-2026-27589: a web page must not reach the admin listener, whatever it manages to send.
#[test]
fn cve_2026_27589_web_pages_get_nothing() {
    let answers = answers(None, Ok(()));
    for origin in ["https://evil.example", "null", "http://localhost:9000"] {
        assert_eq!(
            ask(&answers, "GET", "/metrics", &[("origin", origin)]),
            403,
            "{origin}"
        );
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        assert_eq!(ask(&answers, method, "/metrics", &[]), 405, "{method}");
    }
}

#[test]
fn a_name_that_may_be_somebody_elses_is_not_served() {
    let open = answers(None, Ok(()));
    for (host, expected) in [
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("127.0.0.1:9000", 200),
        ("127.9.9.9", 200),
        ("[::1]:9000", 200),
        ("admin.internal", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("192.0.2.1", 421),
        ("a@localhost:1:2", 421),
        ("", 421),
    ] {
        assert_eq!(
            ask(&open, "GET", "/livez", &[("host", host)]),
            expected,
            "{host}"
        );
    }
    assert_eq!(
        ask(
            &open,
            "GET",
            "/livez",
            &[("host", "localhost"), ("host", "localhost")]
        ),
        421
    );
    // HAProxy's checks name none, unless told to.
    let none = open.answer(&Method::GET, "/readyz", &HeaderMap::new());
    assert_eq!(none.status(), 200);
    // With a secret the listener may be anywhere, so it is asked for by address.
    assert_eq!(
        ask(
            &answers(Some("s"), Ok(())),
            "GET",
            "/livez",
            &[("host", "192.0.2.1")]
        ),
        200
    );
}

#[test]
fn metrics_need_the_secret_if_there_is_one() {
    let answers = answers(Some("canary"), Ok(()));
    assert_eq!(ask(&answers, "GET", "/livez", &[]), 200);
    for (given, expected) in [
        (None, 401),
        (Some("Bearer canary"), 200),
        (Some("bearer canary"), 200),
        (Some("Bearer canar"), 401),
        (Some("Bearer canary2"), 401),
        (Some("Bearer"), 401),
        (Some("Basic canary"), 401),
        (Some("canary"), 401),
    ] {
        let fields: Vec<_> = given
            .iter()
            .map(|value| ("authorization", *value))
            .collect();
        assert_eq!(
            ask(&answers, "GET", "/metrics", &fields),
            expected,
            "{given:?}"
        );
    }
    let twice = [
        ("authorization", "Bearer x"),
        ("authorization", "Bearer canary"),
    ];
    assert_eq!(ask(&answers, "GET", "/metrics", &twice), 401);
}

/// CVE-2022-24797: nothing of this answers beyond loopback without a secret.
#[test]
fn cve_2022_24797_a_public_address_without_a_secret_is_refused() {
    let runtime = crate::server::control_runtime().unwrap();
    let start = |address: [u8; 4], secret| {
        let plan = AdminPlan {
            address: SocketAddr::from((address, 0)),
            ..plan(secret)
        };
        Admin::start(plan, Arc::default(), Arc::new(|| Ok(())), runtime.handle())
    };
    assert!(matches!(
        start([0, 0, 0, 0], None),
        Err(AdminError::Exposed { .. })
    ));
    assert!(start([0, 0, 0, 0], Some("s")).is_ok());
    assert!(start([127, 0, 0, 1], None).is_ok());
}

#[test]
fn it_answers_over_a_socket() {
    use std::io::{Read as _, Write as _};
    let runtime = crate::server::control_runtime().unwrap();
    let admin = Admin::start(
        plan(None),
        Arc::default(),
        Arc::new(|| Ok(())),
        runtime.handle(),
    )
    .unwrap();
    let mut stream = std::net::TcpStream::connect(admin.local_address()).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("vestibule_panics_total 0")
    );
    assert!(answer.contains("cache-control: no-store"));
}
