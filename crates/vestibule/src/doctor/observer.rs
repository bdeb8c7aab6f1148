//! Stands in the place of every upstream during one sign-in: notes what each route sends, and leads the browser on to
//! the next route. The tokens it is sent stay in memory, and are forgotten with it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION,
};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use vestibule_diagnosis::evidence::{Head, Header, Role, Token};
use vestibule_oidc::secret::Secret;
use vestibule_proxy::pages::{Pages, Rendered};

/// What a route sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// The access token, as far as it can be read.
    pub(super) token: Option<Token>,
    /// The same, to be verified.
    pub(super) raw: Option<Secret>,
    /// The head: names and sizes.
    pub(super) head: Head,
}

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Observer {
    /// The path of each route, on the proxy.
    paths: Vec<String>,
    sent: Mutex<Vec<Option<Sent>>>,
    all: Notify,
}

/// The paths of the routes on one host: their own, by which the log names them; another where two hosts have the same.
pub(super) fn paths<'r>(own: impl IntoIterator<Item = &'r str>) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for (number, path) in own.into_iter().enumerate() {
        let taken = paths.iter().any(|known| known == path);
        paths.push(match taken {
            true => format!("/.doctor/route/{number}"),
            false => path.to_owned(),
        });
    }
    paths
}

impl Observer {
    /// Waits for a request to each of these paths.
    pub(super) fn serve(listener: TcpListener, paths: Vec<String>) -> Arc<Self> {
        let observer = Arc::new(Self {
            sent: Mutex::new(vec![None; paths.len()]),
            paths,
            all: Notify::new(),
        });
        let shared = Arc::clone(&observer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let answer = shared.answer(&request);
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    // A browser that went away is no matter here.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .max_buf_size(1 << 20)
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        observer
    }

    /// Ends when every route was seen.
    pub(super) async fn all_seen(&self) {
        self.all.notified().await;
    }

    /// What each route sent, in order.
    pub(super) fn sent(&self) -> Vec<Option<Sent>> {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let asked = request.uri().path();
        let number = self.paths.iter().position(|path| path == asked);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = number.and_then(|number| sent.get_mut(number)) else {
            return page(StatusCode::NOT_FOUND, "Not found", "There is nothing here.");
        };
        *slot = Some(Sent::read(request.headers()));
        let next = sent.iter().position(Option::is_none);
        match next.and_then(|next| self.paths.get(next)) {
            Some(next) => {
                let mut answer = page(StatusCode::SEE_OTHER, "One moment", "On to the next route.");
                if let Ok(location) = HeaderValue::from_str(next) {
                    answer.headers_mut().insert(LOCATION, location);
                }
                answer
            }
            None => {
                self.all.notify_one();
                page(
                    StatusCode::OK,
                    "Every route was seen",
                    "The doctor has seen every route. You can close this page; the result is in the terminal.",
                )
            }
        }
    }
}

impl Sent {
    fn read(headers: &HeaderMap) -> Self {
        let bearer = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let mut head = Head::default();
        head.headers = headers
            .iter()
            .map(|(name, value)| Header::sized(name.as_str(), value.len()))
            .collect();
        Self {
            raw: bearer.map(|text| Secret::new(text.to_owned())),
            token: bearer.map(|text| Token::of(text).role(Role::Access).just_issued()),
            head,
        }
    }
}

/// A page in the look of ours. It is read at most for a moment, but for the last.
fn page(status: StatusCode, title: &str, text: &'static str) -> Response<Full<Bytes>> {
    let Ok(pages) = Pages::built_in() else {
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        return response;
    };
    let Rendered { html, policy } = pages.notice(title, text);
    let mut response = Response::new(Full::new(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(HeaderValue::try_from(policy).map(|policy| (CONTENT_SECURITY_POLICY, policy)));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_seen_under_their_own_paths() {
        assert_eq!(paths(["/foo", "/", "/bar"]), ["/foo", "/", "/bar"]);
        assert_eq!(paths(["/foo", "/foo"]), ["/foo", "/.doctor/route/1"]);
    }

    #[test]
    fn the_last_page_looks_like_the_others() {
        let answer = page(StatusCode::OK, "Every route was seen", "Done.");
        let field = |name| answer.headers().get(name).unwrap().to_str().unwrap();
        assert!(field(CONTENT_TYPE).starts_with("text/html"));
        assert!(field(CONTENT_SECURITY_POLICY).contains("style-src 'sha256-"));
    }
}
