//! How well ordinary clients are served: how long their answers take.

use std::thread;
use std::time::{Duration, Instant};

use crate::http::{Connection, Request};

/// How often a client asks that is turned away before it was heard.
const TRIES: usize = 3;

/// The times of many answers.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    /// Half were faster.
    pub median: Duration,
    /// One in a hundred was slower.
    pub p99: Duration,
    /// How many there were.
    pub answers: usize,
}

impl Pulse {
    /// Sends requests from four clients for so long. Every answer is a 200.
    #[must_use]
    pub fn take(url: &str, time: Duration) -> Self {
        let clients = (0..4)
            .map(|number| Client::new(url, number % 2 == 0))
            .collect();
        Self::of(clients, time).0
    }

    /// The same with clients that are there already; gives them back.
    #[must_use]
    pub fn of(clients: Vec<Client>, time: Duration) -> (Self, Vec<Client>) {
        let end = Instant::now() + time;
        let running: Vec<_> = clients
            .into_iter()
            .map(|mut client| {
                thread::spawn(move || {
                    let mut times = Vec::new();
                    while Instant::now() < end {
                        times.push(client.ask());
                        // People do not ask without a pause; this is a pulse and no load.
                        thread::sleep(Duration::from_millis(2));
                    }
                    (times, client)
                })
            })
            .collect();
        let (mut times, mut clients) = (Vec::new(), Vec::new());
        for one in running {
            let (some, client) = one.join().expect("an ordinary client is served");
            times.extend(some);
            clients.push(client);
        }
        times.sort_unstable();
        let pulse = Self {
            median: times[times.len() / 2],
            p99: times[times.len() * 99 / 100],
            answers: times.len(),
        };
        (pulse, clients)
    }
}

/// One ordinary client.
#[derive(Debug)]
pub struct Client {
    request: Request,
    kept: Option<Connection>,
    url: String,
}

impl Client {
    /// A client of `url`, with a connection that it keeps or without.
    #[must_use]
    pub fn new(url: &str, keeps: bool) -> Self {
        let kept = keeps.then(|| Connection::open(url, None));
        let connection = if keeps { "keep-alive" } else { "close" };
        Self {
            request: Request::get(url).with("Connection", connection),
            kept,
            url: url.to_owned(),
        }
    }

    /// Asks once; gives how long it took.
    pub fn ask(&mut self) -> Duration {
        let start = Instant::now();
        if let Some(kept) = &mut self.kept {
            kept.write(&self.request.bytes());
            assert_eq!(kept.reply("GET").status, 200, "an ordinary request");
            return start.elapsed();
        }
        // Connecting and asking are two moments: on a busy machine so much may come between that the server takes the
        // connection for one of a crowd that says nothing. Browsers ask once more then (RFC 9112 §9.3.1).
        let mut replies = (0..TRIES).map(|_| {
            let mut new = Connection::open(&self.url, None);
            new.write(&self.request.bytes());
            new.reply("GET")
        });
        let reply = replies.find(|reply| reply.status != 0);
        let status = reply.map(|reply| reply.status);
        assert_eq!(status, Some(200), "an ordinary request");
        start.elapsed()
    }
}

/// Whether ordinary clients keep their pace: the p99 under `attack` is at most `multiple` times that
/// of the quiet before it. A machine that is busy with something else spoils a measurement, never
/// improves one; so it is tried a few times, and the first good pair counts. Gives that pair.
///
/// # Panics
///
/// If none is good.
pub fn must_hold(
    multiple: u32,
    mut quiet: impl FnMut() -> Pulse,
    mut attack: impl FnMut() -> Pulse,
) -> [Pulse; 2] {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (quiet, under) = (quiet(), attack());
        if under.p99 <= quiet.p99 * multiple {
            return [quiet, under];
        }
        seen.push([quiet, under]);
    }
    panic!("the p99 of ordinary clients grew more than {multiple} times: {seen:#?}");
}
