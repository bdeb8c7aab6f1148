//! The sessions page: who is signed in, and ending sessions, for whoever knows its secret.
//!
//! | path | method | does |
//! |---|---|---|
//! | `/sessions` | GET | the list, or the form that asks for the secret |
//! | `/sessions/sign-in`, `/sessions/sign-out` | POST | begins and ends an operator's own time here |
//! | `/sessions/revoke` | GET | asks whether these are to be ended |
//! | `/sessions/revoke` | POST | ends them |
//!
//! Nothing is changed by a GET. A POST must come from a page of ours, by what the browser says of it, and,
//! past the sign-in, bring the mark of the operator's own forms. Pages have no script, and no token is
//! on any.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, HOST, LOCATION, ORIGIN, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, Limited};
use tokio::time::timeout;
use vestibule_oidc::secret::Secret;
use vestibule_session::store::StoreError;

use super::operators::{Operator, Operators, Refusal};
use super::pages::{Message, Pages};
use super::pass;
use super::search::{Search, Unclear};
use crate::error_chain::chain;
use crate::pages::PagesError;
use crate::sessions::{Asker, SessionView, Which, list, refusal, revoke};
use crate::shared::Shared;

/// Where it is.
const PATH: &str = "/sessions";

/// The longest form that is read.
const FORM_MAX_BYTES: usize = 8 * 1024;
const FORM_DEADLINE: Duration = Duration::from_secs(10);

/// Sessions on one page.
const ON_A_PAGE: usize = 50;

/// The most that are looked at for one page: past that it says how far it is.
const LOOKED_AT_FOR_A_PAGE: usize = 5000;

/// How long a page waits until all are ended. What is under way goes on behind it.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) type Answer = Response<Full<Bytes>>;

/// The page of one listener.
#[derive(Debug)]
pub(super) struct Desk {
    shared: Arc<Shared>,
    operators: Operators,
    pages: Pages,
    /// In the names of its cookies, which ports share.
    port: u16,
}

/// What a page shows of a list.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) sessions: Vec<SessionView>,
    /// Where it goes on.
    pub(super) next: Option<crate::sessions::SessionId>,
    pub(super) looked_at: usize,
    pub(super) unreadable: usize,
}

/// What ending came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) ended: usize,
    pub(super) failed: usize,
}

impl Desk {
    pub(super) fn new(shared: Arc<Shared>, secret: Secret, port: u16) -> Result<Self, PagesError> {
        Ok(Self {
            shared,
            operators: Operators::new(secret),
            pages: Pages::built_in()?,
            port,
        })
    }

    /// Whether a path is one of this page's.
    pub(super) fn has(path: &str) -> bool {
        path.strip_prefix(PATH)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Answers a request whose host is ours.
    pub(super) async fn answer<B>(&self, request: Request<B>, peer: IpAddr) -> Answer
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let path = head.uri.path().strip_prefix(PATH).unwrap_or_default();
        let reads = matches!(head.method, Method::GET | Method::HEAD);
        let posts = head.method == Method::POST;
        let fields = &head.headers;
        let known = matches!(path, "" | "/sign-in" | "/sign-out" | "/revoke");
        let fits = match path {
            "" => reads,
            "/revoke" => reads || posts,
            _ => posts,
        };
        if !known {
            return self.pages.message(StatusCode::NOT_FOUND, Message::NotFound);
        }
        if !fits {
            return not_allowed(match path {
                "" => "GET, HEAD",
                "/revoke" => "GET, HEAD, POST",
                _ => "POST",
            });
        }
        let query = head.uri.query().unwrap_or_default();
        let operator = pass::read(fields, self.port).find_map(|pass| self.operators.of(&pass));
        if reads {
            // A script on another site may ask, and must get nothing.
            if fields.contains_key(ORIGIN) {
                return self.foreign();
            }
            return match (operator, path) {
                (None, _) => self.pages.sign_in(StatusCode::OK, None),
                (Some(operator), "/revoke") => self.confirm(&operator, query).await,
                (Some(operator), _) => self.list(&operator, query).await,
            };
        }
        if !is_from_our_page(fields) {
            return self.foreign();
        }
        let form = match read(body).await {
            Ok(form) => form,
            Err(status) => return self.pages.message(status, Message::Unread),
        };
        match (path, operator) {
            ("/sign-in", _) => self.sign_in(fields, &form, peer),
            (_, None) => self
                .pages
                .sign_in(StatusCode::FORBIDDEN, Some(Message::Over)),
            // The mark in it is what no other page can know.
            (_, Some(operator)) if value(&form, "mark") != *operator.mark() => self.foreign(),
            ("/sign-out", Some(operator)) => {
                self.operators.sign_out(&operator);
                let mut answer = see(PATH);
                for cookie in pass::forget(self.port) {
                    append_cookie(&mut answer, &cookie);
                }
                answer
            }
            (_, Some(operator)) => self.revoke(&operator, &form, peer).await,
        }
    }

    fn foreign(&self) -> Answer {
        self.pages.message(StatusCode::FORBIDDEN, Message::Foreign)
    }

    fn sign_in(&self, fields: &HeaderMap, form: &[u8], peer: IpAddr) -> Answer {
        match self.operators.sign_in(&value(form, "secret"), peer) {
            Ok(operator) => {
                tracing::info!(%peer, "an operator signed in to the sessions page");
                let mut answer = see(PATH);
                append_cookie(&mut answer, &pass::keep(fields, self.port, &operator));
                answer
            }
            Err(Refusal::Wrong) => {
                tracing::warn!(%peer, "somebody gave a wrong secret on the sessions page");
                self.pages
                    .sign_in(StatusCode::FORBIDDEN, Some(Message::WrongSecret))
            }
            Err(Refusal::TooMany) => {
                let message = Some(Message::TooManyTries);
                let mut answer = self.pages.sign_in(StatusCode::TOO_MANY_REQUESTS, message);
                let seconds = HeaderValue::from_static("6");
                answer.headers_mut().insert(RETRY_AFTER, seconds);
                answer
            }
            Err(Refusal::NoEntropy) => {
                tracing::error!("the system's generator gives no random bytes");
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                self.pages.message(status, Message::Broken)
            }
        }
    }

    async fn list(&self, operator: &Operator, query: &str) -> Answer {
        let search = Search::of(query.as_bytes());
        match search.listed() {
            Ok(which) => match self.part(&which, &search).await {
                Ok(part) => self.pages.list(operator, &search, &part, self.shared.now()),
                Err(answer) => answer,
            },
            Err(unclear) => self.unclear(unclear),
        }
    }

    async fn confirm(&self, operator: &Operator, query: &str) -> Answer {
        let search = Search::of(query.as_bytes()).without_place();
        let which = match search.ended() {
            Ok(which) => which,
            Err(unclear) => return self.unclear(unclear),
        };
        match self.part(&which, &search).await {
            Ok(part) => {
                let all = (which == Which::All).then(|| self.shared.store.figures().sessions);
                self.pages
                    .confirm(operator, &search, &part, all, self.shared.now())
            }
            Err(answer) => answer,
        }
    }

    async fn revoke(&self, operator: &Operator, form: &[u8], peer: IpAddr) -> Answer {
        let search = Search::of(form).without_place();
        let which = match search.ended() {
            Ok(which) => which,
            Err(unclear) => return self.unclear(unclear),
        };
        if let Some(answer) = self.refused() {
            return answer;
        }
        let work = end_all(Arc::clone(&self.shared), which, Asker::AdminPage { peer });
        let under_way = self.shared.control.spawn(work);
        match timeout(PATIENCE, under_way).await {
            Ok(Ok(Ok(tally))) => self.pages.ended(operator, Some(tally)),
            Ok(Ok(Err(error))) => self.store_failed(&error),
            Ok(Err(_panicked)) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                self.pages.message(status, Message::Broken)
            }
            Err(_goes_on) => self.pages.ended(operator, None),
        }
    }

    /// So many as fit on a page, or as are found within bounded work.
    async fn part(&self, which: &Which, search: &Search) -> Result<Part, Answer> {
        if let Some(answer) = self.refused() {
            return Err(answer);
        }
        let mut part = Part::default();
        let mut after = search.after();
        loop {
            let wanted = ON_A_PAGE.saturating_sub(part.sessions.len());
            let listed = list(&self.shared, which, after, wanted).await;
            let listed = listed.map_err(|error| self.store_failed(&error))?;
            part.sessions.extend(listed.sessions);
            part.looked_at += listed.looked_at;
            part.unreadable += listed.unreadable;
            after = listed.next;
            let is_enough = part.sessions.len() >= ON_A_PAGE
                || part.looked_at >= LOOKED_AT_FOR_A_PAGE
                || after.is_none();
            if is_enough {
                part.next = after;
                return Ok(part);
            }
        }
    }

    fn refused(&self) -> Option<Answer> {
        refusal(&self.shared).map(|_| {
            let status = StatusCode::NOT_IMPLEMENTED;
            self.pages.message(status, Message::Carried)
        })
    }

    fn store_failed(&self, error: &StoreError) -> Answer {
        self.shared.telemetry.metrics.store_error("page");
        tracing::error!(code = error.code(), error = %chain(error), "the sessions page can't ask the store");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        self.pages.message(status, Message::NoStore)
    }

    fn unclear(&self, unclear: Unclear) -> Answer {
        let message = Message::Unclear(unclear);
        self.pages.message(StatusCode::BAD_REQUEST, message)
    }
}

/// Ends them all, a step at a time.
async fn end_all(shared: Arc<Shared>, which: Which, asker: Asker) -> Result<Tally, StoreError> {
    let (mut tally, mut after) = (Tally::default(), None);
    loop {
        let ended = revoke(&shared, &which, after, asker).await?;
        tally.ended += ended.sessions.len() + ended.unreadable;
        tally.failed += ended.failed;
        after = ended.next;
        if after.is_none() {
            return Ok(tally);
        }
    }
}

/// Whether a page of ours sent the form, by what browsers say and pages can't.
fn is_from_our_page(fields: &HeaderMap) -> bool {
    let mut sites = fields.get_all("sec-fetch-site").iter();
    match (sites.next(), sites.next()) {
        (Some(site), None) => site == "same-origin",
        (Some(_), Some(_)) => false,
        // A browser that does not say, or a page over http: then the origin is all there is.
        (None, _) => {
            let host = fields.get(HOST).map(HeaderValue::as_bytes);
            let origin = origin(fields);
            let of = |scheme: &[u8]| origin.and_then(|origin| origin.strip_prefix(scheme));
            host.is_some() && (of(b"http://") == host || of(b"https://") == host)
        }
    }
}

/// The one `Origin`.
pub(super) fn origin(fields: &HeaderMap) -> Option<&[u8]> {
    let mut origins = fields.get_all(ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) => Some(origin.as_bytes()),
        _ => None,
    }
}

async fn read<B>(body: B) -> Result<Bytes, StatusCode>
where
    B: Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let form = Limited::new(body, FORM_MAX_BYTES).collect();
    match timeout(FORM_DEADLINE, form).await {
        Ok(Ok(form)) => Ok(form.to_bytes()),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// The first value of this name; empty without one.
fn value(form: &[u8], name: &str) -> Secret {
    let mut pairs = url::form_urlencoded::parse(form);
    let value = pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()));
    Secret::new(value.unwrap_or_default())
}

fn see(path: &'static str) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    let fields = answer.headers_mut();
    fields.insert(LOCATION, HeaderValue::from_static(path));
    super::own_fields(fields);
    answer
}

fn not_allowed(allow: &'static str) -> Answer {
    let mut answer = super::text(StatusCode::METHOD_NOT_ALLOWED, format!("only {allow}\n"));
    answer
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allow));
    answer
}

fn append_cookie(answer: &mut Answer, cookie: &str) {
    // Made of our own letters alone.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests;
