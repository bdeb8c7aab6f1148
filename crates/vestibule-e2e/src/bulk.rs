//! Bodies of any size: an upstream that makes and checks them, and clients that do the other half.
//!
//! Every body repeats one block, so that a piece that is lost, doubled or moved is noticed at any
//! size and at the price of a comparison.
//!
//! | request to the upstream | answer |
//! |---|---|
//! | `GET /bytes/N` | N bytes |
//! | any with a body | the number of bytes that came, if they are the right ones |

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::certificate::Certificate;
use crate::http::{Connection, Request};
use crate::scene::eventually;

/// A running upstream. Its threads end with the test program.
#[derive(Debug)]
pub struct Bulk {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    sent_blocks: Arc<AtomicU64>,
}

/// No power of two, so that blocks do not fall in step with anybody's buffers.
const BLOCK: usize = 50_021;

fn block() -> Vec<u8> {
    (0..BLOCK)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

impl Bulk {
    /// Starts one on a free port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent_blocks = Arc::new(AtomicU64::new(0));
        let shared = Arc::clone(&sent_blocks);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sent = Arc::clone(&shared);
                // A client that leaves is part of the tests.
                thread::spawn(move || serve(stream, &sent));
            }
        });
        Self { url, sent_blocks }
    }

    /// Waits until nobody takes anything more of what they asked for.
    pub fn wait_until_stuck(&self) {
        let sent = || self.sent_blocks.load(Ordering::Relaxed);
        eventually("nobody takes any more", || {
            let before = sent();
            thread::sleep(Duration::from_secs(1));
            sent() == before
        });
    }
}

fn serve(stream: TcpStream, sent: &AtomicU64) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    loop {
        let (line, length) = head(&mut reader)?;
        let ok = |length: u64| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        if let Some(length) = length {
            let text = check(&mut reader, length)?.to_string();
            let answer = ok(u64::try_from(text.len()).unwrap()) + &text;
            writer.write_all(answer.as_bytes()).ok()?;
        } else {
            let asked = line.split(' ').nth(1)?.strip_prefix("/bytes/");
            let length = asked.and_then(|text| text.parse().ok()).unwrap_or(0);
            writer.write_all(ok(length).as_bytes()).ok()?;
            make(&mut writer, length, sent)?;
        }
    }
}

fn head(reader: &mut BufReader<TcpStream>) -> Option<(String, Option<u64>)> {
    let mut first = String::new();
    let mut length = None;
    loop {
        let mut line = String::new();
        reader
            .read_line(&mut line)
            .ok()
            .filter(|count| *count > 0)?;
        if first.is_empty() {
            first = line;
        } else if line == "\r\n" {
            return Some((first, length));
        } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
    }
}

/// Writes a body and counts its blocks; `None` if the other side leaves.
fn make(writer: &mut impl Write, length: u64, blocks: &AtomicU64) -> Option<()> {
    let block = block();
    let mut left = length;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        writer.write_all(&block[..now]).ok()?;
        blocks.fetch_add(1, Ordering::Relaxed);
        left -= u64::try_from(now).unwrap();
    }
    Some(())
}

/// Reads a body; gives its length if it came whole and as it was made.
fn check(reader: &mut impl Read, length: u64) -> Option<u64> {
    let block = block();
    let mut piece = vec![0; BLOCK];
    let mut came = 0;
    while came < length {
        let now = usize::try_from(length - came).unwrap_or(BLOCK).min(BLOCK);
        reader.read_exact(&mut piece[..now]).ok()?;
        if piece[..now] != block[..now] {
            return None;
        }
        came += u64::try_from(now).unwrap();
    }
    Some(came)
}

/// Sends a body of so many bytes to `url`.
pub fn upload(url: &str, trust: Option<&Certificate>, length: u64) {
    let mut connection = Connection::open(url, trust);
    let head = Request::new("PUT", url).with("Content-Length", &length.to_string());
    connection.write(&head.bytes());
    make(&mut connection, length, &AtomicU64::new(0)).expect("the body is taken");
    let reply = connection.reply("PUT");
    assert_eq!(
        (reply.status, reply.text()),
        (200, length.to_string()),
        "what arrived"
    );
}

/// Fetches a body of so many bytes from a server in front of a [`Bulk`].
pub fn download(url: &str, trust: Option<&Certificate>, length: u64) {
    let url = format!("{url}/bytes/{length}");
    let mut connection = Connection::open(&url, trust);
    connection.write(&Request::get(&url).bytes());
    let head = connection.head();
    assert_eq!(head.status, 200);
    assert_eq!(check(&mut connection, length), Some(length), "what arrived");
}
