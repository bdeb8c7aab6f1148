//! Which of our public sites a request is for.

use vestibule_session::site::Site;

use crate::host::Host;
use crate::request::Scheme;

/// The site that serves `host`: same name, same port. A port that was not written is the default
/// port of the site's own scheme, because the connection to us may be plain behind a TLS terminator.
#[must_use]
pub fn serving<'s>(sites: &'s [Site], host: &Host) -> Option<&'s Site> {
    sites.iter().find(|site| is_served_by(host, site))
}

fn is_served_by(host: &Host, site: &Site) -> bool {
    let default_port = if site.is_secure() { 443 } else { 80 };
    host.name().as_str() == site.host() && host.port().unwrap_or(default_port) == site.port()
}

/// The scheme under which browsers reach the site.
#[must_use]
pub fn scheme_of(site: &Site) -> Scheme {
    if site.is_secure() {
        Scheme::Https
    } else {
        Scheme::Http
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serving_one(host: &str) -> Option<String> {
        let sites = [
            Site::https("portal.example.com", 443).unwrap(),
            Site::https("a.b.corp.test", 8443).unwrap(),
            Site::loopback_http("localhost", 8080).unwrap(),
        ];
        let host = Host::parse(host.as_bytes()).unwrap();
        serving(&sites, &host).map(|site| site.origin().to_owned())
    }

    #[test]
    fn a_site_is_found_by_name_and_port() {
        for (host, site) in [
            ("portal.example.com", Some("https://portal.example.com")),
            ("portal.example.com:443", Some("https://portal.example.com")),
            ("portal.example.com:80", None),
            ("portal.example.com:8443", None),
            ("localhost:8080", Some("http://localhost:8080")),
            ("localhost", None),
            ("127.0.0.1:8080", None),
            ("other.example.com", None),
        ] {
            assert_eq!(serving_one(host).as_deref(), site, "{host}");
        }
    }

    #[test]
    fn cve_2026_48794_host_case_and_trailing_dot_do_not_matter() {
        for host in ["a.B.Corp.TEST:8443", "A.b.corp.test.:8443"] {
            assert_eq!(
                serving_one(host).as_deref(),
                Some("https://a.b.corp.test:8443"),
                "{host}"
            );
        }
    }

    #[test]
    fn cve_2021_21291_a_longer_name_is_another_host() {
        for host in [
            "evilportal.example.com",
            "x.portal.example.com",
            "portal.example.com.evil.test",
        ] {
            assert_eq!(serving_one(host), None, "{host}");
        }
    }

    #[test]
    fn cve_2026_27588_the_same_host_is_found_among_many() {
        let mut sites: Vec<Site> = (0..500)
            .map(|at| Site::https(&format!("h{at}.example.com"), 443).unwrap())
            .collect();
        let host = Host::parse(b"H499.Example.COM").unwrap();
        assert!(serving(&sites, &host).is_some());
        sites.drain(..499);
        assert!(serving(&sites, &host).is_some());
    }
}
