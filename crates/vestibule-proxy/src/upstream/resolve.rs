//! Decides which addresses a host name has: the system's answer, remembered for a moment, and the last good one when there is none.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// How long an answer is used without asking again. The system's resolver does not tell the record's own time to live.
const FRESH: Duration = Duration::from_secs(5);
/// How long to wait for the system's resolver while an older answer is at hand.
const PATIENCE: Duration = Duration::from_secs(1);

/// One core's memory of addresses.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    known: RefCell<HashMap<(String, u16), Known>>,
}

/// When it was asked for, and what the answer was.
type Known = (Instant, Vec<SocketAddr>);

impl Resolver {
    /// The addresses of `host`, at least one.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.resolve_with(host, port, tokio::net::lookup_host((host.to_owned(), port)))
            .await
    }

    async fn resolve_with<A: Iterator<Item = SocketAddr>>(
        &self,
        host: &str,
        port: u16,
        lookup: impl Future<Output = io::Result<A>>,
    ) -> io::Result<Vec<SocketAddr>> {
        let key = (host.to_owned(), port);
        let known = self.known.borrow().get(&key).cloned();
        let looked_up = match &known {
            Some((asked, addresses)) if asked.elapsed() < FRESH => return Ok(addresses.clone()),
            Some(_) => match timeout(PATIENCE, lookup).await {
                Ok(answer) => answer,
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            },
            None => lookup.await,
        };
        let answer = looked_up
            .map(Iterator::collect::<Vec<_>>)
            .and_then(|addresses| {
                if addresses.is_empty() {
                    Err(io::ErrorKind::NotFound.into())
                } else {
                    Ok(addresses)
                }
            });
        let addresses = match (answer, known) {
            (Ok(addresses), _) => addresses,
            (Err(error), Some((_, addresses))) => {
                tracing::warn!(host, %error, "an upstream name has no address now; its last one is used");
                addresses
            }
            (Err(error), None) => return Err(error),
        };
        self.known
            .borrow_mut()
            .insert(key, (Instant::now(), addresses.clone()));
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    type Answer = io::Result<std::vec::IntoIter<SocketAddr>>;

    fn answer(last: u8) -> Answer {
        Ok(vec![SocketAddr::from(([192, 0, 2, last], 80))].into_iter())
    }

    fn failure() -> Answer {
        Err(io::ErrorKind::TimedOut.into())
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_good_address_outlives_a_failing_resolver() {
        let resolver = Resolver::default();
        let resolve = async |a: Answer| {
            resolver
                .resolve_with("h", 80, ready(a))
                .await
                .map(|a| a[0].to_string())
        };
        assert!(resolve(failure()).await.is_err());
        assert_eq!(resolve(answer(1)).await.unwrap(), "192.0.2.1:80");
        assert_eq!(
            resolve(answer(2)).await.unwrap(),
            "192.0.2.1:80",
            "fresh answers are kept"
        );
        tokio::time::advance(FRESH).await;
        assert_eq!(resolve(failure()).await.unwrap(), "192.0.2.1:80");
        tokio::time::advance(FRESH).await;
        assert_eq!(
            resolve(Ok(vec![].into_iter())).await.unwrap(),
            "192.0.2.1:80"
        );
        tokio::time::advance(FRESH).await;
        assert_eq!(
            resolve(answer(2)).await.unwrap(),
            "192.0.2.2:80",
            "a change is taken"
        );
        tokio::time::advance(FRESH).await;
        let stuck = resolver
            .resolve_with("h", 80, pending::<Answer>())
            .await
            .unwrap();
        assert_eq!(stuck[0].to_string(), "192.0.2.2:80");
    }
}
