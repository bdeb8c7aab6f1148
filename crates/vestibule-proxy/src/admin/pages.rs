//! What the sessions page looks like: its templates, and what they are given.
//!
//! Names are whatever people wrote into them: a template gets data, and all of it is escaped on the way
//! in, and what does not show as itself stands there as an escape. The look is that of the other pages, with one style sheet more; an operator's own templates are for
//! visitors and change nothing here.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use minijinja::{Environment, Value, context};
use vestibule_oidc::text::escaped;
use vestibule_oidc::time::{UnixTime, Utc};

use super::operators::Operator;
use super::search::{Search, Unclear};
use super::sessions::{Answer, Part, Tally};
use crate::pages::{BUILT_IN_STYLE, PagesError, environment};
use crate::sessions::span::{ago, ahead};
use crate::sessions::{SessionView, TokenView};

const LAYOUT: &str = "layout.html";

const TEMPLATES: [(&str, &str); 6] = [
    (LAYOUT, include_str!("templates/layout.html")),
    ("sign_in.html", include_str!("templates/sign_in.html")),
    ("sessions.html", include_str!("templates/sessions.html")),
    ("confirm.html", include_str!("templates/confirm.html")),
    ("ended.html", include_str!("templates/ended.html")),
    ("message.html", include_str!("templates/message.html")),
];

const STYLE: &str = include_str!("templates/admin.css");

/// The ways to look for sessions.
const WAYS: [(&str, &str); 4] = [
    ("user", "User"),
    ("subject", "Subject"),
    ("sid", "sid"),
    ("id", "Session"),
];

/// The compiled templates.
pub(super) struct Pages {
    environment: Environment<'static>,
    style: String,
    policy: HeaderValue,
}

/// What a page has to say besides lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    NotFound,
    Foreign,
    Unread,
    Over,
    WrongSecret,
    TooManyTries,
    NoStore,
    Carried,
    Broken,
    Unclear(Unclear),
}

impl Message {
    const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "There is nothing here.",
            Self::Foreign => {
                "This did not come from a page of Vestibule, so nothing was done. Go back to the list and try there."
            }
            Self::Unread => "The form could not be read, so nothing was done.",
            Self::Over => "Your time on this page is over, so nothing was done.",
            Self::WrongSecret => "That is not the secret.",
            Self::TooManyTries => "That was tried too often. Wait a few seconds.",
            Self::NoStore => {
                "The session store can't be asked at the moment. Nobody is signed out by that; the log says more."
            }
            Self::Carried => {
                "Browsers carry the sessions (store = \"cookie\"), and nothing here lists them."
            }
            Self::Broken => "Something went wrong here. The log says more.",
            Self::Unclear(Unclear::By) => {
                "It is not clear which sessions are meant, so nothing was done."
            }
            Self::Unclear(Unclear::Name) => {
                "A name is missing, or is none: a session is 16 hexadecimal digits, everything else 1 to 1024 bytes."
            }
            Self::Unclear(Unclear::Issuer) => {
                "An issuer goes with a subject or a sid, and with nothing else."
            }
            Self::Unclear(Unclear::Odd) => {
                "The address asks for something that this page does not know. It takes user, subject, sid or id with a name, \
                 and issuer beside a subject or sid."
            }
            Self::Unclear(Unclear::After) => "The place to go on is none. Begin again.",
        }
    }
}

impl Pages {
    pub(super) fn built_in() -> Result<Self, PagesError> {
        let mut environment = environment();
        for (name, text) in TEMPLATES {
            environment
                .add_template(name, text)
                .map_err(|source| PagesError::Template {
                    name: name.to_owned(),
                    source,
                })?;
        }
        let style = format!("{BUILT_IN_STYLE}{STYLE}");
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.as_bytes());
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            STANDARD.encode(hash)
        );
        Ok(Self {
            environment,
            style,
            // Letters of ours alone; without a policy nothing is shown.
            policy: HeaderValue::try_from(policy)
                .unwrap_or(HeaderValue::from_static("default-src 'none'")),
        })
    }

    pub(super) fn sign_in(&self, status: StatusCode, message: Option<Message>) -> Answer {
        let message = message.map(Message::text).unwrap_or_default();
        self.page(status, "Sessions", "sign_in.html", context! { message })
    }

    pub(super) fn message(&self, status: StatusCode, message: Message) -> Answer {
        let message = message.text();
        self.page(status, "Sessions", "message.html", context! { message })
    }

    pub(super) fn list(
        &self,
        operator: &Operator,
        search: &Search,
        part: &Part,
        now: UnixTime,
    ) -> Answer {
        let ways = WAYS
            .into_iter()
            .map(|(value, label)| context! { value, label });
        let all = Search::for_all();
        let meant = match search.is_narrow() {
            true => search,
            false => &all,
        };
        let next = part.next.map(|next| search.query(Some(next)));
        let more = context! {
            ways => ways.collect::<Vec<Value>>(),
            is_narrow => search.is_narrow(),
            next => next.unwrap_or_default(),
            revoke => meant.query(None),
            looked_at => part.looked_at,
            unreadable => part.unreadable,
        };
        let context = context! { ..more, ..Self::common(operator, search, part, now) };
        self.page(StatusCode::OK, "Who is signed in", "sessions.html", context)
    }

    /// `all` is how many there are, where all are meant.
    pub(super) fn confirm(
        &self,
        operator: &Operator,
        search: &Search,
        part: &Part,
        all: Option<u64>,
        now: UnixTime,
    ) -> Answer {
        let more = context! { all, more => part.next.is_some() || part.unreadable > 0 };
        let context = context! { ..more, ..Self::common(operator, search, part, now) };
        self.page(StatusCode::OK, "Revoke?", "confirm.html", context)
    }

    /// Without a tally it goes on.
    pub(super) fn ended(&self, _: &Operator, tally: Option<Tally>) -> Answer {
        let goes_on = tally.is_none();
        let Tally { ended, failed } = tally.unwrap_or_default();
        let context = context! { goes_on, ended, failed };
        let title = if goes_on { "Revoking" } else { "Revoked" };
        self.page(StatusCode::OK, title, "ended.html", context)
    }

    fn common(operator: &Operator, search: &Search, part: &Part, now: UnixTime) -> Value {
        let sessions = part.sessions.iter().map(|view| session(view, now));
        context! {
            mark => operator.mark().expose().as_str(),
            by => search.by.as_str(),
            named => search.named.as_str(),
            issuer => search.issuer.as_str(),
            sessions => sessions.collect::<Vec<Value>>(),
        }
    }

    fn page(&self, status: StatusCode, title: &str, template: &str, context: Value) -> Answer {
        let wide = context
            .get_attr("sessions")
            .is_ok_and(|it| !it.is_undefined());
        let document = self.document(title, template, wide, context);
        let (status, document) = document.map_or_else(
            |error| {
                tracing::error!(template, %error, "a template of the sessions page failed");
                (StatusCode::INTERNAL_SERVER_ERROR, String::new())
            },
            |document| (status, document),
        );
        let mut answer = Response::new(Full::new(Bytes::from(document)));
        *answer.status_mut() = status;
        let fields = answer.headers_mut();
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        fields.insert(CONTENT_TYPE, kind);
        fields.insert("content-security-policy", self.policy.clone());
        super::own_fields(fields);
        answer
    }

    fn document(
        &self,
        title: &str,
        template: &str,
        wide: bool,
        context: Value,
    ) -> Result<String, minijinja::Error> {
        let content = self.environment.get_template(template)?.render(context)?;
        self.environment.get_template(LAYOUT)?.render(context! {
            title,
            wide,
            style => Value::from_safe_string(self.style.clone()),
            content => Value::from_safe_string(content),
        })
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

fn session(view: &SessionView, now: UnixTime) -> Value {
    let who = view.user.as_ref().or(view.name.as_ref());
    let who = who.unwrap_or(&view.subject);
    let name = view.name.as_ref().filter(|name| *name != who);
    let token = |token: &TokenView| Value::from(escaped(&token_text(token, now)).as_ref());
    let mut facts = vec![
        ("Subject", view.subject.clone()),
        ("Issuer", view.issuer.clone()),
    ];
    facts.extend(view.sid.clone().map(|sid| ("sid", sid)));
    facts.push(("Site", view.site.clone()));
    let times = [
        ("Authenticated at the provider", view.authenticated_at),
        ("Signed in", Some(view.signed_in_at)),
        ("Last seen", Some(view.last_seen_at)),
        ("Ends if nobody uses it", Some(view.idle_end_at)),
        ("Ends at last", Some(view.absolute_end_at)),
        ("Tokens received", Some(view.refreshed_at)),
    ];
    facts.extend(
        times
            .into_iter()
            .filter_map(|(label, at)| Some((label, utc(at?)))),
    );
    let renewal = match view.has_refresh_token {
        true => "by a refresh token",
        false => "there is no refresh token: tokens are not renewed",
    };
    facts.push(("Renewed", renewal.to_owned()));
    let facts = facts
        .into_iter()
        .map(|(label, text)| context! { label, text => escaped(&text).as_ref() });
    context! {
        id => view.id.to_string(),
        query => Search::for_id(view.id).query(None),
        who => escaped(who).as_ref(),
        name => escaped(name.map(String::as_str).unwrap_or_default()).as_ref(),
        provider => escaped(&view.provider).as_ref(),
        signed_in => ago(view.signed_in_at, now),
        last_seen => ago(view.last_seen_at, now),
        ends => ahead(view.ends_at(), now),
        facts => facts.collect::<Vec<Value>>(),
        tokens => view.tokens.iter().map(token).collect::<Vec<Value>>(),
    }
}

fn token_text(token: &TokenView, now: UnixTime) -> String {
    let mut text = match token.scope.as_str() {
        "" => "no scope".to_owned(),
        scope => scope.to_owned(),
    };
    for (label, value) in [("resource", &token.resource), ("audience", &token.audience)] {
        if let Some(value) = value {
            text.extend([", ", label, " ", value]);
        }
    }
    if token.of_sign_in {
        text.push_str(" (the sign-in's own)");
    }
    match token.expires_at {
        Some(at) if at <= now.as_secs() => text.push_str("; expired"),
        Some(at) => text.extend(["; expires ", &ahead(at, now)]),
        None => text.push_str("; the provider did not say when it expires"),
    }
    match token.due_at {
        Some(at) if at <= now.as_secs() => {
            text.push_str("; due: the next request that needs it renews it");
        }
        Some(at) => text.extend(["; due ", &ahead(at, now)]),
        None => {}
    }
    text
}

fn utc(secs: i64) -> String {
    let Utc {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = UnixTime::from_secs(secs).into();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}
