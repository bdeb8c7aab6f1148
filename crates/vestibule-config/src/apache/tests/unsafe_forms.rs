//! What would open a path that Apache keeps closed, or ask another app than Apache does: the import stops.

use super::*;

const HEAD: &str = "OIDCProviderMetadataURL https://id.example.com/.well-known/openid-configuration
OIDCRedirectURI https://portal.example.com/oidc/callback
OIDCClientID portal
OIDCClientSecret s3cret
OIDCCryptoPassphrase passphrase
OIDCRemoteUserClaim sub
";
const APP: &str = "ProxyPass / http://localhost:1234/\n";
const SIGN_IN: &str = "<Location />\nAuthType openid-connect\nRequire valid-user\n</Location>\n";
const PUBLIC: &str = "<Location />\nRequire all granted\n</Location>\n";

#[test]
fn what_could_open_a_path_stops() {
    for (what, text) in [
        ("the old default of Order", [APP, PUBLIC, "<Location /admin>\nOrder allow,deny\n</Location>\n"].concat()),
        ("addresses behind other proxies", [
            APP,
            "RemoteIPHeader X-Forwarded-For\n<Location />\nAuthType openid-connect\n<RequireAll>\nRequire valid-user\nRequire ip 10.0.0.0/8\n</RequireAll>\n</Location>\n",
        ].concat()),
        ("a socket with a path of its own below", [
            "ProxyPass / unix:/run/app.sock|http://localhost/\n",
            SIGN_IN,
            "<Location /public>\nRequire all granted\n</Location>\n",
        ].concat()),
        ("a <Proxy> for a part of an upstream", [
            APP,
            SIGN_IN,
            "<Proxy \"http://localhost:1234/admin/*\">\nRequire claim groups:admin\n</Proxy>\n",
        ].concat()),
        ("a <Proxy> with a pattern", [
            APP,
            SIGN_IN,
            "<Proxy \"http://*:1234/\">\nRequire claim groups:admin\n</Proxy>\n",
        ].concat()),
        ("a redirect in a section", [APP, PUBLIC, "<Location /internal>\nRedirect 403 /\n</Location>\n"].concat()),
        ("a rule that refuses more methods than TRACE", [APP, PUBLIC, "RewriteEngine on\nRewriteCond %{REQUEST_METHOD} ^(TRACE|PUT)\nRewriteRule .* - [F]\n"].concat()),
        ("a rule that refuses every other method", [APP, PUBLIC, "RewriteEngine on\nRewriteCond %{REQUEST_METHOD} !^TRACE\nRewriteRule .* - [F]\n"].concat()),
        ("a rule that refuses TRACE or something else", [APP, PUBLIC, "RewriteEngine on\nRewriteCond %{REQUEST_METHOD} ^TRACE|PUT\nRewriteRule .* - [F]\n"].concat()),
        ("a rule that refuses TRACE or an address", [APP, PUBLIC, "RewriteEngine on\nRewriteCond %{REMOTE_ADDR} ^10 [OR]\nRewriteCond %{REQUEST_METHOD} ^TRACE\nRewriteRule .* - [F]\n"].concat()),
        ("an app that is switched off", ["<Proxy balancer://app>\nBalancerMember http://localhost:1234 status=+D\n</Proxy>\nProxyPass / balancer://app/\n", PUBLIC].concat()),
        ("WebSockets of another app", [APP, PUBLIC, "RewriteEngine on\nRewriteCond %{HTTP:Upgrade} =websocket\nRewriteRule ^/(.*) ws://localhost:99/$1 [P]\n"].concat()),
        ("WebSockets of some clients", [APP, PUBLIC, "RewriteEngine on\nRewriteCond %{REMOTE_ADDR} ^10\nRewriteCond %{HTTP:Upgrade} =websocket\nRewriteRule ^/(.*) ws://localhost:1234/$1 [P]\n"].concat()),
        ("requests that are proxied under a condition", [PUBLIC, "RewriteEngine on\nRewriteCond %{REMOTE_ADDR} ^10\nRewriteRule ^/(.*) http://localhost:1234/$1 [P]\n"].concat()),
        ("a rule of the main server that a virtual host does not have", [
            "RewriteEngine on\nRewriteRule ^/(.*) http://localhost:99/$1 [P]\n<VirtualHost *:80>\nServerName portal.example.com\nProxyPass /app http://localhost:1234\n",
            PUBLIC,
            "</VirtualHost>\n",
        ].concat()),
        ("old rules on addresses that let some in", [APP, PUBLIC, "<Location /in>\nOrder allow,deny\nAllow from 10.0.0.0/8\n</Location>\n"].concat()),
        ("old rules on addresses of two sections", [APP, "<Location />\nRequire all granted\nAllow from all\n</Location>\n<Location /in>\nOrder allow,deny\n</Location>\n"].concat()),
        ("one of several names in an expression that others begin with", [APP, PUBLIC, "<LocationMatch ^/(admin|api)>\nRequire claim role:admin\nAuthType openid-connect\n</LocationMatch>\n"].concat()),
        ("what is not proxied by a rewritten variable", [APP, PUBLIC, "RewriteEngine on\nRewriteRule ^/internal - [E=no-proxy:1]\n"].concat()),
        ("a header of a variable that nothing sets in time", [APP, SIGN_IN, "RewriteEngine On\nRewriteRule .* - [E=RU:%{LA-U:REMOTE_USER},NS]\nRequestHeader set X-User %{RU}e\n"].concat()),
        ("a header of a variable that is set at times", [
            APP,
            "<Location />\nAuthType openid-connect\nRequire valid-user\nRewriteEngine On\nRewriteRule ^/x - [E=RU:%{REMOTE_USER}]\nRequestHeader set X-User %{RU}e\n</Location>\n",
        ].concat()),
        ("a header of a variable that a later section does not set", [
            APP,
            "<Location />\nAuthType openid-connect\nRequire valid-user\nRewriteEngine On\nRewriteRule .* - [E=RU:%{REMOTE_USER}]\nRequestHeader set X-User %{RU}e\n</Location>\n",
            "<Location /wiki>\nRewriteEngine On\nRewriteRule .* - [E=OTHER:%{REMOTE_USER}]\n</Location>\n",
        ].concat()),
        ("a header of a part of the user", [
            APP,
            "<Location />\nAuthType openid-connect\nRequire valid-user\nRewriteEngine On\nRewriteCond %{REMOTE_USER} (.*)@\nRewriteRule .* - [E=RU:%1]\nRequestHeader set X-User %{RU}e\n</Location>\n",
        ].concat()),
        ("what is not proxied by a variable", [APP, PUBLIC, "SetEnvIf Request_URI ^/internal no-proxy\n"].concat()),
        ("a rewrite to another host", [APP, PUBLIC, "RewriteEngine on\nRewriteRule ^/admin https://intranet.example.com/ [R=302,L]\n"].concat()),
        ("a rewrite that refuses", [APP, PUBLIC, "RewriteEngine on\nRewriteRule ^/private https://%{HTTP_HOST}/ [R=403,L]\n"].concat()),
        ("a guess that opens", [APP, SIGN_IN, "<IfDefine !PRODUCTION>\n", PUBLIC, "</IfDefine>\n"].concat()),
        ("a guess about another module that opens", [APP, SIGN_IN, "<IfModule !mod_security2.c>\n", PUBLIC, "</IfModule>\n"].concat()),
        ("a guess about mod_ssl that opens", [APP, SIGN_IN, "<IfModule mod_ssl.c>\n<Location /adm>\nRequire all granted\n</Location>\n</IfModule>\n"].concat()),
        ("a guess about mod_ssl that leaves rules out", [APP, SIGN_IN, "<IfModule !mod_ssl.c>\n<Location /in>\nRequire claim role:admin\n</Location>\n</IfModule>\n"].concat()),
        ("an expression that says who is kept out", [
            APP,
            "<Location />\nAuthType openid-connect\n<RequireAll>\nRequire valid-user\nRequire not user %{reqenv:BLOCKED}\n</RequireAll>\n</Location>\n",
        ].concat()),
        ("keys of its own choice", [APP, SIGN_IN, "OIDCProviderJwksUri https://id.example.com/other\n"].concat()),
        ("a token endpoint of its own choice", [APP, SIGN_IN, "OIDCProviderTokenEndpoint https://id.example.com/other\n"].concat()),
        ("user info of its own choice", [APP, SIGN_IN, "OIDCProviderUserInfoEndpoint https://id.example.com/other\n"].concat()),
        ("apps that are never asked", [APP, SIGN_IN, "ProxyBlock *\n"].concat()),
        ("a token that is left out", [APP, SIGN_IN, "RequestHeader unset OIDC_access_token\n"].concat()),
        ("a claim that is left out, in another spelling", [APP, SIGN_IN, "RequestHeader unset oidc_claim_EMAIL\n"].concat()),
        ("a claim that is replaced", [APP, SIGN_IN, "RequestHeader set OIDC_CLAIM_email nobody\n"].concat()),
        ("a claim that is edited", [APP, SIGN_IN, "RequestHeader edit OIDC_CLAIM_email a b\n"].concat()),
        ("an ID token that is left out", [APP, SIGN_IN, "OIDCPassIDTokenAs serialized\nRequestHeader unset OIDC_id_token\n"].concat()),
        ("user info that is left out", [APP, SIGN_IN, "OIDCPassUserInfoAs jwt\nRequestHeader unset OIDC_userinfo_jwt\n"].concat()),
        ("a header that is left out at times", [APP, SIGN_IN, "RequestHeader unset X-Internal env=OUTSIDE\n"].concat()),
        ("a token of which Apache has no variable", [
            APP,
            SIGN_IN,
            "OIDCPassClaimsAs headers\nRequestHeader set Authorization \"Bearer %{OIDC_access_token}e\"\n",
        ].concat()),
        ("a guess that leaves rules out", [APP, PUBLIC, "<IfDefine SSO>\nInclude protect.inc\n</IfDefine>\n"].concat()),
        ("a guess that leaves an exclusion out", [APP, PUBLIC, "<IfDefine SSO>\nProxyPass /x !\n</IfDefine>\n"].concat()),
        ("a macro", [APP, PUBLIC, "Use Protect /admin groups:admin\n"].concat()),
        ("a program that decides", [APP, PUBLIC, "LuaHookAccessChecker /etc/x.lua check\n"].concat()),
        ("a slash at the end of what is open", [
            APP,
            SIGN_IN,
            "<Location /public/>\nAuthType None\nRequire all granted\n</Location>\n",
        ].concat()),
        ("a slash at the end of a weaker rule", [
            APP,
            "<Location />\nAuthType openid-connect\nRequire claim groups:admin\n</Location>\n",
            "<LocationMatch ^/staff/>\nRequire valid-user\n</LocationMatch>\n",
        ].concat()),
        ("slashes that no request has, over what is open", [
            APP,
            SIGN_IN,
            "<Location /app//open>\nRequire all granted\n</Location>\n",
        ].concat()),
        ("slashes that no request has, at the beginning", [APP, SIGN_IN, "<Location //>\nAuthType None\nRequire all granted\n</Location>\n"].concat()),
        ("sign-in that no Require asks for", [APP, "<Location />\nAuthType openid-connect\n</Location>\n"].concat()),
        ("a variable of nothing, over what is open", [
            APP,
            SIGN_IN,
            "Define NOTHING \"\"\n<Location /app/open${NOTHING}>\nRequire all granted\n</Location>\n",
        ].concat()),
        ("a redirect to https that keeps addresses out", [
            APP,
            PUBLIC,
            "RewriteEngine on\nRewriteCond %{REMOTE_ADDR} !^10\\.\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R,L]\n",
        ].concat()),
        ("a redirect to https that keeps a path closed", [
            APP,
            PUBLIC,
            "RewriteEngine on\nRewriteCond %{REQUEST_URI} ^/app/adm\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R,L]\n",
        ].concat()),
        ("a redirect to https that refuses", [APP, PUBLIC, "RewriteEngine on\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R,F]\n"].concat()),
        ("a redirect to https in a section, always", [
            APP,
            PUBLIC,
            "<Location /adm>\nRewriteEngine on\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R,L]\n</Location>\n",
        ].concat()),
        ("what is not proxied by a variable in capitals", [APP, PUBLIC, "SetEnvIf Request_URI ^/internal No-Proxy=1\n"].concat()),
        ("browsers for which nothing is proxied", [APP, PUBLIC, "BrowserMatch .* no-proxy\n"].concat()),
        ("a rule by which nothing is proxied", [APP, PUBLIC, "RewriteEngine on\nRewriteRule ^ - [E=NO-PROXY:1]\n"].concat()),
        ("an app in a section of a pattern", [
            APP,
            SIGN_IN,
            "<LocationMatch \"^/app/(pub)(/|$)\">\nProxyPass http://localhost:9/\nRequire all granted\n</LocationMatch>\n",
        ].concat()),
        ("an app that is switched off", [
            "<Proxy balancer://one>\nBalancerMember http://localhost:1234 STATUS=+D\n</Proxy>\nProxyPass / balancer://one/\n",
            PUBLIC,
        ].concat()),
        ("a redirect of the front page that keeps addresses out", [
            APP,
            PUBLIC,
            "RewriteEngine on\nRewriteCond %{REMOTE_ADDR} !^10\\.\nRewriteRule ^/?$ /login [R]\n",
        ].concat()),
        ("a header that is another where a claim is not there", [
            APP,
            SIGN_IN,
            "RequestHeader set X-Role user\nRequestHeader set X-Role \"%{OIDC_CLAIM_role}e\" env=OIDC_CLAIM_role\n",
        ].concat()),
        ("a header that is another where a claim is not there, the other way round", [
            APP,
            SIGN_IN,
            "RequestHeader unset X-Role\nRequestHeader set X-Role \"%{OIDC_CLAIM_role}e\" env=OIDC_CLAIM_role\nRequestHeader setifempty X-Role user\n",
        ].concat()),
        ("the module's user where a claim is not there", [
            APP,
            SIGN_IN,
            "OIDCAuthNHeader X-User\nRequestHeader set X-User \"%{OIDC_CLAIM_name}e\" env=OIDC_CLAIM_name\n",
        ].concat()),
        ("a group of nothing", [APP, SIGN_IN, "<Location /admin>\n<RequireAll>\n</RequireAll>\n</Location>\n"].concat()),
        ("Authorization on a public path", [
            APP,
            "<Location />\nAuthType openid-connect\nRequire valid-user\nRequestHeader set Authorization \"Bearer %{OIDC_access_token}e\"\n</Location>\n",
            "<Location /public>\nRequire all granted\n</Location>\n",
        ].concat()),
    ] {
        let import = read(&[HEAD, &text].concat());
        assert!(import.report.stops(), "{what}:\n{text}\n{}", import.toml);
    }
}

/// Apache puts values in before it takes a line apart, and unescapes what `Require` compares twice.
#[test]
fn whom_a_rule_keeps_out_is_kept_out() {
    for (lines, expected) in [
        (
            "Define BLOCKED \"bob mallory\"\nRequire not user ${BLOCKED}",
            "claim = \"sub\", any_of = [\"bob\", \"mallory\"]",
        ),
        (
            "Define R \"user groups:guest\"\nRequire not claim role:${R}",
            "any = [{ claim = \"role\", equals = \"user\" }, { groups = [\"guest\"] }]",
        ),
        (
            "Require not user \"CORP\\\\\\\\bob\"",
            "claim = \"sub\", equals = \"CORP\\\\bob\"",
        ),
        (
            "Require not claim role:us\\er",
            "claim = \"role\", equals = \"user\"",
        ),
    ] {
        let import = read(&format!(
            "{HEAD}{APP}<Location />\nAuthType openid-connect\n<RequireAll>\nRequire valid-user\n{lines}\n</RequireAll>\n</Location>\n"
        ));
        assert_eq!(stops(&import), [], "{lines}");
        assert!(
            import.toml.contains(&format!("{{ not = {{ {expected}")),
            "{lines}: {}",
            import.toml
        );
    }
    let import = read(&format!(
        "{HEAD}Define HIDDEN \"email phone_number\"\nOIDCBlackListedClaims ${{HIDDEN}}\n{APP}{SIGN_IN}"
    ));
    assert!(
        import
            .toml
            .contains("without_claims = [\"email\", \"phone_number\"]"),
        "{}",
        import.toml
    );
}

#[test]
fn the_same_in_a_harmless_form_does_not_stop() {
    for (what, text) in [
        ("a redirect of plain http to https", [
            APP,
            PUBLIC,
            "RewriteEngine on\nRewriteCond %{HTTPS} off [OR]\nRewriteCond %{HTTP:X-Forwarded-Proto} !https\nRewriteRule ^(.*)$ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]\n",
        ].concat()),
        ("the same but for the renewal of certificates, as certbot has it", [
            APP,
            PUBLIC,
            "RewriteEngine on\nRewriteCond %{SERVER_NAME} =portal.example.com\nRewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/\nRewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]\n",
        ].concat()),
        (
            "a <Proxy> for all of an upstream",
            [
                APP,
                "<Proxy \"http://localhost:1234/\">\nRequire ip 10.0.0.0/8\n</Proxy>\n",
                SIGN_IN,
            ]
            .concat(),
        ),
        (
            "to https",
            [
                APP,
                SIGN_IN,
                "RewriteEngine on\nRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]\n",
            ]
            .concat(),
        ),
        (
            "for logs only",
            [APP, SIGN_IN, "RemoteIPHeader X-Forwarded-For\n"].concat(),
        ),
        (
            "a guess about nothing",
            [
                APP,
                SIGN_IN,
                "<IfModule mod_evasive20.c>\nDOSPageCount 2\n</IfModule>\n",
            ]
            .concat(),
        ),
        (
            "the rest of the site redirects",
            [
                APP,
                SIGN_IN,
                "Redirect permanent /old https://portal.example.com/new\n",
            ]
            .concat(),
        ),
    ] {
        let import = read(&[HEAD, &text].concat());
        assert_eq!(stops(&import), [], "{what}");
    }
}

/// What Apache has no variable of is `(null)` there, and never the token or the claim itself.
#[test]
fn a_header_of_a_variable_that_is_not_there_tells_nothing() {
    for (before, line, expected) in [
        ("", "set X-I \"%{OIDC_id_token}e\"", "X-I = \"=(null)\""),
        (
            "OIDCPassIDTokenAs serialized\n",
            "set X-I \"%{OIDC_id_token}e\"",
            "X-I = \"@id_token\"",
        ),
        (
            "",
            "set X-I \"%{OIDC_userinfo_json}e\"",
            "X-I = \"=(null)\"",
        ),
        (
            "OIDCPassUserInfoAs json\n",
            "set X-I \"%{OIDC_userinfo_jwt}e\"",
            "X-I = \"=(null)\"",
        ),
        (
            "OIDCPassUserInfoAs jwt\n",
            "set X-I \"%{OIDC_userinfo_jwt}e\"",
            "X-I = \"@userinfo_jwt\"",
        ),
        ("", "set X-I \"%{REMOTE_USER}e\"", "X-I = \"=(null)\""),
        ("", "set X-I \"expr=%{REMOTE_USER}\"", "X-I = \"@user\""),
        ("", "set X-I \"%{OIDC_CLAIM_name}e\"", "X-I = \"name\""),
        (
            "OIDCPassClaimsAs headers\n",
            "set X-I \"%{OIDC_CLAIM_name}e\"",
            "X-I = \"=(null)\"",
        ),
        (
            "OIDCPassClaimsAs none\n",
            "set X-I \"%{OIDC_access_token}e\"",
            "X-I = \"=(null)\"",
        ),
        (
            "OIDCBlackListedClaims name\n",
            "set X-I \"%{OIDC_CLAIM_name}e\"",
            "X-I = \"=(null)\"",
        ),
        (
            "OIDCPassClaimsAs headers\n",
            "set X-I \"%{OIDC_CLAIM_name}e\" env=OIDC_CLAIM_name",
            "X-I = \"@none\"",
        ),
        ("OIDCAuthNHeader X-I\n", "unset X-I", "X-I = \"@none\""),
        ("OIDCAuthNHeader X-I\n", "set X-I guest", "X-I = \"=guest\""),
        (
            "OIDCAuthNHeader X-I\n",
            "unset X-I early",
            "X-I = \"@user\"",
        ),
        (
            "",
            "unset OIDC_access_token early",
            "version = \"2.4.12.3\" }",
        ),
        ("", "unset oidc-claim-email", "version = \"2.4.12.3\" }"),
        (
            "OIDCPassClaimsAs none\n",
            "unset OIDC_CLAIM_email",
            "\"signed-in\"",
        ),
    ] {
        let import = read(&format!(
            "{HEAD}{before}{APP}{SIGN_IN}RequestHeader {line}\n"
        ));
        assert_eq!(stops(&import), [], "{before}{line}");
        assert!(
            import.toml.contains(expected),
            "{before}{line}: {}",
            import.toml
        );
        settings(&import);
    }
}

#[test]
fn a_password_in_an_address_stops_and_is_not_repeated() {
    let import = read(
        &[
            HEAD,
            "ProxyPass / http://user:c4n4ry@localhost:1234/\n",
            SIGN_IN,
        ]
        .concat(),
    );
    assert!(import.report.stops());
    assert!(!format!("{:?}{}", import.report, import.toml).contains("c4n4ry"));
}

#[test]
fn what_nobody_gets_to_is_left_out_of_its_route() {
    let import = read(
        &[
            HEAD,
            "ProxyPass /static !\nProxyPass /app/docs !\nProxyPass /app/docs/api http://localhost:2/\n",
            "ProxyPass /app http://localhost:1/\n",
            APP,
            SIGN_IN,
            "<Location /app/admin>\nRequire all denied\n</Location>\n",
            "<Location /app/admin/health>\nRequire all granted\n</Location>\n",
        ]
        .concat(),
    );
    assert_eq!(stops(&import), []);
    let routes = settings(&import).settings.routes;
    let left_out: Vec<(&str, Vec<&str>)> = routes
        .iter()
        .map(|route| {
            (
                route.path.as_str(),
                route.except.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    assert_eq!(
        left_out,
        [
            ("/app", vec!["/app/docs", "/app/admin"]),
            ("/", vec!["/static"]),
            ("/app/admin/health", vec![]),
        ]
    );
}

#[test]
fn every_place_that_can_t_be_followed_is_told() {
    let import = read(
        "Include nosuch.conf\n<Macro A>\n</Macro>\n<IfDefine X>\nRequire all denied\n</IfDefine>\n",
    );
    let lines: Vec<usize> = import
        .report
        .entries
        .iter()
        .map(|entry| entry.at.line)
        .collect();
    assert_eq!(lines, [1, 2, 4]);
    assert!(
        import.report.stops() && import.toml.lines().count() < 3,
        "{}",
        import.toml
    );
}

#[test]
fn thousands_of_sections_are_read_in_no_time_to_speak_of() {
    use std::fmt::Write as _;
    let mut text = [HEAD, APP, SIGN_IN].concat();
    for number in 0..4000 {
        write!(
            text,
            "<Location /a{number}>\nRequire claim groups:{number}\n</Location>\n"
        )
        .unwrap();
    }
    let import = read(&text);
    assert_eq!(stops(&import), []);
    assert_eq!(import.as_written.routes.len(), 4001);
}

/// Of several ProxyPass in sections, the one that is merged last.
#[test]
fn a_path_goes_to_the_app_that_apache_asks() {
    let import = read(
        &[
            HEAD,
            "<Location />\nAuthType openid-connect\nRequire valid-user\nProxyPass http://a.internal:1/\n</Location>\n",
            "<Location /admin>\nProxyPass http://b.internal:2/\n</Location>\n",
        ]
        .concat(),
    );
    assert_eq!(stops(&import), []);
    let routes = settings(&import).settings.routes;
    let admin = routes.iter().find(|route| route.path == "/admin").unwrap();
    assert!(
        format!("{:?}", admin.upstream).contains("b.internal"),
        "{admin:?}"
    );
}

/// A comment is continued by any backslash at its end.
/// A rule that proxies is asked before every ProxyPass, also where it says what one of them does.
#[test]
fn a_rule_that_says_what_a_later_line_says_is_before_those_in_between() {
    let import = read(
        &[
            HEAD,
            "ProxyPass /app/adm http://localhost:9999/\nProxyPass /app http://localhost:1234/app\n",
            "RewriteEngine on\nRewriteRule ^/app(/.*)?$ http://localhost:1234/app$1 [P]\n",
            SIGN_IN,
        ]
        .concat(),
    );
    assert!(!import.report.stops());
    assert!(!import.toml.contains("9999"), "{}", import.toml);
    assert!(import.toml.contains("localhost:1234"), "{}", import.toml);
}

#[test]
fn what_a_comment_swallows_opens_nothing() {
    let import = read(
        &[
            HEAD,
            APP,
            SIGN_IN,
            "<Location /admin>\n# share is \\\\srv\\\\\nRequire all granted\n</Location>\n",
        ]
        .concat(),
    );
    assert!(!import.toml.contains("public\""), "{}", import.toml);
}

#[test]
fn a_path_that_nobody_defines_is_named() {
    for section in ["Location", "LocationMatch"] {
        let text = format!(
            "{HEAD}{APP}<{section} \"${{APP_PATH}}\">\nAuthType openid-connect\nRequire valid-user\n</{section}>\n"
        );
        let stops = stops(&read(&text));
        assert!(
            stops
                .iter()
                .any(|(_, says)| says.contains("nothing says what ${APP_PATH} is")),
            "{stops:?}"
        );
    }
}

/// Nobody has the TOML that `run --apache` makes.
#[test]
fn what_the_toml_can_t_hold_stops_at_the_line_of_apache() {
    for line in [
        "OIDCClaimPrefix \"A B\"",
        "OIDCClaimDelimiter \"\"",
        "<Location \"/app/\u{fc}\">\nRequire valid-user\n</Location>",
        "<Location /app/a%20b>\nRequire valid-user\n</Location>",
        "OIDCAuthNHeader Host",
    ] {
        let import = read(&format!("{HEAD}{APP}{SIGN_IN}{line}\n"));
        let stops = stops(&import);
        assert!(
            stops.iter().any(|(number, says)| *number > 1
                && says.contains("is refused")
                && !says.contains("vestibule.toml")),
            "{line}: {stops:?}"
        );
    }
}

#[test]
fn a_missing_provider_is_told_with_a_missing_tag() {
    let text = "OIDCRedirectURI https://portal.example.com/foo\nOIDCClientID a\n<Location /foo>\nAuthType openid-connect\n";
    let names: Vec<String> = stops(&read(text))
        .into_iter()
        .map(|(_, says)| says)
        .collect();
    assert!(
        names.iter().any(|says| says.contains("never closed")),
        "{names:?}"
    );
    assert!(
        names.iter().any(|says| says.contains("which provider")),
        "{names:?}"
    );
    // It is there, behind a mark that nobody sees.
    let text = "\u{feff}OIDCProviderMetadataURL https://id.example.com/\nOIDCClientID a\n";
    let told = stops(&read(text));
    assert!(
        matches!(told.as_slice(), [(_, says)] if says.contains("byte order mark")),
        "{told:?}"
    );
}
