//! The cookie of an operator on the sessions page.
//!
//! | the page is reached over | cookie |
//! |---|---|
//! | https, through something that terminates TLS | `__Host-vestibule-PORT.admin`, `Secure`, for the host alone |
//! | http | `vestibule-PORT.admin`, for the paths of the page |
//!
//! Both are `HttpOnly` and `SameSite=Strict`. Cookies know no ports: on `localhost` a browser sends them to
//! the proxy as well, which takes cookies of such names for its own and passes them to nobody.

use http::HeaderMap;
use http::header::COOKIE;
use vestibule_oidc::secret::Secret;

use super::operators::{LASTS, Operator};
use super::sessions::origin;

/// What may be somebody's pass, among the cookies of a request.
pub(super) fn read(fields: &HeaderMap, port: u16) -> impl Iterator<Item = Secret> {
    let names = [secure_name(port), plain_name(port)];
    let lines = fields.get_all(COOKIE).into_iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(name, _)| names.iter().any(|known| known == name))
        .map(|(_, value)| Secret::from(value))
}

/// The `Set-Cookie` line for an operator who has just signed in with this request. What the browser says
/// of its own page tells whether that is on https.
pub(super) fn keep(fields: &HeaderMap, port: u16, operator: &Operator) -> String {
    let is_https = origin(fields).is_some_and(|origin| origin.starts_with(b"https://"));
    let pass = operator.pass().expose();
    let lasts = LASTS.as_secs();
    match is_https {
        true => line(&secure_name(port), pass, lasts, "Path=/; Secure"),
        false => line(&plain_name(port), pass, lasts, "Path=/sessions"),
    }
}

/// The `Set-Cookie` lines for one who signs out.
pub(super) fn forget(port: u16) -> [String; 2] {
    [
        line(&secure_name(port), "", 0, "Path=/; Secure"),
        line(&plain_name(port), "", 0, "Path=/sessions"),
    ]
}

fn line(name: &str, value: &str, lasts: u64, more: &str) -> String {
    format!("{name}={value}; Max-Age={lasts}; {more}; HttpOnly; SameSite=Strict")
}

fn secure_name(port: u16) -> String {
    format!("__Host-vestibule-{port}.admin")
}

fn plain_name(port: u16) -> String {
    format!("vestibule-{port}.admin")
}

#[cfg(test)]
mod tests {
    use vestibule_session::cookie::{Stripped, strip};

    use super::*;

    #[test]
    fn the_proxy_passes_the_cookie_of_an_operator_to_nobody() {
        for name in [secure_name(9090), plain_name(9090), plain_name(1)] {
            let header = format!("{name}=x");
            assert_eq!(strip(header.as_bytes()), Stripped::Nothing, "{name}");
        }
    }
}
