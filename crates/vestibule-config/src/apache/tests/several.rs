//! Several virtual hosts in one file.

use super::*;

const SHARED: &str = "OIDCProviderMetadataURL https://id.example.com/.well-known/openid-configuration\n\
                      OIDCClientID portal\nOIDCClientSecret s3cret\nOIDCCryptoPassphrase passphrase\n\
                      OIDCRedirectURI /oidc/callback\n";

fn host(address: &str, names: &str, port: u16, more: &str) -> String {
    format!(
        "<VirtualHost {address}>\n{names}\nProxyPass / http://localhost:{port}/\n{more}\n<Location />\n\
         AuthType openid-connect\nRequire valid-user\n</Location>\n</VirtualHost>\n"
    )
}

fn stop(hosts: &[String]) -> String {
    let import = read(&format!("{SHARED}{}", hosts.concat()));
    let stops = stops(&import);
    stops.into_iter().map(|(_, says)| says).collect()
}

/// Nobody gets to the app of one host by the name of another.
#[test]
fn every_route_has_the_hosts_of_its_own_virtual_host() {
    let import = read(&format!(
        "{SHARED}{}{}",
        host(
            "*:443",
            "ServerName a.example.com\nServerAlias x.example.com",
            3000,
            ""
        ),
        host(
            "*:443",
            "ServerName b.example.com",
            3001,
            "ProxyPass /x http://localhost:3002/x"
        ),
    ));
    assert_eq!(stops(&import), []);
    let loaded = settings(&import);
    let routes: Vec<(&str, String)> = loaded
        .settings
        .routes
        .iter()
        .map(|route| {
            (
                route.host.as_deref().unwrap_or("every host"),
                format!("{:?}", route.upstream),
            )
        })
        .collect();
    for (name, port) in [
        ("a.example.com", "3000"),
        ("x.example.com", "3000"),
        ("b.example.com", "3001"),
    ] {
        let of_host: Vec<&String> = routes
            .iter()
            .filter(|(host, _)| *host == name)
            .map(|(_, to)| to)
            .collect();
        assert!(!of_host.is_empty(), "{name} {routes:?}");
        assert!(
            of_host.iter().all(|to| to.contains(port)),
            "{name} {routes:?}"
        );
    }
    assert!(routes.iter().all(|(host, _)| *host != "every host"));
}

#[test]
fn hosts_that_a_name_alone_does_not_tell_apart_stop_the_import() {
    for (second, names, part) in [
        (
            "*:8443",
            "ServerName b.example.com",
            "other addresses or ports",
        ),
        (
            "10.0.0.1:443",
            "ServerName b.example.com",
            "other addresses or ports",
        ),
        (
            "*:443",
            "ServerName A.example.com",
            "a.example.com is a name of",
        ),
        (
            "*:443",
            "ServerName b.example.com\nServerAlias x.example.com",
            "x.example.com is a name of",
        ),
        (
            "*:443",
            "ServerName b.example.com\nServerAlias *.example.com",
            "*.example.com is a name of",
        ),
        (
            "*:443",
            "ServerName b.wild.example",
            "b.wild.example is a name of",
        ),
    ] {
        let first = "ServerName a.example.com\nServerAlias x.example.com *.wild.example";
        let says = stop(&[
            host("*:443", first, 3000, ""),
            host(second, names, 3001, ""),
        ]);
        assert!(says.contains(part), "{second} {names}: {says}");
    }
}

#[test]
fn what_there_is_once_must_be_the_same_for_all_hosts() {
    for (more, part) in [
        (
            "OIDCSessionMaxDuration 3600",
            "session.absolute_timeout is not the same",
        ),
        (
            "OIDCRedirectURI https://a.example.com/oidc/callback",
            "people come back to a.example.com",
        ),
    ] {
        let first = host("*:443", "ServerName a.example.com", 3000, "");
        let says = stop(&[first, host("*:443", "ServerName b.example.com", 3001, more)]);
        assert!(says.contains(part), "{more}: {says}");
    }
}

/// Nobody gets to one host by the provider of another.
#[test]
fn hosts_with_providers_of_their_own_name_them() {
    for more in [
        "OIDCClientID other",
        "OIDCClientSecret 0ther",
        "OIDCScope \"openid more\"",
        "OIDCProviderMetadataURL https://other.example.com/.well-known/openid-configuration",
    ] {
        let import = read(&format!(
            "{SHARED}{}{}{}",
            host("*:443", "ServerName a.example.com", 3000, ""),
            host(
                "*:443",
                "ServerName b.example.com",
                3001,
                &format!("{more}\nOIDCRedirectURI /of-b")
            )
            .replace(
                "</VirtualHost>",
                "<Location /open>\nRequire all granted\n</Location>\n</VirtualHost>"
            ),
            host("*:443", "ServerName c.example.com", 3002, ""),
        ));
        assert_eq!(stops(&import), [], "{more}");
        let loaded = settings(&import).settings;
        let [a, b] = loaded.providers.as_slice() else {
            panic!("{more}: {:?}", loaded.providers)
        };
        assert_eq!(
            (a.name.as_deref(), b.name.as_deref()),
            (Some("a"), Some("b"))
        );
        for route in &loaded.routes {
            let expected = match (route.host.as_deref(), route.path.as_str()) {
                (Some("b.example.com"), "/open") => None,
                (Some("b.example.com"), _) => Some("b"),
                _ => Some("a"),
            };
            assert_eq!(route.provider.as_deref(), expected, "{more}: {route:?}");
        }
        let secret = |at: usize| loaded.providers[at].client_secret.as_ref().unwrap();
        assert_eq!(secret(0).expose(), "s3cret");
        let of_b = if more.contains("Secret") {
            "0ther"
        } else {
            "s3cret"
        };
        assert_eq!(secret(1).expose(), of_b);
    }
}

/// What tells the answers apart is the host, so each provider is for its own.
#[test]
fn providers_with_one_redirect_path_are_for_their_hosts_alone() {
    let import = read(&format!(
        "{SHARED}{}{}{}",
        host(
            "*:443",
            "ServerName a.example.com\nServerAlias x.example.com",
            3000,
            ""
        ),
        host(
            "*:443",
            "ServerName b.example.com",
            3001,
            "OIDCClientID other"
        ),
        host("*:443", "ServerName c.example.com", 3002, ""),
    ));
    assert_eq!(stops(&import), []);
    let loaded = settings(&import).settings;
    let [a, b] = loaded.providers.as_slice() else {
        panic!("{:?}", loaded.providers)
    };
    assert_eq!(a.redirect_path, b.redirect_path);
    assert_eq!(a.hosts, ["a.example.com", "x.example.com", "c.example.com"]);
    assert_eq!(b.hosts, ["b.example.com"]);
}

/// A line that all share may be harmless for one host and not for another.
#[test]
fn a_line_that_one_host_has_no_use_for_still_stops_the_other() {
    let granted = host("*:443", "ServerName b.example.com", 3001, "")
        .replace("Require valid-user", "Require all granted");
    let shared = "RequestHeader set Authorization \"Bearer %{OIDC_access_token}e\"\n";
    let says = stop(&[
        shared.to_owned(),
        host("*:443", "ServerName a.example.com", 3000, ""),
        granted,
    ]);
    assert!(says.contains("Authorization of clients"), "{says}");
}
