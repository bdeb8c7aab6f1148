use std::os::unix::net::UnixListener;
use std::thread;

use tempfile::TempDir;
use vestibule_proxy::sessions::Which;

use super::*;

const HELLO: &str =
    r#"{"hello":{"version":1,"program":"0.1.0","pid":7,"sites":["https://a.example"]}}"#;

/// What comes of asking a proxy that says `hello`, and to a request this.
fn ask(hello: &str, answer: &str, sites: &[&str]) -> Result<usize, Trouble> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (hello, answer) = (hello.to_owned(), answer.to_owned());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(hello.as_bytes());
        if hello.ends_with('\n') {
            let mut asked = String::new();
            let _ = BufReader::new(stream.try_clone().unwrap()).read_line(&mut asked);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let sites: Vec<String> = sites.iter().map(|site| (*site).to_owned()).collect();
    let result = Proxy::connect(&path, &sites).and_then(|mut proxy| {
        let (sessions, _) = proxy.list(Ask::List {
            which: Which::All,
            after: None,
            most: 10,
        })?;
        Ok(sessions.len())
    });
    server.join().unwrap();
    result
}

#[test]
fn what_is_answered_is_understood() {
    let end = "{\"listed\":{\"next\":null,\"looked_at\":0,\"unreadable\":0}}\n";
    let hello = format!("{HELLO}\n");
    assert_eq!(ask(&hello, end, &[]).unwrap(), 0);
    assert_eq!(ask(&hello, end, &["https://a.example"]).unwrap(), 0);
}

#[test]
fn each_trouble_says_what_it_is_and_what_to_do() {
    let hello = format!("{HELLO}\n");
    let refused =
        |code: &str| format!("{{\"refused\":{{\"code\":\"{code}\",\"message\":\"so\"}}}}\n");
    let long = "x".repeat(ANSWER_MAX_BYTES + 1);
    for (hello, answer, sites, expected) in [
        (
            refused("not_permitted"),
            String::new(),
            &[][..],
            "is for the user that runs",
        ),
        (
            HELLO.replace(":1,", ":2,") + "\n",
            String::new(),
            &[],
            "version 2",
        ),
        (
            hello.clone(),
            String::new(),
            &["https://b.example"],
            "process 7 serves https://a.example",
        ),
        (
            hello.clone(),
            refused("store_unavailable"),
            &[],
            "store_unavailable",
        ),
        (
            hello.clone(),
            refused("cookie_store"),
            &[],
            "so (cookie_store)",
        ),
        (
            hello.clone(),
            "{\"ended\":1}\n".to_owned(),
            &[],
            "can be understood",
        ),
        (hello.clone(), hello.clone(), &[], "can be understood"),
        (hello.clone(), long, &[], "can be understood"),
        (
            hello.clone(),
            "{\"listed\":".to_owned(),
            &[],
            "stopped answering",
        ),
        (HELLO.to_owned(), String::new(), &[], "stopped answering"),
        (
            "HTTP/1.1 400\r\n\n".to_owned(),
            String::new(),
            &[],
            "can be understood",
        ),
    ] {
        let trouble = ask(&hello, &answer, sites).unwrap_err();
        let said = trouble.to_string();
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!trouble.help().is_empty());
    }
}

#[test]
fn where_nobody_listens_nothing_runs() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.sock");
    let connect = || Proxy::connect(&path, &[]).err().unwrap();
    assert!(matches!(connect(), Trouble::NotRunning(_)));
    // As a killed process leaves it.
    drop(UnixListener::bind(&path).unwrap());
    assert!(matches!(connect(), Trouble::NotRunning(_)));
}
