//! The event loop: the application's listeners and connections, and the clients'.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, UnixListener};
use mio::{Events, Interest, Poll, Token};
use rustls::ClientConfig;

use super::answer::Answer;
use super::client::{Client, Progress};
use super::pace::of_connection;
use super::served::{Answers, Served};
use super::transport::Transport;
use crate::problem::{Outcome, Problem, While as _};

const TCP: Token = Token(0);
const UNIX: Token = Token(1);
/// Connections have the tokens from here on: even ones the application's, odd ones the clients'.
const FIRST: usize = 2;
/// Connections that are opened together.
const AT_ONCE: usize = 32;

/// Where the application listens.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) port: u16,
    pub(crate) path: PathBuf,
}

/// What the clients ask, and whom.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) request: Rc<[u8]>,
}

/// The thread's whole state.
#[derive(Debug)]
pub(crate) struct Engine {
    poll: Poll,
    events: Events,
    tcp: TcpListener,
    unix: UnixListener,
    upstream: Upstream,
    answers: Answers,
    served: Vec<Option<Served>>,
    free: Vec<usize>,
    clients: Vec<Client>,
    target: Option<Target>,
    in_flight: usize,
    answered: Vec<(usize, Instant)>,
    closed: Vec<(usize, Option<Instant>)>,
    keep: Option<Answer>,
    scratch: Vec<u8>,
}

impl Engine {
    /// Listens on a free TCP port and on a Unix socket at `path`.
    pub(crate) fn start(path: PathBuf) -> Outcome<Self> {
        let poll = Poll::new()?;
        let mut tcp = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let _ = std::fs::remove_file(&path);
        let mut unix = UnixListener::bind(&path).during("listening on a Unix socket")?;
        let port = tcp.local_addr()?.port();
        poll.registry()
            .register(&mut tcp, TCP, Interest::READABLE)?;
        poll.registry()
            .register(&mut unix, UNIX, Interest::READABLE)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            tcp,
            unix,
            upstream: Upstream { port, path },
            answers: Answers::new(),
            served: Vec::new(),
            free: Vec::new(),
            clients: Vec::new(),
            target: None,
            in_flight: 0,
            answered: Vec::new(),
            closed: Vec::new(),
            keep: None,
            scratch: vec![0; 128 * 1024],
        })
    }

    /// Where the application listens.
    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// Opens so many connections to a target and lets each ask once, a few at a time: a listener's
    /// queue is short, and whoever measures idle connections wants no more to have happened.
    pub(crate) fn connect(&mut self, target: &Target, connections: usize) -> Outcome {
        self.disconnect();
        self.target = Some(target.clone());
        while self.clients.len() < connections {
            let first = self.clients.len();
            let next = connections.min(first + AT_ONCE);
            for index in first..next {
                let client = self.new_client(index)?;
                self.clients.push(client);
            }
            self.once(first..next)?;
        }
        Ok(())
    }

    /// Closes all client connections.
    pub(crate) fn disconnect(&mut self) {
        self.clients.clear();
        self.answered.clear();
        self.closed.clear();
        self.in_flight = 0;
    }

    /// Asks once on a connection of its own and gives the whole answer. Tries again while nobody
    /// listens, for as long as `patience`.
    pub(crate) fn ask(&mut self, target: &Target, patience: Duration) -> Outcome<Answer> {
        let deadline = Instant::now() + patience;
        loop {
            self.disconnect();
            self.target = Some(target.clone());
            self.keep = Some(Answer::default());
            let client = self.new_client(0)?;
            self.clients.push(client);
            self.send(0, Instant::now())?;
            while self.answered.is_empty() && self.closed.is_empty() {
                self.turn(Some(Duration::from_millis(1)))?;
                if Instant::now() > deadline {
                    return Err(Problem::new("no answer in time"));
                }
            }
            let answer = self.keep.take();
            let is_answered = !self.answered.is_empty();
            self.disconnect();
            if let Some(answer) = answer.filter(|_| is_answered) {
                return Ok(answer);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Lets the application serve whoever asks, for so long.
    pub(crate) fn serve(&mut self, duration: Duration) -> Outcome {
        let end = Instant::now() + duration;
        while let left = end.saturating_duration_since(Instant::now())
            && !left.is_zero()
        {
            self.turn(Some(left))?;
        }
        Ok(())
    }

    pub(super) fn connections(&self) -> usize {
        self.clients.len()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub(super) fn next_answered(&mut self) -> Option<(usize, Instant)> {
        self.answered.pop()
    }

    pub(super) fn next_closed(&mut self) -> Option<(usize, Option<Instant>)> {
        self.closed.pop()
    }

    /// Sends the target's request on a connection that has nothing in flight.
    pub(super) fn send(&mut self, index: usize, due: Instant) -> Outcome {
        let (Some(target), Some(client)) = (&self.target, self.clients.get_mut(index)) else {
            return Err(Problem::new("there is no such connection"));
        };
        self.in_flight += 1;
        // A connection that the proxy has closed meanwhile shows in its next event.
        match client.send(&target.request, due) {
            Err(error) if !is_broken(&error) => Err(of_connection(error)),
            _ => Ok(()),
        }
    }

    /// Opens a connection again that was closed.
    pub(super) fn reopen(&mut self, index: usize) -> Outcome {
        let fresh = self.new_client(index)?;
        if let Some(client) = self.clients.get_mut(index) {
            *client = fresh;
        }
        Ok(())
    }

    fn new_client(&self, index: usize) -> Outcome<Client> {
        let target = self
            .target
            .as_ref()
            .ok_or_else(|| Problem::new("nobody to ask"))?;
        let mut transport =
            Transport::connect(target.address, target.tls.as_ref()).map_err(of_connection)?;
        transport.register(self.poll.registry(), Token(FIRST + 2 * index + 1))?;
        Ok(Client::new(transport))
    }

    /// Waits for events and does what they make possible; gives their number.
    pub(super) fn turn(&mut self, timeout: Option<Duration>) -> Outcome<usize> {
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let polled = self.poll.poll(&mut events, timeout);
        let mut result = Ok(());
        match polled {
            Ok(()) => {
                for event in &events {
                    result = result.and(self.handle(event.token()));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => result = Err(error.into()),
        }
        let count = events.iter().count();
        self.events = events;
        result.map(|()| count)
    }

    fn handle(&mut self, token: Token) -> Outcome {
        match token {
            TCP | UNIX => self.accept(token).map_err(Problem::from),
            Token(number) if (number - FIRST).is_multiple_of(2) => {
                self.serve_one((number - FIRST) / 2);
                Ok(())
            }
            Token(number) => self.advance((number - FIRST) / 2),
        }
    }

    fn accept(&mut self, token: Token) -> io::Result<()> {
        loop {
            let accepted = if token == TCP {
                self.tcp.accept().and_then(|(socket, _)| {
                    socket.set_nodelay(true)?;
                    Ok(Transport::Tcp(socket))
                })
            } else {
                self.unix
                    .accept()
                    .map(|(socket, _)| Transport::Unix(socket))
            };
            let mut transport = match accepted {
                Ok(transport) => transport,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let index = self.free.pop().unwrap_or(self.served.len());
            transport.register(self.poll.registry(), Token(FIRST + 2 * index))?;
            let served = Some(Served::new(transport));
            match self.served.get_mut(index) {
                Some(slot) => *slot = served,
                None => self.served.push(served),
            }
        }
    }

    fn serve_one(&mut self, index: usize) {
        let Some(slot) = self.served.get_mut(index) else {
            return;
        };
        let Some(served) = slot else { return };
        if !served.advance(&mut self.scratch, &self.answers) {
            *slot = None;
            self.free.push(index);
        }
    }

    fn advance(&mut self, index: usize) -> Outcome {
        // Gone since the event was reported.
        let Some(client) = self.clients.get_mut(index) else {
            return Ok(());
        };
        let progress = client
            .advance(&mut self.scratch, self.keep.as_mut())
            .map_err(of_connection)?;
        match progress {
            Progress::Waiting => {}
            Progress::Answered => {
                if let Some(due) = client.due.take() {
                    self.in_flight -= 1;
                    self.answered.push((index, due));
                }
            }
            Progress::Closed => {
                let due = client.due.take();
                self.in_flight -= usize::from(due.is_some());
                self.closed.push((index, due));
            }
        }
        Ok(())
    }
}

fn is_broken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}
