//! Which lines say how ID token and user info are passed, in each version.

use super::*;

/// What `headers` of the route /app is, with these lines of the main server, of a virtual host and of the path.
fn headers(version: &str, main: &str, host: &str, path: &str) -> String {
    let text = format!(
        "{main}OIDCProviderMetadataURL https://id.example.com/.well-known/openid-configuration\n\
         OIDCClientID portal\nOIDCClientSecret s3cret\nOIDCCryptoPassphrase passphrase\n\
         OIDCUserInfoSignedResponseAlg RS256\n\
         <VirtualHost *:80>\nServerName portal.example.com\n\
         OIDCRedirectURI http://localhost/app/callback\n{host}\
         ProxyPass /app http://localhost:3000\n\
         <Location />\nOIDCPassIDTokenAs off\nOIDCPassUserInfoAs json:X-Other\n</Location>\n\
         <Location /app>\nAuthType openid-connect\nRequire valid-user\nOIDCPassClaimsAs headers\n{path}</Location>\n\
         </VirtualHost>\n"
    );
    // Without it, what <Location /> says would be in force.
    let text = match path.is_empty() {
        true => text.replace(
            "<Location />\nOIDCPassIDTokenAs off\nOIDCPassUserInfoAs json:X-Other\n</Location>\n",
            "",
        ),
        false => text,
    };
    let options = ImportOptions {
        version: version.parse().unwrap(),
        ..ImportOptions::default()
    };
    let import = read_with(&text, &options);
    assert_eq!(stops(&import), [], "{text}");
    settings(&import);
    let mut lines = import.toml.lines();
    let line = lines.find(|line| line.starts_with("headers"));
    let (_, forms) = line
        .unwrap()
        .split_once("preset = \"mod_auth_openidc\"")
        .unwrap();
    let forms = forms.replace(&format!(", version = \"{}\"", options.version), "");
    forms.trim_end_matches(" }").to_owned()
}

#[test]
fn several_lines_of_one_place_add_up_since_the_version_that_adds_them() {
    let user_info =
        "OIDCPassUserInfoAs claims\nOIDCPassUserInfoAs json\nOIDCPassUserInfoAs jwt claims\n";
    let id_token = "OIDCPassIDTokenAs claims\nOIDCPassIDTokenAs payload claims\nOIDCPassIDTokenAs serialized\n";
    let last_of_user_info = ", userinfo = [\"jwt\", \"claims\"]";
    let all_of_user_info = ", userinfo = [\"claims\", \"json\", \"jwt\"]";
    let last_of_id_token = ", id_token = \"serialized\"";
    let all_of_id_token = ", id_token = [\"claims\", \"payload\", \"serialized\"]";
    for (version, lines, expected) in [
        ("2.4.12.3", user_info, last_of_user_info),
        ("2.4.14", user_info, all_of_user_info),
        ("2.4.14", id_token, last_of_id_token),
        ("2.4.15.7", id_token, last_of_id_token),
        ("2.4.16", id_token, all_of_id_token),
    ] {
        assert_eq!(headers(version, "", lines, ""), expected, "{version}");
    }
    // The innermost place counts alone, and adds up alone.
    let both = [user_info, id_token].concat();
    let path =
        "OIDCPassUserInfoAs json\nOIDCPassUserInfoAs jwt:X-Info\nOIDCPassIDTokenAs payload\n";
    assert_eq!(
        headers("2.4.16", &both, &both, path),
        ", id_token = \"payload\", userinfo = \"json\", X-Info = \"@userinfo_jwt\""
    );
}

#[test]
fn claims_of_a_virtual_host_count_since_the_version_that_lets_them() {
    let main = "OIDCPassUserInfoAs json jwt\nOIDCPassIDTokenAs payload\n";
    let host = "OIDCPassUserInfoAs claims\nOIDCPassIDTokenAs claims\n";
    let of_main = ", id_token = \"payload\", userinfo = [\"json\", \"jwt\"]";
    for (version, host, expected) in [
        ("2.4.12.3", host, of_main),
        ("2.4.12.3", "", of_main),
        ("2.4.14", host, ""),
        ("2.4.14", "", of_main),
    ] {
        assert_eq!(
            headers(version, main, host, ""),
            expected,
            "{version} {host}"
        );
    }
    assert_eq!(headers("2.4.12.3", "", host, ""), "");
}
