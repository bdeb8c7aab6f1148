//! `vestibule sessions`: who is signed in at the proxy that runs, and ending sessions there.
//!
//! The proxy is asked over its socket, a step of bounded work at a time, for as long as there is more.

mod json;
mod show;
pub(crate) mod socket;
mod table;
mod talk;
mod whose;

use serde_json::json;
use vestibule_proxy::sessions::protocol::{Ask, MOST_LISTED};
use vestibule_proxy::sessions::{SessionId, SessionView, Which};

use self::socket::Found;
use self::talk::{Proxy, Trouble};
use crate::cli::{
    SessionsArgs, SessionsCommand, SessionsListArgs, SessionsRevokeArgs, SessionsShowArgs,
};
use crate::clock::now;
use crate::exit::Exit;
use crate::output;

/// The most sessions that are written out when they are ended; the others are counted.
const MOST_WRITTEN: usize = 1000;

/// How often somebody who waits at a terminal hears how far it is.
const WORD_EVERY: usize = 20_000;

/// Runs the command.
pub(crate) fn run(arguments: &SessionsArgs) -> Exit {
    match &arguments.command {
        SessionsCommand::List(arguments) => list(arguments),
        SessionsCommand::Show(arguments) => show(arguments),
        SessionsCommand::Revoke(arguments) => revoke(arguments),
    }
}

fn list(arguments: &SessionsListArgs) -> Exit {
    let mut proxy = match connect(&arguments.place) {
        Ok(proxy) => proxy,
        Err(exit) => return exit,
    };
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let which = whose::of(&arguments.whose).unwrap_or(Which::All);
    let listed = match listed(&mut proxy, &which, arguments.after, limit) {
        Ok(listed) => listed,
        Err(trouble) => return trouble.print("list sessions"),
    };
    if arguments.json {
        output::line(json::text(&json!({
            "sessions": listed.sessions,
            "next": listed.next,
            "unreadable": listed.unreadable,
        })));
        return Exit::Done;
    }
    output::text(&table::of(&listed.sessions, now()));
    if listed.unreadable > 0 {
        output::notice(format_args!(
            "{} more can't be read: they are sealed with a key that is not among `session.keys`, and nobody is signed in by them",
            listed.unreadable
        ));
    }
    if let Some(next) = listed.next {
        output::notice(format_args!("there are more: go on with --after {next}"));
    }
    Exit::Done
}

fn show(arguments: &SessionsShowArgs) -> Exit {
    let mut proxy = match connect(&arguments.place) {
        Ok(proxy) => proxy,
        Err(exit) => return exit,
    };
    let listed = match listed(&mut proxy, &Which::Id(arguments.id), None, 1) {
        Ok(listed) => listed,
        Err(trouble) => return trouble.print("show a session"),
    };
    let Some(session) = listed.sessions.first() else {
        return none(&[arguments.id]);
    };
    match arguments.json {
        true => output::line(json::text(&json!(session))),
        false => output::text(&show::of(session, now())),
    }
    Exit::Done
}

fn revoke(arguments: &SessionsRevokeArgs) -> Exit {
    let named: Vec<Which> = match (whose::of(&arguments.whose), arguments.all) {
        (Some(which), false) => vec![which],
        (None, true) => vec![Which::All],
        _ => arguments.ids.iter().copied().map(Which::Id).collect(),
    };
    let mut proxy = match connect(&arguments.place) {
        Ok(proxy) => proxy,
        Err(exit) => return exit,
    };
    let mut ended = Ended::default();
    let mut trouble = None;
    for which in &named {
        let before = ended.count();
        trouble = ended.add(&mut proxy, which).err();
        if trouble.is_some() {
            break;
        }
        if let Which::Id(id) = which
            && ended.count() == before
        {
            ended.missing.push(*id);
        }
    }
    ended.print(arguments.json);
    if let Some(trouble) = trouble {
        return trouble.print("end all of these sessions");
    }
    let nobody = ended.count() == 0 && ended.missing.is_empty() && !arguments.all;
    if ended.failed > 0 {
        output::notice(format_args!(
            "error: the session store could not end {} of them for good; here they are nobody's, and it tries again by itself\n  help: the proxy's log says why; ask again when that is mended",
            ended.failed
        ));
        return Exit::Wrong;
    }
    if !ended.missing.is_empty() {
        return none(&ended.missing);
    }
    if nobody {
        output::notice(
            "error: nobody is signed in under that name\n  help: `vestibule sessions list` shows who is; a subject and a sid are compared to the letter",
        );
        return Exit::Wrong;
    }
    Exit::Done
}

/// A list as it is put together from its parts.
#[derive(Default)]
struct Listed {
    sessions: Vec<SessionView>,
    next: Option<SessionId>,
    unreadable: usize,
}

fn listed(
    proxy: &mut Proxy,
    which: &Which,
    mut after: Option<SessionId>,
    limit: usize,
) -> Result<Listed, Trouble> {
    let mut listed = Listed::default();
    let mut word = Word::default();
    loop {
        let wanted = limit.saturating_sub(listed.sessions.len());
        let (sessions, end) = proxy.list(Ask::List {
            which: which.clone(),
            after,
            most: u16::try_from(wanted).unwrap_or(u16::MAX).min(MOST_LISTED),
        })?;
        word.looked_at(end.looked_at);
        listed.sessions.extend(sessions);
        listed.unreadable += end.unreadable;
        after = end.next;
        if after.is_none() || listed.sessions.len() >= limit {
            if listed.sessions.len() > limit {
                listed.sessions.truncate(limit);
                after = listed.sessions.last().map(|last| last.id);
            }
            listed.next = after;
            return Ok(listed);
        }
    }
}

/// What was ended, all answers together.
#[derive(Default)]
struct Ended {
    sessions: Vec<SessionView>,
    more: usize,
    unreadable: usize,
    failed: usize,
    missing: Vec<SessionId>,
}

impl Ended {
    fn add(&mut self, proxy: &mut Proxy, which: &Which) -> Result<(), Trouble> {
        let mut after = None;
        let mut word = Word::default();
        loop {
            let which = which.clone();
            let (sessions, end) = proxy.revoke(Ask::Revoke { which, after })?;
            for session in sessions {
                match self.sessions.len() < MOST_WRITTEN {
                    true => self.sessions.push(session),
                    false => self.more += 1,
                }
            }
            self.unreadable += end.unreadable;
            self.failed += end.failed;
            word.looked_at(end.looked_at);
            after = end.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn count(&self) -> usize {
        self.sessions.len() + self.more + self.unreadable + self.failed
    }

    fn print(&self, as_json: bool) {
        let count = self.sessions.len() + self.more;
        if as_json {
            output::line(json::text(&json!({
                "ended": count,
                "unreadable": self.unreadable,
                "failed": self.failed,
                "missing": self.missing,
                "sessions": self.sessions,
            })));
            return;
        }
        for session in self.sessions.iter().take(20) {
            output::line(format_args!("ended {}", table::line(session)));
        }
        match count {
            0 => {}
            1 => output::line("1 session ended"),
            many => output::line(format_args!("{many} sessions ended")),
        }
        if self.unreadable > 0 {
            output::line(format_args!(
                "{} that can't be read were removed",
                self.unreadable
            ));
        }
    }
}

/// Tells somebody at a terminal that it goes on.
#[derive(Default)]
struct Word {
    looked_at: usize,
    said: usize,
}

impl Word {
    fn looked_at(&mut self, more: usize) {
        self.looked_at += more;
        if self.looked_at / WORD_EVERY > self.said && output::colours() {
            self.said = self.looked_at / WORD_EVERY;
            output::notice(format_args!("looked at {} sessions so far", self.looked_at));
        }
    }
}

fn none(ids: &[SessionId]) -> Exit {
    for id in ids {
        output::notice(format_args!(
            "error: there is no session {id} (any more)\n  help: `vestibule sessions list` shows those there are"
        ));
    }
    Exit::Wrong
}

fn connect(place: &crate::cli::SessionsWhere) -> Result<Proxy, Exit> {
    let Found { path, sites } = socket::find(place)?;
    Proxy::connect(&path, &sites).map_err(|trouble| trouble.print("ask the running proxy"))
}
