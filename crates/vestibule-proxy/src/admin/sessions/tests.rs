use http::header::{CONTENT_TYPE, COOKIE};
use vestibule_session::handle::Handle;
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::store::Store as _;

use super::*;
use crate::provider::fake::ISSUER;
use crate::sessions::SessionId;
use crate::signin::rig::Rig;

const SECRET: &str = "the-secret-of-the-page";
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

struct Stage {
    rig: Rig,
    desk: Desk,
}

/// A browser on the page.
#[derive(Default, Clone)]
struct Visitor {
    cookie: String,
    /// What it sends besides.
    more: Vec<(&'static str, String)>,
}

#[derive(Debug)]
struct Seen {
    status: u16,
    fields: HeaderMap,
    html: String,
}

impl Seen {
    /// The mark in the forms of this page.
    fn mark(&self) -> &str {
        let (_, rest) = self.html.split_once("name=\"mark\" value=\"").unwrap();
        rest.split_once('"').unwrap().0
    }
}

impl Stage {
    fn new() -> Self {
        Self::of(Rig::new())
    }

    fn of(rig: Rig) -> Self {
        let desk = Desk::new(Arc::clone(&rig.shared), Secret::from(SECRET), 9090).unwrap();
        Self { rig, desk }
    }

    async fn send(&self, visitor: &Visitor, method: &str, target: &str, body: &str) -> Seen {
        let mut request = Request::builder().method(method).uri(target);
        request = request.header(HOST, "localhost:9090");
        if !visitor.cookie.is_empty() {
            request = request.header(COOKIE, format!("other=1; {}", visitor.cookie));
        }
        for (name, value) in &visitor.more {
            request = request.header(*name, value);
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let (head, body) = self.desk.answer(request, PEER).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Seen {
            status: head.status.as_u16(),
            fields: head.headers,
            html: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, visitor: &Visitor, target: &str) -> Seen {
        self.send(visitor, "GET", target, "").await
    }

    /// As a form of the page itself.
    async fn post(&self, visitor: &Visitor, target: &str, body: &str) -> Seen {
        let visitor = visitor.with("sec-fetch-site", "same-origin");
        self.send(&visitor, "POST", target, body).await
    }

    async fn signed_in(&self) -> Visitor {
        let secret = format!("secret={SECRET}");
        let visitor = Visitor::default().with("origin", "http://localhost:9090");
        let answer = self.post(&visitor, "/sessions/sign-in", &secret).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        let line = answer.fields[SET_COOKIE].to_str().unwrap();
        Visitor {
            cookie: line.split(';').next().unwrap().to_owned(),
            more: Vec::new(),
        }
    }

    async fn keep(&self, number: u8, fixture: RecordFixture) -> SessionId {
        let key = Handle::from_entropy([number; 32]).store_key();
        self.rig.store.insert(&key, fixture.build()).await.unwrap();
        SessionId::of(&key)
    }

    async fn person(&self, number: u8, subject: &str) -> SessionId {
        self.keep(number, self.fixture(subject)).await
    }

    fn fixture(&self, subject: &str) -> RecordFixture {
        let fixture = RecordFixture {
            issuer: ISSUER.to_owned(),
            provider: "main".to_owned(),
            ..RecordFixture::new(subject, self.rig.shared.now())
        };
        fixture.claim("preferred_username", format!("{subject}@example.com"))
    }

    async fn left(&self) -> usize {
        let part = list(&self.rig.shared, &Which::All, None, 100).await;
        part.unwrap().sessions.len()
    }
}

impl Visitor {
    fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.more.push((name, value.to_owned()));
        other
    }
}

#[tokio::test]
async fn without_the_secret_there_is_a_form_and_nothing_else() {
    let stage = Stage::new();
    stage.person(1, "ann").await;
    let stranger = Visitor {
        cookie: "vestibule-9090.admin=AAAA; __Host-vestibule-9090.admin=".to_owned(),
        more: Vec::new(),
    };
    for target in [
        "/sessions",
        "/sessions?by=user&named=ann",
        "/sessions/revoke?by=all",
    ] {
        let seen = stage.get(&stranger, target).await;
        assert_eq!(seen.status, 200);
        assert!(
            seen.html.contains("type=\"password\"") && !seen.html.contains("ann@"),
            "{seen:?}"
        );
    }
    for (path, body) in [
        ("/sessions/revoke", "by=all&mark="),
        ("/sessions/sign-out", "mark="),
    ] {
        assert_eq!(stage.post(&stranger, path, body).await.status, 403);
    }
    for wrong in ["", "secret=", "secret=x", &format!("secret={SECRET}x")] {
        let seen = stage.post(&stranger, "/sessions/sign-in", wrong).await;
        assert_eq!(seen.status, 403);
        assert!(!seen.fields.contains_key(SET_COOKIE) && seen.html.contains("not the secret"));
    }
    assert_eq!(stage.left().await, 1);
}

#[tokio::test(start_paused = true)]
async fn guessing_the_secret_is_slowed_down() {
    let stage = Stage::new();
    let nobody = Visitor::default();
    let mut last = 403;
    for _ in 0..11 {
        last = stage
            .post(&nobody, "/sessions/sign-in", "secret=x")
            .await
            .status;
    }
    assert_eq!(last, 429);
    let right = format!("secret={SECRET}");
    let seen = stage.post(&nobody, "/sessions/sign-in", &right).await;
    assert_eq!(
        (seen.status, seen.fields.contains_key(RETRY_AFTER)),
        (429, true)
    );
}

#[tokio::test]
async fn the_cookie_is_for_this_page_alone_and_fits_how_it_is_reached() {
    let stage = Stage::new();
    let secret = format!("secret={SECRET}");
    for (origin, expected) in [
        (
            "http://localhost:9090",
            ["vestibule-9090.admin=", "; Path=/sessions;"],
        ),
        (
            "https://localhost:9090",
            ["__Host-vestibule-9090.admin=", "; Path=/; Secure;"],
        ),
    ] {
        let visitor = Visitor::default().with("origin", origin);
        let seen = stage.post(&visitor, "/sessions/sign-in", &secret).await;
        let line = seen.fields[SET_COOKIE].to_str().unwrap();
        let [name, place] = expected;
        assert!(line.starts_with(name) && line.contains(place), "{line}");
        assert!(line.ends_with("; HttpOnly; SameSite=Strict") && line.contains("Max-Age=1800"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_is_known_until_they_leave_or_their_time_is_over() {
    let stage = Stage::new();
    let (one, other) = (stage.signed_in().await, stage.signed_in().await);
    let seen = stage.get(&one, "/sessions").await;
    assert!(seen.html.contains("Nobody is signed in"), "{seen:?}");
    let leave = format!("mark={}", seen.mark());
    let seen = stage.post(&one, "/sessions/sign-out", &leave).await;
    assert_eq!(
        (seen.status, seen.fields.get_all(SET_COOKIE).iter().count()),
        (303, 2)
    );
    assert!(
        stage
            .get(&one, "/sessions")
            .await
            .html
            .contains("type=\"password\"")
    );
    assert!(stage.get(&other, "/sessions").await.html.contains("Nobody"));
    tokio::time::advance(Duration::from_secs(30 * 60)).await;
    assert!(
        stage
            .get(&other, "/sessions")
            .await
            .html
            .contains("type=\"password\"")
    );
}

#[tokio::test]
async fn a_session_is_revoked_after_a_question() {
    let stage = Stage::new();
    let (ann, _) = (stage.person(1, "ann").await, stage.person(2, "bob").await);
    let operator = stage.signed_in().await;
    let list = stage.get(&operator, "/sessions").await;
    let link = format!("/sessions/revoke?by=id&amp;named={ann}");
    assert!(list.html.contains(&link), "{list:?}");
    let asked = stage.get(&operator, &link.replace("&amp;", "&")).await;
    assert!(asked.html.contains("ann@example.com") && !asked.html.contains("bob@"));
    assert_eq!(stage.left().await, 2, "a GET changes nothing");
    let form = format!("by=id&named={ann}&issuer=&mark={}", asked.mark());
    let done = stage.post(&operator, "/sessions/revoke", &form).await;
    assert!(done.html.contains("1 session was ended"), "{done:?}");
    assert_eq!(stage.left().await, 1);
    // And again: there is none any more.
    let done = stage.post(&operator, "/sessions/revoke", &form).await;
    assert!(done.html.contains("0 sessions were ended"), "{done:?}");
    let asked = stage.get(&operator, &link.replace("&amp;", "&")).await;
    assert!(
        asked.html.contains("There is no such session") && !asked.html.contains("type=\"submit\""),
        "{asked:?}"
    );
}

#[tokio::test]
async fn whoever_is_looked_for_is_found_and_all_of_theirs_end() {
    let stage = Stage::new();
    for (number, subject) in [(1, "ann"), (2, "ann"), (3, "bob")] {
        stage.person(number, subject).await;
    }
    let operator = stage.signed_in().await;
    let issuer: String = url::form_urlencoded::byte_serialize(ISSUER.as_bytes()).collect();
    for query in [
        "by=user&named=ANN%40example.com".to_owned(),
        "by=subject&named=ann".to_owned(),
        format!("by=subject&named=ann&issuer={issuer}"),
    ] {
        let seen = stage.get(&operator, &format!("/sessions?{query}")).await;
        assert_eq!(
            seen.html.matches("class=\"head\"").count(),
            2,
            "{query} {seen:?}"
        );
        let asked = stage
            .get(&operator, &format!("/sessions/revoke?{query}"))
            .await;
        assert!(asked.html.contains("These 2 sessions end"), "{asked:?}");
    }
    let mark = stage.get(&operator, "/sessions").await.mark().to_owned();
    let form = format!("by=subject&named=ann&mark={mark}");
    stage.post(&operator, "/sessions/revoke", &form).await;
    assert_eq!(stage.left().await, 1);
    let asked = stage.get(&operator, "/sessions/revoke?by=all").await;
    assert!(
        asked
            .html
            .contains("<strong>every session</strong>: about 1"),
        "{asked:?}"
    );
    stage
        .post(
            &operator,
            "/sessions/revoke",
            &format!("by=all&mark={mark}"),
        )
        .await;
    assert_eq!(stage.left().await, 0);
}

/// What is not clear ends nobody, least of all everybody.
#[tokio::test]
async fn an_unclear_form_ends_nothing() {
    let stage = Stage::new();
    stage.person(1, "ann").await;
    let operator = stage.signed_in().await;
    let mark = stage.get(&operator, "/sessions").await.mark().to_owned();
    for form in [
        "",
        "by=user",
        "by=all&named=x",
        "named=ann",
        "by=all&issuer=x",
    ] {
        let seen = stage
            .post(
                &operator,
                "/sessions/revoke",
                &format!("{form}&mark={mark}"),
            )
            .await;
        assert_eq!(seen.status, 400, "{form}");
    }
    assert_eq!(stage.left().await, 1);
}

/// CVE-2026-27589: a web page must not administer, whatever it makes a browser send.
#[tokio::test]
async fn cve_2026_27589_no_other_page_ends_a_session() {
    let stage = Stage::new();
    stage.person(1, "ann").await;
    let operator = stage.signed_in().await;
    let mark = stage.get(&operator, "/sessions").await.mark().to_owned();
    let (own, form) = ("sec-fetch-site", format!("by=all&mark={mark}"));
    for (name, value) in [
        (own, "cross-site"),
        (own, "same-site"),
        (own, "none"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:9091"),
        ("origin", "http://localhost"),
        ("origin", "ftp://localhost:9090"),
        ("x-nothing", "at-all"),
    ] {
        for path in [
            "/sessions/revoke",
            "/sessions/sign-out",
            "/sessions/sign-in",
        ] {
            let visitor = operator.with(name, value);
            let seen = stage.send(&visitor, "POST", path, &form).await;
            assert_eq!(seen.status, 403, "{name}: {value}");
        }
    }
    let twice = operator.with(own, "same-origin").with(own, "cross-site");
    let seen = stage.send(&twice, "POST", "/sessions/revoke", &form).await;
    assert_eq!(seen.status, 403);
    // The mark is the operator's own, and nobody else's.
    let other = stage.signed_in().await;
    let others = stage.get(&other, "/sessions").await.mark().to_owned();
    for mark in ["", "x", &others, &mark[1..]] {
        let form = format!("by=all&mark={mark}");
        assert_eq!(
            stage
                .post(&operator, "/sessions/revoke", &form)
                .await
                .status,
            403
        );
    }
    // Nor does a script of another site read anything.
    let script = operator.with("origin", "https://evil.example");
    assert_eq!(stage.get(&script, "/sessions").await.status, 403);
    assert_eq!(stage.left().await, 1);
    // Where a browser says only the origin, ours is enough.
    let plain = operator.with("origin", "http://localhost:9090");
    let seen = stage.send(&plain, "POST", "/sessions/revoke", &form).await;
    assert_eq!((seen.status, stage.left().await), (200, 0));
}

#[tokio::test]
async fn a_hostile_name_is_text() {
    let stage = Stage::new();
    let evil = "</strong><script>alert(1)</script>\"'><img src=x onerror=a>\u{1b}[2J";
    let fixture = RecordFixture {
        sid: Some(evil.to_owned()),
        ..stage.fixture("ann")
    };
    let fixture = fixture
        .claim("name", evil)
        .claim("preferred_username", evil);
    let id = stage.keep(1, fixture).await;
    let operator = stage.signed_in().await;
    let query = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect::<String>();
    for target in [
        "/sessions".to_owned(),
        format!("/sessions?by=user&named={query}"),
        format!("/sessions?by=subject&named={query}&issuer={query}"),
        format!("/sessions/revoke?by=id&named={id}"),
        format!("/sessions/revoke?by=user&named={query}"),
    ] {
        let seen = stage.get(&operator, &target).await;
        assert_eq!(seen.status, 200, "{target}");
        for markup in ["<script", "<img", "onerror=a>", "\"'>"] {
            assert!(!seen.html.contains(markup), "{target}: {markup}");
        }
    }
}

#[tokio::test]
async fn what_moves_a_cursor_turns_the_reading_around_or_does_not_show_is_an_escape() {
    let stage = Stage::new();
    let evil = "a\u{1b}[2J\u{9b}1m\r\u{202e}nimda\u{2066}\u{200b}z";
    let shown = r"a\u{1b}[2J\u{9b}1m\u{d}\u{202e}nimda\u{2066}\u{200b}z";
    let fixture = RecordFixture {
        sid: Some(evil.to_owned()),
        provider: evil.to_owned(),
        ..stage.fixture(evil)
    };
    let named = fixture.clone().claim("name", format!("name {evil}"));
    let id = stage
        .keep(1, named.claim("preferred_username", format!("user {evil}")))
        .await;
    stage.keep(2, fixture).await;
    let operator = stage.signed_in().await;
    for target in [
        "/sessions".to_owned(),
        format!("/sessions/revoke?by=id&named={id}"),
    ] {
        let seen = stage.get(&operator, &target).await;
        assert_eq!(seen.status, 200, "{target}");
        assert!(seen.html.contains(shown), "{}", seen.html);
        let obeyed = |char: char| {
            char != '\n' && char.is_control()
                || matches!(char, '\u{202e}' | '\u{2066}' | '\u{200b}')
        };
        assert_eq!(seen.html.find(obeyed), None, "{}", seen.html);
        // An escape of the template's would show the same.
        for escape in ["&#x1b;", "&#27;", "&#x202e;", "&#8238;"] {
            assert!(!seen.html.to_lowercase().contains(escape), "{target}");
        }
    }
}

#[tokio::test]
async fn no_page_has_a_token_a_cookie_or_a_script() {
    let stage = Stage::new();
    let fixture = stage.fixture("ann");
    let record = fixture.clone().build();
    let id = stage.keep(1, fixture).await;
    let operator = stage.signed_in().await;
    let handle = Handle::from_entropy([1; 32]);
    for target in [
        "/sessions".to_owned(),
        format!("/sessions/revoke?by=id&named={id}"),
    ] {
        let seen = stage.get(&operator, &target).await;
        for secret in [
            SECRET,
            handle.encoded().as_str(),
            operator.cookie.split_once('=').unwrap().1,
            record.id_token().unwrap().expose(),
            record.refresh_token().unwrap().expose(),
            record.tokens().sign_in().unwrap().token().expose(),
            "<script",
        ] {
            assert!(!seen.html.contains(secret), "{target}");
        }
        let field = |name: &str| seen.fields[name].to_str().unwrap().to_owned();
        let policy = field("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(policy.contains("form-action 'self'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(field("cache-control"), "no-store");
        assert_eq!(field("x-frame-options"), "DENY");
        assert_eq!(seen.fields[CONTENT_TYPE], "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn only_what_is_there_answers_and_forms_are_bounded() {
    let stage = Stage::new();
    let operator = stage.signed_in().await;
    for (method, target, status) in [
        ("GET", "/sessions/", 404),
        ("GET", "/sessions/x", 404),
        ("GET", "/sessions/sign-in", 405),
        ("POST", "/sessions", 405),
        ("DELETE", "/sessions/revoke", 405),
        ("PUT", "/sessions/sign-out", 405),
        ("HEAD", "/sessions", 200),
        ("GET", "/sessions?after=zz", 400),
    ] {
        let seen = stage.send(&operator, method, target, "").await;
        assert_eq!(seen.status, status, "{method} {target}");
    }
    let long = format!("by=all&named={}", "x".repeat(FORM_MAX_BYTES));
    let seen = stage.post(&operator, "/sessions/revoke", &long).await;
    assert_eq!(seen.status, 413);
    assert!(!Desk::has("/sessionsx") && !Desk::has("/") && !Desk::has("//sessions"));
}

#[tokio::test]
async fn many_sessions_come_on_several_pages() {
    let stage = Stage::new();
    for number in 0..=120 {
        stage.person(number, "ann").await;
    }
    let operator = stage.signed_in().await;
    let (mut target, mut rows, mut pages) = ("/sessions".to_owned(), 0, 0);
    loop {
        let seen = stage.get(&operator, &target).await;
        rows += seen.html.matches("class=\"head\"").count();
        pages += 1;
        let Some((_, rest)) = seen.html.split_once("href=\"/sessions?after=") else {
            break;
        };
        target = format!("/sessions?after={}", &rest[..16]);
    }
    assert_eq!((rows, pages), (121, 3));
}

#[tokio::test]
async fn a_store_that_cannot_be_asked_is_no_empty_page() {
    let stage = Stage::new();
    let operator = stage.signed_in().await;
    let mark = stage.get(&operator, "/sessions").await.mark().to_owned();
    stage.rig.store.set_down(true);
    assert_eq!(stage.get(&operator, "/sessions").await.status, 503);
    let form = format!("by=all&mark={mark}");
    assert_eq!(
        stage
            .post(&operator, "/sessions/revoke", &form)
            .await
            .status,
        503
    );
    let carried = Stage::of(Rig::carrying());
    let operator = carried.signed_in().await;
    assert_eq!(carried.get(&operator, "/sessions").await.status, 501);
}
