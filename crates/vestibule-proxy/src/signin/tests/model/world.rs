//! A proxy, its browsers and its provider, beside a plain model of who is signed in. Each step is
//! done to both; what is seen that the model does not expect is a divergence.

mod signing;
mod visits;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::sleep;
use vestibule_oidc::time::UnixTime;
use vestibule_session::seal::{KeyRing, SealingKey};
use vestibule_session::store::Store;
use vestibule_session::store::contract::block_on;

use super::authority::{Authority, Event, Mood};
use super::step::{BROWSERS, PEOPLE, Step};
use crate::provider::fake::plan;
use crate::signin::rig::{Browser, Rig, START};
use crate::store::{Bounds, FileStore, FileStoreSettings, MemoryStore};

const IDLE: i64 = 7200;
const ABSOLUTE: i64 = 36_000;

/// What rules go by is old then; and may be asked for from then on.
const OLD: i64 = 5400;
const OLD_SOON: i64 = 4500;

/// So near to the end of something, a second more or less would decide.
const NEAR: i64 = 3;

/// What the provider takes when it is well. Without it, requests at the same time would come one
/// after the other.
const MOMENT: Duration = Duration::from_millis(20);

/// Where sessions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    InMemory,
    InFile,
    /// With next to nothing in memory.
    OnlyInFile,
}

/// A session as the model has it.
#[derive(Debug, Clone)]
struct Session {
    person: &'static str,
    grant: usize,
    created: UnixTime,
    seen: UnixTime,
    /// Signed out, logged out, replaced, or its grant is over.
    over: bool,
    /// It is over, and the store does not know it: whoever opens the store anew finds it there.
    owed: bool,
    /// The newest token an upstream was told.
    shown: usize,
    /// When the token at hand ends, if that is known.
    good_until: Option<UnixTime>,
    /// Its newest tokens may not be in the store yet.
    unstored: bool,
    /// Whether it was told that its person is a member; `None` if the news may have been lost.
    member: Option<bool>,
    /// When it was told.
    known: UnixTime,
}

#[derive(Default)]
struct Seat {
    browser: Browser,
    session: Option<usize>,
}

pub(super) struct World {
    rig: Rig,
    kept: Kept,
    directory: TempDir,
    authority: Arc<Mutex<Authority>>,
    seats: Vec<Seat>,
    old: Vec<(Browser, usize)>,
    sessions: Vec<Session>,
    down: bool,
    /// Since when the provider is well.
    well_since: UnixTime,
    logouts: usize,
    /// How often each thing happened that a run is to have met.
    pub(super) tally: Tally,
}

pub(super) type Tally = BTreeMap<&'static str, usize>;

type Checked = Result<(), String>;

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(what()) }
}

fn open(kept: Kept, directory: &TempDir) -> Arc<dyn Store> {
    if kept == Kept::InMemory {
        return Arc::new(MemoryStore::new(Default::default()));
    }
    let mut settings = FileStoreSettings::default();
    if kept == Kept::OnlyInFile {
        settings.in_memory = Bounds {
            sessions: 1,
            bytes: 1,
        };
    }
    let keys = SealingKey::from_bytes(&std::array::from_fn(|at| at as u8));
    let keys = KeyRing::new(vec![keys.unwrap()]);
    let path = directory.path().join("sessions");
    Arc::new(FileStore::open(&path, keys.unwrap(), settings).unwrap())
}

impl World {
    pub(super) fn new(kept: Kept) -> Self {
        let directory = TempDir::new().unwrap();
        let rig = Rig::with_store(vec![plan("main")], open(kept, &directory));
        rig.fake.knobs().delay = MOMENT;
        Self {
            authority: Authority::at(&rig.fake),
            rig,
            kept,
            directory,
            seats: (0..BROWSERS).map(|_| Seat::default()).collect(),
            old: Vec::new(),
            sessions: Vec::new(),
            down: false,
            well_since: START,
            logouts: 0,
            tally: Tally::new(),
        }
    }

    pub(super) async fn step(&mut self, step: Step) -> Checked {
        self.leave_edges().await;
        let done = self.take(step).await;
        // What was begun in the background comes to its end.
        sleep(Duration::from_secs(4)).await;
        self.rig
            .shared
            .flights
            .all_landed(Duration::from_secs(30))
            .await;
        if self.kept != Kept::InMemory && !self.down {
            // A clock that stands still would leave no time for what was only noted.
            block_on(self.rig.store.flush()).map_err(|error| error.to_string())?;
        }
        self.settle();
        let wrong = self.authority().wrong.take();
        done.and(wrong.map_or(Ok(()), Err))
    }

    fn authority(&self) -> MutexGuard<'_, Authority> {
        self.authority.lock().unwrap()
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    async fn take(&mut self, step: Step) -> Checked {
        match step {
            Step::SignIn {
                browser,
                person,
                again,
            } => {
                let lives = |at: &usize| self.lives(self.seats[*at].session, self.rig.now());
                let free = (0..BROWSERS).find(|at| !lives(at));
                match free.filter(|_| !again) {
                    Some(free) => self.sign_in(free, PEOPLE[person]).await,
                    None => self.sign_in(browser, PEOPLE[person]).await,
                }
            }
            Step::Visit {
                browser,
                program,
                at_once,
            } => {
                let browser = match program {
                    true => browser,
                    false => self.living(browser),
                };
                let seat = std::mem::take(&mut self.seats[browser]);
                self.visit(seat, program, at_once, Some(browser)).await
            }
            Step::VisitAsMember { browser, age } => {
                self.visit_as_member(self.living(browser), age).await
            }
            Step::Member { person, is_one } => {
                let mut authority = self.authority();
                match is_one {
                    true => authority.members.insert(PEOPLE[person].to_owned()),
                    false => authority.members.remove(PEOPLE[person]),
                };
                Ok(())
            }
            Step::SignInLoggedOut { browser, person } => {
                self.sign_in_logged_out(browser, PEOPLE[person]).await
            }
            Step::WhoAmI { browser } => self.who_am_i(browser).await,
            Step::Wait { secs } => {
                sleep(Duration::from_secs(secs)).await;
                Ok(())
            }
            Step::WaitForToken { browser, before } => {
                let browser = self.living(browser);
                self.wait_for_token(browser, before).await;
                self.leave_edges().await;
                let seat = std::mem::take(&mut self.seats[browser]);
                self.visit(seat, false, 3, Some(browser)).await
            }
            Step::Provider { mood } => {
                self.provider(mood).await;
                Ok(())
            }
            Step::Grants { rotates, lasts } => {
                let mut authority = self.authority();
                (authority.rotates, authority.lasts) = (rotates, lasts);
                Ok(())
            }
            Step::SignOut {
                browser,
                everywhere,
            } => self.sign_out(self.living(browser), everywhere).await,
            Step::LogOutPerson { person } => {
                let who = PEOPLE[person];
                self.log_out(serde_json::json!({ "sub": who }), |session| {
                    session.person == who
                })
                .await
            }
            Step::LogOutSession { browser, in_frame } => {
                self.log_out_session(self.living(browser), in_frame).await
            }
            Step::Replay { which } => {
                if self.old.is_empty() {
                    return Ok(());
                }
                let (browser, session) = self.old[which % self.old.len()].clone();
                let session = Some(session);
                self.visit(Seat { browser, session }, false, 1, None).await
            }
            Step::Store { down } => {
                self.store(down).await;
                Ok(())
            }
            Step::Restart { kill } => {
                self.restart(kill).await;
                Ok(())
            }
            Step::Refreshing { browser, meanwhile } => {
                self.refreshing(self.living(browser), meanwhile).await
            }
            Step::Revoke { browser } => {
                if let Some(session) = self.seats[self.living(browser)].session {
                    let grant = self.sessions[session].grant;
                    self.authority().grants[grant].revoked = true;
                }
                Ok(())
            }
            Step::Sweep => {
                let lifetimes = *self.rig.shared.plan.load().gate.lifetimes();
                let swept = self.rig.shared.store.sweep(self.rig.now(), lifetimes);
                swept.await.map(|_| ()).map_err(|error| error.to_string())
            }
            Step::Everybody => self.everybody().await,
        }
    }

    /// Whether this session must be one at this time.
    fn lives(&self, session: Option<usize>, now: UnixTime) -> bool {
        session.map(|at| &self.sessions[at]).is_some_and(|session| {
            let since = |then: UnixTime| now.as_secs() - then.as_secs();
            !session.over && since(session.created) < ABSOLUTE && since(session.seen) < IDLE
        })
    }

    /// This browser, or the next one in which somebody is signed in.
    fn living(&self, browser: usize) -> usize {
        let now = self.rig.now();
        let mut from_there = (browser..BROWSERS).chain(0..browser);
        let found = from_there.find(|at| self.lives(self.seats[*at].session, now));
        found.unwrap_or(browser)
    }

    /// Moves on where a second more or less decides something.
    async fn leave_edges(&self) {
        let near = |end: i64| (self.rig.now().as_secs() - end).abs() <= NEAR;
        while self.sessions.iter().any(|session| {
            !session.over
                && (near(session.created.as_secs() + ABSOLUTE)
                    || near(session.seen.as_secs() + IDLE)
                    || near(session.known.as_secs() + OLD)
                    || near(session.known.as_secs() + OLD_SOON)
                    || session.good_until.is_some_and(|end| near(end.as_secs())))
        }) {
            sleep(Duration::from_secs(2)).await;
        }
    }

    /// Takes note of what the provider did; says for which grants.
    fn settle(&mut self) -> Vec<Event> {
        let events = std::mem::take(&mut self.authority().events);
        for event in &events {
            let (Event::Refreshed { grant } | Event::Refused { grant }) = *event;
            let (ends, (is_member, told_at)) = {
                let grant = &self.authority().grants[grant];
                (grant.expires_at, grant.told)
            };
            let Some(session) = self.sessions.iter_mut().find(|known| known.grant == grant) else {
                continue;
            };
            match event {
                Event::Refreshed { .. } => {
                    session.good_until = Some(ends);
                    session.unstored = self.down;
                    (session.member, session.known) = (Some(is_member), told_at);
                    self.count("refreshed");
                    if self.down {
                        self.count("refreshed without the store");
                    }
                }
                Event::Refused { .. } => {
                    session.owed |= self.down && !session.over;
                    session.over = true;
                }
            }
        }
        events
    }

    async fn wait_for_token(&mut self, browser: usize, before: u64) {
        let session = self.seats[browser].session.map(|at| &self.sessions[at]);
        let Some(ends) = session.and_then(|session| session.good_until) else {
            return;
        };
        let left = ends.as_secs() - self.rig.now().as_secs() - i64::try_from(before).unwrap();
        // Four more are the edge.
        sleep(Duration::from_secs(
            u64::try_from(left + NEAR + 1).unwrap_or(0),
        ))
        .await;
    }

    async fn provider(&mut self, mood: Mood) {
        self.authority().mood = mood;
        if !matches!(mood, Mood::Well | Mood::Slow) {
            self.well_since = UnixTime(i64::MAX);
        } else if self.well_since == UnixTime(i64::MAX) {
            self.well_since = self.rig.now();
        }
        {
            let mut knobs = self.rig.fake.knobs();
            knobs.down = mood == Mood::Down;
            knobs.delay = match mood {
                Mood::Slow => Duration::from_millis(700),
                Mood::Hangs => Duration::from_secs(60),
                _ => MOMENT,
            };
        }
        // Long enough to notice that it is well again.
        sleep(Duration::from_secs(120)).await;
    }

    async fn store(&mut self, down: bool) {
        self.rig.store.set_down(down);
        self.down = down;
        if !down {
            sleep(Duration::from_secs(10)).await;
            self.settle();
            for session in &mut self.sessions {
                session.unstored = false;
                session.owed = false;
            }
        }
    }

    async fn restart(&mut self, kill: bool) {
        if !kill {
            self.rig
                .shared
                .flights
                .all_landed(Duration::from_secs(30))
                .await;
        }
        self.settle();
        let (kept, directory) = (self.kept, &self.directory);
        self.rig.restart(|| open(kept, directory));
        self.down = false;
        // What the old process still asked for has arrived, and nobody has it.
        sleep(Duration::from_secs(30)).await;
        let late = std::mem::take(&mut self.authority().events);
        let mut authority = self.authority.lock().unwrap();
        for session in &mut self.sessions {
            let grant = session.grant;
            if session.unstored || late.contains(&Event::Refreshed { grant }) {
                let given = &mut authority.grants[grant];
                given.lost |= given.rotates;
                session.good_until = None;
                session.member = None;
                *self.tally.entry("tokens lost").or_default() += 1;
            }
            session.unstored = false;
            session.over &= !std::mem::take(&mut session.owed);
            session.over |= kept == Kept::InMemory;
        }
    }
}
