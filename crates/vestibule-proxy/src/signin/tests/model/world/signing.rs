//! Who signs in, and the ways to be signed out.

use std::time::Duration;

use futures_util::future::join;
use serde_json::json;
use tokio::time::{sleep, timeout};
use vestibule_oidc::logout_token::EVENT;

use super::super::authority::{Authority, Mood};
use super::super::step::Meanwhile;
use super::{Checked, MOMENT, Session, World, ensure};
use crate::provider::fake::ISSUER;
use crate::signin::rig::{Ask, get, post};
use crate::signin::tests::{query, same_origin};

impl World {
    /// A logout that comes while the code is redeemed finds no session, and there must be none after it.
    pub(super) async fn sign_in_logged_out(
        &mut self,
        browser: usize,
        person: &'static str,
    ) -> Checked {
        sleep(Duration::from_secs(16)).await;
        self.leave_edges().await;
        if self.authority().mood != Mood::Well || self.down {
            return Ok(());
        }
        let mut seat = std::mem::take(&mut self.seats[browser]);
        let before = seat.browser.clone();
        let start = seat.browser.go(&self.rig, "/.vestibule/sign-in").await;
        let asked = query(start.location());
        let code = format!("code-{}", asked["state"]);
        self.authority().give_code(&code, &asked["nonce"], person);
        let back = format!(
            "/.vestibule/callback?code={code}&state={}&iss={ISSUER}",
            asked["state"]
        );
        let logout = self.logout(json!({ "sub": person }));
        let delays = || self.rig.fake.knobs();
        delays().delays.insert("/token", Duration::from_secs(1));
        let (reply, logged_out) = join(seat.browser.go(&self.rig, &back), async {
            sleep(Duration::from_millis(500)).await;
            self.rig.send(logout).await
        })
        .await;
        delays().delays.clear();
        let kept = seat.browser.session() == before.session();
        self.seats[browser] = seat;
        if logged_out.status != 200 {
            // The provider is only just well again, or its keys were never had.
            return ensure(logged_out.status == 503, || format!("{logged_out:?}"));
        }
        for session in &mut self.sessions {
            session.over |= session.person == person;
        }
        self.settle();
        self.count("logged out while signing in");
        ensure(reply.status == 400 && kept, || {
            format!("a sign-in of {person}, logged out meanwhile: {reply:?}")
        })
    }

    pub(super) async fn sign_in(&mut self, browser: usize, person: &'static str) -> Checked {
        // Not straight back: that would be a loop.
        sleep(Duration::from_secs(16)).await;
        self.leave_edges().await;
        let well = matches!(self.authority().mood, Mood::Well | Mood::Slow);
        let mut seat = std::mem::take(&mut self.seats[browser]);
        let before = seat.browser.clone();
        let start = seat.browser.go(&self.rig, "/.vestibule/sign-in").await;
        let mut made = false;
        let mut last = format!("{start:?}");
        if start.status == 303 {
            let asked = query(start.location());
            let code = format!("code-{}", asked["state"]);
            self.authority().give_code(&code, &asked["nonce"], person);
            let back = format!(
                "/.vestibule/callback?code={code}&state={}&iss={ISSUER}",
                asked["state"]
            );
            let reply = seat.browser.go(&self.rig, &back).await;
            last = format!("{reply:?}");
            made = reply.status == 303;
        }
        let was = seat.session;
        let changed = seat.browser.session() != before.session();
        let events = self.settle();
        if made {
            let now = self.rig.now();
            let authority = self.authority();
            let grant = authority.grants.len() - 1;
            let (is_member, known) = authority.grants[grant].told;
            let good_until = Some(authority.grants[grant].expires_at);
            drop(authority);
            self.sessions.push(Session {
                person,
                grant,
                created: now,
                seen: now,
                over: false,
                owed: false,
                shown: 0,
                good_until,
                unstored: false,
                member: Some(is_member),
                known,
            });
            seat.session = Some(self.sessions.len() - 1);
            self.count("sign-in");
            if let Some(was) = was {
                self.sessions[was].over = true;
                self.old.push((before, was));
            }
        }
        self.seats[browser] = seat;
        ensure(
            made == changed && !(made && self.down) && (made || self.down || !well),
            || {
                format!(
                    "a sign-in of {person}: made {made}, cookie changed {changed}, {last}, {events:?}"
                )
            },
        )
    }

    pub(super) async fn sign_out(&mut self, browser: usize, everywhere: bool) -> Checked {
        let lives = self.lives(self.seats[browser].session, self.rig.now());
        let mut ask = same_origin(post("/.vestibule/sign-out"));
        if everywhere {
            ask = ask
                .with("Content-Type", "application/x-www-form-urlencoded")
                .body("everywhere=yes");
        }
        let seat = &mut self.seats[browser];
        let before = seat.browser.clone();
        let reply = seat.browser.send(&self.rig, ask).await;
        let kept_cookie = seat.browser.session().is_some();
        let Some(was) = seat.session.take() else {
            return ensure(reply.status == 303, || format!("{reply:?}"));
        };
        self.old.push((before, was));
        let person = self.sessions[was].person;
        if everywhere && lives && !self.down {
            self.count("everywhere");
            for session in &mut self.sessions {
                session.over |= session.person == person;
            }
        }
        let ended = &mut self.sessions[was];
        ended.owed |= self.down && !ended.over;
        ended.over = true;
        let expected = if everywhere && self.down { 503 } else { 303 };
        ensure(reply.status == expected && !kept_cookie, || {
            format!("expected {expected} for a sign-out (everywhere: {everywhere}), saw {reply:?}")
        })
    }

    pub(super) async fn log_out_session(&mut self, browser: usize, in_frame: bool) -> Checked {
        let Some(at) = self.seats[browser].session else {
            return Ok(());
        };
        let grant = self.sessions[at].grant;
        let sid = Authority::sid(grant);
        if !in_frame {
            let about = json!({ "sid": sid });
            return self.log_out(about, |session| session.grant == grant).await;
        }
        // The browser sends no cookie along.
        let ask = get(&format!(
            "/.vestibule/front-channel-logout?iss={ISSUER}&sid={sid}"
        ))
        .with("Sec-Fetch-Mode", "navigate")
        .with("Sec-Fetch-Dest", "iframe")
        .with("Sec-Fetch-Site", "cross-site");
        let reply = self.rig.send(ask).await;
        let well = matches!(self.authority().mood, Mood::Well | Mood::Slow);
        if reply.status == 503 && (self.down || !well) {
            return Ok(());
        }
        ensure(reply.status == 200 && !self.down, || {
            format!("a logout in a frame: {reply:?}")
        })?;
        self.sessions[at].over = true;
        self.count("logged out in a frame");
        Ok(())
    }

    fn logout(&mut self, about: serde_json::Value) -> Ask {
        self.logouts += 1;
        let now = self.rig.now().as_secs();
        let mut claims = json!({
            "iss": ISSUER, "aud": "client", "iat": now, "exp": now + 120,
            "jti": format!("jti-{}", self.logouts), "events": { EVENT: {} },
        });
        for (name, value) in about.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let key = self.rig.fake.knobs().keys[0].clone();
        post("/.vestibule/back-channel-logout")
            .with("Content-Type", "application/x-www-form-urlencoded")
            .body(&format!("logout_token={}", key.sign(&claims)))
    }

    pub(super) async fn log_out(
        &mut self,
        about: serde_json::Value,
        is_meant: impl Fn(&Session) -> bool,
    ) -> Checked {
        let ask = self.logout(about);
        let reply = self.rig.send(ask.clone()).await;
        let well = matches!(self.authority().mood, Mood::Well | Mood::Slow);
        if reply.status == 503 && (self.down || !well) {
            return Ok(());
        }
        ensure(reply.status == 200 && !self.down, || {
            format!("a logout: {reply:?}")
        })?;
        let now = self.rig.now();
        for at in 0..self.sessions.len() {
            if is_meant(&self.sessions[at]) {
                if self.lives(Some(at), now) {
                    self.count("logged out");
                }
                self.sessions[at].over = true;
            }
        }
        let again = self.rig.send(ask).await;
        ensure(again.status == 400, || {
            format!("the same logout again: {again:?}")
        })
    }

    /// Something happens while a request waits for a slow refresh.
    pub(super) async fn refreshing(&mut self, browser: usize, meanwhile: Meanwhile) -> Checked {
        self.wait_for_token(browser, 0).await;
        self.leave_edges().await;
        let now = self.rig.now();
        let session = self.seats[browser].session;
        let well = self.authority().mood == Mood::Well;
        if !self.lives(session, now) || self.down || !well {
            return Ok(());
        }
        let at = session.unwrap();
        self.rig.fake.knobs().delay = Duration::from_secs(4);
        {
            let mut impatient = self.seats[browser].browser.clone();
            let asking = impatient.go(&self.rig, "/app/x");
            let _ = timeout(Duration::from_secs(1), asking).await;
        }
        let known = &mut self.sessions[at];
        known.seen = known.seen.max(now);
        let done = match meanwhile {
            Meanwhile::SignOut => self.sign_out(browser, false).await,
            Meanwhile::LogOut => self.log_out_session(browser, false).await,
            Meanwhile::Kill => {
                self.restart(true).await;
                Ok(())
            }
            Meanwhile::StoreGoes => {
                self.store(true).await;
                Ok(())
            }
            Meanwhile::Nothing => Ok(()),
        };
        sleep(Duration::from_secs(20)).await;
        self.rig.fake.knobs().delay = MOMENT;
        done
    }
}
