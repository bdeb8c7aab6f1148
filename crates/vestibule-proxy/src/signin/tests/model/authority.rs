//! The provider of the model: it knows which grants it gave to whom, which refresh token is each
//! one's, and notices an old one that comes again (RFC 9700 §4.14.2).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::time::Instant;
use vestibule_oidc::time::UnixTime;

use crate::provider::call::CallError;
use crate::provider::fake::{FakeProvider, ISSUER, Outcome, TestKey};
use crate::signin::rig::START;

/// How the provider is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Slow,
    Down,
    Hangs,
    Fails,
    Busy,
    /// It does what it is asked, and nobody hears of it.
    LosesAnswers,
}

/// What the token endpoint did about a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Refreshed { grant: usize },
    Refused { grant: usize },
}

/// One sign-in, as the provider sees it.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) person: String,
    /// The number of the refresh token that works.
    refresh: usize,
    pub(super) revoked: bool,
    /// The newest refresh token may not have arrived where it belongs.
    pub(super) lost: bool,
    pub(super) rotates: bool,
    /// When the newest access token ends.
    pub(super) expires_at: UnixTime,
    /// Whether the newest ID token says that the person is a member, and when it was given.
    pub(super) told: (bool, UnixTime),
}

#[derive(Debug)]
pub(super) struct Token {
    pub(super) grant: usize,
    pub(super) serial: usize,
    pub(super) expires_at: UnixTime,
}

#[derive(Debug)]
pub(super) struct Authority {
    codes: HashMap<String, (String, String)>,
    pub(super) grants: Vec<Grant>,
    /// Who is in the group `members` at this moment.
    pub(super) members: HashSet<String>,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) events: Vec<Event>,
    /// What must not happen at all.
    pub(super) wrong: Option<String>,
    pub(super) mood: Mood,
    /// For grants to come.
    pub(super) rotates: bool,
    pub(super) lasts: u64,
}

impl Authority {
    pub(super) fn at(fake: &FakeProvider) -> Arc<Mutex<Self>> {
        let this = Arc::new(Mutex::new(Self {
            codes: HashMap::new(),
            grants: Vec::new(),
            members: HashSet::new(),
            tokens: HashMap::new(),
            events: Vec::new(),
            wrong: None,
            mood: Mood::Well,
            rotates: true,
            lasts: 600,
        }));
        let (began, key) = (Instant::now(), fake.knobs().keys[0].clone());
        let endpoint = Arc::clone(&this);
        fake.knobs().token = Box::new(move |form| {
            let now = START + began.elapsed();
            endpoint.lock().unwrap().answer(form, now, &key)
        });
        this
    }

    /// This person signs in, and the browser takes this code along.
    pub(super) fn give_code(&mut self, code: &str, nonce: &str, person: &str) {
        let whose = (nonce.to_owned(), person.to_owned());
        self.codes.insert(code.to_owned(), whose);
    }

    pub(super) fn sid(grant: usize) -> String {
        format!("sid-{grant}")
    }

    fn answer(&mut self, form: &BTreeMap<String, String>, now: UnixTime, key: &TestKey) -> Outcome {
        let refused = || Ok((400, json!({ "error": "invalid_grant" }).to_string()));
        match self.mood {
            Mood::Fails => return Ok((500, json!({ "error": "server_error" }).to_string())),
            Mood::Busy => return Ok((429, json!({ "error": "slow_down" }).to_string())),
            _ => {}
        }
        let (grant, nonce) = if form["grant_type"] == "authorization_code" {
            let Some((nonce, person)) = self.codes.remove(&form["code"]) else {
                return refused();
            };
            self.grants.push(Grant {
                person,
                refresh: 0,
                revoked: false,
                lost: false,
                rotates: self.rotates,
                expires_at: now,
                told: (false, now),
            });
            (self.grants.len() - 1, Some(nonce))
        } else {
            let mut parts = form["refresh_token"].split('-').skip(2);
            let mut number = || parts.next().unwrap().parse::<usize>().unwrap();
            let (grant, serial) = (number(), number());
            let this = &mut self.grants[grant];
            if this.revoked || this.refresh != serial {
                if !this.revoked && !this.lost {
                    let sent = format!("refresh token {serial} of grant {grant} was sent again");
                    self.wrong.get_or_insert(sent);
                }
                this.revoked = true;
                self.events.push(Event::Refused { grant });
                return refused();
            }
            if self.mood == Mood::LosesAnswers {
                this.lost |= this.rotates;
                this.refresh += usize::from(this.rotates);
                return Err(CallError::TimedOut);
            }
            self.events.push(Event::Refreshed { grant });
            (grant, None)
        };
        if self.mood == Mood::LosesAnswers {
            return Err(CallError::TimedOut);
        }
        let serial = self.tokens.len();
        let expires_at = UnixTime(now.as_secs() + i64::try_from(self.lasts).unwrap());
        let this = &mut self.grants[grant];
        this.refresh += usize::from(this.rotates && nonce.is_none());
        this.expires_at = expires_at;
        let access_token = format!("access-token-{grant}-{serial}");
        let token = Token {
            grant,
            serial,
            expires_at,
        };
        self.tokens.insert(access_token.clone(), token);
        let is_member = self.members.contains(&this.person);
        this.told = (is_member, now);
        let groups: &[&str] = if is_member { &["members"] } else { &[] };
        let mut claims = json!({
            "iss": ISSUER, "sub": this.person, "aud": "client", "iat": now.as_secs(),
            "exp": now.as_secs() + 3600, "sid": Self::sid(grant), "groups": groups,
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let answer = json!({
            "token_type": "Bearer",
            "access_token": access_token,
            "refresh_token": format!("refresh-token-{grant}-{}", this.refresh),
            "expires_in": self.lasts,
            "id_token": key.sign(&claims),
        });
        Ok((200, answer.to_string()))
    }
}
