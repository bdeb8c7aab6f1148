//! A session file that can't be asked.

use std::fs;

use vestibule_e2e::http::Request;
use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::scene::{Scene, eventually};

/// oauth2-proxy took the cookie away from people whose session it could not read.
#[test]
fn oauth2_proxy_1630_while_the_store_cannot_be_asked_nobody_is_signed_out() {
    let mut scene = Scene::start();
    let mut ada = scene.signed_in("ada");
    // From here on her session is in the file only.
    scene.proxy.kill_and_restart();

    // The file can be neither written nor, after that has failed, opened again.
    let (file, away) = (
        scene.proxy.folder().join("sessions"),
        scene.proxy.folder().join("away"),
    );
    let mut gus = Person::new();
    let picker = gus.go(&scene.url("/app/"));
    scene.proxy.may_write_files(false);
    fs::rename(&file, &away).unwrap();
    let page = LocalProvider::sign_in(&mut gus, &picker, "gus");
    assert_eq!(page.status, 503, "{}", page.text());
    assert!(page.text().contains("Incident"), "{}", page.text());

    let already = scene.upstream.received().len();
    let fetched = ada.fetch(&scene.url("/app/"));
    assert_eq!(fetched.status, 503, "{}", fetched.text());
    assert!(fetched.field("retry-after").is_some(), "{fetched:?}");
    let visited = ada.visit(&scene.url("/app/"));
    assert_eq!(visited.status, 503, "{visited:?}");
    let post = Request::new("POST", &scene.url("/app/"))
        .with("Origin", &scene.proxy.url)
        .with("Sec-Fetch-Site", "same-origin")
        .body("x");
    let posted = ada.send(post);
    assert_eq!(posted.status, 503);
    for reply in [fetched, visited, posted] {
        assert!(reply.all("set-cookie").next().is_none(), "{reply:?}");
    }
    assert_eq!(scene.upstream.received().len(), already);
    assert_eq!(ada.fetch(&scene.url("/public/")).status, 200);

    fs::rename(&away, &file).unwrap();
    scene.proxy.may_write_files(true);
    eventually("the same cookie works again", || {
        ada.fetch(&scene.url("/app/")).status == 200
    });
    eventually("people can sign in again", || {
        let mut person = Person::new();
        let page = person.go(&scene.url("/app/"));
        page.url.starts_with(&scene.provider.url())
            && LocalProvider::sign_in(&mut person, &page, "gus").status == 200
    });
}
