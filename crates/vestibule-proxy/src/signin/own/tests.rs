use std::net::SocketAddr;

use vestibule_gate::fields::Fields;
use vestibule_gate::request::{RawHead, ReadPolicy, Scheme, Version, read};

use super::*;

fn request(method: &str, target: &str) -> Request {
    let mut fields = Fields::new();
    fields.push("Host", "portal.example.com");
    let raw = RawHead {
        method: method.to_owned().into(),
        target: target.to_owned().into(),
        version: Version::Http11,
        scheme: Scheme::Https,
        authority: None,
        fields,
        peer: SocketAddr::from(([192, 0, 2, 1], 1234)),
    };
    read(raw, &ReadPolicy::default()).unwrap()
}

fn named(name: &str) -> Addresses<'_> {
    Addresses {
        name: Cow::Borrowed(name),
        redirect_path: None,
        acts: false,
        is_here: true,
        is_posted: false,
    }
}

fn answer(providers: &[Addresses<'_>], line: &str) -> (u16, &'static str) {
    let (method, target) = line.split_once(' ').unwrap();
    match served(&request(method, target), providers, false) {
        Ok(()) => (200, ""),
        Err(NotServed::OtherMethod(allowed)) => (405, allowed),
        Err(why) => (why.status(), ""),
    }
}

#[test]
fn what_is_no_endpoint_of_ours_is_not_found() {
    let one = [named("main")];
    for (line, expected) in [
        ("GET /.vestibule/sign-in", (200, "")),
        ("POST /.vestibule/sign-in", (405, "GET, HEAD")),
        ("GET /.vestibule/nope", (404, "")),
        ("GET /.vestibule/me", (200, "")),
        ("DELETE /.vestibule/me", (405, "GET, HEAD, POST")),
        ("GET /.vestibule/callback?state=x&code=y", (200, "")),
        ("POST /.vestibule/callback", (405, "GET, HEAD")),
        ("GET /.vestibule/callback/main", (404, "")),
        ("GET /.vestibule/back-channel-logout", (405, "POST")),
        ("HEAD /.vestibule/events", (405, "GET")),
    ] {
        assert_eq!(answer(&one, line), expected, "{line}");
    }
}

#[test]
fn an_address_of_no_provider_is_not_found() {
    let mut posts = named("posts");
    posts.is_posted = true;
    let mut elsewhere = named("elsewhere");
    elsewhere.redirect_path = Some("/oidc");
    elsewhere.acts = true;
    let several = [named("main"), posts, elsewhere];
    for (line, expected) in [
        ("GET /.vestibule/callback/main", (200, "")),
        ("POST /.vestibule/callback/posts", (200, "")),
        ("GET /.vestibule/callback/nobody", (404, "")),
        ("GET /.vestibule/callback", (404, "")),
        ("GET /.vestibule/callback/elsewhere", (404, "")),
        ("GET /oidc", (200, "")),
        ("GET /oidc?logout=get", (200, "")),
        ("POST /.vestibule/back-channel-logout/nobody", (404, "")),
        ("GET /.vestibule/front-channel-logout/main", (200, "")),
    ] {
        assert_eq!(answer(&several, line), expected, "{line}");
    }
}

#[test]
fn a_provider_ends_no_sessions_that_only_browsers_have() {
    let one = [named("main")];
    let asked = request("POST", "/.vestibule/back-channel-logout");
    assert!(served(&asked, &one, false).is_ok());
    assert_eq!(
        served(&asked, &one, true).map_err(NotServed::code),
        Err("logout_by_provider_with_cookie_store")
    );
}

#[test]
fn a_provider_has_no_address_at_hosts_that_it_is_not_for() {
    let at = |is_here, name, redirect_path| Addresses {
        is_here,
        redirect_path,
        ..named(name)
    };
    let path = Some("/secure/redirect_uri");
    let all = [
        at(false, "a", path),
        at(true, "b", path),
        at(false, "c", None),
    ];
    let answer_to = |line: &str| answer(&all, line);
    assert_eq!(
        answer_to("GET /secure/redirect_uri?state=x&code=y"),
        (200, "")
    );
    for line in [
        "GET /.vestibule/callback/c?state=x&code=y",
        "POST /.vestibule/back-channel-logout/c",
        "GET /.vestibule/front-channel-logout/a?sid=x",
    ] {
        assert_eq!(answer_to(line), (404, ""), "{line}");
    }
    let nowhere = [at(false, "a", path)];
    assert_eq!(
        answer(&nowhere, "GET /secure/redirect_uri?state=x&code=y"),
        (404, "")
    );
}
