//! An app that listens on a socket in the file system.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use vestibule_e2e::local_provider::LocalProvider;
use vestibule_e2e::person::Person;
use vestibule_e2e::program::Proxy;
use vestibule_e2e::scene::start_with;

/// Answers every request on a connection and keeps its head.
fn serve(mut stream: UnixStream, heads: &Mutex<Vec<String>>) {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
        }
        heads.lock().unwrap().push(String::from_utf8(head).unwrap());
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\nfrom a socket\n")
            .unwrap();
    }
}

#[test]
fn an_app_on_a_unix_socket_gets_signed_in_requests() {
    let reservation = Proxy::reserve("http");
    let path = reservation.folder().join("the app.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let connections = Arc::new(AtomicUsize::new(0));
    let (seen, counter) = (Arc::clone(&heads), Arc::clone(&connections));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            let seen = Arc::clone(&seen);
            thread::spawn(move || serve(stream, &seen));
        }
    });
    let provider = LocalProvider::start();
    let routes = format!(
        "[[route]]\npath = \"/app\"\nupstream = \"unix:{}\"\nheaders = \"mod_auth_openidc\"\n",
        path.display()
    );
    let secret = provider.fact("client_secret").to_owned();
    let proxy = start_with(reservation, &provider.toml(), &routes, &secret);
    let mut person = Person::new();
    let picker = person.go(&format!("{}/app/", proxy.url));
    let page = LocalProvider::sign_in(&mut person, &picker, "ada");
    assert_eq!(
        (page.status, page.text().as_str()),
        (200, "from a socket\n")
    );
    for _ in 0..3 {
        assert_eq!(person.fetch(&format!("{}/app/x", proxy.url)).status, 200);
    }
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 4);
    for head in &*heads {
        assert!(head.contains("\r\nHost: localhost\r\n"), "{head}");
        assert!(head.contains("\r\nOIDC_CLAIM_"), "{head}");
    }
    // A connection per core at most.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    assert!(connections.load(Ordering::SeqCst) <= cores);
}
