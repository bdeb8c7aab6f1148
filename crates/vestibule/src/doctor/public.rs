//! Whether the public address leads to this very program: asked as a browser would, if something listens where the file
//! says. A sign-in that starts there says by its `client_id` and `redirect_uri` whose it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;
use vestibule_config::{PublicUrl, Settings};
use vestibule_diagnosis::Evidence;
use vestibule_diagnosis::evidence::{ProbeOutcome, ProbeTarget};
use vestibule_proxy::provider::HttpTransport;
use vestibule_proxy::provider::outbound::OutboundPlan;
use vestibule_proxy::signin::path;

use super::documents::{Client, place, with};
use super::look::Look;
use super::redirect_uri;
use crate::assemble::{self, AssembleError};
use crate::clock::now;
use crate::evidence;
use crate::load::Secrets;

/// Asks each public address, if the program runs.
pub(super) async fn ask(
    look: &mut Look,
    settings: &Settings,
    patience: Duration,
) -> Result<(), AssembleError> {
    // Where nothing listens, what is in front has nobody to ask.
    if settings.providers.is_empty() || !runs(settings, patience).await {
        return Ok(());
    }
    // People come from outside, and not by the way out.
    let outbound = OutboundPlan {
        proxy: None,
        ..assemble::outbound(settings)?
    };
    for public in &settings.public_urls {
        let mut providers = settings.providers.iter();
        let Some(set) = providers.find(|set| set.is_for(public.host())) else {
            continue;
        };
        let plan = assemble::provider(set, settings)?;
        let start = path::sign_in(set.name.as_deref(), None);
        let url = Url::parse(&format!("{}{start}", public.origin()))?;
        look.begin(format!("the public address {public}"));
        let transport = HttpTransport::new(&outbound, &url)?;
        let client = Client {
            transport: &transport,
            plan: &plan,
            patience,
            proxied: false,
        };
        let mut base = Evidence::default();
        base.now = Some(now());
        base.settings = Some(evidence::settings(settings, Some(set), Secrets::Needed));
        let answer = match client.examine(&url, "text/html").await {
            Ok(answer) => answer,
            Err(outcome) => {
                let seen = with(&base, ProbeTarget::PublicUrl, &url, outcome);
                look.judge_or(&seen, "no answer");
                continue;
            }
        };
        let expected = redirect_uri(settings, set, &public.origin());
        match judge(
            answer.status,
            answer.location.as_deref(),
            &plan.client_id,
            &expected,
        ) {
            Answer::Ours => look.ok(over(settings, public)),
            Answer::Unknown(detail) => look.unknown(detail),
            Answer::Other(detail) => {
                let failed = ProbeOutcome::Failed {
                    detail: detail.clone(),
                };
                look.judge_or(&with(&base, ProbeTarget::PublicUrl, &url, failed), detail);
            }
        }
    }
    Ok(())
}

/// Whether something takes connections where the file says that the program listens.
async fn runs(settings: &Settings, patience: Duration) -> bool {
    for listen in &settings.listen {
        let address = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let address = SocketAddr::new(address, listen.port());
        if let Ok(Ok(_)) = timeout(patience, TcpStream::connect(address)).await {
            return true;
        }
    }
    false
}

/// Which way people come.
fn over(settings: &Settings, public: &PublicUrl) -> String {
    let way = match (public.is_https(), settings.tls.is_some()) {
        (false, _) => "over http",
        (true, true) => "over https",
        (true, false) => "over https, which ends in front of it",
    };
    format!("it leads to this program, {way}")
}

/// Who answered.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// A program with these settings.
    Ours,
    /// Something else.
    Other(String),
    /// It can't be told.
    Unknown(String),
}

/// Whose sign-in begins with this answer.
fn judge(status: u16, location: Option<&str>, client_id: &str, redirect_uri: &str) -> Answer {
    let Some(location) = location.filter(|_| (300..400).contains(&status)) else {
        return match status {
            // Our own words where the provider is down, and those of anything in front.
            429 | 500.. => Answer::Unknown(format!("it answers {status}")),
            421 => {
                Answer::Other("it answers 421: another host name arrives at the program".to_owned())
            }
            status => Answer::Other(format!("it answers {status} where a sign-in begins")),
        };
    };
    let Ok(url) = Url::parse(location) else {
        return Answer::Other(
            "it redirects to another page of its own where a sign-in begins".to_owned(),
        );
    };
    let value = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs
            .find(|(found, _)| found == name)
            .map(|(_, value)| value)
    };
    match (value("client_id"), value("redirect_uri")) {
        (Some(id), Some(uri)) if id == client_id && uri == redirect_uri => Answer::Ours,
        (Some(id), Some(uri)) if id == client_id => Answer::Other(format!(
            "a sign-in begins there that comes back to {}, and not to {redirect_uri}: it is a program with other settings",
            Url::parse(&uri).map_or_else(|_| "no address".to_owned(), |uri| place(&uri))
        )),
        (Some(_), Some(_)) => Answer::Other("a sign-in of another app begins there".to_owned()),
        _ => Answer::Other(format!(
            "it redirects to {} where a sign-in begins",
            place(&url)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_says_whose_it_is() {
        let uri = "https://portal.example.com/.vestibule/callback";
        let start = |id: &str, uri: &str| {
            let query = [("client_id", id), ("redirect_uri", uri), ("state", "x")];
            Url::parse_with_params("https://id.example/authorize", query)
                .unwrap()
                .to_string()
        };
        let other = |words: &str| Answer::Other(words.to_owned());
        for (status, location, expected) in [
            (303, Some(start("app", uri)), Answer::Ours),
            (
                303,
                Some(start(
                    "app",
                    "http://10.0.0.7:8080/.vestibule/callback?x=secret",
                )),
                other(
                    "a sign-in begins there that comes back to http://10.0.0.7:8080/.vestibule/callback, and not to \
                     https://portal.example.com/.vestibule/callback: it is a program with other settings",
                ),
            ),
            (
                303,
                Some(start("another", uri)),
                other("a sign-in of another app begins there"),
            ),
            (
                301,
                Some("https://www.example.com/?token=secret".to_owned()),
                other("it redirects to https://www.example.com/ where a sign-in begins"),
            ),
            (
                302,
                Some("/login".to_owned()),
                other("it redirects to another page of its own where a sign-in begins"),
            ),
            (200, None, other("it answers 200 where a sign-in begins")),
            (404, None, other("it answers 404 where a sign-in begins")),
            (
                200,
                Some(start("app", uri)),
                other("it answers 200 where a sign-in begins"),
            ),
            (
                421,
                None,
                other("it answers 421: another host name arrives at the program"),
            ),
            (503, None, Answer::Unknown("it answers 503".to_owned())),
        ] {
            assert_eq!(judge(status, location.as_deref(), "app", uri), expected);
        }
    }
}
