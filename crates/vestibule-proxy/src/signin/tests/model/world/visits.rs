//! Visits, and what the model says must be seen at each.

use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::time::sleep;
use vestibule_oidc::time::UnixTime;

use super::super::authority::{Event, Mood};
use super::super::step::BROWSERS;
use super::{Checked, OLD, OLD_SOON, Seat, World, ensure};
use crate::provider::fake::ISSUER;
use crate::signin::rig::{Reply, get};

/// How an answer is seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    In(String),
    Out,
    Trouble,
    Other(u16),
}

impl World {
    fn see(reply: &Reply) -> Seen {
        let location = reply.field("location").unwrap_or_default();
        match reply.status {
            200 => Seen::In(reply.body.clone()),
            303 if location.starts_with(&format!("{ISSUER}/authorize?")) => Seen::Out,
            401 => Seen::Out,
            502..=504 => Seen::Trouble,
            other => Seen::Other(other),
        }
    }

    pub(super) async fn visit(
        &mut self,
        seat: Seat,
        program: bool,
        at_once: usize,
        browser: Option<usize>,
    ) -> Checked {
        let Seat {
            browser: mut asking,
            session,
        } = seat;
        let before = self.rig.now();
        let lives = self.lives(session, before);
        let ask = match program {
            true => get("/app/x").with("Sec-Fetch-Mode", "cors"),
            false => get("/app/x").navigating(),
        };
        let replies = {
            let rig = &self.rig;
            let more = (1..at_once).map(|_| {
                let (mut copy, ask) = (asking.clone(), ask.clone());
                async move { copy.send(rig, ask).await }
            });
            let more: Vec<_> = more.collect();
            let (first, mut replies) = join(asking.send(rig, ask.clone()), join_all(more)).await;
            replies.push(first);
            replies
        };
        let has_cookie = asking.session().is_some();
        if let Some(at) = browser {
            self.seats[at] = Seat {
                browser: asking,
                session: session.filter(|_| has_cookie),
            };
        }
        sleep(Duration::from_secs(1)).await;
        self.rig
            .shared
            .flights
            .all_landed(Duration::from_secs(30))
            .await;
        let events = self.settle();
        if lives && !self.down {
            let known = &mut self.sessions[session.unwrap()];
            known.seen = known.seen.max(before);
        }
        for reply in &replies {
            self.judge(session, lives, has_cookie, before, &events, reply)?;
        }
        let refreshed = |event: &&Event| matches!(event, Event::Refreshed { .. });
        let grants = events.iter().filter(refreshed).count();
        ensure(grants <= 1, || format!("{grants} grants for one expiry"))
    }

    fn judge(
        &mut self,
        session: Option<usize>,
        lived: bool,
        has_cookie: bool,
        before: UnixTime,
        events: &[Event],
        reply: &Reply,
    ) -> Checked {
        let seen = Self::see(reply);
        let mood = self.authority().mood;
        let well = matches!(mood, Mood::Well | Mood::Slow);
        let wrong = |expected: &str| {
            let known = session.map(|at| &self.sessions[at]);
            Err(format!(
                "expected {expected}, saw {seen:?} at {before:?}: {known:?}, {mood:?}, {reply:?}"
            ))
        };
        if let (Some(_), true) = (session, self.down) {
            if seen != Seen::Trouble || !has_cookie {
                return wrong("503 and the cookie kept");
            }
            self.count("the store was missed");
            return Ok(());
        }
        let Some(at) = session.filter(|_| lived) else {
            // Where the provider is unknown yet and can't be asked, nobody can be sent there.
            if seen != Seen::Out && (well || seen != Seen::Trouble) {
                return wrong("the sign-in");
            }
            self.count("sent to sign in");
            return Ok(());
        };
        let known = self.sessions[at].clone();
        let refused = events.contains(&Event::Refused { grant: known.grant });
        let kind = match &seen {
            Seen::In(token) => {
                let authority = self.authority();
                let Some(token) = authority.tokens.get(token) else {
                    drop(authority);
                    return wrong("a token");
                };
                let fresh = token.grant == known.grant
                    && token.serial >= known.shown
                    && token.expires_at > before;
                let (serial, person) = (token.serial, authority.grants[token.grant].person.clone());
                drop(authority);
                if !fresh || person != known.person {
                    return wrong("their own token, as new as the last one and not expired");
                }
                self.sessions[at].shown = serial;
                "signed in"
            }
            Seen::Out if refused => "the grant was over",
            Seen::Out => return wrong("somebody signed in"),
            Seen::Trouble if !well && !refused => {
                let good = known.good_until.is_some_and(|until| until > before);
                if good || !has_cookie {
                    return wrong("the token that still works, or 503 with the cookie kept");
                }
                "the provider was missed"
            }
            _ => return wrong("somebody signed in and the application"),
        };
        self.count(kind);
        Ok(())
    }

    /// A route that needs no token, and lets members through alone: by what the session was told, for as
    /// long as that is not old.
    pub(super) async fn visit_as_member(&mut self, browser: usize, least: i64) -> Checked {
        let Some(at) = self.seats[browser].session else {
            return Ok(());
        };
        let age = self.rig.now().as_secs() - self.sessions[at].known.as_secs();
        sleep(Duration::from_secs(u64::try_from(least - age).unwrap_or(0))).await;
        self.leave_edges().await;
        let before = self.rig.now();
        if self.down || !self.lives(Some(at), before) {
            return Ok(());
        }
        let known = self.sessions[at].clone();
        let Some(was) = known.member else {
            return Ok(());
        };
        let age = before.as_secs() - known.known.as_secs();
        let ask = get("/members-only").navigating();
        let reply = self.seats[browser].browser.send(&self.rig, ask).await;
        sleep(Duration::from_secs(1)).await;
        let events = self.settle();
        let session = &mut self.sessions[at];
        if was || reply.status == 200 {
            session.seen = session.seen.max(before);
        }
        let now_told = session.member;
        let refused = events.contains(&Event::Refused { grant: known.grant });
        let told = events.contains(&Event::Refreshed { grant: known.grant });
        let seen = match reply.status {
            200 => Some(true),
            403 => Some(false),
            _ => None,
        };
        let well_for = before.as_secs().saturating_sub(self.well_since.as_secs());
        // Its session may have ended while the answer went out by what was known.
        let may_be_out = refused && age >= OLD_SOON;
        let holds = match seen {
            None => may_be_out,
            Some(seen) if age < OLD_SOON => seen == was && !told && !refused,
            Some(seen) if age < OLD => seen == was,
            Some(_) if told => seen == now_told,
            // Asking was in vain, or was so a moment ago.
            Some(seen) => seen == was && (refused || well_for < 400),
        };
        self.count(match (told, seen) {
            (true, Some(false)) if was => "a group was lost",
            (true, _) => "asked anew",
            (false, Some(true)) => "a member",
            (false, _) => "no member",
        });
        ensure(holds, || {
            format!("a member's page: {reply:?} at {before:?}, {age} s old: {known:?}, {events:?}")
        })
    }

    pub(super) async fn everybody(&mut self) -> Checked {
        for browser in 0..BROWSERS {
            let seat = std::mem::take(&mut self.seats[browser]);
            self.visit(seat, false, 1, Some(browser)).await?;
            self.who_am_i(browser).await?;
        }
        for at in 0..self.old.len() {
            let (browser, session) = self.old[at].clone();
            let session = Some(session);
            self.visit(Seat { browser, session }, true, 1, None).await?;
        }
        Ok(())
    }

    pub(super) async fn who_am_i(&mut self, browser: usize) -> Checked {
        let now = self.rig.now();
        let seat = &mut self.seats[browser];
        let reply = seat.browser.go(&self.rig, "/.vestibule/me").await;
        let session = seat.session;
        if session.is_some() && self.down {
            return ensure(reply.status == 503, || {
                format!("me without the store: {reply:?}")
            });
        }
        let said = reply.json();
        let lives = self.lives(session, now);
        let person = session.map(|at| self.sessions[at].person).filter(|_| lives);
        ensure(
            said["signed_in"] == lives && said["subject"].as_str() == person,
            || format!("expected {person:?}, who am I says {said}"),
        )
    }
}
