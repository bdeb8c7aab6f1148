use std::io::{BufRead as _, BufReader as Lines, Write as _};
use std::os::unix::net::UnixStream as Client;

use serde_json::{Value, json};
use tempfile::TempDir;
use vestibule_session::handle::Handle as SessionHandle;
use vestibule_session::record::fixture::RecordFixture;
use vestibule_session::store::Store as _;

use super::*;
use crate::signin::rig::Rig;

struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state/sessions.sock")
    }

    fn open(&self, rig: &Rig) -> Result<SessionSocket, SocketError> {
        SessionSocket::open(&self.path(), Arc::clone(&rig.shared), &Handle::current())
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Says these lines to the socket, and gives every line it answers until it has nothing more to say.
async fn say(path: &Path, text: &str) -> Vec<Value> {
    let (path, text) = (path.to_owned(), text.to_owned());
    tokio::task::spawn_blocking(move || {
        let mut client = Client::connect(path).unwrap();
        // It may have hung up by then.
        let _ = client.write_all(text.as_bytes());
        let _ = client.shutdown(std::net::Shutdown::Write);
        let lines = Lines::new(client).lines().map_while(Result::ok);
        lines
            .map(|line| serde_json::from_str(&line).unwrap())
            .collect()
    })
    .await
    .unwrap()
}

async fn somebody(rig: &Rig, number: u8, subject: &str) {
    let key = SessionHandle::from_entropy([number; 32]).store_key();
    let record = RecordFixture::new(subject, rig.shared.now()).build();
    rig.store.insert(&key, record).await.unwrap();
}

const LIST: &str = r#"{"version":1,"ask":{"list":{"which":"all","most":100}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn it_lists_and_ends_sessions() {
    let (place, rig) = (Folder::new(), Rig::new());
    let socket = place.open(&rig).unwrap();
    for (number, subject) in [(1, "ann"), (2, "bob"), (3, "ann")] {
        somebody(&rig, number, subject).await;
    }
    let told = say(socket.path(), &format!("{LIST}\n")).await;
    assert_eq!(told.len(), 5, "{told:?}");
    assert_eq!(told[0]["hello"]["version"], 1);
    assert_eq!(told[0]["hello"]["sites"][0], "https://portal.example.com");
    assert_eq!(
        told[4]["listed"],
        json!({ "next": null, "looked_at": 3, "unreadable": 0 })
    );
    let revoke = r#"{"version":1,"ask":{"revoke":{"which":{"subject":{"subject":"ann"}}}}}"#;
    // One after the other on one connection.
    let told = say(socket.path(), &format!("{revoke}\n{LIST}\n")).await;
    let subjects: Vec<_> = told
        .iter()
        .filter_map(|line| line["session"]["subject"].as_str())
        .collect();
    assert_eq!(subjects, ["ann", "ann", "bob"], "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_its_owners_alone_and_goes_with_its_process() {
    let (place, rig) = (Folder::new(), Rig::new());
    let socket = place.open(&rig).unwrap();
    assert_eq!(mode(socket.path()), 0o600);
    assert_eq!(mode(socket.path().parent().unwrap()), 0o700);
    assert_eq!(mode(&beside(socket.path(), ".lock")), 0o600);
    drop(socket);
    assert!(!place.path().exists());
    place.open(&rig).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_socket_is_never_stolen() {
    let (place, rig) = (Folder::new(), Rig::new());
    let _first = place.open(&rig).unwrap();
    assert!(matches!(place.open(&rig), Err(SocketError::InUse { .. })));
    assert_eq!(say(&place.path(), &format!("{LIST}\n")).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_left_is_replaced() {
    let (place, rig) = (Folder::new(), Rig::new());
    fs::create_dir(place.path().parent().unwrap()).unwrap();
    for stale in [place.path(), beside(&place.path(), ".new")] {
        // Closed without being taken away, as by `kill -9`.
        drop(std::os::unix::net::UnixListener::bind(stale).unwrap());
    }
    fs::write(beside(&place.path(), ".lock"), "").unwrap();
    let _socket = place.open(&rig).unwrap();
    assert_eq!(say(&place.path(), &format!("{LIST}\n")).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_socket_is_left_alone() {
    let (place, rig) = (Folder::new(), Rig::new());
    fs::create_dir(place.path().parent().unwrap()).unwrap();
    fs::write(place.path(), "mine").unwrap();
    assert!(matches!(
        place.open(&rig),
        Err(SocketError::NotASocket { .. })
    ));
    assert_eq!(fs::read_to_string(place.path()).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_the_owner_is_refused() {
    let rig = Rig::new();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let uid = ours.peer_cred().unwrap().uid();
    for (owner, fine) in [(uid, true), (uid.wrapping_add(1), uid == ROOT)] {
        let desk = Desk::new(Arc::clone(&rig.shared), owner);
        assert_eq!(desk.may(&ours.peer_cred().unwrap()), fine, "{owner}");
    }
    drop(theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_and_does_nothing() {
    let (place, rig) = (Folder::new(), Rig::new());
    let socket = place.open(&rig).unwrap();
    somebody(&rig, 1, "ann").await;
    for (line, code) in [
        ("GET /sessions HTTP/1.1", "request"),
        (
            r#"{"version":9,"ask":{"revoke":{"which":"all"}}}"#,
            "version",
        ),
        (
            r#"{"version":1,"ask":{"revoke":{"which":"all","x":1}}}"#,
            "request",
        ),
    ] {
        let told = say(socket.path(), &format!("{line}\n")).await;
        assert_eq!(told[1]["refused"]["code"], code, "{told:?}");
    }
    let long = format!(r#"{{"version":1,"ask":"{}""#, "x".repeat(REQUEST_MAX_BYTES));
    let told = say(socket.path(), &long).await;
    assert_eq!(told.last().unwrap()["refused"]["code"], "request");
    // Broken off before its end.
    let told = say(
        socket.path(),
        r#"{"version":1,"ask":{"revoke":{"which":"all"}}}"#,
    )
    .await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(say(socket.path(), &format!("{LIST}\n")).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_asked_is_said() {
    let (place, rig) = (Folder::new(), Rig::new());
    let socket = place.open(&rig).unwrap();
    rig.store.set_down(true);
    let told = say(socket.path(), &format!("{LIST}\n")).await;
    assert_eq!(told[1]["refused"]["code"], "store_unavailable", "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_store_is_refused_with_the_reason() {
    let (place, rig) = (Folder::new(), Rig::carrying());
    let socket = place.open(&rig).unwrap();
    let told = say(socket.path(), &format!("{LIST}\n")).await;
    assert_eq!(told[1]["refused"]["code"], "cookie_store", "{told:?}");
}

/// Clients that say nothing hold their places only for a while, and nobody else's.
#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_let_go() {
    let rig = Rig::new();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let owner = ours.peer_cred().unwrap().uid();
    let desk = Desk::new(Arc::clone(&rig.shared), owner);
    let place = Arc::new(Places::default()).take().await;
    assert!(desk.serve(ours, &place).await.is_err());
    drop(theirs);
}

/// However many they are: whoever asks something is answered at once.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_say_nothing_give_way_to_one_that_asks() {
    let (place, rig) = (Folder::new(), Rig::new());
    let socket = place.open(&rig).unwrap();
    let path = socket.path().to_owned();
    let connect = move || -> Vec<Client> {
        let clients = (0..300).map(|_| Client::connect(&path).unwrap());
        clients.collect()
    };
    let silent = tokio::task::spawn_blocking(connect).await.unwrap();
    assert_eq!(say(socket.path(), &format!("{LIST}\n")).await.len(), 2);
    // The first were told who answers, and let go.
    let gone = tokio::task::spawn_blocking(move || {
        let first = silent.into_iter().next().unwrap();
        Lines::new(first).lines().map_while(Result::ok).count()
    });
    assert_eq!(gone.await.unwrap(), 1);
}
