//! Servers that say what they read, each on an HTTP engine of its own.
//!
//! They answer every request with one field, `Seen`: the hexadecimal form of a JSON object. How often
//! it comes back on a connection is how many requests the server saw there.

use std::convert::Infallible;
use std::io::Error;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::front;
use super::notation;
use super::recorder::{Recorded, Transcript};
use super::talk::{Nothing, Talk};
use crate::place;
use crate::process::{Process, command};

/// The longest a reader may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Appended to what is replayed: whoever reads the same requests as we do reads this one last.
const PROBE: &str = "GET /end-of-replay HTTP/1.1\r\nHost: reader\r\nConnection: close\r\n\r\n";
const PROBED: &str = "/end-of-replay";

/// Fields of the connection, which a reader that is itself a proxy does not hand on.
const CONNECTION: [&str; 5] = [
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "keep-alive",
];

/// Methods that every reader knows. Node and nginx refuse others.
const KNOWN_METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
];

/// The servers, ready.
#[derive(Debug)]
pub struct Readers {
    all: Vec<Reader>,
    running: Vec<Process>,
    nginx: Vec<front::Running>,
}

#[derive(Debug)]
struct Reader {
    name: &'static str,
    port: u16,
    knows_every_method: bool,
}

/// A request as a reader saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// The fields, names in lower case, sorted by name; of one name in order.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Readers {
    /// hyper alone, which needs no other program.
    #[must_use]
    pub fn hyper() -> Self {
        Self {
            all: vec![Reader {
                name: "hyper",
                port: start_hyper(),
                knows_every_method: true,
            }],
            running: Vec::new(),
            nginx: Vec::new(),
        }
    }

    /// hyper, Python's `http.server`, Node's `http` and nginx.
    #[must_use]
    pub fn all() -> Self {
        let mut readers = Self::hyper();
        let behind = readers.all[0].port;
        for (name, program, script) in [
            ("Python", "python3", "reader.py"),
            ("Node", "node", "reader.mjs"),
        ] {
            let script = place::checkout()
                .join("crates/vestibule-e2e/readers")
                .join(script);
            let process = Process::start(name, &mut command(program, &[script]));
            let port =
                process.wait_for("its port", |line| line.strip_prefix("port ")?.parse().ok());
            readers.add(name, port);
            readers.running.push(process);
        }
        // nginx can't list fields. It writes what it read to a server that can.
        let nginx = front::nginx_reader(behind);
        readers.add("nginx", nginx.port);
        readers.nginx.push(nginx);
        readers
    }

    fn add(&mut self, name: &'static str, port: u16) {
        self.all.push(Reader {
            name,
            port,
            knows_every_method: name == "Python",
        });
    }

    /// Replays one connection to every reader; gives what all of them saw. Some refuse methods they
    /// do not know; these are shown what comes before.
    ///
    /// # Errors
    ///
    /// Who saw something else.
    pub fn read(&self, transcript: &Transcript) -> Result<Vec<Seen>, String> {
        let is_known = |request: &&Recorded| KNOWN_METHODS.contains(&request.method.as_str());
        let known = transcript.requests.iter().take_while(is_known).count();
        let cut = (known < transcript.requests.len()).then(|| Transcript {
            requests: transcript.requests[..known].to_vec(),
            ..Transcript::default()
        });
        let mut agreed: Option<(&str, Vec<Seen>)> = None;
        for reader in &self.all {
            let (shown, whole) = match &cut {
                Some(cut) if !reader.knows_every_method => (cut, false),
                _ => (transcript, true),
            };
            let seen = reader.read(&shown.bytes(), shown.is_followed())?;
            let Some((first, same)) = &agreed else {
                agreed = Some((reader.name, seen));
                continue;
            };
            let count = if whole { same.len() } else { known };
            if same.get(..count) != Some(&seen[..]) {
                return Err(format!(
                    "{first} and {} read two things:\n  {same:?}\n  {seen:?}\n  {}",
                    reader.name,
                    notation::text(&shown.bytes())
                ));
            }
        }
        Ok(agreed.map(|(_, seen)| seen).unwrap_or_default())
    }
}

impl Reader {
    fn read(&self, bytes: &[u8], complete: bool) -> Result<Vec<Seen>, String> {
        let mut talk = Talk::open(self.port, PATIENCE);
        if complete {
            talk.send(&[bytes, PROBE.as_bytes()].concat());
        } else {
            talk.send(bytes);
            talk.finish();
        }
        let (answers, end) = talk.rest();
        let answers = String::from_utf8_lossy(&answers).into_owned();
        let lines = answers
            .split("\r\n")
            .filter_map(|line| line.split_once(": "));
        let named = lines.filter(|(name, _)| name.eq_ignore_ascii_case("seen"));
        let mut seen: Vec<Seen> = named.map(|(_, value)| parse(value)).collect();
        let problem = |what: &str| {
            let text = notation::text(bytes);
            Err(format!("{} {what}: {seen:?}\n  {text}", self.name))
        };
        if end == Nothing::Silent {
            return problem("waits for more than was sent");
        }
        let probed = seen.last().is_some_and(|last| last.target == PROBED);
        match (complete, probed) {
            (true, true) => {
                seen.pop();
            }
            (true, false) => return problem("did not come to the end"),
            (false, _) => {}
        }
        Ok(seen)
    }
}

fn parse(hexadecimal: &str) -> Seen {
    let digits = hexadecimal.trim().as_bytes().chunks(2);
    let text = digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap());
    let value: Value =
        serde_json::from_slice(&text.collect::<Vec<u8>>()).expect("a reader writes JSON");
    let word = |value: &Value| value.as_str().expect("a reader writes text").to_owned();
    let mut fields: Vec<(String, String)> = value["fields"]
        .as_array()
        .expect("a reader lists fields")
        .iter()
        .map(|field| {
            (
                word(&field[0]).to_ascii_lowercase(),
                word(&field[1]).trim().to_owned(),
            )
        })
        .filter(|(name, _)| !CONNECTION.contains(&name.as_str()))
        .collect();
    fields.sort_by(|one, other| one.0.cmp(&other.0));
    Seen {
        method: word(&value["method"]),
        target: word(&value["target"]),
        fields,
        body: word(&value["body"]),
    }
}

fn start_hyper() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            tokio::task::LocalSet::new()
                .run_until(serve(listener))
                .await
        })
    });
    port
}

async fn serve(listener: tokio::net::TcpListener) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        tokio::task::spawn_local(async move {
            let mut server = hyper::server::conn::http1::Builder::new();
            server.half_close(true).max_headers(1000);
            // A request that hyper refuses is one that it did not see.
            let _ = server
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .await;
        });
    }
}

async fn answer(request: hyper::Request<Incoming>) -> Result<hyper::Response<Empty<Bytes>>, Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(Error::other)?.to_bytes();
    let fields: Vec<[String; 2]> = head
        .headers
        .iter()
        .map(|(name, value)| [name.to_string(), latin1(value.as_bytes())])
        .collect();
    let seen = json!({
        "method": head.method.as_str(),
        "target": head.uri.to_string(),
        "fields": fields,
        "body": latin1(&body),
    });
    let hexadecimal: String = seen
        .to_string()
        .bytes()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(hyper::Response::builder()
        .header("Seen", hexadecimal)
        .body(Empty::new())
        .expect("hexadecimal digits are a field value"))
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}
